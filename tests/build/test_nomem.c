/* SPDX-License-Identifier: MIT */
/*
 * Every allocation of a builder's life, and of a reader's, fails once: each
 * time it ends with CUTE_SHM_ERR_NOMEM, and with nothing left behind.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failing.h"
#include "util.h"

static const uint64_t three = 3, many = 5000000;

static int
describe(struct cute_shm_builder *b, const uint8_t *data)
{
	static const uint64_t offsets[] = { 0, 1, 1, 3 };
	char path[32];
	int i, err;

	err = cute_shm_builder_array(b, "big/one", "<u4", 1, &many, data);
	for (i = 0; i < 100 && err == 0; i++) {
		snprintf(path, sizeof(path), "g%d/x/y", i);
		err = cute_shm_builder_array(b, path, "|u1", 1, &three, NULL);
		if (err == 0)
			err = cute_shm_builder_attr_text(b, path, "a", path);
	}
	if (err == 0)
		err = cute_shm_builder_ragged(b, "r", "*|u1", 1, &three, 3,
					      offsets, "abc");
	if (err == 0)
		err = cute_shm_builder_link(b, "l", "g5");
	return err;
}

static int
build(const uint8_t *data)
{
	struct cute_shm_build_options opt = {
		.size = sizeof(opt),
		.source = "x",
		.jobs = 2,
	};
	struct cute_shm_builder *b = NULL;
	struct cute_shm *shm = NULL;
	int err;

	err = cute_shm_builder_new("p", &opt, &b);
	if (err == 0)
		err = describe(b, data);
	if (err == 0)
		err = cute_shm_builder_reserve(b);
	if (err == 0)
		err = cute_shm_builder_write(b, "g5/x/y", 0, "xyz", 3);
	if (err == 0)
		err = cute_shm_builder_publish(b, &shm);
	cute_shm_builder_free(b);
	cute_shm_close(shm);
	return err;
}

START_TEST(each)
{
	const char *root = test_root();
	uint8_t *data = calloc(many, 4);
	unsigned before = test_descriptors();
	long n, failed = 0;
	int err;

	ck_assert_ptr_nonnull(data);
	for (n = 0;; n++) {
		failing_after(FAILING_ALLOCATION, n, ENOMEM);
		err = build(data);
		/* All went well without that one. */
		if (!failing_end())
			break;
		if (err != 0) {
			ck_err(err, CUTE_SHM_ERR_NOMEM);
			ck_assert_str_ne(cute_shm_errmsg(), "");
			failed++;
		} else {
			ck_ok(cute_shm_unlink("p", NULL, NULL));
		}
		ck_assert_uint_eq(test_count(root), 0);
		ck_assert_uint_eq(test_descriptors(), before);
	}
	ck_ok(err);
	ck_assert_int_gt(failed, 100);
	free(data);
}
END_TEST

static int
use(void)
{
	struct cute_shm_verify_options opt = { .size = sizeof(opt), .jobs = 2 };
	struct cute_shm *shm = NULL;
	struct cute_shm_array a;
	int err;

	err = cute_shm_open("p", NULL, &shm);
	if (err == 0)
		err = cute_shm_get(shm, "l/x/y", &a);
	if (err == 0)
		err = cute_shm_verify(shm, &opt, NULL);
	cute_shm_close(shm);
	return err;
}

START_TEST(reading)
{
	uint8_t *data = calloc(many, 4);
	unsigned before;
	long n;
	int err;

	ck_assert_ptr_nonnull(data);
	test_root();
	ck_ok(build(data));
	free(data);
	before = test_descriptors();
	for (n = 0;; n++) {
		failing_after(FAILING_ALLOCATION, n, ENOMEM);
		err = use();
		if (!failing_end())
			break;
		ck_err(err, CUTE_SHM_ERR_NOMEM);
		ck_assert_str_ne(cute_shm_errmsg(), "");
		ck_assert_uint_eq(test_descriptors(), before);
	}
	ck_ok(err);
	ck_assert_int_gt(n, 8);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("nomem");
	TCase *tc = tcase_create("nomem");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, each);
	tcase_add_test(tc, reading);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
