/* SPDX-License-Identifier: MIT */
/* Datatypes that have members or a base. */

#include <stdlib.h>

#include "hdf5/native/native.h"

/* A name; versions 1 and 2 pad it to a multiple of 8 bytes. */
static int
name_read(struct native *n, struct cursor *b, unsigned version,
	  const char **ret)
{
	size_t length = strnlen((const char *)b->at, bytes_left(b));
	const uint8_t *name;

	name = take(b, version < 3 ? align_up(length + 1, 8) : length + 1);
	if (!name)
		return image_doubt(&n->image, "a broken name of a member");
	*ret = native_copy(n, (const char *)name, length);
	return *ret ? 0 : CUTE_SHM_ERR_NOMEM;
}

/* An array type of which libhdf5 makes a version 1 member with dimensions. */
static int
wrap_array(struct native *n, const uint32_t *dims, unsigned rank,
	   const struct native_type **type)
{
	struct native_type *t = native_get(n, 1, sizeof(*t));
	uint32_t *copy = native_get(n, rank, sizeof(*copy));
	uint64_t size = (*type)->size;
	unsigned i;

	if (!t || !copy)
		return CUTE_SHM_ERR_NOMEM;
	for (i = 0; i < rank; i++) {
		copy[i] = dims[i];
		if (dims[i] == 0 || (size *= dims[i]) > UINT32_MAX)
			return image_doubt(&n->image,
					   "an array of absurd size");
	}
	*t = (struct native_type){ .class = NATIVE_ARRAY,
				   .size = (uint32_t)size,
				   .count = rank,
				   .dims = copy,
				   .base = *type,
				   .committed = UNDEFINED };
	*type = t;
	return 0;
}

static int
member_read(struct native *n, struct cursor *b, unsigned version,
	    unsigned depth, uint32_t size, struct native_member *m)
{
	uint32_t dims[4] = { 0 };
	unsigned rank = 0, i;
	int err = name_read(n, b, version, &m->name);

	if (err != 0)
		return err;
	m->offset = (uint32_t)take_number(b, version < 3 ? 4 : bytes_for(size));
	if (version == 1) {
		rank = take_8(b);
		take(b, 11);
		for (i = 0; i < 4; i++)
			dims[i] = take_32(b);
	}
	if (rank > 4)
		return image_doubt(&n->image, "a member of too high a rank");
	err = type_read_inner(n, b, depth + 1, &m->type);
	if (err == 0 && rank > 0)
		err = wrap_array(n, dims, rank, &m->type);
	return err;
}

static int
by_offset(const void *a, const void *b)
{
	const struct native_member *x = *(const struct native_member *const *)a;
	const struct native_member *y = *(const struct native_member *const *)b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp((*(const struct native_member *const *)a)->name,
		      (*(const struct native_member *const *)b)->name);
}

/* Whether two members have the same name; sorts the pointers. */
static bool
names_clash(const struct native_member **sorted, uint32_t count)
{
	uint32_t i;

	qsort(sorted, count, sizeof(*sorted), by_name);
	for (i = 1; i < count; i++)
		if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0)
			return true;
	return false;
}

static bool
members_overlap(const struct native_member **sorted, uint32_t count,
		uint32_t size)
{
	uint64_t end = 0;
	uint32_t i;

	qsort(sorted, count, sizeof(*sorted), by_offset);
	for (i = 0; i < count; i++) {
		if (sorted[i]->offset < end)
			return true;
		end = (uint64_t)sorted[i]->offset + sorted[i]->type->size;
	}
	return end > size;
}

/* Check names, and if 'offsets' is true, that no members overlap. */
static int
members_check(struct native *n, const struct native_type *t, bool offsets)
{
	const struct native_member **sorted;
	bool bad;
	uint32_t i;

	sorted = reallocarray(NULL, t->count, sizeof(*sorted));
	if (!sorted)
		return fail_memory("for %u members of a type", t->count);
	for (i = 0; i < t->count; i++)
		sorted[i] = &t->members[i];
	bad = names_clash(sorted, t->count) ||
	      (offsets && members_overlap(sorted, t->count, t->size));
	free(sorted);
	return bad ? image_doubt(&n->image, "members that overlap") : 0;
}

int
compound_read(struct native *n, struct cursor *b, unsigned version,
	      unsigned bits, unsigned depth, struct native_type *t)
{
	struct native_member *m;
	uint32_t i;
	int err = 0;

	t->count = bits & 0xffff;
	/* A member takes at least 10 bytes. */
	if (t->count == 0 || t->count > bytes_left(b) / 10)
		return image_doubt(&n->image, "a compound without members");
	m = native_get(n, t->count, sizeof(*m));
	if (!m)
		return CUTE_SHM_ERR_NOMEM;
	t->members = m;
	for (i = 0; err == 0 && i < t->count; i++)
		err = member_read(n, b, version, depth, t->size, &m[i]);
	return err ? err : members_check(n, t, true);
}

int
complex_read(struct native *n, struct cursor *b, unsigned bits, unsigned depth,
	     struct native_type *t)
{
	struct native_member *parts = native_get(n, 2, sizeof(*parts));
	int err = parts ? type_read_inner(n, b, depth + 1, &t->base)
			: CUTE_SHM_ERR_NOMEM;

	if (err != 0)
		return err;
	/* Bit 0: both parts have one type.  Others: forms that nobody uses. */
	return bits == 1 && complex_set(t, parts)
		       ? 0
		       : image_doubt(&n->image,
				     "a complex number of an unknown form");
}

int
enum_read(struct native *n, struct cursor *b, unsigned version, unsigned bits,
	  unsigned depth, struct native_type *t)
{
	struct native_member *m;
	const uint8_t *values;
	uint32_t i;
	int err = type_read_inner(n, b, depth + 1, &t->base);

	if (err != 0)
		return err;
	t->count = bits & 0xffff;
	if (t->base->class != NATIVE_INTEGER || t->base->size != t->size)
		return image_doubt(&n->image, "an enum of a strange base");
	if (t->count == 0 || t->count > bytes_left(b) / (1 + t->size))
		return image_doubt(&n->image, "an enum without members");
	m = native_get(n, t->count, sizeof(*m));
	if (!m)
		return CUTE_SHM_ERR_NOMEM;
	t->members = m;
	for (i = 0; err == 0 && i < t->count; i++)
		err = name_read(n, b, version, &m[i].name);
	if (err != 0)
		return err;
	values = take(b, (uint64_t)t->count * t->size);
	if (!values)
		return image_doubt(&n->image, "a broken enum");
	values = native_bytes(n, values, (uint64_t)t->count * t->size);
	if (!values)
		return CUTE_SHM_ERR_NOMEM;
	for (i = 0; i < t->count; i++)
		m[i].value = values + (size_t)i * t->size;
	return members_check(n, t, false);
}

int
array_read(struct native *n, struct cursor *b, unsigned version, unsigned depth,
	   struct native_type *t)
{
	uint32_t *dims;
	uint64_t size = 1;
	unsigned i;
	int err;

	t->count = take_8(b);
	if (t->count == 0 || t->count > NATIVE_RANK)
		return image_doubt(&n->image, "an array of a strange rank");
	if (version < 3)
		take(b, 3);
	dims = native_get(n, t->count, sizeof(*dims));
	if (!dims)
		return CUTE_SHM_ERR_NOMEM;
	t->dims = dims;
	for (i = 0; i < t->count; i++)
		dims[i] = take_32(b);
	if (version < 3)
		take(b, 4 * (uint64_t)t->count);
	err = type_read_inner(n, b, depth + 1, &t->base);
	for (i = 0; err == 0 && i < t->count; i++)
		if (dims[i] == 0 || (size *= dims[i]) > UINT32_MAX)
			return image_doubt(&n->image,
					   "an array of absurd size");
	if (err == 0 && size * t->base->size != t->size)
		return image_doubt(&n->image, "an array of a wrong size");
	return err;
}
