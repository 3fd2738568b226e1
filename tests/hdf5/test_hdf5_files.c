/* SPDX-License-Identifier: MIT */
/* Several files in one load: each becomes a group. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files_util.h"

/* ------------------------------------------------------------------- groups */

START_TEST(each_file_is_a_group)
{
	const int32_t five = 5, six = 6;
	struct cute_shm *shm;

	make_episode("b.h5", 5, "a.x.hdf5");
	make_episode("a.x.hdf5", 6, "b.h5");
	give(NULL, "b.h5");
	give(NULL, "a.x.hdf5");
	shm = files_load(0);
	ck_assert_uint_eq(h5_told.result.files, 2);
	ck_assert_uint_eq(h5_told.result.arrays, 4);
	ck_assert_uint_eq(h5_told.result.groups, 5);
	ck_assert_uint_eq(h5_told.result.links, 2);
	ck_reserved_zero(h5_told.result);
	ck_children(shm, "", "b a.x");
	ck_attr_names(shm, "", "");
	ck_attr_names(shm, "b",
		      "numbercute-shm:sourcecute-shm:source-size"
		      "cute-shm:source-mtime-nscute-shm:source-parts"
		      "cute-shm:source-parts-size"
		      "cute-shm:source-parts-mtime-ns");
	ck_attr(shm, "b", "number", "<i4", 0, NULL, &five);
	ck_scalar(shm, "b/value", "<i4", &five);
	ck_scalar(shm, "a.x/value", "<i4", &six);
	ck_link(shm, "b/next", "a.x/value");
	ck_link(shm, "a.x/next", "b/value");
	ck_source(shm, "b", "b.h5");
	ck_source(shm, "a.x", "a.x.hdf5");
	ck_clean(shm);
}
END_TEST

/* Data in one call of libhdf5, or by the engine, from a file closed before. */
START_TEST(more_files_than_stay_open)
{
	static const hsize_t size[] = { 5000 }, chunk[] = { 700 };
	const struct rlimit few = { 48, 48 };
	int32_t data[5000];
	struct cute_shm *shm;
	char name[32];
	hid_t file, dcpl;

	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "f%d.h5", i);
		file = h5_create(h5_path(name));
		for (int k = 0; k < 5000; k++)
			data[k] = i * k;
		dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
		ck_h5(H5Pset_chunk(dcpl, 1, chunk));
		h5_put_with(file, "chunks", H5T_STD_I32LE, 1, size, dcpl, data);
		h5_put(file, "plain", H5T_STD_I32BE, 1, size, NULL);
		h5_int(file, "value", i);
		ck_h5(H5Fclose(file));
		give(NULL, name);
	}
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	shm = files_load(0);
	ck_assert_uint_eq(h5_told.result.arrays, 300);
	for (int i = 0; i < 100; i++) {
		for (int k = 0; k < 5000; k++)
			data[k] = i * k;
		snprintf(name, sizeof(name), "f%d/chunks", i);
		ck_array(shm, name, "<i4", 1, (uint64_t[]){ 5000 }, data);
		snprintf(name, sizeof(name), "f%d/value", i);
		ck_scalar(shm, name, "<i4", &(int32_t){ i });
	}
	ck_clean(shm);
}
END_TEST

/* Count in *arg the arrays that libhdf5 has read. */
static void
count_libhdf5(const struct cute_shm_hdf5_array *array, void *arg)
{
	*(unsigned *)arg += array->libhdf5[0] != '\0';
}

/*
 * 22 MiB in files of less than 1 MiB: not all are kept in memory as a whole.
 * Attributes and chunks of the others are read when they are needed.
 */
START_TEST(more_files_than_are_kept)
{
	static const hsize_t size[] = { 200000 }, chunk[] = { 30000 };
	struct cute_shm_hdf5_options opt = h5_options(0);
	int32_t *data = malloc(200000 * sizeof(*data));
	unsigned libhdf5 = 0;
	struct cute_shm *shm;
	char name[32];
	hid_t file, dcpl;

	ck_assert_ptr_nonnull(data);
	opt.array = count_libhdf5;
	opt.arg = &libhdf5;
	opt.progress = NULL;
	opt.skipped = NULL;
	for (int i = 0; i < 28; i++) {
		snprintf(name, sizeof(name), "f%d.h5", i);
		file = h5_create(h5_path(name));
		for (int k = 0; k < 200000; k++)
			data[k] = i * k;
		dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
		ck_h5(H5Pset_chunk(dcpl, 1, chunk));
		h5_put_with(file, "chunks", H5T_STD_I32LE, 1, size, dcpl, data);
		h5_int(file, "value", i);
		h5_attr(file, "number", H5T_STD_I32LE, 0, NULL, &i);
		ck_h5(H5Fclose(file));
		give(NULL, name);
	}
	ck_ok(files_load_with(&opt, &shm));
	for (int i = 0; i < 28; i++) {
		for (int k = 0; k < 200000; k++)
			data[k] = i * k;
		snprintf(name, sizeof(name), "f%d/chunks", i);
		ck_array(shm, name, "<i4", 1, (uint64_t[]){ 200000 }, data);
		snprintf(name, sizeof(name), "f%d/value", i);
		ck_scalar(shm, name, "<i4", &(int32_t){ i });
		snprintf(name, sizeof(name), "f%d", i);
		ck_attr(shm, name, "number", "<i4", 0, NULL, &(int32_t){ i });
	}
	ck_assert_uint_eq(libhdf5, getenv("CUTE_SHM_HDF5_STRATEGY") ? 56 : 0);
	free(data);
	ck_clean(shm);
}
END_TEST

START_TEST(names_of_groups)
{
	struct cute_shm *shm;

	for (int i = 0; i < 5; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%d.h5", i);
		make_episode(name, i, NULL);
	}
	make_episode(".hidden", 5, NULL);
	make_episode("\xff.h5", 6, NULL);
	give("a/b", "0.h5");
	give("..", "1.h5");
	give("", "2.h5");
	give("x.h5", "3.h5");
	give(NULL, "4.h5");
	give(NULL, ".hidden");
	give(NULL, "\xff.h5");
	shm = files_load(0);
	ck_children(shm, "", "a%2Fb %2E%2E % x.h5 4 .hidden %FF");
	ck_clean(shm);
}
END_TEST

/* What the file has under such names does not hide what the load says. */
START_TEST(attributes_of_that_name)
{
	const int32_t one = 1;
	struct cute_shm *shm;
	hid_t file = h5_create(h5_path("a.h5"));

	h5_attr(file, "cute-shm:source", H5T_STD_I32LE, 0, NULL, &one);
	h5_attr(file, "cute-shm:selection", H5T_STD_I32LE, 0, NULL, &one);
	ck_h5(H5Fclose(file));
	give(NULL, "a.h5");
	shm = files_load(0);
	ck_source(shm, "a", "a.h5");
	ck_gone("a@cute-shm:source", "name clash");
	ck_attr(shm, "a", "%63ute-shm:selection", "<i4", 0, NULL, &one);
	ck_assert_uint_eq(h5_told.changed, 1);
	ck_clean(shm);
}
END_TEST

/* ------------------------------------------------------------------ folders */

START_TEST(a_folder_is_read_in_natural_order)
{
	struct cute_shm *shm;

	ck_assert_int_eq(mkdir(h5_path("d"), 0700), 0);
	ck_assert_int_eq(mkdir(h5_path("d/sub"), 0700), 0);
	ck_assert_int_eq(mkdir(h5_path("d/.git"), 0700), 0);
	ck_assert_int_eq(mkdir(h5_path("d/e.h5"), 0700), 0);
	make_episode("d/e10.h5", 10, "e9.HDF5");
	make_episode("d/e9.HDF5", 9, NULL);
	make_episode("d/e1.h5", 1, NULL);
	make_episode("d/sub/deep.h5", 2, NULL);
	make_episode("d/.e3.h5", 3, NULL);
	make_episode("d/.git/e4.h5", 4, NULL);
	make_episode("d/other.txt", 5, NULL);
	make_episode("linked", 6, NULL);
	ck_assert_int_eq(symlink("../linked", h5_path("d/link.h5")), 0);
	ck_assert_int_eq(symlink("nothing", h5_path("d/none.h5")), 0);
	ck_assert_int_eq(symlink("sub", h5_path("d/again")), 0);
	ck_assert_int_eq(mkfifo(h5_path("d/pipe.h5"), 0600), 0);
	give(NULL, "d");
	shm = files_load(0);
	ck_children(shm, "", "e1 e9 e10 link deep");
	ck_link(shm, "e10/next", "e9/value");
	ck_source(shm, "deep", "d/sub/deep.h5");
	ck_source(shm, "link", "linked");
	ck_clean(shm);
}
END_TEST

START_TEST(what_cannot_be_a_list)
{
	make_episode("a.h5", 1, NULL);
	ck_assert_int_eq(mkdir(h5_path("d"), 0700), 0);
	ck_files_fail(0, CUTE_SHM_ERR_INVALID, "no file");
	give(NULL, "d");
	ck_files_fail(0, CUTE_SHM_ERR_SOURCE, "has no HDF5 files");
	files_given[0].name = "d";
	ck_files_fail(0, CUTE_SHM_ERR_SOURCE, "is a directory");
	files_count = 0;
	give(NULL, "a.h5");
	give(NULL, "gone.h5");
	ck_files_fail(0, CUTE_SHM_ERR_SOURCE, "gone.h5: No such file");
	files_count = 1;
	give("b", "a.h5");
	ck_files_fail(0, CUTE_SHM_ERR_INVALID, "a.h5 is given twice");
	files_count = 1;
	ck_assert_int_eq(link(h5_path("a.h5"), h5_path("d/c.h5")), 0);
	give(NULL, "d");
	ck_files_fail(0, CUTE_SHM_ERR_INVALID, "are the same file");
	make_episode("d/a.hdf5", 2, NULL);
	ck_assert_int_eq(unlink(h5_path("d/c.h5")), 0);
	ck_files_fail(0, CUTE_SHM_ERR_INVALID, "would both be group a");
	ck_errmsg_has("/a.h5 and ");
	ck_errmsg_has("/d/a.hdf5 ");
	files_given[0].file = NULL;
	ck_files_fail(0, CUTE_SHM_ERR_INVALID, "without a path");
}
END_TEST

/* ------------------------------------------------------------------- damage */

static void
damage(const char *file)
{
	ck_assert_int_eq(truncate(h5_path(file), 700), 0);
}

START_TEST(one_damaged_file_fails_the_load)
{
	struct cute_shm *shm;

	make_episode("a.h5", 1, NULL);
	make_episode("b.h5", 2, NULL);
	make_episode("c.h5", 3, "b.h5");
	put_text("d.h5", "this is no HDF5 file");
	damage("b.h5");
	give(NULL, "a.h5");
	give(NULL, "b.h5");
	give(NULL, "c.h5");
	give(NULL, "d.h5");
	ck_files_fail(0, CUTE_SHM_ERR_SOURCE, "/b.h5: cannot open: ");
	shm = files_load(CUTE_SHM_HDF5_KEEP_GOING);
	ck_children(shm, "", "a c");
	ck_gone("b", "cannot open: ");
	ck_gone("d", "d.h5 is not an HDF5 file");
	ck_gone("c/next", "b.h5");
	ck_assert_uint_eq(h5_told.result.files, 4);
	ck_assert_uint_eq(h5_told.result.failed, 3);
	ck_clean(shm);
}
END_TEST

/* One chunk cannot be decoded: the message names the file, too. */
START_TEST(a_damaged_object_is_named_with_its_file)
{
	static const hsize_t size[] = { 1000 }, zero[] = { 0 };
	static const int32_t data[1000];
	struct cute_shm *shm;
	hid_t file, set, dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));

	make_episode("a.h5", 1, NULL);
	file = h5_create(h5_path("b.h5"));
	ck_h5(H5Pset_chunk(dcpl, 1, size));
	ck_h5(H5Pset_fletcher32(dcpl));
	h5_put_with(file, "bad", H5T_NATIVE_INT32, 1, size, dcpl, data);
	set = ck_h5(H5Dopen2(file, "bad", H5P_DEFAULT));
	ck_h5(H5Dwrite_chunk(set, H5P_DEFAULT, 0, zero, 4000, data));
	ck_h5(H5Dclose(set));
	h5_int(file, "good", 7);
	ck_h5(H5Fclose(file));
	give(NULL, "a.h5");
	give(NULL, "b.h5");
	ck_files_fail(0, CUTE_SHM_ERR_SOURCE, "/b.h5: cannot read /b/bad: ");
	shm = files_load(CUTE_SHM_HDF5_KEEP_GOING);
	ck_children(shm, "b", "good");
	ck_assert_uint_eq(h5_told.result.failed, 1);
	ck_clean(shm);
}
END_TEST

/* ---------------------------------------------------------------- selection */

START_TEST(a_selection_begins_with_the_group)
{
	const char *select[] = { "b/obs[1:]", "c*", NULL };
	const char *exclude[] = { "*/value", NULL };
	const char *nothing[] = { "d", NULL };
	struct cute_shm_hdf5_options opt = h5_options(0);
	struct cute_shm *shm;

	make_episode("a.h5", 1, NULL);
	make_episode("b.h5", 2, NULL);
	make_episode("c.h5", 3, NULL);
	/* It is not wanted, and so not opened. */
	damage("a.h5");
	give(NULL, "a.h5");
	give(NULL, "b.h5");
	give(NULL, "c.h5");
	opt.select = select;
	opt.exclude = exclude;
	ck_ok(files_load_with(&opt, &shm));
	ck_children(shm, "", "b c");
	ck_children(shm, "b", "obs");
	ck_children(shm, "c", "obs");
	ck_array(shm, "b/obs/list", "<i4", 1, (uint64_t[]){ 1 },
		 (int32_t[]){ -2 });
	ck_attr_texts(shm, "", "cute-shm:selection",
		      "exclude=*/value|select=b/obs[1:]|select=c*");
	ck_clean(shm);
	opt.select = nothing;
	ck_err(files_load_with(&opt, &shm), CUTE_SHM_ERR_NOT_FOUND);
	ck_errmsg_has("no /d to select");
}
END_TEST

START_TEST(a_plan_is_as_the_load)
{
	struct cute_shm_hdf5_options opt = h5_options(0);
	struct cute_shm_hdf5_result plan;
	struct cute_shm *shm;

	make_episode("a.h5", 1, NULL);
	make_episode("b.h5", 2, "a.h5");
	give(NULL, "a.h5");
	give(NULL, "b.h5");
	ck_ok(cute_shm_hdf5_plan_files(files_given, files_count, &opt, &plan));
	ck_assert_uint_eq(h5_told.arrays, 4);
	shm = files_load(0);
	ck_assert_uint_eq(plan.files, 2);
	ck_assert_uint_eq(plan.arrays, h5_told.result.arrays);
	ck_assert_uint_eq(plan.groups, h5_told.result.groups);
	ck_assert_uint_eq(plan.links, h5_told.result.links);
	ck_assert_uint_eq(plan.bytes, h5_told.result.bytes);
	ck_clean(shm);
}
END_TEST

START_TEST(no_external_reads_the_given_files_only)
{
	struct cute_shm *shm;

	make_episode("a.h5", 1, "b.h5");
	make_episode("b.h5", 2, "other.h5");
	make_episode("other.h5", 3, NULL);
	give(NULL, "a.h5");
	give(NULL, "b.h5");
	shm = files_load(CUTE_SHM_HDF5_NO_EXTERNAL);
	ck_children(shm, "a", "obs value");
	ck_gone("a/next", "external link");
	ck_gone("b/next", "external link");
	ck_clean(shm);
	shm = files_load(0);
	ck_link(shm, "a/next", "b/value");
	ck_scalar(shm, "b/next", "<i4", &(int32_t){ 3 });
	ck_clean(shm);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hdf5 files");
	TCase *t = tcase_create("files");

	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, files_begin, NULL);
	tcase_add_test(t, each_file_is_a_group);
	tcase_add_test(t, more_files_than_stay_open);
	tcase_add_test(t, more_files_than_are_kept);
	tcase_add_test(t, names_of_groups);
	tcase_add_test(t, attributes_of_that_name);
	tcase_add_test(t, a_folder_is_read_in_natural_order);
	tcase_add_test(t, what_cannot_be_a_list);
	tcase_add_test(t, one_damaged_file_fails_the_load);
	tcase_add_test(t, a_damaged_object_is_named_with_its_file);
	tcase_add_test(t, a_selection_begins_with_the_group);
	tcase_add_test(t, a_plan_is_as_the_load);
	tcase_add_test(t, no_external_reads_the_given_files_only);
	suite_add_tcase(s, t);
	return test_run(s);
}
