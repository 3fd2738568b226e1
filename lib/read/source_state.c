/* SPDX-License-Identifier: MIT */
/* Whether the file, or the files, that a project was loaded from changed. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file/file.h"
#include "read/read.h"

/* ---------------------------------------------- several files, each a group */

struct found {
	char *path;
	bool gone, changed, unknown;
	uint64_t modified_ns; /* 0: it was not examined */
};

/* The files that groups of the root are from. */
struct sources {
	struct found *of;
	uint32_t count, room;
	struct parts_state parts; /* other files that took part */
};

static void
sources_free(struct sources *s)
{
	while (s->count > 0)
		free(s->of[--s->count].path);
	free(s->of);
}

static bool
number_of(const struct cute_shm_node *group, enum reserved id, uint64_t *ret)
{
	struct cute_shm_attr attr;

	if (cute_shm_attr(group, reserved_name(id), &attr) != 0 ||
	    strcmp(attr.value.dtype, "<u8") != 0 || attr.value.ndim != 0)
		return false;
	memcpy(ret, attr.value.data, sizeof(*ret));
	return true;
}

/* The absolute path of the file of a group, for free(); NULL: it has none. */
static char *
path_of(const struct cute_shm_node *group)
{
	struct cute_shm_attr attr;
	const void *text;
	uint64_t size;

	if (cute_shm_attr(group, reserved_name(RESERVED_SOURCE), &attr) != 0 ||
	    strcmp(attr.value.dtype, "*|S1") != 0 ||
	    cute_shm_element(&attr.value, 0, &text, &size) != 0 || size == 0 ||
	    *(const char *)text != '/')
		return NULL;
	return strndup(text, (size_t)size);
}

/* Compare the file with what the group says of it. */
static void
examine(struct found *f, uint64_t size, uint64_t mtime)
{
	struct stat st;

	if (stat(f->path, &st) != 0) {
		f->gone = errno == ENOENT || errno == ENOTDIR;
		f->unknown = !f->gone;
		return;
	}
	f->modified_ns = mtime_ns(&st);
	f->changed = !S_ISREG(st.st_mode) || (uint64_t)st.st_size != size ||
		     f->modified_ns != mtime;
}

static int
add_group(struct sources *s, const struct cute_shm_node *group)
{
	struct found *more, f = { .path = path_of(group) };
	uint64_t size, mtime;

	if (!f.path || !number_of(group, RESERVED_SOURCE_SIZE, &size) ||
	    !number_of(group, RESERVED_SOURCE_MTIME, &mtime)) {
		free(f.path);
		return 0;
	}
	more = vector_grow(s->of, s->count, &s->room, sizeof(*more),
			   "sources of a project");
	if (!more) {
		free(f.path);
		return CUTE_SHM_ERR_NOMEM;
	}
	examine(&f, size, mtime);
	s->of = more;
	s->of[s->count++] = f;
	return 0;
}

/*
 * Opened so that the project does not count as in use.  Not one of another
 * user, who could shorten it meanwhile, and name files and folders without end.
 */
static int
open_segment(const struct cute_shm_info *info, struct cute_shm **ret)
{
	int fd = fd_above_stdio(open(info->path, O_RDONLY | O_CLOEXEC |
							 O_NONBLOCK | O_NOCTTY |
							 O_NOFOLLOW));
	struct stat st;
	int err = CUTE_SHM_ERR_FORMAT;

	if (fd < 0)
		return CUTE_SHM_ERR_NOT_FOUND;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    !user_unmapped(st.st_uid) && user_trusted(st.st_uid))
		err = handle_received(fd, info->path, ret);
	if (err != 0)
		close(fd);
	return err;
}

/* Open it, unless the name leads to another project by now; find its root. */
static int
open_root(const struct cute_shm_info *info, struct cute_shm **ret,
	  struct cute_shm_node *root)
{
	int err = open_segment(info, ret);

	if (err != 0)
		return err;
	if (memcmp(cute_shm_uuid(*ret), info->uuid, sizeof(info->uuid)) != 0)
		err = CUTE_SHM_ERR_NOT_FOUND;
	if (err == 0)
		err = cute_shm_find(*ret, "", root);
	if (err != 0)
		cute_shm_close(*ret);
	return err;
}

static int
find_sources(const struct cute_shm_info *info, struct sources *s)
{
	struct cute_shm_node root, node;
	struct cute_shm *shm;
	int err = open_root(info, &shm, &root), found;

	if (err != 0)
		return err;
	found = cute_shm_first_child(&root, &node);
	for (; err == 0 && found == 0;
	     found = cute_shm_next_sibling(&node, &node))
		if (node.kind == CUTE_SHM_GROUP)
			err = add_group(s, &node);
	if (err == 0)
		err = source_parts_all(shm, true, &s->parts);
	cute_shm_close(shm);
	return err;
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(((const struct found *)a)->path,
		      ((const struct found *)b)->path);
}

static bool
is_known(const struct sources *s, const char *path)
{
	struct found wanted = { .path = realpath(path, NULL) };
	bool ret = wanted.path &&
		   bsearch(&wanted, s->of, s->count, sizeof(wanted), by_path);

	free(wanted.path);
	return ret;
}

static uint64_t
changed_ns(const struct stat *st)
{
	return (uint64_t)st->st_ctim.tv_sec * 1000000000 +
	       (uint64_t)st->st_ctim.tv_nsec;
}

/*
 * Look for a file that has come into the folder.  One that is no group need not
 * be new: perhaps nothing of it was selected.  But then it was there before.
 */
static bool
see_new(const struct cute_shm_info *info, struct sources *s, uint64_t *modified)
{
	struct path_list files = { .of = NULL };
	bool ret = false;
	struct stat st;
	uint32_t i;

	qsort(s->of, s->count, sizeof(*s->of), by_path);
	if (hdf5_folder(info->source, &files) != 0)
		files.count = 0;
	for (i = 0; i < files.count; i++) {
		if (is_known(s, files.of[i]) || stat(files.of[i], &st) != 0 ||
		    changed_ns(&st) < info->created_ns)
			continue;
		if (changed_ns(&st) > *modified)
			*modified = changed_ns(&st);
		ret = true;
	}
	path_list_free(&files);
	return ret;
}

/* *modified is that of the folder, and is raised to that of the files. */
static enum cute_shm_source
state_of_files(const struct cute_shm_info *info, uint64_t *modified)
{
	uint32_t i, gone = 0, changed = 0, unknown = 0;
	uint64_t latest = 0, first = *modified;
	struct sources s = { .of = NULL };

	*modified = 0;
	if (find_sources(info, &s) != 0 || s.count == 0) {
		sources_free(&s);
		return CUTE_SHM_SOURCE_UNKNOWN;
	}
	for (i = 0; i < s.count; i++) {
		gone += s.of[i].gone;
		changed += s.of[i].changed;
		unknown += s.of[i].unknown;
		if (s.of[i].modified_ns > latest)
			latest = s.of[i].modified_ns;
	}
	/* Then the folder says when. */
	if (gone > 0 && changed == 0 && first > latest)
		latest = first;
	if (gone < s.count && info->source[strlen(info->source) - 1] == '/')
		changed += see_new(info, &s, &latest);
	if (gone < s.count && s.parts.changed) {
		changed++;
		if (s.parts.modified_ns > latest)
			latest = s.parts.modified_ns;
	}
	unknown += s.parts.unknown;
	*modified = latest;
	sources_free(&s);
	if (gone == i)
		return CUTE_SHM_SOURCE_GONE;
	if (gone > 0 || changed > 0)
		return CUTE_SHM_SOURCE_CHANGED;
	return unknown > 0 ? CUTE_SHM_SOURCE_UNKNOWN : CUTE_SHM_SOURCE_CURRENT;
}

/* ----------------------------------------------------------------- one file */

/* A path that is too long for the header has lost its beginning. */
static bool
is_cut(const char *source)
{
	const struct format_header *header;

	return source[0] != '/' || strlen(source) >= sizeof(header->source) - 1;
}

/* The root has the whole of such a path, for free(); NULL: it has not. */
static char *
whole_path(const struct cute_shm_info *info)
{
	size_t end = strlen(info->source), size;
	struct cute_shm_node root;
	struct cute_shm *shm;
	char *ret;

	if (open_root(info, &shm, &root) != 0)
		return NULL;
	ret = path_of(&root);
	size = ret ? strlen(ret) : 0;
	if (size < end ||
	    (ret && strcmp(ret + size - end, info->source) != 0)) {
		free(ret);
		ret = NULL;
	}
	cute_shm_close(shm);
	return ret;
}

/*
 * The file is as it was: the others that took part decide.  A segment of
 * another user, or one that is gone by now, does not name them.
 */
static enum cute_shm_source
state_of_parts(const struct cute_shm_info *info, uint64_t *modified_ns)
{
	struct parts_state parts = { .changed = false };
	struct cute_shm_node root;
	struct cute_shm *shm;

	if (open_root(info, &shm, &root) != 0)
		return CUTE_SHM_SOURCE_CURRENT;
	source_parts_look(&root, &parts);
	cute_shm_close(shm);
	if (!parts.changed)
		return parts.unknown ? CUTE_SHM_SOURCE_UNKNOWN
				     : CUTE_SHM_SOURCE_CURRENT;
	*modified_ns = parts.modified_ns;
	return CUTE_SHM_SOURCE_CHANGED;
}

static enum cute_shm_source
state_of(const struct cute_shm_info *info, uint64_t *modified_ns)
{
	struct stat st;

	if (stat(info->source, &st) != 0)
		return errno == ENOENT || errno == ENOTDIR
			       ? CUTE_SHM_SOURCE_GONE
			       : CUTE_SHM_SOURCE_UNKNOWN;
	*modified_ns = mtime_ns(&st);
	if (S_ISDIR(st.st_mode))
		return state_of_files(info, modified_ns);
	/* What came through a pipe has no size and no time to compare. */
	if (!S_ISREG(st.st_mode)) {
		*modified_ns = 0;
		return CUTE_SHM_SOURCE_UNKNOWN;
	}
	if ((uint64_t)st.st_size != info->source_size ||
	    *modified_ns != info->source_mtime_ns)
		return CUTE_SHM_SOURCE_CHANGED;
	return state_of_parts(info, modified_ns);
}

enum cute_shm_source
cute_shm_source_state(const struct cute_shm_info *info, uint64_t *modified_ns)
{
	struct cute_shm_info whole = *info;
	enum cute_shm_source ret;
	char *path = NULL;

	*modified_ns = 0;
	if (!info->source[0])
		return CUTE_SHM_SOURCE_NONE;
	if (is_cut(info->source)) {
		path = whole_path(info);
		whole.source = path;
		if (!path)
			return CUTE_SHM_SOURCE_UNKNOWN;
	}
	ret = state_of(&whole, modified_ns);
	free(path);
	return ret;
}
