/* SPDX-License-Identifier: MIT */
/* Copy items that lie some distance apart to one place. */

#include <string.h>

#include "hdf5/element/element.h"

/*
 * One function per width, so that each copy is one instruction, or two that
 * overlap: an item has from 'width' to twice as many bytes.
 */
#define PICK(name, width) \
	static void name(uint8_t *to, const uint8_t *from, size_t stride, \
			 uint64_t n, size_t size) \
	{ \
		for (; n > 0; n--, to += size, from += stride) { \
			memcpy(to, from, width); \
			memcpy(to + size - (width), from + size - (width), \
			       width); \
		} \
	}
#define PICK_EXACT(name, width) \
	static void name(uint8_t *to, const uint8_t *from, size_t stride, \
			 uint64_t n) \
	{ \
		for (uint64_t i = 0; i < n; i++) \
			memcpy(to + i * (width), from + i * stride, width); \
	}

PICK_EXACT(exactly_1, 1)
PICK_EXACT(exactly_2, 2)
PICK_EXACT(exactly_4, 4)
PICK_EXACT(exactly_8, 8)
PICK_EXACT(exactly_16, 16)
PICK(from_2, 2)
PICK(from_4, 4)
PICK(from_8, 8)
PICK(from_16, 16)
PICK(from_32, 32)

static void
pick_large(uint8_t *to, const uint8_t *from, size_t stride, uint64_t n,
	   size_t size)
{
	for (; n > 0; n--, to += size, from += stride)
		memcpy(to, from, size);
}

void
pick_items(uint8_t *to, const uint8_t *from, size_t stride, uint64_t n,
	   size_t size)
{
	switch (size) {
	case 0: return;
	case 1: exactly_1(to, from, stride, n); return;
	case 2: exactly_2(to, from, stride, n); return;
	case 4: exactly_4(to, from, stride, n); return;
	case 8: exactly_8(to, from, stride, n); return;
	case 16: exactly_16(to, from, stride, n); return;
	default: break;
	}
	if (size < 4)
		from_2(to, from, stride, n, size);
	else if (size < 8)
		from_4(to, from, stride, n, size);
	else if (size < 16)
		from_8(to, from, stride, n, size);
	else if (size < 32)
		from_16(to, from, stride, n, size);
	else if (size <= 64)
		from_32(to, from, stride, n, size);
	else
		pick_large(to, from, stride, n, size);
}
