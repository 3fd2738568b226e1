/* SPDX-License-Identifier: MIT */
/* The last step: give the complete segment its name, in one system call. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build/build.h"

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

/*
 * Give the segment its name, unless that exists.  A link() of a file that has
 * a temporary name would not do: on FUSE the result may be another file to the
 * kernel.
 */
static int
name_new(struct cute_shm_builder *b)
{
	struct appear_place at = temporary_place(b->root);
	char claim[NAME_MAX + 1];

	snprintf(claim, sizeof(claim), "claim.%s", b->project);
	at.claim = claim;
	return appear_as_new(&at, b->path, b->fd, &b->temporary) == 0
		       ? 0
		       : fail_name(b);
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
	struct appear_place at = temporary_place(b->root);
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
		if (appear_over(&at, b->path, b->fd, &b->temporary) != 0)
			err = fail_name(b);
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
		return fail_memory("for a handle of project %s", b->project);
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
		appear_unlock(b->fd);
		logind_warn(b);
	}
	if (handle)
		*ret = shm;
	return 0;
}

static void
log_published(const struct cute_shm_builder *b)
{
	char size[SIZE_TEXT];

	if (log_debug())
		cute_shm_log(CUTE_SHM_LOG_DEBUG,
			     "project %s: published as %s, "
			     "%s, %.3f s after it was begun",
			     b->project, b->path,
			     size_text(b->header.segment_size, size),
			     clock_now() - b->begun);
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
