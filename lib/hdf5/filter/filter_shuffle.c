/* SPDX-License-Identifier: MIT */
/*
 * HDF5's shuffle stores the first bytes of all items, then the second bytes,
 * and so on: one plane for each byte.  Undoing it transposes a matrix of bytes.
 */

#include <string.h>

#include "base/simd.h"
#include "hdf5/filter/filter.h"

static void
plain(uint8_t *dst, const uint8_t *src, size_t stride, size_t n, size_t width,
      size_t first, size_t last)
{
	for (size_t plane = first; plane < last; plane++) {
		const uint8_t *from = src + plane * stride;
		uint8_t *to = dst + plane;

		for (size_t i = 0; i < n; i++, to += width)
			*to = from[i];
	}
}

#ifdef __SSE2__
/* Sixteen items at a time.  Each of these functions returns the items done. */
static size_t
planes2(uint8_t *dst, const uint8_t *src, size_t stride, size_t n)
{
	size_t i;

	for (i = 0; i + 16 <= n; i += 16, dst += 32) {
		__m128i a = load(src + i), b = load(src + stride + i);

		store(dst, _mm_unpacklo_epi8(a, b));
		store(dst + 16, _mm_unpackhi_epi8(a, b));
	}
	return i;
}

static size_t
planes4(uint8_t *dst, const uint8_t *src, size_t stride, size_t n)
{
	size_t i;

	for (i = 0; i + 16 <= n; i += 16, dst += 64) {
		__m128i a = load(src + i), b = load(src + stride + i);
		__m128i c = load(src + 2 * stride + i);
		__m128i d = load(src + 3 * stride + i);
		__m128i lo = _mm_unpacklo_epi8(a, b);
		__m128i hi = _mm_unpackhi_epi8(a, b);

		a = _mm_unpacklo_epi8(c, d);
		b = _mm_unpackhi_epi8(c, d);
		store(dst, _mm_unpacklo_epi16(lo, a));
		store(dst + 16, _mm_unpackhi_epi16(lo, a));
		store(dst + 32, _mm_unpacklo_epi16(hi, b));
		store(dst + 48, _mm_unpackhi_epi16(hi, b));
	}
	return i;
}

static size_t
planes8(uint8_t *dst, const uint8_t *src, size_t stride, size_t n)
{
	size_t i;

	for (i = 0; i + 16 <= n; i += 16, dst += 128) {
		__m128i r[8];

		load8(r, src + i, stride);
		transpose8(r);
		store8(dst, r);
	}
	return i;
}

/* Eight planes of items that are wider than 8 bytes. */
static size_t
planes8_of(uint8_t *dst, const uint8_t *src, size_t stride, size_t n,
	   size_t width)
{
	size_t i;

	for (i = 0; i + 16 <= n; i += 16) {
		__m128i r[8];

		load8(r, src + i, stride);
		transpose8(r);
		for (size_t k = 0; k < 8; k++, dst += 2 * width)
			store_columns(dst, r[k], width);
	}
	return i;
}

void
unshuffle(uint8_t *dst, const uint8_t *src, size_t stride, size_t n,
	  size_t width)
{
	size_t done = 0, plane = 0;

	if (width == 2)
		done = planes2(dst, src, stride, n);
	else if (width == 4)
		done = planes4(dst, src, stride, n);
	else if (width == 8)
		done = planes8(dst, src, stride, n);
	for (; width > 8 && plane + 8 <= width; plane += 8)
		done = planes8_of(dst + plane, src + plane * stride, stride, n,
				  width);
	/*
	 * The planes after the last group of 8, then the items after the last
	 * 16.
	 */
	if (width > 8 && plane < width)
		plain(dst, src, stride, done, width, plane, width);
	plain(dst + done * width, src + done, stride, n - done, width, 0,
	      width);
}
#else
void
unshuffle(uint8_t *dst, const uint8_t *src, size_t stride, size_t n,
	  size_t width)
{
	plain(dst, src, stride, n, width, 0, width);
}
#endif

int
filter_unshuffle(const struct filter *filter, struct filter_scratch *scratch,
		 const uint8_t *src, size_t size, uint8_t *dst, size_t room)
{
	size_t width = filter->param[0], n = size / width;

	(void)scratch;
	(void)room;
	if (width == 1 || n <= 1) {
		memcpy(dst, src, size);
		return 0;
	}
	unshuffle(dst, src, n, n, width);
	memcpy(dst + n * width, src + n * width, size % width);
	return 0;
}
