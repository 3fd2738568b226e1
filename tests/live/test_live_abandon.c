/* SPDX-License-Identifier: MIT */
/* Updates that are given up: only the sequence says that they had begun. */

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live_util.h"

static struct cute_shm_state
state_of(const struct cute_shm_array *array)
{
	struct cute_shm_state state;

	ck_ok(cute_shm_state(array, &state));
	return state;
}

static void
abandon(int torn)
{
	struct cute_shm_update update;

	ck_ok(cute_shm_update_begin(&wa, 0, &update));
	ck_assert_int_eq(update.torn, torn);
	ck_assert_uint_eq(state_of(&ra).sequence % 2, 1);
	cute_shm_update_abandon(&update);
	ck_assert_ptr_null(update.data);
	/* Neither call ends it a second time. */
	cute_shm_update_abandon(&update);
	cute_shm_update_end(&update);
}

/* All that the state says is as before, but the number, which goes on. */
static void
leaves_the_state(void)
{
	struct cute_shm_state before = state_of(&ra), after;

	abandon(before.torn);
	after = state_of(&ra);
	ck_assert_uint_eq(after.sequence, before.sequence + 2);
	if (before.sequence == 0) {
		ck_assert_int_eq((pid_t)after.writer_pid, getpid());
		ck_assert_uint_ne(after.updated_ns, 0);
		before.writer_pid = after.writer_pid;
		before.updated_ns = after.updated_ns;
	}
	after.sequence = before.sequence;
	ck_assert_mem_eq(&after, &before, sizeof(before));
}

START_TEST(nothing_has_happened)
{
	struct cute_shm_lock *lock;
	uint32_t seen;

	leaves_the_state(); /* never updated: the record's digest */
	ck_ok(cute_shm_verify(reader, NULL, NULL));
	put(1);
	leaves_the_state(); /* unsealed */
	ck_ok(cute_shm_seal(&wa, 0));
	ck_assert(state_of(&ra).sealed);
	leaves_the_state();
	ck_assert(state_of(&ra).sealed);
	ck_ok(cute_shm_verify(reader, NULL, NULL));
	ck_assert_uint_eq(get(&seen), 1);
	ck_assert_uint_eq(seen, 8);
	/* The lock is free, for others and for the next update. */
	ck_ok(cute_shm_lock(&ra, 0, &lock));
	cute_shm_unlock(lock);
	put(2);
	ck_assert_uint_eq(get(&seen), 2);
	ck_assert_uint_eq(seen, 10);
	ck_assert(!state_of(&ra).sealed);
	cute_shm_update_abandon(NULL);
}
END_TEST

START_TEST(torn_stays_torn)
{
	uint32_t seen;
	uint64_t x;

	put(1);
	die_in_the_middle();
	ck_assert(state_of(&ra).torn);
	leaves_the_state();
	ck_assert(state_of(&ra).torn);
	ck_err(cute_shm_snapshot(&ra, 0, &x, sizeof(x), CUTE_SHM_FOREVER, NULL),
	       CUTE_SHM_ERR_TORN);
	ck_err(cute_shm_seal(&wa, 0), CUTE_SHM_ERR_TORN);
	ck_err(cute_shm_wait(&ra, 5, SHORT_NS, &seen), CUTE_SHM_ERR_TIMEOUT);
	put(4);
	ck_assert_uint_eq(get(&seen), 4);
	ck_assert_uint_eq(seen % 2, 0);
}
END_TEST

/* A number is odd until the end, so what a killed writer leaves is torn. */
START_TEST(killed_before_it_gives_up)
{
	int round;

	put(1);
	for (round = 0; round < 3; round++) {
		abandon(0);
		die_in_the_middle();
		ck_assert(state_of(&ra).torn);
		abandon(1);
		ck_assert(state_of(&ra).torn);
		put(2);
		ck_assert(!state_of(&ra).torn);
		ck_assert_uint_eq(get(NULL), 2);
	}
}
END_TEST

/* Begin and give up for ever; the parent kills it. */
static void
give_up_for_ever(int ready)
{
	struct cute_shm *shm = attach(CUTE_SHM_WRITE);
	struct cute_shm_update update;
	struct cute_shm_array array;

	if (cute_shm_get(shm, "state", &array) != 0)
		_exit(1);
	for (;;) {
		if (cute_shm_update_begin(&array, CUTE_SHM_FOREVER, &update) !=
		    0)
			_exit(1);
		cute_shm_update_abandon(&update);
		if (ready >= 0 && write(ready, "r", 1) != 1)
			_exit(1);
		ready = -1;
	}
}

/*
 * Kill the child anywhere in it: the data are whole, whatever the number says,
 * and the next writer gets the lock.
 */
START_TEST(killed_anywhere)
{
	uint64_t values[COUNT];
	int round, pipes[2], status;
	char byte;
	pid_t pid;

	for (round = 1; round <= 20; round++) {
		put((uint64_t)round);
		ck_assert_int_eq(pipe(pipes), 0);
		pid = fork();
		if (pid == 0)
			give_up_for_ever(pipes[1]);
		ck_assert_int_gt(pid, 0);
		ck_assert_int_eq(read(pipes[0], &byte, 1), 1);
		usleep((useconds_t)(rand() % 500));
		kill(pid, SIGKILL);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert(WIFSIGNALED(status));
		close(pipes[0]);
		close(pipes[1]);
		if (!state_of(&ra).torn) {
			ck_assert_uint_eq(state_of(&ra).sequence % 2, 0);
			ck_assert_uint_eq(get(NULL), (uint64_t)round);
		}
		fill(values, 0);
		ck_assert_mem_ne(ra.data, values, sizeof(values));
		fill(values, (uint64_t)round);
		ck_assert_mem_eq(ra.data, values, sizeof(values));
	}
}
END_TEST

/* The parent's update is not the child's to give up. */
START_TEST(not_by_a_forked_child)
{
	struct cute_shm_update update;
	int status;
	pid_t pid;

	ck_ok(cute_shm_update_begin(&wa, 0, &update));
	pid = fork();
	if (pid == 0) {
		cute_shm_update_abandon(&update);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_uint_eq(state_of(&ra).sequence, 1);
	fill(update.data, 9);
	cute_shm_update_end(&update);
	ck_assert_uint_eq(get(NULL), 9);
}
END_TEST

/* At the end of the numbers, too. */
START_TEST(at_the_last_number)
{
	struct cute_shm_update update;
	uint32_t *sequence;

	ck_ok(cute_shm_update_begin(&wa, 0, &update));
	sequence = update.slot;
	cute_shm_update_end(&update);
	__atomic_store_n(sequence, 0xfffffffe, __ATOMIC_RELAXED);
	ck_ok(cute_shm_seal(&wa, 0));
	abandon(0);
	ck_assert_uint_eq(state_of(&ra).sequence, 2);
	ck_assert(state_of(&ra).sealed);
	ck_ok(cute_shm_verify(reader, NULL, NULL));
}
END_TEST

/* No number is that of two updates, also if all of them are given up. */
START_TEST(no_number_comes_twice)
{
	uint32_t last = 0, now;
	int i;

	for (i = 0; i < 100; i++) {
		abandon(0);
		now = state_of(&ra).sequence;
		ck_assert_uint_eq(now, last + 2);
		last = now;
	}
	ck_assert(state_of(&ra).sealed);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("live_abandon");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, live_setup, live_teardown);
	tcase_add_test(tc, nothing_has_happened);
	tcase_add_test(tc, torn_stays_torn);
	tcase_add_test(tc, killed_before_it_gives_up);
	tcase_add_test(tc, killed_anywhere);
	tcase_add_test(tc, not_by_a_forked_child);
	tcase_add_test(tc, at_the_last_number);
	tcase_add_test(tc, no_number_comes_twice);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
