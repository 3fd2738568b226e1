/* SPDX-License-Identifier: MIT */
/* SSE2, which every x86-64 has, in words that shuffling needs. */
#ifndef CUTE_SHM_SIMD_H
#define CUTE_SHM_SIMD_H

#ifdef __SSE2__
#include <emmintrin.h>
#include <stdint.h>

static inline __m128i
load(const uint8_t *p)
{
	return _mm_loadu_si128((const __m128i *)p);
}

static inline void
store(uint8_t *p, __m128i v)
{
	_mm_storeu_si128((__m128i *)p, v);
}

/*
 * Eight rows of 16 bytes become 16 columns of 8 bytes: r[k] then holds columns
 * 2k and 2k + 1.
 */
static inline void
transpose8(__m128i r[8])
{
	__m128i a[8], b[8];

	for (int k = 0; k < 4; k++) {
		a[2 * k] = _mm_unpacklo_epi8(r[2 * k], r[2 * k + 1]);
		a[2 * k + 1] = _mm_unpackhi_epi8(r[2 * k], r[2 * k + 1]);
	}
	for (int k = 0; k < 2; k++) {
		b[2 * k] = _mm_unpacklo_epi16(a[k], a[k + 2]);
		b[2 * k + 1] = _mm_unpackhi_epi16(a[k], a[k + 2]);
		b[2 * k + 4] = _mm_unpacklo_epi16(a[k + 4], a[k + 6]);
		b[2 * k + 5] = _mm_unpackhi_epi16(a[k + 4], a[k + 6]);
	}
	for (int k = 0; k < 4; k++) {
		r[2 * k] = _mm_unpacklo_epi32(b[k], b[k + 4]);
		r[2 * k + 1] = _mm_unpackhi_epi32(b[k], b[k + 4]);
	}
}
#endif

#endif
