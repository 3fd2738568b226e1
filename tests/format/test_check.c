/* SPDX-License-Identifier: MIT */
/* The header: what opening refuses, and with which error. */
#include <stddef.h>
#include <string.h>

#include "sample.h"

#define AT(member) offsetof(struct format_header, member)

static struct segment sample;

static void
setup(void)
{
	test_root();
	sample = sample_new();
}

static void
teardown(void)
{
	segment_free(&sample);
}

START_TEST(a_sound_header_is_copied)
{
	struct format_header h;

	ck_ok(check_header(sample.bytes, sample.size, &h));
	ck_assert_mem_eq(&h, sample.bytes, sizeof(h));
}
END_TEST

/* One number changed, the header digest right. */
static const struct {
	size_t at;
	uint64_t value;
	int err;
} numbers[] = {
	{ AT(byte_order), UINT64_C(0x0807060504030201), CUTE_SHM_ERR_CORRUPT },
	{ AT(header_size), 0, CUTE_SHM_ERR_CORRUPT },
	{ AT(header_size), 512, CUTE_SHM_ERR_CORRUPT },
	{ AT(header_size), 1088, CUTE_SHM_ERR_CORRUPT },
	{ AT(segment_size), 0, CUTE_SHM_ERR_CORRUPT },
	{ AT(segment_size), UINT64_MAX, CUTE_SHM_ERR_CORRUPT },
	{ AT(metadata_size), 0, CUTE_SHM_ERR_CORRUPT },
	{ AT(metadata_size), UINT64_MAX, CUTE_SHM_ERR_CORRUPT },
	{ AT(index_offset), 0, CUTE_SHM_ERR_CORRUPT },
	{ AT(index_offset), 1025, CUTE_SHM_ERR_CORRUPT },
	{ AT(index_offset), UINT64_MAX - 63, CUTE_SHM_ERR_CORRUPT },
	{ AT(node_count), 0, CUTE_SHM_ERR_CORRUPT },
	{ AT(node_count), UINT64_C(1) << 60, CUTE_SHM_ERR_CORRUPT },
	{ AT(node_count), (UINT64_C(1) << 60) + 1, CUTE_SHM_ERR_CORRUPT },
	{ AT(node_count), UINT64_MAX, CUTE_SHM_ERR_CORRUPT },
	{ AT(records_offset), 1024, CUTE_SHM_ERR_CORRUPT },
	{ AT(records_size), UINT64_MAX - 15, CUTE_SHM_ERR_CORRUPT },
	{ AT(records_size), 17, CUTE_SHM_ERR_CORRUPT },
	{ AT(blocks_offset), 1024, CUTE_SHM_ERR_CORRUPT },
	{ AT(block_count), UINT64_C(1) << 61, CUTE_SHM_ERR_CORRUPT },
	{ AT(live_offset), 64, CUTE_SHM_ERR_CORRUPT },
	{ AT(live_offset), UINT64_MAX - 4095, CUTE_SHM_ERR_CORRUPT },
	{ AT(array_count), UINT64_C(1) << 58, CUTE_SHM_ERR_CORRUPT },
	{ AT(array_count), 1000, CUTE_SHM_ERR_CORRUPT },
	{ AT(data_offset), 4096, CUTE_SHM_ERR_CORRUPT },
	{ AT(data_size), UINT64_MAX, CUTE_SHM_ERR_CORRUPT },
	{ AT(data_size), 0, CUTE_SHM_ERR_CORRUPT },
	{ AT(block_size), 0, CUTE_SHM_ERR_CORRUPT },
	{ AT(block_size), 100, CUTE_SHM_ERR_CORRUPT },
	{ AT(incompatible), 1, CUTE_SHM_ERR_UNSUPPORTED },
	{ AT(incompatible), UINT64_C(1) << 63, 0 }, /* compatible */
};

START_TEST(numbers_that_make_no_sense)
{
	struct format_header h, before;

	memset(&h, 0x55, sizeof(h));
	before = h;
	put64(&sample, numbers[_i].at, numbers[_i].value);
	segment_seal(&sample);
	ck_err(check_header(sample.bytes, sample.size, &h), numbers[_i].err);
	if (numbers[_i].err)
		ck_assert_mem_eq(&h, &before, sizeof(h));
}
END_TEST

static const struct {
	const char text[9];
	int err;
} versions[] = {
	{ "1.0\0\0\0\0", 0 },
	{ "1.7\0\0\0\0", 0 },
	{ "1.12\0\0\0", 0 },
	{ "2.0\0\0\0\0", CUTE_SHM_ERR_UNSUPPORTED },
	{ "10.0\0\0\0", CUTE_SHM_ERR_UNSUPPORTED },
	{ "0.9\0\0\0\0", CUTE_SHM_ERR_CORRUPT },
	{ "01.0\0\0\0", CUTE_SHM_ERR_CORRUPT },
	{ "1.00\0\0\0", CUTE_SHM_ERR_CORRUPT },
	{ "1.0\0\0\0x", CUTE_SHM_ERR_CORRUPT },
	{ "1.000000", CUTE_SHM_ERR_CORRUPT },
	{ "1.234567", CUTE_SHM_ERR_CORRUPT },
	{ "1\0\0\0\0\0\0", CUTE_SHM_ERR_CORRUPT },
	{ "1.\0\0\0\0\0", CUTE_SHM_ERR_CORRUPT },
	{ " 1.0\0\0\0", CUTE_SHM_ERR_CORRUPT },
	{ "1.-1\0\0\0", CUTE_SHM_ERR_CORRUPT },
	{ "\0\0\0\0\0\0\0", CUTE_SHM_ERR_CORRUPT },
};

START_TEST(version_texts)
{
	struct format_header h;

	memcpy(sample.bytes + AT(version), versions[_i].text, 8);
	segment_seal(&sample);
	ck_err(check_header(sample.bytes, sample.size, &h), versions[_i].err);
}
END_TEST

START_TEST(a_later_minor_version_may_have_a_longer_header)
{
	struct format_header *header = segment_header(&sample), h;

	memcpy(header->version, "1.1", 4);
	header->header_size = 960;
	segment_seal(&sample);
	ck_err(check_header(sample.bytes, sample.size, &h),
	       CUTE_SHM_ERR_CORRUPT);
	header->header_size = 1040;
	segment_seal(&sample);
	ck_err(check_header(sample.bytes, sample.size, &h),
	       CUTE_SHM_ERR_CORRUPT);
	header->header_size = 1088; /* into the index */
	segment_seal(&sample);
	ck_err(check_header(sample.bytes, sample.size, &h),
	       CUTE_SHM_ERR_CORRUPT);
}
END_TEST

/* A flip is damage, never another format, but where the version says so. */
START_TEST(every_flipped_bit_is_found)
{
	struct format_header h;
	size_t byte;
	int bit, rc;

	for (byte = 0; byte < sizeof(h); byte++) {
		for (bit = 0; bit < 8; bit++) {
			sample.bytes[byte] ^= (uint8_t)(1 << bit);
			rc = check_header(sample.bytes, sample.size, &h);
			sample.bytes[byte] ^= (uint8_t)(1 << bit);
			if (byte < AT(version))
				ck_assert_int_eq(rc, CUTE_SHM_ERR_FORMAT);
			else if (byte == AT(version) &&
				 rc == CUTE_SHM_ERR_UNSUPPORTED)
				continue;
			else
				ck_assert_int_eq(rc, CUTE_SHM_ERR_CORRUPT);
		}
	}
	ck_ok(check_header(sample.bytes, sample.size, &h));
}
END_TEST

START_TEST(what_is_no_segment)
{
	struct format_header h;
	uint8_t zeros[512] = { 0 };

	ck_err(check_header(zeros, sizeof(zeros), &h), CUTE_SHM_ERR_FORMAT);
	ck_err(check_header(sample.bytes, 511, &h), CUTE_SHM_ERR_FORMAT);
	ck_err(check_header(sample.bytes, 0, &h), CUTE_SHM_ERR_FORMAT);
	ck_err(check_header(sample.bytes, sample.size - 1, &h),
	       CUTE_SHM_ERR_CORRUPT);
	ck_err(check_header(sample.bytes, sample.size + 1, &h),
	       CUTE_SHM_ERR_CORRUPT);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("check");
	TCase *tc = tcase_create("header");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_sound_header_is_copied);
	tcase_add_loop_test(tc, numbers_that_make_no_sense, 0,
			    ELEMENTS(numbers));
	tcase_add_loop_test(tc, version_texts, 0, ELEMENTS(versions));
	tcase_add_test(tc, a_later_minor_version_may_have_a_longer_header);
	tcase_add_test(tc, every_flipped_bit_is_found);
	tcase_add_test(tc, what_is_no_segment);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
