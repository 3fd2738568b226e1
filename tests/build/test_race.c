/* SPDX-License-Identifier: MIT */
/* Builders and readers of one name at the same time. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "build/build.h"
#include "base/base.h"
#include "util.h"

#define LOADERS 8
#define READERS 8
#define COUNT	1000 /* elements, all of them the number of the generation */

/* Seconds; CUTE_SHM_STRESS for more of them. */
static double
duration(void)
{
	const char *text = getenv("CUTE_SHM_STRESS");

	return text ? atof(text) : 1;
}

static int
build(unsigned flags, uint64_t number, struct cute_shm **ret)
{
	struct cute_shm_build_options opt = {
		.size = sizeof(opt),
		.flags = flags,
	};
	static const uint64_t shape[] = { COUNT };
	struct cute_shm_builder *b;
	uint64_t data[COUNT];
	int err;

	for (size_t i = 0; i < COUNT; i++)
		data[i] = number;
	err = cute_shm_builder_new("p", &opt, &b);
	if (err != 0)
		return err;
	err = cute_shm_builder_array(b, "a", "<u8", 1, shape, data);
	if (err == 0)
		err = cute_shm_builder_publish(b, ret);
	cute_shm_builder_free(b);
	return err;
}

/* The number of the generation, or 0 if it is not whole. */
static uint64_t
generation(const struct cute_shm *shm)
{
	struct cute_shm_array a;
	const uint64_t *p;
	uint64_t n;

	if (cute_shm_get(shm, "a", &a) != 0)
		return 0;
	p = cute_shm_u64(&a, &n);
	if (!p || n != COUNT || cute_shm_verify(shm, NULL, NULL) != 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (p[i] != p[0])
			return 0;
	return p[0];
}

/* Exit statuses of 'count' children, counted by value. */
static void
reap(int count, unsigned statuses[256])
{
	int status;

	while (count-- > 0) {
		ck_assert_int_gt(wait(&status), 0);
		ck_assert(WIFEXITED(status));
		statuses[WEXITSTATUS(status)]++;
	}
}

/* Loaders that begin together: one of them wins, the others are told. */
START_TEST(one_wins)
{
	const char *root = test_root();
	unsigned rounds = 0;
	double end = clock_now() + duration() / 2;

	for (; clock_now() < end || rounds == 0; rounds++) {
		unsigned statuses[256] = { 0 };
		struct cute_shm *shm;

		for (int i = 0; i < LOADERS; i++) {
			pid_t pid = fork();

			ck_assert_int_ge(pid, 0);
			if (pid == 0)
				_exit(-build(0, (uint64_t)i + 1, NULL));
		}
		reap(LOADERS, statuses);
		ck_assert_uint_eq(statuses[0], 1);
		ck_assert_uint_eq(statuses[-CUTE_SHM_ERR_EXISTS], LOADERS - 1);
		ck_ok(cute_shm_open("p", NULL, &shm));
		ck_assert_uint_ge(generation(shm), 1);
		cute_shm_close(shm);
		ck_assert_uint_eq(test_count(root), 1);
		ck_ok(cute_shm_unlink("p", NULL, NULL));
	}
}
END_TEST

/* What the readers below share. */
struct tally {
	int over;
	uint64_t opened, changed;
};

/* 0, or the step that failed. */
static int
read_on(struct tally *t)
{
	uint64_t last = 0, seen;
	struct cute_shm *shm;

	while (!__atomic_load_n(&t->over, __ATOMIC_ACQUIRE)) {
		if (cute_shm_open("p", NULL, &shm) != 0)
			return 1;
		seen = generation(shm);
		cute_shm_close(shm);
		if (seen == 0)
			return 2;
		if (seen < last)
			return 3; /* an older one came back */
		__atomic_add_fetch(&t->opened, 1, __ATOMIC_RELAXED);
		if (seen != last)
			__atomic_add_fetch(&t->changed, 1, __ATOMIC_RELAXED);
		last = seen;
	}
	return 0;
}

/* Overwritten without pause, the project is always there, and always whole. */
START_TEST(overwritten)
{
	const char *root = test_root();
	struct tally *t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned statuses[256] = { 0 };
	uint64_t number = 1;
	double end;

	ck_assert(t != MAP_FAILED);
	ck_ok(build(0, number, NULL));
	for (int i = 0; i < READERS; i++) {
		pid_t pid = fork();

		ck_assert_int_ge(pid, 0);
		if (pid == 0)
			_exit(read_on(t));
	}
	end = clock_now() + duration();
	while (clock_now() < end ||
	       __atomic_load_n(&t->changed, __ATOMIC_RELAXED) < 2 * READERS)
		ck_ok(build(CUTE_SHM_OVERWRITE, ++number, NULL));
	__atomic_store_n(&t->over, 1, __ATOMIC_RELEASE);
	reap(READERS, statuses);
	ck_assert_uint_eq(statuses[0], READERS);
	ck_assert_uint_eq(test_count(root), 1);
	munmap(t, sizeof(*t));
}
END_TEST

/*
 * Owners that come, go, and are killed, beside collectors: nobody collects what
 * lives, and in the end nothing is left.
 */
static int
own_and_die(unsigned round)
{
	struct cute_shm *shm;
	int err =
		build(CUTE_SHM_EPHEMERAL | CUTE_SHM_OVERWRITE, round + 1, &shm);

	if (err != 0)
		return -err;
	if (cute_shm_collect(NULL, NULL, NULL) != 0 || generation(shm) == 0)
		return 1;
	if (round % 2)
		cute_shm_close(shm);
	return 0; /* by _exit(): no handler removes the name */
}

START_TEST(collected)
{
	const char *root = test_root();
	double end = clock_now() + duration() / 2;
	unsigned round = 0;

	while (clock_now() < end || round < 10) {
		unsigned statuses[256] = { 0 };

		for (int i = 0; i < 4; i++, round++) {
			pid_t pid = fork();

			ck_assert_int_ge(pid, 0);
			if (pid == 0)
				_exit(own_and_die(round / 2 + (unsigned)i));
		}
		reap(4, statuses);
		ck_assert_uint_eq(statuses[0], 4);
		ck_ok(cute_shm_collect(NULL, NULL, NULL));
		ck_assert_uint_eq(test_count(root), 0);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("race");
	TCase *t = tcase_create("race");

	tcase_set_timeout(t, 60 + 4 * duration());
	tcase_add_test(t, one_wins);
	tcase_add_test(t, overwritten);
	tcase_add_test(t, collected);
	suite_add_tcase(s, t);
	return test_run(s);
}
