/* SPDX-License-Identifier: MIT */
/*
 * Several processes that load the same project: one loads, the others wait, and
 * take over when it dies.  CUTE_SHM_STRESS=N does N times as many kills.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "root_util.h"
#include "together/together.h"

#define PAGE_OF_P ".cute-shm-loading.p"

static const struct cute_shm_loading_options plain = { .size = sizeof(plain) };

/* The load of a source that need not exist. */
static struct cute_shm_loading_options
ensure(const char *options)
{
	return (struct cute_shm_loading_options){
		.size = sizeof(struct cute_shm_loading_options),
		.flags = CUTE_SHM_LOADING_ENSURE,
		.source = "/data/source",
		.source_size = 7,
		.source_mtime_ns = 11,
		.options = options,
	};
}

/* Build and publish "p" for a load that was begun. */
static int
fill(const struct cute_shm_loading_options *o, struct cute_shm_loading *l)
{
	struct cute_shm_build_options opt = {
		.size = sizeof(opt),
		.flags = CUTE_SHM_OVERWRITE,
		.source = o->source,
		.source_size = o->source_size,
		.source_mtime_ns = o->source_mtime_ns,
		.options = o->options,
		.loading = l,
	};
	const uint64_t shape = 1000;
	static const double data[1000];
	struct cute_shm_builder *b;
	int err = cute_shm_builder_new("p", &opt, &b);

	if (err != 0)
		return err;
	err = cute_shm_builder_array(b, "a", "<f8", 1, &shape, data);
	if (err == 0)
		err = cute_shm_builder_publish(b, NULL);
	cute_shm_builder_free(b);
	return err;
}

/* What a job does; *loaded is set if it was the one that loaded. */
static int
job(const struct cute_shm_loading_options *o, bool *loaded)
{
	struct cute_shm_loading *l;
	int err = cute_shm_load_begin("p", o, &l);

	*loaded = false;
	if (err != 0 || !l)
		return err;
	err = fill(o, l);
	*loaded = err == 0;
	cute_shm_load_end(l, err);
	return err;
}

/* A child that begins a load, says so, and holds it until it is killed. */
static pid_t
holder(void)
{
	struct cute_shm_loading *l;
	int ends[2];
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	pid = test_fork();
	if (pid == 0) {
		if (cute_shm_load_begin("p", &plain, &l) != 0)
			_exit(1);
		cute_shm_load_progress(l, 43, 100);
		if (write(ends[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ends[1]);
	ck_assert_int_eq(read(ends[0], &byte, 1), 1);
	close(ends[0]);
	return pid;
}

static void
end(pid_t pid)
{
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

/* ------------------------------------------------------------- the protocol */

START_TEST(one_at_a_time)
{
	const char *root = test_root();
	struct cute_shm_loading_options o = plain;
	struct cute_shm_loading *l;
	pid_t pid = holder();

	ck_err(cute_shm_load_begin("p", &plain, &l), CUTE_SHM_ERR_BUSY);
	ck_errmsg_has("43 %");
	o.flags = CUTE_SHM_LOADING_WAIT;
	o.timeout = 0.1;
	ck_err(cute_shm_load_begin("p", &o, &l), CUTE_SHM_ERR_TIMEOUT);
	/* Another project is no matter. */
	ck_ok(cute_shm_load_begin("q", &plain, &l));
	cute_shm_load_end(l, 0);
	end(pid);
	ck_assert_uint_eq(test_count(root), 1);
	ck_ok(cute_shm_load_begin("p", &plain, &l));
	cute_shm_load_end(l, 0);
	ck_assert_uint_eq(test_count(root), 0);
}
END_TEST

START_TEST(nothing_to_do)
{
	const char *root = test_root();
	struct cute_shm_loading_options o = ensure("all");
	bool loaded;

	ck_ok(job(&o, &loaded));
	ck_assert(loaded);
	ck_ok(job(&o, &loaded));
	ck_assert(!loaded);
	/* Each of these makes it another. */
	o.options = "half";
	ck_ok(job(&o, &loaded));
	ck_assert(loaded);
	o.source_size++;
	ck_ok(job(&o, &loaded));
	ck_assert(loaded);
	o.source_mtime_ns++;
	ck_ok(job(&o, &loaded));
	ck_assert(loaded);
	o.source = "/data/other";
	ck_ok(job(&o, &loaded));
	ck_assert(loaded);
	ck_ok(job(&o, &loaded));
	ck_assert(!loaded);
	ck_assert_uint_eq(test_count(root), 1);
}
END_TEST

struct wait_state {
	unsigned calls;
	struct cute_shm_loading *other; /* of this process */
	int err;			/* to end it with at the first call */
};

static int
on_waiting(const struct cute_shm_load_info *info, void *arg)
{
	struct wait_state *w = arg;

	ck_assert_str_eq(info->project, "p");
	if (w->calls++ == 0 && w->other) {
		(void)cute_shm_fail(w->err, "the file is damaged");
		cute_shm_load_end(w->other, w->err);
	}
	return w->calls > 3;
}

/* A reason that holds for all ends the wait; others hand the load on. */
START_TEST(how_it_failed)
{
	static const struct {
		int err;
		const char *options;
		bool takes_over;
	} cases[] = {
		{ CUTE_SHM_ERR_SOURCE, "all", false },
		{ CUTE_SHM_ERR_CORRUPT, "all", false },
		{ CUTE_SHM_ERR_SOURCE, "half", true },
		{ CUTE_SHM_ERR_CANCELLED, "all", true },
		{ CUTE_SHM_ERR_NOMEM, "all", true },
		{ CUTE_SHM_ERR_NO_SPACE, "all", true },
	};
	const char *root = test_root();
	struct cute_shm_loading_options o = ensure("all"), mine;
	struct wait_state w = { .err = cases[_i].err };
	bool loaded;

	ck_ok(cute_shm_load_begin("p", &o, &w.other));
	mine = ensure(cases[_i].options);
	mine.waiting = on_waiting;
	mine.arg = &w;
	if (cases[_i].takes_over) {
		ck_ok(job(&mine, &loaded));
		ck_assert(loaded);
	} else {
		ck_err(job(&mine, &loaded), cases[_i].err);
		ck_errmsg_has("the file is damaged");
	}
	ck_assert_uint_eq(w.calls, 1);
	ck_assert_uint_eq(test_count(root), cases[_i].takes_over ? 1 : 0);
}
END_TEST

/* The wait shows progress about five times a second, and no more. */
START_TEST(waits_quietly)
{
	struct cute_shm_loading_options o = ensure("all");
	struct wait_state w = { .calls = 0 };
	struct timespec before, after;
	struct cute_shm_loading *l;
	pid_t pid;

	test_root();
	pid = holder();
	o.waiting = on_waiting;
	o.arg = &w;
	clock_gettime(CLOCK_MONOTONIC, &before);
	ck_err(cute_shm_load_begin("p", &o, &l), CUTE_SHM_ERR_CANCELLED);
	clock_gettime(CLOCK_MONOTONIC, &after);
	/* Four calls have three pauses between them. */
	ck_assert_uint_eq(w.calls, 4);
	ck_assert_int_ge((after.tv_sec - before.tv_sec) * 1000 +
				 (after.tv_nsec - before.tv_nsec) / 1000000,
			 590);
	end(pid);
}
END_TEST

/* A forked child neither has the lock nor the load. */
START_TEST(forked)
{
	const char *root = test_root();
	struct cute_shm_loading *l;
	int status, ends[2];
	pid_t pid, other;

	ck_assert_int_eq(pipe(ends), 0);
	ck_ok(cute_shm_load_begin("p", &plain, &l));
	pid = test_fork();
	if (pid == 0) {
		char byte;

		if (read(ends[0], &byte, 1) != 1)
			_exit(1);
		cute_shm_load_end(l, 0);
		_exit(0);
	}
	cute_shm_load_end(l, 0);
	/* The child lives, and the next load begins; it does not end that. */
	other = holder();
	ck_assert_int_eq(write(ends[1], "x", 1), 1);
	close(ends[0]);
	close(ends[1]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(access(test_path(root, PAGE_OF_P), F_OK), 0);
	ck_err(cute_shm_load_begin("p", &plain, &l), CUTE_SHM_ERR_BUSY);
	end(other);
}
END_TEST

/* What has the page's name may be anything. */
START_TEST(strange_pages)
{
	const char *root = test_root();
	const char *page = test_path(root, PAGE_OF_P);
	struct cute_shm_loading *l;

	ck_assert_int_eq(symlink("/etc/passwd", page), 0);
	ck_err(cute_shm_load_begin("p", &plain, &l), CUTE_SHM_ERR_OWNER);
	ck_assert_int_eq(unlink(page), 0);
	ck_assert_int_eq(mkfifo(page, 0600), 0);
	ck_err(cute_shm_load_begin("p", &plain, &l), CUTE_SHM_ERR_OWNER);
	ck_assert_int_eq(unlink(page), 0);
	ck_assert_int_eq(mkdir(page, 0700), 0);
	ck_err(cute_shm_load_begin("p", &plain, &l), CUTE_SHM_ERR_OWNER);
	ck_assert_int_eq(rmdir(page), 0);
	ck_assert_int_eq(close(open(page, O_CREAT | O_WRONLY, 0600)), 0);
	ck_ok(cute_shm_load_begin("p", &plain, &l));
	cute_shm_load_end(l, 0);
	if (!test_is_root())
		return;
	ck_assert_int_eq(close(open(page, O_CREAT | O_WRONLY, 0600)), 0);
	ck_assert_int_eq(chown(page, 65533, 65533), 0);
	ck_err(cute_shm_load_begin("p", &plain, &l), CUTE_SHM_ERR_OWNER);
	ck_errmsg_has("65533");
}
END_TEST

/* A full root has no place for the page's text: the lock holds all the same. */
START_TEST(full_root)
{
	const char *root = test_root();
	struct cute_shm_loading *l, *other;
	char bytes[4096] = { 1 };
	int fd;

	if (!test_mount(root, "size=64k"))
		return;
	fd = open(test_path(root, "filler"), O_CREAT | O_WRONLY, 0600);
	while (write(fd, bytes, sizeof(bytes)) > 0)
		;
	ck_assert_int_eq(errno, ENOSPC);
	close(fd);
	ck_ok(cute_shm_load_begin("p", &plain, &l));
	ck_err(cute_shm_load_begin("p", &plain, &other), CUTE_SHM_ERR_BUSY);
	cute_shm_load_end(l, CUTE_SHM_ERR_NO_SPACE);
	ck_assert_uint_eq(test_count(root), 1);
}
END_TEST

/* ------------------------------------------------------------------ many */

/* What each job of a crowd reports by its exit status. */
enum {
	JOB_CURRENT,
	JOB_LOADED,
	JOB_FAILED
};

static pid_t
start_job(const struct cute_shm_loading_options *o)
{
	pid_t pid = test_fork();
	bool loaded;

	if (pid == 0)
		_exit(job(o, &loaded) != 0 ? JOB_FAILED
		      : loaded		   ? JOB_LOADED
					   : JOB_CURRENT);
	return pid;
}

/* Wait for the jobs; all succeed.  How many have loaded? */
static unsigned
count_loads(const pid_t *jobs, unsigned count)
{
	unsigned i, loads = 0;
	int status;

	for (i = 0; i < count; i++) {
		ck_assert_int_eq(waitpid(jobs[i], &status, 0), jobs[i]);
		ck_assert(WIFEXITED(status));
		ck_assert_int_lt(WEXITSTATUS(status), JOB_FAILED);
		loads += WEXITSTATUS(status) == JOB_LOADED;
	}
	return loads;
}

/* Also in a root that has no room for two copies. */
START_TEST(fifty_jobs)
{
	const char *root = test_root();
	struct cute_shm_loading_options o = ensure("all");
	pid_t jobs[50];
	unsigned i;

	if (_i == 1 && !test_mount(root, "size=28k"))
		return;
	for (i = 0; i < ELEMENTS(jobs); i++)
		jobs[i] = start_job(&o);
	ck_assert_uint_eq(count_loads(jobs, ELEMENTS(jobs)), 1);
	ck_assert_uint_eq(test_count(root), 1);
}
END_TEST

/* The loader dies while eight wait: one of them takes over. */
START_TEST(killed)
{
	const char *stress = getenv("CUTE_SHM_STRESS");
	unsigned rounds = 20 * (stress ? (unsigned)atoi(stress) : 1), i, k;
	const char *root = test_root();
	struct cute_shm_loading_options o = ensure("all");
	struct timespec nap = { 0 };
	pid_t jobs[8], pid;

	for (i = 0; i < rounds; i++) {
		pid = holder();
		for (k = 0; k < ELEMENTS(jobs); k++)
			jobs[k] = start_job(&o);
		nap.tv_nsec = random() % 20000000;
		nanosleep(&nap, NULL);
		end(pid);
		ck_assert_uint_eq(count_loads(jobs, ELEMENTS(jobs)), 1);
		ck_assert_uint_eq(test_count(root), 1);
		ck_ok(cute_shm_unlink("p", NULL, NULL));
	}
}
END_TEST

/* Any of them dies, at any moment: those that live get their project. */
START_TEST(any_killed)
{
	const char *stress = getenv("CUTE_SHM_STRESS");
	unsigned rounds = 20 * (stress ? (unsigned)atoi(stress) : 1), i, k;
	const char *root = test_root();
	struct cute_shm_loading_options o = ensure("all");
	struct timespec nap = { 0 };
	uint64_t count;
	pid_t jobs[8];

	for (i = 0; i < rounds; i++) {
		for (k = 0; k < ELEMENTS(jobs); k++)
			jobs[k] = start_job(&o);
		nap.tv_nsec = random() % 4000000;
		nanosleep(&nap, NULL);
		for (k = 0; k < 4; k++)
			end(jobs[k]);
		ck_assert_uint_le(count_loads(jobs + 4, 4), 1);
		/* A dead job's page may be left, which a sweep removes. */
		ck_ok(cute_shm_collect(NULL, &count, NULL));
		ck_assert_uint_eq(test_count(root), 1);
		ck_ok(cute_shm_unlink("p", NULL, NULL));
	}
}
END_TEST

/* --------------------------------------------------------------- the list */

static int
keep(const struct cute_shm_load_info *info, void *arg)
{
	struct cute_shm_load_info *ret = arg;

	ck_assert_str_eq(info->project, "p");
	*ret = *info;
	return 0;
}

START_TEST(listed)
{
	const char *root = test_root();
	struct cute_shm_load_info info = { .known = 7 };
	pid_t pid;

	ck_ok(cute_shm_loads(NULL, keep, &info));
	ck_assert_int_eq(info.known, 7);
	pid = holder();
	ck_ok(cute_shm_loads(NULL, keep, &info));
	ck_assert_int_eq(info.known, 1);
	ck_assert_int_eq(info.running, 1);
	ck_assert_int_eq(info.pid, pid);
	ck_assert_uint_eq(info.bytes_done, 43);
	ck_assert_uint_eq(info.bytes_total, 100);
	ck_reserved_zero(info);
	/* A page is no project, and a running load is no leftover. */
	ck_ok(cute_shm_collect(NULL, NULL, NULL));
	ck_assert_uint_eq(test_count(root), 1);
	end(pid);
	ck_ok(cute_shm_loads(NULL, keep, &info));
	ck_assert_int_eq(info.running, 0);
	ck_ok(cute_shm_collect(NULL, NULL, NULL));
	ck_assert_uint_eq(test_count(root), 0);
}
END_TEST

/* What a load under way still needs is not free for the next one. */
START_TEST(memory_of_others)
{
	const char *root = test_root();
	struct cute_shm_loading_options o = ensure("all");
	struct cute_shm_loading *l, *mine;
	struct cute_shm_space space;

	ck_ok(cute_shm_load_begin("big", &plain, &l));
	ck_ok(cute_shm_available(root, &space));
	loading_size(l, space.available);
	ck_ok(cute_shm_load_begin("p", &o, &mine));
	ck_err(fill(&o, mine), CUTE_SHM_ERR_NO_SPACE);
	ck_errmsg_has("loads under way: big by process ");
	cute_shm_load_end(l, 0);
	ck_ok(fill(&o, mine));
	cute_shm_load_end(mine, 0);
}
END_TEST

/* ---------------------------------------------------------------- owners */

/* An ephemeral project ends with the last of its owners, in any order. */
START_TEST(owners)
{
	struct cute_shm_open_options join = { .size = sizeof(join),
					      .flags = CUTE_SHM_JOIN };
	const char *root = test_root();
	struct cute_shm *first, *second, *third;

	first = root_publish("p", CUTE_SHM_EPHEMERAL);
	ck_ok(cute_shm_open("p", &join, &second));
	cute_shm_close(_i == 0 ? first : second);
	ck_ok(cute_shm_open("p", &join, &third));
	cute_shm_close(_i == 0 ? second : first);
	ck_assert_uint_eq(test_count(root), 1);
	cute_shm_close(third);
	ck_assert_uint_eq(test_count(root), 0);
	ck_err(cute_shm_open("p", &join, &third), CUTE_SHM_ERR_NOT_FOUND);

	/* A lasting project stays. */
	cute_shm_close(root_publish("p", 0));
	ck_ok(cute_shm_open("p", &join, &third));
	cute_shm_close(third);
	ck_assert_uint_eq(test_count(root), 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("turns");
	TCase *tcase = tcase_create("turns");

	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, 600);
	tcase_add_test(tcase, one_at_a_time);
	tcase_add_test(tcase, nothing_to_do);
	tcase_add_loop_test(tcase, how_it_failed, 0, 6);
	tcase_add_test(tcase, waits_quietly);
	tcase_add_test(tcase, forked);
	tcase_add_test(tcase, strange_pages);
	tcase_add_test(tcase, full_root);
	tcase_add_loop_test(tcase, fifty_jobs, 0, 2);
	tcase_add_test(tcase, killed);
	tcase_add_test(tcase, any_killed);
	tcase_add_test(tcase, listed);
	tcase_add_test(tcase, memory_of_others);
	tcase_add_loop_test(tcase, owners, 0, 2);
	return test_run(suite);
}
