/* SPDX-License-Identifier: MIT */
/*
 * A project costs one descriptor and one mapping, whatever the number of its
 * arrays.  Prints what opening takes; that is for people, not for the verdict.
 */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "cute_shm.h"
#include "util.h"

#define OPENS 101

static void
build(const char *root, uint64_t arrays)
{
	struct cute_shm_build_options opt = { .size = sizeof(opt) };
	const uint64_t shape[] = { 2 };
	struct cute_shm_builder *b;
	double data[2] = { 0, 1 };
	char path[64];
	uint64_t i;

	opt.root = root;
	opt.flags = CUTE_SHM_OVERWRITE;
	ck_ok(cute_shm_builder_new("many", &opt, &b));
	for (i = 0; i < arrays; i++) {
		snprintf(path, sizeof(path), "group%u/array%u",
			 (unsigned)(i / 100), (unsigned)(i % 100));
		ck_ok(cute_shm_builder_array(b, path, "<f8", 1, shape, data));
	}
	ck_ok(cute_shm_builder_publish(b, NULL));
	cute_shm_builder_free(b);
}

static double
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Median of opening and finding one array. */
static double
open_us(void)
{
	struct cute_shm_array array;
	struct cute_shm *shm;
	double us[OPENS];
	int i;

	for (i = 0; i < OPENS; i++) {
		us[i] = now_us();
		ck_ok(cute_shm_open("many", NULL, &shm));
		ck_ok(cute_shm_get(shm, "group0/array0", &array));
		us[i] = now_us() - us[i];
		cute_shm_close(shm);
	}
	qsort(us, OPENS, sizeof(us[0]), by_value);
	return us[OPENS / 2];
}

START_TEST(one_descriptor_for_all)
{
	static const uint64_t counts[] = { 1, 1000, 100000 };
	const struct rlimit few = { 64, 64 };
	uint64_t arrays = counts[_i], i, n;
	struct cute_shm_array array;
	const char *root = test_root();
	struct cute_shm *shm;
	unsigned before;
	char path[64];
	double us;

	build(root, arrays);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	us = open_us();
	before = test_descriptors();
	ck_ok(cute_shm_open("many", NULL, &shm));
	ck_assert_uint_eq(test_descriptors(), before + 1);
	for (i = 0; i < arrays; i++) {
		snprintf(path, sizeof(path), "group%u/array%u",
			 (unsigned)(i / 100), (unsigned)(i % 100));
		ck_ok(cute_shm_get(shm, path, &array));
		ck_assert_ptr_nonnull(cute_shm_f64(&array, &n));
		ck_assert_uint_eq(n, 2);
	}
	ck_assert_uint_eq(test_descriptors(), before + 1);
	cute_shm_close(shm);
	printf("%6u arrays: open and first lookup in %.1f us (median of %d)\n",
	       (unsigned)arrays, us, OPENS);
	ck_ok(cute_shm_unlink("many", NULL, NULL));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("many");
	TCase *tcase = tcase_create("all");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, one_descriptor_for_all, 0, 3);
	suite_add_tcase(suite, tcase);
	return test_run(suite);
}
