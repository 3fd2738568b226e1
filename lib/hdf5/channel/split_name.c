/* SPDX-License-Identifier: MIT */
/* Names of files for the groups of a project that was loaded from several. */

#include <stdlib.h>
#include <string.h>

#include "hdf5/channel/channel.h"
#include "read/reserved.h"

/* The name, without folders, of the file that the group is from; for free(). */
static char *
source_name(const struct cute_shm_node *group)
{
	struct cute_shm_attr attr;
	const char *slash;
	const void *text;
	uint64_t size;

	if (cute_shm_attr(group, reserved_name(RESERVED_SOURCE), &attr) != 0 ||
	    strcmp(attr.value.dtype, "*|S1") != 0 ||
	    cute_shm_element(&attr.value, 0, &text, &size) != 0 || size == 0)
		return NULL;
	slash = memrchr(text, '/', size);
	if (slash) {
		size -= (uint64_t)(slash + 1 - (const char *)text);
		text = slash + 1;
	}
	return strndup(text, size);
}

/* Whether a load names the group of a file like this. */
static bool
names(const char *file, const char *group)
{
	char *stem = stem_of(file);
	char *component = stem ? component_of(stem) : NULL;
	bool ret = component && strcmp(component, group) == 0;

	free(stem);
	free(component);
	return ret;
}

char *
split_name(const struct cute_shm_node *group)
{
	char *name = source_name(group), *ret;

	/* Anybody may have written the attribute: it has no other say. */
	if (name && name[0] && strcmp(name, ".") != 0 &&
	    strcmp(name, "..") != 0 && names(name, group->path))
		return name;
	free(name);
	return asprintf(&ret, "%s.h5", group->path) < 0 ? NULL : ret;
}
