/* SPDX-License-Identifier: MIT */
/* What the library says of what it does, at level DEBUG. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

static char said[64][1024];
static unsigned count;

static void
on_log(enum cute_shm_log_level level, const char *message, void *arg)
{
	ck_assert_ptr_eq(arg, said);
	if (level == CUTE_SHM_LOG_DEBUG && count < ELEMENTS(said))
		snprintf(said[count++], sizeof(said[0]), "%s", message);
}

/* One of the lines has all of these in it. */
static void
ck_said(const char *what, const char *name)
{
	for (unsigned i = 0; i < count; i++)
		if (strstr(said[i], what) && strstr(said[i], name))
			return;
	ck_abort_msg("nothing of '%s' and %s in %u lines, such as %s", what,
		     name, count, said[1]);
}

/* The life of a project: built, published, opened, saved, restored, removed. */
static void
live(const char *saved)
{
	const uint64_t shape[] = { 1000 };
	struct cute_shm_builder *b;
	struct cute_shm *shm;

	ck_ok(cute_shm_builder_new("p", NULL, &b));
	ck_ok(cute_shm_builder_array(b, "a", "<u8", 1, shape, NULL));
	ck_ok(cute_shm_builder_publish(b, NULL));
	cute_shm_builder_free(b);
	ck_ok(cute_shm_open("p", NULL, &shm));
	ck_ok(cute_shm_export(shm, saved, NULL));
	cute_shm_close(shm);
	ck_ok(cute_shm_unlink("p", NULL, NULL));
	remove(saved);
	/* One that comes to nothing. */
	ck_ok(cute_shm_builder_new("left", NULL, &b));
	cute_shm_builder_free(b);
}

START_TEST(says_what_is_done)
{
	const char *root = test_root(), *saved = test_path(root, "saved");
	const char *path = test_path(root, "cute-shm.p");

	cute_shm_set_log(CUTE_SHM_LOG_DEBUG, on_log, said);
	ck_assert(cute_shm_log_wants(CUTE_SHM_LOG_DEBUG));
	live(saved);
	ck_said("project p: created a file", root);
	ck_said("project p: reserved 16.7 KiB", " s");
	ck_said("project p: completed digests", " s");
	ck_said("project p: published as", path);
	ck_said("opened and mapped", path);
	ck_said("16.7 KiB", path);
	ck_said("wrote", saved);
	ck_said("unmapped and closed", path);
	ck_said("removed", path);
	ck_said("project left: removed its unfinished file", root);
}
END_TEST

/* Nor does it say so to those who want less. */
START_TEST(silent_otherwise)
{
	const char *root = test_root();

	cute_shm_set_log(CUTE_SHM_LOG_INFO, on_log, said);
	ck_assert(!cute_shm_log_wants(CUTE_SHM_LOG_DEBUG));
	ck_assert(cute_shm_log_wants(CUTE_SHM_LOG_WARNING));
	live(test_path(root, "saved"));
	cute_shm_set_log(CUTE_SHM_LOG_DEBUG, NULL, NULL);
	ck_assert(!cute_shm_log_wants(CUTE_SHM_LOG_WARNING));
	live(test_path(root, "saved"));
	ck_assert_uint_eq(count, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("log");
	TCase *t = tcase_create("log");

	tcase_add_test(t, says_what_is_done);
	tcase_add_test(t, silent_otherwise);
	suite_add_tcase(s, t);
	return test_run(s);
}
