/* SPDX-License-Identifier: MIT */
/* The links of one group with their paths, in the order of the segment. */

#include <stdlib.h>
#include <string.h>

#include "hdf5/scan/scan.h"

/* Links as they come from libhdf5. */
struct listing {
	struct link *links;
	size_t count, room;
	struct board *board;
	bool full; /* no memory */
};

/* 'name' stays as it is as long as the links; NULL: there was no memory. */
static bool
add_link(struct listing *l, const char *name, int type, uint64_t address,
	 uint32_t object)
{
	struct link *more;

	board_beat(l->board);
	if (l->count >= NO_INDEX)
		return false;
	if (l->count == l->room) {
		l->room = l->room ? 2 * l->room : 16;
		more = realloc(l->links, l->room * sizeof(*more));
		if (!more)
			return false;
		l->links = more;
	}
	l->links[l->count] = (struct link){
		.name = name,
		.type = (uint16_t)type,
		.address = address,
		.object = object,
	};
	return l->links[l->count].name && ++l->count;
}

static herr_t
see_link(hid_t group, const char *name, const H5L_info_t *info, void *arg)
{
	struct listing *l = arg;

	(void)group;
	l->full = !add_link(l, strdup(name), info->type,
			    info->type == H5L_TYPE_HARD ? info->u.address : 0,
			    NO_OBJECT);
	return l->full ? -1 : 0;
}

static void
listing_clear(struct listing *l)
{
	while (l->count > 0)
		free((char *)(uintptr_t)l->links[--l->count].name);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct link *)a)->name,
		      ((const struct link *)b)->name);
}

static bool
tracks_order(hid_t group)
{
	hid_t plist = H5Gget_create_plist(group);
	unsigned flags = 0;

	if (plist < 0)
		return false;
	if (H5Pget_link_creation_order(plist, &flags) < 0)
		flags = 0;
	H5Pclose(plist);
	return (flags & H5P_CRT_ORDER_TRACKED) != 0;
}

/* List by creation order if the group tracks it, else by name, as bytes. */
static bool
list_links(hid_t group, struct listing *l)
{
	hsize_t at = 0;

	if (tracks_order(group)) {
		if (H5Literate(group, H5_INDEX_CRT_ORDER, H5_ITER_INC, &at,
			       see_link, l) >= 0)
			return true;
		listing_clear(l);
		at = 0;
	}
	if (H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, &at, see_link, l) < 0)
		return false;
	if (l->count > 1)
		qsort(l->links, l->count, sizeof(*l->links), by_name);
	return true;
}

/* Whether escaping changed the name in the last component of a link's path. */
static bool
escaped(const struct link *link)
{
	const char *slash = strrchr(link->path, '/');

	return strcmp(slash ? slash + 1 : link->path, link->name) != 0;
}

/* Order by path; links of the same path keep their order. */
static int
by_path(const void *a, const void *b)
{
	const struct link *x = *(struct link *const *)a;
	const struct link *y = *(struct link *const *)b;
	int order = strcmp(x->path, y->path);

	return order ? order : (x > y) - (x < y);
}

/*
 * Names are unique within a group, but escaping can make two of them equal.
 * Then the first in the group's order keeps the path.
 */
static int
drop_clashes(struct loader *l, struct listing *found)
{
	struct link **sorted;
	bool any = false;
	size_t i;
	int rc = 0;

	for (i = 0; i < found->count && !any; i++)
		any = escaped(&found->links[i]);
	if (!any)
		return 0;
	sorted = calloc(found->count, sizeof(struct link *));
	if (!sorted)
		return fail_memory("for the file's tree");
	for (i = 0; i < found->count; i++)
		sorted[i] = &found->links[i];
	qsort(sorted, found->count, sizeof(struct link *), by_path);
	for (i = 1; i < found->count; i++)
		if (strcmp(sorted[i]->path, sorted[i - 1]->path) == 0)
			sorted[i]->kind = LINK_NONE;
	free(sorted);
	for (i = 0; i < found->count && rc == 0; i++)
		if (found->links[i].kind == LINK_NONE)
			rc = send_skipped(l, found->links[i].path,
					  "name clash");
	return rc;
}

/* Set the paths of a group's links, and remove those that are not wanted. */
static int
name_links(struct loader *l, const char *parent, bool own_names,
	   struct listing *found)
{
	struct link *link;
	enum wanted wanted;
	size_t i, kept = 0;

	for (i = 0; i < found->count; i++) {
		link = &found->links[i];
		link->path = path_below(parent, link->name);
		if (!link->path)
			return fail_memory("for the file's tree");
		wanted = path_wanted(l, link->path);
		link->above = wanted == WANTED_ABOVE;
		if (wanted != WANTED_NOT) {
			found->links[kept++] = *link;
		} else {
			if (own_names)
				free((char *)(uintptr_t)link->name);
			free(link->path);
		}
	}
	found->count = kept;
	return drop_clashes(l, found);
}

static int
list_native(const struct native_object *group, struct listing *l)
{
	for (uint32_t i = 0; i < group->link_count; i++) {
		const struct native_link *link = &group->links[i];
		bool hard = link->kind == NATIVE_HARD;

		if (!add_link(l, link->name, link->kind,
			      hard ? link->address : 0,
			      hard ? link->object : NO_OBJECT))
			return fail_memory("for the file's tree");
	}
	return 0;
}

static int
list_library(struct loader *l, hid_t group, const char *path,
	     struct listing *found)
{
	char cause[200];
	int rc;

	if (list_links(group, found))
		return 0;
	rc = found->full ? fail_memory("for the file's tree")
			 : send_failed(l, path, "links: %s",
				       hdf5_cause(cause, sizeof(cause)));
	listing_clear(found);
	return rc;
}

int
links_get(struct loader *l, const struct native_object *native, hid_t group,
	  const char *path, struct link **ret, uint32_t *count)
{
	struct listing found = { .board = l->board };
	int rc = native ? list_native(native, &found)
			: list_library(l, group, path, &found);

	if (rc == 0)
		rc = name_links(l, path, !native, &found);
	*ret = found.links;
	*count = (uint32_t)found.count;
	return rc;
}
