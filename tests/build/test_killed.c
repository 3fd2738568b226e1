/* SPDX-License-Identifier: MIT */
/*
 * Processes that are killed at any moment of what they do: afterwards every
 * name leads to a whole segment, nothing else is in the root, and no lock is
 * held.  CUTE_SHM_STRESS=N does N times as much.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "util.h"

#define COUNT (UINT64_C(1) << 17)

static const char *root;
static char folder[4096];
static uint64_t *data;

static int
build(const char *project, unsigned flags, struct cute_shm **ret)
{
	struct cute_shm_build_options opt = {
		.size = sizeof(opt),
		.flags = flags,
		.jobs = 2,
	};
	const uint64_t shape[] = { COUNT };
	struct cute_shm_builder *b = NULL;
	int err;

	err = cute_shm_builder_new(project, &opt, &b);
	if (err == 0)
		err = cute_shm_builder_array(b, "x", "<u8", 1, shape, NULL);
	if (err == 0)
		err = cute_shm_builder_array(b, "g/y", "<u8", 1, shape, data);
	if (err == 0)
		err = cute_shm_builder_reserve(b);
	if (err == 0)
		err = cute_shm_builder_write(b, "x", 0, data, COUNT * 8);
	if (err == 0)
		err = cute_shm_builder_publish(b, ret);
	cute_shm_builder_free(b);
	return err;
}

/* Each is done over and over, until the process is killed. */

static void
overwrite(void)
{
	build("p", CUTE_SHM_OVERWRITE | CUTE_SHM_RESERVE_AHEAD, NULL);
}

static void
come_and_go(void)
{
	build("q", 0, NULL);
	cute_shm_unlink("q", NULL, NULL);
}

static void
ephemeral(void)
{
	struct cute_shm *shm = NULL;

	build("e", CUTE_SHM_EPHEMERAL, &shm);
	cute_shm_close(shm);
}

static void
update(void)
{
	struct cute_shm_open_options opt = {
		.size = sizeof(opt),
		.flags = CUTE_SHM_WRITE,
	};
	struct cute_shm *shm = NULL;
	struct cute_shm_array a;

	if (cute_shm_open("p", &opt, &shm) != 0)
		_exit(1);
	if (cute_shm_get(shm, "x", &a) == 0) {
		cute_shm_update(&a, 0, data, COUNT * 8, CUTE_SHM_FOREVER);
		cute_shm_seal(&a, CUTE_SHM_FOREVER);
	}
	cute_shm_close(shm);
}

static void
save_and_restore(void)
{
	struct cute_shm_export_options opt = {
		.size = sizeof(opt),
		.flags = CUTE_SHM_OVERWRITE,
	};
	struct cute_shm_load_options restore = {
		.size = sizeof(restore),
		.flags = CUTE_SHM_OVERWRITE,
	};
	struct cute_shm *shm = NULL;
	int fd;

	if (cute_shm_open("p", NULL, &shm) != 0)
		_exit(1);
	cute_shm_export(shm, test_path(folder, "s"), &opt);
	cute_shm_close(shm);
	fd = open(test_path(folder, "s"), O_RDONLY | O_CLOEXEC);
	cute_shm_load("r", fd, &restore, NULL);
	close(fd);
}

static void (*const acts[])(void) = {
	overwrite, come_and_go, ephemeral, update, save_and_restore,
};

static void
kill_after(void (*act)(void), long ns)
{
	struct timespec pause = { .tv_nsec = ns };
	int status;
	pid_t pid = test_fork();

	if (pid == 0)
		for (;;)
			act();
	nanosleep(&pause, NULL);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFSIGNALED(status), "status %d", status);
}

/* Whole, but for what an update has torn; and nobody holds a lock. */
static int
check(const struct cute_shm_info *info, void *arg)
{
	struct cute_shm_open_options opt = {
		.size = sizeof(opt),
		.flags = CUTE_SHM_WRITE,
	};
	unsigned *count = arg;
	struct cute_shm_lock *lock;
	struct cute_shm *shm;
	struct cute_shm_array a;
	int err;

	++*count;
	ck_assert_msg(info->err == 0, "%s", info->message);
	ck_ok(cute_shm_open(info->project, &opt, &shm));
	ck_ok(cute_shm_lock_all(shm, 1, 0, &lock));
	cute_shm_unlock(lock);
	err = cute_shm_verify(shm, NULL, NULL);
	ck_assert_msg(err == 0 || err == CUTE_SHM_ERR_TORN, "%s",
		      cute_shm_errmsg());
	/* A complete update heals. */
	ck_ok(cute_shm_get(shm, "x", &a));
	ck_ok(cute_shm_update(&a, 0, data, COUNT * 8, 0));
	ck_ok(cute_shm_seal(&a, 0));
	ck_ok(cute_shm_verify(shm, NULL, NULL));
	cute_shm_close(shm);
	return 0;
}

START_TEST(at_any_moment)
{
	const char *stress = getenv("CUTE_SHM_STRESS");
	long rounds = 60 * (stress ? atol(stress) : 1), i;
	unsigned count, seed = 1;
	struct cute_shm *copy;

	snprintf(folder, sizeof(folder), "%s", test_root());
	root = test_root();
	data = calloc(COUNT, sizeof(*data));
	ck_ok(build("p", 0, NULL));
	for (i = 0; i < rounds; i++) {
		kill_after(acts[_i], (long)(rand_r(&seed) % 8000) * 1000);
		/* What has a name for a moment only, the next one removes. */
		ck_ok(cute_shm_collect(NULL, NULL, NULL));
		count = 0;
		ck_ok(cute_shm_list(NULL, check, &count));
		ck_assert_uint_eq(test_count(root), count);
		ck_assert_uint_ge(count, 1);
	}
	if (acts[_i] == save_and_restore) {
		ck_assert_uint_le(test_count(folder), 2);
		ck_ok(cute_shm_open_file(test_path(folder, "s"), NULL, &copy));
		ck_ok(cute_shm_verify(copy, NULL, NULL));
		cute_shm_close(copy);
	}
	free(data);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("killed");
	TCase *tc = tcase_create("killed");

	tcase_set_timeout(tc, 600);
	tcase_add_loop_test(tc, at_any_moment, 0, (int)ELEMENTS(acts));
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
