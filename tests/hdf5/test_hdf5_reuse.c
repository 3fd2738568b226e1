/* SPDX-License-Identifier: MIT */
/*
 * ENSURE with REUSE: groups of files that have not changed are copied from the
 * old project, and the segment is what a load of all files gives.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files_util.h"

#define REUSE (CUTE_SHM_HDF5_ENSURE | CUTE_SHM_HDF5_REUSE)

/* All but the header, in which are times and a uuid. */
static char *
content(const struct cute_shm *shm, size_t *size)
{
	struct stat st;
	char *ret;

	ck_assert_int_eq(fstat(cute_shm_fd(shm), &st), 0);
	*size = (size_t)st.st_size - 512;
	ret = malloc(*size);
	ck_assert_ptr_nonnull(ret);
	ck_assert_int_eq(pread(cute_shm_fd(shm), ret, *size, 512),
			 (ssize_t)*size);
	return ret;
}

/* A load of all files gives the same bytes. */
static void
ck_full(const struct cute_shm *shm, const struct cute_shm_hdf5_options *with)
{
	struct cute_shm_hdf5_options opt = *with;
	size_t size, full_size;
	struct cute_shm *full;
	char *a, *b;

	opt.flags &= ~(unsigned)REUSE;
	opt.handle = &full;
	opt.array = NULL;
	opt.skipped = NULL;
	ck_ok(cute_shm_hdf5_load_files("full", files_given, files_count, &opt,
				       NULL));
	a = content(shm, &size);
	b = content(full, &full_size);
	ck_assert_uint_eq(size, full_size);
	ck_assert_int_eq(memcmp(a, b, size), 0);
	ck_ok(cute_shm_verify(shm, NULL, NULL));
	free(a);
	free(b);
	cute_shm_close(full);
	ck_ok(cute_shm_unlink("full", NULL, NULL));
}

/* So many groups are copied. */
static void
ck_reused_with(const struct cute_shm_hdf5_options *with, uint64_t files)
{
	struct cute_shm_hdf5_options opt = *with;
	struct cute_shm *shm;

	opt.flags |= REUSE;
	ck_ok(files_load_with(&opt, &shm));
	ck_assert_uint_eq(h5_told.result.current, 0);
	ck_assert_uint_eq(h5_told.result.reused, files);
	ck_full(shm, &opt);
	cute_shm_close(shm);
}

static void
ck_reused(uint64_t files)
{
	const struct cute_shm_hdf5_options opt = h5_options(0);

	ck_reused_with(&opt, files);
}

/* Of all kinds of nodes and attributes. */
static void
make_rich(const char *name, int32_t value)
{
	static const hsize_t three[] = { 3 }, none[] = { 0 };
	static const hsize_t many[] = { 300000 };
	const char *texts[] = { "a", "", "text of some length" };
	int32_t *numbers = malloc(many[0] * sizeof(*numbers));
	hid_t file = h5_create(h5_path(name)), type;
	hsize_t i;

	ck_assert_ptr_nonnull(numbers);
	for (i = 0; i < many[0]; i++)
		numbers[i] = value + (int32_t)i;
	h5_put(file, "large", H5T_STD_I32LE, 1, many, numbers);
	h5_put(file, "empty", H5T_STD_I32LE, 1, none, NULL);
	h5_put(file, "null", H5T_STD_I32LE, -1, NULL, NULL);
	type = h5_string(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_UTF8);
	h5_put(file, "texts", type, 1, three, texts);
	h5_attr(file, "texts", type, 1, three, texts);
	H5Tclose(type);
	type = h5_enum(H5T_STD_I32LE, "one", 1, "two", 2);
	h5_put(file, "enum", type, 1, three, numbers);
	H5Tclose(type);
	h5_attr(file, "null", H5T_STD_I32LE, -1, NULL, NULL);
	h5_group(file, "group");
	h5_int(file, "group/scalar", value);
	ck_h5(H5Lcreate_soft("/group/scalar", file, "soft", H5P_DEFAULT,
			     H5P_DEFAULT));
	ck_h5(H5Lcreate_hard(file, "large", file, "group/alias", H5P_DEFAULT,
			     H5P_DEFAULT));
	ck_h5(H5Fclose(file));
	free(numbers);
}

static void
make_folder(void)
{
	ck_assert_int_eq(mkdir(h5_path("d"), 0700), 0);
	make_rich("d/a.h5", 1);
	make_rich("d/b.h5", 2);
	make_rich("d/c.h5", 3);
	give(NULL, "d");
}

static void
load_first(void)
{
	cute_shm_close(files_load(CUTE_SHM_HDF5_ENSURE));
}

static void
end(void)
{
	ck_ok(cute_shm_unlink("t", NULL, NULL));
	ck_assert_uint_eq(test_count(getenv("CUTE_SHM_ROOT")), 0);
}

START_TEST(what_has_not_changed_is_copied)
{
	struct cute_shm *shm;

	make_folder();
	/* Nothing to copy from. */
	ck_reused(0);
	shm = files_load(REUSE);
	ck_assert_uint_eq(h5_told.result.current, 1);
	ck_assert_uint_eq(h5_told.result.reused, 0);
	/* One more, which comes in between. */
	make_rich("d/bb.h5", 4);
	ck_reused(3);
	ck_assert_uint_eq(h5_told.result.files, 4);
	/* Changed, removed, renamed, all at once. */
	touch(h5_path("d/a.h5"));
	take_away(h5_path("d/bb.h5"));
	ck_reused(2);
	ck_assert_uint_gt(h5_told.result.reused_bytes, 2400000);
	ck_assert_uint_eq(h5_told.result.files, 3);
	touch(h5_path("d/a.h5"));
	touch(h5_path("d/b.h5"));
	touch(h5_path("d/c.h5"));
	ck_reused(0);
	/* Who has the first one open keeps it. */
	ck_children(shm, "", "a b c");
	ck_ok(cute_shm_verify(shm, NULL, NULL));
	cute_shm_close(shm);
	end();
}
END_TEST

START_TEST(the_order_and_the_names_count)
{
	make_folder();
	files_count = 0;
	give(NULL, "d/a.h5");
	give(NULL, "d/b.h5");
	give(NULL, "d/c.h5");
	load_first();
	files_count = 0;
	give(NULL, "d/c.h5");
	give("x", "d/a.h5");
	give(NULL, "d/b.h5");
	ck_reused(2);
	/* The name of one is that of another now. */
	files_given[0].name = "b";
	files_given[2].name = "c";
	ck_reused(1);
	end();
}
END_TEST

START_TEST(other_options_reuse_nothing)
{
	const char *select[] = { "*/texts", "a", NULL };
	const char *exclude[] = { "*/enum", NULL };
	struct cute_shm_hdf5_options opt = h5_options(0);

	make_folder();
	load_first();
	make_rich("d/d.h5", 4);
	opt.select = select;
	ck_reused_with(&opt, 0);
	/* The same selection again. */
	make_rich("d/e.h5", 5);
	ck_reused_with(&opt, 4);
	opt.exclude = exclude;
	ck_reused_with(&opt, 0);
	touch(h5_path("d/e.h5"));
	ck_reused_with(&opt, 4);
	opt.flags = CUTE_SHM_HDF5_NO_EXTERNAL;
	ck_reused_with(&opt, 0);
	/* Slices. */
	select[0] = "*/large[::7]";
	select[1] = "*/empty";
	ck_reused_with(&opt, 0);
	touch(h5_path("d/e.h5"));
	ck_reused_with(&opt, 4);
	end();
}
END_TEST

START_TEST(without_a_view)
{
	struct cute_shm_hdf5_options opt = h5_options(CUTE_SHM_HDF5_NO_VIEW);

	make_folder();
	load_first();
	make_rich("d/d.h5", 4);
	ck_reused_with(&opt, 3);
	end();
}
END_TEST

START_TEST(what_lacks_something_is_not_reused)
{
	struct cute_shm_hdf5_options opt = h5_options(CUTE_SHM_HDF5_KEEP_GOING);

	make_folder();
	put_text("d/x.h5", "this is no HDF5 file");
	ck_reused_with(&opt, 0);
	ck_assert_uint_eq(h5_told.result.partial, 1);
	take_away(h5_path("d/x.h5"));
	make_rich("d/x.h5", 3);
	ck_reused_with(&opt, 0);
	touch(h5_path("d/x.h5"));
	ck_reused_with(&opt, 3);
	/* Again one that cannot be read; the others are good. */
	put_text("d/x.h5", "this is no HDF5 file");
	ck_reused_with(&opt, 3);
	ck_assert_uint_eq(h5_told.result.partial, 1);
	end();
}
END_TEST

/* ------------------------------------------------------- what groups share */

/* a leads to a file that was not given, b to c, d to the same file as a. */
static void
make_ways(bool shared)
{
	hid_t file;

	ck_assert_int_eq(mkdir(h5_path("d"), 0700), 0);
	make_source("outside.h5", 20);
	file = h5_create(h5_path("d/a.h5"));
	external_link(file, "../outside.h5", "/d", "link");
	ck_h5(H5Fclose(file));
	make_episode("d/b.h5", 2, "c.h5");
	make_episode("d/c.h5", 3, NULL);
	file = h5_create(h5_path("d/d.h5"));
	if (shared)
		external_link(file, "../outside.h5", "/long", "link");
	h5_int(file, "own", 4);
	ck_h5(H5Fclose(file));
	make_episode("d/e.h5", 5, NULL);
	give(NULL, "d");
	load_first();
}

START_TEST(other_files_take_part)
{
	make_ways(false);
	touch(h5_path("d/e.h5"));
	ck_reused(2);
	touch(h5_path("outside.h5"));
	ck_reused(2);
	touch(h5_path("d/e.h5"));
	ck_reused(2);
	end();
}
END_TEST

START_TEST(what_is_shared_is_read)
{
	make_ways(true);
	touch(h5_path("d/e.h5"));
	ck_reused(0);
	end();
}
END_TEST

/* A new file leads to one that was copied, or to a file of such a group. */
START_TEST(a_new_file_leads_to_others)
{
	hid_t file;

	make_ways(false);
	file = h5_create(h5_path("d/f.h5"));
	external_link(file, "e.h5", "/value", "link");
	ck_h5(H5Fclose(file));
	ck_reused(2);
	end();
}
END_TEST

START_TEST(a_new_file_leads_to_a_part)
{
	hid_t file;

	make_ways(false);
	file = h5_create(h5_path("d/f.h5"));
	external_link(file, "../outside.h5", "/d", "link");
	ck_h5(H5Fclose(file));
	ck_reused(2);
	end();
}
END_TEST

START_TEST(a_missing_file_appears)
{
	ck_assert_int_eq(mkdir(h5_path("d"), 0700), 0);
	make_episode("d/a.h5", 1, "../late.h5");
	make_episode("d/b.h5", 2, NULL);
	give(NULL, "d");
	load_first();
	make_episode("d/c.h5", 3, NULL);
	ck_reused(2);
	make_episode("late.h5", 9, NULL);
	ck_reused(2);
	end();
}
END_TEST

/* ------------------------------------------------------------ old project */

/* Change a byte of an array of the project. */
static void
damage(const char *path)
{
	struct cute_shm *shm;
	struct cute_shm_array a;
	struct cute_shm_info info;
	char byte;
	int fd;

	ck_ok(cute_shm_open("t", NULL, &shm));
	ck_ok(cute_shm_info(shm, &info));
	ck_ok(cute_shm_get(shm, path, &a));
	fd = open(info.path, O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pread(fd, &byte, 1, (off_t)a.data_offset), 1);
	byte ^= 0x10;
	ck_assert_int_eq(pwrite(fd, &byte, 1, (off_t)a.data_offset), 1);
	close(fd);
	cute_shm_close(shm);
}

START_TEST(damaged_data_are_read_again)
{
	make_folder();
	load_first();
	damage("b/large");
	make_rich("d/d.h5", 4);
	ck_reused(2);
	damage("a/texts");
	touch(h5_path("d/d.h5"));
	ck_reused(2);
	end();
}
END_TEST

START_TEST(damaged_records_are_not_used)
{
	struct cute_shm_info info;
	struct cute_shm *shm;
	int fd;

	make_folder();
	load_first();
	ck_ok(cute_shm_open("t", NULL, &shm));
	ck_ok(cute_shm_info(shm, &info));
	fd = open(info.path, O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(pwrite(fd, "x", 1, 2048), 1);
	close(fd);
	cute_shm_close(shm);
	make_rich("d/d.h5", 4);
	ck_reused(0);
	end();
}
END_TEST

START_TEST(a_segment_that_was_cut)
{
	struct cute_shm_info info;
	struct cute_shm *shm;

	make_folder();
	load_first();
	ck_ok(cute_shm_open("t", NULL, &shm));
	ck_ok(cute_shm_info(shm, &info));
	ck_assert_int_eq(truncate(info.path, 8192), 0);
	cute_shm_close(shm);
	make_rich("d/d.h5", 4);
	ck_reused(0);
	end();
}
END_TEST

START_TEST(updated_arrays_are_read_again)
{
	const struct cute_shm_open_options opt = { .size = sizeof(opt),
						   .flags = CUTE_SHM_WRITE };
	int32_t value = 2;
	struct cute_shm_array a;
	struct cute_shm *shm;

	make_folder();
	load_first();
	ck_ok(cute_shm_open("t", &opt, &shm));
	/* The same value: the digest is still right. */
	ck_ok(cute_shm_get(shm, "b/group/scalar", &a));
	ck_ok(cute_shm_update(&a, 0, &value, sizeof(value), 0));
	cute_shm_close(shm);
	make_rich("d/d.h5", 4);
	ck_reused(2);
	end();
}
END_TEST

START_TEST(another_users_project_is_not_used)
{
	struct cute_shm_info info;
	struct cute_shm *shm;

	if (!test_is_root())
		return;
	make_folder();
	load_first();
	ck_ok(cute_shm_open("t", NULL, &shm));
	ck_ok(cute_shm_info(shm, &info));
	ck_assert_int_eq(chown(info.path, 65533, 65533), 0);
	cute_shm_close(shm);
	make_rich("d/d.h5", 4);
	ck_reused(0);
	end();
}
END_TEST

/* Removed, or cut, while it is copied: at the first array that is reported. */
static void
on_array(const struct cute_shm_hdf5_array *array, void *arg)
{
	(void)array;
	cute_shm_unlink("t", NULL, NULL);
	*(bool *)arg = true;
}

START_TEST(an_old_project_that_is_removed)
{
	struct cute_shm_hdf5_options opt = h5_options(0);
	bool called = false;

	make_folder();
	load_first();
	make_rich("d/d.h5", 4);
	opt.array = on_array;
	opt.arg = &called;
	ck_reused_with(&opt, 3);
	ck_assert(called);
	end();
}
END_TEST

START_TEST(reuse_is_for_ensure)
{
	struct cute_shm_hdf5_options opt = h5_options(CUTE_SHM_HDF5_REUSE);
	struct cute_shm *shm;

	make_folder();
	ck_err(files_load_with(&opt, &shm), CUTE_SHM_ERR_INVALID);
	/* Of one file it makes no difference. */
	opt = h5_options(REUSE);
	opt.handle = NULL;
	ck_ok(cute_shm_hdf5_load("t", h5_path("d/a.h5"), &opt,
				 &h5_told.result));
	touch(h5_path("d/a.h5"));
	ck_ok(cute_shm_hdf5_load("t", h5_path("d/a.h5"), &opt,
				 &h5_told.result));
	ck_assert_uint_eq(h5_told.result.current, 0);
	ck_assert_uint_eq(h5_told.result.reused, 0);
	/* Nor is a project of one file of use for several. */
	ck_reused(0);
	end();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hdf5 reuse");
	TCase *t = tcase_create("all");

	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, files_begin, NULL);
	tcase_add_test(t, what_has_not_changed_is_copied);
	tcase_add_test(t, the_order_and_the_names_count);
	tcase_add_test(t, other_options_reuse_nothing);
	tcase_add_test(t, without_a_view);
	tcase_add_test(t, what_lacks_something_is_not_reused);
	tcase_add_test(t, other_files_take_part);
	tcase_add_test(t, what_is_shared_is_read);
	tcase_add_test(t, a_new_file_leads_to_others);
	tcase_add_test(t, a_new_file_leads_to_a_part);
	tcase_add_test(t, a_missing_file_appears);
	tcase_add_test(t, damaged_data_are_read_again);
	tcase_add_test(t, damaged_records_are_not_used);
	tcase_add_test(t, a_segment_that_was_cut);
	tcase_add_test(t, updated_arrays_are_read_again);
	tcase_add_test(t, another_users_project_is_not_used);
	tcase_add_test(t, an_old_project_that_is_removed);
	tcase_add_test(t, reuse_is_for_ensure);
	suite_add_tcase(s, t);
	return test_run(s);
}
