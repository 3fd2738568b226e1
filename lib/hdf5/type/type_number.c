/* SPDX-License-Identifier: MIT */
/* Integers, floats, enums, complex numbers. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/type/type.h"

/* Smallest of 1, 2, 4, 8 bytes that hold so many bits, or 0. */
static unsigned
bytes_for(size_t bits)
{
	return bits <= 8    ? 1
	       : bits <= 16 ? 2
	       : bits <= 32 ? 4
	       : bits <= 64 ? 8
			    : 0;
}

static hid_t
native_int(unsigned bytes, bool is_signed)
{
	switch (bytes) {
	case 1: return is_signed ? H5T_NATIVE_INT8 : H5T_NATIVE_UINT8;
	case 2: return is_signed ? H5T_NATIVE_INT16 : H5T_NATIVE_UINT16;
	case 4: return is_signed ? H5T_NATIVE_INT32 : H5T_NATIVE_UINT32;
	default: return is_signed ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64;
	}
}

static void
int_dtype(char *dtype, unsigned bytes, bool is_signed)
{
	snprintf(dtype, DTYPE_SIZE, "%c%c%u", bytes == 1 ? '|' : '<',
		 is_signed ? 'i' : 'u', bytes);
}

int
map_int(struct type_mapping *m, hid_t t, struct type **ret)
{
	bool is_signed = H5Tget_sign(t) != H5T_SGN_NONE;
	unsigned bytes = bytes_for(H5Tget_precision(t));
	char dtype[DTYPE_SIZE];

	if (H5Tget_size(t) > 8 || bytes == 0)
		return type_skip(m, "integer of %zu bytes", H5Tget_size(t));
	int_dtype(dtype, bytes, is_signed);
	return type_leaf(TYPE_PLAIN, dtype, bytes,
			 H5Tcopy(native_int(bytes, is_signed)), ret);
}

int
map_bitfield(struct type_mapping *m, hid_t t, struct type **ret)
{
	const hid_t native[] = { H5T_NATIVE_B8, H5T_NATIVE_B16, H5T_NATIVE_B32,
				 H5T_NATIVE_B64 };
	unsigned bytes = bytes_for(H5Tget_precision(t));
	char dtype[DTYPE_SIZE];
	unsigned i = bytes == 1 ? 0 : bytes == 2 ? 1 : bytes == 4 ? 2 : 3;

	if (H5Tget_size(t) > 8 || bytes == 0)
		return type_skip(m, "bitfield of %zu bytes", H5Tget_size(t));
	int_dtype(dtype, bytes, false);
	return type_leaf(TYPE_PLAIN, dtype, bytes, H5Tcopy(native[i]), ret);
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
	size_t fraction;
	int64_t least, most;
} floats[] = {
	{ "<f2", 2, 10, -14, 15 },
	{ "<f4", 4, 23, -126, 127 },
	{ "<f8", 8, 52, -1022, 1023 },
	{ "<f16", 16, 63, -16382, 16383 },
};

/* The smallest dtype that holds every value of 't'; the last if none does. */
static int
float_index(hid_t t, unsigned *ret)
{
	size_t spos, epos, esize, mpos, msize;
	int64_t bias, least, most;
	unsigned i;

	if (H5Tget_fields(t, &spos, &epos, &esize, &mpos, &msize) < 0)
		return type_unreadable("floating-point type");
	if (H5Tget_norm(t) != H5T_NORM_IMPLIED && msize > 0)
		msize--;
	bias = (int64_t)H5Tget_ebias(t);
	least = 1 - bias;
	most = esize < 62 ? ((int64_t)1 << esize) - 2 - bias : INT64_MAX;
	for (i = 0; i < 3; i++)
		if (msize <= floats[i].fraction && least >= floats[i].least &&
		    most <= floats[i].most)
			break;
	*ret = i;
	return 0;
}

static hid_t
float_mem(unsigned i)
{
	return i == 0 ? type_float16()
		      : H5Tcopy(i == 1	 ? H5T_IEEE_F32LE
				: i == 2 ? H5T_IEEE_F64LE
					 : H5T_NATIVE_LDOUBLE);
}

int
map_float(struct type_mapping *m, hid_t t, struct type **ret)
{
	unsigned i;
	int rc;

	/* libhdf5 1.10 reads out of bounds when it converts larger floats. */
	if (H5Tget_size(t) > 16)
		return type_skip(m, "float of %zu bytes", H5Tget_size(t));
	rc = float_index(t, &i);
	if (rc != 0)
		return rc;
	return type_leaf(TYPE_PLAIN, floats[i].dtype, floats[i].size,
			 float_mem(i), ret);
}

/* Member i of an enum, as a native integer of 'base'. */
static int
enum_member(hid_t t, hid_t super, const struct type *base, unsigned i,
	    char **name, uint64_t *value)
{
	uint64_t raw[2] = { 0, 0 };
	char *theirs = H5Tget_member_name(t, i);

	/* libhdf5 copies as many bytes as the type has. */
	if (H5Tget_size(t) > sizeof(raw) || H5Tget_size(super) > sizeof(raw)) {
		H5free_memory(theirs);
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "enum values of %zu "
				     "bytes",
				     H5Tget_size(t));
	}
	if (!theirs || H5Tget_member_value(t, i, raw) < 0 ||
	    H5Tconvert(super, base->mem[PART_PLAIN], 1, raw, NULL,
		       H5P_DEFAULT) < 0) {
		H5free_memory(theirs);
		return type_unreadable("enum");
	}
	*name = strdup(theirs);
	H5free_memory(theirs);
	*value =
		base->item_size == 8
			? raw[0]
			: raw[0] & (((uint64_t)1 << (8 * base->item_size)) - 1);
	return *name ? 0 : fail_memory("for a datatype");
}

static int
enum_members(hid_t t, hid_t super, struct type *type)
{
	int count = H5Tget_nmembers(t);
	unsigned i;
	int rc;

	if (count < 0)
		return type_unreadable("enum");
	type->is_enum = true;
	type->enum_names = calloc((size_t)count + 1, sizeof(char *));
	type->enum_values = calloc((size_t)count + 1, sizeof(uint64_t));
	if (!type->enum_names || !type->enum_values)
		return fail_memory("for a datatype");
	for (i = 0; i < (unsigned)count; i++) {
		rc = enum_member(t, super, type, i, &type->enum_names[i],
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
map_enum(struct type_mapping *m, hid_t t, struct type **ret)
{
	hid_t super = H5Tget_super(t);
	struct type *type = NULL;
	int rc;

	if (super < 0)
		return type_unreadable("enum");
	rc = map_int(m, super, &type);
	if (rc == 0)
		rc = enum_members(t, super, type);
	if (rc == 0 && H5Tget_size(super) == 1 && is_bool(type)) {
		snprintf(type->dtype, sizeof(type->dtype), "|b1");
		type->is_enum = false;
	}
	H5Tclose(super);
	if (rc != 0)
		type_free(type);
	else
		*ret = type;
	return rc;
}

int
map_complex(hid_t t, struct type **ret)
{
	char *r = H5Tget_member_name(t, 0), *i = H5Tget_member_name(t, 1);
	hid_t re = H5Tget_member_type(t, 0), im = H5Tget_member_type(t, 1);
	hid_t mem = H5I_INVALID_HID, part = H5I_INVALID_HID;
	unsigned index;
	int rc = SKIP;

	if (r && i && strcmp(r, "r") == 0 && strcmp(i, "i") == 0 && re >= 0 &&
	    im >= 0 && H5Tequal(re, im) > 0 && H5Tget_class(re) == H5T_FLOAT &&
	    H5Tget_size(re) <= 16 && float_index(re, &index) == 0 &&
	    (index == 1 || index == 2)) {
		part = float_mem(index);
		mem = H5Tcreate(H5T_COMPOUND, 2 * floats[index].size);
		if (part < 0 || mem < 0 || H5Tinsert(mem, "r", 0, part) < 0 ||
		    H5Tinsert(mem, "i", floats[index].size, part) < 0) {
			H5Tclose(mem);
			mem = H5I_INVALID_HID;
		}
		rc = type_leaf(TYPE_PLAIN, index == 1 ? "<c8" : "<c16",
			       2 * floats[index].size, mem, ret);
	}
	if (part >= 0)
		H5Tclose(part);
	if (re >= 0)
		H5Tclose(re);
	if (im >= 0)
		H5Tclose(im);
	H5free_memory(r);
	H5free_memory(i);
	return rc;
}
