/* SPDX-License-Identifier: MIT */
/*
 * Chunks that are wider than their array, as when it may grow: memory follows
 * what the array has, not what its chunks have room for.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "hdf5_util.h"

#define ROWS 20000
#define WIDE 65536 /* chunks of so many columns, */
#define USED 2	   /* and the array has two */

/* Whole chunks of the tallest array would be 10 GiB. */
static const struct rlimit enough = { 200 << 20, 200 << 20 };

struct pair {
	int32_t a;
	char text[4];
};

static hid_t
pair_type(void)
{
	hid_t t = ck_h5(H5Tcreate(H5T_COMPOUND, sizeof(struct pair)));
	hid_t s = h5_string(4, H5T_STR_NULLPAD, H5T_CSET_ASCII);

	ck_h5(H5Tinsert(t, "a", 0, H5T_STD_I32LE));
	ck_h5(H5Tinsert(t, "text", 4, s));
	H5Tclose(s);
	return t;
}

/* A dataset that may grow, of which the rows from 'first' on are written. */
static void
put(hid_t file, hid_t type, int rank, const hsize_t *dims, hid_t dcpl,
    hsize_t first, hsize_t rows, const void *data)
{
	hsize_t most[] = { H5S_UNLIMITED, H5S_UNLIMITED, H5S_UNLIMITED };
	hsize_t start[3] = { first }, count[3];
	hid_t space = ck_h5(H5Screate_simple(rank, dims, most)), mem, set;

	set = ck_h5(H5Dcreate2(file, "d", type, space, H5P_DEFAULT, dcpl,
			       H5P_DEFAULT));
	memcpy(count, dims, sizeof(*dims) * (size_t)rank);
	count[0] = rows;
	mem = ck_h5(H5Screate_simple(rank, count, NULL));
	ck_h5(H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count,
				  NULL));
	ck_h5(H5Dwrite(set, type, mem, space, H5P_DEFAULT, data));
	H5Sclose(mem);
	H5Sclose(space);
	H5Dclose(set);
	H5Pclose(dcpl);
}

enum {
	DEFLATE = 1,
	SHUFFLE = 2,
	FOREIGN = 4,
	EDGES = 8
};

static hid_t
chunks(int rank, const hsize_t *chunk, unsigned filters)
{
	hid_t dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));

	ck_h5(H5Pset_chunk(dcpl, rank, chunk));
	if (filters & SHUFFLE)
		ck_h5(H5Pset_shuffle(dcpl));
	if (filters & DEFLATE)
		ck_h5(H5Pset_deflate(dcpl, 1));
	if (filters & FOREIGN)
		ck_h5(H5Pset_nbit(dcpl));
	if (filters & EDGES)
		ck_h5(H5Pset_chunk_opts(dcpl,
					H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS));
	return dcpl;
}

static struct cute_shm *
load_limited(hid_t file)
{
	ck_h5(H5Fclose(file));
	if (!SANITIZED)
		ck_assert_int_eq(setrlimit(RLIMIT_DATA, &enough), 0);
	return h5_load(-1);
}

static const struct {
	unsigned filters;
	bool generic;
	const char *strategy;
} ways[] = {
	{ 0, false, "chunks" },
	{ DEFLATE, false, "chunks" },
	{ DEFLATE | SHUFFLE, false, "chunks" },
	{ DEFLATE | EDGES, false, "chunks" },
	{ FOREIGN, false, "generic" },
	{ 0, true, "generic" },
	{ DEFLATE, true, "generic" },
};

/* Few of many rows are there; others are fill values. */
START_TEST(tall)
{
	const hsize_t dims[] = { ROWS, USED }, chunk[] = { 1, WIDE };
	const uint64_t shape[] = { ROWS, USED };
	hid_t file = h5_begin(), dcpl = chunks(2, chunk, ways[_i].filters);
	static int32_t all[ROWS][USED];
	struct cute_shm *shm;
	int32_t fill = 7;

	for (int i = 0; i < ROWS; i++)
		for (int k = 0; k < USED; k++)
			all[i][k] = i < 100 || i >= 108 ? fill : 10 * i + k;
	ck_h5(H5Pset_fill_value(dcpl, H5T_STD_I32LE, &fill));
	put(file, H5T_STD_I32LE, 2, dims, dcpl, 100, 8, all[100]);
	if (ways[_i].generic)
		setenv("CUTE_SHM_HDF5_STRATEGY", "generic", 1);
	shm = load_limited(file);
	ck_assert_str_eq(h5_told.strategy, ways[_i].strategy);
	ck_array(shm, "d", "<i4", 2, shape, all);
	unsetenv("CUTE_SHM_HDF5_STRATEGY");
	ck_clean(shm);
}
END_TEST

/* All dimensions but the middle one are narrower than the chunk. */
START_TEST(in_the_middle)
{
	const hsize_t dims[] = { 3, 900, 5 }, chunk[] = { 8, 7, 4096 };
	const uint64_t shape[] = { 3, 900, 5 };
	hid_t file = h5_begin(), dcpl = chunks(3, chunk, ways[_i].filters);
	static int32_t all[3][900][5];
	struct cute_shm *shm;

	for (int i = 0; i < 3 * 900 * 5; i++)
		(&all[0][0][0])[i] = i + 1;
	put(file, H5T_STD_I32LE, 3, dims, dcpl, 0, 3, all);
	if (ways[_i].generic)
		setenv("CUTE_SHM_HDF5_STRATEGY", "generic", 1);
	shm = load_limited(file);
	ck_assert_str_eq(h5_told.strategy, ways[_i].strategy);
	ck_array(shm, "d", "<i4", 3, shape, all);
	unsetenv("CUTE_SHM_HDF5_STRATEGY");
	ck_clean(shm);
}
END_TEST

/* The last chunk of a row has one column of many. */
START_TEST(beyond_the_edge)
{
	enum {
		COLUMNS = 1025
	};
	const hsize_t dims[] = { 40, COLUMNS }, chunk[] = { 64, 1024 };
	const uint64_t shape[] = { 40, COLUMNS };
	hid_t file = h5_begin(), dcpl = chunks(2, chunk, ways[_i].filters);
	static int32_t all[40][COLUMNS];
	struct cute_shm *shm;

	for (int i = 0; i < 40 * COLUMNS; i++)
		(&all[0][0])[i] = i + 1;
	put(file, H5T_STD_I32LE, 2, dims, dcpl, 0, 40, all);
	if (ways[_i].generic)
		setenv("CUTE_SHM_HDF5_STRATEGY", "generic", 1);
	shm = load_limited(file);
	ck_array(shm, "d", "<i4", 2, shape, all);
	unsetenv("CUTE_SHM_HDF5_STRATEGY");
	ck_clean(shm);
}
END_TEST

/* One dimension, a chunk of 256 MiB without filters that is not cached. */
START_TEST(one_row)
{
	const hsize_t dims[] = { 10000 }, chunk[] = { 1 << 26 };
	const uint64_t shape[] = { 10000 };
	hid_t file = h5_begin(), dcpl = chunks(1, chunk, 0);
	static int32_t all[10000];
	struct cute_shm *shm;
	hsize_t most[] = { H5S_UNLIMITED };
	hid_t space = ck_h5(H5Screate_simple(1, dims, most));

	for (int i = 0; i < 10000; i++)
		all[i] = 5;
	ck_h5(H5Pset_fill_value(dcpl, H5T_STD_I32LE, all));
	if (_i)
		setenv("CUTE_SHM_HDF5_STRATEGY", "generic", 1);
	ck_h5(H5Dclose(ck_h5(H5Dcreate2(file, "d", H5T_STD_I32LE, space,
					H5P_DEFAULT, dcpl, H5P_DEFAULT))));
	H5Pclose(dcpl);
	H5Sclose(space);
	shm = load_limited(file);
	ck_array(shm, "d", "<i4", 1, shape, all);
	unsetenv("CUTE_SHM_HDF5_STRATEGY");
	ck_clean(shm);
}
END_TEST

START_TEST(records)
{
	const hsize_t dims[] = { ROWS / 2, USED }, chunk[] = { 2, WIDE };
	const uint64_t shape[] = { ROWS / 2, USED };
	hid_t file = h5_begin(), type = pair_type();
	static struct pair all[ROWS / 2][USED];
	static int32_t a[ROWS / 2][USED];
	static char text[ROWS / 2][USED][4];
	struct cute_shm *shm;

	for (int i = 10; i < 20; i++)
		for (int k = 0; k < USED; k++) {
			all[i][k].a = a[i][k] = 10 * i + k;
			memcpy(all[i][k].text, "ab\0", 4);
			memcpy(text[i][k], "ab\0", 4);
		}
	put(file, type, 2, dims, chunks(2, chunk, (unsigned)_i), 10, 10,
	    all[10]);
	H5Tclose(type);
	shm = load_limited(file);
	ck_assert_str_eq(h5_told.strategy, "chunks");
	ck_array(shm, "d/a", "<i4", 2, shape, a);
	ck_array(shm, "d/text", "|S4", 2, shape, text);
	ck_clean(shm);
}
END_TEST

START_TEST(texts)
{
	const hsize_t dims[] = { 200, USED }, chunk[] = { 1, WIDE / 4 };
	hid_t file = h5_begin();
	hid_t type = h5_string(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_UTF8);
	static const char *all[2][USED] = { { "one", "two" },
					    { "three", "four" } };
	struct cute_shm_array a;
	struct cute_shm *shm;
	const void *p;
	uint64_t n;

	put(file, type, 2, dims, chunks(2, chunk, (unsigned)_i), 100, 2, all);
	H5Tclose(type);
	shm = load_limited(file);
	ck_ok(cute_shm_get(shm, "d", &a));
	ck_assert_uint_eq(a.value_count, 15);
	ck_ok(cute_shm_element(&a, 2 * 101, &p, &n));
	ck_assert_uint_eq(n, 5);
	ck_assert_int_eq(memcmp(p, "three", 5), 0);
	ck_clean(shm);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hdf5 wide");
	TCase *t = tcase_create("wide");

	tcase_set_timeout(t, 300);
	tcase_add_loop_test(t, tall, 0, ELEMENTS(ways));
	tcase_add_loop_test(t, in_the_middle, 0, ELEMENTS(ways));
	tcase_add_loop_test(t, beyond_the_edge, 0, ELEMENTS(ways));
	tcase_add_loop_test(t, one_row, 0, 2);
	tcase_add_loop_test(t, records, 0, 4);
	tcase_add_loop_test(t, texts, 0, 4);
	suite_add_tcase(s, t);
	return test_run(s);
}
