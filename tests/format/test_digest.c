/* SPDX-License-Identifier: MIT */
/* digest.c: against values of an independent XXH3. */
#include <stdlib.h>
#include <string.h>

#include "read/read.h"
#include "util.h"

#define EMPTY	  UINT64_C(0x2d06800538d394c2)
#define THOUSAND  UINT64_C(0x10ad30264426c830) /* i * 7 mod 256 */
#define ZEROS_504 UINT64_C(0x8ff0c9354326c578)

static uint8_t thousand[1000];

static void
setup(void)
{
	size_t i;

	for (i = 0; i < sizeof(thousand); i++)
		thousand[i] = (uint8_t)(i * 7);
}

START_TEST(at_once)
{
	static const struct format_header zero;

	ck_assert_uint_eq(digest("", 0), EMPTY);
	ck_assert_uint_eq(digest(thousand, sizeof(thousand)), THOUSAND);
	ck_assert_uint_eq(digest_header(&zero), ZEROS_504);
}
END_TEST

/* The header's digest does not cover itself, but all before it. */
START_TEST(header)
{
	struct format_header h = { .header_digest = 1 };

	ck_assert_uint_eq(digest_header(&h), ZEROS_504);
	h.metadata_digest = 1;
	ck_assert_uint_ne(digest_header(&h), ZEROS_504);
}
END_TEST

START_TEST(in_pieces)
{
	struct digest_stream *stream = digest_stream_new();
	size_t cuts[] = { 0, 1, 64, 239, 240, 241, 999, 1000 };
	size_t i;

	ck_assert_ptr_nonnull(stream);
	ck_assert_uint_eq(digest_stream_end(stream), EMPTY);
	for (i = 0; i < ELEMENTS(cuts); i++) {
		digest_stream_add(stream, thousand, cuts[i]);
		digest_stream_add(stream, thousand + cuts[i],
				  sizeof(thousand) - cuts[i]);
		ck_assert_uint_eq(digest_stream_end(stream), THOUSAND);
	}
	digest_stream_free(stream);
	digest_stream_free(NULL);
}
END_TEST

START_TEST(rows)
{
	ck_assert_uint_eq(block_rows(0, 512), 0);
	ck_assert_uint_eq(block_rows(512, 512), 0);
	ck_assert_uint_eq(block_rows(513, 512), 2);
	ck_assert_uint_eq(block_rows(1024, 512), 2);
	ck_assert_uint_eq(block_rows(1025, 512), 3);
	ck_assert_uint_eq(block_rows(UINT64_MAX, 64), UINT64_C(1) << 58);
	ck_assert_uint_eq(block_rows(UINT64_MAX, UINT64_MAX - 63), 2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("digest");
	TCase *tc = tcase_create("digest");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, at_once);
	tcase_add_test(tc, header);
	tcase_add_test(tc, in_pieces);
	tcase_add_test(tc, rows);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
