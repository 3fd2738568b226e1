/* SPDX-License-Identifier: MIT */
/*
 * Convert numbers whose size C has no type for: integers of 12 or 24 bits, the
 * upper half of a float32.  HDF5's own conversion is slow: it handles each bit
 * on its own.
 */

#include <string.h>

#include "hdf5/type/type.h"

static bool
get_integer(const struct native_type *t, struct convert *ret)
{
	if (t->order == NATIVE_VAX && ret->from > 1)
		return false;
	ret->kind = CONVERT_INTEGER;
	ret->shift = t->offset;
	ret->bits = t->precision;
	ret->is_signed = t->class == NATIVE_INTEGER && t->is_signed;
	ret->big = t->order == NATIVE_BIG;
	return ret->bits > 0 && ret->bits <= 8 * ret->size &&
	       ret->shift + ret->bits <= 8 * ret->from;
}

/* A float like float32, but with a shorter fraction. */
static bool
get_float(const struct native_type *t, struct convert *ret)
{
	size_t bits = 8 * ret->from;

	if (ret->size != 4 || ret->from < 2 || ret->from > 3 ||
	    t->precision != bits || t->order == NATIVE_VAX)
		return false;
	ret->kind = CONVERT_FLOAT;
	ret->big = t->order == NATIVE_BIG;
	return t->sign_at == bits - 1 && t->exponent_at == bits - 9 &&
	       t->exponent_bits == 8 && t->mantissa_at == 0 &&
	       t->mantissa_bits == bits - 9 && t->bias == 127 &&
	       t->norm == NATIVE_NORM_IMPLIED;
}

bool
widen_get(const struct native_type *t, struct convert *ret)
{
	if (ret->from > 8 || (ret->size != 1 && ret->size != 2 &&
			      ret->size != 4 && ret->size != 8))
		return false;
	switch (t->class) {
	case NATIVE_INTEGER:
	case NATIVE_BITFIELD: return get_integer(t, ret);
	case NATIVE_FLOAT: return get_float(t, ret);
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
