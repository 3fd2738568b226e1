/* SPDX-License-Identifier: MIT */
/*
 * Convert numbers whose size C has no type for: integers of 12 or 24 bits, the
 * upper half of a float32.  HDF5's own conversion is slow: it handles each bit
 * on its own.
 */

#include <string.h>

#include "hdf5/type/type.h"

static bool
get_integer(hid_t file_type, hid_t mem_type, struct convert *ret)
{
	H5T_class_t class = H5Tget_class(file_type);
	H5T_order_t order = H5Tget_order(file_type);
	bool is_signed =
		class == H5T_INTEGER && H5Tget_sign(file_type) == H5T_SGN_2;
	int offset = H5Tget_offset(file_type);

	if (H5Tget_class(mem_type) != class || offset < 0 ||
	    (class == H5T_INTEGER &&
	     (H5Tget_sign(mem_type) == H5T_SGN_2) != is_signed) ||
	    (order != H5T_ORDER_LE && order != H5T_ORDER_BE && ret->from > 1) ||
	    H5Tget_precision(mem_type) != 8 * ret->size ||
	    H5Tget_order(mem_type) == H5T_ORDER_BE)
		return false;
	ret->kind = CONVERT_INTEGER;
	ret->shift = (unsigned)offset;
	ret->bits = (unsigned)H5Tget_precision(file_type);
	ret->is_signed = is_signed;
	ret->big = order == H5T_ORDER_BE;
	return ret->bits > 0 && ret->bits <= 8 * ret->size &&
	       ret->shift + ret->bits <= 8 * ret->from;
}

/* A float like float32, but with a shorter fraction. */
static bool
get_float(hid_t file_type, hid_t mem_type, struct convert *ret)
{
	size_t sign, exponent, exponent_size, fraction, fraction_size;
	size_t bits = 8 * ret->from;
	H5T_order_t order = H5Tget_order(file_type);

	if (H5Tequal(mem_type, H5T_IEEE_F32LE) <= 0 || ret->from < 2 ||
	    ret->from > 3 || H5Tget_precision(file_type) != bits ||
	    H5Tget_fields(file_type, &sign, &exponent, &exponent_size,
			  &fraction, &fraction_size) < 0 ||
	    (order != H5T_ORDER_LE && order != H5T_ORDER_BE))
		return false;
	ret->kind = CONVERT_FLOAT;
	ret->big = order == H5T_ORDER_BE;
	return sign == bits - 1 && exponent == bits - 9 && exponent_size == 8 &&
	       fraction == 0 && fraction_size == bits - 9 &&
	       H5Tget_ebias(file_type) == 127 &&
	       H5Tget_norm(file_type) == H5T_NORM_IMPLIED;
}

bool
widen_get(hid_t file_type, hid_t mem_type, struct convert *ret)
{
	if (ret->from > 8 || (ret->size != 1 && ret->size != 2 &&
			      ret->size != 4 && ret->size != 8))
		return false;
	switch (H5Tget_class(file_type)) {
	case H5T_INTEGER:
	case H5T_BITFIELD: return get_integer(file_type, mem_type, ret);
	case H5T_FLOAT:
		return H5Tget_class(mem_type) == H5T_FLOAT &&
		       get_float(file_type, mem_type, ret);
	default: return false;
	}
}

/* The bytes of one number of the file, as an integer. */
static inline uint64_t
bits_of(const struct convert *how, const uint8_t *from)
{
	uint64_t v = 0;

	memcpy(&v, from, how->from);
	return how->big ? __builtin_bswap64(v) >> (64 - 8 * how->from) : v;
}

static inline uint64_t
integer(const struct convert *how, const uint8_t *from)
{
	unsigned spare = 64 - how->bits;
	uint64_t v = bits_of(how, from) >> how->shift << spare;

	/* GCC and Clang shift signed numbers arithmetically. */
	return how->is_signed ? (uint64_t)((int64_t)v >> spare) : v >> spare;
}

/* A NaN becomes the NaN that H5Dread makes of it. */
static inline uint32_t
float32(const struct convert *how, const uint8_t *from)
{
	uint32_t v = (uint32_t)bits_of(how, from) << (32 - 8 * how->from);

	if ((v & 0x7fffffff) > 0x7f800000)
		v |= 0x7fffffff;
	return v;
}

void
widen(const struct convert *how, uint8_t *to, const uint8_t *from,
      size_t stride, size_t n)
{
	uint64_t v;

	for (; n > 0; n--, from += stride, to += how->size) {
		v = how->kind == CONVERT_FLOAT ? float32(how, from)
					       : integer(how, from);
		memcpy(to, &v, how->size);
	}
}
