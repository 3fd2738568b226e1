/* SPDX-License-Identifier: MIT */
/* Each group of a load of several files goes back to a file. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "build_util.h"
#include "files_util.h"

static int
split(const struct cute_shm *shm, unsigned flags)
{
	struct cute_shm_hdf5_export_options opt = {
		.size = sizeof(opt),
		.flags = flags,
	};

	return cute_shm_hdf5_export_files(shm, h5_path("out"), &opt, NULL);
}

static void
begin(void)
{
	files_begin();
	ck_assert_int_eq(mkdir(h5_path("out"), 0700), 0);
}

/* The project of files a.h5 and b.hdf5. */
static struct cute_shm *
load_two(void)
{
	make_episode("a.h5", 1, "b.hdf5");
	make_episode("b.hdf5", 2, NULL);
	give(NULL, "a.h5");
	give(NULL, "b.hdf5");
	return files_load(0);
}

/* The files of "out", hidden ones too. */
static void
ck_out(unsigned count)
{
	ck_assert_uint_eq(test_count(h5_path("out")), count);
}

/* The text of a file, which is short. */
static void
ck_text(const char *name, const char *text)
{
	char got[64] = "";
	FILE *f = fopen(h5_path(name), "re");

	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(fgets(got, sizeof(got), f));
	fclose(f);
	ck_assert_str_eq(got, text);
}

/* ----------------------------------------------------------- there and back */

/* A table, which is a compound in the file, unless a link leads into it. */
static void
put_table(hid_t file, const char *name)
{
	static const hsize_t two[] = { 2 };
	const int32_t data[] = { 1, 2, 3, 4 };
	hid_t type = ck_h5(H5Tcreate(H5T_COMPOUND, 8));

	ck_h5(H5Tinsert(type, "x", 0, H5T_STD_I32LE));
	ck_h5(H5Tinsert(type, "y", 4, H5T_STD_I32LE));
	h5_put(file, name, type, 1, two, data);
	H5Tclose(type);
}

static void
make_linked(void)
{
	hid_t file;

	make_episode("a.h5", 1, "b.h5");
	make_episode("b.h5", 2, NULL);
	file = ck_h5(H5Fopen(h5_path("b.h5"), H5F_ACC_RDWR, H5P_DEFAULT));
	put_table(file, "table");
	ck_h5(H5Lcreate_hard(file, "value", file, "again", H5P_DEFAULT,
			     H5P_DEFAULT));
	ck_h5(H5Lcreate_soft("/obs", file, "above", H5P_DEFAULT, H5P_DEFAULT));
	ck_h5(H5Lcreate_hard(file, "/", file, "cycle", H5P_DEFAULT,
			     H5P_DEFAULT));
	external_link(file, "a.h5", "/", "other");
	ck_h5(H5Fclose(file));
}

static void
ck_linked(const struct cute_shm *shm)
{
	ck_children(shm, "", "a b");
	ck_link(shm, "a/next", "b/again");
	ck_link(shm, "b/value", "b/again");
	ck_link(shm, "b/above", "b/obs");
	ck_link(shm, "b/cycle", "b");
	ck_link(shm, "b/other", "a");
	ck_scalar(shm, "b/again", "<i4", &(int32_t){ 2 });
	ck_array(shm, "b/table/y", "<i4", 1, (uint64_t[]){ 2 },
		 (int32_t[]){ 2, 4 });
}

START_TEST(each_group_goes_back_to_a_file)
{
	struct cute_shm_hdf5_export_result r;
	struct cute_shm *shm;

	make_linked();
	give(NULL, "a.h5");
	give(NULL, "b.h5");
	shm = files_load(0);
	ck_linked(shm);
	ck_ok(cute_shm_hdf5_export_files(shm, h5_path("out"), NULL, &r));
	ck_assert_uint_eq(r.files, 2);
	ck_assert_uint_eq(r.datasets, 5);
	ck_assert_uint_eq(r.skipped, 0);
	ck_reserved_zero(r);
	ck_clean(shm);
	ck_out(2);
	/* They are the only ones now. */
	take_away(h5_path("a.h5"));
	take_away(h5_path("b.h5"));
	files_count = 0;
	give(NULL, "out");
	shm = files_load(0);
	ck_linked(shm);
	ck_source(shm, "a", "out/a.h5");
	ck_assert_uint_eq(h5_told.skipped + h5_told.changed, 0);
	ck_clean(shm);
	/* One of them by itself. */
	ck_ok(cute_shm_hdf5_load("t", h5_path("out/b.h5"), NULL,
				 &h5_told.result));
	ck_ok(cute_shm_open("t", NULL, &shm));
	ck_link(shm, "value", "again");
	ck_attr_names(shm, "", "number");
	ck_clean(shm);
}
END_TEST

/* ----------------------------------------------------------- names of files */

static const struct {
	const char *group, *source, *file;
} cases[] = {
	{ "a", "/x/a.hdf5", "a.hdf5" },
	{ "b", "/x/b", "b" },
	{ "c.d", "/x/c.d.h5", "c.d.h5" },
	{ ".e", "/x/.e", ".e" },
	{ "%FF", "/x/\xff.h5", "\xff.h5" },
	/* Another name was given, or the source is no file's path. */
	{ "f", "/x/other.h5", "f.h5" },
	{ "g", "/x/g/..", "g.h5" },
	{ "%2E%2E", "/x/..", "%2E%2E.h5" },
	{ "%2E", "/x/.", "%2E.h5" },
	{ "h", "../../h/", "h.h5" },
	{ "i%2Fj", "/x/i/j.h5", "i%2Fj.h5" },
	{ "%", "/", "%.h5" },
	{ "k", "", "k.h5" },
};

static struct cute_shm *
project_of_cases(void)
{
	struct cute_shm_builder *b;
	struct cute_shm *shm;
	size_t i;

	ck_ok(cute_shm_builder_new("t", NULL, &b));
	ck_ok(cute_shm_builder_attr_text(b, "", "author", "nobody"));
	for (i = 0; i < ELEMENTS(cases); i++) {
		ck_ok(cute_shm_builder_group(b, cases[i].group));
		ck_ok(cute_shm_builder_attr_text(b, cases[i].group,
						 "cute-shm:source",
						 cases[i].source));
	}
	ck_ok(cute_shm_builder_publish(b, &shm));
	cute_shm_builder_free(b);
	return shm;
}

static void
on_skipped(const struct cute_shm_hdf5_skipped *s, void *arg)
{
	unsigned *count = arg;

	ck_assert_str_eq(s->path, "@author");
	++*count;
}

/* The path of a source is data of anybody: nothing comes out of the folder. */
START_TEST(names_stay_in_the_folder)
{
	struct cute_shm *shm = project_of_cases();
	struct cute_shm_hdf5_export_result r;
	unsigned skipped = 0;
	struct cute_shm_hdf5_export_options opt = {
		.size = sizeof(opt),
		.skipped = on_skipped,
		.arg = &skipped,
	};
	unsigned around = test_count(h5_folder());
	char path[600];
	size_t i;

	ck_ok(cute_shm_hdf5_export_files(shm, h5_path("out"), &opt, &r));
	ck_assert_uint_eq(r.files, ELEMENTS(cases));
	ck_out(ELEMENTS(cases));
	ck_assert_uint_eq(test_count(h5_folder()), around);
	for (i = 0; i < ELEMENTS(cases); i++) {
		snprintf(path, sizeof(path), "out/%s", cases[i].file);
		ck_assert_int_eq(access(h5_path(path), F_OK), 0);
	}
	ck_assert_uint_eq(skipped, 1);
	ck_assert_uint_eq(r.skipped, 1);
	cute_shm_close(shm);
}
END_TEST

/* Two files of the same name were loaded under other names. */
START_TEST(two_files_of_one_name)
{
	struct cute_shm *shm;

	ck_assert_int_eq(mkdir(h5_path("1"), 0700), 0);
	ck_assert_int_eq(mkdir(h5_path("2"), 0700), 0);
	make_episode("1/run.h5", 1, NULL);
	make_episode("2/run.h5", 2, NULL);
	give(NULL, "1/run.h5");
	give("other", "2/run.h5");
	shm = files_load(0);
	ck_ok(split(shm, 0));
	ck_clean(shm);
	files_count = 0;
	give(NULL, "out");
	shm = files_load(0);
	ck_children(shm, "", "other run");
	ck_scalar(shm, "run/value", "<i4", &(int32_t){ 1 });
	ck_scalar(shm, "other/value", "<i4", &(int32_t){ 2 });
	ck_clean(shm);
}
END_TEST

START_TEST(a_name_that_is_too_long)
{
	char name[254];
	struct cute_shm *shm;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	make_episode("a.h5", 1, NULL);
	make_episode("b.h5", 1, NULL);
	give(NULL, "a.h5");
	give(name, "b.h5");
	shm = files_load(0);
	ck_err(split(shm, 0), CUTE_SHM_ERR_SYSTEM);
	ck_errmsg_has("nnn.h5: File name too long");
	ck_clean(shm);
	ck_out(0);
}
END_TEST

/* ---------------------------------------------------------- all, or nothing */

START_TEST(what_is_no_file_has_no_file)
{
	struct cute_shm *shm;

	make_episode("a.h5", 1, NULL);
	ck_ok(cute_shm_hdf5_load("t", h5_path("a.h5"), NULL, &h5_told.result));
	ck_ok(cute_shm_open("t", NULL, &shm));
	ck_err(split(shm, 0), CUTE_SHM_ERR_INVALID);
	ck_errmsg_has("was not loaded from several files: /obs is not ");
	ck_clean(shm);
	ck_out(0);
}
END_TEST

START_TEST(the_folder_must_be_there)
{
	struct cute_shm *shm = load_two();

	ck_assert_int_eq(rmdir(h5_path("out")), 0);
	ck_err(split(shm, 0), CUTE_SHM_ERR_NOT_FOUND);
	put_text("out", "text");
	ck_err(split(shm, 0), CUTE_SHM_ERR_NOT_FOUND);
	ck_errmsg_has("Not a directory");
	ck_clean(shm);
}
END_TEST

START_TEST(a_file_that_exists)
{
	struct cute_shm *shm = load_two();
	struct stat st;

	put_text("out/b.hdf5", "text");
	ck_assert_int_eq(chmod(h5_path("out/b.hdf5"), 0640), 0);
	ck_err(split(shm, 0), CUTE_SHM_ERR_EXISTS);
	ck_errmsg_has("out/b.hdf5 exists already");
	ck_out(1);
	ck_text("out/b.hdf5", "text");
	ck_ok(split(shm, CUTE_SHM_HDF5_OVERWRITE));
	ck_out(2);
	ck_assert_int_eq(stat(h5_path("out/b.hdf5"), &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0640);
	ck_assert_int_gt(st.st_size, 100);
	ck_clean(shm);
}
END_TEST

/* A link could lead out of the folder. */
START_TEST(what_is_not_replaced)
{
	struct cute_shm *shm = load_two();

	put_text("outside", "text");
	ck_assert_int_eq(symlink("../outside", h5_path("out/b.hdf5")), 0);
	ck_err(split(shm, CUTE_SHM_HDF5_OVERWRITE), CUTE_SHM_ERR_INVALID);
	ck_errmsg_has("out/b.hdf5 is a symbolic link");
	ck_out(1);
	ck_text("outside", "text");
	ck_assert_int_eq(unlink(h5_path("out/b.hdf5")), 0);
	ck_assert_int_eq(symlink("nothing", h5_path("out/b.hdf5")), 0);
	ck_err(split(shm, 0), CUTE_SHM_ERR_INVALID);
	ck_assert_int_eq(unlink(h5_path("out/b.hdf5")), 0);
	ck_assert_int_eq(mkdir(h5_path("out/b.hdf5"), 0700), 0);
	ck_err(split(shm, CUTE_SHM_HDF5_OVERWRITE), CUTE_SHM_ERR_INVALID);
	ck_errmsg_has("out/b.hdf5 is not a regular file");
	ck_out(1);
	ck_clean(shm);
}
END_TEST

struct stopper {
	uint64_t after; /* bytes */
	bool killed;
};

static int
stop(const struct cute_shm_hdf5_progress *p, void *arg)
{
	const struct stopper *s = arg;

	if (p->bytes_done <= s->after)
		return 0;
	if (s->killed)
		kill(getpid(), SIGKILL);
	return 1;
}

/* Stop when the second file is written. */
static int
split_stopped(const struct cute_shm *shm, unsigned flags, bool killed)
{
	struct stopper stopper = { 12, killed };
	struct cute_shm_hdf5_export_options opt = {
		.size = sizeof(opt),
		.flags = flags,
		.progress = stop,
		.arg = &stopper,
	};

	return cute_shm_hdf5_export_files(shm, h5_path("out"), &opt, NULL);
}

START_TEST(one_that_fails_leaves_nothing)
{
	struct cute_shm *shm = load_two();

	ck_err(split_stopped(shm, 0, false), CUTE_SHM_ERR_CANCELLED);
	ck_errmsg_has("out/b.hdf5: ");
	ck_out(0);
	put_text("out/a.h5", "text");
	ck_err(split_stopped(shm, CUTE_SHM_HDF5_OVERWRITE, false),
	       CUTE_SHM_ERR_CANCELLED);
	ck_out(1);
	ck_text("out/a.h5", "text");
	ck_clean(shm);
}
END_TEST

/* A killed one leaves a hidden folder, which the next one removes. */
START_TEST(one_that_is_killed)
{
	struct cute_shm *shm = load_two();
	int status;
	pid_t child = test_fork();

	if (child == 0)
		_exit(split_stopped(shm, 0, true) == 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	ck_out(1);
	ck_assert_int_ne(access(h5_path("out/a.h5"), F_OK), 0);
	ck_ok(split(shm, 0));
	ck_out(2);
	ck_clean(shm);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hdf5 split");
	TCase *t = tcase_create("split");

	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, begin, NULL);
	tcase_add_test(t, each_group_goes_back_to_a_file);
	tcase_add_test(t, names_stay_in_the_folder);
	tcase_add_test(t, two_files_of_one_name);
	tcase_add_test(t, a_name_that_is_too_long);
	tcase_add_test(t, what_is_no_file_has_no_file);
	tcase_add_test(t, the_folder_must_be_there);
	tcase_add_test(t, a_file_that_exists);
	tcase_add_test(t, what_is_not_replaced);
	tcase_add_test(t, one_that_fails_leaves_nothing);
	tcase_add_test(t, one_that_is_killed);
	suite_add_tcase(s, t);
	return test_run(s);
}
