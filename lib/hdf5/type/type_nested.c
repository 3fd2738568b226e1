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
	item->size[PART_PLAIN] = 0;
	item->size[PART_RAGGED] = sizeof(hvl_t);
	item->kind = TYPE_LIST;
	memmove(item->dtype + 1, item->dtype, strlen(item->dtype) + 1);
	item->dtype[0] = '*';
	return 0;
}

int
map_list(struct type_mapping *m, const struct native_type *t, const char *where,
	 unsigned depth, struct type **ret)
{
	struct type_mapping quiet = { .why = m->why }; /* skipped whole */
	struct type *item = NULL;
	int rc;

	if (t->is_text)
		return type_leaf(TYPE_TEXT, "*|S1", 1, sizeof(char *), ret);
	rc = map_any(&quiet, t->base, where, depth, &item);
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
array_of(struct type_mapping *m, const struct native_type *t, struct type *type)
{
	unsigned n = t->count, i;
	uint64_t count = 1;

	if (type->ndim + n > MAX_NDIM)
		return type_skip(m, "%u dimensions", type->ndim + n);
	memmove(type->dims + n, type->dims, sizeof(uint64_t) * type->ndim);
	for (i = 0; i < n; i++) {
		type->dims[i] = t->dims[i];
		if (__builtin_mul_overflow(count, t->dims[i], &count) ||
		    __builtin_mul_overflow(type->dims_count, t->dims[i],
					   &type->dims_count))
			return type_skip(m, "array of over 2^64 items");
	}
	for (i = 0; i < PART_COUNT; i++)
		if (__builtin_mul_overflow(type->size[i], count,
					   &type->size[i]))
			return type_skip(m, "array of over 2^64 items");
	type->ndim += n;
	return 0;
}

int
map_array(struct type_mapping *m, const struct native_type *t,
	  const char *where, unsigned depth, struct type **ret)
{
	struct type *type = NULL;
	int rc = map_any(m, t->base, where, depth, &type);

	if (rc == 0)
		rc = array_of(m, t, type);
	if (rc != 0)
		type_free(type);
	else
		*ret = type;
	return rc;
}

/* Map a field.  If it has no form, report that and leave the field out. */
static int
map_field(struct type_mapping *m, const struct native_member *member,
	  const char *where, unsigned depth, struct type *record)
{
	struct field *f = &record->fields[record->field_count];
	char *path = NULL;
	int rc = 0;

	if (asprintf(&path, "%s.%s", where, member->name) < 0)
		path = NULL;
	f->name = strdup(member->name);
	if (!f->name || !path)
		rc = fail_memory("for a datatype");
	if (rc == 0)
		rc = map_any(m, member->type, path, depth, &f->type);
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
	return rc;
}

/* In memory the fields that have leaves of this part are packed. */
static void
record_mem(struct type *record, enum part part)
{
	struct field *f = record->fields, *end = f + record->field_count;

	for (; f < end; f++) {
		f->offset[part] = record->size[part];
		record->size[part] += f->type->size[part];
	}
}

int
map_compound(struct type_mapping *m, const struct native_type *t,
	     const char *where, unsigned depth, struct type **ret)
{
	uint32_t complex = complex_bytes(t);
	struct type *record;
	unsigned i;
	int rc = 0;

	if (complex > 0)
		return type_leaf(TYPE_PLAIN, complex == 8 ? "<c8" : "<c16",
				 complex, complex, ret);
	record = type_new(TYPE_RECORD);
	if (record)
		record->fields =
			calloc((size_t)t->count + 1, sizeof(*record->fields));
	if (!record || !record->fields)
		rc = fail_memory("for a datatype");
	for (i = 0; i < t->count && rc == 0; i++)
		rc = map_field(m, &t->members[i], where, depth, record);
	for (i = 0; i < PART_COUNT && rc == 0; i++)
		record_mem(record, i);
	if (rc != 0)
		type_free(record);
	else
		*ret = record;
	return rc;
}

const struct native_member *
member_find(const struct native_type *compound, const char *name)
{
	uint32_t i;

	for (i = 0; i < compound->count; i++)
		if (strcmp(compound->members[i].name, name) == 0)
			return &compound->members[i];
	return NULL;
}
