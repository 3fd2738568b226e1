/* SPDX-License-Identifier: MIT */
/*
 * The public calls: one child after another builds a segment, until one
 * succeeds; the parent publishes it.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hdf5/load.h"

/* Limit of children that crash and are replaced. */
#define MAX_RESTARTS 64

/* The size of 'options' with the member 'handle'; older programs have less. */
#define HANDLE_END \
	(offsetof(struct cute_shm_hdf5_options, handle) + \
	 sizeof(struct cute_shm **))

static unsigned
build_flags(unsigned flags, unsigned jobs)
{
	unsigned ret = 0;

	if (flags & CUTE_SHM_HDF5_OVERWRITE)
		ret |= CUTE_SHM_OVERWRITE;
	if (flags & CUTE_SHM_HDF5_REPLACE)
		ret |= CUTE_SHM_REPLACE;
	if (flags & CUTE_SHM_HDF5_EPHEMERAL)
		ret |= CUTE_SHM_EPHEMERAL;
	if (jobs > 1)
		ret |= CUTE_SHM_RESERVE_AHEAD;
	return ret;
}

static int
builder_for(const char *project, const struct cute_shm_hdf5_options *opt,
	    const char *file, const struct stat *st,
	    struct cute_shm_builder **ret)
{
	struct cute_shm_build_options o = { .size = sizeof(o) };

	o.root = opt->root;
	o.flags = build_flags(opt->flags, jobs_or_cpus(opt->jobs));
	o.mode = opt->mode;
	o.group = opt->group;
	o.creator = opt->creator ? opt->creator
				 : "libcute_shm_hdf5 " CUTE_SHM_VERSION;
	o.source = file;
	o.source_size = (uint64_t)st->st_size;
	o.source_mtime_ns = (uint64_t)st->st_mtim.tv_sec * 1000000000 +
			    (uint64_t)st->st_mtim.tv_nsec;
	o.jobs = opt->jobs;
	o.max_size = opt->max_size;
	return cute_shm_builder_new(project, &o, ret);
}

static int
stat_source(const char *file, struct stat *st)
{
	int fd = file ? fd_above_stdio(
				open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK))
		      : -1;
	int rc = 0;

	if (!file)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID, "no file given");
	if (fd < 0 || fstat(fd, st) != 0)
		rc = cute_shm_fail(CUTE_SHM_ERR_SOURCE, "%s: %s", file,
				   strerror(errno));
	else if (!S_ISREG(st->st_mode))
		rc = cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				   "%s is %s, not a regular file", file,
				   S_ISDIR(st->st_mode) ? "a directory"
							: "special");
	if (fd >= 0)
		close(fd);
	return rc;
}

/* Give the segment its name, and record its size. */
static int
publish(struct load *load)
{
	struct cute_shm_info info;
	struct cute_shm *shm;
	int rc;

	rc = cute_shm_builder_publish(load->l.builder, &shm);
	if (rc != 0)
		return rc;
	cute_shm_info(shm, &info);
	load->end->result.segment_size = info.size;
	if (load->l.opt->handle)
		*load->l.opt->handle = shm;
	else
		cute_shm_close(shm);
	return 0;
}

/* If the file has changed, report the change, which made libhdf5 fail. */
static int
blame_change(const struct load *load, int rc)
{
	const char *how;
	struct stat now;

	if (rc != CUTE_SHM_ERR_SOURCE || stat(load->l.file, &now) != 0)
		return rc;
	how = changed_how(load->l.before, &now);
	return how ? changed_fail(load->l.file, how) : rc;
}

/*
 * Run children until one needs no successor.  Then report its messages, and
 * publish its segment.
 */
static int
run(struct load *load, const char *project, const struct stat *st)
{
	unsigned restarts = 0;
	bool again = false;
	size_t i;
	int rc;

	do {
		cute_shm_builder_free(load->l.builder);
		load->l.builder = NULL;
		rc = project ? builder_for(project, load->l.opt, load->l.file,
					   st, &load->l.builder)
			     : 0;
		if (rc == 0)
			rc = run_child(load, &again);
	} while (rc == 0 && again && restarts++ < MAX_RESTARTS);
	if (rc == 0 && again)
		rc = cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				   "%s: over %d objects "
				   "make libhdf5 crash",
				   load->l.file, MAX_RESTARTS);
	for (i = 0; i < load->queue_count; i++)
		dispatch(load, load->queue[i]);
	rc = blame_change(load, rc);
	if (rc == 0 && project)
		rc = cute_shm_builder_adopt(load->l.builder);
	if (rc == 0 && project)
		rc = publish(load);
	return rc;
}

/* Load a file, or plan a load if 'project' is NULL. */
static int
load_or_plan(const char *project, const char *file,
	     const struct cute_shm_hdf5_options *opt,
	     struct cute_shm_hdf5_result *ret)
{
	struct cute_shm_hdf5_options o = { .size = sizeof(o) };
	struct load load = { .pipe = -1 };
	double start = clock_now();
	struct stat st;
	int rc;

	rc = options_copy(&o, sizeof(o), opt);
	if (rc == 0)
		rc = deadline_begin(&load.deadline, o.max_seconds);
	if (rc == 0)
		rc = stat_source(file, &st);
	if (rc != 0)
		return rc;
	load.l.file = file;
	load.l.before = &st;
	load.l.opt = &o;
	load.l.failures = &load.failures;
	load.l.jobs = jobs_or_cpus(o.jobs);
	load.l.max_memory = memory_bound(file, o.max_memory);
	load.l.board = mmap(NULL, sizeof(*load.l.board), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (load.l.board == MAP_FAILED)
		return cute_shm_fail(CUTE_SHM_ERR_NOMEM, "no memory to load");
	rc = run(&load, project, &st);
	if (rc == 0 && ret) {
		*ret = load.end->result;
		ret->seconds = clock_now() - start;
	}
	cute_shm_builder_free(load.l.builder);
	queue_clear(&load);
	failures_free(&load.failures);
	free(load.queue);
	free(load.end);
	munmap(load.l.board, sizeof(*load.l.board));
	return rc;
}

int
cute_shm_hdf5_load(const char *project, const char *file,
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
	return load_or_plan(project, file, opt, ret);
}

int
cute_shm_hdf5_plan(const char *file, const struct cute_shm_hdf5_options *opt,
		   struct cute_shm_hdf5_result *ret)
{
	return load_or_plan(NULL, file, opt, ret);
}

int
cute_shm_hdf5_size(const char *file, const struct cute_shm_hdf5_options *opt,
		   uint64_t *ret)
{
	struct cute_shm_hdf5_result result;
	int rc;

	rc = load_or_plan(NULL, file, opt, &result);
	if (rc == 0)
		*ret = result.bytes;
	return rc;
}
