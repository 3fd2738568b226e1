/* SPDX-License-Identifier: MIT */
/*
 * The files that libhdf5 has open, each with a descriptor from the host as long
 * as there are not too many.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "hdf5/source/opened.h"

/* The fewest and the most descriptors that all open files together may keep. */
#define FEWEST 4
#define MOST   256

static bool locks_matter;
static bool first_known;
static struct stat first;
static struct opened *oldest, *newest;
static unsigned kept, most = FEWEST;

static int failure; /* see file_driver_failure() */
static char failure_path[4096];
static char last_path[4096];
static int lost; /* see file_driver_lost() */
static char lost_path[4096];

static void
close_descriptor(int fd)
{
	page_cache_close(fd);
	close(fd);
}

/* -------------------------------------------------------------------- list */

static void
list_remove(struct opened *f)
{
	*(f->older ? &f->older->newer : &oldest) = f->newer;
	*(f->newer ? &f->newer->older : &newest) = f->older;
	f->older = f->newer = NULL;
	kept--;
}

static void
list_add(struct opened *f)
{
	f->older = newest;
	f->newer = NULL;
	*(newest ? &newest->newer : &oldest) = f;
	newest = f;
	kept++;
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/*
 * Close one descriptor.  The first file keeps its own: the prefetch thread
 * reads it, too.
 */
static bool
give_up_one(void)
{
	struct opened *f = oldest;

	while (f && same_file(&f->st, &first))
		f = f->newer;
	if (!f)
		return false;
	list_remove(f);
	close_descriptor(f->fd);
	f->fd = -1;
	return true;
}

int
file_driver_kept(const struct stat *st)
{
	const struct opened *f = newest;

	while (f && !same_file(&f->st, st))
		f = f->older;
	return f ? f->fd : -1;
}

/* A file that is open under this name; NULL if there is none. */
static const struct opened *
find(const char *path)
{
	const struct opened *f = newest;

	while (f && strcmp(f->path, path) != 0)
		f = f->older;
	return f;
}

/* ----------------------------------------------------------------- failures */

void
file_driver_forget(void)
{
	failure = lost = 0;
	failure_path[0] = last_path[0] = lost_path[0] = '\0';
}

int
file_driver_failure(char *path, size_t size)
{
	snprintf(path, size, "%s", failure_path);
	return failure;
}

int
file_driver_lost(char *path, size_t size)
{
	snprintf(path, size, "%s", lost_path);
	return lost;
}

const char *
file_driver_last(void)
{
	return last_path;
}

static bool
is_gone(int error)
{
	return error == ENOENT || error == ENOTDIR;
}

/* Note a failure.  A file that was open before must not be gone now. */
static void
note(const char *path, int error)
{
	if (changed_known(path)) {
		lost = error;
		snprintf(lost_path, sizeof(lost_path), "%s", path);
		if (is_gone(error))
			changed_note(path, "it is not there any more");
	}
	if (is_gone(error))
		return;
	failure = error;
	snprintf(failure_path, sizeof(failure_path), "%s", path);
}

static bool
same_name(const char *a, const char *b)
{
	const char *x = strrchr(a, '/'), *y = strrchr(b, '/');

	return strcmp(x ? x + 1 : a, y ? y + 1 : b) == 0;
}

/*
 * Note a success.  libhdf5 searches a file in several folders, so failures in
 * others do not matter.
 */
static void
note_success(const char *path)
{
	snprintf(last_path, sizeof(last_path), "%s", path);
	if (same_name(failure_path, path)) {
		failure = 0;
		failure_path[0] = '\0';
	}
}

void
opened_fail(const char *path, int error)
{
	H5Epush2(H5E_DEFAULT, __FILE__, __func__, __LINE__, H5E_ERR_CLS,
		 H5E_FILE, H5E_CANTOPENFILE, "%s%s%s", path ? path : "",
		 path ? ": " : "", host_reason(error));
}

/* -------------------------------------------------------------- descriptors */

/*
 * The same file is often opened again, for each link that leads to it: then the
 * host need not be asked.
 */
static int
duplicate(const struct opened *f, struct stat *st)
{
	int fd = fcntl(f->fd, F_DUPFD_CLOEXEC, 3), error;

	if (fd >= 0 && fstat(fd, st) == 0)
		return fd;
	error = errno;
	if (fd >= 0)
		close(fd);
	return -error;
}

/* A descriptor of the file, or minus an error. */
static int
open_descriptor(const char *path, struct stat *st)
{
	const struct opened *same;
	int fd;

	while (kept >= most && give_up_one())
		;
	do {
		same = find(path);
		fd = same ? duplicate(same, st) : host_open(path, st);
	} while ((fd == -EMFILE || fd == -ENFILE) && give_up_one());
	if (fd >= 0)
		page_cache_open(path, fd, st);
	return fd;
}

/*
 * 0, or the error for which the file must not be read.  Check for writers last:
 * what a writer does later changes the file's times.
 */
static int
judge(const char *path, int fd, struct stat *st)
{
	if (!changed_add(path, fd, st))
		return ECHANGED;
	if (!others_add(path, st))
		return ENOMEM;
	return writer_at_work(fd, st->st_size, locks_matter);
}

int
opened_descriptor(struct opened *f)
{
	struct stat st;
	int fd, error = 0;

	if (f->fd >= 0) {
		if (f != newest) {
			list_remove(f);
			list_add(f);
		}
		return 0;
	}
	fd = open_descriptor(f->path, &st);
	if (fd < 0)
		error = -fd;
	else if (!changed_add(f->path, fd, &st))
		error = ECHANGED;
	if (error) {
		note(f->path, error);
		if (fd >= 0)
			close_descriptor(fd);
		return error;
	}
	f->fd = fd;
	list_add(f);
	return 0;
}

/* -------------------------------------------------------------------- files */

static struct opened *
opened_from(const char *path, int fd, const struct stat *st)
{
	struct opened *f = calloc(1, sizeof(*f) + strlen(path) + 1);

	if (!f) {
		close_descriptor(fd);
		return NULL;
	}
	strcpy(f->path, path);
	f->fd = fd;
	f->st = *st;
	if (!first_known)
		first = *st;
	first_known = true;
	note_success(path);
	list_add(f);
	return f;
}

struct opened *
opened_new(const char *path, bool *gone)
{
	struct stat st;
	int fd = open_descriptor(path, &st);
	int error = fd < 0 ? -fd : judge(path, fd, &st);

	*gone = is_gone(error);
	if (*gone && !others_add(path, NULL))
		error = ENOMEM;
	if (error == 0)
		return opened_from(path, fd, &st);
	note(path, error);
	opened_fail(NULL, error);
	if (fd >= 0)
		close_descriptor(fd);
	return NULL;
}

struct opened *
opened_native(const char *path)
{
	struct opened *f = NULL;
	struct stat st;
	int fd = open_descriptor(path, &st);

	if (fd >= 0 && judge(path, fd, &st) == 0)
		f = opened_from(path, fd, &st);
	else if (fd >= 0)
		close_descriptor(fd);
	return f;
}

void
opened_status(const struct opened *f, struct stat *ret)
{
	*ret = f->st;
}

void
opened_free(struct opened *f)
{
	if (f->fd >= 0) {
		list_remove(f);
		close_descriptor(f->fd);
	}
	free(f);
}

/*
 * Use half of the available descriptors and leave the rest to others.
 */
void
opened_begin(bool locks)
{
	struct rlimit limit = { 0, 0 };

	locks_matter = locks;
	getrlimit(RLIMIT_NOFILE, &limit);
	most = limit.rlim_cur > MOST * 2 + 16 ? MOST
	       : limit.rlim_cur > FEWEST * 2 + 16
		       ? (unsigned)(limit.rlim_cur - 16) / 2
		       : FEWEST;
}
