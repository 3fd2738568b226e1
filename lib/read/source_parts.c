/* SPDX-License-Identifier: MIT */
/*
 * The other files that took part in a load: targets of external links, raw
 * files, sources of virtual datasets.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "read/read.h"

/* The three attributes of a group; false if it has none that fit. */
struct parts {
	struct cute_shm_attr paths, sizes, times;
};

static bool
parts_of(const struct cute_shm_node *group, struct parts *ret)
{
	const struct reserved_node node = {
		.kind = CUTE_SHM_GROUP,
		.root = group->path[0] == '\0',
	};
	const struct reserved_values values = {
		.of = { [RESERVED_PARTS] = &ret->paths.value,
			[RESERVED_PARTS_SIZE] = &ret->sizes.value,
			[RESERVED_PARTS_MTIME] = &ret->times.value },
	};
	char why[RESERVED_WHY];

	return cute_shm_attr(group, reserved_name(RESERVED_PARTS),
			     &ret->paths) == 0 &&
	       cute_shm_attr(group, reserved_name(RESERVED_PARTS_SIZE),
			     &ret->sizes) == 0 &&
	       cute_shm_attr(group, reserved_name(RESERVED_PARTS_MTIME),
			     &ret->times) == 0 &&
	       reserved_fits(RESERVED_PARTS, &node, &values, why) &&
	       reserved_fits(RESERVED_PARTS_SIZE, &node, &values, why) &&
	       reserved_fits(RESERVED_PARTS_MTIME, &node, &values, why);
}

static uint64_t
number_at(const struct cute_shm_attr *attr, uint64_t i)
{
	uint64_t ret;

	memcpy(&ret, (const uint8_t *)attr->value.data + i * sizeof(ret),
	       sizeof(ret));
	return ret;
}

/* The absolute path of part 'i', for free(); NULL: it is none. */
static char *
path_at(const struct cute_shm_attr *attr, uint64_t i)
{
	const void *text;
	uint64_t size;

	if (cute_shm_element(&attr->value, i, &text, &size) != 0 || size == 0 ||
	    *(const char *)text != '/')
		return NULL;
	return strndup(text, (size_t)size);
}

/* When the deepest folder of the path that is there changed; cuts the path. */
static uint64_t
folder_time(char *path)
{
	struct stat st;
	char *slash;

	for (;;) {
		slash = strrchr(path, '/');
		slash[slash == path] = '\0';
		if (stat(path, &st) == 0)
			return mtime_ns(&st);
		if (slash == path)
			return 0;
	}
}

static void
note_change(struct parts_state *state, uint64_t modified_ns)
{
	state->changed = true;
	if (modified_ns > state->modified_ns)
		state->modified_ns = modified_ns;
}

static void
look_at(char *path, uint64_t size, uint64_t mtime, void *arg)
{
	struct parts_state *state = arg;
	struct stat st;

	if (!path)
		state->unknown = true;
	else if (stat(path, &st) == 0) {
		if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != size ||
		    mtime_ns(&st) != mtime)
			note_change(state, mtime_ns(&st));
	} else if (errno != ENOENT && errno != ENOTDIR) {
		state->unknown = true;
	} else if (size != PART_MISSING) {
		note_change(state, folder_time(path));
	}
}

void
source_parts_each(const struct cute_shm_node *group, source_part_fn *part,
		  void *arg)
{
	struct parts parts;
	uint64_t i;
	char *path;

	if (!parts_of(group, &parts))
		return;
	for (i = 0; i < parts.paths.value.element_count; i++) {
		path = path_at(&parts.paths, i);
		part(path, number_at(&parts.sizes, i),
		     number_at(&parts.times, i), arg);
		free(path);
	}
}

void
source_parts_look(const struct cute_shm_node *group, struct parts_state *state)
{
	source_parts_each(group, look_at, state);
}

int
source_parts_all(const struct cute_shm *shm, bool several,
		 struct parts_state *state)
{
	struct cute_shm_node root, node;
	int err = cute_shm_find(shm, "", &root);

	if (err != 0)
		return err;
	source_parts_look(&root, state);
	if (!several)
		return 0;
	err = cute_shm_first_child(&root, &node);
	for (; err == 0; err = cute_shm_next_sibling(&node, &node))
		if (node.kind == CUTE_SHM_GROUP)
			source_parts_look(&node, state);
	return err == CUTE_SHM_ERR_END ? 0 : err;
}
