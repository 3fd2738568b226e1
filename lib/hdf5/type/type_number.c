/* SPDX-License-Identifier: MIT */
/* Integers, floats, enums, complex numbers. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/type/type.h"

unsigned
integer_bytes(const struct native_type *t)
{
	unsigned bits = t->precision;

	if (t->size > 8)
		return 0;
	return bits <= 8    ? 1
	       : bits <= 16 ? 2
	       : bits <= 32 ? 4
	       : bits <= 64 ? 8
			    : 0;
}

static void
int_dtype(char *dtype, unsigned bytes, bool is_signed)
{
	snprintf(dtype, DTYPE_SIZE, "%c%c%u", bytes == 1 ? '|' : '<',
		 is_signed ? 'i' : 'u', bytes);
}

int
map_int(struct type_mapping *m, const struct native_type *t, struct type **ret)
{
	unsigned bytes = integer_bytes(t);
	char dtype[DTYPE_SIZE];

	if (bytes == 0)
		return type_skip(m, "integer of %u bytes", t->size);
	int_dtype(dtype, bytes, t->is_signed);
	return type_leaf(TYPE_PLAIN, dtype, bytes, bytes, ret);
}

int
map_bitfield(struct type_mapping *m, const struct native_type *t,
	     struct type **ret)
{
	unsigned bytes = integer_bytes(t);
	char dtype[DTYPE_SIZE];

	if (bytes == 0)
		return type_skip(m, "bitfield of %u bytes", t->size);
	int_dtype(dtype, bytes, false);
	return type_leaf(TYPE_PLAIN, dtype, bytes, bytes, ret);
}

static hid_t
integer_mem(const struct native_type *t)
{
	bool is_signed = t->is_signed;

	switch (integer_bytes(t)) {
	case 1: return is_signed ? H5T_NATIVE_INT8 : H5T_NATIVE_UINT8;
	case 2: return is_signed ? H5T_NATIVE_INT16 : H5T_NATIVE_UINT16;
	case 4: return is_signed ? H5T_NATIVE_INT32 : H5T_NATIVE_UINT32;
	default: return is_signed ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64;
	}
}

static hid_t
bitfield_mem(const struct native_type *t)
{
	switch (integer_bytes(t)) {
	case 1: return H5T_NATIVE_B8;
	case 2: return H5T_NATIVE_B16;
	case 4: return H5T_NATIVE_B32;
	default: return H5T_NATIVE_B64;
	}
}

hid_t
type_float16(void)
{
	hid_t t = H5Tcopy(H5T_IEEE_F32LE);

	if (t < 0)
		return t;
	if (H5Tset_fields(t, 15, 10, 5, 0, 10) < 0 || H5Tset_size(t, 2) < 0 ||
	    H5Tset_ebias(t, 15) < 0) {
		H5Tclose(t);
		return H5I_INVALID_HID;
	}
	return t;
}

/*
 * The float dtypes, from small to large: explicit bits of the fraction,
 * exponents of normal numbers.
 */
static const struct {
	const char *dtype;
	uint32_t size;
	unsigned fraction;
	int64_t least, most;
} floats[] = {
	{ "<f2", 2, 10, -14, 15 },
	{ "<f4", 4, 23, -126, 127 },
	{ "<f8", 8, 52, -1022, 1023 },
	{ "<f16", 16, 63, -16382, 16383 },
};

unsigned
float_index(const struct native_type *t)
{
	unsigned fraction = t->mantissa_bits, i;
	int64_t bias = t->bias, least, most;

	if (t->norm != NATIVE_NORM_IMPLIED && fraction > 0)
		fraction--;
	least = 1 - bias;
	most = t->exponent_bits < 62
		       ? ((int64_t)1 << t->exponent_bits) - 2 - bias
		       : INT64_MAX;
	for (i = 0; i < FLOAT_LONG; i++)
		if (fraction <= floats[i].fraction &&
		    least >= floats[i].least && most <= floats[i].most)
			break;
	return i;
}

uint32_t
float_bytes(const struct native_type *t)
{
	return floats[float_index(t)].size;
}

static hid_t
float_mem(unsigned i)
{
	return i == FLOAT_16   ? type_float16()
	       : i == FLOAT_32 ? H5Tcopy(H5T_IEEE_F32LE)
	       : i == FLOAT_64 ? H5Tcopy(H5T_IEEE_F64LE)
			       : H5Tcopy(H5T_NATIVE_LDOUBLE);
}

hid_t
number_mem(const struct native_type *t)
{
	switch (t->class) {
	case NATIVE_INTEGER: return H5Tcopy(integer_mem(t));
	case NATIVE_BITFIELD: return H5Tcopy(bitfield_mem(t));
	case NATIVE_FLOAT: return float_mem(float_index(t));
	default: return H5I_INVALID_HID;
	}
}

int
map_float(struct type_mapping *m, const struct native_type *t,
	  struct type **ret)
{
	unsigned i;

	/* libhdf5 1.10 reads out of bounds when it converts larger floats. */
	if (t->size > 16)
		return type_skip(m, "float of %u bytes", t->size);
	i = float_index(t);
	return type_leaf(TYPE_PLAIN, floats[i].dtype, floats[i].size,
			 floats[i].size, ret);
}

/* Member i of an enum, as an integer of the size of 'base'. */
static int
enum_member(const struct native_type *t, const struct type *base, unsigned i,
	    char **name, uint64_t *value)
{
	struct convert how;
	uint8_t raw[8];

	*value = 0;
	if (!convert_get(t->base, &how))
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "enum: its integer is of no known form");
	if (widens(&how)) {
		widen(&how, (uint8_t *)value, t->members[i].value, how.from, 1);
	} else {
		memcpy(raw, t->members[i].value, base->item_size);
		convert(&how, raw, 1);
		memcpy(value, raw, base->item_size);
	}
	*name = strdup(t->members[i].name);
	return *name ? 0 : fail_memory("for a datatype");
}

static int
enum_members(const struct native_type *t, struct type *type)
{
	unsigned i;
	int rc;

	type->is_enum = true;
	type->enum_names = calloc((size_t)t->count + 1, sizeof(char *));
	type->enum_values = calloc((size_t)t->count + 1, sizeof(uint64_t));
	if (!type->enum_names || !type->enum_values)
		return fail_memory("for a datatype");
	for (i = 0; i < t->count; i++) {
		rc = enum_member(t, type, i, &type->enum_names[i],
				 &type->enum_values[i]);
		if (rc != 0)
			return rc;
		type->enum_count = i + 1;
	}
	return 0;
}

/* Whether the members are FALSE = 0 and TRUE = 1, in either order. */
static bool
is_bool(const struct type *t)
{
	unsigned f =
		t->enum_count == 2 && strcmp(t->enum_names[0], "TRUE") == 0;

	return t->enum_count == 2 && strcmp(t->enum_names[f], "FALSE") == 0 &&
	       strcmp(t->enum_names[!f], "TRUE") == 0 &&
	       t->enum_values[f] == 0 && t->enum_values[!f] == 1;
}

int
map_enum(struct type_mapping *m, const struct native_type *t, struct type **ret)
{
	struct type *type = NULL;
	int rc = map_int(m, t->base, &type);

	if (rc == 0)
		rc = enum_members(t, type);
	if (rc == 0 && t->base->size == 1 && is_bool(type)) {
		snprintf(type->dtype, sizeof(type->dtype), "|b1");
		type->is_enum = false;
	}
	if (rc != 0)
		type_free(type);
	else
		*ret = type;
	return rc;
}

bool
float_same(const struct native_type *a, const struct native_type *b)
{
	return a->size == b->size && a->order == b->order &&
	       a->offset == b->offset && a->precision == b->precision &&
	       a->low_pad == b->low_pad && a->high_pad == b->high_pad &&
	       a->inner_pad == b->inner_pad && a->norm == b->norm &&
	       a->sign_at == b->sign_at && a->exponent_at == b->exponent_at &&
	       a->exponent_bits == b->exponent_bits &&
	       a->mantissa_at == b->mantissa_at &&
	       a->mantissa_bits == b->mantissa_bits && a->bias == b->bias;
}

bool
type_same(const struct native_type *a, const struct native_type *b)
{
	if (a->class != b->class || a->size != b->size)
		return false;
	switch (a->class) {
	case NATIVE_INTEGER:
	case NATIVE_BITFIELD:
	case NATIVE_FLOAT:
		return a == b ||
		       (a->is_signed == b->is_signed && float_same(a, b));
	case NATIVE_STRING: return a->pad == b->pad && a->charset == b->charset;
	case NATIVE_OPAQUE: return strcmp(a->tag, b->tag) == 0;
	default: return false;
	}
}

uint32_t
complex_bytes(const struct native_type *t)
{
	const struct native_member *m = t->members;
	unsigned i;

	if (t->count != 2 || strcmp(m[0].name, "r") != 0 ||
	    strcmp(m[1].name, "i") != 0 || m[0].type->class != NATIVE_FLOAT ||
	    m[1].type->class != NATIVE_FLOAT || m[0].type->size > 16 ||
	    !float_same(m[0].type, m[1].type))
		return 0;
	i = float_index(m[0].type);
	return i == FLOAT_32 || i == FLOAT_64 ? 2 * floats[i].size : 0;
}

hid_t
complex_mem(const struct native_type *t)
{
	unsigned i = float_index(t->members[0].type);
	hid_t part = float_mem(i);
	hid_t mem = H5Tcreate(H5T_COMPOUND, 2 * (size_t)floats[i].size);

	if (part < 0 || mem < 0 || H5Tinsert(mem, "r", 0, part) < 0 ||
	    H5Tinsert(mem, "i", floats[i].size, part) < 0) {
		H5Tclose(mem);
		mem = H5I_INVALID_HID;
	}
	if (part >= 0)
		H5Tclose(part);
	return mem;
}
