/* SPDX-License-Identifier: MIT */
/* Updates in place: what readers see, and what a dead writer leaves. */

#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "live_util.h"

START_TEST(an_update_is_seen)
{
	struct cute_shm_state state;
	uint32_t sequence;

	ck_assert_int_eq(cute_shm_state(&ra, &state), 0);
	ck_assert_uint_eq(state.sequence, 0);
	ck_assert(state.sealed && !state.torn);
	ck_assert_uint_eq(state.digest, ra.digest);
	ck_assert_uint_eq(get(&sequence), 0);
	ck_assert_uint_eq(sequence, 0);

	put(7);
	ck_assert_uint_eq(get(&sequence), 7);
	ck_assert_uint_eq(sequence, 2);
	ck_assert_int_eq(cute_shm_state(&ra, &state), 0);
	ck_assert_uint_eq(state.sequence, 2);
	ck_assert_uint_eq(state.writer_pid, (uint32_t)getpid());
	ck_assert_uint_gt(state.updated_ns, 0);
	ck_assert(!state.sealed && !state.torn);
}
END_TEST

START_TEST(a_slice_is_copied_to_its_place)
{
	const uint64_t part[2] = { 5, 6 };
	uint64_t back[4];

	put(1);
	ck_assert_int_eq(cute_shm_update(&wa, 8, part, sizeof(part), 0), 0);
	ck_assert_int_eq(cute_shm_snapshot(&ra, 0, back, sizeof(back), 0, NULL),
			 0);
	ck_assert_uint_eq(back[0], 1);
	ck_assert_uint_eq(back[1], 5);
	ck_assert_uint_eq(back[2], 6);
	ck_assert_uint_eq(back[3], 1);
}
END_TEST

START_TEST(odd_offsets_and_sizes_copy_every_byte)
{
	uint8_t bytes[64], back[64];
	size_t offset, size, i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i + 1);
	for (offset = 0; offset < 17; offset++)
		for (size = 0; size < 40; size++) {
			put(0);
			ck_assert_int_eq(cute_shm_update(&wa, offset, bytes,
							 size, 0),
					 0);
			memset(back, 0xff, sizeof(back));
			ck_assert_int_eq(cute_shm_snapshot(&ra, offset, back,
							   size + 1, 0, NULL),
					 0);
			ck_assert_mem_eq(back, bytes, size);
			ck_assert_uint_eq(back[size], 0);
			ck_assert_uint_eq(back[size + 1], 0xff);
		}
}
END_TEST

START_TEST(in_place_readers_wait_or_time_out)
{
	struct cute_shm_update update;
	uint64_t value;

	ck_assert_int_eq(cute_shm_update_begin(&wa, 0, &update), 0);
	ck_assert(!update.torn);
	ck_assert_uint_eq(update.size, sizeof(uint64_t) * COUNT);
	ck_assert_int_eq(cute_shm_snapshot(&ra, 0, &value, sizeof(value), 0,
					   NULL),
			 CUTE_SHM_ERR_TIMEOUT);
	ck_assert_int_eq(cute_shm_snapshot(&ra, 0, &value, sizeof(value),
					   SHORT_NS, NULL),
			 CUTE_SHM_ERR_TIMEOUT);
	fill(update.data, 9);
	cute_shm_update_end(&update);
	cute_shm_update_end(&update); /* a second one is harmless */
	ck_assert_uint_eq(get(NULL), 9);
}
END_TEST

static void *
take_snapshot(void *arg)
{
	uint64_t *value = arg;

	if (cute_shm_snapshot(&ra, 0, value, sizeof(*value), CUTE_SHM_FOREVER,
			      NULL) != 0)
		*value = 0;
	return NULL;
}

/* Those who stand in line for a lock on the segment; -1: nobody tells. */
static int
waiting_for_locks(void)
{
	struct stat st;

	ck_assert_int_eq(stat(test_path(root, "cute-shm.live"), &st), 0);
	return test_locks(&st, true);
}

/* A reader that would get the lock next could hold up the next update. */
START_TEST(a_long_update_makes_no_reader_lock)
{
	struct cute_shm_update update;
	pthread_t thread;
	uint64_t value;
	int i;

	ck_assert_int_eq(cute_shm_update_begin(&wa, 0, &update), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, take_snapshot, &value),
			 0);
	for (i = 0; i < 50; i++) {
		usleep(1000);
		ck_assert_int_le(waiting_for_locks(), 0);
	}
	fill(update.data, 8);
	cute_shm_update_end(&update);
	pthread_join(thread, NULL);
	ck_assert_uint_eq(value, 8);
}
END_TEST

/* A handle that writes does not take its own update for a dead one. */
START_TEST(a_writer_at_work_is_not_dead)
{
	struct cute_shm_update update;
	struct cute_shm_state state;
	uint64_t x;

	ck_assert_int_eq(cute_shm_update_begin(&wa, 0, &update), 0);
	ck_assert_int_eq(cute_shm_state(&wa, &state), 0);
	ck_assert_uint_eq(state.sequence, 1);
	ck_assert(!state.torn);
	ck_assert_int_eq(cute_shm_state(&ra, &state), 0);
	ck_assert(!state.torn);
	ck_assert_int_eq(cute_shm_snapshot(&wa, 0, &x, sizeof(x), 0, NULL),
			 CUTE_SHM_ERR_TIMEOUT);
	cute_shm_update_end(&update);
}
END_TEST

START_TEST(a_shared_lock_keeps_writers_away)
{
	struct cute_shm_lock *lock, *all;
	struct cute_shm_update update;

	ck_assert_int_eq(cute_shm_lock(&ra, 0, &lock), 0);
	ck_assert_int_eq(cute_shm_update_begin(&wa, 0, &update),
			 CUTE_SHM_ERR_TIMEOUT);
	ck_assert_int_eq(cute_shm_lock_all(writer, 1, 0, &all),
			 CUTE_SHM_ERR_TIMEOUT);
	ck_assert_int_eq(cute_shm_lock_all(writer, 0, 0, &all), 0);
	cute_shm_unlock(all);
	cute_shm_unlock(lock);

	ck_assert_int_eq(cute_shm_lock_all(writer, 1, 0, &all), 0);
	ck_assert_int_eq(cute_shm_lock(&ra, 0, &lock), CUTE_SHM_ERR_TIMEOUT);
	cute_shm_unlock(all);
	ck_assert_int_eq(cute_shm_lock_all(reader, 1, 0, &all),
			 CUTE_SHM_ERR_PERMISSION);
}
END_TEST

START_TEST(what_cannot_be_updated_is_refused)
{
	struct cute_shm_update update;
	struct cute_shm_array empty;
	struct cute_shm_node node;
	struct cute_shm_attr attr;
	uint64_t x = 0;

	ck_assert_int_eq(cute_shm_update_begin(&ra, 0, &update),
			 CUTE_SHM_ERR_PERMISSION);
	ck_assert_int_eq(cute_shm_update(&ra, 0, &x, 8, 0),
			 CUTE_SHM_ERR_PERMISSION);
	ck_assert_int_eq(cute_shm_seal(&ra, 0), CUTE_SHM_ERR_PERMISSION);
	ck_assert_int_eq(cute_shm_get(writer, "empty", &empty), 0);
	ck_assert_int_eq(cute_shm_update_begin(&empty, 0, &update),
			 CUTE_SHM_ERR_INVALID);
	ck_assert_int_eq(cute_shm_update(&wa, sizeof(x) * COUNT, &x, 1, 0),
			 CUTE_SHM_ERR_INVALID);
	ck_assert_int_eq(cute_shm_update(&wa, UINT64_MAX, &x, 8, 0),
			 CUTE_SHM_ERR_INVALID);
	ck_assert_int_eq(cute_shm_snapshot(&ra, 1, &x, SIZE_MAX, 0, NULL),
			 CUTE_SHM_ERR_INVALID);
	ck_assert_int_eq(cute_shm_find(writer, "state", &node), 0);
	ck_assert_int_eq(cute_shm_attr(&node, "unit", &attr), 0);
	ck_assert_int_eq(cute_shm_update(&attr.value, 0, &x, 1, 0),
			 CUTE_SHM_ERR_TYPE);
}
END_TEST

START_TEST(sealing_gives_a_digest_that_verifies)
{
	struct cute_shm_verify_result result;
	struct cute_shm_state state;

	put(3);
	ck_assert_int_eq(cute_shm_seal(&wa, 0), 0);
	ck_assert_int_eq(cute_shm_state(&ra, &state), 0);
	ck_assert(state.sealed);
	ck_assert_uint_ne(state.digest, 0);
	ck_assert_int_eq(cute_shm_verify(reader, NULL, &result), 0);
	/* A byte that changes behind our back is noticed again. */
	*(uint8_t *)(uintptr_t)wa.data ^= 1;
	ck_assert_int_eq(cute_shm_verify(reader, NULL, &result),
			 CUTE_SHM_ERR_CORRUPT);
	*(uint8_t *)(uintptr_t)wa.data ^= 1;
	put(4);
	ck_assert_int_eq(cute_shm_state(&ra, &state), 0);
	ck_assert(!state.sealed);
	ck_assert_int_eq(cute_shm_verify(reader, NULL, &result), 0);
	ck_assert_uint_eq(result.unsealed, 1);
}
END_TEST

START_TEST(the_sequence_never_returns_to_zero)
{
	uint32_t *sequence;
	uint32_t seen;
	struct cute_shm_update update;

	ck_assert_int_eq(cute_shm_update_begin(&wa, 0, &update), 0);
	sequence = update.slot; /* its first field */
	cute_shm_update_end(&update);
	*sequence = UINT32_C(0xfffffffe);
	put(1);
	ck_assert_uint_eq(get(&seen), 1);
	ck_assert_uint_eq(seen, 2);
}
END_TEST

START_TEST(a_dead_writer_leaves_it_torn_until_healed)
{
	struct cute_shm_update update;
	struct cute_shm_state state;
	uint32_t seen;
	uint64_t x = 0;

	put(1);
	die_in_the_middle();
	ck_assert_int_eq(cute_shm_state(&ra, &state), 0);
	ck_assert(state.torn);
	ck_assert_uint_eq(state.sequence, 3);
	ck_assert_int_eq(cute_shm_snapshot(&ra, 0, &x, sizeof(x),
					   CUTE_SHM_FOREVER, NULL),
			 CUTE_SHM_ERR_TORN);
	ck_assert_int_eq(cute_shm_verify(reader, NULL, NULL),
			 CUTE_SHM_ERR_TORN);
	ck_assert_int_eq(cute_shm_wait(&ra, 2, CUTE_SHM_FOREVER, &seen),
			 CUTE_SHM_ERR_TORN);
	ck_assert_uint_eq(seen, 3);
	ck_assert_int_eq(cute_shm_wait(&ra, 3, SHORT_NS, &seen),
			 CUTE_SHM_ERR_TIMEOUT);
	ck_assert_int_eq(cute_shm_seal(&wa, 0), CUTE_SHM_ERR_TORN);
	ck_assert_int_eq(cute_shm_update(&wa, 8, &x, sizeof(x), 0),
			 CUTE_SHM_ERR_TORN);
	/* No lock is stuck; the next writer is told, and heals. */
	ck_assert_int_eq(cute_shm_update_begin(&wa, 0, &update), 0);
	ck_assert(update.torn);
	fill(update.data, 5);
	cute_shm_update_end(&update);
	ck_assert_uint_eq(get(&seen), 5);
	ck_assert_uint_eq(seen % 2, 0);
	ck_assert_int_eq(cute_shm_state(&ra, &state), 0);
	ck_assert(!state.torn);
	/* The one call that writes everything heals as well. */
	die_in_the_middle();
	put(6);
	ck_assert_uint_eq(get(NULL), 6);
}
END_TEST

/* A wait that ends in time changes nothing, so the next one tells. */
START_TEST(a_timeout_is_not_the_last_word)
{
	struct cute_shm_update update;
	uint32_t seen = 0;

	ck_assert_int_eq(cute_shm_update_begin(&wa, 0, &update), 0);
	ck_assert_int_eq(cute_shm_wait(&ra, seen, 0, &seen),
			 CUTE_SHM_ERR_TIMEOUT);
	ck_assert_uint_eq(seen, 0);
	ck_assert_int_eq(cute_shm_wait(&ra, seen, SHORT_NS, &seen),
			 CUTE_SHM_ERR_TIMEOUT);
	ck_assert_uint_eq(seen, 0);
	/* As if its writer had died: the lock goes, the sequence stays. */
	cute_shm_unlock(update.lock);
	ck_assert_int_eq(cute_shm_wait(&ra, seen, CUTE_SHM_FOREVER, &seen),
			 CUTE_SHM_ERR_TORN);
	ck_assert_uint_eq(seen, 1);
	put(3);
	ck_assert_int_eq(cute_shm_wait(&ra, seen, CUTE_SHM_FOREVER, &seen), 0);
	ck_assert_uint_eq(seen, 4);
}
END_TEST

static double updated;

static void *
update_later(void *arg)
{
	(void)arg;
	usleep(30000);
	put(11);
	updated = clock_now();
	return NULL;
}

/* Seconds between the next update and its being seen. */
static double
asleep(uint32_t *seen)
{
	pthread_t thread;
	uint32_t before = *seen;
	double woken;

	ck_assert_int_eq(pthread_create(&thread, NULL, update_later, NULL), 0);
	ck_assert_int_eq(cute_shm_wait(&ra, before, CUTE_SHM_FOREVER, seen), 0);
	woken = clock_now();
	ck_assert_uint_eq(*seen, before + 2);
	pthread_join(thread, NULL);
	return woken - updated;
}

START_TEST(a_sleeper_wakes_for_the_update)
{
	uint32_t seen = 77;
	double late;

	ck_assert_int_eq(cute_shm_wait(&ra, 0, 0, &seen), CUTE_SHM_ERR_TIMEOUT);
	ck_assert_int_eq(cute_shm_wait(&ra, 0, SHORT_NS, &seen),
			 CUTE_SHM_ERR_TIMEOUT);
	seen = 0;
	/*
	 * By the writer: by itself it looks once in a second.  A busy machine
	 * may let it wait as long, but not each time.
	 */
	late = asleep(&seen);
	for (int i = 0; i < 20 && late > 0.5; i++)
		late = asleep(&seen);
	ck_assert_double_lt(late, 0.5);
	ck_assert_uint_eq(get(NULL), 11);
	/* What happened before is not slept over. */
	ck_assert_int_eq(cute_shm_wait(&ra, 0, CUTE_SHM_FOREVER, &seen), 0);
}
END_TEST

START_TEST(a_stray_store_of_a_reader_kills_the_reader_only)
{
	signal(SIGSEGV, SIG_DFL); /* a sanitizer may have its own */
	*(volatile uint8_t *)(uintptr_t)ra.data = 1;
}
END_TEST

START_TEST(metadata_are_read_only_for_writers_too)
{
	signal(SIGSEGV, SIG_DFL);
	*(volatile char *)(uintptr_t)wa.path = 'x';
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("live");
	TCase *tcase = tcase_create("all");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, live_setup, live_teardown);
	tcase_add_test(tcase, an_update_is_seen);
	tcase_add_test(tcase, a_slice_is_copied_to_its_place);
	tcase_add_test(tcase, odd_offsets_and_sizes_copy_every_byte);
	tcase_add_test(tcase, in_place_readers_wait_or_time_out);
	tcase_add_test(tcase, a_long_update_makes_no_reader_lock);
	tcase_add_test(tcase, a_writer_at_work_is_not_dead);
	tcase_add_test(tcase, a_shared_lock_keeps_writers_away);
	tcase_add_test(tcase, what_cannot_be_updated_is_refused);
	tcase_add_test(tcase, sealing_gives_a_digest_that_verifies);
	tcase_add_test(tcase, the_sequence_never_returns_to_zero);
	tcase_add_test(tcase, a_dead_writer_leaves_it_torn_until_healed);
	tcase_add_test(tcase, a_timeout_is_not_the_last_word);
	tcase_add_test(tcase, a_sleeper_wakes_for_the_update);
	tcase_add_test_raise_signal(
		tcase, a_stray_store_of_a_reader_kills_the_reader_only,
		SIGSEGV);
	tcase_add_test_raise_signal(tcase,
				    metadata_are_read_only_for_writers_too,
				    SIGSEGV);
	suite_add_tcase(suite, tcase);
	return test_run(suite);
}
