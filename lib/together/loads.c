/* SPDX-License-Identifier: MIT */
/* The loads that are under way in a root, and the memory that they need. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "together/together.h"

const char *
loader_text(const struct cute_shm_load_info *info, char text[LOADER_TEXT])
{
	char user[USER_TEXT], share[16] = "scanning";

	if (!info->known) {
		snprintf(text, LOADER_TEXT, "another process");
		return text;
	}
	if (info->bytes_total > 0)
		snprintf(share, sizeof(share), "%.0f %%",
			 100.0 * (double)info->bytes_done /
				 (double)info->bytes_total);
	snprintf(text, LOADER_TEXT, "process %ld of %s, %s", (long)info->pid,
		 user_text(info->uid, user), share);
	return text;
}

/* The caller's function. */
struct listing {
	cute_shm_load_info_fn *each;
	void *arg;
};

/* Call it with the page in the file 'name' of the root. */
static int
show_page(const char *root, const char *name, void *arg)
{
	const struct listing *listing = arg;
	struct cute_shm_load_info info;
	struct page page;
	struct stat st;
	char *path;
	int fd, err = 0;
	bool known;

	if (asprintf(&path, "%s/%s", root, name) < 0)
		return fail_memory("for a path");
	fd = fd_above_stdio(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK |
					       O_NOCTTY | O_NOFOLLOW));
	/* It was removed since the folder was read: that load is over. */
	if (fd >= 0 || errno != ENOENT) {
		known = fd >= 0 && page_read(fd, &page);
		page_info(&page, known, name + strlen(LOADING_PREFIX), path,
			  &info);
		/* The page may say anything, but its file has an owner. */
		if ((fd >= 0 ? fstat(fd, &st) : lstat(path, &st)) == 0)
			info.uid = st.st_uid;
		/* What cannot be opened may be running. */
		info.running = fd < 0 || range_locked(fd, 0, 1, true);
		err = listing->each(&info, listing->arg)
			      ? CUTE_SHM_ERR_CANCELLED
			      : 0;
	}
	if (fd >= 0)
		close(fd);
	free(path);
	if (err != 0)
		return cute_shm_fail(err, "the listing was ended");
	return 0;
}

static int
is_page(const struct dirent *entry)
{
	return has_rest(entry, LOADING_PREFIX);
}

int
cute_shm_loads(const char *root, cute_shm_load_info_fn *each, void *arg)
{
	struct listing listing = { each, arg };

	return root_list(root_or_default(root), is_page, show_page, &listing);
}

/* ------------------------------------------------------------------ memory */

/* What other loads need, and a list of them. */
struct others {
	const struct cute_shm_loading *own; /* or NULL */
	uint64_t pending;
	FILE *list; /* or NULL */
	unsigned listed;
};

/* Bytes that the load still has to reserve. */
static uint64_t
rest_of(const struct cute_shm_load_info *info)
{
	return info->segment_size > info->reserved_bytes
		       ? info->segment_size - info->reserved_bytes
		       : 0;
}

static bool
is_other(const struct others *o, const struct cute_shm_load_info *info)
{
	return info->running && info->known &&
	       !(o->own && strcmp(o->own->project, info->project) == 0);
}

static int
add_pending(const struct cute_shm_load_info *info, void *arg)
{
	struct others *o = arg;

	/* Other users could keep the root from being used by a false page. */
	if (is_other(o, info) && user_trusted(info->uid) &&
	    __builtin_add_overflow(o->pending, rest_of(info), &o->pending))
		o->pending = UINT64_MAX;
	return 0;
}

static int
add_name(const struct cute_shm_load_info *info, void *arg)
{
	char who[LOADER_TEXT], size[SIZE_TEXT];
	struct others *o = arg;

	if (!is_other(o, info))
		return 0;
	fprintf(o->list, "%s%s by %s", o->listed++ ? ", and " : "",
		info->project, loader_text(info, who));
	if (info->segment_size > 0)
		fprintf(o->list, " of %s", size_text(info->segment_size, size));
	return 0;
}

int
loads_pending(const struct cute_shm_loading *l, const char *root, uint64_t *ret)
{
	struct others o = { .own = l };
	int err = cute_shm_loads(root, add_pending, &o);

	*ret = o.pending;
	return err;
}

int
add_loads(const struct cute_shm_loading *l, const char *root, int err)
{
	char *before = strdup(cute_shm_errmsg()), *list = NULL;
	struct others o = { .own = l };
	size_t size;

	o.list = before ? open_memstream(&list, &size) : NULL;
	if (o.list) {
		(void)!cute_shm_loads(root, add_name, &o);
		fclose(o.list);
	}
	if (o.listed > 0 && list)
		err = cute_shm_fail(err, "%s; loads under way: %s", before,
				    list);
	else if (before)
		err = cute_shm_fail(err, "%s", before);
	free(before);
	free(list);
	return err;
}
