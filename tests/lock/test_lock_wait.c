/* SPDX-License-Identifier: MIT */
/* Waiting for locks: in one queue, holding nothing, cancelled, forked. */

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "lock_util.h"

#define SHORT_NS INT64_C(20000000)
#define LONG_NS	 INT64_C(60000000000)

/* Requests in the kernel's queue for the file; -1: nobody tells. */
static int
in_the_queue(void)
{
	struct stat st;

	ck_assert_int_eq(fstat(fd[0], &st), 0);
	return test_locks(&st, true);
}

/* The fewest of several looks: one may count a request twice. */
static int
fewest_in_the_queue(void)
{
	int fewest = in_the_queue(), now;

	for (int i = 0; i < 8; i++) {
		now = in_the_queue();
		fewest = now < fewest ? now : fewest;
	}
	return fewest;
}

/* Look until there are so many, for ten seconds; and how many there were. */
static int
until_in_the_queue(int expected)
{
	int count = in_the_queue();

	for (int i = 0; i < 10000 && count != expected; i++) {
		usleep(1000);
		count = in_the_queue();
	}
	return count;
}

struct request {
	pthread_t thread;
	int i; /* of the table */
	uint64_t start, end;
	bool exclusive;
	int64_t timeout_ns;
	atomic_bool done;
	int rc;
};

static void *
obtain_and_release(void *arg)
{
	struct request *r = arg;
	struct cute_shm_lock *lock;

	r->rc = lock_range(table[r->i], r->start, r->end, r->exclusive,
			   r->timeout_ns, &lock);
	if (r->rc == 0)
		cute_shm_unlock(lock);
	atomic_store(&r->done, true);
	return NULL;
}

/* Returns when the request waits; where nobody tells, after a while. */
static void
begin(struct request *r)
{
	int before = fewest_in_the_queue(), seen = 0;

	ck_assert_int_eq(pthread_create(&r->thread, NULL, obtain_and_release,
					r),
			 0);
	while (before >= 0 && seen < 5) {
		seen = in_the_queue() > before ? seen + 1 : 0;
		usleep(200);
	}
	if (before < 0)
		usleep(100000);
	ck_assert(!atomic_load(&r->done));
}

static void
end(struct request *r, int rc)
{
	pthread_join(r->thread, NULL);
	ck_assert_int_eq(r->rc, rc);
}

static const int64_t limits[] = { CUTE_SHM_FOREVER, LONG_NS };

/* What one thread lets go of is free, though another one waits for more. */
START_TEST(who_waits_holds_nothing)
{
	struct cute_shm_lock *mine, *theirs, *both;
	struct request r = {
		.i = 0, .start = 0, .end = 200, .timeout_ns = limits[_i]
	};

	ck_ok(lock_range(table[0], 0, 100, false, 0, &mine));
	ck_ok(lock_range(table[1], 100, 200, true, 0, &theirs));
	begin(&r);
	ck_assert(!table_holds(table[0], 0, 200));
	cute_shm_unlock(mine);
	ck_assert(!range_locked(fd[1], 0, 100, true));
	ck_ok(lock_range(table[1], 0, 100, true, 0, &both));
	cute_shm_unlock(theirs);
	cute_shm_unlock(both);
	end(&r, 0);
}
END_TEST

/* An array left torn does not seem to be written because a writer waits. */
START_TEST(a_waiting_writer_is_no_writer)
{
	struct cute_shm_lock *lock;
	struct request r = { .i = 0,
			     .start = 0,
			     .end = 100,
			     .exclusive = true,
			     .timeout_ns = limits[_i] };

	ck_ok(lock_range(table[1], 50, 60, false, 0, &lock));
	begin(&r);
	ck_assert(!table_holds(table[0], 0, 100));
	ck_assert(!range_locked(fd[0], 0, 100, false));
	ck_assert(!range_locked(fd[1], 0, 100, true));
	cute_shm_unlock(lock);
	end(&r, 0);
}
END_TEST

/* With and without a limit it stands in the queue, and nobody polls. */
START_TEST(all_wait_in_one_queue)
{
	struct cute_shm_lock *lock;
	struct request r[4];
	int i;

	if (in_the_queue() < 0)
		return;
	ck_ok(lock_range(table[0], 0, 100, true, 0, &lock));
	for (i = 0; i < 4; i++) {
		r[i] = (struct request){ .i = i % 2,
					 .start = 0,
					 .end = 100,
					 .exclusive = true,
					 .timeout_ns = limits[i / 2] };
		begin(&r[i]);
		ck_assert_int_eq(until_in_the_queue(i + 1), i + 1);
	}
	cute_shm_unlock(lock);
	for (i = 0; i < 4; i++)
		end(&r[i], 0);
	ck_assert_int_eq(until_in_the_queue(0), 0);
}
END_TEST

static bool
marked(void)
{
	return range_locked(fd[1], LOCK_WAITING, LOCK_WAITING + 100, true);
}

/* Who waits can be seen, so that a writer may let it go first. */
START_TEST(who_waits_leaves_a_mark)
{
	struct cute_shm_lock *lock;
	struct request r = { .i = 0,
			     .start = 0,
			     .end = 100,
			     .exclusive = _i / 2,
			     .timeout_ns = limits[_i % 2] };

	ck_ok(lock_range(table[1], 0, 100, true, 0, &lock));
	ck_assert(!marked());
	begin(&r);
	ck_assert(marked());
	cute_shm_unlock(lock);
	end(&r, 0);
	ck_assert(!marked());
}
END_TEST

/* Whoever leaves a mark for ever delays others, and does not stop them. */
START_TEST(a_mark_is_no_lock)
{
	struct cute_shm_lock *lock;
	int i;

	ck_assert_int_eq(range_try(fd[1], LOCK_WAITING, LOCK_WAITING + 100,
				   false),
			 0);
	for (i = 0; i < 3; i++) {
		ck_ok(lock_range(table[0], 0, 100, true, i ? limits[i - 1] : 0,
				 &lock));
		cute_shm_unlock(lock);
	}
	range_release(fd[1], LOCK_WAITING, LOCK_WAITING + 100);
}
END_TEST

static unsigned
threads(void)
{
	return test_count("/proc/self/task");
}

/* Neither a thread nor a descriptor, nor a place in the queue. */
START_TEST(a_timeout_leaves_nothing)
{
	struct cute_shm_lock *lock, *no;
	unsigned descriptors = test_descriptors(), before;
	int i;

	ck_ok(lock_range(table[0], 0, 100, true, 0, &lock));
	/* A sanitizer has a thread of its own once there was any other. */
	ck_err(lock_range(table[1], 0, 100, true, 1000, &no),
	       CUTE_SHM_ERR_TIMEOUT);
	usleep(10000);
	before = threads();
	for (i = 0; i < 200; i++)
		ck_err(lock_range(table[i % 2], 50, 150, i % 4 < 2, 1000, &no),
		       CUTE_SHM_ERR_TIMEOUT);
	ck_assert_uint_eq(test_descriptors(), descriptors);
	/* One that was joined is listed for another moment. */
	for (i = 0; i < 1000 && threads() > before; i++)
		usleep(1000);
	ck_assert_uint_le(threads(), before);
	ck_assert_int_le(in_the_queue(), 0);
	ck_assert(free_now(1, 100, 150, true));
	cute_shm_unlock(lock);
	ck_assert(free_now(1, 0, 150, true));
}
END_TEST

static void
check_free(unsigned descriptors)
{
	ck_assert_uint_eq(test_descriptors(), descriptors);
	ck_assert_int_le(in_the_queue(), 0);
	for (int i = 0; i < 2; i++)
		ck_assert(free_now(i, 0, 1000, true));
}

START_TEST(a_cancelled_waiter_leaves_nothing)
{
	unsigned descriptors = test_descriptors();
	struct cute_shm_lock *lock;
	struct request r = { .i = _i % 2,
			     .start = 0,
			     .end = 100,
			     .exclusive = true,
			     .timeout_ns = limits[_i / 2] };
	void *result;

	ck_ok(lock_range(table[0], 0, 100, true, 0, &lock));
	begin(&r);
	ck_assert_int_eq(pthread_cancel(r.thread), 0);
	pthread_join(r.thread, &result);
	ck_assert_ptr_eq(result, PTHREAD_CANCELED);
	cute_shm_unlock(lock);
	check_free(descriptors);
}
END_TEST

static void *
lock_on(void *arg)
{
	const bool *exclusive = arg;
	struct cute_shm_lock *lock;
	int state;

	for (;;) {
		pthread_testcancel();
		if (lock_range(table[*exclusive], 0, 100, *exclusive, LONG_NS,
			       &lock) != 0)
			continue;
		/* What has been obtained is the caller's. */
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
		cute_shm_unlock(lock);
		pthread_setcancelstate(state, NULL);
	}
	return NULL;
}

/* At any moment: before, while, and after it gets what it waits for. */
START_TEST(cancelled_at_any_moment)
{
	static const bool ways[] = { false, true };
	unsigned descriptors = test_descriptors(), seed = 1, i;
	pthread_t t[4];

	for (i = 0; i < 100; i++) {
		for (unsigned k = 0; k < 4; k++)
			ck_assert_int_eq(
				pthread_create(&t[k], NULL, lock_on,
					       (void *)(uintptr_t)&ways[k % 2]),
				0);
		usleep((useconds_t)(rand_r(&seed) % 3000));
		for (unsigned k = 0; k < 4; k++)
			pthread_cancel(t[k]);
		for (unsigned k = 0; k < 4; k++)
			pthread_join(t[k], NULL);
	}
	check_free(descriptors);
}
END_TEST

static bool no_threads;

int __real_pthread_create(pthread_t *t, const pthread_attr_t *attr,
			  void *(*fn)(void *), void *arg);
int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *attr,
			  void *(*fn)(void *), void *arg);

/* Those of the library have attributes, those of the test have none. */
int
__wrap_pthread_create(pthread_t *t, const pthread_attr_t *attr,
		      void *(*fn)(void *), void *arg)
{
	return no_threads && attr ? EAGAIN
				  : __real_pthread_create(t, attr, fn, arg);
}

/* With no thread, and with no descriptor to be had, it tries again. */
START_TEST(where_it_cannot_queue)
{
	struct rlimit before, none;
	struct cute_shm_lock *lock, *no;
	struct request r = { .i = 1,
			     .start = 0,
			     .end = 100,
			     .exclusive = true,
			     .timeout_ns = LONG_NS };

	ck_ok(lock_range(table[0], 0, 100, true, 0, &lock));
	getrlimit(RLIMIT_NOFILE, &before);
	none = before;
	no_threads = _i == 0;
	if (_i == 1) {
		none.rlim_cur = (rlim_t)fd[1] + 1;
		setrlimit(RLIMIT_NOFILE, &none);
	}
	ck_err(lock_range(table[1], 0, 100, true, SHORT_NS, &no),
	       CUTE_SHM_ERR_TIMEOUT);
	ck_err(lock_range(table[0], 0, 100, false, SHORT_NS, &no),
	       CUTE_SHM_ERR_TIMEOUT);
	ck_assert_int_eq(pthread_create(&r.thread, NULL, obtain_and_release,
					&r),
			 0);
	usleep(20000);
	ck_assert(!atomic_load(&r.done));
	cute_shm_unlock(lock);
	end(&r, 0);
	no_threads = false;
	setrlimit(RLIMIT_NOFILE, &before);
}
END_TEST

/* A child that lives on does not keep what a waiter of its parent gets. */
START_TEST(a_fork_while_one_waits)
{
	struct cute_shm_lock *lock;
	struct request r = { .i = 0,
			     .start = 2,
			     .end = 100,
			     .exclusive = true,
			     .timeout_ns = limits[_i] };
	pid_t pid;

	ck_ok(lock_range(table[1], 2, 100, true, 0, &lock));
	begin(&r);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		for (;;)
			pause();
	cute_shm_unlock(lock);
	end(&r, 0);
	ck_assert(free_now(1, 2, 100, true));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
END_TEST

/* -------------------------------------------------------------- all at once */

#define SLOTS 8

static atomic_int readers[SLOTS], writers[SLOTS];
static atomic_int wrong, got;
static double stop_at;

static void
enter(unsigned from, unsigned to, bool exclusive, int by)
{
	for (unsigned k = from; k < to; k++) {
		atomic_fetch_add(exclusive ? &writers[k] : &readers[k], by);
		if (by > 0 && (exclusive ? atomic_load(&writers[k]) != 1 ||
						   atomic_load(&readers[k]) != 0
					 : atomic_load(&writers[k]) != 0))
			atomic_fetch_add(&wrong, 1);
	}
}

static void *
by_chance(void *arg)
{
	static const int64_t waits[] = { 0, 200000, LONG_NS, CUTE_SHM_FOREVER };
	unsigned seed = (unsigned)(uintptr_t)arg, from, to;
	struct cute_shm_lock *lock;
	bool exclusive;

	while (clock_now() < stop_at) {
		from = (unsigned)rand_r(&seed) % SLOTS;
		to = from + 1 + (unsigned)rand_r(&seed) % (SLOTS - from);
		exclusive = rand_r(&seed) % 3 == 0;
		if (lock_range(table[seed % 2], 10 * from, 10 * to, exclusive,
			       waits[rand_r(&seed) % 4], &lock) != 0)
			continue;
		enter(from, to, exclusive, 1);
		if (rand_r(&seed) % 8 == 0)
			usleep(100);
		enter(from, to, exclusive, -1);
		cute_shm_unlock(lock);
		atomic_fetch_add(&got, 1);
	}
	return NULL;
}

START_TEST(threads_handles_ranges)
{
	unsigned descriptors = test_descriptors(), i;
	pthread_t t[8];

	stop_at = clock_now() + 1;
	for (i = 0; i < ELEMENTS(t); i++)
		ck_assert_int_eq(pthread_create(&t[i], NULL, by_chance,
						(void *)(uintptr_t)(i + 1)),
				 0);
	for (i = 0; i < ELEMENTS(t); i++)
		pthread_join(t[i], NULL);
	printf("%d locks\n", atomic_load(&got));
	ck_assert_int_eq(atomic_load(&wrong), 0);
	ck_assert_int_gt(atomic_load(&got), 0);
	check_free(descriptors);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("lock_wait");
	TCase *tcase = tcase_create("all");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, lock_setup, lock_teardown);
	tcase_add_loop_test(tcase, who_waits_holds_nothing, 0, 2);
	tcase_add_loop_test(tcase, a_waiting_writer_is_no_writer, 0, 2);
	tcase_add_test(tcase, all_wait_in_one_queue);
	tcase_add_loop_test(tcase, who_waits_leaves_a_mark, 0, 4);
	tcase_add_test(tcase, a_mark_is_no_lock);
	tcase_add_test(tcase, a_timeout_leaves_nothing);
	/* AddressSanitizer wrongly reports the stack of a cancelled thread. */
	if (!SANITIZED) {
		tcase_add_loop_test(tcase, a_cancelled_waiter_leaves_nothing, 0,
				    4);
		tcase_add_test(tcase, cancelled_at_any_moment);
	}
	tcase_add_loop_test(tcase, where_it_cannot_queue, 0, 2);
	tcase_add_loop_test(tcase, a_fork_while_one_waits, 0, 2);
	tcase_add_test(tcase, threads_handles_ranges);
	suite_add_tcase(suite, tcase);
	return test_run(suite);
}
