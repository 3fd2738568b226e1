/* SPDX-License-Identifier: MIT */
/* A process that has closed 0, 1 and 2 does not get them back from us. */

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cute_shm.h"
#include "base/base.h"
#include "util.h"

static int report = -1; /* where a child without stderr complains */

#define must(condition) \
	do { \
		if (!(condition)) { \
			dprintf(report, "line %d: %s: %s\n", __LINE__, \
				#condition, cute_shm_errmsg()); \
			_exit(1); \
		} \
	} while (0)

/* Nothing that we hold is below 3, and a message goes nowhere. */
#define must_be_closed() \
	do { \
		for (int fd = 0; fd < 3; fd++) \
			must(fcntl(fd, F_GETFD) < 0 && errno == EBADF && \
			     write(fd, "message", 7) < 0); \
	} while (0)

/* In a child without one or all of 0, 1 and 2; 3: all. */
static void
in_a_daemon(int closed, void (*run)(void))
{
	int status;
	pid_t pid;

	report = fcntl(STDERR_FILENO, F_DUPFD, 10);
	ck_assert_int_ge(report, 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		for (int fd = 0; fd < 3; fd++)
			if (closed == 3 || closed == fd)
				close(fd);
		run();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close(report);
}

static struct cute_shm_builder *
begin(void)
{
	struct cute_shm_build_options opt = { .size = sizeof(opt),
					      .flags = CUTE_SHM_OVERWRITE };
	static const uint64_t values[512], shape = 512;
	struct cute_shm_builder *b;

	must(cute_shm_builder_new("p", &opt, &b) == 0);
	must_be_closed();
	must(cute_shm_builder_array(b, "a", "<u8", 1, &shape, values) == 0);
	must(cute_shm_builder_reserve(b) == 0);
	must_be_closed();
	return b;
}

static int
ignore_info(const struct cute_shm_info *info, void *arg)
{
	(void)info, (void)arg;
	must_be_closed();
	return 0;
}

static int
ignore_user(const struct cute_shm_user *user, void *arg)
{
	(void)user, (void)arg;
	must_be_closed();
	return 0;
}

static void
use_all(void)
{
	struct cute_shm_open_options opt = { .size = sizeof(opt),
					     .flags = CUTE_SHM_WRITE };
	struct cute_shm_update update;
	struct cute_shm_builder *b = begin();
	struct cute_shm_array array;
	struct cute_shm *shm, *other;
	uint64_t x = 5;
	int status;
	pid_t pid;

	must(cute_shm_builder_publish(b, &other) == 0);
	cute_shm_builder_free(b);
	must_be_closed();
	must(cute_shm_open("p", &opt, &shm) == 0);
	must_be_closed();
	must(cute_shm_get(shm, "a", &array) == 0);
	must(cute_shm_update(&array, 0, &x, sizeof(x), 0) == 0);
	/* A forked child opens it again; a waiter once more. */
	must(cute_shm_update_begin(&array, 0, &update) == 0);
	pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		must_be_closed();
		must(cute_shm_update(&array, 0, &x, sizeof(x), 1000000) ==
		     CUTE_SHM_ERR_TIMEOUT);
		must_be_closed();
		_exit(0);
	}
	must(waitpid(pid, &status, 0) == pid && status == 0);
	cute_shm_update_end(&update);
	must(cute_shm_verify(shm, NULL, NULL) == 0);
	must(cute_shm_list(NULL, ignore_info, NULL) == 0);
	must(cute_shm_users(shm, ignore_user, NULL) == 0);
	must(cute_shm_collect(NULL, NULL, NULL) == 0);
	must_be_closed();
	cute_shm_close(other);
	cute_shm_close(shm);
	must(cute_shm_unlink("p", NULL, NULL) == 0);
	must_be_closed();
}

START_TEST(all_closed)
{
	test_root();
	in_a_daemon(3, use_all);
}
END_TEST

/* What is put at 0, 1 or 2 while only that is free. */
static void
use_one(void)
{
	int fd, ends[2];
	FILE *file;
	DIR *dir;

	fd = fd_above_stdio(open("/dev/null", O_RDONLY | O_CLOEXEC));
	must(fd > 2 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	must(sockets_above_stdio(ends) == 0 && ends[0] > 2 && ends[1] > 2);
	must(fcntl(ends[0], F_GETFD) == FD_CLOEXEC);
	must(fcntl(ends[1], F_GETFD) == FD_CLOEXEC);
	file = file_above_stdio("/dev/null");
	must(file && fileno(file) > 2 &&
	     fcntl(fileno(file), F_GETFD) == FD_CLOEXEC);
	dir = dir_above_stdio("/");
	must(dir && dirfd(dir) > 2 && fcntl(dirfd(dir), F_GETFD) == FD_CLOEXEC);
	must(fd_above_stdio(-1) == -1);
	must(!file_above_stdio("/dev/null/none") && errno == ENOTDIR);
	must(!dir_above_stdio("/dev/null") && errno == ENOTDIR);
}

START_TEST(one_closed)
{
	in_a_daemon(_i, use_one);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("descriptors");
	TCase *tcase = tcase_create("all");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, all_closed);
	tcase_add_loop_test(tcase, one_closed, 0, 4);
	suite_add_tcase(suite, tcase);
	return test_run(suite);
}
