/* SPDX-License-Identifier: MIT */
/*
 * Fletcher's checksum as HDF5 computes it: over big-endian words of 16 bits,
 * both sums with end-around carry.  An odd last byte is the high half of a
 * word.
 */

#include <inttypes.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "hdf5/filter/filter.h"

struct sums {
	uint64_t first, second;
};

/* Fold to 1..0xffff.  As in HDF5, only a sum of zero becomes 0. */
static uint64_t
fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Add 'n' words, at most BATCH, so that the sums fit into 64 bits. */
#define BATCH 4096

static void
add_words(struct sums *s, const uint8_t *p, size_t n)
{
	for (; n > 0; n--, p += 2) {
		s->first += (uint64_t)p[0] << 8 | p[1];
		s->second += s->first;
	}
	s->first = fold(s->first);
	s->second = fold(s->second);
}

#ifdef __SSE2__
/*
 * Eight words at a time.  After m steps, lane k has the sums a[k] (of its
 * words) and b[k] (of the sums a[k] after each step).  These words add sum(a)
 * to the first sum.  To the second sum they add 8 * b[k] - k * a[k] for each
 * lane, and 8 * m times the previous first sum.  b overflows 32 bits after 360
 * steps.
 */
#define STEPS 360

static void
add_lanes(struct sums *s, const __m128i a[2], const __m128i b[2], uint64_t m)
{
	uint32_t x[8], y[8];
	uint64_t first = 0;

	_mm_storeu_si128((__m128i *)x, a[0]);
	_mm_storeu_si128((__m128i *)(x + 4), a[1]);
	_mm_storeu_si128((__m128i *)y, b[0]);
	_mm_storeu_si128((__m128i *)(y + 4), b[1]);
	s->second += 8 * m * s->first;
	for (unsigned k = 0; k < 8; k++) {
		first += x[k];
		s->second += 8 * (uint64_t)y[k] - k * (uint64_t)x[k];
	}
	s->first = fold(s->first + first);
	s->second = fold(s->second);
}

static void
add_steps(struct sums *s, const uint8_t *p, size_t m)
{
	const __m128i zero = _mm_setzero_si128();
	__m128i a[2] = { zero, zero }, b[2] = { zero, zero };

	for (size_t i = 0; i < m; i++, p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)p);

		v = _mm_or_si128(_mm_slli_epi16(v, 8), _mm_srli_epi16(v, 8));
		a[0] = _mm_add_epi32(a[0], _mm_unpacklo_epi16(v, zero));
		a[1] = _mm_add_epi32(a[1], _mm_unpackhi_epi16(v, zero));
		b[0] = _mm_add_epi32(b[0], a[0]);
		b[1] = _mm_add_epi32(b[1], a[1]);
	}
	add_lanes(s, a, b, m);
}
#endif

uint32_t
fletcher32(const uint8_t *data, size_t size)
{
	struct sums s = { 0, 0 };
	size_t n;

#ifdef __SSE2__
	for (; size >= 16; data += 16 * n, size -= 16 * n) {
		n = size / 16 < STEPS ? size / 16 : STEPS;
		add_steps(&s, data, n);
	}
#endif
	for (; size >= 2; data += 2 * n, size -= 2 * n) {
		n = size / 2 < BATCH ? size / 2 : BATCH;
		add_words(&s, data, n);
	}
	if (size) {
		s.first = fold(s.first + ((uint64_t)*data << 8));
		s.second = fold(s.second + s.first);
	}
	return (uint32_t)(s.second << 16 | s.first);
}

/* Until HDF5 1.6.2, little-endian machines wrote each half byte-swapped. */
static uint32_t
historic(uint32_t sum)
{
	return (sum & 0x00ff00ff) << 8 | (sum >> 8 & 0x00ff00ff);
}

int
filter_fletcher32(const uint8_t *src, size_t size, size_t *ret)
{
	const uint8_t *p;
	uint32_t stored, sum;

	if (size < 4)
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "%zu bytes hold no "
				     "fletcher32 checksum",
				     size);
	p = src + size - 4;
	stored = (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 |
		 (uint32_t)p[1] << 8 | p[0];
	sum = fletcher32(src, size - 4);
	if (stored != sum && stored != historic(sum))
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "fletcher32 says 0x%08" PRIx32
				     ", is 0x%08" PRIx32,
				     stored, sum);
	*ret = size - 4;
	return 0;
}
