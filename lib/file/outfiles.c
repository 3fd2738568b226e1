/* SPDX-License-Identifier: MIT */
/*
 * Files that appear in one folder together.  Each is written into a folder
 * below it, and gets its name when all are complete.  A lock on that folder
 * shows that its process lives; the next set removes those without a lock.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file/file.h"

#define WORK   ".cute-shm-files."
#define RANDOM "XXXXXX"

/* Attempts to lock a new folder before another process removes it. */
#define TRIES 100

/* Open a folder that is no link; -1 and errno. */
static int
open_folder(int dir, const char *name)
{
	return fd_above_stdio(
		openat(dir, name,
		       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

/* ---------------------------------------------------------------- leftovers */

static bool
is_work(const char *name)
{
	return strncmp(name, WORK, sizeof(WORK) - 1) == 0 &&
	       strlen(name) == sizeof(WORK RANDOM) - 1;
}

/* Remove the files of the folder, which has no folders. */
static void
empty(int fd)
{
	const struct dirent *entry;
	DIR *dir;

	fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	dir = fd < 0 ? NULL : fdopendir(fd);
	while (dir && (entry = readdir(dir)))
		unlinkat(fd, entry->d_name, 0);
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
}

/* Remove the folder if it belongs to this user and its process is dead. */
static void
sweep_one(int dir, const char *name)
{
	int fd = open_folder(dir, name);
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	    user_trusted(st.st_uid) && flock(fd, LOCK_EX | LOCK_NB) == 0) {
		empty(fd);
		if (unlinkat(dir, name, AT_REMOVEDIR) == 0)
			cute_shm_log(CUTE_SHM_LOG_INFO,
				     "removed %s, left by a process that died",
				     name);
	}
	close(fd);
}

static void
sweep(const char *folder)
{
	const struct dirent *entry;
	DIR *dir = dir_above_stdio(folder);

	while (dir && (entry = readdir(dir)))
		if (is_work(entry->d_name))
			sweep_one(dirfd(dir), entry->d_name);
	if (dir)
		closedir(dir);
}

/* -------------------------------------------------------------- work folder */

/*
 * Lock the new folder; false if a sweep came before.  Where a folder cannot be
 * locked, no sweep takes it for a leftover.
 */
static bool
is_kept(int fd)
{
	struct stat st;

	return (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) &&
	       fstat(fd, &st) == 0 && st.st_nlink > 0;
}

static void
free_work(struct outfiles *f)
{
	if (f->fd >= 0) {
		empty(f->fd);
		rmdir(f->work);
		close(f->fd);
	}
	free(f->work);
	f->work = NULL;
	f->fd = -1;
}

static int
fail_work(struct outfiles *f)
{
	int number = errno;

	free_work(f);
	errno = number;
	return fail_file("cannot write in", f->folder);
}

static int
make_work(struct outfiles *f)
{
	int i;

	for (i = 0; i < TRIES; i++) {
		if (asprintf(&f->work, "%s/" WORK RANDOM, f->folder) < 0) {
			f->work = NULL;
			return fail_memory("for a file name");
		}
		if (!mkdtemp(f->work))
			return fail_work(f);
		f->fd = open_folder(AT_FDCWD, f->work);
		if (f->fd >= 0 && is_kept(f->fd))
			return 0;
		if (f->fd < 0 && errno != ENOENT)
			return fail_work(f);
		/* Another process took it for a leftover. */
		free_work(f);
	}
	errno = EAGAIN;
	return fail_work(f);
}

/* -------------------------------------------------------------------- files */

void
outfiles_begin(struct outfiles *f, const char *folder, unsigned flags)
{
	*f = (struct outfiles){
		.folder = folder,
		.fd = -1,
		.overwrite = flags & OUTFILE_OVERWRITE,
	};
}

static int
check(const struct outfiles *f, const char *path)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return errno == ENOENT ? 0 : fail_file("cannot look at", path);
	if (S_ISLNK(st.st_mode))
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "%s is a symbolic link, which could lead "
				     "out of the folder",
				     path);
	if (!S_ISREG(st.st_mode))
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "%s is not a regular file", path);
	return f->overwrite ? 0 : fail_exists(path);
}

int
outfiles_add(struct outfiles *f, const char *name)
{
	struct outfiles_one one = { .path = NULL }, *more;
	int err;

	if (name[0] == '\0' || strchr(name, '/') || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "'%s' is no name of a file", name);
	if (asprintf(&one.path, "%s/%s", f->folder, name) < 0)
		return fail_memory("for a file name");
	err = check(f, one.path);
	more = err ? NULL
		   : vector_grow(f->of, f->count, &f->room, sizeof(one),
				 "files");
	if (!more) {
		free(one.path);
		return err ? err : CUTE_SHM_ERR_NOMEM;
	}
	f->of = more;
	f->of[f->count++] = one;
	return 0;
}

/* The name of the file, without its folder. */
static const char *
name_of(const struct outfiles *f, const struct outfiles_one *one)
{
	return one->path + strlen(f->folder) + 1;
}

int
outfiles_open(struct outfiles *f, uint32_t i, struct outfile *ret)
{
	struct outfiles_one *one = &f->of[i];
	int err = 0;

	*ret = (struct outfile){ .fd = -1 };
	if (!f->work) {
		sweep(f->folder);
		err = make_work(f);
	}
	if (err == 0 &&
	    asprintf(&one->work, "%s/%s", f->work, name_of(f, one)) < 0) {
		one->work = NULL;
		err = fail_memory("for a file name");
	}
	if (err == 0)
		err = outfile_begin(ret, one->work, 0);
	if (err == CUTE_SHM_ERR_EXISTS)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "%s: another one of the files has this "
				     "name on this file system",
				     one->path);
	if (f->overwrite)
		ret->replaced = one->path;
	return err;
}

/* -------------------------------------------------------------------- names */

/* The errors of kernels and file systems that do not have the call. */
static bool
has_no_call(int number)
{
	return number == EINVAL || number == ENOSYS || number == EOPNOTSUPP;
}

static int
name_over(struct outfiles_one *one)
{
	if (renameat2(AT_FDCWD, one->work, AT_FDCWD, one->path,
		      RENAME_EXCHANGE) == 0) {
		one->swapped = true;
		return 0;
	}
	if (errno != ENOENT && !has_no_call(errno))
		return fail_file("cannot replace", one->path);
	one->is_new = errno == ENOENT;
	if (rename(one->work, one->path) == 0)
		return 0;
	one->is_new = false;
	return fail_file("cannot give its name to", one->path);
}

static int
name_new(const struct outfiles *f, struct outfiles_one *one)
{
	struct appear_place at = {
		.folder = f->folder,
		.prefix = WORK,
		.claim = "claim",
		.writer = "process",
		.may_link = true,
	};
	char *work = strdup(one->work);

	if (!work)
		return fail_memory("for a file name");
	one->is_new = appear_as_new(&at, one->path, -1, &work) == 0;
	free(work);
	if (one->is_new)
		return 0;
	return errno == EEXIST
		       ? fail_exists(one->path)
		       : fail_file("cannot give its name to", one->path);
}

static void
take_back(const struct outfiles *f)
{
	const struct outfiles_one *one;
	uint32_t i;

	for (i = 0; i < f->count; i++) {
		one = &f->of[i];
		if (one->is_new)
			unlink(one->path);
		if (one->swapped)
			renameat2(AT_FDCWD, one->work, AT_FDCWD, one->path,
				  RENAME_EXCHANGE);
	}
}

int
outfiles_commit(struct outfiles *f)
{
	uint32_t i;
	int err = 0;

	for (i = 0; err == 0 && i < f->count; i++)
		err = f->overwrite ? name_over(&f->of[i])
				   : name_new(f, &f->of[i]);
	if (err != 0)
		take_back(f);
	return err;
}

void
outfiles_end(struct outfiles *f)
{
	uint32_t i;

	free_work(f);
	for (i = 0; i < f->count; i++) {
		free(f->of[i].path);
		free(f->of[i].work);
	}
	free(f->of);
	*f = (struct outfiles){ .fd = -1 };
}
