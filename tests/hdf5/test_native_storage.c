/* SPDX-License-Identifier: MIT */
/* The native index says what libhdf5 says, of data and of whole files. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "hdf5_util.h"
#include "native_file.h"
#include "native_walk.h"

/* ----------------------------------------------------------------- storage */

/* How a dataset is made, and how much of it is written. */
struct storage {
	int rank;
	hsize_t dims[3], max[3], chunk[3];
	bool early; /* allocate all chunks at once */
};

#define ANY H5S_UNLIMITED

static const struct storage storages[] = {
	{ 1, { 50 }, { 50 }, { 50 }, false },	       /* single */
	{ 2, { 50, 9 }, { 50, 9 }, { 7, 4 }, true },   /* implicit */
	{ 2, { 50, 9 }, { 50, 12 }, { 7, 4 }, false }, /* fixed */
	{ 1, { 5000 }, { 5000 }, { 1 }, false },       /* with pages */
	{ 1, { 100 }, { ANY }, { 3 }, false },	       /* extensible */
	{ 3, { 4, 300, 6 }, { 4, ANY, 9 }, { 3, 4, 2 }, false },
	{ 2, { 60, 70 }, { ANY, ANY }, { 3, 7 }, false }, /* B-tree 2 */
	{ 2, { 9, 900 }, { ANY, ANY }, { 1, 5 }, false },
};
#define STORAGES (sizeof(storages) / sizeof(*storages))

/* An extensible array has pages behind its first 131,072 elements. */
static const struct storage paged = { 1, { 300000 }, { ANY }, { 2 }, false };

#define WRITTEN ((hsize_t)60) /* elements of each dimension, at most */

static hid_t
dataset_plist(const struct storage *s, unsigned filters)
{
	hid_t dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	const int16_t fill = -7;

	ck_h5(H5Pset_chunk(dcpl, s->rank, s->chunk));
	ck_h5(H5Pset_fill_value(dcpl, H5T_NATIVE_INT16, &fill));
	if (s->early)
		ck_h5(H5Pset_alloc_time(dcpl, H5D_ALLOC_TIME_EARLY));
	if (filters > 0) {
		ck_h5(H5Pset_shuffle(dcpl));
		ck_h5(H5Pset_deflate(dcpl, 1));
		ck_h5(H5Pset_fletcher32(dcpl));
	}
	if (filters > 1)
		ck_h5(H5Pset_chunk_opts(dcpl,
					H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS));
	return dcpl;
}

static void
put_storage(hid_t file, const char *name, const struct storage *s,
	    unsigned filters, bool part)
{
	hid_t dcpl = dataset_plist(s, filters), space, dset, memory;
	hsize_t count[3], start[3] = { 0 }, points = 1;
	int16_t *data;
	int i;

	for (i = 0; i < s->rank; i++) {
		/* A part leaves chunks out, also at the beginning. */
		count[i] = part ? s->dims[i] / 8 + 1 : s->dims[i];
		if (count[i] > WRITTEN)
			count[i] = WRITTEN;
		start[i] = part ? s->dims[i] / 8 * 7 : 0;
		points *= count[i];
	}
	data = calloc(points, sizeof(*data));
	for (hsize_t k = 0; k < points; k++)
		data[k] = (int16_t)(k * 37 / 11);
	space = ck_h5(H5Screate_simple(s->rank, s->dims, s->max));
	memory = ck_h5(H5Screate_simple(s->rank, count, NULL));
	dset = ck_h5(H5Dcreate2(file, name, H5T_STD_I16BE, space, H5P_DEFAULT,
				dcpl, H5P_DEFAULT));
	ck_h5(H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count,
				  NULL));
	ck_h5(H5Dwrite(dset, H5T_NATIVE_INT16, memory, space, H5P_DEFAULT,
		       data));
	free(data);
	ck_h5(H5Sclose(space));
	ck_h5(H5Sclose(memory));
	ck_h5(H5Dclose(dset));
	ck_h5(H5Pclose(dcpl));
}

/* All indexes of chunks, with and without filters, whole and in parts. */
START_TEST(test_chunks)
{
	hid_t file = native_file(_i, H5P_DEFAULT);
	struct native_report r;
	char name[32];
	unsigned i, k;

	for (i = 0; i < STORAGES; i++)
		for (k = 0; k < 6; k++) {
			snprintf(name, sizeof(name), "s%u.%u", i, k);
			put_storage(file, name, &storages[i], k % 3, k > 2);
		}
	r = native_file_same(file, 0);
	ck_assert_uint_eq(r.values, 2 * 6 * STORAGES);
}
END_TEST

START_TEST(test_pages)
{
	hid_t file = native_file(2, H5P_DEFAULT);
	struct native_report r;

	put_storage(file, "plain", &paged, 0, true);
	put_storage(file, "filtered", &paged, 1, true);
	r = native_file_same(file, 0);
	ck_assert_uint_eq(r.values, 4);
}
END_TEST

/* Chunks outside the extent stay in the file; a dataset without any. */
START_TEST(test_shrunk)
{
	hid_t file = native_file(_i, H5P_DEFAULT), dset;
	const hsize_t less[] = { 11, 2000 }, one[] = { 40 };

	put_storage(file, "a", &storages[7], 0, false);
	dset = ck_h5(H5Dopen2(file, "a", H5P_DEFAULT));
	ck_h5(H5Dset_extent(dset, less));
	ck_h5(H5Dclose(dset));
	put_storage(file, "b", &storages[4], 1, false);
	dset = ck_h5(H5Dopen2(file, "b", H5P_DEFAULT));
	ck_h5(H5Dset_extent(dset, one));
	ck_h5(H5Dclose(dset));
	h5_put_with(file, "c", H5T_STD_I16LE, 2, less,
		    dataset_plist(&storages[6], 1), NULL);
	native_file_same(file, 0);
}
END_TEST

/* Compact and contiguous data, with all kinds of fill values. */
START_TEST(test_plain)
{
	hid_t file = native_file(_i, H5P_DEFAULT), dcpl;
	const hsize_t dims[] = { 5, 6 }, none[] = { 0, 6 };
	const int32_t data[30] = { 1, 2, 3 }, fill = 42;
	char name[32];
	unsigned i;

	for (i = 0; i < 12; i++) {
		dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
		if (i % 2)
			ck_h5(H5Pset_layout(dcpl, H5D_COMPACT));
		if (i % 3 == 1)
			ck_h5(H5Pset_fill_value(dcpl, H5T_NATIVE_INT32, &fill));
		if (i % 3 == 2)
			ck_h5(H5Pset_fill_value(dcpl, H5T_NATIVE_INT32, NULL));
		if (i == 3)
			ck_h5(H5Pset_fill_time(dcpl, H5D_FILL_TIME_NEVER));
		snprintf(name, sizeof(name), "d%u", i);
		h5_put_with(file, name, H5T_STD_I32LE, 2, i == 8 ? none : dims,
			    dcpl, i < 6 ? data : NULL);
	}
	h5_put(file, "null", H5T_STD_I32LE, -1, NULL, NULL);
	h5_int(file, "scalar", 3);
	native_file_same(file, 0);
}
END_TEST

/* -------------------------------------------------------------- whole files */

static void
put_some(hid_t file)
{
	const hsize_t dims[] = { 4 };
	static const char *const texts[] = { "a", "", "some text", "b" };
	hid_t text, group;
	char name[100];

	text = h5_string(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_ASCII);
	h5_put(file, "texts", text, 1, dims, texts);
	ck_h5(H5Tclose(text));
	group = ck_h5(H5Gcreate2(file, "group", H5P_DEFAULT, H5P_DEFAULT,
				 H5P_DEFAULT));
	for (unsigned i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "%u name %.*u", i * 7919 % 60,
			 (int)i, i);
		h5_group(group, name);
	}
	ck_h5(H5Gclose(group));
	put_storage(file, "chunks", &storages[7], 1, false);
	put_storage(file, "array", &storages[4], 1, false);
	h5_attr(file, "attribute", H5T_STD_I32LE, 1, dims, NULL);
}

/* Numbers of other sizes, user blocks, other nodes, pages. */
START_TEST(test_whole)
{
	hid_t fcpl = ck_h5(H5Pcreate(H5P_FILE_CREATE));
	int what = _i / VERSIONS;

	switch (what) {
	case 0: ck_h5(H5Pset_userblock(fcpl, 2048)); break;
	case 1: ck_h5(H5Pset_sizes(fcpl, 4, 4)); break;
	case 2: ck_h5(H5Pset_sizes(fcpl, 8, 4)); break;
	case 3:
		ck_h5(H5Pset_sym_k(fcpl, 3, 2));
		ck_h5(H5Pset_istore_k(fcpl, 2));
		break;
	default:
		ck_h5(H5Pset_file_space_strategy(fcpl, H5F_FSPACE_STRATEGY_PAGE,
						 true, 1));
		break;
	}
	hid_t file = native_file(_i % VERSIONS, fcpl);

	put_some(file);
	/* With lengths of 4 bytes libhdf5 cannot open what has no limit. */
	native_file_same(file, 0);
}
END_TEST

/* What only libhdf5 reads: data in other files, shared messages. */
START_TEST(test_no_opinion)
{
	hid_t fcpl = ck_h5(H5Pcreate(H5P_FILE_CREATE)), file, dcpl, space;
	const hsize_t dims[] = { 8 };

	ck_h5(H5Pset_shared_mesg_nindexes(fcpl, 1));
	ck_h5(H5Pset_shared_mesg_index(fcpl, 0, H5O_SHMESG_DTYPE_FLAG, 1));
	file = native_file(2, fcpl);
	dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	ck_h5(H5Pset_external(dcpl, "raw", 0, 32));
	h5_put_with(file, "raw", H5T_STD_I32LE, 1, dims, dcpl, NULL);
	space = ck_h5(H5Screate_simple(1, dims, NULL));
	dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	ck_h5(H5Pset_virtual(dcpl, space, ".", "raw", space));
	h5_put_with(file, "virtual", H5T_STD_I32LE, 1, dims, dcpl, NULL);
	ck_h5(H5Sclose(space));
	h5_put(file, "shared1", H5T_STD_I64BE, 1, dims, NULL);
	h5_put(file, "shared2", H5T_STD_I64BE, 1, dims, NULL);
	native_file_same(file, 3);
}
END_TEST

/* ------------------------------------------------------- few, large reads */

/* The number of reads follows from the file's size, not from its objects. */
START_TEST(test_reads)
{
	hid_t file = native_file(_i, H5P_DEFAULT);
	int fd = -1;
	struct native n;
	uint64_t size, sum;

	for (int32_t i = 0; i < 3000; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%d", i);
		h5_int(file, name, i);
	}
	ck_h5(H5Fclose(file));
	fd = open(h5_path("t.h5"), O_RDONLY | O_CLOEXEC);
	size = (uint64_t)lseek(fd, 0, SEEK_END);
	ck_assert_int_eq(native_open(fd, size, 0, &n), 0);
	ck_assert_uint_eq(n.count, 3001);
	ck_assert_uint_eq(n.image.reads, 1);
	sum = native_walk(&n);
	native_close(&n);
	ck_assert_int_eq(native_open(fd, size, 1, &n), 0);
	/* A small file: a few reads that are small, then large ones. */
	ck_assert_uint_le(n.image.reads, 8 + size / 65536 + 1);
	ck_assert(native_walk(&n) == sum);
	native_close(&n);
	close(fd);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("native storage");
	TCase *tc = tcase_create("native");

	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, test_chunks, 0, VERSIONS);
	tcase_add_test(tc, test_pages);
	tcase_add_loop_test(tc, test_shrunk, 0, VERSIONS);
	tcase_add_loop_test(tc, test_plain, 0, VERSIONS);
	tcase_add_loop_test(tc, test_whole, 0, 5 * VERSIONS);
	tcase_add_test(tc, test_no_opinion);
	tcase_add_loop_test(tc, test_reads, 0, VERSIONS);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
