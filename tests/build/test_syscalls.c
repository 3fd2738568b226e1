/* SPDX-License-Identifier: MIT */
/*
 * Every system call of a project's life that may fail does so, one at a time,
 * with errors that it may have: there is an error and a sentence, and nothing
 * is left behind; or all is well without that call.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "failing.h"
#include "util.h"

/* ------------------------------------------------------------------ a life */

#define COUNT 700000
static const char *root;
static char folder[4096];
static int with; /* errno of the call that fails */
static uint64_t *data;
static const uint64_t shape[] = { COUNT };

static int
build(unsigned flags, struct cute_shm **ret)
{
	struct cute_shm_build_options opt = {
		.size = sizeof(opt),
		.jobs = 2,
		.flags = flags,
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
		.size = sizeof(opt),
		.flags = CUTE_SHM_WRITE,
	};
	struct cute_shm_verify_options verify = {
		.size = sizeof(verify),
		.jobs = 2,
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
	struct cute_shm_export_options opt = {
		.size = sizeof(opt),
		.flags = CUTE_SHM_OVERWRITE,
	};
	struct cute_shm *shm = NULL;
	int err = cute_shm_open("p", NULL, &shm);

	if (err == 0)
		err = cute_shm_export(shm, test_path(folder, "s"), &opt);
	cute_shm_close(shm);
	return err;
}

static int
restore(void)
{
	int fd = open(test_path(folder, "s"), O_RDONLY | O_CLOEXEC);
	int err;

	err = cute_shm_load("q", fd, NULL, NULL);
	close(fd);
	return err;
}

static int
remove_it(void)
{
	struct cute_shm_unlink_options opt = {
		.size = sizeof(opt),
		.flags = CUTE_SHM_UNLINK_IDLE,
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
	bool p, s; /* must be there before */
	bool makes_p, makes_q, ends_p;
	long least; /* calls that make a difference */
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
	count = test_count(root);
	ck_assert_msg(count <= most,
		      "%s, call %ld, %s: %u "
		      "files",
		      lives[life].name, n, strerror(with), count);
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
	for (n = 0;; n++) {
		prepare(life);
		failing_after(FAILING_CALL, n, with);
		err = lives[life].act();
		/* All went well without that one. */
		if (!failing_end())
			break;
		ck_assert_msg(err <= 0 && err >= CUTE_SHM_ERR_LIMIT, "%d", err);
		if (err != 0)
			ck_assert_str_ne(cute_shm_errmsg(), "");
		failed += err != 0;
		ck_assert_msg(test_descriptors() == before,
			      "%s, call %ld, %s: a descriptor is left",
			      lives[life].name, n, strerror(with));
		ck_root(life, n);
		ck_assert_int_lt(n, 500);
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
