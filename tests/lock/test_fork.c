/* SPDX-License-Identifier: MIT */
/* A forked child uses what its parent opened, and neither harms the other. */

#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "cute_shm.h"
#include "util.h"

#define COUNT	 1000
#define SHORT_NS INT64_C(20000000)

static struct cute_shm *writer, *reader;
static struct cute_shm_array wa, ra; /* the array "state" in each */

/* For a child, of which libcheck does not know. */
#define must(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "line %d: %s: %s\n", __LINE__, \
				#condition, cute_shm_errmsg()); \
			_exit(1); \
		} \
	} while (0)

static struct cute_shm *
publish(const char *project, unsigned flags)
{
	const uint64_t shape[] = { COUNT };
	struct cute_shm_build_options opt = {
		.size = sizeof(opt),
		.flags = flags,
	};
	struct cute_shm_builder *b;
	struct cute_shm *shm;

	ck_ok(cute_shm_builder_new(project, &opt, &b));
	ck_ok(cute_shm_builder_array(b, "state", "<u8", 1, shape, NULL));
	ck_ok(cute_shm_builder_publish(b, &shm));
	cute_shm_builder_free(b);
	return shm;
}

static struct cute_shm *
attach(unsigned flags, struct cute_shm_array *array)
{
	struct cute_shm_open_options opt = {
		.size = sizeof(opt),
		.flags = flags,
	};
	struct cute_shm *shm;

	if (cute_shm_open("p", &opt, &shm) != 0 ||
	    cute_shm_get(shm, "state", array) != 0)
		abort();
	return shm;
}

static void
setup(void)
{
	test_root();
	cute_shm_close(publish("p", 0));
	writer = attach(CUTE_SHM_WRITE, &wa);
	reader = attach(0, &ra);
}

static void
teardown(void)
{
	cute_shm_close(writer);
	cute_shm_close(reader);
}

static void
ended_well(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		      "wait status %#x", (unsigned)status);
}

/* All elements are one number: 'value' has not been torn. */
static bool
whole(const uint64_t *value)
{
	size_t i;

	for (i = 1; i < COUNT; i++)
		if (value[i] != value[0])
			return false;
	return true;
}

static bool
put(const struct cute_shm_array *array, uint64_t number)
{
	uint64_t value[COUNT];
	size_t i;

	for (i = 0; i < COUNT; i++)
		value[i] = number;
	return cute_shm_update(array, 0, value, sizeof(value),
			       CUTE_SHM_FOREVER) == 0;
}

/* A shared lock, to look in place: that the parent's updates respect it. */
static void
look_in_place(void)
{
	struct cute_shm_lock *lock;
	uint64_t value[COUNT];

	must(cute_shm_lock(&ra, CUTE_SHM_FOREVER, &lock) == 0);
	memcpy(value, ra.data, sizeof(value));
	cute_shm_unlock(lock);
	must(whole(value));
}

START_TEST(values_in_a_child_are_whole)
{
	uint64_t value[COUNT], number = 0;
	double end = clock_now() + 0.5;
	pid_t pids[4];
	size_t i;

	for (i = 0; i < ELEMENTS(pids); i++) {
		pids[i] = fork();
		ck_assert_int_ge(pids[i], 0);
		while (pids[i] == 0 && clock_now() < end) {
			must(cute_shm_snapshot(&ra, 0, value, sizeof(value),
					       CUTE_SHM_FOREVER, NULL) == 0);
			must(whole(value));
			look_in_place();
			/* Children write, too, by one inherited handle. */
			must(i % 2 == 0 || put(&wa, (uint64_t)getpid()));
		}
		if (pids[i] == 0)
			_exit(0);
	}
	while (clock_now() < end)
		ck_assert(put(&wa, ++number));
	for (i = 0; i < ELEMENTS(pids); i++)
		ended_well(pids[i]);
}
END_TEST

/* What the child does with its copies leaves the parent's update alone. */
START_TEST(the_parents_lock_stays)
{
	struct cute_shm_lock *lock, *all;
	struct cute_shm_update update, other;
	struct cute_shm_state state;
	pid_t pid;

	ck_ok(cute_shm_update_begin(&wa, 0, &update));
	pid = fork();
	if (pid == 0) {
		must(cute_shm_update_begin(&wa, 0, &other) ==
		     CUTE_SHM_ERR_TIMEOUT);
		must(cute_shm_lock(&ra, 0, &lock) == CUTE_SHM_ERR_TIMEOUT);
		must(cute_shm_lock_all(writer, 0, SHORT_NS, &all) ==
		     CUTE_SHM_ERR_TIMEOUT);
		must(cute_shm_state(&wa, &state) == 0 && !state.torn);
		cute_shm_update_end(&update);
		cute_shm_close(writer);
		cute_shm_close(reader);
		_exit(0);
	}
	ended_well(pid);
	ck_ok(cute_shm_state(&ra, &state));
	ck_assert_uint_eq(state.sequence, 1);
	ck_assert(!state.torn);
	ck_err(cute_shm_lock(&ra, 0, &lock), CUTE_SHM_ERR_TIMEOUT);
	cute_shm_update_end(&update);
	ck_ok(cute_shm_lock(&ra, 0, &lock));
	cute_shm_unlock(lock);
}
END_TEST

/* Wait for a byte, or for the other end to be closed. */
static void
await(int fd)
{
	char c;

	must(read(fd, &c, 1) >= 0);
}

START_TEST(the_childs_lock_keeps_the_parent_out)
{
	struct cute_shm_update update, other;
	int ready[2], done[2];
	pid_t pid;

	ck_assert_int_eq(pipe(ready), 0);
	ck_assert_int_eq(pipe(done), 0);
	pid = fork();
	if (pid == 0) {
		close(ready[0]);
		close(done[1]);
		must(cute_shm_update_begin(&wa, 0, &update) == 0);
		close(ready[1]);
		await(done[0]);
		cute_shm_update_end(&update);
		_exit(0);
	}
	close(ready[1]);
	close(done[0]);
	await(ready[0]);
	ck_err(cute_shm_update_begin(&wa, 0, &other), CUTE_SHM_ERR_TIMEOUT);
	ck_err(cute_shm_snapshot(&ra, 0, &pid, 1, SHORT_NS, NULL),
	       CUTE_SHM_ERR_TIMEOUT);
	close(done[1]);
	ended_well(pid);
	ck_ok(cute_shm_update_begin(&wa, 0, &other));
	ck_assert(!other.torn);
	cute_shm_update_end(&other);
	close(ready[0]);
}
END_TEST

/* A process that forks a child, which lives on, in the middle of an update. */
static void
die_with_a_child(int alive, int ready)
{
	struct cute_shm_update update;

	must(cute_shm_update_begin(&wa, 0, &update) == 0);
	if (fork() == 0) {
		must(write(ready, "y", 1) == 1);
		await(alive);
		_exit(0);
	}
	await(alive);
}

START_TEST(a_killed_writer_holds_nothing_by_its_child)
{
	int alive[2], ready[2], status;
	struct cute_shm_update update;
	struct cute_shm_state state;
	uint64_t x;
	pid_t pid;

	ck_assert_int_eq(pipe(alive), 0);
	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		close(alive[1]);
		die_with_a_child(alive[0], ready[1]);
		_exit(1);
	}
	await(ready[0]);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_ok(cute_shm_state(&ra, &state));
	ck_assert(state.torn);
	ck_err(cute_shm_snapshot(&ra, 0, &x, sizeof(x), CUTE_SHM_FOREVER, NULL),
	       CUTE_SHM_ERR_TORN);
	ck_ok(cute_shm_update_begin(&wa, 0, &update));
	ck_assert(update.torn);
	cute_shm_update_end(&update);
	close(alive[0]);
	close(alive[1]);
	close(ready[0]);
	close(ready[1]);
}
END_TEST

static void *
wait_for_lock(void *arg)
{
	struct cute_shm_lock *lock;

	(void)arg;
	if (cute_shm_lock(&wa, CUTE_SHM_FOREVER, &lock) == 0)
		cute_shm_unlock(lock);
	return NULL;
}

/* They are not in the child, nor is what they would have waited for. */
START_TEST(threads_that_wait_are_not_waited_for)
{
	struct cute_shm_update update;
	pthread_t threads[3];
	size_t i;
	pid_t pid;

	ck_ok(cute_shm_update_begin(&wa, 0, &update));
	for (i = 0; i < ELEMENTS(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
						wait_for_lock, NULL),
				 0);
	usleep(20000);
	pid = fork();
	if (pid == 0) {
		alarm(60);
		must(put(&wa, 1));
		cute_shm_close(writer);
		_exit(0);
	}
	usleep(20000);
	cute_shm_update_end(&update);
	for (i = 0; i < ELEMENTS(threads); i++)
		pthread_join(threads[i], NULL);
	ended_well(pid);
	ck_assert(put(&wa, 2));
}
END_TEST

static atomic_bool stop;

static void *
open_and_update(void *arg)
{
	struct cute_shm_array array;
	struct cute_shm *shm;
	uint64_t number = 0;

	(void)arg;
	while (!atomic_load(&stop)) {
		shm = attach(CUTE_SHM_WRITE, &array);
		if (!put(&array, ++number) || !put(&wa, ++number))
			abort();
		cute_shm_close(shm);
	}
	return NULL;
}

/* At whatever moment of the threads it comes. */
START_TEST(any_moment_will_do_to_fork)
{
	double end = clock_now() + 0.5;
	uint64_t value[COUNT];
	pthread_t threads[3];
	size_t i;
	pid_t pid;

	for (i = 0; i < ELEMENTS(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
						open_and_update, NULL),
				 0);
	while (clock_now() < end) {
		pid = fork();
		if (pid == 0) {
			alarm(60);
			must(cute_shm_snapshot(&ra, 0, value, sizeof(value),
					       CUTE_SHM_FOREVER, NULL) == 0);
			must(whole(value));
			must(put(&wa, 1));
			_exit(0);
		}
		ended_well(pid);
	}
	atomic_store(&stop, true);
	for (i = 0; i < ELEMENTS(threads); i++)
		pthread_join(threads[i], NULL);
}
END_TEST

/* A child is a user, and no owner. */
START_TEST(users_and_owners)
{
	struct cute_shm_unlink_options idle = {
		.size = sizeof(idle),
		.flags = CUTE_SHM_UNLINK_IDLE,
	};
	struct cute_shm *owner;
	int alive[2], ready[2];
	uint64_t count;
	pid_t pid, child;
	char c = 'y';

	ck_assert_int_eq(pipe(alive), 0);
	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		close(alive[1]);
		owner = publish("mortal", CUTE_SHM_EPHEMERAL);
		child = fork();
		/* It has let go of what it shared when it says so. */
		if (child == 0)
			must(write(ready[1], &c, 1) == 1);
		await(alive[0]);
		cute_shm_close(owner);
		exit(0);
	}
	close(alive[0]);
	await(ready[0]);
	cute_shm_close(reader);
	cute_shm_close(writer);
	reader = writer = NULL;
	ck_err(cute_shm_unlink("p", &idle, NULL), CUTE_SHM_ERR_BUSY);
	ck_ok(cute_shm_collect(NULL, &count, NULL));
	ck_assert_uint_eq(count, 0);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	/* The child lives. */
	ck_ok(cute_shm_collect(NULL, &count, NULL));
	ck_assert_uint_eq(count, 1);
	ck_err(cute_shm_unlink("p", &idle, NULL), CUTE_SHM_ERR_BUSY);
	close(alive[1]);
	while (cute_shm_unlink("p", &idle, NULL) == CUTE_SHM_ERR_BUSY)
		usleep(1000);
	close(ready[0]);
	close(ready[1]);
}
END_TEST

/* Each has a description of its own in the child, however many there are. */
START_TEST(many_handles)
{
	struct cute_shm_array arrays[100];
	struct cute_shm *handles[100];
	struct cute_shm_update update;
	struct cute_shm_lock *lock;
	size_t i;
	pid_t pid;

	for (i = 0; i < ELEMENTS(handles); i++)
		handles[i] = attach(0, &arrays[i]);
	ck_ok(cute_shm_update_begin(&wa, 0, &update));
	pid = fork();
	if (pid == 0) {
		for (i = 0; i < ELEMENTS(handles); i++) {
			must(cute_shm_lock(&arrays[i], 0, &lock) ==
			     CUTE_SHM_ERR_TIMEOUT);
			cute_shm_close(handles[i]);
		}
		_exit(0);
	}
	ended_well(pid);
	cute_shm_update_end(&update);
	for (i = 0; i < ELEMENTS(handles); i++) {
		ck_ok(cute_shm_lock(&arrays[i], 0, &lock));
		cute_shm_unlock(lock);
		cute_shm_close(handles[i]);
	}
}
END_TEST

/* As where there is no /proc: the data, without any lock. */
static void
use_without_descriptor(void)
{
	struct cute_shm_update update;
	struct cute_shm_state state;
	struct cute_shm_lock *lock;
	uint64_t value[COUNT];

	must(cute_shm_update_begin(&wa, 0, &update) == CUTE_SHM_ERR_STATE);
	must(strstr(cute_shm_errmsg(), "forked"));
	must(!put(&wa, 2));
	must(cute_shm_lock(&ra, 0, &lock) == CUTE_SHM_ERR_STATE);
	must(cute_shm_lock_all(writer, 1, 0, &lock) == CUTE_SHM_ERR_STATE);
	must(cute_shm_seal(&wa, 0) == CUTE_SHM_ERR_STATE);
	must(cute_shm_export(reader, "/nowhere/at/all", NULL) != 0);
	must(cute_shm_snapshot(&ra, 0, value, sizeof(value), 0, NULL) == 0);
	must(whole(value) && value[0] == 7);
	must(cute_shm_state(&ra, &state) == 0 && state.sequence == 2);
	must(cute_shm_verify(reader, NULL, NULL) == 0);
	must(cute_shm_is_current(reader) == 1);
	cute_shm_close(reader);
	cute_shm_close(writer);
}

START_TEST(without_a_way_to_open_again)
{
	struct rlimit before, none;
	struct cute_shm_lock *lock;
	pid_t pid;

	ck_assert(put(&wa, 7));
	ck_ok(cute_shm_lock(&ra, 0, &lock));
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	pid = fork();
	if (pid == 0) {
		setrlimit(RLIMIT_NOFILE, &before);
		use_without_descriptor();
		_exit(0);
	}
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	ended_well(pid);
	/* The parent's is still held, by the parent. */
	ck_assert(cute_shm_update(&wa, 0, &pid, 1, 0) == CUTE_SHM_ERR_TIMEOUT);
	cute_shm_unlock(lock);
	ck_assert(put(&wa, 8));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fork");
	TCase *tcase = tcase_create("all");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, values_in_a_child_are_whole);
	tcase_add_test(tcase, the_parents_lock_stays);
	tcase_add_test(tcase, the_childs_lock_keeps_the_parent_out);
	tcase_add_test(tcase, a_killed_writer_holds_nothing_by_its_child);
	tcase_add_test(tcase, threads_that_wait_are_not_waited_for);
	tcase_add_test(tcase, any_moment_will_do_to_fork);
	tcase_add_test(tcase, users_and_owners);
	tcase_add_test(tcase, many_handles);
	tcase_add_test(tcase, without_a_way_to_open_again);
	suite_add_tcase(suite, tcase);
	return test_run(suite);
}
