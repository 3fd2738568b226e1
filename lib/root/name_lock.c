/* SPDX-License-Identifier: MIT */
/*
 * Only one process at a time removes or replaces a name.
 *
 * No system call removes a name only if it leads to a given file, and another
 * project may be published under the name between a check and the removal.  So
 * a process that removes or replaces a name first locks a byte of the segment
 * that the name leads to, and then checks the name again.  To remove an orphan,
 * it locks the bytes of all owners, so that no process can become one.
 *
 * The locks are exclusive, which needs permission to write.  A process that may
 * only read takes a shared lock, which excludes the exclusive locks of others.
 * Shared locks of other processes are ignored, so that a process that may only
 * read a project cannot delay its removal.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "root/root.h"

/* The longest wait for a process that was stopped while it had the lock. */
#define PATIENCE_NS    INT64_C(30000000000)
#define LONGEST_NAP_NS 10000000

enum result {
	LOCKED,
	BUSY
};

bool
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/*
 * Lock [start, end): exclusively, or shared if the descriptor is read-only or
 * others have shared locks.  BUSY if another process has an exclusive lock.  On
 * a file system without locks no process has any, so that counts as LOCKED.
 */
static enum result
try_range(int fd, uint64_t start, uint64_t end)
{
	if (range_try(fd, start, end, true) == 0)
		return LOCKED;
	if (range_try(fd, start, end, false) == 0)
		return LOCKED;
	return errno == EAGAIN || errno == EACCES ? BUSY : LOCKED;
}

/*
 * Open the file to lock it: for writing, or for reading if that is all that is
 * permitted, or on an overlay, which would copy a file of a lower layer.
 */
static int
open_for_lock(const char *path, struct stat *st)
{
	const int flags = O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW;
	struct statfs fs;
	struct stat again;
	int fd, writable;

	fd = fd_above_stdio(open(path, O_RDONLY | flags));
	if (fd < 0)
		return -1;
	if (fstat(fd, st) != 0 || !S_ISREG(st->st_mode) ||
	    fstatfs(fd, &fs) != 0) {
		close(fd);
		errno = EINVAL;
		return -1;
	}
	if (fs.f_type == OVERLAYFS_SUPER_MAGIC)
		return fd;
	writable = fd_above_stdio(open(path, O_RDWR | flags));
	if (writable < 0)
		return fd;
	if (fstat(writable, &again) == 0 && same_file(&again, st)) {
		close(fd);
		return writable;
	}
	close(writable);
	return fd;
}

bool
leads_to(const char *path, const struct stat *st)
{
	struct stat now;

	return lstat(path, &now) == 0 && same_file(&now, st);
}

/* Try once to lock the name; BUSY also if it leads elsewhere now. */
static enum result
try_name(const char *path, int *ret, struct stat *st)
{
	int fd = open_for_lock(path, st);

	*ret = -1;
	if (fd < 0) {
		if (lstat(path, st) != 0)
			st->st_nlink = 0;
		return LOCKED;
	}
	if (try_range(fd, LOCK_NAME, LOCK_OWNERS_END) == LOCKED &&
	    leads_to(path, st)) {
		*ret = fd;
		return LOCKED;
	}
	close(fd);
	return BUSY;
}

/* Lock the name within 'patience_ns', or return BUSY without a message. */
static enum result
lock_within(const char *path, int64_t patience_ns, int *fd, struct stat *st)
{
	struct timespec deadline = deadline_after(patience_ns);
	struct timespec nap = { .tv_nsec = 10000 };

	while (try_name(path, fd, st) == BUSY) {
		if (time_left(&deadline) <= 0)
			return BUSY;
		nanosleep(&nap, NULL);
		if (nap.tv_nsec < LONGEST_NAP_NS)
			nap.tv_nsec *= 2;
	}
	return LOCKED;
}

int
name_lock(const char *path, int *fd, struct stat *st)
{
	if (lock_within(path, PATIENCE_NS, fd, st) == LOCKED)
		return 0;
	return cute_shm_fail(CUTE_SHM_ERR_BUSY,
			     "%s: another process has been "
			     "about to remove or replace it for %d s",
			     path, (int)(PATIENCE_NS / 1000000000));
}

static int
remove_now(const char *path, bool *removed)
{
	if (unlink(path) == 0)
		*removed = true;
	else if (errno != ENOENT)
		return fail_errno("cannot remove %s", path);
	return 0;
}

int
remove_name(const char *path, const struct stat *st, bool wait, bool *removed)
{
	struct stat now;
	int fd = -1, err = 0;

	*removed = false;
	if (lstat(path, &now) != 0)
		return errno == ENOENT ? 0 : fail_errno("cannot see %s", path);
	if (!same_file(&now, st))
		return 0;
	if (wait)
		err = name_lock(path, &fd, &now);
	else if (lock_within(path, 0, &fd, &now) == BUSY)
		return 0;
	if (err == 0 && now.st_nlink > 0 && same_file(&now, st))
		err = remove_now(path, removed);
	if (fd >= 0)
		close(fd);
	return err;
}

int
remove_orphan(const char *path, const struct stat *st, bool *removed)
{
	struct stat now;
	int fd = open_for_lock(path, &now), err = 0;

	*removed = false;
	if (fd < 0)
		return 0;
	if (same_file(&now, st) &&
	    try_range(fd, LOCK_OWNERS, LOCK_OWNERS_END) == LOCKED &&
	    leads_to(path, st))
		err = remove_now(path, removed);
	close(fd);
	return err;
}
