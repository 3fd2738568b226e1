/* SPDX-License-Identifier: MIT */
/*
 * Simple conversions that this library does itself, in one pass over the bytes.
 */

#include <float.h>
#include <string.h>

#include "base/simd.h"
#include "hdf5/type/type.h"

/*
 * Big-endian numbers of the same size.  libhdf5 only swaps the bytes of such
 * integers, even if the file's type uses fewer bits than its bytes have: all
 * bits are copied.
 */
static bool
get_swap(const struct native_type *t, bool bytes_only, struct convert *ret)
{
	ret->word = ret->size;
	if (t->order != NATIVE_BIG || !bytes_only)
		return false;
	ret->kind = CONVERT_SWAP;
	return ret->word <= 8 && (ret->word & (ret->word - 1)) == 0;
}

/* Whether all bits of the number count, from the first on. */
static bool
is_full(const struct native_type *t)
{
	return t->offset == 0 && t->precision == 8 * t->size &&
	       t->low_pad == 0 && t->high_pad == 0;
}

static bool
get_bits(const struct native_type *t, struct convert *ret)
{
	bool full = is_full(t);

	return (full && t->order == NATIVE_LITTLE) ||
	       get_swap(t,
			full || (t->class == NATIVE_INTEGER && t->offset == 0),
			ret);
}

/* The float in memory that a float of the file becomes; see float_index(). */
static struct native_type
float_native(unsigned index)
{
	static const struct {
		uint8_t size, exponent, mantissa, sign;
		uint16_t bias, precision;
	} of[] = {
		[FLOAT_16] = { 2, 5, 10, 15, 15, 16 },
		[FLOAT_32] = { 4, 8, 23, 31, 127, 32 },
		[FLOAT_64] = { 8, 11, 52, 63, 1023, 64 },
		/* Of x86: its fraction begins with a bit that is stored. */
		[FLOAT_LONG] = { 16, 15, 64, 79, 16383, 80 },
	};

	return (struct native_type){
		.class = NATIVE_FLOAT,
		.size = of[index].size,
		.order = NATIVE_LITTLE,
		.precision = of[index].precision,
		.sign_at = of[index].sign,
		.exponent_at = of[index].mantissa,
		.exponent_bits = of[index].exponent,
		.mantissa_bits = of[index].mantissa,
		.bias = of[index].bias,
		.norm = index == FLOAT_LONG ? NATIVE_NORM_NONE
					    : NATIVE_NORM_IMPLIED,
	};
}

static bool
get_float(const struct native_type *t, struct convert *ret)
{
	unsigned index = float_index(t);
	struct native_type mem = float_native(index), other = *t;

	if (index == FLOAT_LONG && LDBL_MANT_DIG != 64)
		return false;
	if (float_same(t, &mem))
		return true;
	other.order = NATIVE_LITTLE;
	return get_swap(t, float_same(&other, &mem), ret);
}

static bool
get_string(const struct native_type *t, struct convert *ret)
{
	switch ((H5T_str_t)t->pad) {
	case H5T_STR_NULLPAD: ret->kind = CONVERT_NONE; return true;
	case H5T_STR_NULLTERM: ret->kind = CONVERT_TERMINATED; return true;
	case H5T_STR_SPACEPAD: ret->kind = CONVERT_SPACES; return true;
	default: return false;
	}
}

/* Convert by the type of the parts: of an enum, an array, a complex number. */
static bool
get_parts(const struct native_type *part, struct convert *ret)
{
	size_t size = ret->size;
	bool ok = convert_get(part, ret) &&
		  (ret->kind == CONVERT_NONE || ret->kind == CONVERT_SWAP);

	ret->size = ret->from = size;
	return ok;
}

/* A complex number. */
static bool
get_compound(const struct native_type *t, struct convert *ret)
{
	const struct native_member *m = t->members;

	return m[0].offset == 0 && m[1].offset == m[0].type->size &&
	       t->size == 2 * (uint64_t)m[0].type->size &&
	       get_parts(m[0].type, ret);
}

static bool
get_same_size(const struct native_type *t, struct convert *ret)
{
	switch (t->class) {
	case NATIVE_INTEGER:
	case NATIVE_BITFIELD: return get_bits(t, ret);
	case NATIVE_FLOAT: return get_float(t, ret);
	case NATIVE_STRING: return get_string(t, ret);
	case NATIVE_OPAQUE: return true;
	case NATIVE_COMPOUND: return get_compound(t, ret);
	case NATIVE_ENUM:
	case NATIVE_ARRAY: return get_parts(t->base, ret);
	default: return false;
	}
}

/* Bytes of what the type becomes in memory; 0: it has no leaf of plain data. */
static size_t
memory_size(const struct native_type *t)
{
	size_t size;

	switch (t->class) {
	case NATIVE_INTEGER:
	case NATIVE_BITFIELD: return integer_bytes(t);
	case NATIVE_FLOAT: return t->size > 16 ? 0 : float_bytes(t);
	case NATIVE_STRING:
	case NATIVE_OPAQUE: return t->size;
	case NATIVE_ENUM: return memory_size(t->base);
	case NATIVE_COMPOUND: return complex_bytes(t);
	case NATIVE_ARRAY:
		size = memory_size(t->base);
		for (uint32_t i = 0; i < t->count; i++)
			size *= t->dims[i];
		return size;
	default: return 0;
	}
}

bool
convert_get(const struct native_type *t, struct convert *ret)
{
	*ret = (struct convert){ .kind = CONVERT_NONE };
	ret->from = t->size;
	ret->size = memory_size(t);
	if (ret->size == 0 || ret->from == 0)
		return false;
	if (ret->size == ret->from && get_same_size(t, ret))
		return true;
	return widen_get(t, ret);
}

/* ------------------------------------------------------------- the bytes */

#ifdef __SSE2__
static inline __m128i
swap16(__m128i v)
{
	return _mm_or_si128(_mm_slli_epi16(v, 8), _mm_srli_epi16(v, 8));
}

/* Swap in vectors of 16 bytes; return the number of bytes done. */
static size_t
swap_vectors(uint8_t *p, size_t size, size_t word)
{
	size_t i;

	for (i = 0; i + 16 <= size; i += 16) {
		__m128i v = swap16(load(p + i));

		if (word == 4)
			v = _mm_shufflehi_epi16(_mm_shufflelo_epi16(v, 0xb1),
						0xb1);
		else if (word == 8)
			v = _mm_shufflehi_epi16(_mm_shufflelo_epi16(v, 0x1b),
						0x1b);
		store(p + i, v);
	}
	return i;
}
#else
static size_t
swap_vectors(uint8_t *p, size_t size, size_t word)
{
	(void)p, (void)size, (void)word;
	return 0;
}
#endif

static void
swap(uint8_t *p, size_t size, size_t word)
{
	for (size_t i = swap_vectors(p, size, word); i < size; i += word)
		for (size_t a = i, b = i + word - 1; a < b; a++, b--) {
			uint8_t byte = p[a];

			p[a] = p[b];
			p[b] = byte;
		}
}

static void
pad_terminated(uint8_t *p, size_t size)
{
	uint8_t *end = memchr(p, 0, size);

	if (end)
		memset(end, 0, size - (size_t)(end - p));
}

static void
pad_spaces(uint8_t *p, size_t size)
{
	while (size > 0 && p[size - 1] == ' ')
		p[--size] = 0;
}

void
convert(const struct convert *how, uint8_t *data, size_t n)
{
	switch (how->kind) {
	case CONVERT_NONE: break;
	case CONVERT_SWAP:
		if (how->word > 1)
			swap(data, n * how->size, how->word);
		break;
	case CONVERT_TERMINATED:
		for (; n > 0; n--, data += how->size)
			pad_terminated(data, how->size);
		break;
	case CONVERT_SPACES:
		for (; n > 0; n--, data += how->size)
			pad_spaces(data, how->size);
		break;
	case CONVERT_INTEGER:
	case CONVERT_FLOAT: break; /* done by widen() */
	}
}
