/* SPDX-License-Identifier: MIT */
/* What may be updated, from where, and what becomes of those who wait. */

#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live_util.h"

/* Neither by one call nor in place; the slot stays as it was. */
START_TEST(ragged_arrays_are_not_updated)
{
	struct cute_shm_update_summary sum;
	struct cute_shm_update update;
	struct cute_shm_state state;
	struct cute_shm_lock *lock;
	struct cute_shm_array a;
	const void *data;
	uint64_t count;
	uint8_t copy[128];
	uint32_t seen;

	ck_ok(cute_shm_get(writer, "lists", &a));
	ck_assert_uint_le(a.data_size, sizeof(copy));
	ck_err(cute_shm_update(&a, 0, a.data, a.data_size, 0),
	       CUTE_SHM_ERR_TYPE);
	ck_errmsg_has("/lists is ragged");
	ck_errmsg_has("CUTE_SHM_OVERWRITE");
	ck_err(cute_shm_update(&a, 8, a.data, 0, 0), CUTE_SHM_ERR_TYPE);
	ck_err(cute_shm_update_begin(&a, 0, &update), CUTE_SHM_ERR_TYPE);
	ck_err(cute_shm_seal(&a, 0), CUTE_SHM_ERR_TYPE);
	/* For ever would be for ever. */
	ck_err(cute_shm_wait(&a, 0, CUTE_SHM_FOREVER, &seen),
	       CUTE_SHM_ERR_TYPE);
	/* What only reads is as for any array. */
	ck_ok(cute_shm_snapshot(&a, 0, copy, a.data_size, 0, &seen));
	ck_assert_mem_eq(copy, a.data, a.data_size);
	ck_assert_uint_eq(seen, 0);
	ck_ok(cute_shm_lock(&a, 0, &lock));
	cute_shm_unlock(lock);
	ck_ok(cute_shm_state(&a, &state));
	ck_assert_uint_eq(state.sequence, 0);
	ck_assert(state.sealed && !state.torn);
	ck_ok(cute_shm_element(&a, 1, &data, &count));
	ck_assert_uint_eq(count, 2);
	ck_ok(cute_shm_update_summary(writer, &sum));
	ck_assert_uint_eq(sum.updated, 0);
	ck_ok(cute_shm_verify(writer, NULL, NULL));
}
END_TEST

/* Whatever a writer copies within an array, it arrives as by memmove(). */
START_TEST(from_the_array_itself)
{
	uint8_t want[128], back[128];
	size_t from, to, size, i;

	for (from = 0; from < 20; from++)
		for (to = 0; to < 20; to++)
			for (size = 0; size < 50; size += 7) {
				for (i = 0; i < sizeof(want); i++)
					want[i] = (uint8_t)i;
				ck_ok(cute_shm_update(&wa, 0, want,
						      sizeof(want), 0));
				memmove(want + to, want + from, size);
				ck_ok(cute_shm_update(&wa, to,
						      (const uint8_t *)wa.data +
							      from,
						      size, 0));
				ck_ok(cute_shm_snapshot(&ra, 0, back,
							sizeof(back), 0, NULL));
				ck_assert_mem_eq(back, want, sizeof(want));
			}
}
END_TEST

/* A writer that is never at rest for long leaves the others their turn. */
static void *
write_without_pause(void *arg)
{
	struct cute_shm *shm = attach(CUTE_SHM_WRITE);
	struct cute_shm_update update;
	struct cute_shm_array array;
	bool *stop = arg;

	if (cute_shm_get(shm, "state", &array) != 0)
		abort();
	while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
		if (cute_shm_update_begin(&array, CUTE_SHM_FOREVER, &update) !=
		    0)
			abort();
		usleep(2000);
		cute_shm_update_end(&update);
	}
	cute_shm_close(shm);
	return NULL;
}

START_TEST(nobody_starves)
{
	const int64_t minute = INT64_C(60000000000);
	uint64_t value[COUNT] = { 0 };
	bool stop = false;
	pthread_t thread;
	int i;

	ck_assert_int_eq(pthread_create(&thread, NULL, write_without_pause,
					&stop),
			 0);
	usleep(10000);
	for (i = 0; i < 10; i++) {
		ck_ok(cute_shm_update(&wa, 0, value, sizeof(value), minute));
		ck_ok(cute_shm_snapshot(&ra, 0, value, sizeof(value), minute,
					NULL));
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
}
END_TEST

static void *
wait_for_ever(void *arg)
{
	uint32_t seen;

	(void)arg;
	cute_shm_wait(&ra, 0, CUTE_SHM_FOREVER, &seen);
	return NULL;
}

static void *
look_for_ever(void *arg)
{
	uint64_t value;

	(void)arg;
	cute_shm_snapshot(&ra, 0, &value, sizeof(value), CUTE_SHM_FOREVER,
			  NULL);
	return NULL;
}

static void *
update_for_ever(void *arg)
{
	uint64_t value = 0;

	(void)arg;
	cute_shm_update(&wa, 0, &value, sizeof(value), CUTE_SHM_FOREVER);
	return NULL;
}

/* Whatever a thread waits for, it may be cancelled; nothing hangs then. */
START_TEST(a_cancelled_thread_is_not_missed)
{
	static void *(*const waits[])(void *) = { wait_for_ever, look_for_ever,
						  update_for_ever };
	unsigned descriptors = test_descriptors();
	struct cute_shm_update update;
	pthread_t thread;
	void *result;

	ck_ok(cute_shm_update_begin(&wa, 0, &update));
	ck_assert_int_eq(pthread_create(&thread, NULL, waits[_i], NULL), 0);
	usleep(50000);
	ck_assert_int_eq(pthread_cancel(thread), 0);
	pthread_join(thread, &result);
	ck_assert_ptr_eq(result, PTHREAD_CANCELED);
	fill(update.data, 3);
	cute_shm_update_end(&update);
	ck_assert_uint_eq(get(NULL), 3);
	put(4);
	ck_assert_uint_eq(get(NULL), 4);
	ck_assert_uint_eq(test_descriptors(), descriptors);
}
END_TEST

/* The message says who is in the way. */
START_TEST(a_writer_is_told_of_a_reader)
{
	struct cute_shm_update update, other;
	struct cute_shm *second = attach(CUTE_SHM_WRITE);
	struct cute_shm_array array;
	struct cute_shm_lock *lock;

	ck_ok(cute_shm_get(second, "state", &array));
	ck_ok(cute_shm_lock(&ra, 0, &lock));
	ck_err(cute_shm_update_begin(&wa, 0, &update), CUTE_SHM_ERR_TIMEOUT);
	ck_errmsg_has("by a reader");
	cute_shm_unlock(lock);
	ck_ok(cute_shm_update_begin(&wa, 0, &update));
	ck_err(cute_shm_update_begin(&array, 0, &other), CUTE_SHM_ERR_TIMEOUT);
	ck_errmsg_has("held by another one");
	cute_shm_update_end(&update);
	cute_shm_close(second);
}
END_TEST

/* A slice of nothing, of an array that has no bytes at all. */
START_TEST(an_array_without_data)
{
	struct cute_shm_state state;
	struct cute_shm_array a;
	uint32_t seen = 7;

	ck_ok(cute_shm_get(reader, "empty", &a));
	ck_ok(cute_shm_snapshot(&a, 0, &seen, 0, 0, &seen));
	ck_assert_uint_eq(seen, 0);
	ck_ok(cute_shm_snapshot(&a, 0, NULL, 0, CUTE_SHM_FOREVER, NULL));
	ck_err(cute_shm_snapshot(&a, 0, &seen, 1, 0, NULL),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_wait(&a, 0, 0, &seen), CUTE_SHM_ERR_TIMEOUT);
	ck_ok(cute_shm_state(&a, &state));
	ck_assert(state.sealed && !state.torn);
}
END_TEST

START_TEST(writers_exclude_each_other)
{
	struct cute_shm *second = attach(CUTE_SHM_WRITE);
	struct cute_shm_update update, other;
	struct cute_shm_array array;

	ck_assert_int_eq(cute_shm_get(second, "state", &array), 0);
	ck_assert_int_eq(cute_shm_update_begin(&wa, 0, &update), 0);
	/* Another handle, another thread of this one, another array. */
	ck_assert_int_eq(cute_shm_update_begin(&array, 0, &other),
			 CUTE_SHM_ERR_TIMEOUT);
	ck_assert_int_eq(cute_shm_update_begin(&wa, SHORT_NS, &other),
			 CUTE_SHM_ERR_TIMEOUT);
	ck_assert_int_eq(cute_shm_get(second, "other", &array), 0);
	ck_assert_int_eq(cute_shm_update_begin(&array, 0, &other), 0);
	cute_shm_update_end(&other);
	cute_shm_update_end(&update);
	cute_shm_close(second);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("live_rules");
	TCase *tcase = tcase_create("all");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, live_setup, live_teardown);
	tcase_add_test(tcase, ragged_arrays_are_not_updated);
	tcase_add_test(tcase, from_the_array_itself);
	tcase_add_test(tcase, nobody_starves);
	/* AddressSanitizer wrongly reports the stack of a cancelled thread. */
	if (!SANITIZED)
		tcase_add_loop_test(tcase, a_cancelled_thread_is_not_missed, 0,
				    3);
	tcase_add_test(tcase, a_writer_is_told_of_a_reader);
	tcase_add_test(tcase, an_array_without_data);
	tcase_add_test(tcase, writers_exclude_each_other);
	suite_add_tcase(suite, tcase);
	return test_run(suite);
}
