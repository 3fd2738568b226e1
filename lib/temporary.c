/* SPDX-License-Identifier: MIT */
/*
 * Files that have no lasting name: unnamed where the root can do that, else
 * with a name that is not a project's, and a lock that tells the living from
 * the leftovers.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "builder.h"
#include "descriptor.h"
#include "owner.h"

unsigned temporary_flags;
unsigned temporary_aside_seconds = 10;

/* How often another's sweep may come between creation and lock. */
#define TRIES 16

/*
 * Files set aside for removal: prefix, number, this, and the project's name.
 * Such a file may be given its name back, at once; so it is swept only when it
 * has been there for long.
 */
#define ASIDE		".aside."
#define NUMBER_SIZE	16	/* hexadecimal digits */

int
temporary_name(const char *root, char **ret)
{
	unsigned long long number;
	char *name;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return fail_errno("no random numbers for a name");
	if (asprintf(&name, "%s/" TEMPORARY_PREFIX "%016llx", root,
		     number) < 0)
		return cute_shm_fail(CUTE_SHM_ERR_NOMEM,
				     "no memory for a name in %s", root);
	*ret = name;
	return 0;
}

int
temporary_aside(const char *path, char **ret)
{
	const char *slash = strrchr(path, '/');
	char *root = strndup(path, (size_t)(slash - path));
	char *name;
	int err;

	if (!root)
		return cute_shm_fail(CUTE_SHM_ERR_NOMEM,
				     "no memory for a name");
	err = temporary_name(root, &name);
	free(root);
	if (err != 0)
		return err;
	if (asprintf(ret, "%s" ASIDE "%s", name,
		     slash + sizeof(PROJECT_PREFIX)) < 0)
		err = cute_shm_fail(CUTE_SHM_ERR_NOMEM,
				    "no memory for a name");
	free(name);
	return err;
}

/* 0, or -1 with errno: EAGAIN when another one holds byte 0. */
static int
try_lock(int fd, short type)
{
	struct flock lock = {
		.l_type = type, .l_whence = SEEK_SET, .l_len = 1,
	};

	return fcntl(fd, F_OFD_SETLK, &lock);
}

int
temporary_lock(int fd)
{
	/*
	 * Where there are no locks, nobody can take the file for a leftover
	 * either.
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

/* The file still has a name: no sweep took it before it was locked. */
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
		fd = fd_above_stdio(open(name, O_RDWR | O_CREAT | O_EXCL |
					 O_CLOEXEC | O_NOFOLLOW, 0600));
		if (fd < 0)
			err = fail_errno("cannot make a file in %s", root);
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

/* What kernels and file systems say that have no O_TMPFILE. */
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
		made = fd_above_stdio(open(root, O_TMPFILE | O_RDWR |
					   O_CLOEXEC, 0600));
	if (made < 0 && no_tmpfile(errno))
		return named_new(root, fd, name);
	if (made < 0)
		return fail_errno("cannot make a file in %s", root);
	*fd = made;
	*name = NULL;
	return 0;
}

/* The name of the project whose file was set aside, or NULL. */
static const char *
aside_project(const char *name)
{
	size_t before = strlen(TEMPORARY_PREFIX) + NUMBER_SIZE;

	if (strlen(name) <= before + strlen(ASIDE) ||
	    strncmp(name + before, ASIDE, strlen(ASIDE)) != 0)
		return NULL;
	return name + before + strlen(ASIDE);
}

/* Whether there is nobody any more for whom the file is there. */
static bool
is_orphan(int fd, const struct stat *st)
{
	struct format_header h;

	return read_header(fd, (uint64_t)st->st_size, &h) == 0 &&
	       owner_gone(fd, &h);
}

/*
 * Whoever set it aside has died before the second look: what is no orphan may
 * be another project, published between the two.  It gets its name back, unless
 * that has been given to yet another one, which has replaced it then.
 */
static void
sweep_aside(int dir, const char *name, const char *project, int fd,
	    const struct stat *st)
{
	char path[NAME_MAX + 1];
	struct timespec now;

	/*
	 * Renaming sets st_ctime.  Not time(): that is the time of the last
	 * tick, which may be before a st_ctime of Linux 6.13.
	 */
	clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec - st->st_ctime < (time_t)temporary_aside_seconds)
		return;
	snprintf(path, sizeof(path), PROJECT_PREFIX "%s", project);
	if (!is_orphan(fd, st) &&
	    renameat2(dir, name, dir, path, RENAME_NOREPLACE) == 0)
		cute_shm_log(CUTE_SHM_LOG_INFO, "gave %s its name back: who "
			     "was about to remove it has died", path);
	else if (unlinkat(dir, name, 0) == 0)
		cute_shm_log(CUTE_SHM_LOG_INFO, "removed %s, left by a process "
			     "that died in the middle", name);
}

/* Remove the file if it is ours and its builder does not live. */
static void
sweep_one(int dir, const char *name)
{
	const char *project = aside_project(name);
	struct stat st;
	int fd;

	/* For writing, as an exclusive lock needs it; never wait for a FIFO. */
	fd = fd_above_stdio(openat(dir, name, O_CLOEXEC | O_NOFOLLOW |
				   (project ? O_RDONLY : O_RDWR) |
				   O_NONBLOCK));
	if (fd < 0)
		return;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_uid != geteuid())
		;
	else if (project)
		sweep_aside(dir, name, project, fd, &st);
	else if (try_lock(fd, F_WRLCK) == 0 && unlinkat(dir, name, 0) == 0)
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
