/* SPDX-License-Identifier: MIT */
/* Remove projects: by name, only if idle, or because the owner is dead. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "root/root.h"

/* Remove the name unless another process has the segment open. */
static int
unlink_idle(const char *path)
{
	bool removed = true;
	struct stat st;
	int fd, err = 0;

	fd = fd_above_stdio(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK |
					       O_NOCTTY | O_NOFOLLOW));
	if (fd < 0 || fstat(fd, &st) != 0)
		err = fail_errno("cannot tell whether %s is in use", path);
	else if (range_locked(fd, LOCK_READER, LOCK_READER + 1, true))
		err = cute_shm_fail(CUTE_SHM_ERR_BUSY, "%s is in use", path);
	else
		err = remove_name(path, &st, true, &removed);
	if (err == 0 && !removed)
		err = cute_shm_fail(CUTE_SHM_ERR_BUSY,
				    "%s was replaced meanwhile", path);
	if (fd >= 0)
		close(fd);
	return err;
}

/*
 * Remove the name, wherever it leads.  If another process keeps the lock for
 * too long, remove the name without the lock, as if that process came first.
 */
static int
unlink_any(const char *path)
{
	struct stat st;
	int fd = -1, err = 0;

	if (name_lock(path, &fd, &st) != 0)
		fd = -1;
	if (unlink(path) != 0)
		err = fail_errno("cannot remove %s", path);
	if (fd >= 0)
		close(fd);
	return err;
}

static void
log_removed(const char *path, uint64_t bytes)
{
	char size[SIZE_TEXT];

	if (log_debug())
		cute_shm_log(CUTE_SHM_LOG_DEBUG, "removed %s, %s", path,
			     size_text(bytes, size));
}

static int
unlink_path(const char *project, const char *path, unsigned flags,
	    uint64_t *freed)
{
	const char *slash = strrchr(path, '/');
	char *root = strndup(path, (size_t)(slash - path));
	struct stat st;
	int err;

	if (!root)
		return fail_memory("for a path");
	err = replace_permitted(root, path);
	free(root);
	if (err != 0)
		return err;

	if (lstat(path, &st) != 0 && errno == ENOENT)
		return fail_missing(CUTE_SHM_MISSING_PROJECT,
				    "no project \"%s\" (%s does not exist)",
				    project, path);
	if (flags & CUTE_SHM_UNLINK_IDLE)
		err = unlink_idle(path);
	else
		err = unlink_any(path);
	if (err == 0)
		log_removed(path, (uint64_t)st.st_blocks * 512);
	if (err == 0 && freed)
		*freed = (uint64_t)st.st_blocks * 512;
	return err;
}

int
cute_shm_unlink(const char *project, const struct cute_shm_unlink_options *opt,
		uint64_t *freed)
{
	struct cute_shm_unlink_options o = { .size = sizeof(o) };
	char *path;
	int err;

	err = options_copy(&o, sizeof(o), opt);
	if (err == 0 && (o.flags & ~(unsigned)CUTE_SHM_UNLINK_IDLE))
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "unknown flags %#x to unlink with",
				     o.flags);
	if (err == 0)
		err = project_path(o.root, project, &path);
	if (err != 0)
		return err;
	err = unlink_path(project, path, o.flags, freed);
	free(path);
	return err;
}

/* ----------------------------------------------------------------- orphans */

struct collection {
	const char *root;
	uint64_t count;
	uint64_t freed;
};

/* 'fd' stays open meanwhile, so that no new file can get the same inode. */
static void
collect_file(struct collection *c, const char *path, int fd)
{
	struct format_header h;
	struct stat st;
	bool removed;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    read_header(fd, (uint64_t)st.st_size, &h) != 0 ||
	    !owner_gone(fd, &h) || remove_orphan(path, &st, &removed) != 0 ||
	    !removed)
		return;
	c->count++;
	c->freed += (uint64_t)st.st_blocks * 512;
	cute_shm_log(CUTE_SHM_LOG_INFO, "removed %s: its owner has ended",
		     path);
}

static void
collect_path(struct collection *c, const char *path)
{
	int fd = fd_above_stdio(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK |
						   O_NOCTTY | O_NOFOLLOW));

	if (fd < 0)
		return;
	collect_file(c, path, fd);
	close(fd);
}

void
collect_orphan(const char *path)
{
	struct collection c = { .root = NULL };

	collect_path(&c, path);
}

static void
collect_name(struct collection *c, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", c->root, name) < 0)
		return;
	collect_path(c, path);
	free(path);
}

int
cute_shm_collect(const char *root, uint64_t *count, uint64_t *freed)
{
	struct collection c = { .root = root_or_default(root) };
	const struct dirent *entry;
	DIR *dir;

	dir = dir_above_stdio(c.root);
	if (!dir)
		return fail_errno("cannot list %s", c.root);
	while ((entry = readdir(dir)))
		if (strncmp(entry->d_name, PROJECT_PREFIX,
			    strlen(PROJECT_PREFIX)) == 0)
			collect_name(&c, entry->d_name);
	closedir(dir);
	temporary_sweep(c.root);
	if (count)
		*count = c.count;
	if (freed)
		*freed = c.freed;
	return 0;
}
