/* SPDX-License-Identifier: MIT */
/* Updates under an exclusive lock that the caller keeps. */

#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "live_util.h"

static uint64_t values[COUNT];

static int
put_locked(const struct cute_shm_lock *lock, uint64_t value)
{
	fill(values, value);
	return cute_shm_update_locked(lock, &wa, 0, values, sizeof(values));
}

START_TEST(many_updates_under_one_lock)
{
	struct cute_shm_lock *lock;
	uint32_t sequence;

	ck_ok(cute_shm_lock_exclusive(&wa, 0, &lock));
	for (uint64_t i = 1; i <= 5; i++) {
		ck_ok(put_locked(lock, i));
		ck_assert_uint_eq(get(&sequence), i);
		ck_assert_uint_eq(sequence, 2 * i);
	}
	fill(values, 9);
	ck_ok(cute_shm_update_locked(lock, &wa, 8, values, 8));
	cute_shm_unlock(lock);
	ck_ok(cute_shm_snapshot(&ra, 0, values, sizeof(values), 0, &sequence));
	ck_assert_uint_eq(sequence, 12);
	ck_assert_uint_eq(values[0], 5);
	ck_assert_uint_eq(values[1], 9);
	ck_assert_uint_eq(values[2], 5);
	put(3); /* free for others again */
}
END_TEST

START_TEST(others_are_kept_away_meanwhile)
{
	struct cute_shm *other = attach(CUTE_SHM_WRITE);
	struct cute_shm_lock *lock, *second;
	struct cute_shm_state state;
	struct cute_shm_array theirs;
	uint64_t x = 1;

	ck_ok(cute_shm_get(other, "state", &theirs));
	ck_ok(cute_shm_lock_exclusive(&wa, 0, &lock));
	ck_assert_int_eq(cute_shm_update(&theirs, 0, &x, 8, 0),
			 CUTE_SHM_ERR_TIMEOUT);
	ck_assert_int_eq(cute_shm_update(&wa, 0, &x, 8, 0),
			 CUTE_SHM_ERR_TIMEOUT);
	ck_assert_int_eq(cute_shm_seal(&theirs, 0), CUTE_SHM_ERR_TIMEOUT);
	ck_assert_int_eq(cute_shm_lock(&ra, 0, &second), CUTE_SHM_ERR_TIMEOUT);
	ck_assert_int_eq(cute_shm_lock_exclusive(&theirs, SHORT_NS, &second),
			 CUTE_SHM_ERR_TIMEOUT);
	ck_ok(cute_shm_state(&ra, &state));
	ck_assert_uint_eq(state.sequence, 0);
	ck_assert(!state.torn);
	/* Another array is free. */
	ck_ok(cute_shm_get(other, "other", &theirs));
	ck_ok(cute_shm_update(&theirs, 0, &x, 8, 0));
	cute_shm_unlock(lock);
	cute_shm_close(other);
}
END_TEST

START_TEST(a_lock_of_all_arrays_will_do)
{
	struct cute_shm_lock *all;
	struct cute_shm_array other;
	uint64_t x = 4;

	ck_ok(cute_shm_get(writer, "other", &other));
	ck_ok(cute_shm_lock_all(writer, 1, 0, &all));
	ck_ok(put_locked(all, 2));
	ck_ok(cute_shm_update_locked(all, &other, 0, &x, sizeof(x)));
	cute_shm_unlock(all);
	ck_assert_uint_eq(get(NULL), 2);
}
END_TEST

/* CUTE_SHM_ERR_STATE, and the array stays as it is. */
static void
refused(const struct cute_shm_lock *lock)
{
	struct cute_shm_state state;

	ck_assert_int_eq(put_locked(lock, 1), CUTE_SHM_ERR_STATE);
	ck_assert_ptr_nonnull(strstr(cute_shm_errmsg(), "/state: the lock"));
	ck_ok(cute_shm_state(&ra, &state));
	ck_assert_uint_eq(state.sequence, 0);
}

START_TEST(any_other_lock_is_refused)
{
	struct cute_shm *second = attach(CUTE_SHM_WRITE);
	struct cute_shm_array array;
	struct cute_shm_lock *lock;

	refused(NULL);
	ck_ok(cute_shm_lock(&wa, 0, &lock)); /* shared */
	refused(lock);
	cute_shm_unlock(lock);
	ck_ok(cute_shm_lock_all(writer, 0, 0, &lock));
	refused(lock);
	cute_shm_unlock(lock);
	ck_ok(cute_shm_get(writer, "other", &array));
	ck_ok(cute_shm_lock_exclusive(&array, 0, &lock));
	refused(lock);
	cute_shm_unlock(lock);
	ck_ok(cute_shm_get(second, "state", &array)); /* another handle */
	ck_ok(cute_shm_lock_exclusive(&array, 0, &lock));
	refused(lock);
	cute_shm_unlock(lock);
	ck_ok(cute_shm_get(writer, "empty", &array)); /* of no bytes */
	ck_ok(cute_shm_lock(&array, 0, &lock));
	refused(lock);
	cute_shm_unlock(lock);
	cute_shm_close(second);
}
END_TEST

START_TEST(what_cannot_be_updated_is_refused)
{
	struct cute_shm_array array;
	struct cute_shm_lock *lock;
	uint64_t x = 0;

	ck_assert_int_eq(cute_shm_lock_exclusive(&ra, 0, &lock),
			 CUTE_SHM_ERR_PERMISSION);
	ck_ok(cute_shm_get(writer, "empty", &array));
	ck_assert_int_eq(cute_shm_lock_exclusive(&array, 0, &lock),
			 CUTE_SHM_ERR_INVALID);
	ck_ok(cute_shm_get(writer, "lists", &array));
	ck_assert_int_eq(cute_shm_lock_exclusive(&array, 0, &lock),
			 CUTE_SHM_ERR_TYPE);
	ck_ok(cute_shm_lock_all(writer, 1, 0, &lock));
	ck_assert_int_eq(cute_shm_update_locked(lock, &array, 0, &x, 4),
			 CUTE_SHM_ERR_TYPE);
	ck_assert_int_eq(cute_shm_update_locked(lock, &ra, 0, &x, 8),
			 CUTE_SHM_ERR_PERMISSION);
	ck_assert_int_eq(cute_shm_update_locked(lock, &wa, sizeof(values), &x,
						1),
			 CUTE_SHM_ERR_INVALID);
	cute_shm_unlock(lock);
}
END_TEST

START_TEST(a_torn_array_wants_all_of_it)
{
	struct cute_shm_lock *lock;
	uint64_t x = 0;

	die_in_the_middle();
	ck_ok(cute_shm_lock_exclusive(&wa, 0, &lock));
	ck_assert_int_eq(cute_shm_update_locked(lock, &wa, 0, &x, sizeof(x)),
			 CUTE_SHM_ERR_TORN);
	ck_ok(put_locked(lock, 6));
	ck_assert_uint_eq(get(NULL), 6);
	cute_shm_unlock(lock);
}
END_TEST

/* The status of a child that has run 'what'. */
static int
status_of_child(void (*what)(struct cute_shm_lock *), struct cute_shm_lock *l)
{
	int status = -1;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		what(l);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static void
use_the_parents(struct cute_shm_lock *lock)
{
	if (put_locked(lock, 1) != CUTE_SHM_ERR_STATE)
		_exit(1);
	cute_shm_unlock(lock);
	if (cute_shm_lock_exclusive(&wa, 0, &lock) != CUTE_SHM_ERR_TIMEOUT)
		_exit(2);
}

START_TEST(a_child_has_not_its_parents_lock)
{
	struct cute_shm_lock *lock;

	ck_ok(cute_shm_lock_exclusive(&wa, 0, &lock));
	ck_assert_int_eq(status_of_child(use_the_parents, lock), 0);
	ck_ok(put_locked(lock, 2));
	cute_shm_unlock(lock);
	ck_assert_uint_eq(get(NULL), 2);
}
END_TEST

static void
die_with_a_lock(struct cute_shm_lock *lock)
{
	if (cute_shm_lock_exclusive(&wa, 0, &lock) != 0 ||
	    put_locked(lock, 8) != 0)
		_exit(1);
	raise(SIGKILL);
}

START_TEST(a_killed_owner_leaves_no_lock)
{
	int status = status_of_child(die_with_a_lock, NULL);

	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	ck_assert_uint_eq(get(NULL), 8); /* whole: it died between updates */
	put(9);
}
END_TEST

#define LARGE 1000000 /* elements: copies that take some milliseconds */

static void
publish_large(void)
{
	struct cute_shm_build_options opt = { .size = sizeof(opt),
					      .root = root,
					      .flags = CUTE_SHM_OVERWRITE };
	const uint64_t shape[] = { LARGE };
	struct cute_shm_builder *b;

	ck_ok(cute_shm_builder_new("live", &opt, &b));
	ck_ok(cute_shm_builder_array(b, "large", "<u8", 1, shape, NULL));
	ck_ok(cute_shm_builder_publish(b, NULL));
	cute_shm_builder_free(b);
}

static int stop; /* atomic */

static void *
look_on(void *arg)
{
	static uint64_t copy[LARGE];
	const struct cute_shm_array *array = arg;
	intptr_t bad = 0;

	while (!bad && !__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		bad = cute_shm_snapshot(array, 0, copy, sizeof(copy),
					CUTE_SHM_FOREVER, NULL) != 0;
		for (int i = 1; !bad && i < LARGE; i++)
			bad = copy[i] != copy[0];
	}
	return (void *)bad;
}

/*
 * The writer keeps the lock, writes without a pause, so that it spoils every
 * copy, and then not at all.  The reader must not queue for the lock for ever.
 */
START_TEST(readers_get_on_while_a_writer_keeps_the_lock)
{
	static uint64_t data[2][LARGE];
	struct cute_shm *to, *from;
	struct cute_shm_array dst, src;
	struct cute_shm_lock *lock;
	pthread_t thread;
	void *bad;

	memset(data[1], 1, sizeof(data[1]));
	publish_large();
	to = attach(CUTE_SHM_WRITE);
	from = attach(0);
	ck_ok(cute_shm_get(to, "large", &dst));
	ck_ok(cute_shm_get(from, "large", &src));
	stop = 0;
	ck_ok(cute_shm_lock_exclusive(&dst, 0, &lock));
	ck_assert_int_eq(pthread_create(&thread, NULL, look_on, &src), 0);
	for (int i = 0; i < 300; i++)
		ck_ok(cute_shm_update_locked(lock, &dst, 0, data[i % 2],
					     sizeof(data[0])));
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	ck_assert_int_eq(pthread_join(thread, &bad), 0);
	ck_assert_ptr_null(bad);
	cute_shm_unlock(lock);
	cute_shm_close(to);
	cute_shm_close(from);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("live-locked");
	TCase *tcase = tcase_create("all");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, live_setup, live_teardown);
	tcase_add_test(tcase, many_updates_under_one_lock);
	tcase_add_test(tcase, others_are_kept_away_meanwhile);
	tcase_add_test(tcase, a_lock_of_all_arrays_will_do);
	tcase_add_test(tcase, any_other_lock_is_refused);
	tcase_add_test(tcase, what_cannot_be_updated_is_refused);
	tcase_add_test(tcase, a_torn_array_wants_all_of_it);
	tcase_add_test(tcase, a_child_has_not_its_parents_lock);
	tcase_add_test(tcase, a_killed_owner_leaves_no_lock);
	tcase_add_test(tcase, readers_get_on_while_a_writer_keeps_the_lock);
	suite_add_tcase(suite, tcase);
	return test_run(suite);
}
