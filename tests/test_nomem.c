/* SPDX-License-Identifier: MIT */
/*
 * Every allocation of a builder's life, and of a reader's, fails once: each time
 * it ends with CUTE_SHM_ERR_NOMEM, and with nothing left behind.  The linker puts the
 * functions of this file in the place of the allocator's (--wrap).
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_reallocarray(void *p, size_t count, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_reallocarray(void *p, size_t count, size_t size);
char *__wrap_strdup(const char *text);

/* How many allocations still succeed; negative: no more has to fail. */
static atomic_long left = -1;

static bool
fails(void)
{
	return atomic_load(&left) >= 0 && atomic_fetch_sub(&left, 1) == 0;
}

void *
__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

void *
__wrap_reallocarray(void *p, size_t count, size_t size)
{
	return fails() ? NULL : __real_reallocarray(p, count, size);
}

char *
__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

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
		.size = sizeof(opt), .source = "x", .jobs = 2,
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
		atomic_store(&left, n);
		err = build(data);
		/* All went well without that one. */
		if (atomic_exchange(&left, -1) >= 0)
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
		atomic_store(&left, n);
		err = use();
		if (atomic_exchange(&left, -1) >= 0)
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
