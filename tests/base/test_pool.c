/* SPDX-License-Identifier: MIT */
/* pool.c: every job runs or is dropped once, the first error is told. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "util.h"

static atomic_int ran, dropped;
static pthread_barrier_t barrier;

static int
count_job(void *arg, bool drop)
{
	free(arg);
	atomic_fetch_add(drop ? &dropped : &ran, 1);
	return 0;
}

static int
fail_job(void *arg, bool drop)
{
	count_job(arg, drop);
	return drop ? 0
		    : cute_shm_fail(CUTE_SHM_ERR_SOURCE, "job %d has no luck",
				    13);
}

/* Not reached by fewer threads than the barrier asks for. */
static int
meet_job(void *arg, bool drop)
{
	pthread_barrier_wait(&barrier);
	return count_job(arg, drop);
}

static int
mask_job(void *arg, bool drop)
{
	sigset_t set;

	pthread_sigmask(SIG_SETMASK, NULL, &set);
	if (!sigismember(&set, SIGINT) || !sigismember(&set, SIGUSR1))
		return cute_shm_fail(CUTE_SHM_ERR_SYSTEM, "takes signals");
	return count_job(arg, drop);
}

static struct pool *
new_pool(unsigned threads, unsigned depth)
{
	struct pool *pool = NULL;

	ran = dropped = 0;
	ck_ok(pool_new(threads, depth, &pool));
	return pool;
}

/* Threads: 0, 1 (both in the caller), 2, 8; depth 1 and more. */
START_TEST(all_run)
{
	static const unsigned threads[] = { 0, 1, 2, 8, 8 };
	static const unsigned depth[] = { 0, 4, 1, 1, 64 };
	struct pool *pool = new_pool(threads[_i], depth[_i]);
	int round, i;

	for (round = 1; round <= 3; round++) {
		for (i = 0; i < 1000; i++)
			ck_ok(pool_push(pool, count_job, malloc(16)));
		ck_ok(pool_wait(pool));
		ck_assert_int_eq(ran, 1000 * round);
	}
	ck_assert_int_eq(dropped, 0);
	pool_free(pool);
	ck_assert_int_eq(ran, 3000);
}
END_TEST

START_TEST(first_error)
{
	static const unsigned threads[] = { 1, 2, 8 };
	struct pool *pool = new_pool(threads[_i], 4);
	int i, err = 0;

	ck_ok(pool_push(pool, count_job, malloc(16)));
	pool_push(pool, fail_job, malloc(16));
	ck_err(pool_wait(pool), CUTE_SHM_ERR_SOURCE);
	ck_assert_str_eq(cute_shm_errmsg(), "job 13 has no luck");
	cute_shm_fail(CUTE_SHM_ERR_NOMEM, "something else");

	for (i = 0; i < 100; i++) {
		err = pool_push(pool, count_job, malloc(16));
		ck_err(err, CUTE_SHM_ERR_SOURCE);
		ck_assert_str_eq(cute_shm_errmsg(), "job 13 has no luck");
	}
	ck_err(pool_wait(pool), CUTE_SHM_ERR_SOURCE);
	pool_free(pool);
	ck_assert_int_eq(ran, 2);
	ck_assert_int_eq(dropped, 100);
}
END_TEST

/* Whoever waits for room is told of the error, and nothing is lost. */
START_TEST(error_while_full)
{
	struct pool *pool = new_pool(2, 1);
	int i, pushed = 0;

	for (i = 0; i < 500; i++)
		pushed += pool_push(pool, i == 50 ? fail_job : count_job,
				    malloc(16)) == 0;
	ck_err(pool_wait(pool), CUTE_SHM_ERR_SOURCE);
	ck_assert_int_eq(ran + dropped, 500);
	ck_assert_int_ge(pushed, 51);
	ck_assert_int_ge(ran, 1);
	pool_free(pool);
}
END_TEST

START_TEST(parallel)
{
	struct pool *pool = new_pool(4, 4);
	int i;

	pthread_barrier_init(&barrier, NULL, 4);
	for (i = 0; i < 4; i++)
		ck_ok(pool_push(pool, meet_job, NULL));
	ck_ok(pool_wait(pool));
	ck_assert_int_eq(ran, 4);
	pool_free(pool);
	pthread_barrier_destroy(&barrier);
}
END_TEST

START_TEST(frees_what_waits)
{
	struct pool *pool = new_pool(2, 64);
	int i;

	for (i = 0; i < 64; i++)
		ck_ok(pool_push(pool, count_job, malloc(16)));
	pool_free(pool);
	ck_assert_int_eq(ran + dropped, 64);
	pool_free(NULL);
}
END_TEST

START_TEST(signals)
{
	struct pool *pool = new_pool(2, 2);
	sigset_t set;

	ck_ok(pool_push(pool, mask_job, NULL));
	ck_ok(pool_wait(pool));
	pool_free(pool);
	/* The caller's own mask is as it was. */
	pthread_sigmask(SIG_SETMASK, NULL, &set);
	ck_assert(!sigismember(&set, SIGINT));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pool");
	TCase *tc = tcase_create("pool");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, all_run, 0, 5);
	tcase_add_loop_test(tc, first_error, 0, 3);
	tcase_add_test(tc, error_while_full);
	tcase_add_test(tc, parallel);
	tcase_add_test(tc, frees_what_waits);
	tcase_add_test(tc, signals);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
