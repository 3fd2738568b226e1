/* SPDX-License-Identifier: MIT */
/* The calls for a load: begin, progress, end; and what its builder reports. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "together/together.h"

/* Progress is written no more often than this. */
#define PERIOD_SECONDS 0.05

static void
loading_free(struct cute_shm_loading *l)
{
	loading_close(l);
	pthread_mutex_destroy(&l->mutex);
	free(l->project);
	free(l->segment);
	free(l->path);
	free(l);
}

/*
 * The source's path as segments have it, cut, for the page; and what is wanted
 * of it.
 */
static int
set_source(struct cute_shm_loading *l,
	   const struct cute_shm_loading_options *opt, bool want)
{
	struct stat st;
	char *path;
	int err;

	if (want && opt->options)
		l->wanted.options_digest =
			digest(opt->options, strlen(opt->options));
	if (want && opt->partial_options)
		l->wanted.partial_digest = digest(opt->partial_options,
						  strlen(opt->partial_options));
	if (!opt->source || opt->source[0] == '\0')
		return 0;
	err = source_path(opt->source, &path);
	if (err != 0)
		return err;
	source_cut(path, l->page.source, sizeof(l->page.source));
	if (want) {
		l->wanted.several = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
		l->wanted.source_digest = digest(path, strlen(path));
		l->wanted.source_size = opt->source_size;
		l->wanted.source_mtime_ns = opt->source_mtime_ns;
	}
	free(path);
	return 0;
}

static int
set_up(struct cute_shm_loading *l, const char *project,
       const struct cute_shm_loading_options *opt)
{
	const unsigned known = CUTE_SHM_LOADING_ENSURE | CUTE_SHM_LOADING_WAIT |
			       CUTE_SHM_LOADING_EPHEMERAL;
	int err = project_path(opt->root, project, &l->segment);

	if (err != 0)
		return err;
	if (opt->flags & ~known)
		return cute_shm_fail(CUTE_SHM_ERR_UNSUPPORTED,
				     "project %s: unknown flags %#x to load "
				     "with",
				     project, opt->flags);
	if (!(opt->timeout >= 0))
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "project %s: a wait of %g s", project,
				     opt->timeout);
	l->flags = opt->flags;
	if (l->flags & CUTE_SHM_LOADING_ENSURE)
		l->flags |= CUTE_SHM_LOADING_WAIT;
	l->wanted.ephemeral = opt->flags & CUTE_SHM_LOADING_EPHEMERAL;
	l->mode = opt->mode;
	l->project = strdup(project);
	if (!l->project)
		return fail_memory("to load project %s", project);
	return page_path(l->segment, &l->path);
}

int
loading_begin(const char *project, const struct cute_shm_loading_options *opt,
	      const struct wanted *wanted, struct cute_shm_loading **ret)
{
	struct cute_shm_loading *l = calloc(1, sizeof(*l));
	bool current = false;
	int err, state;

	if (!l)
		return fail_memory("to load a project");
	l->fd = -1;
	l->pid = getpid();
	pthread_mutex_init(&l->mutex, NULL);
	if (wanted)
		l->wanted = *wanted;
	/* A wait is a cancellation point, at which this would leak. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	err = set_up(l, project, opt);
	if (err == 0)
		err = set_source(l, opt, !wanted);
	if (err == 0)
		err = take_turn(l, opt, &current);
	l->wanted.saved = NULL; /* the caller's */
	pthread_setcancelstate(state, NULL);
	if (err == 0 && current && opt->is_partial)
		*opt->is_partial = l->partial;
	if (err != 0 || current) {
		loading_free(l);
		l = NULL;
	}
	if (err == 0)
		*ret = l;
	return err;
}

int
cute_shm_load_begin(const char *project,
		    const struct cute_shm_loading_options *from,
		    struct cute_shm_loading **ret)
{
	struct cute_shm_loading_options opt = { .size = sizeof(opt) };
	int err;

	if (!ret)
		return no_result("cute_shm_load_begin");
	err = options_copy(&opt, sizeof(opt), from);
	return err == 0 ? loading_begin(project, &opt, NULL, ret) : err;
}

/* With the mutex: what the builder has reserved so far. */
static void
see_reserved(struct cute_shm_loading *l)
{
	struct stat st;

	if (l->segment_fd && fstat(*l->segment_fd, &st) == 0)
		l->page.reserved_bytes = (uint64_t)st.st_blocks * 512;
}

void
cute_shm_load_progress(struct cute_shm_loading *l, uint64_t done,
		       uint64_t total)
{
	if (!l || !l->locked || l->pid != getpid())
		return;
	pthread_mutex_lock(&l->mutex);
	l->page.bytes_done = done;
	l->page.bytes_total = total;
	if (clock_now() - l->written >= PERIOD_SECONDS) {
		see_reserved(l);
		page_write(l->fd, &l->page);
		l->written = clock_now();
	}
	pthread_mutex_unlock(&l->mutex);
}

/* True if others that load the same would fail in the same way. */
static bool
holds_for_all(int err)
{
	switch (err) {
	case CUTE_SHM_ERR_SOURCE:
	case CUTE_SHM_ERR_NOT_FOUND:
	case CUTE_SHM_ERR_FORMAT:
	case CUTE_SHM_ERR_UNSUPPORTED:
	case CUTE_SHM_ERR_CORRUPT:
	case CUTE_SHM_ERR_TYPE:
	case CUTE_SHM_ERR_TORN: return true;
	default: return false;
	}
}

void
cute_shm_load_end(struct cute_shm_loading *l, int err)
{
	if (!l)
		return;
	if (l->locked && l->pid == getpid()) {
		l->page.state = err == 0	     ? PAGE_DONE
				: holds_for_all(err) ? PAGE_FAILED
						     : PAGE_GIVEN_UP;
		l->page.err = err;
		snprintf(l->page.message, sizeof(l->page.message), "%s",
			 err == 0 ? "" : cute_shm_errmsg());
		page_write(l->fd, &l->page);
		page_remove(l->path, l->fd);
	}
	loading_free(l);
}

void
loading_segment(struct cute_shm_loading *l, const int *fd)
{
	/* After a fork, another thread's mutex may stay locked for ever. */
	if (!l || l->pid != getpid())
		return;
	pthread_mutex_lock(&l->mutex);
	l->segment_fd = fd;
	pthread_mutex_unlock(&l->mutex);
}

void
loading_size(struct cute_shm_loading *l, uint64_t size)
{
	if (!l)
		return;
	pthread_mutex_lock(&l->mutex);
	l->page.segment_size = size;
	see_reserved(l);
	if (l->locked)
		page_write(l->fd, &l->page);
	pthread_mutex_unlock(&l->mutex);
}
