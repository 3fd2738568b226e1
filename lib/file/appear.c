/* SPDX-License-Identifier: MIT */
/*
 * Files that appear complete under their name, or not at all.  Until then they
 * are unnamed if the file system supports that, else they have a temporary
 * name.  A lock on such a file shows that its process lives; a sweep removes
 * the files without a lock.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file/file.h"

/* Attempts to lock a new file before another process's sweep removes it. */
#define TRIES 100

#define DIGITS 16

static void
self_path(char path[64], int fd)
{
	snprintf(path, 64, "/proc/self/fd/%d", fd);
}

/* The place's path for the rest of a name, for free(); NULL and errno. */
static char *
name_at(const struct appear_place *at, const char *rest)
{
	char *name;

	return asprintf(&name, "%s/%s%s", at->folder, at->prefix, rest) < 0
		       ? NULL
		       : name;
}

/* A random temporary name, for free(); NULL and errno. */
static char *
random_name(const struct appear_place *at)
{
	unsigned long long number;
	char digits[DIGITS + 1];

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return NULL;
	snprintf(digits, sizeof(digits), "%016llx", number);
	return name_at(at, digits);
}

/* Lock byte 0, or unlock it: 0, or -1 and errno. */
static int
lock(int fd, int how, short type)
{
	struct flock byte = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_len = 1,
	};

	return fcntl(fd, how, &byte);
}

/*
 * Lock the file against sweeps.  On a file system without locks that is not
 * possible, but no sweep takes a file for a leftover there.
 */
static int
lock_new(int fd)
{
	if (lock(fd, F_OFD_SETLK, F_WRLCK) != 0 &&
	    (errno == EAGAIN || errno == EACCES))
		return -1;
	return 0;
}

void
appear_unlock(int fd)
{
	lock(fd, F_OFD_SETLK, F_UNLCK);
}

/* Lock the file; true if it still has a name: no sweep came before. */
static bool
is_kept(int fd)
{
	struct stat st;

	return lock_new(fd) == 0 && fstat(fd, &st) == 0 && st.st_nlink > 0;
}

static int
new_named(const struct appear_place *at, int *ret, char **ret_name)
{
	int fd, i, number = EAGAIN;
	char *name;

	for (i = 0; i < TRIES && (number == EAGAIN || number == EEXIST); i++) {
		name = random_name(at);
		if (!name)
			return -1;
		fd = fd_above_stdio(
			open(name,
			     O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			     0600));
		number = fd < 0 ? errno : EAGAIN;
		if (fd >= 0 && is_kept(fd)) {
			*ret = fd;
			*ret_name = name;
			return 0;
		}
		if (fd >= 0) {
			unlink(name);
			close(fd);
		}
		free(name);
	}
	errno = number;
	return -1;
}

/* True if an unnamed file can be given a name, which needs /proc. */
static bool
can_be_named(int fd)
{
	char self[64];

	self_path(self, fd);
	return access(self, F_OK) == 0;
}

/* The errors of kernels and file systems that have no O_TMPFILE. */
static bool
no_tmpfile(int number)
{
	return number == EOPNOTSUPP || number == EISDIR || number == ENOENT ||
	       number == EINVAL;
}

int
appear_begin(const struct appear_place *at, unsigned flags, int *ret,
	     char **name)
{
	int fd;

	if (flags & APPEAR_NAMED)
		return new_named(at, ret, name);
	fd = fd_above_stdio(
		open(at->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
	if (fd < 0)
		return no_tmpfile(errno) ? new_named(at, ret, name) : -1;
	if (!can_be_named(fd)) {
		close(fd);
		return new_named(at, ret, name);
	}
	*ret = fd;
	*name = NULL;
	return 0;
}

/* Wait for the lock, which other processes hold for short times only. */
static int
wait_for_lock(int fd)
{
	int rc;

	do
		rc = lock(fd, F_OFD_SETLKW, F_WRLCK);
	while (rc != 0 && errno == EINTR);
	return rc != 0 && errno == EDEADLK ? -1 : 0;
}

/* True if the name leads to the file of *st. */
static bool
leads_to(int dir, const char *name, const struct stat *st)
{
	struct stat now;

	return fstatat(dir, name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	       now.st_dev == st->st_dev && now.st_ino == st->st_ino;
}

int
appear_claim(const struct appear_place *at, int *ret, char **ret_name)
{
	char *name = name_at(at, at->claim);
	struct stat st;
	int fd, number;

	if (!name)
		return -1;
	for (;;) {
		fd = fd_above_stdio(open(name,
					 O_RDWR | O_CREAT | O_CLOEXEC |
						 O_NOFOLLOW | O_NONBLOCK,
					 0600));
		if (fd < 0 || wait_for_lock(fd) != 0)
			break;
		if (fstat(fd, &st) == 0 && leads_to(AT_FDCWD, name, &st)) {
			*ret = fd;
			*ret_name = name;
			return 0;
		}
		/* The last holder has removed the file: retry. */
		close(fd);
	}
	number = errno;
	if (fd >= 0)
		close(fd);
	free(name);
	errno = number;
	return -1;
}

static int
rename_temporary(const char *path, char **temporary)
{
	if (rename(*temporary, path) != 0)
		return -1;
	free(*temporary);
	*temporary = NULL;
	return 0;
}

/*
 * Rename the file unless 'path' exists, where the file system cannot do both
 * in one step: look and rename while this process has the claim.
 */
static int
name_claimed(const struct appear_place *at, const char *path, char **temporary)
{
	int fd, number = EEXIST;
	struct stat st;
	char *claim;

	if (appear_claim(at, &fd, &claim) != 0)
		return -1;
	if (lstat(path, &st) != 0)
		number = rename_temporary(path, temporary) == 0 ? 0 : errno;
	unlink(claim);
	free(claim);
	close(fd);
	errno = number;
	return number == 0 ? 0 : -1;
}

/* Give an unnamed file a name; 0, or -1 and errno. */
static int
link_unnamed(int fd, const char *name)
{
	char self[64];

	self_path(self, fd);
	if (linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0)
		return 0;
	if (errno != ENOENT)
		return -1;
	/* Without /proc: this needs CAP_DAC_READ_SEARCH. */
	return linkat(fd, "", AT_FDCWD, name, AT_EMPTY_PATH);
}

/* The errors of kernels and file systems that do not have the call. */
static bool
has_no_call(int number)
{
	return number == EINVAL || number == ENOSYS || number == EOPNOTSUPP;
}

int
appear_as_new(const struct appear_place *at, const char *path, int fd,
	      char **temporary)
{
	if (!*temporary)
		return link_unnamed(fd, path);
	if (renameat2(AT_FDCWD, *temporary, AT_FDCWD, path, RENAME_NOREPLACE) ==
	    0) {
		free(*temporary);
		*temporary = NULL;
		return 0;
	}
	if (!has_no_call(errno))
		return -1;
	if (!at->may_link)
		return name_claimed(at, path, temporary);
	/* link() keeps its promise against other programs, too. */
	if (linkat(AT_FDCWD, *temporary, AT_FDCWD, path, 0) != 0)
		return errno == EPERM || has_no_call(errno)
			       ? name_claimed(at, path, temporary)
			       : -1;
	unlink(*temporary);
	free(*temporary);
	*temporary = NULL;
	return 0;
}

/* Give the file a temporary name; lock it first, or a sweep removes it. */
static int
link_temporary(const struct appear_place *at, int fd, char **temporary)
{
	char *name;
	int number;

	if (lock_new(fd) != 0)
		return -1;
	name = random_name(at);
	if (!name)
		return -1;
	if (link_unnamed(fd, name) != 0) {
		number = errno;
		free(name);
		errno = number;
		return -1;
	}
	*temporary = name;
	return 0;
}

int
appear_over(const struct appear_place *at, const char *path, int fd,
	    char **temporary)
{
	if (!*temporary && link_temporary(at, fd, temporary) != 0)
		return -1;
	return rename_temporary(path, temporary);
}

static bool
is_temporary(const struct appear_place *at, const char *name)
{
	size_t size = strlen(at->prefix);

	if (strncmp(name, at->prefix, size) != 0)
		return false;
	name += size;
	return at->own_prefix || strcmp(name, at->claim) == 0 ||
	       (strlen(name) == DIGITS &&
		strspn(name, "0123456789abcdef") == DIGITS);
}

/* Remove the file if it belongs to this user and its process is dead. */
static void
sweep_one(const struct appear_place *at, int dir, const char *name)
{
	struct stat st;
	int fd;

	/* The lock needs O_RDWR; with O_NONBLOCK a FIFO cannot block. */
	fd = fd_above_stdio(openat(dir, name,
				   O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY |
					   O_NOFOLLOW));
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_uid == geteuid() && user_trusted(st.st_uid) &&
	    lock(fd, F_OFD_SETLK, F_WRLCK) == 0 && leads_to(dir, name, &st) &&
	    unlinkat(dir, name, 0) == 0)
		cute_shm_log(CUTE_SHM_LOG_INFO,
			     "removed %s, left by a %s that died", name,
			     at->writer);
	close(fd);
}

void
appear_sweep(const struct appear_place *at)
{
	const struct dirent *entry;
	DIR *dir = dir_above_stdio(at->folder);

	while (dir && (entry = readdir(dir)))
		if (is_temporary(at, entry->d_name))
			sweep_one(at, dirfd(dir), entry->d_name);
	if (dir)
		closedir(dir);
}
