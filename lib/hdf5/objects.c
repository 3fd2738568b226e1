/* SPDX-License-Identifier: MIT */
/* The objects of a file and of those that it leads to, found by address. */

#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "strategy.h"

static int
no_memory(void)
{
	return cute_shm_fail(CUTE_SHM_ERR_NOMEM,
			     "no memory for the file's tree");
}

static uint64_t
address_hash(unsigned source, uint64_t address)
{
	uint64_t h = (address ^ ((uint64_t)source << 56)) *
		     UINT64_C(0x9e3779b97f4a7c15);

	return h ^ h >> 32;
}

static size_t *
bucket_of(const struct scan *s, unsigned source, uint64_t address)
{
	size_t mask = s->bucket_count - 1;
	size_t i = (size_t)address_hash(source, address) & mask;
	const struct object *o;

	for (; s->buckets[i] != 0; i = (i + 1) & mask) {
		o = &s->objects[s->buckets[i] - 1];
		if (o->source == source && o->address == address)
			break;
	}
	return &s->buckets[i];
}

size_t
object_find(const struct scan *s, unsigned source, uint64_t address)
{
	return s->bucket_count ? *bucket_of(s, source, address) - 1 : NO_OBJECT;
}

static int
buckets_grow(struct scan *s)
{
	size_t old = s->bucket_count, i;

	free(s->buckets);
	s->bucket_count = old ? 2 * old : 1024;
	s->buckets = calloc(s->bucket_count, sizeof(*s->buckets));
	if (!s->buckets) {
		s->bucket_count = 0;
		return no_memory();
	}
	for (i = 0; i < s->object_count; i++)
		*bucket_of(s, s->objects[i].source, s->objects[i].address) =
			i + 1;
	return 0;
}

int
object_add(struct scan *s, const struct object *o, size_t *ret)
{
	struct object *more;

	if (s->object_count == s->object_room) {
		s->object_room = s->object_room ? 2 * s->object_room : 256;
		more = realloc(s->objects, s->object_room * sizeof(*more));
		if (!more)
			return no_memory();
		s->objects = more;
	}
	if (2 * (s->object_count + 1) > s->bucket_count &&
	    buckets_grow(s) != 0)
		return CUTE_SHM_ERR_NOMEM;
	s->objects[s->object_count] = *o;
	*bucket_of(s, o->source, o->address) = s->object_count + 1;
	*ret = s->object_count++;
	return 0;
}

int
source_of(struct scan *s, hid_t id, unsigned long fileno, unsigned *ret)
{
	struct source *more;
	unsigned i;
	hid_t file;

	for (i = 0; i < s->source_count; i++)
		if (s->sources[i].fileno == fileno) {
			*ret = i;
			return 0;
		}
	file = H5Iget_file_id(id);
	more = realloc(s->sources, (s->source_count + 1) * sizeof(*more));
	if (!more) {
		H5Fclose(file);
		return no_memory();
	}
	s->sources = more;
	s->sources[s->source_count] = (struct source){ fileno, file, -2 };
	*ret = s->source_count++;
	return file < 0 ? cute_shm_fail(CUTE_SHM_ERR_SOURCE,
					"a file behind a link has no handle")
			: 0;
}

int
source_descriptor(struct scan *s, unsigned source)
{
	struct source *from = &s->sources[source];

	if (from->fd == -2)
		from->fd = source_handle(from->file);
	return from->fd;
}

hid_t
object_open(const struct scan *s, const struct object *o)
{
	return H5Oopen_by_addr(s->sources[o->source].file, o->address);
}

hid_t
group_open(struct scan *s, size_t object)
{
	if (object == NO_OBJECT)
		return H5I_INVALID_HID;
	if (object != s->group_object) {
		if (s->group >= 0)
			H5Oclose(s->group);
		s->group = object_open(s, &s->objects[object]);
		s->group_object = s->group < 0 ? NO_OBJECT : object;
	}
	return s->group;
}

hid_t
dataset_open(struct scan *s, const struct object *o, hid_t dapl)
{
	hid_t group = group_open(s, o->parent);

	return group < 0 ? group : H5Dopen2(group, o->name, dapl);
}

bool
scan_has(const struct scan *s, const char *path)
{
	const struct object *o = s->objects, *end = o + s->object_count;
	size_t i;

	for (; o < end; o++)
		for (i = 0; i < o->link_count; i++)
			if (strcmp(o->links[i].path, path) == 0)
				return true;
	return false;
}

const char *
reference_path(const struct scan *s, unsigned source, uint64_t address)
{
	size_t i;

	if (address == 0 || address == UINT64_MAX)
		return NULL;
	i = object_find(s, source, address);
	return i == NO_OBJECT ? NULL : s->objects[i].path;
}
