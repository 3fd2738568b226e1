/* SPDX-License-Identifier: MIT */
/*
 * The files of a load, each with its status before the first byte was read.  If
 * the status of a file differs at the end, the load may have read a part of it
 * before and a part after a change.
 */

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hdf5/source/source.h"

/* The kernel's clock for file times advances at least this often. */
#define TICK_NS	 10000000
#define PAUSE_NS 500000

struct taken {
	struct stat st;
	char path[];
};

static void *all;	       /* struct taken, sorted by tsearch() */
static char *changed;	       /* the first file found to have changed, */
static const char *changed_in; /* and in which way */

static int
by_path(const void *a, const void *b)
{
	return strcmp(((const struct taken *)a)->path,
		      ((const struct taken *)b)->path);
}

void
changed_note(const char *path, const char *how)
{
	if (!changed) {
		changed = strdup(path);
		changed_in = how;
	}
}

/*
 * Nanoseconds from a file's time to now.  INT64_MAX if they are over a second
 * apart: one of the clocks is wrong, or the time was set.
 */
static int64_t
age(struct timespec now, struct timespec then)
{
	int64_t s = (int64_t)now.tv_sec - (int64_t)then.tv_sec;

	if (s < -1 || s > 1)
		return INT64_MAX;
	return s * 1000000000 + (now.tv_nsec - then.tv_nsec);
}

/*
 * Two writes within one tick of the kernel's clock leave the same times: if the
 * file changed within this tick, its status must be read again in the next one.
 */
static bool
too_new(const struct stat *st)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return age(now, st->st_ctim) <= 0 || age(now, st->st_mtim) <= 0;
}

static void
settle(int fd, struct stat *st)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	int tries = TICK_NS / PAUSE_NS;
	struct stat now;

	if (!too_new(st))
		return;
	while (too_new(st) && tries-- > 0)
		nanosleep(&pause, NULL);
	if (fstat(fd, &now) == 0)
		*st = now;
}

/* The entry of the path; with 'add', a new one if there is none. */
static struct taken *
taken_of(const char *path, bool add)
{
	struct taken *t = malloc(sizeof(*t) + strlen(path) + 1);
	struct taken **found;

	if (!t)
		return NULL;
	strcpy(t->path, path);
	found = add ? tsearch(t, &all, by_path) : tfind(t, &all, by_path);
	if (!found || *found != t)
		free(t);
	return found ? *found : NULL;
}

bool
changed_known(const char *path)
{
	return taken_of(path, false) != NULL;
}

bool
changed_add(const char *path, int fd, struct stat *st)
{
	struct taken *t = taken_of(path, false);
	const char *how;

	if (t) {
		how = changed_open(host_get(), path, fd, &t->st);
		if (how)
			changed_note(path, how);
		return !how;
	}
	t = taken_of(path, true);
	if (t) {
		settle(fd, st);
		t->st = *st;
	}
	return t != NULL;
}

/* How the file has changed; by its descriptor, if one is left. */
static const char *
taken_changed(const struct taken *t)
{
	int fd = file_driver_kept(&t->st);
	struct stat now;

	if (fd >= 0)
		return changed_open(host_get(), t->path, fd, &t->st);
	if (host_stat(t->path, &now) != 0)
		return "it is not there any more";
	return changed_how(&t->st, &now);
}

static void
look(const void *node, VISIT visit, int depth)
{
	const struct taken *t = *(struct taken *const *)node;
	const char *how;

	(void)depth;
	if ((visit != postorder && visit != leaf) || changed)
		return;
	how = taken_changed(t);
	if (how)
		changed_note(t->path, how);
}

int
changed_check(void)
{
	twalk(all, look);
	return changed ? changed_fail(changed, changed_in) : 0;
}
