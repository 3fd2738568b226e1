/* SPDX-License-Identifier: MIT */
/*
 * One array, its writers and many readers, for as long as CUTE_SHM_STRESS says
 * (seconds; 1 if it says nothing).  Every value carries its own check, so a
 * torn one cannot go unseen.
 */

#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "cute_shm.h"
#include "util.h"

#define WORDS	64
#define READERS 8
#define FOREVER CUTE_SHM_FOREVER

static const char *root;

/* Counted across processes. */
struct counts {
	atomic_ullong snapshots, torn_values, torn_states, errors, updates;
	atomic_bool stop;
};
static struct counts *counts;

static double
stress_seconds(void)
{
	const char *text = getenv("CUTE_SHM_STRESS");

	return text ? strtod(text, NULL) : 1.0;
}

/* Word i of the value of that number. */
static uint64_t
word(uint64_t number, uint64_t i)
{
	return (number + i) * UINT64_C(0x9e3779b97f4a7c15);
}

static struct cute_shm *
attach(unsigned flags, struct cute_shm_array *ret)
{
	struct cute_shm_open_options opt = { .size = sizeof(opt) };
	struct cute_shm *shm;

	opt.root = root;
	opt.flags = flags;
	if (cute_shm_open("stress", &opt, &shm) != 0 ||
	    cute_shm_get(shm, "state", ret) != 0)
		abort();
	return shm;
}

static void
setup(void)
{
	const uint64_t shape[] = { WORDS };
	struct cute_shm_build_options opt = { .size = sizeof(opt) };
	struct cute_shm_builder *b;
	uint64_t first[WORDS], i;

	root = test_root();
	opt.root = root;
	for (i = 0; i < WORDS; i++)
		first[i] = word(0, i);
	first[0] = 0;
	ck_assert_int_eq(cute_shm_builder_new("stress", &opt, &b), 0);
	ck_assert_int_eq(cute_shm_builder_array(b, "state", "<u8", 1, shape,
						first),
			 0);
	ck_assert_int_eq(cute_shm_builder_publish(b, NULL), 0);
	cute_shm_builder_free(b);
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert(counts != MAP_FAILED);
}

static void
teardown(void)
{
	munmap(counts, sizeof(*counts));
	ck_assert_int_eq(cute_shm_unlink("stress", NULL, NULL), 0);
}

/* In place this is beside readers of the same handle: by whole words. */
static void
fill(uint64_t *value, uint64_t number)
{
	uint64_t i;

	__atomic_store_n(value, number, __ATOMIC_RELAXED);
	for (i = 1; i < WORDS; i++) {
		/* Where cores are few, others come in between only so. */
		if (i == WORDS / 2 && number % 16 == 0)
			sched_yield();
		__atomic_store_n(&value[i], word(number, i), __ATOMIC_RELAXED);
	}
}

/* Look at snapshots until told to stop. */
static void
read_by(const struct cute_shm_array *array)
{
	uint64_t value[WORDS], i;
	int rc;

	while (!atomic_load(&counts->stop)) {
		rc = cute_shm_snapshot(array, 0, value, sizeof(value), FOREVER,
				       NULL);
		if (rc == CUTE_SHM_ERR_TORN) {
			atomic_fetch_add(&counts->torn_states, 1);
			continue;
		}
		if (rc != 0)
			atomic_fetch_add(&counts->errors, 1);
		for (i = 1; rc == 0 && i < WORDS; i++)
			if (value[i] != word(value[0], i))
				break;
		if (rc == 0 && i < WORDS)
			atomic_fetch_add(&counts->torn_values, 1);
		atomic_fetch_add(&counts->snapshots, 1);
	}
}

static void
read_on(void)
{
	struct cute_shm_array array;
	struct cute_shm *shm = attach(0, &array);

	read_by(&array);
	cute_shm_close(shm);
}

/* Update in turn by one call, and in place, until told to stop. */
static void
write_on(struct cute_shm_array *array, uint64_t number)
{
	struct cute_shm_update update;
	uint64_t value[WORDS];

	while (!atomic_load(&counts->stop)) {
		fill(value, ++number);
		if (cute_shm_update(array, 0, value, sizeof(value), FOREVER) !=
		    0)
			atomic_fetch_add(&counts->errors, 1);
		if (cute_shm_update_begin(array, FOREVER, &update) != 0) {
			atomic_fetch_add(&counts->errors, 1);
			continue;
		}
		fill(update.data, ++number);
		cute_shm_update_end(&update);
		atomic_fetch_add(&counts->updates, 2);
	}
}

static pid_t
start(bool writer)
{
	struct cute_shm_array array;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid != 0)
		return pid;
	if (writer) {
		attach(CUTE_SHM_WRITE, &array);
		write_on(&array, (uint64_t)getpid() << 32);
	} else {
		read_on();
	}
	_exit(0);
}

static void
wait_for(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void
report(const char *what)
{
	printf("%s: %llu snapshots, %llu updates, %llu torn states\n", what,
	       atomic_load(&counts->snapshots), atomic_load(&counts->updates),
	       atomic_load(&counts->torn_states));
	ck_assert_uint_eq(atomic_load(&counts->torn_values), 0);
	ck_assert_uint_eq(atomic_load(&counts->errors), 0);
	ck_assert_uint_gt(atomic_load(&counts->snapshots), 0);
}

START_TEST(no_reader_sees_half_an_update)
{
	pid_t readers[READERS], writer;
	int i;

	writer = start(true);
	for (i = 0; i < READERS; i++)
		readers[i] = start(false);
	usleep((useconds_t)(stress_seconds() * 1e6));
	atomic_store(&counts->stop, true);
	wait_for(writer);
	for (i = 0; i < READERS; i++)
		wait_for(readers[i]);
	report("processes");
	ck_assert_uint_gt(atomic_load(&counts->updates), 0);
	ck_assert_uint_eq(atomic_load(&counts->torn_states), 0);
}
END_TEST

/* By the handle of the writers, or by one of its own. */
static void *
reading_thread(void *arg)
{
	if (arg)
		read_by(arg);
	else
		read_on();
	return NULL;
}

static void *
writing_thread(void *arg)
{
	write_on(arg, (uint64_t)(uintptr_t)&arg);
	return NULL;
}

/* Two writers share a handle: only the table keeps them apart. */
START_TEST(threads_that_share_a_handle)
{
	pthread_t threads[6];
	struct cute_shm_array array;
	struct cute_shm *shm = attach(CUTE_SHM_WRITE, &array);
	int i;

	for (i = 0; i < 6; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
						i < 2 ? writing_thread
						      : reading_thread,
						i < 4 ? &array : NULL),
				 0);
	usleep((useconds_t)(stress_seconds() * 1e6));
	atomic_store(&counts->stop, true);
	for (i = 0; i < 6; i++)
		pthread_join(threads[i], NULL);
	report("threads");
	ck_assert_uint_gt(atomic_load(&counts->updates), 0);
	ck_assert_uint_eq(atomic_load(&counts->torn_states), 0);
	cute_shm_close(shm);
}
END_TEST

/* Kill writers at any moment; the next one must find no lock, and heal. */
START_TEST(killed_writers_leave_no_lock)
{
	struct cute_shm_array array;
	struct cute_shm *shm = attach(CUTE_SHM_WRITE, &array);
	double end = clock_now() + stress_seconds();
	struct cute_shm_state state;
	uint64_t value[WORDS];
	unsigned kills = 0, torn = 0, seed = 1;
	pid_t reader = start(false), writer;

	for (; clock_now() < end || kills < 20; kills++) {
		writer = start(true);
		usleep((useconds_t)(rand_r(&seed) % 2000));
		kill(writer, SIGKILL);
		ck_assert_int_eq(waitpid(writer, NULL, 0), writer);
		ck_assert_int_eq(cute_shm_state(&array, &state), 0);
		ck_assert(state.torn == (state.sequence % 2 != 0));
		torn += state.torn != 0;
		fill(value, kills);
		/* The reader may stand in line just now: wait for it. */
		ck_assert_int_eq(cute_shm_update(&array, 0, value,
						 sizeof(value), FOREVER),
				 0);
		ck_assert_int_eq(cute_shm_state(&array, &state), 0);
		ck_assert(!state.torn);
	}
	atomic_store(&counts->stop, true);
	wait_for(reader);
	printf("killed %u writers, %u in the middle of an update\n", kills,
	       torn);
	report("killed writers");
	cute_shm_close(shm);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("live_stress");
	TCase *tcase = tcase_create("all");

	tcase_set_timeout(tcase, 60 + 4 * stress_seconds());
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, no_reader_sees_half_an_update);
	tcase_add_test(tcase, threads_that_share_a_handle);
	tcase_add_test(tcase, killed_writers_leave_no_lock);
	suite_add_tcase(suite, tcase);
	return test_run(suite);
}
