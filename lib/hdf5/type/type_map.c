/* SPDX-License-Identifier: MIT */
/* What an HDF5 datatype becomes; cute-shm-hdf5(7) has the table. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/type/type.h"

int
type_skip(const struct type_mapping *m, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(m->why, WHY_SIZE, format, ap);
	va_end(ap);
	return SKIP;
}

int
type_unreadable(const char *what)
{
	char cause[200];

	return cute_shm_fail(CUTE_SHM_ERR_SOURCE, "%s: %s", what,
			     hdf5_cause(cause, sizeof(cause)));
}

bool
type_is_leaf(const struct type *type)
{
	return type->kind != TYPE_RECORD;
}

static enum part
part_of(const struct type *leaf)
{
	return leaf->kind == TYPE_PLAIN ? PART_PLAIN : PART_RAGGED;
}

struct type *
type_new(enum type_kind kind)
{
	struct type *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->kind = kind;
	t->dims_count = 1;
	t->mem[PART_PLAIN] = H5I_INVALID_HID;
	t->mem[PART_RAGGED] = H5I_INVALID_HID;
	return t;
}

struct type *
type_share(struct type *t)
{
	t->shares++;
	return t;
}

void
type_free(struct type *t)
{
	unsigned i;

	if (!t)
		return;
	if (t->shares > 0) {
		t->shares--;
		return;
	}
	for (i = 0; i < PART_COUNT; i++)
		if (t->mem[i] >= 0)
			H5Tclose(t->mem[i]);
	for (i = 0; i < t->field_count; i++) {
		free(t->fields[i].name);
		type_free(t->fields[i].type);
	}
	for (i = 0; i < t->enum_count; i++)
		free(t->enum_names[i]);
	free(t->enum_names);
	free(t->enum_values);
	free(t->fields);
	arena_free(&t->arena);
	free(t);
}

int
type_leaf(enum type_kind kind, const char *dtype, uint32_t item_size,
	  size_t size, struct type **ret)
{
	struct type *t = type_new(kind);

	if (!t)
		return fail_memory("for a datatype");
	snprintf(t->dtype, sizeof(t->dtype), "%s", dtype);
	t->item_size = item_size;
	t->size[part_of(t)] = size;
	*ret = t;
	return 0;
}

static int
map_string(struct type_mapping *m, const struct native_type *t,
	   struct type **ret)
{
	char dtype[DTYPE_SIZE];

	if (t->size == 0)
		return type_skip(m, "string of %u bytes", t->size);
	snprintf(dtype, sizeof(dtype), "|S%u", t->size);
	return type_leaf(TYPE_PLAIN, dtype, t->size, t->size, ret);
}

/* h5py's tag for NumPy's datetime types: "NUMPY:<M8[ns]". */
static bool
numpy_time(const char *tag, size_t size, char *dtype, bool *swap)
{
	uint32_t item_size;

	if (size != 8 || strncmp(tag, "NUMPY:", 6) != 0 ||
	    (tag[6] != '<' && tag[6] != '>') || strlen(tag + 7) >= 15 ||
	    (strncmp(tag + 7, "M8", 2) != 0 && strncmp(tag + 7, "m8", 2) != 0))
		return false;
	snprintf(dtype, DTYPE_SIZE, "<%.14s", tag + 7);
	if (cute_shm_dtype_size(dtype, &item_size) != 0)
		return false;
	/* Opaque bytes with other tags have no byte order. */
	*swap = tag[6] == '>';
	return true;
}

static int
map_opaque(struct type_mapping *m, const struct native_type *t,
	   struct type **ret)
{
	char dtype[DTYPE_SIZE];
	bool swap = false;
	int rc;

	if (t->size == 0)
		return type_skip(m, "opaque of %u bytes", t->size);
	if (!numpy_time(t->tag, t->size, dtype, &swap))
		snprintf(dtype, sizeof(dtype), "|V%u", t->size);
	rc = type_leaf(TYPE_PLAIN, dtype, t->size, t->size, ret);
	if (rc == 0)
		(*ret)->swap = swap;
	return rc;
}

static int
map_reference(struct type_mapping *m, const struct native_type *t,
	      struct type **ret)
{
	if (!t->is_region)
		return type_leaf(TYPE_REFERENCE, "*|S1", 1, sizeof(hobj_ref_t),
				 ret);
	return type_skip(m, "region reference");
}

int
map_any(struct type_mapping *m, const struct native_type *t, const char *where,
	unsigned depth, struct type **ret)
{
	if (depth > TYPE_DEPTH)
		return type_skip(m, "over %d nested types", TYPE_DEPTH);
	switch (t->class) {
	case NATIVE_INTEGER: return map_int(m, t, ret);
	case NATIVE_FLOAT: return map_float(m, t, ret);
	case NATIVE_TIME: return type_skip(m, "H5T_TIME");
	case NATIVE_STRING: return map_string(m, t, ret);
	case NATIVE_BITFIELD: return map_bitfield(m, t, ret);
	case NATIVE_OPAQUE: return map_opaque(m, t, ret);
	case NATIVE_COMPOUND: return map_compound(m, t, where, depth + 1, ret);
	case NATIVE_REFERENCE: return map_reference(m, t, ret);
	case NATIVE_ENUM: return map_enum(m, t, ret);
	case NATIVE_LIST: return map_list(m, t, where, depth + 1, ret);
	default: return map_array(m, t, where, depth + 1, ret);
	}
}

int
type_map(const struct native_type *file, type_gone_fn *gone, void *arg,
	 char *why, struct type **ret)
{
	struct type_mapping m = { gone, arg, why };
	int rc = map_any(&m, file, "", 0, ret);

	if (rc == 0)
		(*ret)->file = file;
	return rc;
}

int
type_map_id(hid_t file_type, type_gone_fn *gone, void *arg, char *why,
	    struct type **ret)
{
	struct arena arena = { .chunks = NULL };
	const struct native_type *file;
	int rc = type_check(file_type);

	if (rc == 0)
		rc = type_describe(file_type, &arena, &file);
	if (rc == 0)
		rc = type_map(file, gone, arg, why, ret);
	if (rc == 0)
		(*ret)->arena = arena;
	else
		arena_free(&arena);
	return rc;
}
