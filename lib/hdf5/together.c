/* SPDX-License-Identifier: MIT */
/*
 * Loads of the same file by several processes: what was chosen of the file, as
 * a text whose digest the segment stores; the begin of a load; and what there
 * is to say when the project is current already.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hdf5/load.h"

/* --------------------------------------------------------------- the choice */

/* Sizes before the texts, so that no text can look like another line. */
static void
put_list(FILE *out, const char *name, const char *const *list)
{
	for (; list && *list; list++)
		fprintf(out, "%s %zu %s\n", name, strlen(*list), *list);
}

/*
 * All that decides, beside the file itself, what the segment holds.  A new
 * option of that kind adds a line here, unless it has its default: then old
 * segments stay current.
 */
static void
put_choice(FILE *out, const struct cute_shm_hdf5_options *opt,
	   const struct file_list *list)
{
	const struct listed *l;
	uint32_t i;

	fputs("cute-shm-hdf5 1\n", out);
	put_list(out, "select", opt->select);
	put_list(out, "exclude", opt->exclude);
	if (opt->flags & CUTE_SHM_HDF5_NO_EXTERNAL)
		fputs("no-external\n", out);
	if (opt->flags & CUTE_SHM_HDF5_KEEP_GOING)
		fputs("keep-going\n", out);
	if (opt->shares > 0)
		fprintf(out, "share %u %u\n", opt->share, opt->shares);
	for (i = 0; i < list->count; i++) {
		l = &list->of[i];
		fprintf(out, "file %" PRIu64 " %" PRIu64 " %zu %s %zu %s\n",
			(uint64_t)l->before.st_size, mtime_ns(&l->before),
			strlen(l->name), l->name, strlen(l->real), l->real);
	}
}

int
choice_text(const struct cute_shm_hdf5_options *opt,
	    const struct file_list *list, char **ret)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool failed;

	if (!out)
		return fail_memory("for the options of a load");
	put_choice(out, opt, list);
	failed = ferror(out) != 0;
	if (fclose(out) != 0 || failed) {
		free(text);
		return fail_memory("for the options of a load");
	}
	*ret = text;
	return 0;
}

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
	int err = choice_text(opt, &load->list, &load->choice);

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
