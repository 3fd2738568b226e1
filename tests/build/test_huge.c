/* SPDX-License-Identifier: MIT */
/* Mapped pages, where they are to be had: reserve_huge.c. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "build/build.h"
#include "build/fill.h"
#include "util.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#define MIB ((uint64_t)1 << 20)

static uint64_t data_size = 20 * MIB + 12345; /* of each array */

/* madvise(), as far as a test has it fail. */
static atomic_uint collapsed, populated;
static unsigned fail_collapse_from = UINT32_MAX; /* and later ones, */
static int fail_with;
static atomic_uint fail_times = UINT32_MAX; /* so often */
static unsigned fail_populate_from = UINT32_MAX;
static long slow_us;
static unsigned slow_until = UINT32_MAX;

int __real_madvise(void *p, size_t n, int advice);
int __wrap_madvise(void *p, size_t n, int advice);

int
__wrap_madvise(void *p, size_t n, int advice)
{
	clock_t until = clock() + slow_us * (CLOCKS_PER_SEC / 1000000);

	if (advice == MADV_POPULATE_WRITE &&
	    populated++ >= fail_populate_from) {
		errno = ENOMEM;
		return -1;
	}
	if (advice != MADV_COLLAPSE)
		return __real_madvise(p, n, advice);
	while (collapsed < slow_until && clock() < until)
		;
	if (collapsed++ >= fail_collapse_from && fail_times > 0) {
		fail_times--;
		errno = fail_with;
		return -1;
	}
	return __real_madvise(p, n, advice);
}

/* Whether this system makes large pages of a file in the root. */
static bool
possible(const char *root)
{
	char *path = NULL;
	size_t size = 4 * MIB;
	uint8_t *map, *p;
	bool made;
	FILE *f;

	ck_assert_int_ge(asprintf(&path, "%s/probe", root), 0);
	f = fopen(path, "w+e");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(ftruncate(fileno(f), (off_t)size), 0);
	map = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(map, MAP_FAILED);
	p = mmap(map + (-(uintptr_t)map & (2 * MIB - 1)), 2 * MIB,
		 PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fileno(f), 0);
	ck_assert_ptr_ne(p, MAP_FAILED);
	*(volatile uint8_t *)p = 1;
	made = __real_madvise(p, 2 * MIB, MADV_COLLAPSE) == 0;
	munmap(map, size);
	fclose(f);
	unlink(path);
	free(path);
	if (!made)
		puts("no large pages here: not looked for");
	return made;
}

/* What this process has mapped in large pages of files in memory. */
static uint64_t
mapped_large(void)
{
	unsigned long long sum = 0, kib;
	char line[256];
	FILE *f = fopen("/proc/self/smaps", "re");

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "ShmemPmdMapped: %llu", &kib) == 1)
			sum += kib;
	fclose(f);
	return (uint64_t)sum * 1024;
}

static uint8_t *
pattern(void)
{
	uint8_t *data = malloc(data_size);

	ck_assert_ptr_nonnull(data);
	for (size_t i = 0; i < data_size; i++)
		data[i] = (uint8_t)(i * 7 + (i >> 8) + (i >> 16));
	return data;
}

static atomic_uint placed; /* pieces that were stored in place */

static unsigned writers; /* for builder_writers() */

/* All at once, by a thread, or by the writers. */
static unsigned
flags_of(int way)
{
	writers = way == 2 ? 8 : 1;
	return way > 0 ? CUTE_SHM_RESERVE_AHEAD : 0;
}

/* Store it in place if that is possible, else write it. */
static void
put(struct cute_shm_builder *b, const char *path, uint64_t at,
    const uint8_t *data, size_t size)
{
	uint8_t *to;

	ck_ok(builder_place(b, path, at, size, &to));
	if (to) {
		memcpy(to, data, size);
		ck_ok(builder_placed(b, path, at, size));
		placed++;
	} else {
		ck_ok(cute_shm_builder_write(b, path, at, data, size));
	}
}

/* Publish; array "a" of the project, which stays open, must be 'data'. */
static struct cute_shm *
published(struct cute_shm_builder *b, const uint8_t *data)
{
	struct cute_shm_array a;
	struct cute_shm *shm;

	ck_ok(cute_shm_builder_publish(b, &shm));
	cute_shm_builder_free(b);
	ck_ok(cute_shm_verify(shm, NULL, NULL));
	ck_ok(cute_shm_get(shm, "a", &a));
	ck_assert(memcmp(a.data, data, data_size) == 0);
	return shm;
}

/* By pointer and in pieces; the project is open in the end. */
static struct cute_shm *
build(unsigned flags)
{
	struct cute_shm_build_options opt = {
		.size = sizeof(opt),
		.flags = flags | CUTE_SHM_OVERWRITE,
	};
	uint64_t size = data_size, piece = 777777;
	uint8_t *data = pattern();
	struct cute_shm_builder *b;
	struct cute_shm_array a;
	struct cute_shm *shm;

	ck_ok(cute_shm_builder_new("p", &opt, &b));
	ck_ok(cute_shm_builder_array(b, "a", "|u1", 1, &size, NULL));
	ck_ok(cute_shm_builder_array(b, "b", "|u1", 1, &size, data));
	builder_writers(b, writers);
	ck_ok(cute_shm_builder_reserve(b));
	for (uint64_t at = 0, n, i = 0; at < data_size; at += n, i++) {
		n = data_size - at < piece * (1 + i % 3) ? data_size - at
							 : piece * (1 + i % 3);
		if (i % 2 == 0)
			put(b, "a", at, data + at, n);
		else
			ck_ok(cute_shm_builder_write(b, "a", at, data + at, n));
	}
	shm = published(b, data);
	ck_ok(cute_shm_get(shm, "b", &a));
	ck_assert(memcmp(a.data, data, data_size) == 0);
	free(data);
	return shm;
}

/* Roots of each kind give large pages, and a reader has them, too. */
START_TEST(large)
{
	static const char *const options[] = { "huge=never", "huge=advise",
					       "huge=within_size",
					       "huge=always" };
	const char *root = test_root();
	struct cute_shm *shm;
	char text[64];

	snprintf(text, sizeof(text), "size=128m,%s", options[_i / 3]);
	if (!test_mount(root, text) || !possible(root))
		return;
	shm = build(flags_of(_i % 3));
	/* The first step; the others only if this machine is not slow. */
	ck_assert_uint_ge(mapped_large(), 2 * MIB);
	ck_assert_uint_ge(placed, 1);
	cute_shm_close(shm);
	ck_assert_uint_eq(mapped_large(), 0);
}
END_TEST

/* What was stored once, and then again, has the digests of the last time. */
START_TEST(again_placed)
{
	struct cute_shm_build_options opt = { .size = sizeof(opt) };
	uint64_t size = data_size, most = 3 * MIB / 2;
	uint8_t *data = pattern();
	struct cute_shm_builder *b;
	uint8_t *to;

	test_root();
	ck_ok(cute_shm_builder_new("p", &opt, &b));
	ck_ok(cute_shm_builder_array(b, "a", "|u1", 1, &size, NULL));
	ck_ok(cute_shm_builder_reserve(b));
	ck_err(builder_place(b, "a", size - 1, 2, &to), CUTE_SHM_ERR_INVALID);
	ck_err(builder_placed(b, "a", size - 1, 2), CUTE_SHM_ERR_INVALID);
	ck_err(builder_place(b, "b", 0, 1, &to), CUTE_SHM_ERR_NOT_FOUND);
	ck_ok(cute_shm_builder_write(b, "a", 0, data, size));
	/* Something else, without a word that it is complete. */
	ck_ok(builder_place(b, "a", 0, most, &to));
	if (to)
		memcpy(to, data + 1, most);
	put(b, "a", 7, data + 7, most);
	put(b, "a", 0, data, 7);
	cute_shm_close(published(b, data));
	free(data);
}
END_TEST

/* The last of the memory is given, and no more. */
START_TEST(full)
{
	const char *root = test_root();
	struct cute_shm_build_options opt = { .size = sizeof(opt) };
	uint64_t size = 30 * MIB;
	struct cute_shm_builder *b;

	if (!test_mount(root, "size=64m"))
		return;
	opt.flags = flags_of(_i);
	cute_shm_close(build(opt.flags));
	ck_ok(cute_shm_builder_new("q", &opt, &b));
	ck_ok(cute_shm_builder_array(b, "a", "|u1", 1, &size, NULL));
	builder_writers(b, writers);
	ck_err(cute_shm_builder_publish(b, NULL), CUTE_SHM_ERR_NO_SPACE);
	cute_shm_builder_free(b);
	size = 22 * MIB;
	ck_ok(cute_shm_builder_new("q", &opt, &b));
	ck_ok(cute_shm_builder_array(b, "a", "|u1", 1, &size, NULL));
	builder_writers(b, writers);
	ck_ok(cute_shm_builder_publish(b, NULL));
	cute_shm_builder_free(b);
}
END_TEST

/*
 * Whatever madvise() does, the data are right.  What cannot be done is not
 * tried again, and what may do later only after a while.
 */
START_TEST(refused)
{
	static const int errors[] = { EINVAL, ENOMEM, EBUSY };

	test_root();
	fail_collapse_from = (unsigned)_i / 9 * 3;
	fail_with = errors[_i / 3 % 3];
	cute_shm_close(build(flags_of(_i % 3)));
	ck_assert_uint_le(collapsed,
			  fail_collapse_from + 1 + (fail_with != EINVAL));
}
END_TEST

START_TEST(again)
{
	const char *root = test_root();
	struct cute_shm *shm;

	if (!possible(root))
		return;
	fail_collapse_from = 0;
	fail_times = 2;
	fail_with = EAGAIN;
	shm = build(0);
	ck_assert_uint_ge(collapsed, 3);
	ck_assert_uint_ge(mapped_large(), 2 * MIB);
	cute_shm_close(shm);
}
END_TEST

START_TEST(always_busy)
{
	test_root();
	fail_collapse_from = 2;
	fail_with = EAGAIN;
	cute_shm_close(build(0));
	ck_assert_uint_le(collapsed, 10);
}
END_TEST

START_TEST(no_pages)
{
	test_root();
	fail_populate_from = (unsigned)_i / 3 * 5;
	cute_shm_close(build(flags_of(_i % 3)));
	/* Writers try each grain: small pages may be mapped, too. */
	ck_assert_uint_le(populated,
			  fail_populate_from +
				  (writers > 1 ? 2 * data_size / (2 * MIB) + 3
					       : 1));
}
END_TEST

/* Where looking for them takes too long, small ones are taken for a while. */
START_TEST(slow)
{
	const char *root = test_root();
	struct cute_shm *shm;

	if (!possible(root))
		return;
	slow_us = 40000;
	data_size = 40 * MIB + 12345;
	slow_until = _i / 3 ? 1 : UINT32_MAX;
	shm = build(flags_of(_i % 3));
	ck_assert_uint_ge(collapsed, 2);
	/* The first, and what follows 64 MiB of others, with a rest or not. */
	ck_assert_uint_le(collapsed, _i / 3 ? 8 : 2);
	ck_assert_uint_ge(mapped_large(), 4 * MIB);
	cute_shm_close(shm);
}
END_TEST

/* Writers share grains: no piece ends where a grain does. */
static atomic_uint next_piece;
static const uint8_t *all_data;

static void *
write_pieces(void *b)
{
	const uint64_t piece = MIB + 4321;
	uint64_t at, n;

	while ((at = next_piece++ * piece) < data_size) {
		n = data_size - at < piece ? data_size - at : piece;
		if (at % 3 == 0)
			ck_ok(cute_shm_builder_write(b, "a", at, all_data + at,
						     n));
		else
			put(b, "a", at, all_data + at, n);
	}
	return NULL;
}

START_TEST(together)
{
	struct cute_shm_build_options opt = { .size = sizeof(opt),
					      .flags = flags_of(2) };
	uint64_t size = data_size = 30 * MIB + 54321;
	uint8_t *data = pattern();
	struct cute_shm_builder *b;
	pthread_t threads[8];

	test_root();
	/* Some grains are large, some small, and some not mapped. */
	fail_collapse_from = (unsigned)_i;
	fail_with = EBUSY;
	fail_populate_from = _i ? 8 : UINT32_MAX;
	all_data = data;
	ck_ok(cute_shm_builder_new("p", &opt, &b));
	ck_ok(cute_shm_builder_array(b, "a", "|u1", 1, &size, NULL));
	builder_writers(b, writers);
	ck_ok(cute_shm_builder_reserve(b));
	for (unsigned i = 0; i < 8; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, write_pieces,
						b),
				 0);
	for (unsigned i = 0; i < 8; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	cute_shm_close(published(b, data));
	free(data);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("huge");
	TCase *t = tcase_create("huge");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, large, 0, 12);
	tcase_add_test(t, again_placed);
	tcase_add_loop_test(t, full, 0, 3);
	tcase_add_loop_test(t, refused, 0, 18);
	tcase_add_test(t, again);
	tcase_add_test(t, always_busy);
	tcase_add_loop_test(t, no_pages, 0, 6);
	tcase_add_loop_test(t, slow, 0, 6);
	tcase_add_loop_test(t, together, 0, 4);
	suite_add_tcase(s, t);
	return test_run(s);
}
