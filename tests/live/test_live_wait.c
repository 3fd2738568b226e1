/* SPDX-License-Identifier: MIT */
/* Waits for several arrays, and what ends them. */

#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live_util.h"

static struct cute_shm_watch watches[2];
static struct cute_shm_array other;
static struct cute_shm_waker *waker;

static void
setup(void)
{
	live_setup();
	ck_ok(cute_shm_get(reader, "other", &other));
	watches[0] = (struct cute_shm_watch){ .array = &ra };
	watches[1] = (struct cute_shm_watch){ .array = &other };
	ck_ok(cute_shm_waker_new(&waker));
}

static void
teardown(void)
{
	cute_shm_waker_free(waker);
	live_teardown();
}

static void
put_other(void)
{
	static const uint64_t values[COUNT];
	struct cute_shm_array array;

	ck_ok(cute_shm_get(writer, "other", &array));
	ck_ok(cute_shm_update(&array, 0, values, sizeof(values), 0));
}

START_TEST(the_one_that_changes)
{
	size_t which = 7;

	ck_err(cute_shm_wait_any(watches, 2, 0, NULL, &which),
	       CUTE_SHM_ERR_TIMEOUT);
	ck_err(cute_shm_wait_any(watches, 2, SHORT_NS, waker, &which),
	       CUTE_SHM_ERR_TIMEOUT);
	ck_assert_uint_eq(which, 7);
	put_other();
	ck_ok(cute_shm_wait_any(watches, 2, CUTE_SHM_FOREVER, waker, &which));
	ck_assert_uint_eq(which, 1);
	ck_assert_uint_eq(watches[1].sequence, 2);
	ck_assert_uint_eq(watches[0].sequence, 0);
	watches[1].since = 2;
	put(1);
	ck_ok(cute_shm_wait_any(watches, 2, CUTE_SHM_FOREVER, NULL, &which));
	ck_assert_uint_eq(which, 0);
}
END_TEST

static void *
update_other(void *arg)
{
	(void)arg;
	usleep(20000);
	put_other();
	return NULL;
}

START_TEST(it_wakes_for_any_of_them)
{
	pthread_t thread;
	size_t which;

	ck_assert_int_eq(pthread_create(&thread, NULL, update_other, NULL), 0);
	ck_ok(cute_shm_wait_any(watches, 2, CUTE_SHM_FOREVER, waker, &which));
	ck_assert_uint_eq(which, 1);
	pthread_join(thread, NULL);
}
END_TEST

static void *
call_waker(void *arg)
{
	(void)arg;
	usleep(20000);
	cute_shm_waker_wake(waker);
	return NULL;
}

/* From a thread, during the wait, which would not end by itself. */
START_TEST(the_waker_ends_it)
{
	size_t which, count;
	pthread_t thread;

	for (count = 0; count <= 2; count++) {
		ck_assert_int_eq(pthread_create(&thread, NULL, call_waker,
						NULL),
				 0);
		ck_err(cute_shm_wait_any(watches, count, CUTE_SHM_FOREVER,
					 waker, &which),
		       CUTE_SHM_ERR_CANCELLED);
		pthread_join(thread, NULL);
	}
	/* Called before, any number of times: it ends the next wait only. */
	cute_shm_waker_wake(waker);
	cute_shm_waker_wake(waker);
	ck_err(cute_shm_wait_any(watches, 2, CUTE_SHM_FOREVER, waker, &which),
	       CUTE_SHM_ERR_CANCELLED);
	ck_err(cute_shm_wait_any(watches, 2, 0, waker, &which),
	       CUTE_SHM_ERR_TIMEOUT);
	/* An update that is there is reported first. */
	cute_shm_waker_wake(waker);
	put(1);
	ck_ok(cute_shm_wait_any(watches, 2, CUTE_SHM_FOREVER, waker, &which));
	cute_shm_waker_wake(NULL);
	cute_shm_waker_free(NULL);
}
END_TEST

static void
on_signal(int number)
{
	(void)number;
}

/* Send signals until it is done: the first may come before the sleep. */
static void *
send_signals(void *arg)
{
	pthread_t to = *(pthread_t *)arg;

	for (;;) {
		usleep(10000);
		pthread_kill(to, SIGUSR1);
		pthread_testcancel();
	}
	return NULL;
}

START_TEST(a_signal_ends_it)
{
	struct sigaction action = { .sa_handler = on_signal };
	pthread_t self = pthread_self(), thread;
	size_t count, which;
	uint32_t seen;

	for (count = 1; count <= 2; count++) {
		sigaction(SIGUSR1, &action, NULL);
		ck_assert_int_eq(pthread_create(&thread, NULL, send_signals,
						&self),
				 0);
		ck_err(cute_shm_wait_any(watches, count, CUTE_SHM_FOREVER,
					 waker, &which),
		       CUTE_SHM_ERR_CANCELLED);
		/* The other call goes on. */
		ck_err(cute_shm_wait(&ra, 0, 2 * SHORT_NS, &seen),
		       CUTE_SHM_ERR_TIMEOUT);
		pthread_cancel(thread);
		pthread_join(thread, NULL);
	}
}
END_TEST

static void
tear(void)
{
	struct cute_shm_update update;
	struct cute_shm_array array;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (cute_shm_get(attach(CUTE_SHM_WRITE), "other", &array) !=
			    0 ||
		    cute_shm_update_begin(&array, 0, &update) != 0)
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
}

START_TEST(a_torn_one_is_reported)
{
	size_t which = 7;

	tear();
	ck_err(cute_shm_wait_any(watches, 2, CUTE_SHM_FOREVER, waker, &which),
	       CUTE_SHM_ERR_TORN);
	ck_errmsg_has("/other");
	ck_assert_uint_eq(which, 1);
	ck_assert_uint_eq(watches[1].sequence, 1);
	watches[1].since = 1;
	ck_err(cute_shm_wait_any(watches, 2, SHORT_NS, waker, &which),
	       CUTE_SHM_ERR_TIMEOUT);
}
END_TEST

START_TEST(what_cannot_be_waited_for)
{
	struct cute_shm_watch many[CUTE_SHM_WATCHES + 1];
	struct cute_shm_array lists;
	size_t i, which;

	for (i = 0; i <= CUTE_SHM_WATCHES; i++)
		many[i] = watches[0];
	ck_err(cute_shm_wait_any(many, CUTE_SHM_WATCHES + 1, 0, NULL, &which),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_wait_any(many, CUTE_SHM_WATCHES, SHORT_NS, waker,
				 &which),
	       CUTE_SHM_ERR_TIMEOUT);
	ck_err(cute_shm_wait_any(watches, 2, 0, NULL, NULL),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_waker_new(NULL), CUTE_SHM_ERR_INVALID);
	watches[1].array = NULL;
	ck_err(cute_shm_wait_any(watches, 2, 0, NULL, &which),
	       CUTE_SHM_ERR_INVALID);
	ck_ok(cute_shm_get(reader, "lists", &lists));
	watches[1].array = &lists;
	ck_err(cute_shm_wait_any(watches, 2, 0, NULL, &which),
	       CUTE_SHM_ERR_TYPE);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("live_wait");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_one_that_changes);
	tcase_add_test(tc, it_wakes_for_any_of_them);
	tcase_add_test(tc, the_waker_ends_it);
	tcase_add_test(tc, a_signal_ends_it);
	tcase_add_test(tc, a_torn_one_is_reported);
	tcase_add_test(tc, what_cannot_be_waited_for);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
