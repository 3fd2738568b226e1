/* SPDX-License-Identifier: MIT */
/* Several files of a load that change, during it and after. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "files_util.h"

/* ------------------------------------------------------------------- change */

struct change {
	void (*act)(const char *path);
	const char *file;
	unsigned arrays;
};

/* After the first array of the first file: the second was not read yet. */
static void
on_array(const struct cute_shm_hdf5_array *array, void *arg)
{
	struct change *c = arg;

	(void)array;
	if (c->arrays++ == 0 && c->act)
		c->act(c->file);
}

static void
replace(const char *path)
{
	take_away(path);
	make_episode("b.h5", 77, NULL);
}

static void (*const acts[])(const char *) = { append_byte, touch, take_away,
					      replace };

START_TEST(a_change_is_an_error)
{
	struct change c = { acts[_i], NULL, 0 };
	struct cute_shm_hdf5_options opt = {
		.size = sizeof(opt),
		.array = on_array,
		.arg = &c,
	};
	struct cute_shm *shm;

	make_episode("a.h5", 1, NULL);
	make_episode("b.h5", 2, NULL);
	give(NULL, "a.h5");
	give(NULL, "b.h5");
	c.file = files_given[1].file;
	ck_err(files_load_with(&opt, &shm), CUTE_SHM_ERR_SOURCE);
	ck_errmsg_has("b.h5 changed while it was read");
	ck_assert_uint_eq(test_count(getenv("CUTE_SHM_ROOT")), 0);
	/* With ENSURE the load begins again. */
	if (acts[_i] == take_away)
		make_episode("b.h5", 2, NULL);
	if (acts[_i] == append_byte)
		return; /* such a file is one of another length now */
	c.arrays = 0;
	opt.flags = CUTE_SHM_HDF5_ENSURE;
	if (acts[_i] == take_away) {
		ck_err(files_load_with(&opt, &shm), CUTE_SHM_ERR_SOURCE);
		ck_errmsg_has("b.h5: No such file");
		return;
	}
	ck_ok(files_load_with(&opt, &shm));
	ck_assert_uint_gt(c.arrays, 4);
	ck_source(shm, "b", "b.h5");
	ck_clean(shm);
}
END_TEST

/* ------------------------------------------------------------------- ensure */

static void
ck_ensured(bool current)
{
	struct cute_shm *shm = files_load(CUTE_SHM_HDF5_ENSURE);

	ck_assert_uint_eq(h5_told.result.current, current);
	cute_shm_close(shm);
}

START_TEST(ensure_knows_each_file)
{
	struct cute_shm *shm;

	ck_assert_int_eq(mkdir(h5_path("d"), 0700), 0);
	make_episode("d/a.h5", 1, NULL);
	make_episode("d/b.h5", 2, NULL);
	give(NULL, "d");
	ck_ensured(false);
	ck_ensured(true);
	ck_assert_uint_eq(h5_told.result.files, 2);
	ck_assert_uint_eq(h5_told.result.arrays, 4);
	touch(h5_path("d/a.h5"));
	ck_ensured(false);
	ck_ensured(true);
	make_episode("d/c.h5", 3, NULL);
	ck_ensured(false);
	ck_assert_uint_eq(h5_told.result.files, 3);
	ck_ensured(true);
	take_away(h5_path("d/a.h5"));
	ck_ensured(false);
	ck_ensured(true);
	/* The same files, but not all of a folder; then in another order. */
	files_count = 0;
	give(NULL, "d/b.h5");
	give(NULL, "d/c.h5");
	ck_ensured(false);
	ck_ensured(true);
	files_count = 0;
	give(NULL, "d/c.h5");
	give(NULL, "d/b.h5");
	ck_ensured(false);
	files_given[0].name = "x";
	ck_ensured(false);
	ck_ensured(true);
	files_count = 1;
	ck_ensured(false);
	ck_ok(cute_shm_open("t", NULL, &shm));
	ck_children(shm, "", "x");
	ck_clean(shm);
}
END_TEST

static void
make_folder(void)
{
	ck_assert_int_eq(mkdir(h5_path("d"), 0700), 0);
	make_episode("d/a.h5", 1, NULL);
	make_episode("d/b.h5", 2, NULL);
}

/* Whether something was left out, now or then. */
static void
ck_partial(unsigned flags, bool current, bool partial)
{
	struct cute_shm *shm = files_load(CUTE_SHM_HDF5_ENSURE |
					  CUTE_SHM_HDF5_KEEP_GOING | flags);

	ck_assert_uint_eq(h5_told.result.current, current);
	ck_assert_uint_eq(h5_told.result.partial, partial);
	cute_shm_close(shm);
}

START_TEST(what_was_left_out_is_remembered)
{
	struct cute_shm_hdf5_options opt;
	struct cute_shm *shm;

	make_folder();
	take_away(h5_path("d/b.h5"));
	put_text("d/b.h5", "this is no HDF5 file");
	give(NULL, "d");
	ck_partial(0, false, true);
	ck_partial(0, true, true);
	ck_partial(CUTE_SHM_HDF5_NO_EXTERNAL, false, true);
	/* Nobody has asked to leave anything out. */
	opt = h5_options(CUTE_SHM_HDF5_ENSURE);
	ck_err(files_load_with(&opt, &shm), CUTE_SHM_ERR_SOURCE);
	take_away(h5_path("d/b.h5"));
	make_episode("d/b.h5", 2, NULL);
	ck_partial(0, false, false);
	ck_partial(0, true, false);
	shm = files_load(CUTE_SHM_HDF5_ENSURE);
	ck_assert_uint_eq(h5_told.result.partial, 0);
	ck_clean(shm);
}
END_TEST

/* ------------------------------------------------------------------ changes */

static enum cute_shm_source
state_of(const struct cute_shm *shm)
{
	struct cute_shm_info info;
	uint64_t modified;

	ck_ok(cute_shm_info(shm, &info));
	return cute_shm_source_state(&info, &modified);
}

/* Give it a time that it had not. */
static void
make_older(const char *name)
{
	const struct timespec times[] = { { 1000, 0 }, { 1000, 0 } };

	ck_assert_int_eq(utimensat(AT_FDCWD, h5_path(name), times, 0), 0);
}

/* After the load, also where the clock of files has a coarse grain. */
static void
make_later(const char *name)
{
	struct timespec nap = { .tv_nsec = 50000000 };

	nanosleep(&nap, NULL);
	make_episode(name, 9, NULL);
}

START_TEST(a_change_of_one_is_a_change)
{
	struct cute_shm *shm;
	struct stat st;

	make_folder();
	give(NULL, "d/a.h5");
	give(NULL, "d/b.h5");
	shm = files_load(0);
	ck_assert_int_eq(state_of(shm), CUTE_SHM_SOURCE_CURRENT);
	/* It was not given. */
	make_later("d/c.h5");
	ck_assert_int_eq(state_of(shm), CUTE_SHM_SOURCE_CURRENT);
	ck_assert_int_eq(stat(h5_path("d/a.h5"), &st), 0);
	make_older("d/a.h5");
	ck_assert_int_eq(state_of(shm), CUTE_SHM_SOURCE_CHANGED);
	ck_assert_int_eq(
		utimensat(AT_FDCWD, h5_path("d/a.h5"),
			  (struct timespec[]){ st.st_mtim, st.st_mtim }, 0),
		0);
	ck_assert_int_eq(state_of(shm), CUTE_SHM_SOURCE_CURRENT);
	append_byte(h5_path("d/b.h5"));
	ck_assert_int_eq(state_of(shm), CUTE_SHM_SOURCE_CHANGED);
	take_away(h5_path("d/b.h5"));
	ck_assert_int_eq(state_of(shm), CUTE_SHM_SOURCE_CHANGED);
	take_away(h5_path("d/a.h5"));
	ck_assert_int_eq(state_of(shm), CUTE_SHM_SOURCE_GONE);
	ck_clean(shm);
}
END_TEST

/* What a segment of another user says of files is not followed. */
START_TEST(another_user_is_not_believed)
{
	struct cute_shm_info info;
	struct cute_shm *shm;

	make_folder();
	give(NULL, "d");
	shm = files_load(0);
	ck_ok(cute_shm_info(shm, &info));
	if (test_is_root()) {
		ck_assert_int_eq(chown(info.path, 65533, 65533), 0);
		ck_assert_int_eq(state_of(shm), CUTE_SHM_SOURCE_UNKNOWN);
		ck_assert_int_eq(chown(info.path, 0, 0), 0);
	}
	ck_assert_int_eq(state_of(shm), CUTE_SHM_SOURCE_CURRENT);
	ck_clean(shm);
}
END_TEST

START_TEST(a_new_file_in_the_folder_is_a_change)
{
	const char *select[] = { "a", NULL };
	struct cute_shm_hdf5_options opt = h5_options(0);
	struct cute_shm *shm;
	int i;

	make_folder();
	give(NULL, "d");
	opt.select = select;
	for (i = 0; i < 2; i++) {
		/* Nothing of b.h5 was selected, but it was there. */
		ck_ok(files_load_with(&opt, &shm));
		ck_assert_int_eq(state_of(shm), CUTE_SHM_SOURCE_CURRENT);
		make_later(i ? "d/b.h5" : "d/c.h5");
		ck_assert_int_eq(state_of(shm), CUTE_SHM_SOURCE_CHANGED);
		ck_clean(shm);
	}
}
END_TEST

START_TEST(a_folder_that_is_gone)
{
	struct cute_shm *shm;

	make_folder();
	give(NULL, "d");
	shm = files_load(0);
	ck_assert_int_eq(rename(h5_path("d"), h5_path("e")), 0);
	ck_assert_int_eq(state_of(shm), CUTE_SHM_SOURCE_GONE);
	ck_assert_int_eq(rename(h5_path("e"), h5_path("d")), 0);
	ck_assert_int_eq(state_of(shm), CUTE_SHM_SOURCE_CURRENT);
	ck_clean(shm);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hdf5 files change");
	TCase *t = tcase_create("change");

	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, files_begin, NULL);
	tcase_add_loop_test(t, a_change_is_an_error, 0, ELEMENTS(acts));
	tcase_add_test(t, ensure_knows_each_file);
	tcase_add_test(t, what_was_left_out_is_remembered);
	tcase_add_test(t, a_change_of_one_is_a_change);
	tcase_add_test(t, another_user_is_not_believed);
	tcase_add_test(t, a_new_file_in_the_folder_is_a_change);
	tcase_add_test(t, a_folder_that_is_gone);
	suite_add_tcase(s, t);
	return test_run(s);
}
