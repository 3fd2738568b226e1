/* SPDX-License-Identifier: MIT */
/* Files that appear whole under their name, or not at all. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file/file.h"

/* The mode until the commit: until then only the owner may read the data. */
#define PRIVATE 0600

static int
fail_file(const char *what, const char *path)
{
	int number = errno;
	enum cute_shm_err err = CUTE_SHM_ERR_SYSTEM;

	if (number == ENOENT || number == ENOTDIR)
		err = CUTE_SHM_ERR_NOT_FOUND;
	else if (number == EACCES || number == EPERM || number == EROFS)
		err = CUTE_SHM_ERR_PERMISSION;
	return cute_shm_fail(err, "%s %s: %s", what, path, strerror(number));
}

static int
fail_exists(const char *path)
{
	return cute_shm_fail(CUTE_SHM_ERR_EXISTS, "%s exists already", path);
}

static int
fail_memory(void)
{
	return cute_shm_fail(CUTE_SHM_ERR_NOMEM, "no memory for a file name");
}

/*
 * In a folder that all users can write to, another user may have put a link
 * under this name, to make the caller overwrite another file.
 */
static int
check_link(const char *path)
{
	struct stat st;

	if (lstat(path, &st) != 0 || !S_ISLNK(st.st_mode) ||
	    st.st_uid == geteuid() || st.st_uid == 0)
		return 0;
	return cute_shm_fail(CUTE_SHM_ERR_OWNER,
			     "%s is a link of user %u, "
			     "which is not followed",
			     path, (unsigned)st.st_uid);
}

/* Find the path to write; an existing file must be one to overwrite. */
static int
resolve(const char *path, bool overwrite, char **ret)
{
	struct stat st;
	int err = check_link(path);

	if (err != 0)
		return err;
	if (stat(path, &st) == 0) {
		if (!S_ISREG(st.st_mode))
			return cute_shm_fail(CUTE_SHM_ERR_INVALID,
					     "%s is not a regular file", path);
		if (!overwrite)
			return fail_exists(path);
		*ret = realpath(path, NULL);
		return *ret ? 0 : fail_file("cannot find", path);
	}
	if (errno != ENOENT)
		return fail_file("cannot look at", path);
	*ret = strdup(path);
	return *ret ? 0 : fail_memory();
}

/* Where the name begins in the path. */
static const char *
name_in(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Temporary names are ".NAME.0123456789abcdef"; a name may have 255 bytes. */
#define NAME_KEPT 200
#define DIGITS	  16

static int
temporary_name(const char *path, char **ret)
{
	const char *name = name_in(path);
	uint64_t number;
	char *made;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return fail_file("no random number for", path);
	if (asprintf(&made, "%.*s.%.*s.%016" PRIx64, (int)(name - path), path,
		     NAME_KEPT, name, number) < 0)
		return fail_memory();
	*ret = made;
	return 0;
}

/*
 * Lock the file, which shows that its writer lives; 0, or -1 and errno.  On a
 * file system without locks no sweep removes a file.
 */
static int
lock(int fd)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_SETLK, &whole);
}

/* Lock the file; true if it still has its name: no sweep came before. */
static bool
is_kept(int fd)
{
	struct stat st;

	/* EAGAIN: a sweep has the lock and removes the file just now. */
	if (lock(fd) != 0 && (errno == EAGAIN || errno == EACCES))
		return false;
	return fstat(fd, &st) == 0 && st.st_nlink > 0;
}

static bool
is_temporary(const char *entry, const char *name)
{
	size_t size = strnlen(name, NAME_KEPT);

	return entry[0] == '.' && strncmp(entry + 1, name, size) == 0 &&
	       entry[1 + size] == '.' && strlen(entry + 2 + size) == DIGITS &&
	       strspn(entry + 2 + size, "0123456789abcdef") == DIGITS;
}

static char *
directory_of(const char *path)
{
	const char *name = name_in(path);

	return name == path ? strdup(".")
			    : strndup(path, (size_t)(name - path));
}

static void
sweep_one(int dir, const char *name)
{
	struct stat st;
	int fd = found_open(dir, name, FOUND_WRITE, &st);

	if (fd < 0)
		return;
	if (st.st_uid == geteuid() && lock(fd) == 0)
		unlinkat(dir, name, 0);
	close(fd);
}

/* Remove what killed processes left when they wrote the same file. */
static void
sweep(const char *path)
{
	const struct dirent *entry;
	char *name = directory_of(path);
	DIR *dir = name ? dir_above_stdio(name) : NULL;

	free(name);
	while (dir && (entry = readdir(dir)))
		if (is_temporary(entry->d_name, name_in(path)))
			sweep_one(dirfd(dir), entry->d_name);
	if (dir)
		closedir(dir);
}

/* Attempts to lock a new file before another process's sweep removes it. */
#define TRIES 100

/* Make a file with a temporary name.  *again: a sweep removed it; retry. */
static int
try_named(struct outfile *f, bool *again)
{
	int err = temporary_name(f->path, &f->temporary);

	*again = false;
	if (err != 0)
		return err;
	f->fd = fd_above_stdio(
		open(f->temporary,
		     O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		     PRIVATE));
	if (f->fd >= 0 && is_kept(f->fd))
		return 0;
	if (f->fd >= 0) {
		close(f->fd);
		f->fd = -1;
		unlink(f->temporary);
		*again = true;
		errno = EAGAIN;
	}
	err = fail_file("cannot write", f->path);
	free(f->temporary);
	f->temporary = NULL;
	return err;
}

static int
make_named(struct outfile *f)
{
	bool again = true;
	int err = 0, i;

	sweep(f->path);
	for (i = 0; again && i < TRIES; i++)
		err = try_named(f, &again);
	return err;
}

static void
self_path(char path[64], int fd)
{
	snprintf(path, 64, "/proc/self/fd/%d", fd);
}

/* True if an unnamed file can be given a name, which needs /proc. */
static bool
can_be_named(int fd)
{
	char self[64];

	self_path(self, fd);
	return access(self, F_OK) == 0;
}

static int
make(struct outfile *f, unsigned flags)
{
	char *dir;

	if (flags & OUTFILE_NAMED)
		return make_named(f);
	dir = directory_of(f->path);
	if (!dir)
		return fail_memory();
	f->fd = fd_above_stdio(
		open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, PRIVATE));
	free(dir);
	if (f->fd >= 0 && can_be_named(f->fd))
		return 0;
	if (f->fd >= 0) {
		close(f->fd);
		f->fd = -1;
		return make_named(f);
	}
	/* The errors of kernels and file systems that have no O_TMPFILE. */
	if (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)
		return make_named(f);
	return fail_file("cannot write", f->path);
}

int
outfile_begin(struct outfile *f, const char *path, unsigned flags)
{
	struct outfile made = {
		.fd = -1,
		.overwrite = flags & OUTFILE_OVERWRITE,
	};
	int err;

	*f = made;
	if (!path)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID, "no file given");
	err = resolve(path, made.overwrite, &made.path);
	if (err == 0)
		err = make(&made, flags);
	made.mode = PRIVATE;
	made.gid = (gid_t)-1;
	if (err != 0) {
		outfile_end(&made);
		return err;
	}
	*f = made;
	return 0;
}

/* Set the permissions, before the file gets its name. */
static int
permit(const struct outfile *f)
{
	struct stat old;

	if (f->overwrite && stat(f->path, &old) == 0)
		return file_access_copy(f->fd, f->path, &old);
	return file_access_set(f->fd, f->gid, f->mode);
}

void
outfile_permit(struct outfile *f, const struct cute_shm_info *from)
{
	f->mode = from->mode & 0666 & ~umask_now();
	f->gid = from->gid;
}

/* Give the file this name, too. */
static int
link_as(const struct outfile *f, const char *name)
{
	char self[64];
	int rc;

	self_path(self, f->fd);
	rc = f->temporary ? linkat(AT_FDCWD, f->temporary, AT_FDCWD, name, 0)
			  : linkat(AT_FDCWD, self, AT_FDCWD, name,
				   AT_SYMLINK_FOLLOW);
	if (rc == 0)
		return 0;
	return errno == EEXIST ? fail_exists(f->path)
			       : fail_file("cannot give its name to", f->path);
}

static int
give_name(struct outfile *f)
{
	char *name;
	int err;

	if (!f->overwrite) {
		/* Some file systems have no hard links, but renameat2(). */
		if (f->temporary && renameat2(AT_FDCWD, f->temporary, AT_FDCWD,
					      f->path, RENAME_NOREPLACE) == 0) {
			free(f->temporary);
			f->temporary = NULL;
			return 0;
		}
		return link_as(f, f->path);
	}
	if (!f->temporary) {
		/*
		 * rename() needs a name, which stays if the process is killed
		 * here.  Remove such names first, and lock this one.
		 */
		sweep(f->path);
		lock(f->fd);
		err = temporary_name(f->path, &name);
		if (err != 0)
			return err;
		err = link_as(f, name);
		if (err != 0) {
			free(name);
			return err;
		}
		f->temporary = name;
	}
	if (rename(f->temporary, f->path) != 0)
		return fail_file("cannot give its name to", f->path);
	free(f->temporary);
	f->temporary = NULL;
	return 0;
}

int
outfile_commit(struct outfile *f)
{
	int err = 0;

	/* Or a crash of the machine could leave the name without the data. */
	if (fsync(f->fd) != 0 && errno != EINVAL && errno != EROFS)
		err = fail_file("cannot write", f->path);
	if (err == 0 && permit(f) != 0)
		err = fail_file("cannot set permissions of", f->path);
	if (err == 0)
		err = give_name(f);
	outfile_end(f);
	return err;
}

void
outfile_end(struct outfile *f)
{
	if (f->temporary)
		unlink(f->temporary);
	if (f->fd >= 0)
		close(f->fd);
	free(f->temporary);
	free(f->path);
	*f = (struct outfile){ .fd = -1 };
}
