/* SPDX-License-Identifier: MIT */
/* layout.c: numbers worked out by hand from cute-shm(5). */
#include <stdlib.h>

#include "read/read.h"
#include "util.h"

static struct format_header
header(uint64_t nodes, uint64_t arrays, uint64_t records_size)
{
	struct format_header h = {
		.block_size = 1024,
		.node_count = nodes,
		.array_count = arrays,
		.records_size = records_size,
	};

	return h;
}

/* Where the sections after the index begin, and where the metadata end. */
static void
ck_sections(const struct format_header *h, uint64_t records, uint64_t blocks,
	    uint64_t block_count, uint64_t metadata_size, uint64_t data)
{
	ck_assert_uint_eq(h->header_size, 1024);
	ck_assert_uint_eq(h->index_offset, 1024);
	ck_assert_uint_eq(h->records_offset, records);
	ck_assert_uint_eq(h->blocks_offset, blocks);
	ck_assert_uint_eq(h->block_count, block_count);
	ck_assert_uint_eq(h->metadata_size, metadata_size);
	ck_assert_uint_eq(h->live_offset, 4096);
	ck_assert_uint_eq(h->data_offset, data);
}

START_TEST(empty)
{
	struct format_header h = header(1, 0, 64);

	ck_ok(layout(&h, NULL));
	ck_sections(&h, 1088, 1152, 0, 1152, 4096);
	ck_assert_uint_eq(h.data_size, 0);
	ck_assert_uint_eq(h.array_bytes, 0);
	ck_assert_uint_eq(h.segment_size, 4096);
}
END_TEST

/* Small and large ones, empty ones between: offsets and rows of digests. */
START_TEST(arrays)
{
	struct layout_array a[] = {
		{ .data_size = 8 },    { .data_size = 0 },
		{ .data_size = 1025 }, { .data_size = 4095 },
		{ .data_size = 4096 }, { .data_size = 1 },
		{ .data_size = 0 },
	};
	static const uint64_t at[] = {
		8192, 8256, 8256, 9344, 16384, 20480, 20544,
	};
	static const uint64_t first[] = { 0, 0, 0, 2, 6, 0, 0 };
	struct format_header h = header(8, ELEMENTS(a), 1008);
	size_t i;

	ck_ok(layout(&h, a));
	for (i = 0; i < ELEMENTS(a); i++) {
		ck_assert_uint_eq(a[i].data_offset, at[i]);
		ck_assert_uint_eq(a[i].first_block, first[i]);
	}
	ck_sections(&h, 1152, 2176, 10, 2256, 8192);
	ck_assert_uint_eq(h.segment_size, 20544);
	ck_assert_uint_eq(h.data_size, 20544 - 8192);
	ck_assert_uint_eq(h.array_bytes, 8 + 1025 + 4095 + 4096 + 1);
}
END_TEST

START_TEST(too_large)
{
	struct layout_array a[2] = { { .data_size = UINT64_MAX } };
	struct format_header h = header(2, 1, 64);

	ck_err(layout(&h, a), CUTE_SHM_ERR_INVALID);
	a[0].data_size = INT64_MAX;
	ck_err(layout(&h, a), CUTE_SHM_ERR_INVALID);
	a[0].data_size = UINT64_C(1) << 62;
	ck_ok(layout(&h, a));
	a[1] = a[0];
	h = header(3, 2, 64);
	ck_err(layout(&h, a), CUTE_SHM_ERR_INVALID);
	h = header(2, 0, UINT64_MAX);
	ck_err(layout(&h, a), CUTE_SHM_ERR_INVALID);
	h = header(UINT64_MAX / 8, 0, 64);
	ck_err(layout(&h, a), CUTE_SHM_ERR_INVALID);
	ck_errmsg_has("2^63");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("layout");
	TCase *tc = tcase_create("layout");

	tcase_add_test(tc, empty);
	tcase_add_test(tc, arrays);
	tcase_add_test(tc, too_large);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
