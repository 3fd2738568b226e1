/* SPDX-License-Identifier: MIT */
/* The elements of an attribute: by the index, or by libhdf5. */

#include <stdlib.h>

#include "hdf5/describe/attribute.h"

hid_t
attribute_open(struct reading *r)
{
	const struct owner *o = r->owner;
	hid_t object = o->id >= 0 ? o->id : object_open(r->l->scan, o->object);
	hid_t id = object < 0 ? object
			      : H5Aopen_by_name(object, o->name, r->raw,
						H5P_DEFAULT, H5P_DEFAULT);

	if (object >= 0 && o->id < 0)
		H5Oclose(object);
	return id;
}

/* Read one part: by the index, or if it has a doubt, by libhdf5. */
static int
read_part(struct reading *r, enum part part)
{
	struct native *index = source_index(r->l->scan, r->source);
	int rc = NO_OPINION;

	if (r->native)
		rc = native_values(index, r->type, part, r->native->data,
				   r->count, r->elements[part], &r->lists);
	if (r->lists.full)
		return SKIP;
	if (rc != NO_OPINION)
		return rc;
	if (r->id < 0)
		r->id = attribute_open(r);
	r->native = NULL;
	if (r->id < 0 ||
	    H5Aread(r->id, type_mem(r->type, part), r->elements[part]) < 0)
		return unreadable();
	r->reclaim |= part == PART_RAGGED;
	return 0;
}

int
attribute_read(struct reading *r)
{
	uint64_t bytes;
	unsigned part;
	int rc;

	if (r->native &&
	    !native_convertible(r->l->scan->sources[r->source].index, r->type))
		r->native = NULL;
	r->lists.most = UINT32_MAX;
	for (part = 0; part < PART_COUNT; part++) {
		if (r->type->size[part] == 0)
			continue;
		if (__builtin_mul_overflow(r->count, r->type->size[part],
					   &bytes) ||
		    bytes > UINT32_MAX)
			return SKIP;
		r->elements[part] = calloc(1, bytes + 1);
		if (!r->elements[part])
			return fail_memory("for attributes");
		rc = bytes > 0 ? read_part(r, (enum part)part) : 0;
		if (rc != 0)
			return rc;
	}
	return 0;
}

void
attribute_free(struct reading *r)
{
	hid_t space = r->id < 0 ? r->id : H5Aget_space(r->id);

	if (r->reclaim && space >= 0)
		H5Dvlen_reclaim(type_mem(r->type, PART_RAGGED), space,
				H5P_DEFAULT, r->elements[PART_RAGGED]);
	if (space >= 0)
		H5Sclose(space);
	free(r->elements[PART_PLAIN]);
	free(r->elements[PART_RAGGED]);
	arena_free(&r->lists.arena);
}
