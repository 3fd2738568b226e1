/* SPDX-License-Identifier: MIT */
/*
 * The attributes that tell which other files took part: on the group of one of
 * several files; else on the root, of a load with CUTE_SHM_HDF5_ENSURE, while a
 * plain load adds nothing to what the file has.
 */

#include <stdlib.h>
#include <string.h>

#include "hdf5/describe/describe.h"
#include "hdf5/scan/scan.h"

/* An estimate of the bytes of three attributes, beside their values. */
#define ATTRIBUTES_SIZE 288

/* The files of a group; a view of others_sorted(), or a list of its own. */
struct parts {
	struct other_file **of;
	uint64_t count;
};

static bool
is_file(const struct other_file *f, const struct stat *st)
{
	return !f->missing && f->st.st_dev == st->st_dev &&
	       f->st.st_ino == st->st_ino;
}

/* The values of the attributes. */
struct values {
	uint64_t *offsets, *sizes, *times;
	char *paths;
};

static void
values_free(struct values *v)
{
	free(v->offsets);
	free(v->sizes);
	free(v->times);
	free(v->paths);
}

static int
values_get(const struct parts *parts, struct values *ret)
{
	uint64_t i, size = 0, n = parts->count;
	const struct other_file *f;
	char *to;

	for (i = 0; i < n; i++)
		size += strlen(parts->of[i]->path);
	ret->offsets = calloc(n + 1, sizeof(*ret->offsets));
	ret->sizes = calloc(n, sizeof(*ret->sizes));
	ret->times = calloc(n, sizeof(*ret->times));
	ret->paths = to = malloc(size + 1);
	if (!ret->offsets || !ret->sizes || !ret->times || !to)
		return fail_memory("for the names of other files");
	for (i = 0; i < n; i++) {
		f = parts->of[i];
		to = stpcpy(to, f->path);
		ret->offsets[i + 1] = (uint64_t)(to - ret->paths);
		ret->sizes[i] =
			f->missing ? PART_MISSING : (uint64_t)f->st.st_size;
		ret->times[i] = f->missing ? 0 : mtime_ns(&f->st);
	}
	return 0;
}

static int
put_values(struct loader *l, const char *path, uint64_t count,
	   const struct values *v)
{
	int err;

	l->result.segment_size +=
		ATTRIBUTES_SIZE + 3 * 8 * count + v->offsets[count];
	if (!l->builder)
		return 0;
	err = cute_shm_builder_attr_ragged(l->builder, path,
					   reserved_name(RESERVED_PARTS),
					   "*|S1", 1, &count, v->offsets,
					   v->paths);
	if (err == 0)
		err = cute_shm_builder_attr(l->builder, path,
					    reserved_name(RESERVED_PARTS_SIZE),
					    "<u8", 1, &count, v->sizes);
	if (err == 0)
		err = cute_shm_builder_attr(l->builder, path,
					    reserved_name(RESERVED_PARTS_MTIME),
					    "<u8", 1, &count, v->times);
	return err;
}

static int
put_parts(struct loader *l, const char *path, const struct parts *parts)
{
	struct values v = { .offsets = NULL };
	int err = 0;

	if (parts->count > 0)
		err = values_get(parts, &v);
	if (err == 0 && parts->count > 0)
		err = put_values(l, path, parts->count, &v);
	values_free(&v);
	return err;
}

/* ------------------------------------------------------------------- groups */

/* Of a sorted list, the files of this group but for 'own', moved together. */
static struct parts
parts_of(struct other_file **all, size_t count, const char *group,
	 const struct stat *own)
{
	size_t low = 0, high = count, middle, n = 0;
	struct parts ret;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (strcmp(all[middle]->group, group) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	ret.of = all + low;
	for (; low < count && strcmp(all[low]->group, group) == 0; low++)
		if (!is_file(all[low], own))
			ret.of[n++] = all[low];
	ret.count = n;
	return ret;
}

/* The group is in the segment. */
static bool
is_made(const struct loader *l, const struct link *link)
{
	return link->kind == LINK_NODE && l->scan->objects[link->object].made;
}

/*
 * Files of a group that is left out belong to the root: they may have been why
 * nothing of it was found.
 */
static int
describe_several(struct loader *l, struct other_file **all, size_t count)
{
	const struct object *root = &l->scan->objects[0];
	struct parts parts, rest = { .count = 0 };
	const struct link *link;
	size_t i;
	int err = 0;

	rest.of = calloc(count + 1, sizeof(struct other_file *));
	if (!rest.of)
		return fail_memory("for the names of other files");
	for (i = 0; err == 0 && i < root->link_count; i++) {
		link = &root->links[i];
		parts = parts_of(all, count, link->path,
				 &l->listed[link->address - 1].before);
		if (is_made(l, link)) {
			err = put_parts(l, link->path, &parts);
			continue;
		}
		memcpy(rest.of + rest.count, parts.of,
		       parts.count * sizeof(struct other_file *));
		rest.count += parts.count;
	}
	if (err == 0)
		err = put_parts(l, "", &rest);
	free(rest.of);
	return err;
}

/*
 * A file that was read leads to one of a group that is copied: to read both
 * might have given one of them an object of the other.
 */
static int
check_reused(struct loader *l, struct other_file **all, size_t count)
{
	uint32_t group;
	size_t i;
	int err = 0;

	for (i = 0; err == 0 && i < count; i++) {
		group = all[i]->missing ? NO_REUSED
					: reuse_of_file(l, &all[i]->st);
		if (group != NO_REUSED)
			err = reuse_drop(l, group, "another file leads to it");
	}
	return err;
}

int
describe_parts(struct loader *l)
{
	struct other_file **all;
	struct parts parts;
	size_t count;
	int err;

	all = others_sorted(&count);
	if (!all)
		return fail_memory("for the names of other files");
	err = check_reused(l, all, count);
	if (err != 0 || l->retry)
		return err;
	if (l->listed_count > 0)
		return describe_several(l, all, count);
	if (!(l->opt->flags & CUTE_SHM_HDF5_ENSURE))
		return 0;
	parts = parts_of(all, count, "", l->before);
	return put_parts(l, "", &parts);
}
