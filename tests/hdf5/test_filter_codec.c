/* SPDX-License-Identifier: MIT */
/*
 * Formats of HDF5's filter plugins, packed here by encoders written from their
 * descriptions or by the libraries' own compressors.
 */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_BLOSC
#include <blosc.h>
#endif
#ifdef HAVE_LZ4
#include <lz4.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include "cute_shm.h"
#include "filter_util.h"

/* ------------------------------------------------------------- bitshuffle */

/* Bit b of byte p of item i is bit i % 8 of byte i / 8 of plane 8 * p + b. */
static void
bitshuffle_block(uint8_t *dst, const uint8_t *src, size_t n, size_t width)
{
	memset(dst, 0, n * width);
	for (size_t bit = 0; bit < 8 * width; bit++)
		for (size_t i = 0; i < n; i++)
			if (src[i * width + bit / 8] >> bit % 8 & 1)
				dst[bit * (n / 8) + i / 8] |=
					(uint8_t)(1u << i % 8);
}

enum {
	NONE = 0,
	LZ4 = 2,
	ZSTD = 3
};

static size_t
pack(int codec, uint8_t *dst, size_t room, const uint8_t *src, size_t size)
{
#ifdef HAVE_LZ4
	if (codec == LZ4)
		return (size_t)LZ4_compress_default((const char *)src,
						    (char *)dst, (int)size,
						    (int)room);
#endif
#ifdef HAVE_ZSTD
	if (codec == ZSTD)
		return ZSTD_compress(dst, room, src, size, 3);
#endif
	ck_assert(codec == NONE && size <= room);
	memcpy(dst, src, size);
	return size;
}

static struct bytes
bitshuffle(struct bytes data, size_t width, size_t block, int codec)
{
	size_t room = 5 * data.size + 4096, items = data.size / width;
	struct bytes ret = { 0, malloc(room) };
	uint8_t *planes = malloc(block * width);
	const uint8_t *src = data.data;

	if (codec != NONE) {
		put_be(ret.data, data.size, 8);
		put_be(ret.data + 8, block * width, 4);
		ret.size = 12;
	}
	for (; items >= 8; items -= block, src += block * width) {
		uint8_t *to = ret.data + ret.size + (codec ? 4 : 0);
		size_t n;

		block = block > items ? items / 8 * 8 : block;
		bitshuffle_block(planes, src, block, width);
		n = pack(codec, to, room - ret.size - 4, planes, block * width);
		if (codec)
			put_be(to - 4, n, 4);
		ret.size += n + (codec ? 4 : 0);
	}
	memcpy(ret.data + ret.size, src, items * width);
	ret.size += items * width;
	free(planes);
	return ret;
}

static size_t
default_block(size_t width)
{
	size_t n = 8192 / width / 8 * 8;

	return n < 128 ? 128 : n;
}

static bool
have(int codec)
{
	return codec == NONE || (codec == LZ4 && filter_unlz4) ||
	       (codec == ZSTD && filter_unzstd);
}

START_TEST(test_bitshuffle)
{
	static const size_t widths[] = { 1, 2, 3, 4, 8, 16, 100 };
	static const size_t counts[] = { 1,   7,    8,	  9,	127, 128,
					 136, 1024, 1030, 5000, 9001 };
	static const unsigned blocks[] = { 0, 8, 1024 };
	static const int codecs[] = { NONE, LZ4, ZSTD };
	size_t width = widths[_i];

	for (size_t k = 0; k < 11 * 3 * 3; k++) {
		unsigned block = blocks[k / 3 % 3];
		int codec = codecs[k % 3];
		struct bytes data, packed;
		unsigned param[] = { 0, 4, (unsigned)width, block,
				     (unsigned)codec };
		struct filter_pipeline p;

		if (!have(codec))
			continue;
		data = sample_bytes(counts[k / 9] * width);
		packed =
			bitshuffle(data, width,
				   block ? block : default_block(width), codec);
		p = one_filter(FILTER_BITSHUFFLE, data.size, 5, param);
		check_decodes(&p, 0, packed, data);
		if (codec == NONE && block == 0) {
			p.filter[0].param_count = 3;
			check_decodes(&p, 0, packed, data);
		}
		free(packed.data);
		free(data.data);
	}
}
END_TEST

START_TEST(test_bitshuffle_damage)
{
	int codec = _i ? _i + 1 : 0;
	unsigned param[] = { 0, 4, 4, 128, (unsigned)codec };
	struct bytes data = sample_bytes(3004), packed;
	struct filter_pipeline p =
		one_filter(FILTER_BITSHUFFLE, data.size, 5, param);

	if (!have(codec))
		return;
	packed = bitshuffle(data, 4, 128, codec);
	check_decodes(&p, 0, packed, data);
	check_begins(&p, packed, data);
	check_robust(&p, packed, data, false);
	if (codec != NONE) {
		put_be(packed.data + 8, 4 * 12, 4);
		check_damaged(&p, 0, packed, "multiple of 8");
		put_be(packed.data, 3000, 8);
		check_damaged(&p, 0, packed, "header");
	}
	p.chunk_size = 3003;
	put_be(packed.data, 3003, 8);
	packed.size = codec == NONE ? 3003 : packed.size;
	check_damaged(&p, 0, packed, "whole number");
	free(packed.data);
	free(data.data);
}
END_TEST

/* -------------------------------------------------------------------- lzf */

/* Greedy: the last place where the same three bytes stood. */
static struct bytes
lzf(struct bytes data)
{
	struct bytes ret = { 0, malloc(data.size * 2 + 16) };
	size_t last[4096] = { 0 }, i = 0;

	while (i < data.size) {
		const uint8_t *p = data.data + i;
		size_t left = data.size - i, length = 0, from = 0, far = 0;

		if (left >= 3) {
			size_t h = (p[0] * 33u + p[1] * 7u + p[2]) % 4096;

			from = last[h];
			last[h] = i + 1;
		}
		if (from && i - --from <= 8192)
			while (length < left && length < 264 &&
			       data.data[from + length] == p[length])
				length++;
		if (length < 3) {
			ret.data[ret.size++] = 0;
			ret.data[ret.size++] = *p;
			i++;
			continue;
		}
		far = i - from - 1;
		ret.data[ret.size++] =
			(uint8_t)((length < 9 ? length - 2 : 7) << 5 |
				  far >> 8);
		if (length >= 9)
			ret.data[ret.size++] = (uint8_t)(length - 9);
		ret.data[ret.size++] = (uint8_t)far;
		i += length;
	}
	return ret;
}

START_TEST(test_lzf)
{
	static const size_t sizes[] = { 1, 2, 3, 31, 32, 33, 64, 1000, 70000 };

	for (size_t i = 0; i < 2 * sizeof(sizes) / sizeof(*sizes); i++) {
		struct bytes data = sample_bytes(sizes[i / 2]), packed;
		struct filter_pipeline p;

		if (i % 2)
			memset(data.data, 'x', data.size);
		p = one_filter(FILTER_LZF, data.size, 0, NULL);
		packed = lzf(data);
		check_decodes(&p, 0, packed, data);
		free(packed.data);
		free(data.data);
	}
}
END_TEST

START_TEST(test_lzf_by_hand)
{
	/* A literal of 3, of 32, references that overlap, a long one. */
	static const uint8_t stream[] = "\x02"
					"abc"
					"\x20\x02"
					"\xe0\x03\x00"
					"\x1f"
					"0123456789abcdefghijklmnopqrstuv"
					"\x60\x1f";
	struct bytes packed = bytes_of(stream, sizeof(stream) - 1);
	struct bytes data = bytes_of("abcabc"
				     "cccccccccccc"
				     "0123456789abcdefghijklmnopqrstuv01234",
				     55);
	struct filter_pipeline p = one_filter(FILTER_LZF, 55, 0, NULL);

	check_decodes(&p, 0, packed, data);
	p.chunk_size = 56;
	check_damaged(&p, 0, packed, "less than the chunk");
	p.chunk_size = 55;
	check_begins(&p, packed, data);
	packed.size--;
	check_damaged(&p, 0, packed, "within a reference");
	packed.size = 2;
	check_damaged(&p, 0, packed, "within a literal");
	packed.data[0] = 0x20;
	check_damaged(&p, 0, packed, "before its start");
	free(packed.data);
	free(data.data);
}
END_TEST

START_TEST(test_lzf_damage)
{
	struct bytes data = sample_bytes(3000), packed = lzf(data);
	struct filter_pipeline p = one_filter(FILTER_LZF, 3000, 0, NULL);

	check_begins(&p, packed, data);
	check_robust(&p, packed, data, false);
	free(packed.data);
	free(data.data);
}
END_TEST

/* ------------------------------------------------------- lz4, zstd, blosc */

#ifdef HAVE_LZ4
static struct bytes
lz4(struct bytes data, size_t block)
{
	struct bytes ret = { 12, malloc(2 * data.size + 4096) };

	put_be(ret.data, data.size, 8);
	put_be(ret.data + 8, block, 4);
	for (size_t i = 0; i < data.size; i += block) {
		uint8_t *to = ret.data + ret.size + 4;
		size_t n, left = data.size - i;

		block = block > left ? left : block;
		n = pack(LZ4, to, block + 1024, data.data + i, block);
		if (n >= block)
			n = pack(NONE, to, block, data.data + i, block);
		put_be(to - 4, n, 4);
		ret.size += n + 4;
	}
	return ret;
}

START_TEST(test_lz4)
{
	static const size_t blocks[] = { 1 << 30, 5000, 1000, 1024, 7 };
	struct bytes data = sample_bytes(5000), packed;
	struct filter_pipeline p = one_filter(FILTER_LZ4, 5000, 0, NULL);

	packed = lz4(data, blocks[_i]);
	check_decodes(&p, 0, packed, data);
	check_robust(&p, packed, data, false);
	check_begins(&p, packed, data);
	put_be(packed.data, (uint64_t)1 << 40, 8);
	check_damaged(&p, 0, packed, "not of 70536 bytes");
	put_be(packed.data, 4999, 8);
	check_damaged(&p, 0, packed, "not of 5000 bytes");
	put_be(packed.data, 5000, 8);
	put_be(packed.data + 8, 0, 4);
	check_damaged(&p, 0, packed, "too early");
	free(packed.data);
	free(data.data);
}
END_TEST
#endif

#ifdef HAVE_ZSTD
START_TEST(test_zstd)
{
	struct bytes data = sample_bytes(5000), packed = { 0, malloc(9000) };
	struct filter_pipeline p = one_filter(FILTER_ZSTD, 5000, 0, NULL);

	packed.size = pack(ZSTD, packed.data, 9000, data.data, data.size);
	check_decodes(&p, 0, packed, data);
	check_robust(&p, packed, data, false);
	p.chunk_size = 5001;
	check_damaged(&p, 0, packed, "5000 bytes instead of 5001");
	p.chunk_size = 5000;
	check_begins(&p, packed, data);
	free(packed.data);
	free(data.data);
}
END_TEST
#endif

#ifdef HAVE_BLOSC
START_TEST(test_blosc)
{
	static const char *const codecs[] = { "blosclz", "lz4",	 "lz4hc",
					      "zlib",	 "zstd", "snappy" };
	struct bytes data = sample_bytes(50000), packed = { 0, malloc(60000) };
	struct filter_pipeline p = one_filter(FILTER_BLOSC, 50000, 0, NULL);

	for (int shuffle = 0; shuffle < 3; shuffle++) {
		int n = blosc_compress_ctx(5, shuffle, 4, data.size, data.data,
					   packed.data, 60000, codecs[_i], 0,
					   1);

		if (n <= 0) /* libblosc was built without that codec */
			break;
		packed.size = (size_t)n;
		check_decodes(&p, 0, packed, data);
		check_begins(&p, packed, data);
		packed.size--;
		check_damaged(&p, 0, packed, "blosc header");
		packed.size = 15;
		check_damaged(&p, 0, packed, "blosc header");
	}
	free(packed.data);
	free(data.data);
}
END_TEST

START_TEST(test_blosc_damage)
{
	struct bytes data = sample_bytes(3000), packed = { 0, malloc(9000) };
	struct filter_pipeline p = one_filter(FILTER_BLOSC, 3000, 0, NULL);

	packed.size =
		(size_t)blosc_compress_ctx(5, 1, 4, data.size, data.data,
					   packed.data, 9000, "lz4", 0, 1);
	check_robust(&p, packed, data, false);
	free(packed.data);
	free(data.data);
}
END_TEST
#endif

static void
add_library_tests(TCase *tc)
{
	(void)tc;
#ifdef HAVE_LZ4
	tcase_add_loop_test(tc, test_lz4, 0, 5);
#endif
#ifdef HAVE_ZSTD
	tcase_add_test(tc, test_zstd);
#endif
#ifdef HAVE_BLOSC
	tcase_add_loop_test(tc, test_blosc, 0, 6);
	tcase_add_test(tc, test_blosc_damage);
#endif
}

int
main(void)
{
	Suite *s = suite_create("filter_codec");
	TCase *tc = tcase_create("plugins");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, test_bitshuffle, 0, 7);
	tcase_add_loop_test(tc, test_bitshuffle_damage, 0, 3);
	tcase_add_test(tc, test_lzf);
	tcase_add_test(tc, test_lzf_by_hand);
	tcase_add_test(tc, test_lzf_damage);
	add_library_tests(tc);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
