/* SPDX-License-Identifier: MIT */
/* Segments as streams, and the bounds of saves, restores and builders. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sample.h"

#define BIG ((uint64_t)3 << 20)

static char folder[4096]; /* of the files; the root is another one */
static unsigned descriptors;
static unsigned warnings;
static char warning[1024];

static void
on_log(enum cute_shm_log_level level, const char *message, void *arg)
{
	(void)arg;
	if (level != CUTE_SHM_LOG_WARNING)
		return;
	warnings++;
	snprintf(warning, sizeof(warning), "%s", message);
}

static void
setup(void)
{
	snprintf(folder, sizeof(folder), "%s", test_root());
	test_root();
	descriptors = test_descriptors();
	cute_shm_set_log(CUTE_SHM_LOG_WARNING, on_log, NULL);
}

static void
ck_left(unsigned projects)
{
	ck_assert_uint_eq(test_count(getenv("CUTE_SHM_ROOT")), projects);
	ck_assert_uint_eq(test_descriptors(), descriptors);
}

static struct cute_shm *
attach(const char *project)
{
	struct cute_shm_open_options opt = {
		.size = sizeof(opt),
		.flags = CUTE_SHM_WRITE,
	};
	struct cute_shm *shm = NULL;

	ck_ok(cute_shm_open(project, &opt, &shm));
	return shm;
}

/* "a" is large, "b" and "c" are small, all zero. */
static struct cute_shm *
publish(void)
{
	const uint64_t shape[] = { BIG / 8 }, few[] = { 4 };
	struct cute_shm_builder *b;

	ck_ok(cute_shm_builder_new("p", NULL, &b));
	ck_ok(cute_shm_builder_array(b, "a", "<u8", 1, shape, NULL));
	ck_ok(cute_shm_builder_array(b, "b", "<u8", 1, few, NULL));
	ck_ok(cute_shm_builder_array(b, "c", "<u8", 1, few, NULL));
	ck_ok(cute_shm_builder_publish(b, NULL));
	cute_shm_builder_free(b);
	return attach("p");
}

static void
update(const struct cute_shm *shm, const char *path, uint64_t value)
{
	struct cute_shm_update u;
	struct cute_shm_array a;

	ck_ok(cute_shm_get(shm, path, &a));
	ck_ok(cute_shm_update_begin(&a, CUTE_SHM_FOREVER, &u));
	for (uint64_t i = 0; i < a.element_count; i++)
		((uint64_t *)u.data)[i] = value;
	cute_shm_update_end(&u);
}

static int
new_file(const char *name)
{
	int fd = open(test_path(folder, name),
		      O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static int
restore_from(int fd)
{
	int err;

	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	err = cute_shm_load("q", fd, NULL, NULL);
	close(fd);
	return err;
}

START_TEST(the_same_bytes)
{
	struct cute_shm *shm;
	struct segment x, y;
	int fd;

	sample_publish("p");
	shm = attach("p");
	fd = new_file("s");
	ck_ok(cute_shm_export_fd(shm, fd, NULL));
	ck_ok(cute_shm_export(shm, test_path(folder, "t"), NULL));
	cute_shm_close(shm);
	x = segment_read(test_path(folder, "s"));
	y = segment_read(test_path(folder, "t"));
	ck_assert_uint_eq(x.size, y.size);
	ck_assert_mem_eq(x.bytes, y.bytes, x.size);
	segment_free(&x);
	segment_free(&y);
	ck_ok(restore_from(fd));
	ck_left(2);
}
END_TEST

/* Reads the other end slowly, into a file. */
struct drain {
	int from, to;
};

static void *
drain(void *arg)
{
	const struct drain *d = arg;
	char buffer[10000];
	ssize_t n;

	while ((n = read(d->from, buffer, sizeof(buffer))) > 0)
		ck_assert_int_eq(write(d->to, buffer, (size_t)n), n);
	return NULL;
}

static void
ends_of(int kind, int ends[2])
{
	if (kind == 0)
		ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	else if (kind == 1)
		ck_assert_int_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	else
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC,
					    0, ends),
				 0);
}

/* Of a project with a writer: what arrives is whole, sealed, and of one age. */
START_TEST(through_a_pipe_while_updated)
{
	struct cute_shm_verify_result result;
	struct cute_shm *shm = publish(), *copy;
	struct cute_shm_array a;
	struct drain d;
	pthread_t thread;
	const uint64_t *data;
	int ends[2], status;
	uint64_t n;
	pid_t pid;

	update(shm, "a", 1);
	pid = fork();
	if (pid == 0)
		for (n = 2;; n++) {
			update(shm, "a", n);
			usleep(1000);
		}
	ends_of(_i, ends);
	if (_i == 1)
		fcntl(ends[0], F_SETFL, 0);
	d = (struct drain){ ends[0], new_file("s") };
	ck_assert_int_eq(pthread_create(&thread, NULL, drain, &d), 0);
	ck_ok(cute_shm_export_fd(shm, ends[1], NULL));
	close(ends[1]);
	pthread_join(thread, NULL);
	close(ends[0]);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
	cute_shm_close(shm);
	ck_ok(restore_from(d.to));
	ck_assert_uint_eq(warnings, 0);
	copy = attach("q");
	ck_ok(cute_shm_verify(copy, NULL, &result));
	ck_assert_uint_eq(result.unsealed, 0);
	ck_ok(cute_shm_get(copy, "a", &a));
	data = cute_shm_u64(&a, &n);
	for (uint64_t i = 1; i < n; i++)
		ck_assert_uint_eq(data[i], data[0]);
	cute_shm_close(copy);
	ck_left(2);
}
END_TEST

static int
update_once(uint64_t done, uint64_t total, void *arg)
{
	struct cute_shm **shm = arg;

	(void)total;
	if (*shm && done > 0) {
		update(*shm, "b", 1);
		*shm = NULL;
	}
	return 0;
}

/* What the slots said, which went out first, is not true any more. */
START_TEST(first_update_on_the_way)
{
	struct cute_shm *shm = publish(), *writer = shm;
	struct cute_shm_export_options opt = {
		.size = sizeof(opt),
		.progress = update_once,
		.arg = &writer,
	};
	int fd = new_file("s");

	ck_err(cute_shm_export_fd(shm, fd, &opt), CUTE_SHM_ERR_BUSY);
	ck_errmsg_has("run it again");
	ck_err(restore_from(fd), CUTE_SHM_ERR_CORRUPT);
	ck_errmsg_has("its copy is not complete");
	fd = new_file("s");
	ck_ok(cute_shm_export_fd(shm, fd, &opt));
	ck_ok(restore_from(fd));
	cute_shm_close(shm);
	ck_left(2);
}
END_TEST

static int
stop(uint64_t done, uint64_t total, void *arg)
{
	(void)arg;
	ck_assert_uint_le(done, total);
	return 1;
}

/* Nobody reads: the caller's bound of the time holds, and so does its wish. */
START_TEST(nobody_reads)
{
	struct cute_shm_export_options late = {
		.size = sizeof(late),
		.max_seconds = 0.2,
	};
	struct cute_shm_export_options given_up = {
		.size = sizeof(given_up),
		.progress = stop,
	};
	struct cute_shm *shm = publish();
	int ends[2];

	if (_i)
		update(shm, "a", 1);
	ends_of(0, ends);
	ck_err(cute_shm_export_fd(shm, ends[1], &late), CUTE_SHM_ERR_LIMIT);
	ck_errmsg_has("after 0.2 s");
	ck_errmsg_has("--max-time");
	ck_err(cute_shm_export_fd(shm, ends[1], &given_up),
	       CUTE_SHM_ERR_CANCELLED);
	close(ends[0]);
	signal(SIGPIPE, SIG_IGN);
	ck_err(cute_shm_export_fd(shm, ends[1], NULL), CUTE_SHM_ERR_SYSTEM);
	ck_errmsg_has("Broken pipe");
	close(ends[1]);
	cute_shm_close(shm);
	ck_left(1);
}
END_TEST

START_TEST(nowhere_to_write)
{
	struct cute_shm_export_options opt = { .size = sizeof(opt) };
	struct cute_shm *shm = publish();
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	ck_err(cute_shm_export_fd(shm, -1, NULL), CUTE_SHM_ERR_SYSTEM);
	ck_err(cute_shm_export_fd(shm, fd, NULL), CUTE_SHM_ERR_NO_SPACE);
	close(fd);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ck_err(cute_shm_export_fd(shm, fd, NULL), CUTE_SHM_ERR_SYSTEM);
	opt.max_seconds = -1;
	ck_err(cute_shm_export_fd(shm, fd, &opt), CUTE_SHM_ERR_INVALID);
	opt.max_seconds = __builtin_nan("");
	ck_err(cute_shm_export_fd(shm, fd, &opt), CUTE_SHM_ERR_INVALID);
	close(fd);
	/* A folder that is not there is passed over. */
	update(shm, "a", 1);
	setenv("TMPDIR", "/nowhere", 1);
	fd = new_file("s");
	ck_ok(cute_shm_export_fd(shm, fd, NULL));
	ck_ok(restore_from(fd));
	cute_shm_close(shm);
	ck_left(2);
}
END_TEST

/* As cat(1) copies: nobody can tell what a writer did meanwhile. */
START_TEST(unsealed_is_said)
{
	struct cute_shm_info info;
	struct cute_shm *shm = publish();
	struct cute_shm_array a;
	int fd;

	update(shm, "a", 1);
	update(shm, "c", 1);
	ck_ok(cute_shm_info(shm, &info));
	fd = open(info.path, O_RDONLY | O_CLOEXEC);
	ck_ok(restore_from(fd));
	ck_assert_uint_eq(warnings, 1);
	ck_assert_ptr_nonnull(strstr(warning, "/a, /c"));
	ck_assert_ptr_nonnull(strstr(warning, "export --segment"));
	ck_ok(cute_shm_get(shm, "a", &a));
	ck_ok(cute_shm_seal(&a, 0));
	ck_ok(cute_shm_get(shm, "c", &a));
	ck_ok(cute_shm_seal(&a, 0));
	ck_ok(cute_shm_unlink("q", NULL, NULL));
	fd = open(info.path, O_RDONLY | O_CLOEXEC);
	ck_ok(restore_from(fd));
	ck_assert_uint_eq(warnings, 1);
	cute_shm_close(shm);
	ck_left(2);
}
END_TEST

/* ------------------------------------------------------------------ bounds */

START_TEST(too_large)
{
	struct cute_shm_load_options opt = {
		.size = sizeof(opt),
		.max_size = BIG,
	};
	struct cute_shm_build_options build = {
		.size = sizeof(build),
		.max_size = BIG,
	};
	const uint64_t shape[] = { BIG / 8 };
	struct cute_shm *shm = publish();
	struct cute_shm_builder *b;
	int fd = new_file("s");

	ck_ok(cute_shm_export_fd(shm, fd, NULL));
	cute_shm_close(shm);
	lseek(fd, 0, SEEK_SET);
	ck_err(cute_shm_load("q", fd, &opt, NULL), CUTE_SHM_ERR_LIMIT);
	ck_errmsg_has("project q needs 3.0 MiB");
	ck_errmsg_has("--max-size");
	lseek(fd, 0, SEEK_SET);
	opt.max_size = 2 * BIG;
	ck_ok(cute_shm_load("q", fd, &opt, NULL));
	close(fd);
	ck_ok(cute_shm_builder_new("r", &build, &b));
	ck_ok(cute_shm_builder_array(b, "a", "<u8", 1, shape, NULL));
	ck_err(cute_shm_builder_reserve(b), CUTE_SHM_ERR_LIMIT);
	cute_shm_builder_free(b);
	ck_left(2);
}
END_TEST

/* A stream that sends some, or nothing, and stays open. */
START_TEST(stalls)
{
	static const size_t sent[] = { 0, 100, 1024, 5000 };
	struct cute_shm_load_options opt = {
		.size = sizeof(opt),
		.max_seconds = 0.2,
	};
	struct segment whole = sample_new();
	int ends[2];

	ck_assert_uint_gt(whole.size, sent[_i]);
	ends_of(0, ends);
	ck_assert_int_eq(write(ends[1], whole.bytes, sent[_i]),
			 (ssize_t)sent[_i]);
	ck_err(cute_shm_load("q", ends[0], &opt, NULL), CUTE_SHM_ERR_LIMIT);
	ck_errmsg_has("had come after 0.2 s");
	close(ends[0]);
	close(ends[1]);
	segment_free(&whole);
	ck_left(0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("stream");
	TCase *t = tcase_create("stream");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, the_same_bytes);
	tcase_add_loop_test(t, through_a_pipe_while_updated, 0, 3);
	tcase_add_test(t, first_update_on_the_way);
	tcase_add_loop_test(t, nobody_reads, 0, 2);
	tcase_add_test(t, nowhere_to_write);
	tcase_add_test(t, unsealed_is_said);
	tcase_add_test(t, too_large);
	tcase_add_loop_test(t, stalls, 0, 4);
	suite_add_tcase(s, t);
	return test_run(s);
}
