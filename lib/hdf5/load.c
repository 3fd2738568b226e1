/* SPDX-License-Identifier: MIT */
/*
 * The public calls: one reader after another fills a segment, until one
 * succeeds; the caller publishes it.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hdf5/load.h"

/* Limit of readers that crash and are replaced. */
#define MAX_RESTARTS 64

/* Loads that begin again because the file has changed meanwhile. */
#define MOST_CHANGES 16

/* The size of 'options' with the member 'handle'; older programs have less. */
#define HANDLE_END \
	(offsetof(struct cute_shm_hdf5_options, handle) + \
	 sizeof(struct cute_shm **))

static unsigned
build_flags(unsigned flags, unsigned jobs)
{
	unsigned ret = CUTE_SHM_LENT;

	if (flags & (CUTE_SHM_HDF5_OVERWRITE | CUTE_SHM_HDF5_ENSURE))
		ret |= CUTE_SHM_OVERWRITE;
	if (flags & CUTE_SHM_HDF5_REPLACE)
		ret |= CUTE_SHM_REPLACE;
	if (flags & CUTE_SHM_HDF5_EPHEMERAL)
		ret |= CUTE_SHM_EPHEMERAL;
	if (flags & CUTE_SHM_HDF5_NO_VIEW)
		ret |= CUTE_SHM_NO_VIEW;
	if (jobs > 1)
		ret |= CUTE_SHM_RESERVE_AHEAD;
	return ret;
}

static int
builder_for(const char *project, const struct load *load,
	    struct cute_shm_builder **ret)
{
	const struct cute_shm_hdf5_options *opt = load->opt;
	struct load_source source = load_source(load);
	struct cute_shm_build_options o = { .size = sizeof(o) };

	o.root = opt->root;
	o.flags = build_flags(opt->flags, jobs_or_cpus(opt->jobs));
	o.mode = opt->mode;
	o.group = opt->group;
	o.creator = opt->creator ? opt->creator
				 : "libcute_shm_hdf5 " CUTE_SHM_VERSION;
	o.source = source.path;
	o.source_size = source.size;
	o.source_mtime_ns = source.mtime_ns;
	o.options = load->choice;
	o.loading = load->loading;
	o.jobs = opt->jobs;
	o.max_size = opt->max_size;
	return cute_shm_builder_new(project, &o, ret);
}

#define LEAST_BOUND (UINT64_C(1) << 30)
#define TIMES_FILE  4

/*
 * The memory limit for loading a file: what the caller wants, or the larger of
 * 1 GiB and four times the bytes that the file occupies on disk: a large chunk
 * or a large tree needs memory, but then the file is large, too.
 */
static uint64_t
memory_bound(const struct load *load)
{
	/* Not st_size: a damaged file can be sparse and claim any size. */
	uint64_t blocks = load->list.count > 0
				  ? load->list.blocks
				  : (uint64_t)load->files.first.st_blocks;
	uint64_t wanted = load->opt->max_memory;
	uint64_t bytes = blocks * 512;

	if (wanted > 0)
		return wanted;
	if (bytes > UINT64_MAX / TIMES_FILE)
		return UINT64_MAX;
	bytes *= TIMES_FILE;
	return bytes > LEAST_BOUND ? bytes : LEAST_BOUND;
}

/* What messages call several files. */
static int
name_files(struct load *load)
{
	if (asprintf(&load->label, "%" PRIu32 " file%s in %s", load->list.count,
		     load->list.count == 1 ? "" : "s", load->list.folder) < 0) {
		load->label = NULL;
		return fail_memory("for a path");
	}
	load->file = load->label;
	return 0;
}

static int
find_files(struct load *load, const struct load_from *from)
{
	bool ensure = load->opt->flags & CUTE_SHM_HDF5_ENSURE;
	int err = files_find(from->sources, from->count, &load->list);

	if (err == 0 && ensure && files_settle(&load->list)) {
		file_list_free(&load->list);
		err = files_find(from->sources, from->count, &load->list);
	}
	return err ? err : name_files(load);
}

/*
 * Open the file; it stays open, so that its name may change meanwhile.  Several
 * files are only found, and each is opened when it is read.
 */
static int
open_source(struct load *load, const struct load_from *from)
{
	bool external = !(load->opt->flags & CUTE_SHM_HDF5_NO_EXTERNAL);
	int err;

	if (from->sources) {
		host_files_listed(&load->files, &load->list, external);
		return find_files(load, from);
	}
	load->file = from->file;
	if (!load->file)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID, "no file given");
	err = -host_files_begin(&load->files, load->file, external);
	if (err == 0)
		return 0;
	if (err == EISDIR || err == EUNSUITABLE)
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "%s is %s, not a regular file", load->file,
				     err == EISDIR ? "a directory" : "special");
	return cute_shm_fail(CUTE_SHM_ERR_SOURCE, "%s: %s", load->file,
			     host_reason(err));
}

/* Give the segment its name, and record its size. */
static int
publish(struct load *load)
{
	struct cute_shm_info info;
	struct cute_shm *shm;
	int rc;

	rc = cute_shm_builder_publish(load->builder, &shm);
	if (rc != 0)
		return rc;
	cute_shm_info(shm, &info);
	load->process.end->result.segment_size = info.size;
	if (load->opt->handle)
		*load->opt->handle = shm;
	else
		cute_shm_close(shm);
	return 0;
}

/* If the file has changed, report the change, which made libhdf5 fail. */
static int
blame_change(struct load *load, int rc)
{
	const char *file = load->file, *how;

	if (rc != CUTE_SHM_ERR_SOURCE)
		return rc;
	how = load->list.count > 0
		      ? files_changed(&load->list, &file)
		      : changed_open(&load->files.host, file, load->files.fd,
				     &load->files.first);
	load->changed = how != NULL;
	load->own_reason |= load->changed;
	return how ? changed_fail(file, how) : rc;
}

static int
check_names(struct load *load)
{
	const char *file, *how = files_changed(&load->list, &file);

	if (!how)
		return 0;
	load->changed = load->own_reason = true;
	return changed_fail(file, how);
}

/*
 * With ENSURE the project must hold the file that has the name now: it may have
 * been replaced since it was opened.
 */
static int
check_name(struct load *load)
{
	const struct stat *first = &load->files.first;
	struct stat now;

	if (load->list.count > 0)
		return check_names(load);
	if (!(load->opt->flags & CUTE_SHM_HDF5_ENSURE) ||
	    stat(load->file, &now) != 0 ||
	    (now.st_dev == first->st_dev && now.st_ino == first->st_ino &&
	     now.st_size == first->st_size &&
	     mtime_ns(&now) == mtime_ns(first)))
		return 0;
	load->changed = load->own_reason = true;
	return changed_fail(load->file, "another file has its name");
}

/*
 * Run readers until one needs no successor.  Then report its messages, and
 * publish its segment.
 */
static int
run(struct load *load, const char *project)
{
	unsigned restarts = 0;
	bool again = false;
	size_t i;
	int rc;

	do {
		part_end(load);
		cute_shm_builder_free(load->builder);
		load->builder = NULL;
		rc = project ? builder_for(project, load, &load->builder) : 0;
		if (rc == 0)
			rc = run_reader(load, &again);
		if (reuse_failed(load, rc)) {
			rc = 0;
			again = true;
		}
	} while (rc == 0 && again && restarts++ < MAX_RESTARTS);
	if (rc == 0 && again)
		rc = cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				   "%s: over %d objects "
				   "make libhdf5 crash",
				   load->file, MAX_RESTARTS);
	for (i = 0; i < load->queue_count; i++)
		dispatch(load, load->queue[i]);
	rc = blame_change(load, rc);
	/* Whoever finds the project current will know. */
	if (rc == 0 && project && load->process.end->result.failed > 0)
		rc = cute_shm_builder_options(load->builder,
					      load->partial_choice);
	if (rc == 0 && project)
		rc = cute_shm_builder_adopt(load->builder);
	if (rc == 0 && project)
		rc = check_name(load);
	if (rc == 0 && project)
		rc = part_sealed(load);
	if (rc == 0 && project)
		rc = publish(load);
	return rc;
}

/* Read the file, which is open; this process is the one that loads it. */
static int
read_file(struct load *load, const char *project)
{
	int rc = deadline_begin(&load->deadline, load->opt->max_seconds);

	if (rc != 0)
		return rc;
	load->jobs = jobs_or_cpus(load->opt->jobs);
	load->max_memory = memory_bound(load);
	if (project)
		reuse_open(load, project);
	return process_new(&load->process) ? run(load, project)
					   : CUTE_SHM_ERR_NOMEM;
}

static void
load_free(struct load *load)
{
	part_end(load);
	reuse_close(load);
	cute_shm_builder_free(load->builder);
	queue_clear(load);
	failures_free(&load->failures);
	free(load->queue);
	free(load->choice);
	free(load->partial_choice);
	process_free(&load->process);
	host_files_end(&load->files);
	file_list_free(&load->list);
	free(load->label);
}

/* The sums of the load or plan that has just ended. */
static void
take_result(const struct load *load, struct cute_shm_hdf5_result *ret)
{
	*ret = load->process.end->result;
	ret->files = load->list.count;
	ret->partial = ret->failed > 0;
}

/* Load, or plan a load; *again is set if that must be repeated. */
static int
load_once(const char *project, const struct load_from *from,
	  const struct cute_shm_hdf5_options *opt,
	  struct cute_shm_hdf5_result *ret, bool *again)
{
	struct load load = { .opt = opt, .files.fd = -1, .part_fd = -1 };
	bool ensure = project && (opt->flags & CUTE_SHM_HDF5_ENSURE);
	bool current = false;
	int rc;

	if (ensure)
		let_settle(from->file);
	rc = open_source(&load, from);
	if (rc != 0) {
		load_free(&load);
		return rc;
	}
	if (project)
		rc = begin_loading(&load, project);
	current = rc == 0 && project && !load.loading;
	if (current)
		rc = part_current(&load);
	if (rc == 0 && current)
		rc = use_current(&load, project, ret);
	else if (rc == 0)
		rc = read_file(&load, project);
	if (rc == 0 && !current && ret)
		take_result(&load, ret);
	/* Whoever passes the segment on cannot take back what has gone out. */
	*again = ensure && !opt->part &&
		 (current ? rc == CUTE_SHM_ERR_NOT_FOUND
			  : rc != 0 && load.changed);
	/* It uses the load. */
	cute_shm_builder_free(load.builder);
	load.builder = NULL;
	cute_shm_load_end(load.loading, rc != 0 && load.own_reason
						? CUTE_SHM_ERR_CANCELLED
						: rc);
	load.loading = NULL;
	load_free(&load);
	return rc;
}

/* Load, or plan a load if 'project' is NULL. */
static int
load_or_plan(const char *project, const struct load_from *from,
	     const struct cute_shm_hdf5_options *opt,
	     struct cute_shm_hdf5_result *ret)
{
	struct cute_shm_hdf5_options o = { .size = sizeof(o) };
	double start = clock_now();
	unsigned tries = 0;
	bool again;
	int rc;

	rc = options_copy(&o, sizeof(o), opt);
	if (rc != 0)
		return rc;
	if (!(o.max_seconds >= 0 && o.timeout >= 0))
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "a time limit is negative or no number");
	if ((o.flags & CUTE_SHM_HDF5_REUSE) &&
	    !(o.flags & CUTE_SHM_HDF5_ENSURE))
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "CUTE_SHM_HDF5_REUSE is for "
				     "CUTE_SHM_HDF5_ENSURE");
	if (o.shares > 0 && (o.share >= o.shares || !from->sources))
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "share %u of %u is none of several files",
				     o.share, o.shares);
	do {
		again = false;
		rc = load_once(project, from, &o, ret, &again);
	} while (again && ++tries < MOST_CHANGES);
	if (rc == 0 && ret)
		ret->seconds = clock_now() - start;
	return rc;
}

static int
load_from(const char *project, const struct load_from *from,
	  const struct cute_shm_hdf5_options *opt,
	  struct cute_shm_hdf5_result *ret)
{
	if (!project)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID, "no project given");
	if (opt && (opt->flags & CUTE_SHM_HDF5_EPHEMERAL) &&
	    (opt->size < HANDLE_END || !opt->handle))
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "project %s is "
				     "ephemeral: it needs a handle to own it",
				     project);
	return load_or_plan(project, from, opt, ret);
}

int
cute_shm_hdf5_load(const char *project, const char *file,
		   const struct cute_shm_hdf5_options *opt,
		   struct cute_shm_hdf5_result *ret)
{
	const struct load_from from = { .file = file };

	return load_from(project, &from, opt, ret);
}

int
cute_shm_hdf5_load_files(const char *project,
			 const struct cute_shm_hdf5_source *sources,
			 size_t count, const struct cute_shm_hdf5_options *opt,
			 struct cute_shm_hdf5_result *ret)
{
	const struct load_from from = { .sources = sources, .count = count };

	return load_from(project, &from, opt, ret);
}

int
cute_shm_hdf5_plan(const char *file, const struct cute_shm_hdf5_options *opt,
		   struct cute_shm_hdf5_result *ret)
{
	const struct load_from from = { .file = file };

	return load_or_plan(NULL, &from, opt, ret);
}

int
cute_shm_hdf5_plan_files(const struct cute_shm_hdf5_source *sources,
			 size_t count, const struct cute_shm_hdf5_options *opt,
			 struct cute_shm_hdf5_result *ret)
{
	const struct load_from from = { .sources = sources, .count = count };

	return load_or_plan(NULL, &from, opt, ret);
}

int
cute_shm_hdf5_size(const char *file, const struct cute_shm_hdf5_options *opt,
		   uint64_t *ret)
{
	const struct load_from from = { .file = file };
	struct cute_shm_hdf5_result result;
	int rc;

	rc = load_or_plan(NULL, &from, opt, &result);
	if (rc == 0)
		*ret = result.bytes;
	return rc;
}
