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
	free(t);
}

int
type_leaf(enum type_kind kind, const char *dtype, uint32_t item_size, hid_t mem,
	  struct type **ret)
{
	struct type *t;
	enum part part;

	if (mem < 0)
		return type_unreadable("datatype");
	t = type_new(kind);
	if (!t) {
		H5Tclose(mem);
		return fail_memory("for a datatype");
	}
	snprintf(t->dtype, sizeof(t->dtype), "%s", dtype);
	t->item_size = item_size;
	part = part_of(t);
	t->mem[part] = mem;
	t->size[part] = H5Tget_size(mem);
	*ret = t;
	return 0;
}

static int
map_string(struct type_mapping *m, hid_t t, struct type **ret)
{
	size_t size = H5Tget_size(t);
	htri_t variable = H5Tis_variable_str(t);
	char dtype[DTYPE_SIZE];
	hid_t mem;

	if (variable < 0)
		return type_unreadable("string type");
	if (variable > 0)
		return type_leaf(TYPE_TEXT, "*|S1", 1, H5Tcopy(t), ret);
	if (size == 0 || size > UINT32_MAX)
		return type_skip(m, "string of %zu bytes", size);
	mem = H5Tcopy(t);
	if (mem >= 0 && H5Tset_strpad(mem, H5T_STR_NULLPAD) < 0) {
		H5Tclose(mem);
		mem = H5I_INVALID_HID;
	}
	snprintf(dtype, sizeof(dtype), "|S%zu", size);
	return type_leaf(TYPE_PLAIN, dtype, (uint32_t)size, mem, ret);
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
map_opaque(struct type_mapping *m, hid_t t, struct type **ret)
{
	size_t size = H5Tget_size(t);
	char dtype[DTYPE_SIZE];
	bool swap = false;
	char *tag;
	int rc;

	if (size == 0 || size > UINT32_MAX)
		return type_skip(m, "opaque of %zu bytes", size);
	tag = H5Tget_tag(t);
	if (!tag)
		return type_unreadable("opaque type");
	if (!numpy_time(tag, size, dtype, &swap))
		snprintf(dtype, sizeof(dtype), "|V%zu", size);
	H5free_memory(tag);
	rc = type_leaf(TYPE_PLAIN, dtype, (uint32_t)size, H5Tcopy(t), ret);
	if (rc == 0)
		(*ret)->swap = swap;
	return rc;
}

static int
map_reference(struct type_mapping *m, hid_t t, struct type **ret)
{
	if (H5Tequal(t, H5T_STD_REF_OBJ) > 0)
		return type_leaf(TYPE_REFERENCE, "*|S1", 1, H5Tcopy(t), ret);
	return type_skip(m, "region reference");
}

int
map_any(struct type_mapping *m, hid_t t, const char *where, unsigned depth,
	struct type **ret)
{
	if (depth > TYPE_DEPTH)
		return type_skip(m, "over %d nested types", TYPE_DEPTH);
	switch (H5Tget_class(t)) {
	case H5T_INTEGER: return map_int(m, t, ret);
	case H5T_FLOAT: return map_float(m, t, ret);
	case H5T_TIME: return type_skip(m, "H5T_TIME");
	case H5T_STRING: return map_string(m, t, ret);
	case H5T_BITFIELD: return map_bitfield(m, t, ret);
	case H5T_OPAQUE: return map_opaque(m, t, ret);
	case H5T_COMPOUND: return map_compound(m, t, where, depth + 1, ret);
	case H5T_REFERENCE: return map_reference(m, t, ret);
	case H5T_ENUM: return map_enum(m, t, ret);
	case H5T_VLEN: return map_list(m, t, where, depth + 1, ret);
	case H5T_ARRAY: return map_array(m, t, where, depth + 1, ret);
	default: return type_unreadable("datatype of an unknown class");
	}
}

int
type_map(hid_t file_type, type_gone_fn *gone, void *arg, char *why,
	 struct type **ret)
{
	struct type_mapping m = { gone, arg, why };
	int err = type_check(file_type);

	return err ? err : map_any(&m, file_type, "", 0, ret);
}
