/* SPDX-License-Identifier: MIT */
/*
 * The objects of the file, and of the files that its links lead to, by address.
 */

#include <stdlib.h>
#include <string.h>

#include "hdf5/source/source.h"

static uint64_t
address_hash(unsigned source, uint64_t address)
{
	/* Files that one program wrote often have the same addresses. */
	uint64_t h = (address ^ source * UINT64_C(0xff51afd7ed558ccd)) *
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
		return fail_memory("for the file's tree");
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
			return fail_memory("for the file's tree");
		s->objects = more;
	}
	if (2 * (s->object_count + 1) > s->bucket_count && buckets_grow(s) != 0)
		return CUTE_SHM_ERR_NOMEM;
	s->objects[s->object_count] = *o;
	*bucket_of(s, o->source, o->address) = s->object_count + 1;
	*ret = s->object_count++;
	return 0;
}

/* Files kept open.  libhdf5 uses hundreds of kilobytes for each. */
#define MOST_OPEN 16

/* Close the file that was not used for longest, but never the first file. */
static void
close_one(struct scan *s, const struct source *except)
{
	struct source *of = NULL;

	for (unsigned i = 1; i < s->source_count; i++) {
		struct source *more = &s->sources[i];

		if (more->file >= 0 && more != except &&
		    (!of || more->used < of->used))
			of = more;
	}
	if (!of)
		return;
	H5Fclose(of->file);
	of->file = H5I_INVALID_HID;
	of->fileno = 0;
	s->sources_open--;
}

static void
source_opened(struct scan *s, struct source *source, hid_t file)
{
	if (s->sources_open >= MOST_OPEN)
		close_one(s, source);
	source->file = file;
	source->opened = file_driver_of(file);
	source->used = ++s->uses;
	s->sources_open++;
}

/* The open file of a source; reopen it if it was closed. */
static hid_t
source_file(struct scan *s, unsigned number)
{
	struct source *source = &s->sources[number];
	hid_t file;

	source->used = ++s->uses;
	if (source->file >= 0)
		return source->file;
	file = H5Fopen(source->path, H5F_ACC_RDONLY, file_driver_access());
	if (file >= 0)
		source_opened(s, source, file);
	return file;
}

static int
no_handle(void)
{
	return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
			     "a file behind a link has no handle");
}

/*
 * Add the file of a new source, or of a source whose file was closed.  The
 * source then keeps 'file' open; the caller closes its own reference.
 */
static int
source_add(struct scan *s, hid_t file, unsigned long fileno, unsigned *ret)
{
	struct source *more;
	const char *path;
	struct stat st;
	unsigned i;

	if (!file_driver_stat(file, &st))
		return no_handle();
	for (i = 0; i < s->source_count; i++)
		if (s->sources[i].inode == st.st_ino &&
		    s->sources[i].device == st.st_dev)
			break;
	*ret = i;
	if (i == s->source_count) {
		more = realloc(s->sources, (i + 1) * sizeof(*more));
		if (!more)
			return fail_memory("for the file's tree");
		s->sources = more;
		path = file_driver_path(file);
		more[i] = (struct source){ .device = st.st_dev,
					   .inode = st.st_ino,
					   .file = H5I_INVALID_HID,
					   .path = path ? strdup(path) : NULL };
		if (!more[i].path)
			return fail_memory("for the file's tree");
		s->source_count++;
	}
	s->sources[i].fileno = fileno;
	if (s->sources[i].file < 0) {
		H5Iinc_ref(file);
		source_opened(s, &s->sources[i], file);
	}
	return 0;
}

int
source_of(struct scan *s, hid_t id, unsigned long fileno, unsigned *ret)
{
	unsigned i;
	hid_t file;
	int rc;

	for (i = 0; i < s->source_count; i++)
		if (s->sources[i].fileno == fileno && s->sources[i].file >= 0) {
			s->sources[i].used = ++s->uses;
			*ret = i;
			return 0;
		}
	file = H5Iget_file_id(id);
	if (file < 0)
		return no_handle();
	rc = source_add(s, file, fileno, ret);
	H5Fclose(file);
	return rc;
}

int
source_descriptor(struct scan *s, unsigned source)
{
	struct opened *opened;

	if (source_file(s, source) < 0)
		return -1;
	opened = s->sources[source].opened;
	return opened ? file_driver_descriptor(opened) : -1;
}

hid_t
object_open(struct scan *s, const struct object *o)
{
	hid_t file = source_file(s, o->source);

	return file < 0 ? file : H5Oopen_by_addr(file, o->address);
}

hid_t
group_open(struct scan *s, size_t object)
{
	if (object == NO_OBJECT || s->objects[object].source == NO_SOURCE)
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

const char *
reference_path(const struct scan *s, unsigned source, uint64_t address)
{
	size_t i;

	if (address == 0 || address == UINT64_MAX)
		return NULL;
	i = object_find(s, source, address);
	return i == NO_OBJECT || s->objects[i].empty ? NULL
						     : s->objects[i].path;
}
