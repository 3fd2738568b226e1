/* SPDX-License-Identifier: MIT */
/*
 * The host that has the file system.  What asks it may have been taken over by
 * a file that it reads: it opens only what such a process may see.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "hdf5/host/host.h"

/*
 * Do not wait for a writer of a FIFO, and do not become the owner of a
 * terminal.
 */
#define FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* ------------------------------------------------------------------ opening */

/* The number in "/dev/fd/N", 0 for "/dev/stdin", -1 for other names. */
static int
descriptor_in(const char *path)
{
	static const char folder[] = "/dev/fd/";
	size_t size = sizeof(folder) - 1;
	unsigned long n;
	char *end;

	if (strcmp(path, "/dev/stdin") == 0)
		return STDIN_FILENO;
	if (strncmp(path, folder, size) != 0 || path[size] < '0' ||
	    path[size] > '9')
		return -1;
	n = strtoul(path + size, &end, 10);
	return *end == '\0' && n <= INT_MAX ? (int)n : -1;
}

/* struct open_how and RESOLVE_NO_MAGICLINKS of openat2(2), Linux 5.6 */
struct how {
	uint64_t flags, mode, resolve;
};
#define NO_MAGIC_LINKS 2

/*
 * Open a file whose name comes from a file.  The links of /proc lead to what
 * this process has open, which is none of that file's business.
 */
static int
open_other(const char *path)
{
#ifdef SYS_openat2
	const struct how how = { FLAGS, 0, NO_MAGIC_LINKS };
	int fd = fd_above_stdio(
		(int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how)));

	/* EPERM: an old sandbox that does not know this call */
	if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
		return fd;
#endif
	if (strncmp(path, "/proc/", 6) == 0 || descriptor_in(path) >= 0) {
		errno = ELOOP;
		return -1;
	}
	return fd_above_stdio(open(path, FLAGS));
}

/*
 * Open a file whose name comes from the user.  Where the name of a descriptor
 * cannot be opened, duplicate the descriptor.  Opening is better: locks belong
 * to what was opened.
 */
static int
open_first(const char *path)
{
	int fd = fd_above_stdio(open(path, FLAGS));
	int n = descriptor_in(path), mode;

	if (fd >= 0 || n < 0 || errno == EMFILE || errno == ENFILE)
		return fd;
	mode = fcntl(n, F_GETFL);
	if (mode < 0)
		return -1;
	if (mode & O_PATH || (mode & O_ACCMODE) == O_WRONLY) {
		errno = EACCES;
		return -1;
	}
	return fcntl(n, F_DUPFD_CLOEXEC, 3);
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Whether this file was given, or is permitted as another one. */
static bool
permitted(const struct host_files *f, const struct stat *st)
{
	return f->external || (f->fd >= 0 && same_file(st, &f->first)) ||
	       (f->list && file_list_has(f->list, st));
}

/* 0, or minus the error for which the file must not be read. */
static int
judge(const struct host_files *f, int fd, struct stat *st)
{
	struct statfs fs;

	if (fstat(fd, st) != 0)
		return -errno;
	if (S_ISDIR(st->st_mode))
		return -EISDIR;
	/* Some files of /proc are memory of this process. */
	if (!S_ISREG(st->st_mode) || fstatfs(fd, &fs) != 0 ||
	    fs.f_type == PROC_SUPER_MAGIC)
		return -EUNSUITABLE;
	return permitted(f, st) ? 0 : -EREFUSED;
}

/* Open the file with this call; a descriptor, or minus an error. */
static int
open_and_judge(const struct host_files *f, const char *path,
	       int (*open_path)(const char *), struct stat *st)
{
	int fd, err;

	do
		fd = open_path(path);
	while (fd < 0 && errno == EINTR);
	err = fd < 0 ? -errno : judge(f, fd, st);
	if (err == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return err;
}

/* ----------------------------------------------------------------- requests */

static bool
is_first(const struct host_files *f, const char *path)
{
	return f->fd >= 0 &&
	       (strcmp(path, f->path) == 0 || strcmp(path, f->real) == 0);
}

static int
stat_file(void *arg, const char *path, struct stat *st)
{
	const struct host_files *f = arg;

	if (stat(path, st) != 0)
		return -errno;
	return permitted(f, st) ? 0 : -EREFUSED;
}

/* One of several files that were given. */
static int
open_listed(const struct host_files *f, const struct listed *listed,
	    struct stat *st)
{
	int fd = open_and_judge(f, listed->file, open_first, st);

	if (fd < 0 || !changed_how(&listed->before, st))
		return fd;
	close(fd);
	return -ECHANGED;
}

/* A file that is not permitted is not even opened. */
static int
open_file(void *arg, const char *path, struct stat *st)
{
	const struct host_files *f = arg;
	const struct listed *listed =
		f->list ? file_list_find(f->list, path) : NULL;
	int fd, err;

	if (listed)
		return open_listed(f, listed, st);
	if (f->path && f->fd < 0 && strcmp(path, f->path) == 0)
		return f->fd;
	if (is_first(f, path)) {
		if (fstat(f->fd, st) != 0)
			return -errno;
		fd = fcntl(f->fd, F_DUPFD_CLOEXEC, 3);
		return fd < 0 ? -errno : fd;
	}
	err = f->external ? 0 : stat_file(arg, path, st);
	return err ? err : open_and_judge(f, path, open_other, st);
}

static int
real_path(void *arg, const char *path, char ret[PATH_MAX])
{
	const struct host_files *f = arg;
	struct stat st;
	int err;

	if (is_first(f, path) && f->real[0]) {
		strcpy(ret, f->real);
		return 0;
	}
	err = f->external ? 0 : stat_file(arg, path, &st);
	if (err)
		return err;
	return realpath(path, ret) ? 0 : -errno;
}

/* --------------------------------------------------------------- first file */

int
host_files_begin(struct host_files *f, const char *path, bool external)
{
	*f = (struct host_files){
		.host = { open_file, stat_file, real_path, f },
		.external = true,
		.path = path,
		.fd = -ENOENT,
	};
	if (path)
		f->fd = open_and_judge(f, path, open_first, &f->first);
	f->external = external;
	if (f->fd >= 0 && !realpath(path, f->real))
		f->real[0] = '\0';
	return f->fd < 0 ? f->fd : 0;
}

void
host_files_listed(struct host_files *f, const struct file_list *list,
		  bool external)
{
	host_files_begin(f, NULL, external);
	f->list = list;
}

void
host_files_end(struct host_files *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -EBADF;
}
