/* SPDX-License-Identifier: MIT */
/*
 * The caller trusts nothing that a reader sends: whatever hostile_reader.c
 * does, there is an error in a sentence, or a sound project; nothing is left
 * behind, and the caller's limits hold.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hdf5/load.h"
#include "hdf5_util.h"
#include "read_all.h"
#include "test_reader.h"

static const struct {
	const char *what;
	unsigned seeds;
	int err;	  /* ANY, or what comes of it */
	const char *said; /* or NULL */
} cases[] = {
#define ANY 1 /* an error or a sound project */
	{ "sizes", 5, CUTE_SHM_ERR_SOURCE, "sent nonsense" },
	{ "kinds", 6, CUTE_SHM_ERR_SOURCE, "unknown kind" },
	{ "dimensions", 2, CUTE_SHM_ERR_SOURCE, "sent nonsense" },
	{ "texts", 4, CUTE_SHM_ERR_SOURCE, "texts were sent" },
	{ "questions", 1, CUTE_SHM_ERR_SOURCE, "does not take its answers" },
	{ "huge_questions", 3, CUTE_SHM_ERR_SOURCE, "questions were answered" },
	{ "flood", 1, CUTE_SHM_ERR_LIMIT, "--max-time" },
	{ "descriptors", 1, CUTE_SHM_ERR_SOURCE, "descriptors were sent" },
	{ "half_silent", 2, CUTE_SHM_ERR_LIMIT, "--max-time" },
	{ "half_exit", 2, CUTE_SHM_ERR_SOURCE, "ended the process" },
	{ "random", 40, ANY, NULL },
	{ "errors", 5, CUTE_SHM_ERR_SOURCE, "an odd error" },
	{ "retry", 1, CUTE_SHM_ERR_SOURCE, "over 64 objects" },
	{ "honest", 1, 0, NULL },
	{ "done_unsealed", 1, CUTE_SHM_ERR_STATE, "nobody has sealed it" },
	{ "other_identity", 1, 0, NULL },
	{ "header", 128, ANY, NULL },
	{ "metadata", 60, ANY, NULL },
	{ "keeps_mapping", 1, CUTE_SHM_ERR_STATE, "open for writing" },
	{ "keeps_descriptor", 1, CUTE_SHM_ERR_STATE, "open for writing" },
	{ "cut_segment", 3, ANY, NULL },
	{ "cuts_segment", 2, ANY, NULL },
	{ "closes_and_stays", 2, ANY, NULL },
	{ "leaves_a_child", 1, CUTE_SHM_ERR_SOURCE, "ended the process" },
	{ "board_garbage", 6, ANY, NULL },
	{ "cut_board", 1, CUTE_SHM_ERR_SOURCE, "the board holds" },
};

static const char *root;
static const char *file;
static unsigned ticks;

static void
setup(void)
{
	hid_t f;

	root = test_root();
	file = h5_path("t.h5");
	f = h5_create(file);
	h5_int(f, "a", 7);
	ck_h5(H5Fclose(f));
	test_reader("hostile_reader");
	ticks = 0;
}

static void
choose(const char *what, unsigned seed)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", seed);
	setenv("CUTE_SHM_TEST_HOSTILE", what, 1);
	setenv("CUTE_SHM_TEST_SEED", text, 1);
}

/* What a hook may index a table with.  It is slower than a reader can send. */
static void
on_log(enum cute_shm_log_level level, const char *message, void *arg)
{
	(void)message, (void)arg;
	ck_assert_int_ge((int)level, CUTE_SHM_LOG_WARNING);
	ck_assert_int_le((int)level, CUTE_SHM_LOG_DEBUG);
	usleep(1000);
}

static int
on_progress(const struct cute_shm_hdf5_progress *p, void *arg)
{
	(void)arg;
	ck_assert_uint_le(p->bytes_done, p->bytes_total);
	ck_assert_uint_lt(strlen(p->path), sizeof(struct board));
	ticks++;
	return h5_told.stop_after && ticks >= (unsigned)h5_told.stop_after;
}

/*
 * It opens, and its identity is the caller's.  A reader can give its metadata
 * the right digest: then they may be wrong, but reading them is safe.
 */
static void
ck_project(const char *what)
{
	struct cute_shm_info info;
	struct cute_shm *shm;
	int err;

	ck_ok(cute_shm_open("t", NULL, &shm));
	ck_ok(cute_shm_info(shm, &info));
	ck_assert_ptr_nonnull(strstr(info.creator, "cute_shm_hdf5"));
	ck_assert_ptr_null(strstr(info.source, "xxx"));
	err = cute_shm_verify(shm, NULL, NULL);
	if (strcmp(what, "metadata") != 0 && strcmp(what, "header") != 0)
		ck_ok(err);
	segment_read_all(shm);
	cute_shm_close(shm);
	ck_ok(cute_shm_unlink("t", NULL, NULL));
}

static void
ck_end(unsigned i, unsigned seed, int err, unsigned descriptors)
{
	const char *what = cases[i].what;

	ck_assert_msg(cases[i].err == ANY
			      ? err <= 0 && err >= CUTE_SHM_ERR_LIMIT
			      : err == cases[i].err,
		      "%s, seed %u: %d: %s", what, seed, err,
		      cute_shm_errmsg());
	if (err == 0)
		ck_project(what);
	else
		ck_assert_str_ne(cute_shm_errmsg(), "");
	if (err != 0 && cases[i].said)
		ck_errmsg_has(cases[i].said);
	ck_assert_msg(test_descriptors() == descriptors, "%s, seed %u: left",
		      what, seed);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_uint_eq(test_count(root), 0);
}

START_TEST(each)
{
	struct cute_shm_hdf5_options opt = h5_options(0);
	unsigned before = test_descriptors(), seed;
	int err;

	/* Some stay for ever; the others must not be cut short. */
	opt.max_seconds =
		cases[_i].err == CUTE_SHM_ERR_LIMIT || cases[_i].err == ANY
			? 1
			: 100;
	opt.progress = on_progress;
	cute_shm_set_log(CUTE_SHM_LOG_DEBUG, on_log, NULL);
	for (seed = 0; seed < cases[_i].seeds; seed++) {
		choose(cases[_i].what, seed);
		memset(&h5_told, 0, sizeof(h5_told));
		opt.flags = seed % 2 ? CUTE_SHM_HDF5_KEEP_GOING : 0;
		err = cute_shm_hdf5_load("t", file, &opt, NULL);
		ck_end((unsigned)_i, seed, err, before);
	}
}
END_TEST

/* The caller can stop them all. */
START_TEST(cancelled)
{
	static const char *const endless[] = { "flood", "half_silent",
					       "board_garbage" };
	struct cute_shm_hdf5_options opt = h5_options(0);
	unsigned before = test_descriptors();

	opt.progress = on_progress;
	cute_shm_set_log(CUTE_SHM_LOG_DEBUG, on_log, NULL);
	h5_told.stop_after = 3;
	choose(endless[_i], 0);
	ck_err(cute_shm_hdf5_load("t", file, &opt, NULL),
	       CUTE_SHM_ERR_CANCELLED);
	ck_assert_uint_eq(ticks, 3);
	ck_assert_uint_eq(test_descriptors(), before);
	ck_assert_uint_eq(test_count(root), 0);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
END_TEST

/* Plans and exports hear the same. */
START_TEST(other_works)
{
	struct cute_shm_hdf5_options opt = h5_options(0);
	struct cute_shm_hdf5_export_options save = { .size = sizeof(save),
						     .max_seconds = 1 };
	unsigned seed, before;
	struct cute_shm *shm;
	int err;

	choose("honest", 0);
	opt.handle = &shm;
	ck_ok(cute_shm_hdf5_load("t", file, &opt, NULL));
	opt.handle = NULL;
	opt.max_seconds = 1;
	before = test_descriptors();
	for (seed = 0; seed < 4; seed++) {
		choose(cases[_i].what, seed);
		if (strncmp(cases[_i].what, "keeps", 5) == 0 ||
		    strncmp(cases[_i].what, "cut", 3) == 0)
			break;
		err = cute_shm_hdf5_plan(file, &opt, NULL);
		ck_assert(err <= 0 && err >= CUTE_SHM_ERR_LIMIT);
		err = cute_shm_hdf5_export(shm, h5_path("out.h5"), &save, NULL);
		ck_assert(err <= 0 && err >= CUTE_SHM_ERR_LIMIT);
		if (err == 0)
			ck_assert_int_eq(remove(h5_path("out.h5")), 0);
		ck_assert_uint_eq(test_descriptors(), before);
		ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	}
	cute_shm_close(shm);
	ck_assert_uint_eq(test_count(h5_folder()), 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hdf5 reader hostile");
	TCase *t = tcase_create("hostile");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_loop_test(t, each, 0, (int)ELEMENTS(cases));
	tcase_add_loop_test(t, cancelled, 0, 3);
	tcase_add_loop_test(t, other_works, 0, (int)ELEMENTS(cases));
	suite_add_tcase(s, t);
	return test_run(s);
}
