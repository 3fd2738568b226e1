/* SPDX-License-Identifier: MIT */
/* Chunks of all shapes, with and without filters, sound and damaged. */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "strategy_util.h"

static const char *const filters[] = { "", "s", "d", "sd", "sdf", "f" };

START_TEST(test_chunks)
{
	const struct kind kinds[] = {
		/* rows of one dimension, of several, with and without edge */
		{ .type = H5T_NATIVE_INT32,
		  .ndim = 1,
		  .dims = { 100003 },
		  .chunk = { 1000 } },
		{ .type = H5T_NATIVE_DOUBLE,
		  .ndim = 2,
		  .dims = { 1001, 99 },
		  .chunk = { 10, 99 } },
		{ .type = H5T_NATIVE_UINT8,
		  .ndim = 4,
		  .dims = { 9, 61, 40, 3 },
		  .chunk = { 1, 61, 40, 3 } },
		/* narrower than the array */
		{ .type = H5T_NATIVE_FLOAT,
		  .ndim = 2,
		  .dims = { 20000, 13 },
		  .chunk = { 16384, 1 } },
		{ .type = H5T_NATIVE_INT16,
		  .ndim = 2,
		  .dims = { 501, 403 },
		  .chunk = { 50, 40 } },
		{ .type = H5T_NATIVE_INT64,
		  .ndim = 3,
		  .dims = { 31, 29, 27 },
		  .chunk = { 8, 7, 6 } },
		/* wider than the array */
		{ .type = H5T_NATIVE_INT64,
		  .ndim = 3,
		  .dims = { 31, 29, 27 },
		  .chunk = { 8, 29, 27 } },
		/* one chunk of several blocks */
		{ .type = H5T_NATIVE_DOUBLE,
		  .ndim = 1,
		  .dims = { 400000 },
		  .chunk = { 400000 } },
		/* tiny chunks */
		{ .type = H5T_NATIVE_UINT8,
		  .ndim = 2,
		  .dims = { 5000, 30 },
		  .chunk = { 1, 10 } },
		/* big-endian */
		{ .type = H5T_STD_I16BE,
		  H5T_STD_I16LE,
		  2,
		  { 301, 203 },
		  { 50, 40 } },
		{ .type = H5T_STD_I32BE,
		  H5T_STD_I32LE,
		  1,
		  { 30103 },
		  { 1000 } },
	};
	struct kind k = kinds[_i / (int)ELEMENTS(filters)];

	k.how = "chunks";
	k.filters = filters[_i % (int)ELEMENTS(filters)];
	check_same(&k);
	/* Chunks that are not there. */
	k.stored = k.dims[0] / 2 + 1;
	check_same(&k);
}
END_TEST

/* Wide enough that a row of chunks is more than a tile may be. */
START_TEST(test_columns)
{
	struct kind k = { "chunks",
			  .type = H5T_NATIVE_FLOAT,
			  .ndim = 2,
			  .dims = { 3000, 1200 },
			  .chunk = { 3000, 7 },
			  .filters = _i ? "sd" : "" };

	check_same(&k);
	k.chunk[0] = 2000;
	k.chunk[1] = 900;
	k.dims[1] = 2000;
	check_same(&k);
}
END_TEST

START_TEST(test_special_chunks)
{
	const struct kind kinds[] = {
		{ "chunks", .type = H5T_NATIVE_INT32, .ndim = 2,
		  .dims = { 501, 403 }, .chunk = { 50, 40 }, .filters = "sd",
		  .plain_edges = true },
		{ "chunks", .type = H5T_NATIVE_INT32, .ndim = 1,
		  .dims = { 100003 }, .chunk = { 1000 }, .filters = "d",
		  .plain_edges = true },
		/* never filled: what is not there is zero */
		{ "chunks", .type = H5T_NATIVE_INT32, .ndim = 1,
		  .dims = { 100003 }, .chunk = { 1000 }, .filters = "d",
		  .stored = 500, .no_fill = true },
		/* another's filter, little data */
		{ NULL, .type = H5T_NATIVE_INT32, .ndim = 1, .dims = { 100003 },
		  .chunk = { 1000 }, .filters = "o" },
		{ NULL, .type = H5T_NATIVE_INT32, .ndim = 1, .dims = { 100 },
		  .chunk = { 10 }, .filters = "d" },
	};

	check_same(&kinds[_i]);
}
END_TEST

/* A chunk that was written with a filter skipped. */
START_TEST(test_mask)
{
	struct kind k = { "chunks",
			  .type = H5T_NATIVE_INT32,
			  .ndim = 2,
			  .dims = { 100, 100 },
			  .chunk = { 10, 20 },
			  .filters = "sd" };
	const char *path = make_file(&k), *how;
	hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT), dset;
	hsize_t at[] = { 20, 40 };
	int32_t plain[200], expected[10000];
	uint8_t *data;
	int err;

	for (int i = 0; i < 200; i++)
		plain[i] = i * 1000;
	dset = H5Dopen2(file, "d", H5P_DEFAULT);
	ck_assert_int_ge(H5Dwrite_chunk(dset, H5P_DEFAULT, 3, at, sizeof(plain),
					plain),
			 0);
	H5Dclose(dset);
	dset = H5Dopen2(file, "d", H5P_DEFAULT);
	ck_assert_int_ge(H5Dread(dset, k.type, H5S_ALL, H5S_ALL, H5P_DEFAULT,
				 expected),
			 0);
	ck_assert_int_eq(expected[2040], 0);
	ck_assert_int_eq(expected[2041], 1000);
	data = read_with(&k, dset, 2, &how, &err);
	ck_assert_int_eq(err, 0);
	ck_assert_mem_eq(data, expected, sizeof(expected));
	free(data);
	H5Dclose(dset);
	H5Fclose(file);
}
END_TEST

/* Damage names the chunk and the cause, with any number of threads. */
START_TEST(test_damage)
{
	struct kind k = { "chunks",
			  .type = H5T_NATIVE_INT32,
			  .ndim = 2,
			  .dims = { 1000, 100 },
			  .chunk = { 10, 20 },
			  .filters = _i % 2 ? "f" : "d" };
	hid_t file = H5Fopen(make_file(&k), H5F_ACC_RDWR, H5P_DEFAULT), dset;
	hsize_t at[] = { 500, 40 };
	uint8_t junk[804] = { 0x78, 0x9c, 0xff };
	const char *how;
	uint8_t *data;
	int err;

	dset = H5Dopen2(file, "d", H5P_DEFAULT);
	ck_assert_int_ge(H5Dwrite_chunk(dset, H5P_DEFAULT, 0, at, sizeof(junk),
					junk),
			 0);
	H5Dclose(dset);
	dset = H5Dopen2(file, "d", H5P_DEFAULT);
	data = read_with(&k, dset, _i < 2 ? 1 : 3, &how, &err);
	ck_assert_ptr_null(data);
	ck_assert_int_eq(err, CUTE_SHM_ERR_SOURCE);
	ck_errmsg_has(_i % 2 ? "chunk at (500, 40): fletcher32 says 0x"
			     : "chunk at (500, 40): deflate stream is damaged");
	H5Dclose(dset);
	H5Fclose(file);
}
END_TEST
int
main(void)
{
	Suite *s = suite_create("strategy_chunks");
	TCase *tc = tcase_create("strategy_chunks");

	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, test_chunks, 0, 11 * (int)ELEMENTS(filters));
	tcase_add_loop_test(tc, test_columns, 0, 2);
	tcase_add_loop_test(tc, test_special_chunks, 0, 5);
	if (filter_inflate) {
		tcase_add_test(tc, test_mask);
		tcase_add_loop_test(tc, test_damage, 0, 4);
	}
	suite_add_tcase(s, tc);
	return test_run(s);
}
