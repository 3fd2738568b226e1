/* SPDX-License-Identifier: MIT */
/*
 * What the native index knows is loaded without libhdf5, and as libhdf5 would
 * load it.
 */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5_util.h"

/* What the reader has reported of libhdf5. */
struct heard {
	unsigned opened;
	char reasons[4][300];
	unsigned count;
};

static void
hear(enum cute_shm_log_level level, const char *message, void *arg)
{
	struct heard *h = arg;

	(void)level;
	if (strstr(message, "libhdf5 is open"))
		h->opened++;
	if (strstr(message, "libhdf5 reads") && h->count < 4)
		snprintf(h->reasons[h->count++], sizeof(h->reasons[0]), "%s",
			 message);
}

/* Load t.h5, by the index or by libhdf5; the metadata digest. */
static uint64_t
load(const char *strategy, struct heard *heard)
{
	struct cute_shm_hdf5_options opt = h5_options(CUTE_SHM_HDF5_OVERWRITE);
	struct cute_shm_info info;
	struct cute_shm *shm;

	*heard = (struct heard){ .opened = 0 };
	opt.handle = &shm;
	if (strategy)
		setenv("CUTE_SHM_HDF5_STRATEGY", strategy, 1);
	cute_shm_set_log(CUTE_SHM_LOG_DEBUG, hear, heard);
	ck_ok(cute_shm_hdf5_load("t", h5_path("t.h5"), &opt, NULL));
	cute_shm_set_log(CUTE_SHM_LOG_DEBUG, NULL, NULL);
	unsetenv("CUTE_SHM_HDF5_STRATEGY");
	ck_ok(cute_shm_verify(shm, NULL, NULL));
	ck_ok(cute_shm_info(shm, &info));
	cute_shm_close(shm);
	return info.metadata_digest;
}

/* The same by the index as by libhdf5, which that does not open. */
static void
ck_native(hid_t file)
{
	struct heard heard;
	uint64_t native, library;

	ck_h5(H5Fclose(file));
	native = load(NULL, &heard);
	ck_assert_uint_eq(heard.opened, 0);
	ck_assert_uint_eq(heard.count, 0);
	library = load("library", &heard);
	ck_assert_uint_eq(heard.opened, 1);
	ck_assert_uint_eq(native, library);
	ck_assert_uint_eq(load("generic", &heard), library);
	ck_ok(cute_shm_unlink("t", NULL, NULL));
}

/* A file in the form of the oldest or the latest version. */
static hid_t
create(bool latest)
{
	hid_t fapl = H5Pcreate(H5P_FILE_ACCESS), file;

	if (latest)
		H5Pset_libver_bounds(fapl, H5F_LIBVER_V110, H5F_LIBVER_V110);
	file = ck_h5(
		H5Fcreate(h5_path("t.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, fapl));
	H5Pclose(fapl);
	return file;
}

static hid_t
chunked(int rank, const hsize_t *chunk)
{
	hid_t dcpl = H5Pcreate(H5P_DATASET_CREATE);

	ck_h5(H5Pset_chunk(dcpl, rank, chunk));
	return dcpl;
}

START_TEST(test_numbers)
{
	static double data[400][300];
	const hsize_t dims[] = { 400, 300 }, chunk[] = { 70, 90 };
	const hsize_t one[] = { 1 };
	hid_t file = create(_i), dcpl, odd;
	const int32_t fill = 7;

	for (int i = 0; i < 400; i++)
		for (int k = 0; k < 300; k++)
			data[i][k] = i * 300 + k;
	h5_put(file, "contiguous", H5T_NATIVE_DOUBLE, 2, dims, data);
	h5_put(file, "big", H5T_IEEE_F64BE, 2, dims, data);
	h5_put_with(file, "chunks", H5T_NATIVE_DOUBLE, 2, dims,
		    chunked(2, chunk), data);
	dcpl = chunked(2, chunk);
	ck_h5(H5Pset_shuffle(dcpl));
	ck_h5(H5Pset_deflate(dcpl, 1));
	ck_h5(H5Pset_fletcher32(dcpl));
	h5_put_with(file, "packed", H5T_NATIVE_DOUBLE, 2, dims, dcpl, data);
	dcpl = chunked(2, chunk);
	ck_h5(H5Pset_fill_value(dcpl, H5T_NATIVE_INT32, &fill));
	h5_put_with(file, "missing", H5T_STD_I32BE, 2, dims, dcpl, NULL);
	dcpl = H5Pcreate(H5P_DATASET_CREATE);
	ck_h5(H5Pset_layout(dcpl, H5D_COMPACT));
	h5_put_with(file, "compact", H5T_NATIVE_DOUBLE, 1, one, dcpl, data);
	h5_put(file, "unwritten", H5T_NATIVE_DOUBLE, 2, dims, NULL);
	odd = H5Tcopy(H5T_STD_I32LE);
	ck_h5(H5Tset_precision(odd, 12));
	ck_h5(H5Tset_size(odd, 3));
	h5_put(file, "odd", odd, 2, dims, data);
	h5_put(file, "null", H5T_NATIVE_DOUBLE, -1, NULL, NULL);
	h5_attr(file, "a", H5T_STD_I16BE, 1, one, data);
	H5Tclose(odd);
	ck_native(file);
}
END_TEST

struct row {
	int8_t a;
	double b[2];
	const char *text;
	hvl_t list;
	hobj_ref_t reference;
};

static hid_t
row_type(void)
{
	const hsize_t two = 2;
	hid_t pair = H5Tarray_create2(H5T_NATIVE_DOUBLE, 1, &two);
	hid_t text = h5_string(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_UTF8);
	hid_t list = H5Tvlen_create(H5T_NATIVE_INT16);
	hid_t type = ck_h5(H5Tcreate(H5T_COMPOUND, sizeof(struct row)));

	ck_h5(H5Tinsert(type, "a", HOFFSET(struct row, a), H5T_NATIVE_INT8));
	ck_h5(H5Tinsert(type, "b", HOFFSET(struct row, b), pair));
	ck_h5(H5Tinsert(type, "text", HOFFSET(struct row, text), text));
	ck_h5(H5Tinsert(type, "list", HOFFSET(struct row, list), list));
	ck_h5(H5Tinsert(type, "reference", HOFFSET(struct row, reference),
			H5T_STD_REF_OBJ));
	H5Tclose(pair);
	H5Tclose(text);
	H5Tclose(list);
	return type;
}

/* Texts, lists and references, as data and as attributes. */
START_TEST(test_records)
{
	static int16_t items[] = { 1, -2, 3 };
	const hsize_t n = 3, chunk = 2;
	struct row rows[3] = {
		{ 1, { 2, 3 }, "four", { 3, items }, 0 },
		{ 5, { 6, 7 }, "", { 0, NULL }, 0 },
		{ -8, { 9, 0 }, "\303\274", { 1, items }, 0 },
	};
	hid_t file = create(_i), type = row_type();

	h5_group(file, "g");
	ck_h5(H5Rcreate(&rows[0].reference, file, "/g", H5R_OBJECT, -1));
	h5_put(file, "rows", type, 1, &n, rows);
	h5_put_with(file, "chunks", type, 1, &n, chunked(1, &chunk), rows);
	h5_attr(file, "rows", type, 1, &n, rows);
	H5Tclose(type);
	ck_native(file);
}
END_TEST

START_TEST(test_links)
{
	hid_t file = create(_i);

	h5_group(file, "g");
	h5_int(file, "g/x", 1);
	ck_h5(H5Lcreate_hard(file, "g/x", file, "again", H5P_DEFAULT,
			     H5P_DEFAULT));
	ck_h5(H5Lcreate_hard(file, "/", file, "g/up", H5P_DEFAULT,
			     H5P_DEFAULT));
	ck_h5(H5Lcreate_soft("/g/./up//g/x", file, "soft", H5P_DEFAULT,
			     H5P_DEFAULT));
	ck_h5(H5Lcreate_soft("soft", file, "softer", H5P_DEFAULT, H5P_DEFAULT));
	ck_h5(H5Lcreate_soft("/none", file, "dangling", H5P_DEFAULT,
			     H5P_DEFAULT));
	ck_native(file);
}
END_TEST

/* A dataset that the index cannot decode: libhdf5 reads it, and no other. */
START_TEST(test_mixed)
{
	static int32_t data[1000];
	const hsize_t n = 1000, chunk = 100;
	hid_t file = create(_i), dcpl = chunked(1, &chunk);
	struct heard heard;
	uint64_t mixed;

	for (int i = 0; i < 1000; i++)
		data[i] = i;
	ck_h5(H5Pset_nbit(dcpl));
	h5_put_with(file, "packed", H5T_NATIVE_INT32, 1, &n, dcpl, data);
	h5_put(file, "plain", H5T_NATIVE_INT32, 1, &n, data);
	h5_group(file, "g");
	h5_int(file, "g/x", 1);
	ck_h5(H5Fclose(file));
	mixed = load(NULL, &heard);
	ck_assert_uint_eq(heard.opened, 1);
	ck_assert_uint_eq(heard.count, 1);
	ck_assert_ptr_nonnull(strstr(heard.reasons[0], "/packed: a filter"));
	ck_assert_uint_eq(load("library", &heard), mixed);
	ck_ok(cute_shm_unlink("t", NULL, NULL));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hdf5_native");
	TCase *tc = tcase_create("native");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, test_numbers, 0, 2);
	tcase_add_loop_test(tc, test_records, 0, 2);
	tcase_add_loop_test(tc, test_links, 0, 2);
	tcase_add_loop_test(tc, test_mixed, 0, 2);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
