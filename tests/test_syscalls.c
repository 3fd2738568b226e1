/* SPDX-License-Identifier: MIT */
/*
 * Every system call of a project's life that may fail does so, one at a time,
 * with errors that it may have: there is an error and a sentence, and nothing
 * is left behind; or all is well without that call.  The linker puts the
 * functions of this file in the place of libc's (--wrap).
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util.h"

/* How many calls still succeed; negative: no more has to fail. */
static atomic_long left = -1;
static int with;		/* errno of the one that fails */

static bool
fails(void)
{
	if (atomic_load(&left) < 0 || atomic_fetch_sub(&left, 1) != 0)
		return false;
	errno = with;
	return true;
}

/* Those of the same form: what they give on failure, and what they do. */
#define WRAP(type, failed, name, declared, given) \
	type __real_##name declared; \
	type __wrap_##name declared; \
	type __wrap_##name declared \
	{ \
		return fails() ? (failed) : __real_##name given; \
	}

WRAP(int, -1, fstat, (int fd, struct stat *st), (fd, st))
WRAP(int, -1, lstat, (const char *p, struct stat *st), (p, st))
WRAP(ssize_t, -1, pread, (int fd, void *p, size_t n, off_t at),
     (fd, p, n, at))
WRAP(ssize_t, -1, pwrite, (int fd, const void *p, size_t n, off_t at),
     (fd, p, n, at))
WRAP(ssize_t, -1, read, (int fd, void *p, size_t n), (fd, p, n))
WRAP(int, -1, ftruncate, (int fd, off_t size), (fd, size))
WRAP(int, -1, fchmod, (int fd, mode_t mode), (fd, mode))
WRAP(int, -1, fsync, (int fd), (fd))
WRAP(int, -1, rename, (const char *a, const char *b), (a, b))
WRAP(int, -1, linkat, (int a, const char *b, int c, const char *d, int e),
     (a, b, c, d, e))
WRAP(int, -1, renameat2,
     (int a, const char *b, int c, const char *d, unsigned e),
     (a, b, c, d, e))
WRAP(int, -1, unlink, (const char *p), (p))
WRAP(int, -1, mprotect, (void *p, size_t n, int prot), (p, n, prot))
WRAP(void *, MAP_FAILED, mmap,
     (void *p, size_t n, int prot, int flags, int fd, off_t at),
     (p, n, prot, flags, fd, at))
WRAP(ssize_t, -1, getrandom, (void *p, size_t n, unsigned flags),
     (p, n, flags))
WRAP(int, with, posix_fallocate, (int fd, off_t at, off_t n), (fd, at, n))
WRAP(int, with, pthread_create,
     (pthread_t *t, const pthread_attr_t *a, void *(*fn)(void *), void *arg),
     (t, a, fn, arg))

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

int
__wrap_open(const char *path, int flags, ...)
{
	mode_t mode;
	va_list ap;

	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	return fails() ? -1 : __real_open(path, flags, mode);
}

int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);

int
__wrap_fcntl(int fd, int command, ...)
{
	void *arg;
	va_list ap;

	va_start(ap, command);
	arg = va_arg(ap, void *);
	va_end(ap);
	return fails() ? -1 : __real_fcntl(fd, command, arg);
}

/* ------------------------------------------------------------------ a life */

#define COUNT 700000
static const char *root;
static char folder[4096];
static uint64_t *data;
static const uint64_t shape[] = { COUNT };

static int
build(unsigned flags, struct cute_shm **ret)
{
	struct cute_shm_build_options opt = {
		.size = sizeof(opt), .jobs = 2, .flags = flags,
	};
	struct cute_shm_builder *b = NULL;
	int err;

	err = cute_shm_builder_new("p", &opt, &b);
	if (err == 0)
		err = cute_shm_builder_array(b, "a/b", "<u8", 1, shape, data);
	if (err == 0)
		err = cute_shm_builder_array(b, "c", "<u8", 1, shape, NULL);
	if (err == 0)
		err = cute_shm_builder_attr_text(b, "c", "unit", "m");
	if (err == 0)
		err = cute_shm_builder_reserve(b);
	if (err == 0)
		err = cute_shm_builder_write(b, "c", 0, data, COUNT * 8);
	if (err == 0)
		err = cute_shm_builder_publish(b, ret);
	cute_shm_builder_free(b);
	return err;
}

static int
new_one(void)
{
	return build(0, NULL);
}

static int
new_with_handle(void)
{
	struct cute_shm *shm = NULL;
	int err = build(CUTE_SHM_RESERVE_AHEAD, &shm);

	cute_shm_close(shm);
	return err;
}

static int
over_another(void)
{
	return build(CUTE_SHM_OVERWRITE | CUTE_SHM_RESERVE_AHEAD, NULL);
}

static int
ephemeral(void)
{
	struct cute_shm *shm = NULL;
	int err = build(CUTE_SHM_EPHEMERAL, &shm);

	cute_shm_close(shm);
	return err;
}

static int
use(void)
{
	struct cute_shm_open_options opt = {
		.size = sizeof(opt), .flags = CUTE_SHM_WRITE,
	};
	struct cute_shm_verify_options verify = {
		.size = sizeof(verify), .jobs = 2,
	};
	struct cute_shm *shm = NULL;
	struct cute_shm_array a;
	uint64_t one = 1, two;
	int err;

	err = cute_shm_open("p", &opt, &shm);
	if (err == 0)
		err = cute_shm_get(shm, "a/b", &a);
	if (err == 0)
		err = cute_shm_update(&a, 0, &one, sizeof(one), 0);
	if (err == 0)
		err = cute_shm_snapshot(&a, 0, &two, sizeof(two), 0, NULL);
	if (err == 0)
		err = cute_shm_seal(&a, 0);
	if (err == 0)
		err = cute_shm_verify(shm, &verify, NULL);
	cute_shm_close(shm);
	return err;
}

static int
save(void)
{
	struct cute_shm_save_options opt = {
		.size = sizeof(opt), .flags = CUTE_SHM_OVERWRITE,
	};
	struct cute_shm *shm = NULL;
	int err = cute_shm_open("p", NULL, &shm);

	if (err == 0)
		err = cute_shm_save(shm, test_path(folder, "s"), &opt);
	cute_shm_close(shm);
	return err;
}

static int
restore(void)
{
	int fd = __real_open(test_path(folder, "s"), O_RDONLY | O_CLOEXEC);
	int err;

	err = cute_shm_restore("q", fd, NULL, NULL);
	close(fd);
	return err;
}

static int
remove_it(void)
{
	struct cute_shm_unlink_options opt = {
		.size = sizeof(opt), .flags = CUTE_SHM_UNLINK_IDLE,
	};

	return cute_shm_unlink("p", &opt, NULL);
}

static int
collect(void)
{
	return cute_shm_collect(NULL, NULL, NULL);
}

/* ------------------------------------------------------------------- tests */

/* What there is before, and at most what there may be after. */
static const struct {
	const char *name;
	int (*act)(void);
	bool p, s;		/* must be there before */
	bool makes_p, makes_q, ends_p;
	long least;		/* calls that make a difference */
} lives[] = {
	{ "new", new_one, false, false, true, false, false, 10 },
	{ "handle", new_with_handle, false, false, true, false, false, 10 },
	{ "over", over_another, true, false, true, false, false, 10 },
	{ "ephemeral", ephemeral, false, false, false, false, false, 10 },
	{ "use", use, true, false, true, false, false, 5 },
	{ "save", save, true, false, true, false, false, 5 },
	{ "restore", restore, false, true, false, true, false, 10 },
	{ "unlink", remove_it, true, false, false, false, true, 2 },
	{ "collect", collect, true, false, true, false, false, 0 },
};

static const int errors[] = { EIO, ENOSPC, EACCES };

static void
prepare(unsigned life)
{
	unlink(test_path(root, "cute-shm.p"));
	unlink(test_path(root, "cute-shm.q"));
	if (lives[life].p || lives[life].s)
		ck_ok(build(0, NULL));
	if (lives[life].s) {
		ck_ok(save());
		ck_ok(remove_it());
	}
}

static bool
sound(const char *project)
{
	struct cute_shm *shm = NULL;
	int err = cute_shm_open(project, NULL, &shm);

	if (err == CUTE_SHM_ERR_NOT_FOUND)
		return true;
	if (err == 0)
		err = cute_shm_verify(shm, NULL, NULL);
	cute_shm_close(shm);
	ck_assert_msg(err == 0, "%s", cute_shm_errmsg());
	return true;
}

/* Names lead to whole segments; nothing else stays, once it is collected. */
static void
ck_root(unsigned life, long n)
{
	unsigned most = (lives[life].makes_p || lives[life].p ? 1u : 0u) +
			(lives[life].makes_q ? 1u : 0u);
	unsigned count;

	ck_ok(collect());
	ck_assert(sound("p"));
	ck_assert(sound("q"));
	count = test_count_names(root);
	ck_assert_msg(count <= most, "%s, call %ld, %s: %u "
		      "files", lives[life].name, n, strerror(with), count);
}

START_TEST(each_call)
{
	unsigned life = (unsigned)_i / ELEMENTS(errors), before;
	long n, failed = 0;
	int err;

	with = errors[(size_t)_i % ELEMENTS(errors)];
	snprintf(folder, sizeof(folder), "%s", test_root());
	root = test_root();
	data = calloc(COUNT, sizeof(*data));
	before = test_descriptors();
	for (n = 0; ; n++) {
		prepare(life);
		atomic_store(&left, n);
		err = lives[life].act();
		/* All went well without that one. */
		if (atomic_exchange(&left, -1) >= 0)
			break;
		ck_assert_msg(err <= 0 && err >= CUTE_SHM_ERR_BUSY, "%d", err);
		if (err != 0)
			ck_assert_str_ne(cute_shm_errmsg(), "");
		failed += err != 0;
		ck_assert_msg(test_descriptors() == before,
			      "%s, call %ld, %s: a descriptor is left",
			      lives[life].name, n, strerror(with));
		ck_root(life, n);
		ck_assert_int_lt(n, 3000);
	}
	ck_ok(err);
	ck_assert_msg(failed >= lives[life].least, "%s: %ld failed",
		      lives[life].name, failed);
	free(data);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("syscalls");
	TCase *tc = tcase_create("syscalls");

	tcase_set_timeout(tc, 240);
	tcase_add_loop_test(tc, each_call, 0,
			    (int)(ELEMENTS(lives) * ELEMENTS(errors)));
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
