/* SPDX-License-Identifier: MIT */
/*
 * Loads of the same file by several processes: the begin of a load; what there
 * is to say when the project is current already; and the old project of which
 * the next one takes what has not changed.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hdf5/load.h"

/* ---------------------------------------------------------------- beginning */

/*
 * Before Linux 6.13 the time of a file has the grain of a timer tick: a second
 * write within one tick leaves it as it is.  So let a file that has just been
 * written grow older than any tick before it is examined.
 */
#define GRAIN_NS 20000000

bool
let_settle(const char *file)
{
	struct timespec now, nap = { .tv_nsec = GRAIN_NS };
	struct stat st;
	int64_t age;

	if (!file || stat(file, &st) != 0)
		return false;
	clock_gettime(CLOCK_REALTIME, &now);
	age = (int64_t)(now.tv_sec - st.st_mtim.tv_sec);
	if (age < -1 || age > 1 ||
	    age * 1000000000 + now.tv_nsec - st.st_mtim.tv_nsec >= GRAIN_NS)
		return false;
	nanosleep(&nap, NULL);
	return true;
}

/* A wait shows the progress of the process that loads. */
static int
on_waiting(const struct cute_shm_load_info *other, void *arg)
{
	const struct load *load = arg;
	struct cute_shm_hdf5_progress p = {
		.bytes_done = other->bytes_done,
		.bytes_total = other->bytes_total,
		.path = "",
	};

	if (load->opt->waiting)
		return load->opt->waiting(other, load->opt->arg);
	return load->opt->progress ? load->opt->progress(&p, load->opt->arg)
				   : 0;
}

struct load_source
load_source(const struct load *load)
{
	if (load->list.count > 0)
		return (struct load_source){ load->list.folder, load->list.size,
					     load->list.mtime_ns };
	return (struct load_source){ load->file,
				     (uint64_t)load->files.first.st_size,
				     mtime_ns(&load->files.first) };
}

static unsigned
loading_flags(unsigned flags)
{
	return (flags & CUTE_SHM_HDF5_ENSURE ? CUTE_SHM_LOADING_ENSURE : 0u) |
	       (flags & CUTE_SHM_HDF5_WAIT ? CUTE_SHM_LOADING_WAIT : 0u) |
	       (flags & CUTE_SHM_HDF5_EPHEMERAL ? CUTE_SHM_LOADING_EPHEMERAL
						: 0u);
}

int
begin_loading(struct load *load, const char *project)
{
	const struct cute_shm_hdf5_options *opt = load->opt;
	struct load_source source = load_source(load);
	struct cute_shm_loading_options o = {
		.size = sizeof(o),
		.root = opt->root,
		.flags = loading_flags(opt->flags),
		.mode = opt->mode,
		.source = source.path,
		.source_size = source.size,
		.source_mtime_ns = source.mtime_ns,
		.timeout = opt->timeout,
		.waiting = opt->waiting || opt->progress ? on_waiting : NULL,
		.arg = load,
	};
	int err = choice_text(opt, load->list.of, load->list.count,
			      &load->choice);

	if (err == 0 &&
	    asprintf(&load->partial_choice, "%sleft-out\n", load->choice) < 0) {
		load->partial_choice = NULL;
		err = fail_memory("for the options of a load");
	}
	o.options = load->choice;
	o.partial_options = load->partial_choice;
	o.is_partial = &load->partial;
	return err == 0 ? cute_shm_load_begin(project, &o, &load->loading)
			: err;
}

/* ------------------------------------------------------------------ current */

static void
count_nodes(const struct cute_shm *shm, struct cute_shm_hdf5_result *r)
{
	struct cute_shm_node top, node;
	int err = cute_shm_find(shm, "", &top);

	for (node = top; err == 0; err = cute_shm_next(&top, &node, &node)) {
		r->groups += node.kind == CUTE_SHM_GROUP;
		r->links += node.kind == CUTE_SHM_LINK;
	}
}

int
use_current(const struct load *load, const char *project,
	    struct cute_shm_hdf5_result *ret)
{
	const struct cute_shm_hdf5_options *opt = load->opt;
	struct cute_shm_open_options o = {
		.size = sizeof(o),
		.root = opt->root,
		.flags = opt->flags & CUTE_SHM_HDF5_EPHEMERAL ? CUTE_SHM_JOIN
							      : 0u,
	};
	struct cute_shm_hdf5_result r = { .current = 1,
					  .files = load->list.count,
					  .partial = load->partial != 0 };
	struct cute_shm_info info;
	struct cute_shm *shm;
	int err = cute_shm_open(project, &o, &shm);

	if (err != 0)
		return err;
	cute_shm_info(shm, &info);
	r.arrays = info.array_count;
	r.bytes = info.array_bytes;
	r.segment_size = info.size;
	count_nodes(shm, &r);
	if (ret)
		*ret = r;
	if (opt->handle)
		*opt->handle = shm;
	else
		cute_shm_close(shm);
	return 0;
}

/* -------------------------------------------------------------------- reuse */

void
reuse_open(struct load *load, const char *project)
{
	const struct cute_shm_hdf5_options *opt = load->opt;
	struct cute_shm_open_options o = { .size = sizeof(o),
					   .root = opt->root };

	if (!(opt->flags & CUTE_SHM_HDF5_REUSE) || load->list.count == 0 ||
	    opt->part)
		return;
	if (cute_shm_open(project, &o, &load->old) != 0) {
		cute_shm_log(CUTE_SHM_LOG_INFO, "nothing is reused: %s",
			     cute_shm_errmsg());
		load->old = NULL;
	}
}

void
reuse_close(struct load *load)
{
	cute_shm_close(load->old);
	load->old = NULL;
}

bool
reuse_failed(struct load *load, int err)
{
	bool full = err == CUTE_SHM_ERR_NO_SPACE &&
		    !(load->opt->flags & CUTE_SHM_HDF5_REPLACE);

	if (!load->old || err == 0 || full || err == CUTE_SHM_ERR_CANCELLED ||
	    err == CUTE_SHM_ERR_LIMIT || err == CUTE_SHM_ERR_NOMEM)
		return false;
	cute_shm_log(CUTE_SHM_LOG_INFO, "all files are read: %s",
		     cute_shm_errmsg());
	reuse_close(load);
	load->own_reason = false;
	return true;
}

void
reuse_stale(struct load *load, const char *group)
{
	uint32_t i;

	for (i = 0; i < load->list.count; i++)
		if (strcmp(load->list.of[i].name, group) == 0)
			load->list.of[i].stale = true;
}
