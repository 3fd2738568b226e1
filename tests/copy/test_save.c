/* SPDX-License-Identifier: MIT */
/* Segments as files: save.c, restore.c, outfile.c. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "file/file.h"
#include "sample.h"

#define BIG (3 << 20)

static char folder[4096]; /* of the files; the root is another one */
static unsigned descriptors;

static void
setup(void)
{
	snprintf(folder, sizeof(folder), "%s", test_root());
	test_root();
	descriptors = test_descriptors();
}

static const char *
file(const char *name)
{
	return test_path(folder, name);
}

/* Nothing beside these, and no descriptor more. */
static void
ck_left(unsigned files, unsigned projects)
{
	ck_assert_uint_eq(test_count(folder), files);
	ck_assert_uint_eq(test_count(getenv("CUTE_SHM_ROOT")), projects);
	ck_assert_uint_eq(test_descriptors(), descriptors);
}

static struct cute_shm *
attach(const char *project, unsigned flags)
{
	struct cute_shm_open_options opt = {
		.size = sizeof(opt),
		.flags = flags,
	};
	struct cute_shm *shm = NULL;

	ck_ok(cute_shm_open(project, &opt, &shm));
	return shm;
}

static void
save(const char *project, const char *name)
{
	struct cute_shm *shm = attach(project, 0);

	ck_ok(cute_shm_export(shm, file(name), NULL));
	cute_shm_close(shm);
}

static int
restore(const char *project, const char *name, unsigned flags)
{
	struct cute_shm_load_options opt = {
		.size = sizeof(opt),
		.flags = flags,
	};
	int fd = open(file(name), O_RDONLY | O_CLOEXEC), err;

	ck_assert_int_ge(fd, 0);
	err = cute_shm_load(project, fd, &opt, NULL);
	close(fd);
	return err;
}

static void
ck_same(const char *a, const char *b)
{
	struct segment x = segment_read(a), y = segment_read(b);

	ck_assert_uint_eq(x.size, y.size);
	ck_assert_mem_eq(x.bytes, y.bytes, x.size);
	segment_free(&x);
	segment_free(&y);
}

static const char *
segment_of(const char *name)
{
	return test_path(getenv("CUTE_SHM_ROOT"), name);
}

START_TEST(there_and_back)
{
	sample_publish("p");
	save("p", "s");
	ck_same(file("s"), segment_of("cute-shm.p"));
	ck_ok(restore("q", "s", 0));
	ck_same(file("s"), segment_of("cute-shm.q"));
	ck_err(restore("q", "s", 0), CUTE_SHM_ERR_EXISTS);
	ck_ok(restore("q", "s", CUTE_SHM_OVERWRITE));
	ck_left(1, 2);
}
END_TEST

START_TEST(not_over_a_file)
{
	struct cute_shm_export_options opt = { .size = sizeof(opt) };
	struct cute_shm *shm;
	struct stat st;

	sample_publish("p");
	save("p", "s");
	ck_assert_int_eq(symlink("s", file("link")), 0);
	shm = attach("p", 0);
	ck_err(cute_shm_export(shm, file("s"), &opt), CUTE_SHM_ERR_EXISTS);
	opt.flags = CUTE_SHM_OVERWRITE;
	ck_ok(cute_shm_export(shm, file("link"), &opt));
	ck_err(cute_shm_export(shm, "/dev/null", &opt), CUTE_SHM_ERR_INVALID);
	opt.flags = 64;
	ck_err(cute_shm_export(shm, file("t"), &opt), CUTE_SHM_ERR_INVALID);
	cute_shm_close(shm);
	ck_assert_int_eq(lstat(file("link"), &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	ck_left(2, 1);
}
END_TEST

/* One large array, "a", whose first number says what all the others are. */
static void
publish_big(unsigned flags, struct cute_shm **ret)
{
	struct cute_shm_build_options opt = {
		.size = sizeof(opt),
		.flags = flags,
	};
	const uint64_t shape[] = { BIG / 8 }, none[] = { 0 };
	struct cute_shm_builder *b;

	ck_ok(cute_shm_builder_new("p", &opt, &b));
	ck_ok(cute_shm_builder_array(b, "a", "<u8", 1, shape, NULL));
	ck_ok(cute_shm_builder_array(b, "empty", "<u8", 1, none, NULL));
	ck_ok(cute_shm_builder_array(b, "z", "<u8", 0, NULL, NULL));
	ck_ok(cute_shm_builder_publish(b, ret));
	cute_shm_builder_free(b);
}

/* In a process of its own, for as long as it may live. */
static pid_t
updater_new(void)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	struct cute_shm_update update;
	struct cute_shm_array a;
	struct cute_shm *shm;
	pid_t pid = test_fork();

	if (pid != 0)
		return pid;
	shm = attach("p", CUTE_SHM_WRITE);
	ck_ok(cute_shm_get(shm, "a", &a));
	for (uint64_t n = 1;; n++) {
		ck_ok(cute_shm_update_begin(&a, CUTE_SHM_FOREVER, &update));
		for (size_t i = 0; i < BIG / 8; i++)
			((uint64_t *)update.data)[i] = n;
		cute_shm_update_end(&update);
		/* Locks are not fair: leave a moment to others. */
		nanosleep(&pause, NULL);
	}
}

START_TEST(saved_while_updated)
{
	struct cute_shm_export_options opt = {
		.size = sizeof(opt),
		.flags = CUTE_SHM_OVERWRITE,
	};
	struct cute_shm_verify_result result;
	struct cute_shm *shm, *copy;
	struct cute_shm_array a;
	const uint64_t *data;
	pid_t updater;
	uint64_t n;
	int status;

	publish_big(0, NULL);
	updater = updater_new();
	shm = attach("p", 0);
	for (int i = 0; i < 5; i++) {
		ck_ok(cute_shm_export(shm, file("s"), &opt));
		ck_ok(cute_shm_open_file(file("s"), NULL, &copy));
		ck_ok(cute_shm_verify(copy, NULL, &result));
		ck_assert_uint_eq(result.unsealed, 0);
		ck_ok(cute_shm_get(copy, "a", &a));
		data = cute_shm_u64(&a, &n);
		for (uint64_t k = 1; k < n; k++)
			ck_assert_uint_eq(data[k], data[0]);
		cute_shm_close(copy);
	}
	ck_assert_int_eq(kill(updater, SIGKILL), 0);
	ck_assert_int_eq(waitpid(updater, &status, 0), updater);
	ck_assert(WIFSIGNALED(status));
	cute_shm_close(shm);
	ck_ok(restore("q", "s", 0));
	ck_left(1, 2);
}
END_TEST

START_TEST(torn_is_not_saved)
{
	struct cute_shm_update update;
	struct cute_shm_array a;
	struct cute_shm *shm;
	int status;
	pid_t pid;

	publish_big(0, NULL);
	pid = fork();
	if (pid == 0) {
		shm = attach("p", CUTE_SHM_WRITE);
		ck_ok(cute_shm_get(shm, "a", &a));
		cute_shm_update_begin(&a, 0, &update);
		raise(SIGKILL);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	shm = attach("p", 0);
	ck_err(cute_shm_export(shm, file("s"), NULL), CUTE_SHM_ERR_TORN);
	ck_errmsg_has("/a is torn");
	cute_shm_close(shm);
	ck_left(0, 1);
}
END_TEST

static bool
is_ephemeral(const char *project)
{
	struct cute_shm *shm = attach(project, 0);
	struct cute_shm_info info;

	ck_ok(cute_shm_info(shm, &info));
	cute_shm_close(shm);
	return info.ephemeral;
}

START_TEST(ephemeral_or_not)
{
	struct cute_shm_load_options opt = {
		.size = sizeof(opt),
		.flags = CUTE_SHM_EPHEMERAL,
	};
	struct cute_shm *owner;
	int fd;

	publish_big(CUTE_SHM_EPHEMERAL, &owner);
	save("p", "s");
	/* A plain copy has the mark still. */
	fd = open(segment_of("cute-shm.p"), O_RDONLY | O_CLOEXEC);
	ck_ok(cute_shm_load("copy", fd, NULL, NULL));
	close(fd);
	ck_assert(!is_ephemeral("copy"));
	cute_shm_close(owner);
	ck_ok(restore("q", "s", 0));
	ck_assert(!is_ephemeral("q"));
	ck_err(restore("r", "s", CUTE_SHM_EPHEMERAL), CUTE_SHM_ERR_INVALID);
	fd = open(file("s"), O_RDONLY | O_CLOEXEC);
	ck_ok(cute_shm_load("r", fd, &opt, &owner));
	close(fd);
	ck_assert(is_ephemeral("r"));
	cute_shm_close(owner);
	ck_left(1, 2);
}
END_TEST

/* ------------------------------------------------------------------ failure */

static int
stop_at(uint64_t done, uint64_t total, void *arg)
{
	const uint64_t *at = arg;

	ck_assert(total == 0 || done <= total);
	return done >= *at;
}

START_TEST(cancelled)
{
	uint64_t at = 1 << 20, now = 0;
	struct cute_shm_export_options s = {
		.size = sizeof(s),
		.progress = stop_at,
		.arg = &at,
	};
	struct cute_shm_load_options r = {
		.size = sizeof(r),
		.progress = stop_at,
		.arg = &at,
	};
	struct cute_shm *shm;
	int fd, ends[2];

	publish_big(0, NULL);
	shm = attach("p", 0);
	ck_err(cute_shm_export(shm, file("s"), &s), CUTE_SHM_ERR_CANCELLED);
	cute_shm_close(shm);
	ck_left(0, 1);
	save("p", "s");
	fd = open(file("s"), O_RDONLY | O_CLOEXEC);
	ck_err(cute_shm_load("q", fd, &r, NULL), CUTE_SHM_ERR_CANCELLED);
	close(fd);
	/* A stream that says nothing can be given up, too. */
	r.arg = &now;
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	ck_err(cute_shm_load("q", ends[0], &r, NULL), CUTE_SHM_ERR_CANCELLED);
	close(ends[0]);
	close(ends[1]);
	ck_left(1, 1);
}
END_TEST

/* Cut at any byte, or with any byte of the sample changed: no project. */
START_TEST(no_damage_gets_in)
{
	struct segment whole = sample_new();
	size_t size = whole.size, at = (size_t)_i * whole.size / 97;
	int fd, err;

	if (_i % 2)
		whole.bytes[at] ^= 0x41;
	else
		size = at;
	fd = open(file("s"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_eq(write(fd, whole.bytes, size), (ssize_t)size);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	err = cute_shm_load("q", fd, NULL, NULL);
	ck_assert_msg(err == CUTE_SHM_ERR_FORMAT ||
			      err == CUTE_SHM_ERR_CORRUPT ||
			      err == CUTE_SHM_ERR_UNSUPPORTED ||
			      err == CUTE_SHM_ERR_TORN,
		      "byte %zu: %d, %s", at, err, cute_shm_errmsg());
	close(fd);
	segment_free(&whole);
	ck_left(1, 0);
}
END_TEST

START_TEST(not_from_there)
{
	int fd = open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY);

	ck_err(cute_shm_load("q", fd, NULL, NULL), CUTE_SHM_ERR_SYSTEM);
	close(fd);
	ck_err(cute_shm_load("a/b", 0, NULL, NULL), CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_load("q", -1, NULL, NULL), CUTE_SHM_ERR_INVALID);
	ck_left(0, 0);
}
END_TEST

/* An error, no signal. */
START_TEST(file_limit)
{
	struct rlimit limit = { 100000, 100000 };
	struct cute_shm *shm;

	publish_big(0, NULL);
	shm = attach("p", 0);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_err(cute_shm_export(shm, file("s"), NULL), CUTE_SHM_ERR_NO_SPACE);
	ck_errmsg_has("ulimit -f");
	cute_shm_close(shm);
	ck_left(0, 1);
}
END_TEST

/* -------------------------------------------------------------------- files */

START_TEST(outfile_names)
{
	struct outfile f, g;
	int fd;

	fd = open(file(".n.0123456789abcdef"), O_CREAT | O_WRONLY | O_CLOEXEC,
		  0600);
	close(fd);
	ck_ok(outfile_begin(&f, file("n"), OUTFILE_NAMED));
	ck_assert_uint_eq(test_count(folder), 1); /* that was swept */
	/* Two at once: the first to end has the name. */
	ck_ok(outfile_begin(&g, file("n"), OUTFILE_NAMED));
	ck_assert_uint_eq(test_count(folder), 2);
	ck_ok(outfile_commit(&g));
	ck_err(outfile_commit(&f), CUTE_SHM_ERR_EXISTS);
	ck_err(outfile_begin(&f, file("n"), 0), CUTE_SHM_ERR_EXISTS);
	outfile_end(&f);
	ck_ok(outfile_begin(&f, file("n"), OUTFILE_OVERWRITE));
	ck_ok(outfile_commit(&f));
	ck_err(outfile_begin(&f, file("no/n"), 0), CUTE_SHM_ERR_NOT_FOUND);
	ck_left(1, 0);
	/* One without a name needs one for a moment to take another's. */
	fd = open(file(".n.0123456789abcdef"), O_CREAT | O_WRONLY | O_CLOEXEC,
		  0600);
	close(fd);
	ck_ok(outfile_begin(&f, file("n"), OUTFILE_OVERWRITE));
	ck_ok(outfile_commit(&f));
	ck_left(1, 0);
}
END_TEST

/* A program's own file is whole or not there, and not for strangers. */
START_TEST(derived_files)
{
	struct cute_shm_file *f = NULL, *g = NULL;
	struct cute_shm *shm;
	struct stat st;

	publish_big(0, NULL);
	shm = attach("p", 0);
	umask(0);
	ck_err(cute_shm_file_new(shm, file("t"), 0, NULL),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_file_new(shm, NULL, 0, &f), CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_file_new(shm, file("t"), 0x80, &f),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_file_new(shm, file("no/t"), 0, &f),
	       CUTE_SHM_ERR_NOT_FOUND);
	ck_assert_ptr_null(f);
	ck_assert_uint_eq(test_count(folder), 0);

	ck_ok(cute_shm_file_new(shm, file("t"), 0, &f));
	ck_assert_int_eq(write(cute_shm_file_fd(f), "ab", 2), 2);
	ck_assert_int_ne(access(file("t"), F_OK), 0);
	cute_shm_file_free(f);
	ck_assert_uint_eq(test_count(folder), 0);

	ck_ok(cute_shm_file_new(shm, file("t"), 0, &f));
	ck_ok(cute_shm_file_new(shm, file("t"), 0, &g));
	ck_assert_int_eq(write(cute_shm_file_fd(f), "abc", 3), 3);
	ck_ok(cute_shm_file_publish(f));
	ck_assert_int_eq(cute_shm_file_fd(f), -1);
	ck_err(cute_shm_file_publish(f), CUTE_SHM_ERR_STATE);
	cute_shm_file_free(f);
	ck_err(cute_shm_file_publish(g), CUTE_SHM_ERR_EXISTS);
	cute_shm_file_free(g);
	cute_shm_file_free(NULL);
	ck_assert_int_eq(stat(file("t"), &st), 0);
	ck_assert_int_eq(st.st_size, 3);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);

	ck_err(cute_shm_file_new(shm, file("t"), 0, &f), CUTE_SHM_ERR_EXISTS);
	ck_ok(cute_shm_file_new(shm, file("t"), CUTE_SHM_OVERWRITE, &f));
	ck_ok(cute_shm_file_publish(f));
	cute_shm_file_free(f);
	ck_assert_int_eq(stat(file("t"), &st), 0);
	ck_assert_int_eq(st.st_size, 0);
	cute_shm_close(shm);
	ck_left(1, 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("save");
	TCase *t = tcase_create("save");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, there_and_back);
	tcase_add_test(t, not_over_a_file);
	tcase_add_test(t, saved_while_updated);
	tcase_add_test(t, torn_is_not_saved);
	tcase_add_test(t, ephemeral_or_not);
	tcase_add_test(t, cancelled);
	tcase_add_loop_test(t, no_damage_gets_in, 0, 97);
	tcase_add_test(t, not_from_there);
	tcase_add_test(t, file_limit);
	tcase_add_test(t, outfile_names);
	tcase_add_test(t, derived_files);
	suite_add_tcase(s, t);
	return test_run(s);
}
