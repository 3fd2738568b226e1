/* SPDX-License-Identifier: MIT */
/*
 * make_every KIND PROJECT: projects for read_segment.py, which the format
 * allows to have everything in them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cute_shm.h>

static void
must(int err)
{
	if (!err)
		return;
	fprintf(stderr, "make_every: %s\n", cute_shm_errmsg());
	exit(1);
}

static const uint64_t three[] = { 3 };

static void
add_dtypes(struct cute_shm_builder *b)
{
	static const int8_t i1[] = { 0, 127, -128 };
	static const int16_t i2[] = { 0, INT16_MAX, INT16_MIN };
	static const int32_t i4[] = { 0, INT32_MAX, INT32_MIN };
	static const int64_t i8[] = { 0, INT64_MAX, INT64_MIN };
	static const uint8_t u1[] = { 0, 1, UINT8_MAX };
	static const uint16_t u2[] = { 0, 1, UINT16_MAX };
	static const uint32_t u4[] = { 0, 1, UINT32_MAX };
	static const uint64_t u8[] = { 0, 1, UINT64_MAX };
	static const uint16_t f2[] = { 0, 0x3c00, 0xc100 };
	static const float f4[] = { 0, 1.5f, -2.25f };
	static const double f8[] = { 0, 0.1, -1e300 };
	static const double c16[] = { 1, 2, 0, -1, 0.5, 0 };
	static const float c8[] = { 1, 2, 0, -1, 0.5f, 0 };
	static const uint64_t f16[] = {
		/* 1, -2.5, 0 */
		UINT64_C(1) << 63, 0x3fff, UINT64_C(5) << 61, 0xc000, 0, 0
	};
	static const struct {
		const char *dtype;
		const void *data;
	} arrays[] = {
		{ "|b1", "\0\1\1" },
		{ "|i1", i1 },
		{ "<i2", i2 },
		{ "<i4", i4 },
		{ "<i8", i8 },
		{ "|u1", u1 },
		{ "<u2", u2 },
		{ "<u4", u4 },
		{ "<u8", u8 },
		{ "<f2", f2 },
		{ "<f4", f4 },
		{ "<f8", f8 },
		{ "<f16", f16 },
		{ "<c8", c8 },
		{ "<c16", c16 },
		{ "|S4", "one\0two\0four" },
		{ "|V2", "\0\1\2\3\xfe\xff" },
		{ "<M8[ns]", i8 },
		{ "<m8[25us]", i8 },
	};
	char path[64];
	size_t i;

	for (i = 0; i < sizeof(arrays) / sizeof(*arrays); i++) {
		snprintf(path, sizeof(path), "dtypes/%s", arrays[i].dtype);
		must(cute_shm_builder_array(b, path, arrays[i].dtype, 1, three,
					    arrays[i].data));
		must(cute_shm_builder_attr(b, path, "same", arrays[i].dtype, 1,
					   three, arrays[i].data));
		must(cute_shm_builder_attr(b, path, "first", arrays[i].dtype, 0,
					   NULL, arrays[i].data));
	}
}

static void
add_ragged(struct cute_shm_builder *b)
{
	static const uint64_t offsets[] = { 0, 2, 2, 5 }, none[] = { 0 };
	static const uint64_t two_two[] = { 2, 2 };
	static const uint64_t four[] = { 0, 0, 0, 0, 0 };
	static const float floats[] = { 1, 2, 3, 4, 5 };

	must(cute_shm_builder_ragged(b, "ragged/words", "*|S1", 1, three, 5,
				     offsets, "hi\xc3\xa9!"));
	must(cute_shm_builder_ragged(b, "ragged/bytes", "*|S1", 1, three, 5,
				     offsets, "\xff\0abc"));
	must(cute_shm_builder_ragged(b, "ragged/lists", "*<f4", 1, three, 5,
				     offsets, floats));
	must(cute_shm_builder_ragged(b, "ragged/empty", "*<f4", 1, none, 0,
				     four, NULL));
	must(cute_shm_builder_ragged(b, "ragged/no items", "*<c16", 2, two_two,
				     0, four, NULL));
	must(cute_shm_builder_attr_ragged(b, "ragged", "lists", "*<f4", 1,
					  three, offsets, floats));
	must(cute_shm_builder_attr_text(b, "ragged", "a/text",
					"gr\xc3\xbc\xc3"
					"\x9f"
					"e"));
	must(cute_shm_builder_attr_text(b, "", "nothing in it", ""));
}

static void
add_shapes(struct cute_shm_builder *b)
{
	static const uint64_t ones[32] = {
		1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
		1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2,
	};
	static const uint64_t empty[] = { 4, 0, UINT64_MAX };
	static const uint16_t pair[] = { 1, 2 };

	must(cute_shm_builder_array(b, "shapes/scalar", "<u2", 0, NULL, pair));
	must(cute_shm_builder_array(b, "shapes/empty", "<u2", 3, empty, NULL));
	must(cute_shm_builder_array(b, "shapes/32", "<u2", 32, ones, pair));
	must(cute_shm_builder_array(b, "shapes/null", "null", 0, NULL, NULL));
	must(cute_shm_builder_array(b, "shapes/never written", "<f8", 1, three,
				    NULL));
	must(cute_shm_builder_attr(b, "shapes/null", "null", "null", 0, NULL,
				   NULL));
	must(cute_shm_builder_attr(b, "shapes", "empty", "<u2", 3, empty,
				   NULL));
}

static void
add_links(struct cute_shm_builder *b)
{
	must(cute_shm_builder_link(b, "links/later", "links/group/x"));
	must(cute_shm_builder_link(b, "links/root", ""));
	must(cute_shm_builder_link(b, "links/up", "links"));
	must(cute_shm_builder_array(b, "links/group/x", "|u1", 0, NULL, "\7"));
	must(cute_shm_builder_group(b, "links/empty"));
}

/* Arrays about the sizes where blocks and pages begin. */
static void
add_blocks(struct cute_shm_builder *b, const uint64_t *sizes)
{
	static uint8_t data[3 << 20];
	char path[64];
	size_t i;

	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * i >> 7);
	for (; *sizes; sizes++) {
		snprintf(path, sizeof(path), "%llu bytes",
			 (unsigned long long)*sizes);
		must(cute_shm_builder_array(b, path, "|u1", 1, sizes, data));
	}
}

int
main(int argc, char **argv)
{
	static const uint64_t small[] = { 1,	511,  512,  513,   1024,
					  4095, 4096, 4097, 10000, 0 };
	static const uint64_t large[] = { 1048576, 1048577, 2500000, 0 };
	struct cute_shm_build_options opt = { .size = sizeof(opt),
					      .creator = "make_every 1.0",
					      .source = "/data/every.h5",
					      .source_size = 1,
					      .source_mtime_ns = 2 };
	struct cute_shm_builder *b;

	if (argc != 3)
		return 64;
	if (strcmp(argv[1], "small") == 0)
		opt.block_size = 512;
	must(cute_shm_builder_new(argv[2], &opt, &b));
	if (strcmp(argv[1], "small") == 0) {
		add_dtypes(b);
		add_ragged(b);
		add_shapes(b);
		add_links(b);
		add_blocks(b, small);
	} else if (strcmp(argv[1], "large") == 0) {
		add_blocks(b, large);
	}
	must(cute_shm_builder_publish(b, NULL));
	cute_shm_builder_free(b);
	return 0;
}
