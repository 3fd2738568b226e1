/* SPDX-License-Identifier: MIT */
/* Memory that is reserved while others write already: ahead.c. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "build/build.h"
#include "build/fill.h"
#include "util.h"

#define MIB  ((uint64_t)1 << 20)
#define SIZE (24 * MIB)
#define LEAD (64 * MIB) /* as in ahead.c */

/* The system's calls, as far as the tests have them fail. */
static uint64_t space = UINT64_MAX; /* bytes that a file may have */
static unsigned pause_us;	    /* before each reservation */
static bool no_threads;
static unsigned writers; /* for builder_writers() */
static atomic_uint steps;
static atomic_ullong longest; /* bytes of a step */

int __real_posix_fallocate(int fd, off_t at, off_t size);
int __wrap_posix_fallocate(int fd, off_t at, off_t size);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
			  void *(*run)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
			  void *(*run)(void *), void *arg);

int
__wrap_posix_fallocate(int fd, off_t at, off_t size)
{
	steps++;
	if ((unsigned long long)size > longest)
		longest = (unsigned long long)size;
	if (pause_us)
		usleep(pause_us);
	if ((uint64_t)at + (uint64_t)size > space)
		return ENOSPC;
	return __real_posix_fallocate(fd, at, size);
}

int
__wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
		      void *(*run)(void *), void *arg)
{
	if (no_threads)
		return EAGAIN;
	return __real_pthread_create(thread, attr, run, arg);
}

static struct cute_shm_builder *
reserved(unsigned flags, uint64_t size)
{
	struct cute_shm_build_options opt = {
		.size = sizeof(opt),
		.flags = flags,
	};
	struct cute_shm_builder *b = NULL;

	ck_ok(cute_shm_builder_new("p", &opt, &b));
	ck_ok(cute_shm_builder_array(b, "a", "|u1", 1, &size, NULL));
	builder_writers(b, writers);
	ck_ok(cute_shm_builder_reserve(b));
	return b;
}

static const uint8_t *
pattern(void)
{
	static uint8_t data[MIB];

	for (size_t i = 0; i < MIB; i++)
		data[i] = (uint8_t)(i * 7 + (i >> 8));
	return data;
}

/* Writes all of it, the last piece first, and publishes. */
static uint64_t
fill(struct cute_shm_builder *b)
{
	const uint8_t *data = pattern();
	struct cute_shm_info info;
	struct cute_shm *shm;

	for (uint64_t at = SIZE; at > 0; at -= MIB)
		ck_ok(cute_shm_builder_write(b, "a", at - MIB, data, MIB));
	ck_ok(cute_shm_builder_publish(b, &shm));
	cute_shm_builder_free(b);
	ck_ok(cute_shm_verify(shm, NULL, NULL));
	ck_ok(cute_shm_info(shm, &info));
	cute_shm_close(shm);
	ck_ok(cute_shm_unlink("p", NULL, NULL));
	return info.metadata_digest;
}

START_TEST(the_same)
{
	const char *root = test_root();
	uint64_t expected = fill(reserved(0, SIZE));
	unsigned before = test_descriptors();

	/* Short ones: who writes waits for each. */
	ck_assert_uint_ge(steps, SIZE / MIB);
	ck_assert_uint_le(longest, MIB);
	pause_us = 1000;
	steps = 0;
	ck_assert_uint_eq(fill(reserved(CUTE_SHM_RESERVE_AHEAD, SIZE)),
			  expected);
	ck_assert_uint_ge(steps, SIZE / MIB);
	no_threads = true;
	ck_assert_uint_eq(fill(reserved(CUTE_SHM_RESERVE_AHEAD, SIZE)),
			  expected);
	/* The writers need no thread. */
	writers = 8;
	ck_assert_uint_eq(fill(reserved(CUTE_SHM_RESERVE_AHEAD, SIZE)),
			  expected);
	ck_assert_uint_eq(test_count(root), 0);
	ck_assert_uint_eq(test_descriptors(), before);
}
END_TEST

/* What nobody writes is reserved, too, before the project has its name. */
START_TEST(all_of_it)
{
	struct cute_shm_builder *b;
	struct cute_shm_info info;
	struct cute_shm *shm;
	struct stat st;

	test_root();
	pause_us = 1000;
	writers = _i ? 8 : 1;
	b = reserved(CUTE_SHM_RESERVE_AHEAD, SIZE);
	ck_ok(cute_shm_builder_publish(b, &shm));
	cute_shm_builder_free(b);
	ck_ok(cute_shm_info(shm, &info));
	ck_assert_int_eq(stat(info.path, &st), 0);
	ck_assert_uint_ge((uint64_t)st.st_blocks * 512, info.size);
	cute_shm_close(shm);
}
END_TEST

START_TEST(runs_out)
{
	const char *root = test_root();
	unsigned before = test_descriptors();
	struct cute_shm_builder *b;

	space = 12 * MIB;
	b = reserved(CUTE_SHM_RESERVE_AHEAD, SIZE);
	ck_ok(cute_shm_builder_write(b, "a", 0, pattern(), MIB));
	ck_err(cute_shm_builder_write(b, "a", 20 * MIB, pattern(), MIB),
	       CUTE_SHM_ERR_NO_SPACE);
	ck_errmsg_has("array a: ");
	ck_errmsg_has("mount -o remount,size=");
	ck_err(cute_shm_builder_publish(b, NULL), CUTE_SHM_ERR_NO_SPACE);
	cute_shm_builder_free(b);
	b = reserved(CUTE_SHM_RESERVE_AHEAD, SIZE);
	ck_err(cute_shm_builder_seal(b), CUTE_SHM_ERR_NO_SPACE);
	cute_shm_builder_free(b);
	ck_assert_uint_eq(test_count(root), 0);
	ck_assert_uint_eq(test_descriptors(), before);
}
END_TEST

/*
 * What is described, and not written, is held only for a bounded distance: a
 * source that says it has more than it sends must not take all memory.
 */
START_TEST(no_further_than_the_lead)
{
	struct cute_shm_builder *b;
	uint64_t first;

	test_root();
	no_threads = _i;
	b = reserved(CUTE_SHM_RESERVE_AHEAD, 1024 * MIB);
	/* Give the thread time to go too far. */
	if (!no_threads)
		while (steps < LEAD / MIB)
			usleep(1000);
	usleep(50000);
	first = steps;
	ck_assert_uint_le(first, no_threads ? 0 : LEAD / MIB + 4);
	ck_ok(cute_shm_builder_write(b, "a", 2 * MIB, pattern(), MIB));
	ck_assert_uint_ge(steps, 4);
	ck_ok(cute_shm_builder_write(b, "a", 80 * MIB, pattern(), MIB));
	ck_assert_uint_ge(steps, 81);
	usleep(50000);
	ck_assert_uint_le(steps, 81 + LEAD / MIB + 8);
	cute_shm_builder_free(b);
}
END_TEST

/* The builder ends before the memory is there. */
START_TEST(given_up)
{
	const char *root = test_root();
	unsigned before = test_descriptors();
	struct cute_shm_builder *b;
	int status;
	pid_t pid;

	pause_us = 20000;
	b = reserved(CUTE_SHM_RESERVE_AHEAD, 1024 * MIB);
	/* A child has the builder, but not its thread. */
	pid = test_fork();
	if (pid == 0) {
		cute_shm_builder_free(b);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	cute_shm_builder_free(b);
	ck_assert_uint_lt(steps, 256);
	ck_assert_uint_eq(test_count(root), 0);
	ck_assert_uint_eq(test_descriptors(), before);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ahead");
	TCase *t = tcase_create("ahead");

	tcase_add_test(t, the_same);
	tcase_add_loop_test(t, all_of_it, 0, 2);
	tcase_add_test(t, runs_out);
	tcase_add_test(t, given_up);
	tcase_add_loop_test(t, no_further_than_the_lead, 0, 2);
	suite_add_tcase(s, t);
	return test_run(s);
}
