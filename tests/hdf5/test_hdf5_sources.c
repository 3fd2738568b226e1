/* SPDX-License-Identifier: MIT */
/*
 * What a file takes from others: links, raw files, sources of virtual datasets;
 * those that are not there, that cannot be read, and that are not wanted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hdf5/source/source.h"
#include "sources_util.h"

static const uint64_t row_[] = { ROW };

/* -------------------------------------------------------------- not wanted */

/* Every way out of the file; what stays inside is loaded. */
static void
make_ways_out(void)
{
	static const struct mapping other[] = { { "other.h5", "d" } };
	static const struct mapping gone[] = { { "gone.h5", "d" } };
	static const struct mapping own[] = { { ".", "own" } };
	static const struct mapping named[] = { { "t.h5", "own" } };
	static const struct mapping nested[] = { { ".", "virtual" } };
	static const struct mapping linked[] = { { ".", "link/d" } };
	static const struct mapping raw[] = { { ".", "raw" } };
	static const struct mapping mixed[] = { { ".", "own" },
						{ "other.h5", "d" } };
	static const int32_t data[ROW] = { 10, 11, 12, 13 };
	hid_t file = h5_begin();

	make_source("other.h5", 20);
	h5_put(file, "own", H5T_STD_I32LE, 1, row, data);
	put_raw(file);
	external_link(file, "other.h5", "/", "link");
	ck_h5(H5Lcreate_soft("/link/d", file, "soft", H5P_DEFAULT,
			     H5P_DEFAULT));
	put_virtual(file, "virtual", other, 1);
	put_virtual(file, "v_gone", gone, 1);
	put_virtual(file, "v_own", own, 1);
	put_virtual(file, "v_named", named, 1);
	put_virtual(file, "v_nested", nested, 1);
	put_virtual(file, "v_linked", linked, 1);
	put_virtual(file, "v_raw", raw, 1);
	put_virtual(file, "v_mixed", mixed, 2);
	ck_h5(H5Fclose(file));
}

static void
ck_ways_out(void)
{
	ck_gone("raw", "external raw file ");
	ck_gone("link", "external link");
	ck_gone("soft", "external link, to ");
	ck_gone("virtual", "in another file: other.h5");
	ck_gone("v_gone", "in another file: gone.h5");
	ck_gone("v_nested", "in another file: other.h5");
	ck_gone("v_linked", "in another file: ");
	ck_gone("v_raw", "external raw file ");
	ck_gone("v_mixed", "in another file: other.h5");
	ck_assert_uint_eq(h5_told.skipped, 9);
	ck_assert_uint_eq(h5_told.failed, 0);
}

START_TEST(no_external_reads_no_other_file)
{
	struct cute_shm_hdf5_options opt;
	struct cute_shm *shm;

	make_ways_out();
	opt = h5_options(CUTE_SHM_HDF5_NO_EXTERNAL);
	ck_ok(cute_shm_hdf5_plan(h5_path("t.h5"), &opt, &h5_told.result));
	ck_ways_out();
	opt = h5_options(CUTE_SHM_HDF5_NO_EXTERNAL);
	shm = h5_load_with(-1, &opt);
	ck_ways_out();
	ck_children(shm, "", "own v_named v_own");
	ck_row(shm, "v_own", 0, 10);
	ck_row(shm, "v_named", 0, 10);
	ck_clean(shm);
}
END_TEST

START_TEST(all_of_that_is_read_otherwise)
{
	struct cute_shm_hdf5_options opt;
	struct cute_shm *shm;

	make_ways_out();
	opt = h5_options(0);
	shm = h5_load_with(-1, &opt);
	ck_row(shm, "virtual", 0, 20);
	ck_row(shm, "v_gone", 0, FILL);
	ck_row(shm, "v_nested", 0, 20);
	ck_row(shm, "v_linked", 0, 20);
	ck_row(shm, "v_raw", 0, 1);
	ck_row(shm, "v_mixed", 0, 10);
	ck_row(shm, "v_mixed", 1, 20);
	ck_row(shm, "link/d", 0, 20);
	ck_link(shm, "soft", "link/d");
	ck_gone("v_gone", "gone.h5");
	ck_assert_uint_eq(h5_told.skipped, 1);
	ck_clean(shm);
}
END_TEST

/* It is loaded, exported, and loaded again: the same. */
START_TEST(no_external_comes_back)
{
	struct cute_shm_hdf5_options opt;
	struct cute_shm_info a, b;
	struct cute_shm *shm, *again;

	make_ways_out();
	opt = h5_options(CUTE_SHM_HDF5_NO_EXTERNAL);
	shm = h5_load_with(-1, &opt);
	ck_ok(cute_shm_hdf5_export(shm, h5_path("back.h5"), NULL, NULL));
	ck_ok(cute_shm_hdf5_load("again", h5_path("back.h5"), NULL, NULL));
	ck_ok(cute_shm_open("again", NULL, &again));
	ck_ok(cute_shm_info(shm, &a));
	ck_ok(cute_shm_info(again, &b));
	ck_assert_uint_eq(a.metadata_digest, b.metadata_digest);
	cute_shm_close(again);
	ck_ok(cute_shm_unlink("again", NULL, NULL));
	ck_clean(shm);
}
END_TEST

/* ------------------------------------------------------------- not there */

/* Where a dataset has no members; to libhdf5 2 that is damage. */
#define NOT_THERE (H5_VERSION_GE(2, 0, 0) ? "f" : "d/e")

START_TEST(missing_sources_are_named)
{
	static const struct mapping maps[] = {
		{ "other.h5", "d" },	   { "gone.h5", "d" },
		{ "other.h5", "e" },	   { "/nowhere/far.h5", "d" },
		{ "other.h5", NOT_THERE }, { "lost.h5", "d" },
	};
	hid_t file = h5_begin();
	struct cute_shm *shm;

	make_source("other.h5", 20);
	put_virtual(file, "v", maps, 6);
	shm = h5_load(file);
	ck_gone("v", "5 of 6 sources");
	ck_gone("v", "gone.h5, other.h5:e, /nowhere/far.h5 and 2 more");
	ck_gone("v", h5_path("gone.h5"));
	ck_assert_uint_eq(h5_told.skipped, 1);
	ck_row(shm, "v", 0, 20);
	for (unsigned i = 1; i < 6; i++)
		ck_row(shm, "v", i, FILL);
	ck_clean(shm);
}
END_TEST

/* Said of the dataset that is loaded, whatever lies between. */
START_TEST(missing_sources_of_sources_are_named)
{
	static const struct mapping inner[] = { { "gone.h5", "d" },
						{ "other.h5", "d" } };
	const hsize_t dims[] = { 2, ROW };
	hid_t file = h5_create(h5_path("inner.h5")), dcpl, space;
	struct cute_shm *shm;

	make_source("other.h5", 20);
	put_virtual(file, "v", inner, 2);
	ck_h5(H5Fclose(file));
	file = h5_begin();
	dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	space = ck_h5(H5Screate_simple(2, dims, NULL));
	ck_h5(H5Pset_virtual(dcpl, space, "inner.h5", "v", space));
	H5Sclose(space);
	h5_put_with(file, "outer", H5T_STD_I32LE, 2, dims, dcpl, NULL);
	shm = h5_load(file);
	ck_gone("outer", "gone.h5");
	ck_row(shm, "outer", 0, FILL);
	ck_row(shm, "outer", 1, 20);
	ck_clean(shm);
}
END_TEST

START_TEST(sources_with_numbers)
{
	struct cute_shm_hdf5_options opt;
	struct cute_shm_array a;
	hid_t file = h5_begin();
	struct cute_shm *shm;

	make_source("s0.h5", 10);
	make_source("s1.h5", 20);
	put_blocks(file, "v", "s%b.h5");
	put_blocks(file, "none", "n%b.h5");
	shm = h5_load(file);
	ck_row(shm, "v", 0, 10);
	ck_row(shm, "v", 1, 20);
	ck_ok(cute_shm_get(shm, "none", &a));
	ck_assert_uint_eq(a.shape[0], 0);
	ck_gone("none", "n0.h5");
	ck_assert_uint_eq(h5_told.skipped, 1);
	ck_clean(shm);
	opt = h5_options(CUTE_SHM_HDF5_NO_EXTERNAL);
	shm = h5_load_with(-1, &opt);
	ck_gone("v", "another file");
	ck_gone("none", "another file");
	ck_children(shm, "", "");
	ck_clean(shm);
}
END_TEST

START_TEST(short_raw_files_are_named)
{
	static const int32_t zeros[ROW] = { 1, 2, 3, 0 };
	hid_t file = h5_begin();
	struct cute_shm *shm;

	put_raw(file);
	ck_h5(H5Fclose(file));
	ck_assert_int_eq(truncate(h5_path("two.raw"), 4), 0);
	shm = h5_load(-1);
	ck_gone("raw", h5_path("two.raw"));
	ck_gone("raw", "4 of 8 bytes");
	ck_array(shm, "raw", "<i4", 1, row_, zeros);
	ck_clean(shm);
}
END_TEST

/* Missing, or nothing that has bytes: then there are no values to load. */
START_TEST(raw_files_that_cannot_be_read)
{
	hid_t file = h5_begin();
	struct cute_shm_hdf5_options opt;
	struct cute_shm *shm;

	put_raw(file);
	h5_int(file, "fine", 1);
	ck_h5(H5Fclose(file));
	ck_assert_int_eq(unlink(h5_path("one.raw")), 0);
	if (_i == 1)
		ck_assert_int_eq(mkfifo(h5_path("one.raw"), 0600), 0);
	else if (_i == 2)
		ck_assert_int_eq(mkdir(h5_path("one.raw"), 0700), 0);
	ck_refused(0, h5_path("one.raw"));
	ck_errmsg_has(_i == 0 ? "is missing" : "not a regular file");
	opt = h5_options(0);
	ck_err(cute_shm_hdf5_plan(h5_path("t.h5"), &opt, NULL),
	       CUTE_SHM_ERR_SOURCE);
	opt = h5_options(CUTE_SHM_HDF5_KEEP_GOING);
	shm = h5_load_with(-1, &opt);
	ck_gone("raw", h5_path("one.raw"));
	ck_assert_uint_eq(h5_told.failed, 1);
	ck_children(shm, "", "fine");
	ck_clean(shm);
}
END_TEST

/* ---------------------------------------------- there, but not to be read */

/* A text, a folder, a FIFO: not missing. */
static void
make_strange(const char *name, int which)
{
	switch (which) {
	case 0: put_text(name, "some text"); break;
	case 1: ck_assert_int_eq(mkdir(h5_path(name), 0700), 0); break;
	default: ck_assert_int_eq(mkfifo(h5_path(name), 0600), 0);
	}
}

static const char *const strange[] = { "not an HDF5 file", "Is a directory",
				       "not a regular file" };

START_TEST(links_to_what_cannot_be_read)
{
	hid_t file = h5_begin();
	struct cute_shm_hdf5_options opt;
	struct cute_shm *shm;

	make_strange("strange", _i);
	make_source("other.h5", 20);
	external_link(file, "strange", "/", "a");
	external_link(file, "gone.h5", "/", "b");
	external_link(file, "other.h5", "/x/y", "c");
	external_link(file, "other.h5", "/d", "d");
	ck_h5(H5Fclose(file));
	ck_refused(0, strange[_i]);
	opt = h5_options(CUTE_SHM_HDF5_KEEP_GOING);
	shm = h5_load_with(-1, &opt);
	ck_gone("a", strange[_i]);
	ck_gone("b", "dangling external link");
	ck_gone("c", "dangling external link");
	ck_assert_uint_eq(h5_told.failed, 1);
	ck_assert_uint_eq(h5_told.skipped, 2);
	ck_row(shm, "d", 0, 20);
	ck_clean(shm);
}
END_TEST

START_TEST(sources_that_cannot_be_read)
{
	static const struct mapping maps[] = { { "other.h5", "d" },
					       { "strange", "d" } };
	hid_t file = h5_begin();
	struct cute_shm_hdf5_options opt;
	struct cute_shm *shm;

	make_strange("strange", _i);
	make_source("other.h5", 20);
	put_virtual(file, "v", maps, 2);
	ck_h5(H5Fclose(file));
	ck_refused(0, strange[_i]);
	ck_errmsg_has(h5_path("strange"));
	opt = h5_options(CUTE_SHM_HDF5_KEEP_GOING);
	shm = h5_load_with(-1, &opt);
	ck_gone("v", strange[_i]);
	ck_assert_uint_eq(h5_told.failed, 1);
	ck_children(shm, "", "");
	ck_clean(shm);
}
END_TEST

/* ---------------------------------------------------------- many of them */

#define MANY 200

static void
make_many(void)
{
	static struct mapping maps[MANY];
	static char names[MANY][12];
	hid_t file = h5_begin();

	for (int i = 0; i < MANY; i++)
		snprintf(names[i], sizeof(names[i]), "s%03d.h5", i);
	for (int i = 0; i < MANY; i++) {
		maps[i] = (struct mapping){ names[i], "d" };
		make_source(names[i], 10 * i);
		external_link(file, names[i], "/", names[i]);
		/* Back and forth between the files. */
		external_link(file, names[i * 71 % MANY], "/d", names[i] + 1);
	}
	put_virtual(file, "v", maps, MANY);
	ck_h5(H5Fclose(file));
}

/* In a process with that many descriptors; the limit is for ever. */
static void
load_many(void)
{
	const struct rlimit limit = { 32, 32 };
	int status = 0;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		struct cute_shm_hdf5_result result;
		int err = setrlimit(RLIMIT_NOFILE, &limit);

		err = err ? err
			  : cute_shm_hdf5_load("t", h5_path("t.h5"), NULL,
					       &result);
		if (err)
			fprintf(stderr, "%s\n", cute_shm_errmsg());
		_exit(err != 0 || result.skipped != 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

START_TEST(more_files_than_descriptors)
{
	struct cute_shm *shm;
	char path[20];

	make_many();
	load_many();
	ck_ok(cute_shm_open("t", NULL, &shm));
	for (int i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), "s%03d.h5/d", i);
		ck_row(shm, "v", (unsigned)i, 10 * i);
		ck_row(shm, path, 0, 10 * i);
		snprintf(path, sizeof(path), "s%03d.h5/long", i);
		ck_row(shm, path, LONG / ROW - 1, 10 * i + LONG - ROW);
	}
	cute_shm_close(shm);
	ck_ok(cute_shm_unlink("t", NULL, NULL));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hdf5_sources");
	TCase *tc = tcase_create("sources");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, no_external_reads_no_other_file);
	tcase_add_test(tc, all_of_that_is_read_otherwise);
	tcase_add_test(tc, no_external_comes_back);
	tcase_add_test(tc, missing_sources_are_named);
	tcase_add_test(tc, missing_sources_of_sources_are_named);
	tcase_add_test(tc, sources_with_numbers);
	tcase_add_test(tc, short_raw_files_are_named);
	tcase_add_loop_test(tc, raw_files_that_cannot_be_read, 0, 3);
	tcase_add_loop_test(tc, links_to_what_cannot_be_read, 0, 3);
	tcase_add_loop_test(tc, sources_that_cannot_be_read, 0, 3);
	tcase_add_test(tc, more_files_than_descriptors);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
