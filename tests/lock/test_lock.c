/* SPDX-License-Identifier: MIT */
/* Locks that die with their holder, between handles and between threads. */

#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lock_util.h"

#define SHORT_NS INT64_C(20000000)

START_TEST(handles_exclude_each_other)
{
	struct cute_shm_lock *lock;

	ck_assert_int_eq(lock_range(table[0], 0, 100, true, 0, &lock), 0);
	ck_assert(!free_now(1, 99, 200, true));
	ck_assert(!free_now(1, 99, 200, false));
	ck_assert(free_now(1, 100, 200, true));
	ck_assert(range_locked(fd[1], 50, 60, false));
	cute_shm_unlock(lock);
	ck_assert(free_now(1, 0, 100, true));
	ck_assert(!range_locked(fd[1], 50, 60, false));
}
END_TEST

START_TEST(threads_of_one_handle_exclude_each_other)
{
	struct cute_shm_lock *lock;

	ck_assert_int_eq(lock_range(table[0], 0, 100, true, 0, &lock), 0);
	ck_assert(table_holds(table[0], 0, 1));
	ck_assert(!free_now(0, 0, 1, false));
	ck_assert(free_now(0, 100, 101, true));
	cute_shm_unlock(lock);
	ck_assert(!table_holds(table[0], 0, 1));
	ck_assert(free_now(0, 0, 1, true));
}
END_TEST

START_TEST(shared_locks_go_together)
{
	struct cute_shm_lock *lock[3];

	ck_assert_int_eq(lock_range(table[0], 0, 100, false, 0, &lock[0]), 0);
	ck_assert_int_eq(lock_range(table[0], 0, 100, false, 0, &lock[1]), 0);
	ck_assert_int_eq(lock_range(table[1], 0, 100, false, 0, &lock[2]), 0);
	ck_assert(!table_holds(table[0], 0, 100));
	cute_shm_unlock(lock[2]);
	cute_shm_unlock(lock[0]);
	/* The kernel knows one lock; it must stay for the second thread. */
	ck_assert(!free_now(1, 0, 100, true));
	cute_shm_unlock(lock[1]);
	ck_assert(free_now(1, 0, 100, true));
}
END_TEST

START_TEST(a_part_survives_the_end_of_the_whole)
{
	struct cute_shm_lock *whole, *part, *other;

	ck_assert_int_eq(lock_range(table[0], 0, 1000, false, 0, &whole), 0);
	ck_assert_int_eq(lock_range(table[0], 10, 20, false, 0, &part), 0);
	ck_assert_int_eq(lock_range(table[0], 30, 40, false, 0, &other), 0);
	cute_shm_unlock(whole);
	ck_assert(free_now(1, 0, 10, true));
	ck_assert(!free_now(1, 10, 11, true));
	ck_assert(free_now(1, 20, 30, true));
	ck_assert(!free_now(1, 39, 40, true));
	ck_assert(free_now(1, 40, 1000, true));
	cute_shm_unlock(part);
	cute_shm_unlock(other);
	ck_assert(free_now(1, 0, 1000, true));
}
END_TEST

START_TEST(the_whole_survives_the_end_of_a_part)
{
	struct cute_shm_lock *whole, *part;

	ck_assert_int_eq(lock_range(table[0], 0, 1000, false, 0, &whole), 0);
	ck_assert_int_eq(lock_range(table[0], 10, 20, false, 0, &part), 0);
	cute_shm_unlock(part);
	ck_assert(!free_now(1, 10, 20, true));
	cute_shm_unlock(whole);
}
END_TEST

START_TEST(an_array_without_data_needs_no_lock)
{
	struct cute_shm_lock *lock, *again;

	ck_assert_int_eq(lock_range(table[0], 7, 7, true, 0, &lock), 0);
	ck_assert_int_eq(lock_range(table[1], 7, 7, true, 0, &again), 0);
	cute_shm_unlock(lock);
	cute_shm_unlock(again);
	cute_shm_unlock(NULL);
}
END_TEST

START_TEST(a_timeout_ends_the_waiting)
{
	struct cute_shm_lock *lock, *no;
	struct timespec end;
	int i;

	ck_assert_int_eq(lock_range(table[0], 0, 100, true, 0, &lock), 0);
	for (i = 0; i < 2; i++) {
		end = deadline_after(SHORT_NS);
		ck_assert_int_eq(lock_range(table[i], 0, 100, true, SHORT_NS,
					    &no),
				 CUTE_SHM_ERR_TIMEOUT);
		ck_assert_int_le(time_left(&end), 0);
	}
	cute_shm_unlock(lock);
}
END_TEST

struct waiter {
	pthread_t thread;
	int i;
	int rc;
};

static void *
wait_for_ever(void *arg)
{
	struct waiter *w = arg;
	struct cute_shm_lock *lock;

	w->rc = lock_range(table[w->i], 0, 100, true, CUTE_SHM_FOREVER, &lock);
	if (w->rc == 0)
		cute_shm_unlock(lock);
	return NULL;
}

START_TEST(waiters_get_it_in_the_end)
{
	struct waiter w[4] = { { .i = 0 }, { .i = 1 }, { .i = 0 }, { .i = 1 } };
	struct cute_shm_lock *lock;
	int i;

	ck_assert_int_eq(lock_range(table[0], 0, 100, true, 0, &lock), 0);
	for (i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&w[i].thread, NULL,
						wait_for_ever, &w[i]),
				 0);
	usleep(20000);
	cute_shm_unlock(lock);
	for (i = 0; i < 4; i++) {
		pthread_join(w[i].thread, NULL);
		ck_assert_int_eq(w[i].rc, 0);
	}
}
END_TEST

START_TEST(a_killed_holder_holds_nothing)
{
	struct cute_shm_lock *lock;
	int ready[2];
	char c;
	pid_t pid;

	ck_assert_int_eq(pipe(ready), 0);
	pid = test_fork();
	if (pid == 0) {
		/* Byte 1 is for readers, of which a child is one at once. */
		if (lock_range(table[0], 2, 100, true, 0, &lock) == 0 &&
		    write(ready[1], "y", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	ck_assert(!free_now(0, 2, 100, false));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ck_assert(free_now(0, 0, 100, true));
	close(ready[0]);
}
END_TEST

/* The longest there is does not wrap round to the past. */
START_TEST(time_is_not_over_at_once)
{
	struct timespec deadline = deadline_after(INT64_MAX);

	ck_assert_int_gt(time_left(&deadline), INT64_MAX / 2);
	deadline.tv_sec += 10;
	ck_assert_int_eq(time_left(&deadline), INT64_MAX);
	deadline = deadline_after(0);
	ck_assert_int_le(time_left(&deadline), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("lock");
	TCase *tcase = tcase_create("all");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, lock_setup, lock_teardown);
	tcase_add_test(tcase, handles_exclude_each_other);
	tcase_add_test(tcase, threads_of_one_handle_exclude_each_other);
	tcase_add_test(tcase, shared_locks_go_together);
	tcase_add_test(tcase, a_part_survives_the_end_of_the_whole);
	tcase_add_test(tcase, the_whole_survives_the_end_of_a_part);
	tcase_add_test(tcase, an_array_without_data_needs_no_lock);
	tcase_add_test(tcase, a_timeout_ends_the_waiting);
	tcase_add_test(tcase, waiters_get_it_in_the_end);
	tcase_add_test(tcase, a_killed_holder_holds_nothing);
	tcase_add_test(tcase, time_is_not_over_at_once);
	suite_add_tcase(suite, tcase);
	return test_run(suite);
}
