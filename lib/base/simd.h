/* SPDX-License-Identifier: MIT */
/* SSE2 helpers for shuffling bytes.  Every x86-64 processor has SSE2. */
#ifndef CUTE_SHM_SIMD_H
#define CUTE_SHM_SIMD_H

#ifdef __SSE2__
#include <emmintrin.h>
#include <stddef.h>
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

/* Interleave the bytes of a and b: low halves to *lo, high halves to *hi. */
static inline void
zip8(__m128i a, __m128i b, __m128i *lo, __m128i *hi)
{
	*lo = _mm_unpacklo_epi8(a, b);
	*hi = _mm_unpackhi_epi8(a, b);
}

static inline void
zip16(__m128i a, __m128i b, __m128i *lo, __m128i *hi)
{
	*lo = _mm_unpacklo_epi16(a, b);
	*hi = _mm_unpackhi_epi16(a, b);
}

static inline void
zip32(__m128i a, __m128i b, __m128i *lo, __m128i *hi)
{
	*lo = _mm_unpacklo_epi32(a, b);
	*hi = _mm_unpackhi_epi32(a, b);
}

/*
 * Turn eight rows of 16 bytes into 16 columns of 8 bytes: r[k] then holds
 * columns 2k and 2k + 1.  No loops, so that all values stay in registers.
 */
static inline void
transpose8(__m128i r[8])
{
	__m128i a[8], b[8];

	zip8(r[0], r[1], &a[0], &a[1]);
	zip8(r[2], r[3], &a[2], &a[3]);
	zip8(r[4], r[5], &a[4], &a[5]);
	zip8(r[6], r[7], &a[6], &a[7]);
	zip16(a[0], a[2], &b[0], &b[1]);
	zip16(a[1], a[3], &b[2], &b[3]);
	zip16(a[4], a[6], &b[4], &b[5]);
	zip16(a[5], a[7], &b[6], &b[7]);
	zip32(b[0], b[4], &r[0], &r[1]);
	zip32(b[1], b[5], &r[2], &r[3]);
	zip32(b[2], b[6], &r[4], &r[5]);
	zip32(b[3], b[7], &r[6], &r[7]);
}

/* Load eight rows that lie 'stride' bytes apart. */
static inline void
load8(__m128i r[8], const uint8_t *p, size_t stride)
{
	r[0] = load(p);
	r[1] = load(p + stride);
	r[2] = load(p + 2 * stride);
	r[3] = load(p + 3 * stride);
	r[4] = load(p + 4 * stride);
	r[5] = load(p + 5 * stride);
	r[6] = load(p + 6 * stride);
	r[7] = load(p + 7 * stride);
}

static inline void
store8(uint8_t *p, const __m128i r[8])
{
	store(p, r[0]);
	store(p + 16, r[1]);
	store(p + 32, r[2]);
	store(p + 48, r[3]);
	store(p + 64, r[4]);
	store(p + 80, r[5]);
	store(p + 96, r[6]);
	store(p + 112, r[7]);
}

/* Store the two 8-byte columns of r, 'stride' bytes apart. */
static inline void
store_columns(uint8_t *p, __m128i r, size_t stride)
{
	_mm_storel_epi64((__m128i *)p, r);
	_mm_storel_epi64((__m128i *)(p + stride), _mm_unpackhi_epi64(r, r));
}
#endif

#endif
