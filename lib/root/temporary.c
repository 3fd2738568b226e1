/* SPDX-License-Identifier: MIT */
/*
 * Files without a lasting name: unnamed if the file system supports that, else
 * with a name that is no project's.  A lock on such a file shows that its
 * process lives; a sweep removes the files without a lock.
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

#include "root/root.h"

unsigned temporary_flags;

/* Attempts to lock a new file before another process's sweep removes it. */
#define TRIES 16

int
temporary_name(const char *root, char **ret)
{
	unsigned long long number;
	char *name;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return fail_errno("no random numbers for a name");
	if (asprintf(&name, "%s/" TEMPORARY_PREFIX "%016llx", root, number) < 0)
		return cute_shm_fail(CUTE_SHM_ERR_NOMEM,
				     "no memory for a name in %s", root);
	*ret = name;
	return 0;
}

/* 0, or -1 with errno: EAGAIN if another process has locked byte 0. */
static int
try_lock(int fd, short type)
{
	struct flock lock = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_len = 1,
	};

	return fcntl(fd, F_OFD_SETLK, &lock);
}

int
temporary_lock(int fd)
{
	/*
	 * On a file system without locks no sweep can take the file for a
	 * leftover.
	 */
	if (try_lock(fd, F_WRLCK) != 0 && (errno == EAGAIN || errno == EACCES))
		return fail_errno("cannot lock a new file");
	return 0;
}

void
temporary_unlock(int fd)
{
	try_lock(fd, F_UNLCK);
}

/* Lock the file; true if it still has a name: no sweep came before. */
static bool
is_ours(int fd)
{
	struct stat st;

	return temporary_lock(fd) == 0 && fstat(fd, &st) == 0 &&
	       st.st_nlink > 0;
}

static int
named_new(const char *root, int *ret, char **ret_name)
{
	char *name;
	int fd, err, i;

	for (i = 0; i < TRIES; i++) {
		err = temporary_name(root, &name);
		if (err != 0)
			return err;
		fd = fd_above_stdio(
			open(name,
			     O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			     0600));
		if (fd < 0)
			err = root_fail_new(root);
		if (fd >= 0 && is_ours(fd)) {
			*ret = fd;
			*ret_name = name;
			return 0;
		}
		if (fd >= 0) {
			unlink(name);
			close(fd);
		}
		free(name);
		if (err != 0 && err != CUTE_SHM_ERR_EXISTS)
			return err;
	}
	return cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
			     "cannot keep a new file in %s: others remove it",
			     root);
}

/* Wait for the lock, which other processes hold for short times only. */
static int
claim_lock(int fd)
{
	struct flock lock = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_len = 1,
	};
	int rc;

	do
		rc = fcntl(fd, F_OFD_SETLKW, &lock);
	while (rc != 0 && errno == EINTR);
	if (rc != 0 && errno == EDEADLK)
		return fail_errno("cannot lock a new file");
	return 0;
}

int
temporary_claim(const char *root, const char *project, int *ret,
		char **ret_name)
{
	struct stat st, now;
	char *name;
	int fd, err;

	if (asprintf(&name, "%s/" TEMPORARY_PREFIX "claim.%s", root, project) <
	    0)
		return cute_shm_fail(CUTE_SHM_ERR_NOMEM,
				     "no memory for a name in %s", root);
	for (;;) {
		fd = fd_above_stdio(open(name,
					 O_RDWR | O_CREAT | O_CLOEXEC |
						 O_NOFOLLOW | O_NONBLOCK,
					 0600));
		err = fd < 0 ? fail_errno("cannot make %s", name)
			     : claim_lock(fd);
		/* Retry if the last holder has removed the file. */
		if (err != 0 || (fstat(fd, &st) == 0 && stat(name, &now) == 0 &&
				 st.st_ino == now.st_ino))
			break;
		close(fd);
	}
	if (err != 0) {
		if (fd >= 0)
			close(fd);
		free(name);
		return err;
	}
	*ret = fd;
	*ret_name = name;
	return 0;
}

/* The errors of kernels and file systems that have no O_TMPFILE. */
static bool
no_tmpfile(int number)
{
	return number == EOPNOTSUPP || number == EISDIR || number == ENOENT ||
	       number == EINVAL;
}

int
temporary_new(const char *root, unsigned flags, int *fd, char **name)
{
	int made = -1;

	errno = EOPNOTSUPP;
	if (!(flags & TEMPORARY_NAMED))
		made = fd_above_stdio(
			open(root, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
	if (made < 0 && no_tmpfile(errno))
		return named_new(root, fd, name);
	if (made < 0)
		return root_fail_new(root);
	*fd = made;
	*name = NULL;
	return 0;
}

/* True if the name still leads to the locked file, whose stat is *st. */
static bool
leads_to(int dir, const char *name, const struct stat *st)
{
	struct stat now;

	return fstatat(dir, name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	       now.st_dev == st->st_dev && now.st_ino == st->st_ino;
}

/* Remove the file if it belongs to this user and its builder is dead. */
static void
sweep_one(int dir, const char *name)
{
	struct stat st;
	int fd;

	/* The lock needs O_RDWR; with O_NONBLOCK a FIFO cannot block. */
	fd = fd_above_stdio(
		openat(dir, name,
		       O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_uid == geteuid() && try_lock(fd, F_WRLCK) == 0 &&
	    leads_to(dir, name, &st) && unlinkat(dir, name, 0) == 0)
		cute_shm_log(CUTE_SHM_LOG_INFO,
			     "removed %s, left by a builder that died", name);
	close(fd);
}

void
temporary_sweep(const char *root)
{
	const struct dirent *entry;
	DIR *dir;

	dir = dir_above_stdio(root);
	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (strncmp(entry->d_name, TEMPORARY_PREFIX,
			    strlen(TEMPORARY_PREFIX)) == 0)
			sweep_one(dirfd(dir), entry->d_name);
	closedir(dir);
}
