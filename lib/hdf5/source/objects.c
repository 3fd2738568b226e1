/* SPDX-License-Identifier: MIT */
/*
 * The objects of the file, and of the files that its links lead to, by address.
 */

#include <malloc.h>
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

/* What an object is found by. */
struct place {
	unsigned source;
	uint64_t address;
};

static bool
has_place(const void *of, uint32_t index, const char *text, size_t size)
{
	const struct object *o = &((const struct scan *)of)->objects[index];
	struct place place;

	memcpy(&place, text, size);
	return o->source == place.source && o->address == place.address;
}

struct scan *
scan_new(void)
{
	struct scan *s = calloc(1, sizeof(*s));

	if (!s) {
		fail_memory("for the file's tree");
		return NULL;
	}
	s->group = H5I_INVALID_HID;
	s->group_object = NO_OBJECT;
	return s;
}

uint32_t
object_of_native(const struct scan *s, unsigned source,
		 const struct native_object *native)
{
	const struct source *of = &s->sources[source];
	uint32_t number = of->numbers[native - of->index->objects];

	return number == 0 ? NO_OBJECT : number - 1;
}

/* What the source's index has at this address, or NULL. */
static const struct native_object *
in_index(const struct scan *s, unsigned source, uint64_t address)
{
	if (source == NO_SOURCE || !s->sources[source].index)
		return NULL;
	return native_find(s->sources[source].index, address);
}

uint32_t
object_find(const struct scan *s, unsigned source, uint64_t address)
{
	const struct native_object *native = in_index(s, source, address);
	const struct place place = { source, address };

	if (native)
		return object_of_native(s, source, native);
	return hash_find(&s->table, address_hash(source, address), has_place, s,
			 (const char *)&place, sizeof(place));
}

/* Let object_find() find object number s->object_count. */
static int
add_place(struct scan *s, const struct object *o)
{
	const struct native_object *native =
		o->native ? o->native : in_index(s, o->source, o->address);
	struct source *source;

	if (!native)
		return hash_put(&s->table, address_hash(o->source, o->address),
				(uint32_t)s->object_count);
	source = &s->sources[o->source];
	source->numbers[native - source->index->objects] =
		(uint32_t)s->object_count + 1;
	return 0;
}

int
object_add(struct scan *s, const struct object *o, uint32_t *ret)
{
	struct object *more;
	int err;

	if (s->object_count == s->object_room) {
		s->object_room = s->object_room ? 2 * s->object_room : 256;
		more = realloc(s->objects, s->object_room * sizeof(*more));
		if (!more)
			return fail_memory("for the file's tree");
		s->objects = more;
	}
	if (s->object_count >= NO_INDEX)
		return fail_memory("for the file's tree");
	err = add_place(s, o);
	if (err != 0)
		return err;
	*ret = (uint32_t)s->object_count;
	s->objects[s->object_count++] = *o;
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
	if (!source->index)
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

bool
source_find(const struct scan *s, const struct stat *st, unsigned *ret)
{
	unsigned i;

	for (i = 0; i < s->source_count; i++)
		if (s->sources[i].inode == st->st_ino &&
		    s->sources[i].device == st->st_dev)
			break;
	*ret = i;
	return i < s->source_count;
}

/* Add a file that is not there yet; NULL, with a message. */
static struct source *
source_new(struct scan *s, const struct stat *st, const char *path)
{
	struct source *more =
		vector_grow(s->sources, s->source_count, &s->source_room,
			    sizeof(*more), "files");
	struct source *ret;

	if (!more)
		return NULL;
	s->sources = more;
	ret = &more[s->source_count];
	*ret = (struct source){ .device = st->st_dev,
				.inode = st->st_ino,
				.file = H5I_INVALID_HID,
				.path = strdup(path) };
	if (!ret->path) {
		fail_memory("for the file's tree");
		return NULL;
	}
	s->source_count++;
	return ret;
}

/*
 * Add the file of a new source, or of a source whose file was closed.  The
 * source then keeps 'file' open; the caller closes its own reference.
 */
static int
source_add(struct scan *s, hid_t file, unsigned long fileno, unsigned *ret)
{
	struct source *source;
	const char *path = file_driver_path(file);
	struct stat st;

	if (!path || !file_driver_stat(file, &st))
		return no_handle();
	if (!source_find(s, &st, ret)) {
		if (!source_new(s, &st, path))
			return CUTE_SHM_ERR_NOMEM;
		*ret = s->source_count - 1;
	}
	source = &s->sources[*ret];
	source->fileno = fileno;
	if (source->file < 0) {
		H5Iinc_ref(file);
		source_opened(s, source, file);
	}
	return 0;
}

int
source_native(struct scan *s, struct opened *opened, const char *path,
	      struct native *index, unsigned *ret)
{
	uint32_t *numbers = calloc(index->count, sizeof(*numbers));
	struct stat st;
	struct source *source;

	if (!numbers)
		return fail_memory("for the file's tree");
	opened_status(opened, &st);
	source = source_new(s, &st, path);
	if (!source) {
		free(numbers);
		return CUTE_SHM_ERR_NOMEM;
	}
	source->numbers = numbers;
	source->opened = opened;
	source->index = index;
	*ret = (unsigned)(source - s->sources);
	return 0;
}

struct native *
source_index(struct scan *s, unsigned number)
{
	struct source *source = &s->sources[number];

	if (source->index)
		source->index->image.fd =
			file_driver_descriptor(source->opened);
	return source->index;
}

void
sources_forget(struct scan *s)
{
	for (unsigned i = 0; i < s->source_count; i++)
		if (s->sources[i].index)
			native_close(s->sources[i].index);
	malloc_trim(0);
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

	if (!s->sources[source].index && source_file(s, source) < 0)
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
	uint32_t i;

	if (address == 0 || address == UINT64_MAX)
		return NULL;
	i = object_find(s, source, address);
	return i == NO_OBJECT || s->objects[i].empty ? NULL
						     : s->objects[i].path;
}
