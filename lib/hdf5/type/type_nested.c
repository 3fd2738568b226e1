/* SPDX-License-Identifier: MIT */
/* Types that contain others: lists, arrays, compounds. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/type/type.h"

/* Turn the plain type of an item into the type of a list of such items. */
static int
list_of(struct type_mapping *m, struct type *item)
{
	hid_t mem;

	if (item->kind == TYPE_RECORD)
		return type_skip(m, "list of compounds");
	if (item->kind == TYPE_REFERENCE)
		return type_skip(m, "list of object references");
	if (item->kind != TYPE_PLAIN)
		return type_skip(m, "list of lists");
	if (item->ndim > 0)
		return type_skip(m, "list of arrays");
	if (strlen(item->dtype) + 1 >= DTYPE_SIZE)
		return type_skip(m, "list of a long dtype");
	mem = H5Tvlen_create(item->mem[PART_PLAIN]);
	if (mem < 0)
		return type_unreadable("list");
	H5Tclose(item->mem[PART_PLAIN]);
	item->mem[PART_PLAIN] = H5I_INVALID_HID;
	item->size[PART_PLAIN] = 0;
	item->mem[PART_RAGGED] = mem;
	item->size[PART_RAGGED] = H5Tget_size(mem);
	item->kind = TYPE_LIST;
	memmove(item->dtype + 1, item->dtype, strlen(item->dtype) + 1);
	item->dtype[0] = '*';
	return 0;
}

int
map_list(struct type_mapping *m, hid_t t, const char *where, unsigned depth,
	 struct type **ret)
{
	struct type_mapping quiet = { .why = m->why }; /* skipped whole */
	hid_t super = H5Tget_super(t);
	struct type *item = NULL;
	int rc;

	if (super < 0)
		return type_unreadable("list");
	rc = map_any(&quiet, super, where, depth, &item);
	H5Tclose(super);
	if (rc == 0)
		rc = list_of(m, item);
	if (rc != 0)
		type_free(item);
	else
		*ret = item;
	return rc;
}

/* Put the dimensions of an array type in front of those of its element. */
static int
array_of(struct type_mapping *m, hid_t t, struct type *type)
{
	hsize_t dims[H5S_MAX_RANK];
	int ndim = H5Tget_array_ndims(t);
	unsigned n, i;
	hid_t mem;

	if (ndim < 0 || ndim > H5S_MAX_RANK || H5Tget_array_dims2(t, dims) < 0)
		return type_unreadable("array type");
	n = (unsigned)ndim;
	if (type->ndim + n > MAX_NDIM)
		return type_skip(m, "%u dimensions", type->ndim + n);
	for (i = 0; i < PART_COUNT; i++) {
		if (type->mem[i] < 0)
			continue;
		mem = H5Tarray_create2(type->mem[i], n, dims);
		if (mem < 0)
			return type_unreadable("array type");
		H5Tclose(type->mem[i]);
		type->mem[i] = mem;
		type->size[i] = H5Tget_size(mem);
	}
	memmove(type->dims + n, type->dims, sizeof(uint64_t) * type->ndim);
	for (i = 0; i < n; i++) {
		type->dims[i] = dims[i];
		if (__builtin_mul_overflow(type->dims_count, dims[i],
					   &type->dims_count))
			return type_skip(m, "array of over 2^64 items");
	}
	type->ndim += n;
	return 0;
}

int
map_array(struct type_mapping *m, hid_t t, const char *where, unsigned depth,
	  struct type **ret)
{
	hid_t super = H5Tget_super(t);
	struct type *type = NULL;
	int rc;

	if (super < 0)
		return type_unreadable("array type");
	rc = map_any(m, super, where, depth, &type);
	H5Tclose(super);
	if (rc == 0)
		rc = array_of(m, t, type);
	if (rc != 0)
		type_free(type);
	else
		*ret = type;
	return rc;
}

/* Map field i.  If it has no form, report that and leave the field out. */
static int
map_field(struct type_mapping *m, hid_t t, unsigned i, const char *where,
	  unsigned depth, struct type *record)
{
	struct field *f = &record->fields[record->field_count];
	char *theirs = H5Tget_member_name(t, i);
	hid_t ft = H5Tget_member_type(t, i);
	char *path = NULL;
	int rc = 0;

	if (!theirs || ft < 0)
		rc = type_unreadable("compound");
	if (rc == 0 && asprintf(&path, "%s.%s", where, theirs) < 0)
		path = NULL;
	if (rc == 0) {
		f->name = strdup(theirs);
		if (!f->name || !path)
			rc = fail_memory("for a datatype");
	}
	if (rc == 0)
		rc = map_any(m, ft, path, depth, &f->type);
	if (rc == 0) {
		record->field_count++;
	} else {
		/* The next field takes this place in the array. */
		free(f->name);
		f->name = NULL;
	}
	if (rc == SKIP)
		rc = m->gone ? m->gone(path, m->why, m->arg) : 0;
	free(path);
	if (ft >= 0)
		H5Tclose(ft);
	H5free_memory(theirs);
	return rc;
}

/* Make a packed memory type of the fields that have leaves of this part. */
static int
record_mem(struct type *record, enum part part)
{
	struct field *f = record->fields, *end = f + record->field_count;
	size_t size = 0;
	hid_t mem;

	for (; f < end; f++) {
		f->offset[part] = size;
		size += f->type->size[part];
	}
	if (size == 0)
		return 0;
	mem = H5Tcreate(H5T_COMPOUND, size);
	if (mem < 0)
		return type_unreadable("compound");
	record->mem[part] = mem;
	record->size[part] = size;
	for (f = record->fields; f < end; f++)
		if (f->type->mem[part] >= 0 &&
		    H5Tinsert(mem, f->name, f->offset[part],
			      f->type->mem[part]) < 0)
			return type_unreadable("compound");
	return 0;
}

int
map_compound(struct type_mapping *m, hid_t t, const char *where, unsigned depth,
	     struct type **ret)
{
	int count = H5Tget_nmembers(t), rc = 0;
	struct type *record;
	unsigned i;

	if (count < 0)
		return type_unreadable("compound");
	if (count == 2) {
		rc = map_complex(t, ret);
		if (rc != SKIP)
			return rc;
		rc = 0;
	}
	record = type_new(TYPE_RECORD);
	if (record)
		record->fields =
			calloc((size_t)count + 1, sizeof(*record->fields));
	if (!record || !record->fields)
		rc = fail_memory("for a datatype");
	for (i = 0; i < (unsigned)count && rc == 0; i++)
		rc = map_field(m, t, i, where, depth, record);
	for (i = 0; i < PART_COUNT && rc == 0; i++)
		rc = record_mem(record, i);
	if (rc != 0)
		type_free(record);
	else
		*ret = record;
	return rc;
}
