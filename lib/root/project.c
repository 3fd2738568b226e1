/* SPDX-License-Identifier: MIT */
/* Projects by name: their paths, their properties, and the list of them. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "root/root.h"

#define MAX_PROJECT 200 /* with prefix and suffixes below NAME_MAX */

const char *
root_or_default(const char *root)
{
	if (!root || !root[0])
		root = secure_getenv("CUTE_SHM_ROOT");
	return root && root[0] ? root : DEFAULT_ROOT;
}

static bool
project_ok(const char *project)
{
	size_t size = strlen(project), i;

	if (size == 0 || size > MAX_PROJECT || !utf8_ok(project, size))
		return false;
	for (i = 0; i < size; i++)
		if ((uint8_t)project[i] < 0x20 || project[i] == 0x7f ||
		    project[i] == '/')
			return false;
	return true;
}

/*
 * Make the path absolute, because the program may change its working directory
 * while a handle exists.  A root that does not exist stays relative; the next
 * system call reports it.
 */
static int
join(const char *root, const char *project, char **ret)
{
	char *real = root[0] == '/' ? NULL : realpath(root, NULL);
	int n = asprintf(ret, "%s/%s%s", real ? real : root, PROJECT_PREFIX,
			 project);

	free(real);
	if (n < 0)
		return fail_memory("for a path");
	return 0;
}

int
project_path(const char *root, const char *project, char **ret)
{
	if (!project || !project_ok(project))
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "\"%.*s\" is no name"
				     " of a project: 1 to %d bytes of UTF-8 "
				     "without slash or control characters",
				     MAX_PROJECT, project ? project : "",
				     MAX_PROJECT);
	return join(root_or_default(root), project, ret);
}

static void
info_stat(struct cute_shm_info *info, const struct stat *st)
{
	info->size = (uint64_t)st->st_size;
	info->mode = st->st_mode;
	info->uid = st->st_uid;
	info->gid = st->st_gid;
}

/* Copy the numbers only: the texts need room for a NUL each. */
static void
info_header(struct cute_shm_info *info, const struct format_header *h)
{
	info->node_count = h->node_count;
	info->array_count = h->array_count;
	info->array_bytes = h->array_bytes;
	info->block_size = h->block_size;
	info->created_ns = h->created_ns;
	info->creator_pid = h->creator_pid;
	info->creator_uid = h->creator_uid;
	info->source_size = h->source_size;
	info->source_mtime_ns = h->source_mtime_ns;
	memcpy(info->uuid, h->uuid, sizeof(info->uuid));
	info->metadata_digest = h->metadata_digest;
	info->view_size = header_has_view(h) ? h->view_size : 0;
}

/* The locks on the file show if it has an owner and if it is in use. */
static void
info_locks(struct cute_shm_info *info, int fd, const struct format_header *h)
{
	enum owner owner = owner_of(fd, h);

	info->ephemeral = owner != OWNER_NONE;
	info->orphan = owner == OWNER_GONE;
	info->in_use = range_locked(fd, LOCK_READER, LOCK_READER + 1, true);
}

void
info_fill(struct cute_shm_info *info, const struct stat *st,
	  const struct format_header *h, int fd)
{
	info_stat(info, st);
	info_header(info, h);
	info_locks(info, fd, h);
}

/* One object of a listing, with room for its texts. */
struct entry {
	struct cute_shm_info info;
	char version[sizeof(((struct format_header *)0)->version) + 1];
	char creator[sizeof(((struct format_header *)0)->creator) + 1];
	char source[sizeof(((struct format_header *)0)->source) + 1];
};

/* Fill the entry from the object's header. */
static int
entry_header(struct entry *e, int fd)
{
	struct format_header h;
	struct stat st;
	int err;

	if (fstat(fd, &st) != 0)
		return fail_errno("cannot stat %s", e->info.path);
	info_stat(&e->info, &st);
	if (!S_ISREG(st.st_mode))
		return cute_shm_fail(CUTE_SHM_ERR_FORMAT, "not a regular file");
	err = read_header(fd, (uint64_t)st.st_size, &h);
	if (err != 0)
		return err;
	info_header(&e->info, &h);
	info_locks(&e->info, fd, &h);
	memcpy(e->version, h.version, sizeof(h.version));
	memcpy(e->creator, h.creator, sizeof(h.creator));
	memcpy(e->source, h.source, sizeof(h.source));
	return 0;
}

/* Report why open() failed.  The library never makes symbolic links. */
static int
unreadable(void)
{
	if (errno == ELOOP)
		return cute_shm_fail(CUTE_SHM_ERR_FORMAT, "not a regular file");
	return fail_errno("cannot be read");
}

/* The caller's function. */
struct listing {
	cute_shm_list_fn *each;
	void *arg;
};

static int
entry_show(const char *root, const char *name, void *arg)
{
	const struct listing *listing = arg;
	struct entry e = { .info = { .message = "" } };
	char *path, *message = NULL;
	struct stat st;
	int fd, err;

	if (asprintf(&path, "%s/%s", root, name) < 0)
		return fail_memory("for a path");
	e.info.project = name + strlen(PROJECT_PREFIX);
	e.info.path = path;
	e.info.version = e.version;
	e.info.creator = e.creator;
	e.info.source = e.source;
	fd = fd_above_stdio(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK |
					       O_NOCTTY | O_NOFOLLOW));
	if (fd < 0 && errno == ENOENT) {
		free(path); /* removed since the folder was read */
		return 0;
	}
	e.info.err = fd < 0 ? unreadable() : entry_header(&e, fd);
	/* Size and owner can be read without permission for the file. */
	if (fd < 0 && lstat(path, &st) == 0)
		info_stat(&e.info, &st);
	if (e.info.err != 0) {
		/* The callback may fail in other calls, with other messages. */
		message = strdup(cute_shm_errmsg());
		e.info.message =
			message ? message : cute_shm_strerror(e.info.err);
	}
	err = listing->each(&e.info, listing->arg) ? CUTE_SHM_ERR_CANCELLED : 0;
	if (fd >= 0)
		close(fd);
	free(message);
	free(path);
	if (err != 0)
		return cute_shm_fail(err, "the listing was ended");
	return 0;
}

static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int
root_list(const char *root, int (*wanted)(const struct dirent *),
	  root_list_fn *each, void *arg)
{
	struct dirent **names;
	int count, i, err = 0;

	count = scandir(root, &names, wanted, by_bytes);
	if (count < 0)
		return fail_errno("cannot list %s", root);
	for (i = 0; i < count; i++) {
		if (err == 0)
			err = each(root, names[i]->d_name, arg);
		free(names[i]);
	}
	free(names);
	return err;
}

static int
is_project(const struct dirent *entry)
{
	return has_rest(entry, PROJECT_PREFIX);
}

int
cute_shm_list(const char *root, cute_shm_list_fn *each, void *arg)
{
	struct listing listing = { each, arg };

	return root_list(root_or_default(root), is_project, entry_show,
			 &listing);
}
