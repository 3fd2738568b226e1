/* SPDX-License-Identifier: MIT */
/* Decoders that use a library: deflate, zstd, lz4, blosc. */

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_BLOSC
#include <blosc.h>
#endif
#ifdef HAVE_LIBDEFLATE
#include <libdeflate.h>
#endif
#ifdef HAVE_LZ4
#include <lz4.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include "hdf5/filter/filter.h"

#ifdef HAVE_LIBDEFLATE
static int
inflate(const struct filter *filter, struct filter_scratch *scratch,
	const uint8_t *src, size_t size, uint8_t *dst, size_t room)
{
	size_t n;

	(void)filter;
	if (!scratch->deflate)
		scratch->deflate = libdeflate_alloc_decompressor();
	if (!scratch->deflate)
		return cute_shm_fail(CUTE_SHM_ERR_NOMEM,
				     "no memory to decode deflate");
	switch (libdeflate_zlib_decompress(scratch->deflate, src, size, dst,
					   room, &n)) {
	case LIBDEFLATE_SUCCESS: break;
	case LIBDEFLATE_INSUFFICIENT_SPACE:
		/* libdeflate does not say how much room is needed. */
		scratch->wanted = room < SIZE_MAX / 2 ? 2 * room : SIZE_MAX;
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "deflate stream "
				     "holds more than %zu bytes",
				     room);
	default:
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "deflate stream is damaged");
	}
	/*
	 * libhdf5 accepts a stream that ends early.  Some writers rely on that
	 * and store only the part of a chunk that lies inside the array.
	 */
	scratch->missing = room - n;
	return 0;
}

static void
free_deflate(struct filter_scratch *scratch)
{
	if (scratch->deflate)
		libdeflate_free_decompressor(scratch->deflate);
}

filter_step *const filter_inflate = inflate;
#else
static void
free_deflate(struct filter_scratch *scratch)
{
	(void)scratch;
}

filter_step *const filter_inflate;
#endif

#ifdef HAVE_ZSTD
static int
unzstd(const struct filter *filter, struct filter_scratch *scratch,
       const uint8_t *src, size_t size, uint8_t *dst, size_t room)
{
	unsigned long long held;
	size_t n;

	(void)filter;
	if (!scratch->zstd)
		scratch->zstd = ZSTD_createDCtx();
	if (!scratch->zstd)
		return cute_shm_fail(CUTE_SHM_ERR_NOMEM,
				     "no memory to decode zstd");
	n = ZSTD_decompressDCtx(scratch->zstd, dst, room, src, size);
	if (ZSTD_isError(n)) {
		held = ZSTD_getFrameContentSize(src, size);
		if (held < ZSTD_CONTENTSIZE_ERROR)
			scratch->wanted = held;
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "zstd stream is "
				     "damaged: %s",
				     ZSTD_getErrorName(n));
	}
	if (n != room)
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "zstd stream holds "
				     "%zu bytes instead of %zu",
				     n, room);
	return 0;
}

static void
free_zstd(struct filter_scratch *scratch)
{
	ZSTD_freeDCtx(scratch->zstd);
}

filter_step *const filter_unzstd = unzstd;
#else
static void
free_zstd(struct filter_scratch *scratch)
{
	(void)scratch;
}

filter_step *const filter_unzstd;
#endif

#ifdef HAVE_LZ4
int
filter_unlz4_block(const uint8_t *src, size_t size, uint8_t *dst, size_t room)
{
	if (size > INT_MAX || room > INT_MAX ||
	    LZ4_decompress_safe((const char *)src, (char *)dst, (int)size,
				(int)room) != (int)room)
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "lz4 block is damaged");
	return 0;
}

/*
 * The frame of the HDF5 plugin, big-endian: 8 bytes of size, 4 of block size,
 * then the blocks, each after 4 bytes of packed size.  A block whose packed
 * size is the block size is not packed.
 */
static int
unlz4(const struct filter *filter, struct filter_scratch *scratch,
      const uint8_t *src, size_t size, uint8_t *dst, size_t room)
{
	const uint8_t *end = src + size;
	size_t block;
	int err;

	(void)filter;
	if (size >= 12)
		scratch->wanted = load_be64(src);
	if (size < 12 || scratch->wanted != room)
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "lz4 header is "
				     "damaged, or not of %zu bytes",
				     room);
	block = load_be32(src + 8);
	for (src += 12; room > 0; dst += block, room -= block) {
		if (block > room)
			block = room;
		if (block == 0 || end - src < 4)
			return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
					     "lz4 stream ends too early");
		size = load_be32(src);
		src += 4;
		if (size > (size_t)(end - src))
			return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
					     "lz4 block of %zu bytes is "
					     "cut short",
					     size);
		err = 0;
		if (size == block)
			memcpy(dst, src, size);
		else
			err = filter_unlz4_block(src, size, dst, block);
		if (err)
			return err;
		src += size;
	}
	return 0;
}

filter_step *const filter_unlz4 = unlz4;
#else
int
filter_unlz4_block(const uint8_t *src, size_t size, uint8_t *dst, size_t room)
{
	(void)src, (void)size, (void)dst, (void)room;
	return cute_shm_fail(CUTE_SHM_ERR_SOURCE, "built without lz4");
}

filter_step *const filter_unlz4;
#endif

#ifdef HAVE_BLOSC
static int
unblosc(const struct filter *filter, struct filter_scratch *scratch,
	const uint8_t *src, size_t size, uint8_t *dst, size_t room)
{
	size_t n = 0, packed = 0, block, again;

	(void)filter;
	if (size >= BLOSC_MIN_HEADER_LENGTH)
		blosc_cbuffer_sizes(src, &n, &packed, &block);
	scratch->wanted = n;
	if (n != room || packed > size ||
	    blosc_cbuffer_validate(src, packed, &again) != 0)
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "blosc header is "
				     "damaged, or not of %zu bytes",
				     room);
	/* Codecs of blosc may leave parts of a damaged chunk unwritten. */
	memset(dst, 0, room);
	if (blosc_decompress_ctx(src, dst, room, 1) != (int)room)
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "blosc data are "
				     "damaged, or packed by a codec that "
				     "libblosc lacks");
	return 0;
}

filter_step *const filter_unblosc = unblosc;
#else
filter_step *const filter_unblosc;
#endif

#ifdef HAVE_ZSTD
static uint64_t
zstd_size(const uint8_t *src, size_t size)
{
	unsigned long long held = ZSTD_getFrameContentSize(src, size);

	return held < ZSTD_CONTENTSIZE_ERROR ? held : 0;
}
#else
#define zstd_size(src, size) 0
#endif

#ifdef HAVE_BLOSC
static uint64_t
blosc_size(const uint8_t *src, size_t size)
{
	size_t held = 0, packed, block;

	if (size >= BLOSC_MIN_HEADER_LENGTH)
		blosc_cbuffer_sizes(src, &held, &packed, &block);
	return held;
}
#else
#define blosc_size(src, size) 0
#endif

uint64_t
filter_codec_size(int id, const uint8_t *src, size_t size)
{
	switch (id) {
	case FILTER_ZSTD: return zstd_size(src, size);
	case FILTER_LZ4: return size >= 8 ? load_be64(src) : 0;
	case FILTER_BLOSC: return blosc_size(src, size);
	default: return 0;
	}
}

void
filter_scratch_free(struct filter_scratch *scratch)
{
	free(scratch->buffer[0]);
	free(scratch->buffer[1]);
	free(scratch->block);
	free(scratch->planes);
	free_deflate(scratch);
	free_zstd(scratch);
	memset(scratch, 0, sizeof(*scratch));
}
