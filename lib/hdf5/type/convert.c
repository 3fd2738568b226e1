/* SPDX-License-Identifier: MIT */
/*
 * Simple conversions that this library does itself, in one pass over the bytes.
 */

#include <string.h>

#include "base/simd.h"
#include "hdf5/type/type.h"

/* Whether 'type' differs from mem_type only in its byte order. */
static bool
swapped(hid_t type, hid_t mem_type)
{
	hid_t copy = H5Tcopy(type);
	bool same = copy >= 0 && H5Tset_order(copy, H5T_ORDER_LE) >= 0 &&
		    H5Tequal(copy, mem_type) > 0;

	if (copy >= 0)
		H5Tclose(copy);
	return same;
}

/*
 * Integers of the same size in other byte order.  libhdf5 only swaps the bytes
 * of such integers, even if the file's type uses fewer bits than its bytes
 * have: all bits are copied.
 */
static bool
swapped_integer(hid_t type, hid_t mem_type)
{
	return H5Tget_class(type) == H5T_INTEGER &&
	       H5Tget_class(mem_type) == H5T_INTEGER &&
	       H5Tget_sign(type) == H5Tget_sign(mem_type) &&
	       H5Tget_offset(type) == 0 && H5Tget_offset(mem_type) == 0 &&
	       H5Tget_order(mem_type) == H5T_ORDER_LE;
}

static bool
get_number(hid_t file_type, hid_t mem_type, struct convert *ret)
{
	ret->word = ret->size;
	if (H5Tget_order(file_type) != H5T_ORDER_BE ||
	    (!swapped(file_type, mem_type) &&
	     !swapped_integer(file_type, mem_type)))
		return false;
	ret->kind = CONVERT_SWAP;
	return ret->word <= 8 && (ret->word & (ret->word - 1)) == 0;
}

/*
 * A change of the character set is refused here, because H5Dread fails on it.
 */
static bool
get_string(hid_t file_type, hid_t mem_type, struct convert *ret)
{
	if (H5Tis_variable_str(file_type) != 0 ||
	    H5Tget_strpad(mem_type) != H5T_STR_NULLPAD ||
	    H5Tget_cset(file_type) != H5Tget_cset(mem_type))
		return false;
	switch (H5Tget_strpad(file_type)) {
	case H5T_STR_NULLPAD: ret->kind = CONVERT_NONE; return true;
	case H5T_STR_NULLTERM: ret->kind = CONVERT_TERMINATED; return true;
	case H5T_STR_SPACEPAD: ret->kind = CONVERT_SPACES; return true;
	default: return false;
	}
}

/* Convert by the base type: of an enum, or of an array's elements. */
static bool
get_super(hid_t file_type, hid_t mem_type, struct convert *ret)
{
	hid_t file_super = H5Tget_super(file_type);
	hid_t mem_super = H5Tget_class(mem_type) == H5Tget_class(file_type)
				  ? H5Tget_super(mem_type)
				  : H5Tcopy(mem_type);
	size_t size = ret->size;
	bool ok = file_super >= 0 && mem_super >= 0 &&
		  convert_get(file_super, mem_super, ret) &&
		  (ret->kind == CONVERT_NONE || ret->kind == CONVERT_SWAP);

	if (file_super >= 0)
		H5Tclose(file_super);
	if (mem_super >= 0)
		H5Tclose(mem_super);
	ret->size = ret->from = size;
	return ok;
}

static bool
get_same_size(hid_t file_type, hid_t mem_type, struct convert *ret)
{
	switch (H5Tget_class(file_type)) {
	case H5T_INTEGER:
	case H5T_FLOAT:
	case H5T_BITFIELD:
		return H5Tequal(file_type, mem_type) > 0 ||
		       get_number(file_type, mem_type, ret);
	case H5T_STRING: return get_string(file_type, mem_type, ret);
	case H5T_OPAQUE:
	case H5T_COMPOUND:
		return H5Tequal(file_type, mem_type) > 0 &&
		       H5Tdetect_class(file_type, H5T_VLEN) == 0 &&
		       H5Tdetect_class(file_type, H5T_REFERENCE) == 0 &&
		       H5Tdetect_class(file_type, H5T_STRING) == 0;
	case H5T_ENUM:
	case H5T_ARRAY: return get_super(file_type, mem_type, ret);
	default: return false;
	}
}

bool
convert_get(hid_t file_type, hid_t mem_type, struct convert *ret)
{
	*ret = (struct convert){ .kind = CONVERT_NONE };
	ret->from = H5Tget_size(file_type);
	ret->size = H5Tget_size(mem_type);
	if (ret->size == 0 || ret->from == 0)
		return false;
	if (ret->size == ret->from && get_same_size(file_type, mem_type, ret))
		return true;
	return widen_get(file_type, mem_type, ret);
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
