/* SPDX-License-Identifier: MIT */
/*
 * Segments of another encoder, in $CUTE_SHM_GOLDEN: good ones open, verify and
 * have the digest that it says; bad ones fail as they should.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sample.h"

static const struct {
	const char *name;
	uint64_t digest;
} good[] = {
	{ "good-empty.seg", UINT64_C(0x94f28d81661795f5) },
	{ "good-dtypes.seg", UINT64_C(0xc5863bf7234d7827) },
	{ "good-nested-links.seg", UINT64_C(0x05bdfa6790cfae57) },
	{ "good-ragged.seg", UINT64_C(0xf38bd511cdefcb0a) },
	{ "good-attributes.seg", UINT64_C(0x801170305901691f) },
	{ "good-shapes.seg", UINT64_C(0x293c5134bd1c040e) },
	{ "good-names.seg", UINT64_C(0x78644d16da2fb3e9) },
};

/* 'opens': only verification finds it. */
static const struct {
	const char *name;
	bool opens;
	int err;
} bad[] = {
	{ "bad-magic.seg", false, CUTE_SHM_ERR_FORMAT },
	{ "bad-version.seg", false, CUTE_SHM_ERR_UNSUPPORTED },
	{ "bad-truncated.seg", false, CUTE_SHM_ERR_CORRUPT },
	{ "bad-header-digest.seg", false, CUTE_SHM_ERR_CORRUPT },
	{ "bad-section-outside.seg", false, CUTE_SHM_ERR_CORRUPT },
	{ "bad-record-size-0.seg", true, CUTE_SHM_ERR_CORRUPT },
	{ "bad-name-nul.seg", true, CUTE_SHM_ERR_CORRUPT },
	{ "bad-next-backwards.seg", true, CUTE_SHM_ERR_CORRUPT },
	{ "bad-link-cycle.seg", true, CUTE_SHM_ERR_CORRUPT },
	{ "bad-shape-overflow.seg", true, CUTE_SHM_ERR_CORRUPT },
	{ "bad-data-outside.seg", true, CUTE_SHM_ERR_CORRUPT },
	{ "bad-index-unsorted.seg", true, CUTE_SHM_ERR_CORRUPT },
	{ "bad-attr-overrun.seg", true, CUTE_SHM_ERR_CORRUPT },
};

static int
open_golden(const char *name, struct cute_shm **ret)
{
	struct cute_shm_open_options opt = {
		.size = sizeof(opt), .flags = CUTE_SHM_ANY_OWNER
	};

	return cute_shm_open_file(test_path(getenv("CUTE_SHM_GOLDEN"), name),
				  &opt, ret);
}

START_TEST(good_ones)
{
	struct cute_shm_info info;
	struct cute_shm *shm;

	ck_ok(open_golden(good[_i].name, &shm));
	ck_ok(cute_shm_info(shm, &info));
	ck_assert_uint_eq(info.metadata_digest, good[_i].digest);
	ck_assert_uint_eq(segment_read_all(shm), info.node_count);
	ck_ok(cute_shm_verify(shm, NULL, NULL));
	cute_shm_close(shm);
}
END_TEST

START_TEST(bad_ones)
{
	struct cute_shm *shm = NULL;

	if (!bad[_i].opens) {
		ck_err(open_golden(bad[_i].name, &shm), bad[_i].err);
		ck_assert_ptr_null(shm);
		return;
	}
	ck_ok(open_golden(bad[_i].name, &shm));
	segment_read_all(shm);
	ck_err(cute_shm_verify(shm, NULL, NULL), bad[_i].err);
	cute_shm_close(shm);
}
END_TEST

int
main(void)
{
	Suite *suite;
	TCase *tc;

	if (!getenv("CUTE_SHM_GOLDEN")) {
		puts("CUTE_SHM_GOLDEN is not set: no segments to compare with");
		return 77;
	}
	suite = suite_create("golden");
	tc = tcase_create("golden");
	tcase_add_loop_test(tc, good_ones, 0, ELEMENTS(good));
	tcase_add_loop_test(tc, bad_ones, 0, ELEMENTS(bad));
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
