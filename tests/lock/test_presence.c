/* SPDX-License-Identifier: MIT */
/* A process is one user of a segment, however many handles it has. */

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cute_shm.h"
#include "util.h"

static struct cute_shm *reader;

static struct cute_shm *
attach(unsigned flags)
{
	struct cute_shm_open_options opt = {
		.size = sizeof(opt),
		.flags = flags,
	};
	struct cute_shm *shm;

	ck_ok(cute_shm_open("p", &opt, &shm));
	return shm;
}

static void
setup(void)
{
	const uint64_t shape[] = { 10 };
	struct cute_shm_builder *b;

	test_root();
	ck_ok(cute_shm_builder_new("p", NULL, &b));
	ck_ok(cute_shm_builder_array(b, "state", "<u8", 1, shape, NULL));
	ck_ok(cute_shm_builder_publish(b, NULL));
	cute_shm_builder_free(b);
	reader = attach(0);
}

static void
teardown(void)
{
	cute_shm_close(reader);
}

/* Locks on the segment; those expected, if it has them within a second. */
static int
kernel_locks(const struct cute_shm *shm, int expected)
{
	struct cute_shm_info info;
	struct stat st;
	int count;

	ck_ok(cute_shm_info(shm, &info));
	ck_assert_int_eq(stat(info.path, &st), 0);
	count = test_locks(&st, false);
	for (int i = 0; i < 1000 && count >= 0 && count != expected; i++) {
		usleep(1000);
		count = test_locks(&st, false);
	}
	return count;
}

/*
 * Each change of a lock costs the number of the file's, so a process has one,
 * however many its handles, and so has its child.
 */
START_TEST(many_handles_are_one_user)
{
	struct cute_shm *many[100];
	struct cute_shm_array array;
	int ready[2], go[2], status;
	size_t i;
	char c;
	pid_t pid;

	if (kernel_locks(reader, 1) < 0)
		return;
	for (i = 0; i < ELEMENTS(many); i++)
		many[i] = attach(i % 2 ? CUTE_SHM_WRITE : 0);
	ck_assert_int_eq(kernel_locks(reader, 1), 1);
	ck_assert_int_eq(pipe(ready), 0);
	ck_assert_int_eq(pipe(go), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (write(ready[1], "r", 1) != 1 || read(go[0], &c, 1) != 1)
			_exit(2);
		for (i = 1; i < ELEMENTS(many); i += 2)
			if (cute_shm_get(many[i], "state", &array) != 0 ||
			    cute_shm_update(&array, 0, &i, sizeof(i), 0) != 0)
				_exit(3);
		_exit(0);
	}
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	ck_assert_int_eq(kernel_locks(reader, 2), 2);
	ck_assert_int_eq(write(go[1], "g", 1), 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(kernel_locks(reader, 1), 1);
	for (i = 0; i < ELEMENTS(many); i++)
		cute_shm_close(many[i]);
	ck_assert_int_eq(kernel_locks(reader, 1), 1);
}
END_TEST

static int
keep_in_use(const struct cute_shm_info *info, void *arg)
{
	*(int *)arg = info->in_use;
	return 0;
}

/* It is seen until the last handle is closed, whichever that is. */
START_TEST(a_user_until_the_last_handle)
{
	struct cute_shm *h[4];
	struct cute_shm_info info;
	int used, i;

	cute_shm_close(reader);
	reader = NULL;
	for (i = 0; i < 4; i++)
		h[i] = attach(0);
	for (i = 0; i < 4; i++) {
		/* In the orders 0123, 1230, 2301, 3012. */
		ck_ok(cute_shm_list(NULL, keep_in_use, &used));
		ck_assert_int_eq(used, 1);
		ck_ok(cute_shm_info(h[(i + _i) % 4], &info));
		ck_assert_int_eq(info.in_use, i < 3);
		cute_shm_close(h[(i + _i) % 4]);
	}
	ck_ok(cute_shm_list(NULL, keep_in_use, &used));
	ck_assert_int_eq(used, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("presence");
	TCase *tcase = tcase_create("all");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, many_handles_are_one_user);
	tcase_add_loop_test(tcase, a_user_until_the_last_handle, 0, 4);
	suite_add_tcase(suite, tcase);
	return test_run(suite);
}
