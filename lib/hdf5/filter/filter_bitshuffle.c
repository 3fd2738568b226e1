/* SPDX-License-Identifier: MIT */
/*
 * Bitshuffle, HDF5 filter 32008.  Data are stored in blocks of items: the first
 * bits of all items of the block, then the second bits, and so on; each block
 * may be packed.  Parameters: two for the version, bytes of an item, items of a
 * block (0: the rule in default_block()), codec.
 */

#include <string.h>

#include "base/simd.h"
#include "hdf5/filter/filter.h"

enum {
	CODEC_NONE = 0,
	CODEC_LZ4 = 2,
	CODEC_ZSTD = 3
};

static unsigned
codec(const struct filter *f)
{
	return f->param_count > 4 ? f->param[4] : CODEC_NONE;
}

static size_t
default_block(size_t width)
{
	size_t items = 8192 / width / 8 * 8;

	return items < 128 ? 128 : items;
}

bool
filter_bitshuffle_known(const struct filter *f)
{
	if (f->param_count < 3 || f->param[2] == 0)
		return false;
	if (f->param_count > 3 && f->param[3] % 8 != 0)
		return false;
	switch (codec(f)) {
	case CODEC_NONE: return true;
	case CODEC_LZ4: return filter_unlz4 != NULL;
	case CODEC_ZSTD: return filter_unzstd != NULL;
	default: return false;
	}
}

bool
filter_bitshuffle_packs(const struct filter *f)
{
	return codec(f) != CODEC_NONE;
}

/* Turn eight planes of bits, 'row' bytes each, into 8 * row bytes. */
static void
unslice_plain(uint8_t *dst, const uint8_t *src, size_t row, size_t from)
{
	for (size_t i = from; i < row; i++) {
		uint64_t x = 0, t;

		for (size_t k = 0; k < 8; k++)
			x |= (uint64_t)src[k * row + i] << (8 * k);
		t = (x ^ x >> 7) & 0x00aa00aa00aa00aa;
		x ^= t ^ t << 7;
		t = (x ^ x >> 14) & 0x0000cccc0000cccc;
		x ^= t ^ t << 14;
		t = (x ^ x >> 28) & 0x00000000f0f0f0f0;
		x ^= t ^ t << 28;
		for (size_t k = 0; k < 8; k++)
			dst[8 * i + k] = (uint8_t)(x >> (8 * k));
	}
}

#ifdef __SSE2__
/* Exchange the masked bits of *b with those of *a that are 'shift' higher. */
static inline void
exchange(__m128i *a, __m128i *b, int shift, __m128i mask)
{
	__m128i t = _mm_and_si128(_mm_xor_si128(_mm_srli_epi16(*a, shift), *b),
				  mask);

	*b = _mm_xor_si128(*b, t);
	*a = _mm_xor_si128(*a, _mm_slli_epi16(t, shift));
}

/* Eight rows of bits become eight bytes, in each of 16 places. */
static inline void
transpose_bits(__m128i r[8])
{
	const __m128i m4 = _mm_set1_epi8(0x0f);
	const __m128i m2 = _mm_set1_epi8(0x33);
	const __m128i m1 = _mm_set1_epi8(0x55);

	exchange(&r[0], &r[4], 4, m4);
	exchange(&r[1], &r[5], 4, m4);
	exchange(&r[2], &r[6], 4, m4);
	exchange(&r[3], &r[7], 4, m4);
	exchange(&r[0], &r[2], 2, m2);
	exchange(&r[1], &r[3], 2, m2);
	exchange(&r[4], &r[6], 2, m2);
	exchange(&r[5], &r[7], 2, m2);
	exchange(&r[0], &r[1], 1, m1);
	exchange(&r[2], &r[3], 1, m1);
	exchange(&r[4], &r[5], 1, m1);
	exchange(&r[6], &r[7], 1, m1);
}

static void
unslice(uint8_t *dst, const uint8_t *src, size_t row)
{
	size_t i;

	for (i = 0; i + 16 <= row; i += 16) {
		__m128i r[8];

		load8(r, src + i, row);
		transpose_bits(r);
		transpose8(r);
		store8(dst + 8 * i, r);
	}
	unslice_plain(dst, src, row, i);
}
#else
static void
unslice(uint8_t *dst, const uint8_t *src, size_t row)
{
	unslice_plain(dst, src, row, 0);
}
#endif

/*
 * Undo one block of n items, n a multiple of 8: bits to planes of bytes, which
 * have at most a few KiB and stay in the cache, then planes to items.
 */
static int
unshuffle_block(struct filter_scratch *s, const uint8_t *src, uint8_t *dst,
		size_t n, size_t width)
{
	uint8_t *planes;
	int err;

	if (width == 1) {
		unslice(dst, src, n / 8);
		return 0;
	}
	err = filter_grow(&s->planes, &s->planes_capacity, n * width);
	if (err)
		return err;
	planes = s->planes;
	for (size_t p = 0; p < width; p++)
		unslice(planes + p * n, src + p * n, n / 8);
	unshuffle(dst, planes, n, n, width);
	return 0;
}

static int
damaged(const char *what)
{
	return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
			     "bitshuffle data are damaged: %s", what);
}

/* Unpack one block.  The next 4 bytes are its packed size. */
static int
unpack_block(const struct filter *f, struct filter_scratch *s,
	     const uint8_t **src, const uint8_t *end, size_t size)
{
	size_t packed;
	int err;

	if (end - *src < 4)
		return damaged("it ends too early");
	packed = load_be32(*src);
	*src += 4;
	if (packed > (size_t)(end - *src))
		return damaged("a block is cut short");
	err = filter_grow(&s->block, &s->block_capacity, size);
	if (!err && codec(f) == CODEC_LZ4)
		err = filter_unlz4_block(*src, packed, s->block, size);
	else if (!err)
		err = filter_unzstd(f, s, *src, packed, s->block, size);
	/*
	 * The size of a block is fixed: more room for the chunk would not help.
	 */
	s->wanted = 0;
	*src += packed;
	return err;
}

/*
 * First blocks of 'block' items, then a smaller block for what is left; fewer
 * than 8 last items are stored as they are.
 */
static int
unshuffle_blocks(const struct filter *f, struct filter_scratch *s,
		 const uint8_t *src, size_t size, uint8_t *dst, size_t items,
		 size_t block)
{
	const uint8_t *end = src + size;
	size_t width = f->param[2];

	for (; items >= 8; items -= block, dst += block * width) {
		const uint8_t *from = src;
		int err = 0;

		if (block > items)
			block = items / 8 * 8;
		if (filter_bitshuffle_packs(f)) {
			err = unpack_block(f, s, &src, end, block * width);
			from = s->block;
		} else {
			src += block * width;
		}
		if (!err)
			err = unshuffle_block(s, from, dst, block, width);
		if (err)
			return err;
	}
	if ((size_t)(end - src) < items * width)
		return damaged("it ends too early");
	memcpy(dst, src, items * width);
	return 0;
}

int
filter_unbitshuffle(const struct filter *f, struct filter_scratch *s,
		    const uint8_t *src, size_t size, uint8_t *dst, size_t room)
{
	size_t width = f->param[2];
	size_t block = f->param_count > 3 ? f->param[3] : 0;

	if (filter_bitshuffle_packs(f)) {
		if (size >= 12)
			s->wanted = load_be64(src);
		if (size < 12 || s->wanted != room)
			return damaged("the header is not of the chunk's size");
		block = load_be32(src + 8) / width;
		src += 12;
		size -= 12;
	}
	if (room % width != 0)
		return damaged("no whole number of items");
	if (block == 0)
		block = default_block(width);
	if (block % 8 != 0)
		return damaged("blocks of no multiple of 8 items");
	return unshuffle_blocks(f, s, src, size, dst, room / width, block);
}
