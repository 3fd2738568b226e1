/* SPDX-License-Identifier: MIT */
/*
 * Data in every layout that HDF5 has, with the values that belong there: by
 * H5Dread alone, by the strategies with one thread, and with three.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hdf5_util.h"

#define FILL -7

/* Values that are all different; rows that nobody writes have FILL. */
static int32_t *
numbers(const hsize_t *dims, int rank, hsize_t written, int32_t rest)
{
	/* Of all bits scaleoffset makes what libhdf5 1.14.5 cannot read. */
	const uint32_t most = 0x3fffffff;
	hsize_t row = 1, n, i;
	int32_t *data;

	for (int d = 1; d < rank; d++)
		row *= dims[d];
	n = rank ? dims[0] * row : 1;
	data = malloc((n + 1) * sizeof(*data));
	ck_assert_ptr_nonnull(data);
	for (i = 0; i < n; i++)
		data[i] = i < written * row
				  ? (int32_t)(i * 2654435761u & most) -
					    (int)most / 2
				  : rest;
	return data;
}

/* The file is closed: load it in all ways, compare array "x" each time. */
static void
ck_all_ways(const char *dtype, int rank, const hsize_t *dims,
	    const void *expected)
{
	struct cute_shm_hdf5_options opt = h5_options(CUTE_SHM_HDF5_OVERWRITE);
	const char *path = h5_path("t.h5");
	uint64_t shape[4] = { 0 }, digest = 0;
	struct cute_shm_info info;
	struct cute_shm *shm;

	for (int d = 0; d < rank; d++)
		shape[d] = dims[d];
	for (unsigned way = 0; way < 3; way++) {
		if (way == 0)
			setenv("CUTE_SHM_HDF5_STRATEGY", "generic", 1);
		else
			unsetenv("CUTE_SHM_HDF5_STRATEGY");
		opt.jobs = way == 2 ? 5 : 1;
		opt.handle = &shm;
		ck_ok(cute_shm_hdf5_load("t", path, &opt, NULL));
		ck_array(shm, "x", dtype, (unsigned)rank, shape, expected);
		ck_ok(cute_shm_verify(shm, NULL, NULL));
		ck_ok(cute_shm_info(shm, &info));
		if (way == 0)
			digest = info.metadata_digest;
		ck_assert_uint_eq(info.metadata_digest, digest);
		cute_shm_close(shm);
	}
}

/* ------------------------------------------------------------------ layouts */

struct layout {
	const char *name;
	int rank;
	hsize_t dims[3];
	hsize_t chunk[3]; /* 0: not chunked */
	hsize_t written;  /* rows; the others have a fill value */
	void (*set)(hid_t dcpl);
	bool never; /* no fill value is written */
};

static void
set_compact(hid_t dcpl)
{
	ck_h5(H5Pset_layout(dcpl, H5D_COMPACT));
}

static void
set_early(hid_t dcpl)
{
	ck_h5(H5Pset_alloc_time(dcpl, H5D_ALLOC_TIME_EARLY));
}

static void
set_gzip(hid_t dcpl)
{
	ck_h5(H5Pset_deflate(dcpl, 1));
}

static void
set_sums(hid_t dcpl)
{
	ck_h5(H5Pset_shuffle(dcpl));
	ck_h5(H5Pset_deflate(dcpl, 1));
	ck_h5(H5Pset_fletcher32(dcpl));
}

static void
set_scaleoffset(hid_t dcpl)
{
	ck_h5(H5Pset_scaleoffset(dcpl, H5Z_SO_INT, 0));
}

static void
set_nbit(hid_t dcpl)
{
	ck_h5(H5Pset_nbit(dcpl));
}

/* Not every libhdf5 can write it. */
static void
set_szip(hid_t dcpl)
{
	unsigned info = 0;

	if (H5Zget_filter_info(H5Z_FILTER_SZIP, &info) >= 0 &&
	    info & H5Z_FILTER_CONFIG_ENCODE_ENABLED)
		ck_h5(H5Pset_szip(dcpl, H5_SZIP_NN_OPTION_MASK, 8));
}

/* The data lie in two files beside; the second is short, zeros follow. */
static void
set_external(hid_t dcpl)
{
	char a[4096], b[4096];

	snprintf(a, sizeof(a), "%s", h5_path("a.raw"));
	snprintf(b, sizeof(b), "%s", h5_path("b.raw"));
	ck_h5(H5Pset_external(dcpl, a, 16, 1000 * 4));
	ck_h5(H5Pset_external(dcpl, b, 0, H5F_UNLIMITED));
}

static const struct layout layouts[] = {
	{ "compact", 1, .dims = { 1000 }, .written = 1000, .set = set_compact },
	{ "contiguous", 2, .dims = { 300, 200 }, .written = 300 },
	{ "never written", 2, .dims = { 300, 200 } },
	{ "never written, early", 2, .dims = { 300, 200 }, .set = set_early },
	{ "gaps", 1, .dims = { 70000 }, .never = true },
	{ "external", 1, .dims = { 5000 }, .written = 5000,
	  .set = set_external },
	{ "1-D, edge", 1, .dims = { 100003 }, .chunk = { 1000 },
	  .written = 100003 },
	{ "2-D, edges", 2, .dims = { 301, 203 }, .chunk = { 50, 40 },
	  .written = 301 },
	{ "3-D, edges", 3, .dims = { 31, 29, 27 }, .chunk = { 8, 7, 6 },
	  .written = 31, .set = set_gzip },
	{ "one chunk", 2, .dims = { 30, 20 }, .chunk = { 30, 20 },
	  .written = 30, .set = set_gzip },
	{ "chunks missing", 2, .dims = { 3000, 20 }, .chunk = { 100, 20 },
	  .written = 1510, .set = set_gzip },
	{ "no chunk", 2, .dims = { 3000, 20 }, .chunk = { 100, 20 },
	  .set = set_gzip },
	{ "gaps, chunks", 2, .dims = { 3000, 20 }, .chunk = { 100, 20 },
	  .written = 1500, .set = set_gzip, .never = true },
	{ "gaps, generic", 2, .dims = { 3000, 20 }, .chunk = { 100, 20 },
	  .written = 1500, .set = set_scaleoffset, .never = true },
	{ "shuffle, deflate, sums", 1, .dims = { 100003 }, .chunk = { 5000 },
	  .written = 100003, .set = set_sums },
	{ "scaleoffset", 1, .dims = { 100003 }, .chunk = { 5000 },
	  .written = 100003, .set = set_scaleoffset },
	{ "nbit", 1, .dims = { 100003 }, .chunk = { 5000 }, .written = 100003,
	  .set = set_nbit },
	{ "szip", 1, .dims = { 100000 }, .chunk = { 5000 }, .written = 100000,
	  .set = set_szip },
	{ "empty", 2, .dims = { 0, 20 }, .chunk = { 10, 20 }, .set = set_gzip },
};

static hid_t
dcpl_of(const struct layout *l)
{
	hid_t dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	const int32_t fill = FILL;

	if (l->chunk[0])
		ck_h5(H5Pset_chunk(dcpl, l->rank, l->chunk));
	if (l->never)
		ck_h5(H5Pset_fill_time(dcpl, H5D_FILL_TIME_NEVER));
	else
		ck_h5(H5Pset_fill_value(dcpl, H5T_NATIVE_INT32, &fill));
	if (l->set)
		l->set(dcpl);
	return dcpl;
}

/* Write the first rows. */
static void
put_rows(hid_t file, const struct layout *l, hid_t type, const void *data)
{
	static const hsize_t most[] = { H5S_UNLIMITED, H5S_UNLIMITED,
					H5S_UNLIMITED };
	const hsize_t start[3] = { 0 };
	hsize_t count[3];
	hid_t dcpl = dcpl_of(l), space, mem, dset;

	space = ck_h5(
		H5Screate_simple(l->rank, l->dims, l->chunk[0] ? most : NULL));
	dset = ck_h5(H5Dcreate2(file, "x", type, space, H5P_DEFAULT, dcpl,
				H5P_DEFAULT));
	memcpy(count, l->dims, sizeof(count));
	count[0] = l->written;
	if (l->written > 0) {
		mem = ck_h5(H5Screate_simple(l->rank, count, NULL));
		ck_h5(H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL,
					  count, NULL));
		ck_h5(H5Dwrite(dset, H5T_NATIVE_INT32, mem, space, H5P_DEFAULT,
			       data));
		H5Sclose(mem);
	}
	H5Dclose(dset);
	H5Sclose(space);
	H5Pclose(dcpl);
}

START_TEST(test_layouts)
{
	const struct layout *l = &layouts[_i / 2];
	hid_t type = _i % 2 ? H5T_STD_I32BE : H5T_STD_I32LE;
	int32_t *data =
		numbers(l->dims, l->rank, l->written, l->never ? 0 : FILL);
	hid_t file = h5_begin();

	put_rows(file, l, type, data);
	ck_h5(H5Fclose(file));
	ck_all_ways("<i4", l->rank, l->dims, data);
	free(data);
}
END_TEST

/* Values past the end of an external file are zero, as with H5Dread. */
START_TEST(test_external_short)
{
	static const struct layout l = { "external", 1, .dims = { 5000 },
					 .written = 5000, .set = set_external };
	int32_t *data = numbers(l.dims, 1, 3000, 0);
	hid_t file = h5_begin();

	put_rows(file, &l, H5T_STD_I32LE, data);
	ck_h5(H5Fclose(file));
	ck_assert_int_eq(truncate(h5_path("b.raw"), 2000 * 4), 0);
	ck_all_ways("<i4", 1, l.dims, data);
	free(data);
}
END_TEST

/* Space before the file's own, that of a MATLAB file for one. */
START_TEST(test_user_block)
{
	static const struct layout l = { "contiguous", 1, .dims = { 100000 },
					 .written = 100000 };
	hid_t fcpl = ck_h5(H5Pcreate(H5P_FILE_CREATE)), file;
	int32_t *data = numbers(l.dims, 1, 100000, 0);

	ck_h5(H5Pset_userblock(fcpl, 512u << _i));
	h5_begin();
	file = ck_h5(
		H5Fcreate(h5_path("u.h5"), H5F_ACC_TRUNC, fcpl, H5P_DEFAULT));
	H5Pclose(fcpl);
	put_rows(file, &l, H5T_STD_I32LE, data);
	ck_h5(H5Fclose(file));
	ck_assert_int_eq(rename(h5_path("u.h5"), h5_path("t.h5")), 0);
	ck_all_ways("<i4", 1, l.dims, data);
	free(data);
}
END_TEST

/* Chunks that went to the file as they are, though the others are packed. */
START_TEST(test_plain_chunks)
{
	static const struct layout l = { "gzip",
					 1,
					 .dims = { 10000 },
					 .chunk = { 1000 },
					 .written = 10000,
					 .set = set_gzip };
	int32_t *data = numbers(l.dims, 1, 10000, 0);
	hid_t file = h5_begin(), dset;
	hsize_t at = 3000;

	put_rows(file, &l, H5T_STD_I32LE, data);
	dset = ck_h5(H5Dopen2(file, "x", H5P_DEFAULT));
	for (int i = 0; i < 1000; i++)
		data[at + (hsize_t)i] = i;
	ck_h5(H5Dwrite_chunk(dset, H5P_DEFAULT, 1, &at, 4000, data + at));
	H5Dclose(dset);
	ck_h5(H5Fclose(file));
	ck_all_ways("<i4", 1, l.dims, data);
	free(data);
}
END_TEST

/* Rows of two datasets of another file, and rows of none. */
START_TEST(test_virtual)
{
	const hsize_t dims[] = { 30, 100 }, part[] = { 10, 100 };
	int32_t *data = numbers(dims, 2, 30, 0), fill = FILL;
	hid_t dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	hid_t space = ck_h5(H5Screate_simple(2, dims, NULL));
	hid_t source = ck_h5(H5Screate_simple(2, part, NULL));
	static const char *const names[] = { "a", "b", "missing" };
	hid_t file = h5_begin(), other = h5_create(h5_path("other.h5"));

	h5_put(other, "a", H5T_NATIVE_INT32, 2, part, data);
	h5_put(other, "b", H5T_NATIVE_INT32, 2, part, data + 1000);
	ck_h5(H5Fclose(other));
	ck_h5(H5Pset_fill_value(dcpl, H5T_NATIVE_INT32, &fill));
	for (hsize_t i = 0; i < 3; i++) {
		hsize_t start[] = { 10 * i, 0 };

		ck_h5(H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL,
					  part, NULL));
		ck_h5(H5Pset_virtual(dcpl, space, "other.h5", names[i],
				     source));
	}
	for (int i = 2000; i < 3000; i++)
		data[i] = FILL;
	H5Sselect_all(space);
	H5Dclose(ck_h5(H5Dcreate2(file, "x", H5T_STD_I32LE, space, H5P_DEFAULT,
				  dcpl, H5P_DEFAULT)));
	H5Sclose(source);
	H5Sclose(space);
	H5Pclose(dcpl);
	ck_h5(H5Fclose(file));
	ck_all_ways("<i4", 2, dims, data);
	free(data);
}
END_TEST

START_TEST(test_scalar)
{
	int32_t value = 42;
	hid_t file = h5_begin();

	h5_put(file, "x", H5T_NATIVE_INT32, 0, NULL, &value);
	ck_h5(H5Fclose(file));
	ck_all_ways("<i4", 0, NULL, &value);
}
END_TEST

/* Not packed at all: runs of 32 bytes as they are. */
static size_t
as_lzf(const uint8_t *from, size_t size, uint8_t *to)
{
	size_t at = 0;

	for (size_t i = 0; i < size; i += 32) {
		to[at++] = 31;
		memcpy(to + at, from + i, 32);
		at += 32;
	}
	return at;
}

/*
 * Too small for threads, but libhdf5 lacks its filter, which is not the first
 * one: only a strategy can read it.
 */
START_TEST(test_small_with_our_filter)
{
	enum {
		LITTLE = 64
	};
	const hsize_t dims[] = { LITTLE }, zero[] = { 0 };
	const uint64_t shape[] = { LITTLE };
	struct cute_shm_hdf5_options opt = h5_options(CUTE_SHM_HDF5_OVERWRITE);
	hid_t dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE)), set;
	uint8_t shuffled[4 * LITTLE], chunk[5 * LITTLE];
	hid_t file = h5_begin();
	struct cute_shm *shm;
	int32_t data[LITTLE];
	size_t size;

	for (int i = 0; i < LITTLE; i++) {
		data[i] = i * 1234567;
		for (int k = 0; k < 4; k++)
			shuffled[k * LITTLE + i] = (uint8_t)(data[i] >> 8 * k);
	}
	ck_h5(H5Pset_chunk(dcpl, 1, dims));
	ck_h5(H5Pset_shuffle(dcpl));
	ck_h5(H5Pset_filter(dcpl, 32000, H5Z_FLAG_OPTIONAL, 0, NULL));
	h5_put_with(file, "x", H5T_STD_I32LE, 1, dims, dcpl, NULL);
	set = ck_h5(H5Dopen2(file, "x", H5P_DEFAULT));
	size = as_lzf(shuffled, sizeof(shuffled), chunk);
	ck_h5(H5Dwrite_chunk(set, H5P_DEFAULT, 0, zero, size, chunk));
	ck_h5(H5Dclose(set));
	shm = h5_load(file);
	ck_array(shm, "x", "<i4", 1, shape, data);
	cute_shm_close(shm);
	/* By H5Dread as well, which calls it. */
	setenv("CUTE_SHM_HDF5_STRATEGY", "generic", 1);
	opt.handle = &shm;
	ck_ok(cute_shm_hdf5_load("t", h5_path("t.h5"), &opt, NULL));
	ck_array(shm, "x", "<i4", 1, shape, data);
	cute_shm_close(shm);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hdf5_read");
	TCase *t = tcase_create("layouts");

	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_layouts, 0, 2 * (int)ELEMENTS(layouts));
	tcase_add_test(t, test_external_short);
	tcase_add_loop_test(t, test_user_block, 0, 3);
	tcase_add_test(t, test_plain_chunks);
	tcase_add_test(t, test_virtual);
	tcase_add_test(t, test_scalar);
	tcase_add_test(t, test_small_with_our_filter);
	suite_add_tcase(s, t);
	return test_run(s);
}
