/* SPDX-License-Identifier: MIT */
/* The last step: give the complete segment its name, in one system call. */

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build/build.h"

/* Give the builder's unnamed file a name; 0, or -1 with errno. */
static int
link_as(const struct cute_shm_builder *b, const char *name)
{
	char self[64];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", b->fd);
	if (linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0)
		return 0;
	if (errno != ENOENT)
		return -1;
	/* Without /proc: this needs CAP_DAC_READ_SEARCH. */
	return linkat(b->fd, "", AT_FDCWD, name, AT_EMPTY_PATH);
}

static int
fail_name(const struct cute_shm_builder *b)
{
	if (errno == EEXIST)
		return cute_shm_fail(CUTE_SHM_ERR_EXISTS,
				     "project %s: %s was made meanwhile",
				     b->project, b->path);
	return fail_errno("project %s: cannot give it its name %s", b->project,
			  b->path);
}

static int
rename_temporary(struct cute_shm_builder *b)
{
	if (rename(b->temporary, b->path) != 0)
		return fail_name(b);
	free(b->temporary);
	b->temporary = NULL;
	return 0;
}

/*
 * Rename the temporary file to the project's name, unless that exists, on a
 * file system without RENAME_NOREPLACE.  A hard link would not do: on FUSE it
 * may be another file to the kernel.  So claim the project by a second
 * temporary name, which other builders respect; then look, and rename.
 */
static int
name_claimed(struct cute_shm_builder *b)
{
	struct stat st;
	char *claim;
	int fd, err;

	err = temporary_claim(b->root, b->project, &fd, &claim);
	if (err != 0)
		return err;
	if (lstat(b->path, &st) == 0) {
		errno = EEXIST;
		err = fail_name(b);
	} else {
		err = rename_temporary(b);
	}
	unlink(claim);
	free(claim);
	close(fd);
	return err;
}

/* Give the segment its name, unless that exists. */
static int
name_new(struct cute_shm_builder *b)
{
	if (!b->temporary)
		return link_as(b, b->path) == 0 ? 0 : fail_name(b);
	if (renameat2(AT_FDCWD, b->temporary, AT_FDCWD, b->path,
		      RENAME_NOREPLACE) == 0) {
		free(b->temporary);
		b->temporary = NULL;
		return 0;
	}
	if (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP)
		return name_claimed(b);
	return fail_name(b);
}

/* Give the file a temporary name; lock it first, or a sweep removes it. */
static int
link_temporary(struct cute_shm_builder *b)
{
	char *name;
	int err;

	err = temporary_lock(b->fd);
	if (err == 0)
		err = temporary_name(b->root, &name);
	if (err != 0)
		return err;
	if (link_as(b, name) != 0) {
		free(name);
		return fail_name(b);
	}
	b->temporary = name;
	return 0;
}

/* Retries when another process takes a name that has just become free. */
#define MOST_TRIES 100

/*
 * Replace the file that has the name; its users keep their mappings.  Lock it
 * first: another process may be about to remove that name.
 */
static int
name_over(struct cute_shm_builder *b)
{
	struct stat old;
	int fd, tries, err;

	for (tries = 0;; tries++) {
		err = name_lock(b->path, &fd, &old);
		if (err != 0)
			return err;
		if (old.st_nlink == 0) {
			err = name_new(b);
			if (err == CUTE_SHM_ERR_EXISTS && tries < MOST_TRIES)
				continue;
			return err;
		}
		if (!b->temporary)
			err = link_temporary(b);
		if (err == 0)
			err = rename_temporary(b);
		if (fd >= 0)
			close(fd);
		return err;
	}
}

/* Without /proc no file can be opened again: use a copy of the descriptor. */
static int
attach_copy(const struct cute_shm_builder *b, struct cute_shm **ret)
{
	int fd = fcntl(b->fd, F_DUPFD_CLOEXEC, 3), err;

	if (fd < 0)
		return fail_errno("project %s: cannot open it", b->project);
	err = handle_received(fd, b->path, ret);
	if (err != 0)
		close(fd);
	return err;
}

/*
 * Open the file through its descriptor, before it has its name: a failure after
 * that would leave a project behind, and the name may lead to a newer one.
 */
int
builder_attach(const struct cute_shm_builder *b, struct cute_shm **ret)
{
	/* The file is the builder's own, whatever its owner looks like. */
	struct cute_shm_open_options opt = { .size = sizeof(opt),
					     .flags = CUTE_SHM_ANY_OWNER };
	struct cute_shm *shm;
	char self[64];
	char *project, *path;
	int err;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", b->fd);
	err = access("/proc/self/fd", X_OK) == 0
		      ? cute_shm_open_file(self, &opt, &shm)
		      : attach_copy(b, &shm);
	if (err != 0)
		return err;
	project = strdup(b->project);
	path = strdup(b->path);
	if (!project || !path) {
		free(project);
		free(path);
		cute_shm_close(shm);
		return cute_shm_fail(CUTE_SHM_ERR_NOMEM,
				     "project %s: no memory for a handle",
				     b->project);
	}
	free(shm->project);
	free(shm->path);
	shm->project = project;
	shm->path = path;
	*ret = shm;
	return 0;
}

static void
logind_warn(const struct cute_shm_builder *b)
{
	static atomic_bool told;

	if (!cute_shm_ends_at_logout(b->root) || atomic_exchange(&told, true))
		return;
	cute_shm_log(CUTE_SHM_LOG_WARNING,
		     "project %s ends when you log out: "
		     "systemd then empties %s (RemoveIPC=yes); 'loginctl "
		     "enable-linger' keeps it",
		     b->project, b->root);
}

/* Set the mode before the name: the segment is never visible without it. */
static int
give_name(struct cute_shm_builder *b, bool handle, struct cute_shm **ret)
{
	struct cute_shm *shm = NULL;
	int err = 0;

	if (fchmod(b->fd, b->mode) != 0)
		return fail_errno("project %s: cannot set its mode to %04o",
				  b->project, (unsigned)b->mode);
	if (handle)
		err = builder_attach(b, &shm);
	if (err != 0)
		return err;
	err = b->flags & CUTE_SHM_OVERWRITE ? name_over(b) : name_new(b);
	if (err != 0) {
		cute_shm_close(shm);
		return err;
	}
	/* The handle was opened without a name: the link count has changed. */
	if (handle && fstat(b->fd, &shm->stat) != 0)
		shm->stat.st_nlink = 1;
	if (b->flags & CUTE_SHM_EPHEMERAL) {
		owner_begin(&shm->owner, b->fd, shm->path, &shm->stat);
		b->fd = -1;
	} else {
		temporary_unlock(b->fd);
		logind_warn(b);
	}
	if (handle)
		*ret = shm;
	return 0;
}

int
cute_shm_builder_publish(struct cute_shm_builder *b, struct cute_shm **ret)
{
	int err = 0;

	if ((b->flags & CUTE_SHM_EPHEMERAL) && !ret)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "project %s is "
				     "ephemeral: it needs a handle to own it",
				     b->project);
	if (b->state != BUILD_SEALED)
		err = cute_shm_builder_seal(b);
	b->state = BUILD_OVER;
	if (err != 0)
		return err;
	err = give_name(b, ret != NULL, ret);
	if (err == 0)
		log_published(b);
	return err;
}
