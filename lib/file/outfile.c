/* SPDX-License-Identifier: MIT */
/* Files that users name: which paths are written, and who may read them. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file/file.h"

/* The mode of appear_begin(): only the owner may read the data. */
#define PRIVATE 0600

int
fail_file(const char *what, const char *path)
{
	int number = errno;
	enum cute_shm_err err = CUTE_SHM_ERR_SYSTEM;

	if (number == ENOENT || number == ENOTDIR)
		err = CUTE_SHM_ERR_NOT_FOUND;
	else if (number == EACCES || number == EPERM || number == EROFS)
		err = CUTE_SHM_ERR_PERMISSION;
	else if (number == ENOMEM)
		err = CUTE_SHM_ERR_NOMEM;
	return cute_shm_fail(err, "%s %s: %s", what, path, strerror(number));
}

int
fail_exists(const char *path)
{
	return cute_shm_fail(CUTE_SHM_ERR_EXISTS, "%s exists already", path);
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
	return *ret ? 0 : fail_memory("for a file name");
}

/* Where the name begins in the path. */
static const char *
name_in(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/*
 * Temporary names are ".NAME.0123456789abcdef" with so many bytes of NAME; a
 * file name may have 255.
 */
#define NAME_KEPT 200

static char *
directory_of(const char *path)
{
	const char *name = name_in(path);
	size_t size = (size_t)(name - path);

	if (size == 0)
		return strdup(".");
	return strndup(path, size > 1 ? size - 1 : size);
}

static struct appear_place
place_of(const struct outfile *f)
{
	struct appear_place at = {
		.folder = f->folder,
		.prefix = f->prefix,
		.claim = "claim",
		.writer = "process",
		.may_link = true,
	};

	return at;
}

static int
make(struct outfile *f, unsigned flags)
{
	struct appear_place at;

	f->folder = directory_of(f->path);
	if (!f->folder ||
	    asprintf(&f->prefix, ".%.*s.", NAME_KEPT, name_in(f->path)) < 0) {
		f->prefix = NULL;
		return fail_memory("for a file name");
	}
	at = place_of(f);
	if (appear_begin(&at, flags & OUTFILE_NAMED ? APPEAR_NAMED : 0, &f->fd,
			 &f->temporary) != 0)
		return fail_file("cannot write", f->path);
	/* Remove what killed processes left when they wrote the same file. */
	if (f->temporary)
		appear_sweep(&at);
	return 0;
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
	const char *replaced = f->overwrite ? f->path : f->replaced;
	struct stat old;

	if (replaced && stat(replaced, &old) == 0)
		return file_access_copy(f->fd, replaced, &old);
	return file_access_set(f->fd, f->gid, f->mode);
}

void
outfile_permit(struct outfile *f, const struct cute_shm_info *from)
{
	f->mode = from->mode & 0666 & ~umask_now();
	f->gid = from->gid;
}

static int
give_name(struct outfile *f)
{
	struct appear_place at = place_of(f);
	int rc;

	if (f->overwrite) {
		/*
		 * Replacing needs a temporary name, which stays if the process
		 * is killed here.  Remove such names first.
		 */
		if (!f->temporary)
			appear_sweep(&at);
		rc = appear_over(&at, f->path, f->fd, &f->temporary);
	} else {
		rc = appear_as_new(&at, f->path, f->fd, &f->temporary);
	}
	if (rc == 0)
		return 0;
	return errno == EEXIST ? fail_exists(f->path)
			       : fail_file("cannot give its name to", f->path);
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
	free(f->prefix);
	free(f->folder);
	free(f->path);
	*f = (struct outfile){ .fd = -1 };
}
