/* SPDX-License-Identifier: MIT */
/* Files that need what is not there: a filter, a newer libhdf5. */
#include <stdio.h>
#include <string.h>

#include "sources_util.h"

/* ----------------------------------------------------------------- filters */

#define NO_FILTER 300

static size_t
keep(unsigned flags, size_t count, const unsigned *values, size_t size,
     size_t *room, void **buffer)
{
	(void)flags, (void)count, (void)values, (void)room, (void)buffer;
	return size;
}

/* A filter that is gone when the file is loaded. */
static void
put_filtered(hid_t file, const char *name, int32_t *data)
{
	const H5Z_class2_t class = {
		H5Z_CLASS_T_VERS,	  NO_FILTER, 1,	   1,
		"the filter of the test", NULL,	     NULL, keep
	};
	hid_t dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));

	ck_h5(H5Zregister(&class));
	ck_h5(H5Pset_chunk(dcpl, 1, row));
	ck_h5(H5Pset_filter(dcpl, NO_FILTER, H5Z_FLAG_MANDATORY, 0, NULL));
	h5_put_with(file, name, H5T_STD_I32LE, 1, row, dcpl, data);
	ck_h5(H5Fflush(file, H5F_SCOPE_LOCAL));
}

START_TEST(a_plan_knows_of_missing_filters)
{
	static const struct mapping maps[] = { { "filtered.h5", "d" } };
	int32_t data[ROW] = { 1, 2, 3, 4 };
	struct cute_shm_hdf5_options opt;
	hid_t file = h5_create(h5_path("filtered.h5"));

	put_filtered(file, "d", data);
	ck_h5(H5Fclose(file));
	file = h5_begin();
	if (_i == 0)
		put_filtered(file, "d", data);
	else
		put_virtual(file, "d", maps, 1);
	h5_int(file, "fine", 1);
	ck_h5(H5Fclose(file));
	ck_h5(H5Zunregister(NO_FILTER));
	opt = h5_options(0);
	ck_err(cute_shm_hdf5_plan(h5_path("t.h5"), &opt, NULL),
	       CUTE_SHM_ERR_SOURCE);
	ck_errmsg_has("filter 300 (the filter of the test) is not installed");
	opt = h5_options(CUTE_SHM_HDF5_KEEP_GOING);
	ck_ok(cute_shm_hdf5_plan(h5_path("t.h5"), &opt, &h5_told.result));
	ck_gone("d", "filter 300");
	ck_assert_uint_eq(h5_told.failed, 1);
	ck_assert_uint_eq(h5_told.result.arrays, 1);
	ck_refused(0, "filter 300 (the filter of the test)");
}
END_TEST

/* What has no chunks needs no filter; so the load, and so the plan. */
START_TEST(a_plan_knows_what_needs_no_filter)
{
	struct cute_shm_hdf5_options opt;
	struct cute_shm *shm;
	hid_t file = h5_begin();

	put_filtered(file, "empty", NULL);
	ck_h5(H5Fclose(file));
	ck_h5(H5Zunregister(NO_FILTER));
	opt = h5_options(0);
	ck_ok(cute_shm_hdf5_plan(h5_path("t.h5"), &opt, NULL));
	shm = h5_load(-1);
	ck_clean(shm);
}
END_TEST

/* ---------------------------------------------------------------- versions */

/* Replace the byte 'before' bytes before the first 'pattern' in the file. */
static void
patch(const void *pattern, size_t size, size_t before, uint8_t value)
{
	static uint8_t data[1 << 16];
	FILE *f = fopen(h5_path("t.h5"), "r+");
	const uint8_t *found;
	size_t n;

	ck_assert_ptr_nonnull(f);
	n = fread(data, 1, sizeof(data), f);
	found = memmem(data, n, pattern, size);
	ck_assert_ptr_nonnull(found);
	ck_assert_int_eq(fseek(f, found - data - (long)before, SEEK_SET), 0);
	ck_assert_int_eq(fputc(value, f), value);
	ck_assert_int_eq(fclose(f), 0);
}

/* The version of a message, or of the superblock, is one of the future. */
static void
make_newer(int which)
{
	static const int32_t data[ROW] = { 1, 2, 3, 4 };
	hid_t file = h5_begin(), dset;
	uint8_t layout[10] = { 3, 1 };
	haddr_t at;

	h5_put(file, "x", H5T_STD_I32LE, 1, row, data);
	dset = ck_h5(H5Dopen2(file, "x", H5P_DEFAULT));
	h5_attr(dset, "the attribute", H5T_STD_I32LE, 0, NULL, data);
	at = H5Dget_offset(dset);
	memcpy(layout + 2, &at, sizeof(at));
	H5Dclose(dset);
	ck_h5(H5Fclose(file));
	if (which == 0)
		patch(layout, sizeof(layout), 0, 9);
	else if (which == 1)
		patch("the attribute", 14, 8, 9);
	else
		patch("\211HDF\r\n\032\n", 8, (size_t)-8, 9);
}

START_TEST(a_file_of_a_newer_library)
{
	unsigned major, minor, release;
	const char *path, *first;
	char text[100];

	make_newer(_i);
	ck_h5(H5get_libversion(&major, &minor, &release));
	snprintf(text, sizeof(text),
		 "written by a newer HDF5 than the "
		 "%u.%u.%u here",
		 major, minor, release);
	ck_refused(0, text);
	/* The file is named once, whatever fails with its part. */
	path = h5_path("t.h5");
	first = strstr(cute_shm_errmsg(), path);
	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_null(strstr(first + 1, path));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hdf5_unsupported");
	TCase *tc = tcase_create("unsupported");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, a_plan_knows_of_missing_filters, 0, 2);
	tcase_add_test(tc, a_plan_knows_what_needs_no_filter);
	tcase_add_loop_test(tc, a_file_of_a_newer_library, 0, 3);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
