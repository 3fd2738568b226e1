/* SPDX-License-Identifier: MIT */
/*
 * The reader process starts in every program: whatever its threads do, and what
 * it does with signals, children and descriptors.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load_one.h"

#define NOBODY 65534

/* ----------------------------------------------------------------- threads */

static atomic_bool over;

static void *
in_malloc(void *arg)
{
	(void)arg;
	for (size_t i = 0; !over; i++)
		free(malloc(i % 100000));
	return NULL;
}

static void *
in_libhdf5(void *arg)
{
	hid_t space;

	(void)arg;
	while (!over) {
		space = H5Screate(H5S_SCALAR);
		H5Sclose(space);
	}
	return NULL;
}

static pid_t children[300];
static unsigned child_count;

/* A child that lives on with copies of all descriptors, as some pools have. */
static void
fork_one(void)
{
	pid_t pid;

	if (child_count == ELEMENTS(children))
		return;
	pid = test_fork();
	if (pid == 0)
		for (;;)
			pause();
	children[child_count++] = pid;
}

static void
end_children(void)
{
	int status;

	while (child_count > 0) {
		pid_t pid = children[--child_count];

		ck_assert_int_eq(kill(pid, SIGKILL), 0);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	}
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}

static void *
in_fork(void *arg)
{
	(void)arg;
	while (!over) {
		fork_one();
		usleep(1000);
	}
	return NULL;
}

/* What the last failed load in this thread said, or "". */
static void *
load_some(void *arg)
{
	const char *project = arg;
	int i, err = 0;

	for (i = 0; i < 5 && err == 0; i++) {
		err = load_one(project);
		if (err == 0 && i < 4)
			err = cute_shm_unlink(project, NULL, NULL);
	}
	return err ? strdup(cute_shm_errmsg()) : NULL;
}

START_TEST(threads)
{
	static void *(*const noises[])(void *) = { in_malloc, in_malloc,
						   in_libhdf5, in_fork };
	pthread_t noise[ELEMENTS(noises)], loader[8];
	char names[ELEMENTS(loader)][8];
	unsigned i;
	void *said;

	for (i = 0; i < ELEMENTS(noises); i++)
		ck_assert_int_eq(pthread_create(&noise[i], NULL, noises[i],
						NULL),
				 0);
	for (i = 0; i < ELEMENTS(loader); i++) {
		snprintf(names[i], sizeof(names[i]), "t%u", i);
		ck_assert_int_eq(pthread_create(&loader[i], NULL, load_some,
						names[i]),
				 0);
	}
	for (i = 0; i < ELEMENTS(loader); i++) {
		ck_assert_int_eq(pthread_join(loader[i], &said), 0);
		ck_assert_msg(!said, "%s: %s", names[i], (char *)said);
	}
	over = true;
	for (i = 0; i < ELEMENTS(noises); i++)
		ck_assert_int_eq(pthread_join(noise[i], NULL), 0);
	ck_assert_uint_gt(child_count, 0);
	end_children();
	for (i = 0; i < ELEMENTS(loader); i++)
		ck_loaded(names[i]);
}
END_TEST

static void
fork_at_line(enum cute_shm_log_level level, const char *message, void *arg)
{
	(void)level, (void)message, (void)arg;
	fork_one();
}

/* At each step of a load: none of them makes it wait, or fail. */
START_TEST(forked_meanwhile)
{
	cute_shm_set_log(CUTE_SHM_LOG_DEBUG, fork_at_line, NULL);
	ck_ok(load_one("t"));
	cute_shm_set_log(CUTE_SHM_LOG_DEBUG, NULL, NULL);
	ck_assert_uint_gt(child_count, 5);
	ck_loaded("t");
	end_children();
}
END_TEST

static void
clone_at_array(const struct cute_shm_hdf5_array *array, void *arg)
{
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	(void)array, (void)arg;
	if (pid == 0)
		for (;;)
			syscall(SYS_pause);
	children[child_count++] = pid;
}

/* No handlers of ours run in this one, and it could write to the segment. */
START_TEST(cloned_meanwhile)
{
	struct cute_shm_hdf5_options opt = { .size = sizeof(opt),
					     .array = clone_at_array };

	ck_err(cute_shm_hdf5_load("t", one_file, &opt, NULL),
	       CUTE_SHM_ERR_STATE);
	ck_errmsg_has("open for writing");
	ck_assert_uint_eq(child_count, 1);
	end_children();
	ck_assert_uint_eq(test_count(one_root), 0);
	ck_load();
}
END_TEST

/* ----------------------------------------------------------------- signals */

START_TEST(children_ignored)
{
	signal(SIGCHLD, SIG_IGN);
	ck_load();
	setenv("CUTE_SHM_READER", "/bin/true", 1);
	ck_err(load_one("t"), CUTE_SHM_ERR_SYSTEM);
}
END_TEST

static void
reap_all(int number)
{
	int saved = errno;

	(void)number;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	errno = saved;
}

START_TEST(children_reaped)
{
	signal(SIGCHLD, reap_all);
	for (int i = 0; i < 20; i++)
		ck_load();
}
END_TEST

START_TEST(signals_blocked)
{
	sigset_t all, now;

	sigfillset(&all);
	ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, &all, NULL), 0);
	ck_load();
	ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, NULL, &now), 0);
	ck_assert_int_eq(sigismember(&now, SIGCHLD), 1);
}
END_TEST

/* ------------------------------------------------------------- environments */

/* Run in a child of its own, which says what went wrong. */
static void
ck_child(int (*act)(void))
{
	int status;
	pid_t pid = test_fork();

	if (pid == 0) {
		int err = act();

		if (err != 0)
			dprintf(STDERR_FILENO, "%d: %s\n", err,
				cute_shm_errmsg());
		_exit(err != 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		      "status %#x", (unsigned)status);
}

static int
load_as_first(void)
{
	int err = getpid() == 1 ? 0 : CUTE_SHM_ERR_STATE;

	return err ? err : load_one("t");
}

START_TEST(first_process)
{
	/* LeakSanitizer cannot look at a process that is its own first. */
	if (SANITIZED || (unshare(CLONE_NEWPID) != 0 &&
			  unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0))
		return;
	ck_child(load_as_first);
	ck_assert_uint_eq(test_count(one_root), 1);
}
END_TEST

static int
load_without_proc(void)
{
	if (unshare(CLONE_NEWNS) != 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("none", "/proc", "tmpfs", 0, NULL) != 0)
		return 0;
	return access("/proc/self", F_OK) == 0 ? CUTE_SHM_ERR_STATE
					       : load_one("t");
}

START_TEST(without_proc)
{
	if (!SANITIZED) /* which need /proc themselves */
		ck_child(load_without_proc);
}
END_TEST

START_TEST(few_descriptors)
{
	const struct rlimit few = { 16, 16 };

	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	ck_load();
}
END_TEST

START_TEST(no_stdio)
{
	for (int i = 0; i < 3; i++)
		close(i);
	ck_load();
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(fcntl(i, F_GETFD), -1);
}
END_TEST

static int
load_without_processes(void)
{
	const struct rlimit none = { 0, 0 };
	int err;

	if (getuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
		return 0;
	if (setrlimit(RLIMIT_NPROC, &none) != 0)
		return 0;
	err = load_one("t");
	return err == CUTE_SHM_ERR_SYSTEM &&
			       strstr(cute_shm_errmsg(), strerror(EAGAIN))
		       ? 0
		       : CUTE_SHM_ERR_STATE;
}

START_TEST(no_more_processes)
{
	char base[4096];

	test_file_name(base, sizeof(base), ".");
	ck_assert_int_eq(chmod(base, 0711), 0);
	ck_assert_int_eq(chmod(h5_folder(), 0755), 0);
	ck_assert_int_eq(chmod(one_file, 0644), 0);
	if (getuid() == 0)
		ck_assert_int_eq(chown(one_root, NOBODY, NOBODY), 0);
	ck_child(load_without_processes);
	ck_assert_uint_eq(test_count(one_root), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hdf5 reader");
	TCase *t = tcase_create("reader");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, load_one_setup, NULL);
	tcase_add_test(t, threads);
	tcase_add_test(t, forked_meanwhile);
	tcase_add_test(t, cloned_meanwhile);
	tcase_add_test(t, children_ignored);
	tcase_add_test(t, children_reaped);
	tcase_add_test(t, signals_blocked);
	tcase_add_test(t, first_process);
	tcase_add_test(t, without_proc);
	tcase_add_test(t, few_descriptors);
	tcase_add_test(t, no_stdio);
	tcase_add_test(t, no_more_processes);
	suite_add_tcase(s, t);
	return test_run(s);
}
