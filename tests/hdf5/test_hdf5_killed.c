/* SPDX-License-Identifier: MIT */
/*
 * A process that loads and exports HDF5 files all the time is killed, at random
 * moments: every name leads to what is whole, nothing else stays, nor does the
 * process in which libhdf5 runs.  CUTE_SHM_STRESS=N does so N times as often.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hdf5_little.h"

static uint64_t digest;

static void
load(const char *project, const char *file, unsigned flags)
{
	struct cute_shm_hdf5_options opt = h5_options(flags);

	(void)!cute_shm_hdf5_load(project, h5_path(file), &opt, NULL);
}

static void
come_and_go(void)
{
	load("t", "t.h5", 0);
	cute_shm_unlink("t", NULL, NULL);
}

static void
overwrite(void)
{
	load("t", "t.h5", CUTE_SHM_HDF5_OVERWRITE);
}

static void export(void)
{
	struct cute_shm_hdf5_export_options opt = {
		.size = sizeof(opt),
		.flags = CUTE_SHM_HDF5_OVERWRITE,
		.jobs = 2,
	};
	struct cute_shm *shm = NULL;

	if (cute_shm_open("whole", NULL, &shm) != 0)
		_exit(1);
	(void)!cute_shm_hdf5_export(shm, h5_path("back.h5"), &opt, NULL);
	cute_shm_close(shm);
}

static void (*const acts[])(void) = { come_and_go, overwrite, export };
static const int signals[] = { SIGKILL, SIGTERM, SIGINT, SIGHUP, SIGPIPE };

static void
kill_after(void (*act)(void), int number, long ns)
{
	const struct timespec pause = { .tv_nsec = ns };
	int status;
	pid_t pid = test_fork();

	if (pid == 0)
		for (;;)
			act();
	nanosleep(&pause, NULL);
	ck_assert_int_eq(kill(pid, number), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == number,
		      "status %#x", (unsigned)status);
	/* Its children are ours now; they have nobody to work for. */
	while (waitpid(-1, &status, 0) > 0)
		;
}

static int
check(const struct cute_shm_info *info, void *arg)
{
	unsigned *count = arg;
	struct cute_shm *shm;

	++*count;
	ck_assert_msg(info->err == 0, "%s", info->message);
	ck_assert_uint_eq(info->metadata_digest, digest);
	ck_ok(cute_shm_open(info->project, NULL, &shm));
	ck_ok(cute_shm_verify(shm, NULL, NULL));
	cute_shm_close(shm);
	return 0;
}

static void
ck_exported(void)
{
	struct cute_shm_info info;
	struct cute_shm *shm;

	if (access(h5_path("back.h5"), F_OK) != 0)
		return;
	load("back", "back.h5", 0);
	ck_ok(cute_shm_open("back", NULL, &shm));
	ck_ok(cute_shm_info(shm, &info));
	ck_assert_uint_eq(info.metadata_digest, digest);
	cute_shm_close(shm);
	ck_ok(cute_shm_unlink("back", NULL, NULL));
}

static void
begin(void)
{
	struct cute_shm_info info;
	struct cute_shm *shm;

	/* libcheck's handlers, which children inherit, would end the test. */
	for (size_t i = 0; i < ELEMENTS(signals); i++)
		signal(signals[i], SIG_DFL);
	h5_make_little(h5_path("t.h5"), true);
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	load("whole", "t.h5", 0);
	ck_ok(cute_shm_open("whole", NULL, &shm));
	ck_ok(cute_shm_info(shm, &info));
	digest = info.metadata_digest;
	cute_shm_close(shm);
}

START_TEST(at_any_moment)
{
	const char *stress = getenv("CUTE_SHM_STRESS");
	long rounds = 100 * (stress ? atol(stress) : 1), i;
	unsigned count, seed = 1;

	begin();
	for (i = 0; i < rounds; i++) {
		kill_after(acts[_i], signals[(size_t)i % ELEMENTS(signals)],
			   (long)(rand_r(&seed) % 20000) * 1000);
		ck_ok(cute_shm_collect(NULL, NULL, NULL));
		count = 0;
		ck_ok(cute_shm_list(NULL, check, &count));
		ck_assert_uint_eq(test_count(getenv("CUTE_SHM_ROOT")), count);
		ck_assert_uint_ge(count, 1);
		ck_exported();
	}
	/* What a killed export has left, the next one removes. */
	export();
	ck_exported();
	ck_assert_uint_le(test_count(h5_folder()), 2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hdf5_killed");
	TCase *tc = tcase_create("hdf5_killed");

	tcase_set_timeout(tc, 600);
	tcase_add_loop_test(tc, at_any_moment, 0, (int)ELEMENTS(acts));
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
