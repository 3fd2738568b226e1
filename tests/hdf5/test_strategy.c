/* SPDX-License-Identifier: MIT */
/* Datasets of all kinds, read by the strategies as H5Dread reads them. */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "strategy_util.h"

START_TEST(test_contiguous)
{
	const struct kind kinds[] = {
		{ "contiguous", .type = H5T_IEEE_F64LE, .ndim = 1,
		  .dims = { 1000003 } },
		{ "contiguous", .type = H5T_IEEE_F64LE, .ndim = 2,
		  .dims = { 1000, 333 }, .userblock = 1024 },
		{ "contiguous",
		  .type = H5T_STD_I16BE,
		  H5T_STD_I16LE,
		  1,
		  { 1000003 } },
		{ "contiguous",
		  .type = H5T_STD_U32BE,
		  H5T_STD_U32LE,
		  1,
		  { 100003 } },
		{ "contiguous",
		  .type = H5T_IEEE_F64BE,
		  H5T_IEEE_F64LE,
		  1,
		  { 100003 } },
		{ "contiguous",
		  .type = H5T_STD_B8BE,
		  H5T_STD_B8LE,
		  1,
		  { 300003 } },
		/* small: H5Dread is as fast */
		{ NULL, .type = H5T_IEEE_F64LE, .ndim = 1, .dims = { 100 } },
	};

	check_same(&kinds[_i]);
}
END_TEST

START_TEST(test_unallocated)
{
	struct kind k = { NULL, .type = H5T_IEEE_F64LE, .ndim = 1,
			  .dims = { 100000 } };
	const char *path = test_path(test_root(), "none.h5"), *how = "";
	hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
	hid_t space = H5Screate_simple(1, k.dims, NULL);
	hid_t dset = H5Dcreate2(file, "d", k.type, space, H5P_DEFAULT,
				H5P_DEFAULT, H5P_DEFAULT);
	int err;

	free(read_with(&k, dset, 2, &how, &err));
	ck_assert_int_eq(err, 0);
	ck_assert_ptr_null(how);
	H5Dclose(dset);
	H5Sclose(space);
	H5Fclose(file);
}
END_TEST

START_TEST(test_texts)
{
	static const H5T_str_t pads[] = { H5T_STR_NULLTERM, H5T_STR_NULLPAD,
					  H5T_STR_SPACEPAD };
	struct kind k = { .ndim = 1, .dims = { 50001 } };

	k.type = H5Tcopy(H5T_C_S1);
	k.mem_type = H5Tcopy(H5T_C_S1);
	H5Tset_size(k.type, 13);
	H5Tset_size(k.mem_type, 13);
	H5Tset_strpad(k.type, pads[_i / 2]);
	H5Tset_strpad(k.mem_type, H5T_STR_NULLPAD);
	k.how = _i % 2 ? "chunks" : "contiguous";
	k.chunk[0] = _i % 2 ? 1000 : 0;
	check_same(&k);
	H5Tclose(k.type);
	H5Tclose(k.mem_type);
}
END_TEST

/* Numbers of odd sizes: contiguous, and in chunks; both byte orders. */
static const struct odd {
	hid_t *base, *mem;
	size_t size, offset, precision;
	bool is_float;
} odds[] = {
	{ &H5T_STD_I16LE_g, &H5T_NATIVE_INT16_g, 2, 2, 12, false },
	{ &H5T_STD_I16LE_g, &H5T_NATIVE_INT16_g, 2, 0, 16, false },
	{ &H5T_STD_I32LE_g, &H5T_NATIVE_INT32_g, 3, 0, 24, false },
	{ &H5T_STD_U32LE_g, &H5T_NATIVE_UINT32_g, 3, 3, 20, false },
	{ &H5T_STD_U64LE_g, &H5T_NATIVE_UINT64_g, 5, 0, 40, false },
	{ &H5T_STD_I64LE_g, &H5T_NATIVE_INT64_g, 8, 10, 50, false },
	{ &H5T_STD_U32LE_g, &H5T_NATIVE_UINT8_g, 4, 7, 5, false },
	{ &H5T_STD_B16LE_g, &H5T_NATIVE_B16_g, 2, 3, 11, false },
	{ &H5T_IEEE_F32LE_g, &H5T_IEEE_F32LE_g, 2, 0, 16, true },
	{ &H5T_IEEE_F32LE_g, &H5T_IEEE_F32LE_g, 3, 0, 24, true },
};

static hid_t
odd_type(const struct odd *o, bool big)
{
	hid_t type = H5Tcopy(*o->base);
	size_t bits = 8 * o->size;

	/* Fields first, then the size that they fit into. */
	if (o->is_float)
		ck_assert_int_ge(H5Tset_fields(type, bits - 1, bits - 9, 8, 0,
					       bits - 9),
				 0);
	if (o->precision < H5Tget_precision(type))
		ck_assert_int_ge(H5Tset_precision(type, o->precision), 0);
	ck_assert_int_ge(H5Tset_size(type, o->size), 0);
	ck_assert_int_ge(H5Tset_precision(type, o->precision), 0);
	ck_assert_int_ge(H5Tset_offset(type, o->offset), 0);
	if (big)
		H5Tset_order(type, H5T_ORDER_BE);
	return type;
}

START_TEST(test_widened)
{
	const struct odd *o = &odds[_i / 4];
	struct kind k = { .ndim = 1, .dims = { 300007 }, .mem_type = *o->mem };

	k.type = odd_type(o, _i / 2 % 2);
	k.how = _i % 2 ? "chunks" : "contiguous";
	k.chunk[0] = _i % 2 ? 1000 : 0;
	k.filters = _i % 2 ? "sd" : "";
	check_same(&k);
	H5Tclose(k.type);
}
END_TEST

struct record {
	int8_t a;
	int32_t b;
	double c;
	char d[5];
};

static const struct record records[] = { { -1, 2, 3.5, "four" } };

/* Read three fields of the table. */
static struct cute_shm_builder *
read_fields(hid_t dset, uint64_t count, hid_t text, const char **how)
{
	struct cute_shm_build_options opt = { .size = sizeof(opt) };
	const struct strategy_column columns[] = {
		{ "t/b", HOFFSET(struct record, b), described(H5T_STD_I32BE) },
		{ "t/c", HOFFSET(struct record, c), described(H5T_IEEE_F64LE) },
		{ "t/d", HOFFSET(struct record, d), described(text) },
	};
	struct strategy_source source = {
		.name = "t", .dset = dset, .columns = columns, .column_count = 3
	};
	struct cute_shm_builder *b;
	struct reader *reader;

	ck_ok(cute_shm_builder_new("table", &opt, &b));
	ck_ok(cute_shm_builder_array(b, "t/b", "<i4", 1, &count, NULL));
	ck_ok(cute_shm_builder_array(b, "t/c", "<f8", 1, &count, NULL));
	ck_ok(cute_shm_builder_array(b, "t/d", "|S5", 1, &count, NULL));
	ck_ok(cute_shm_builder_reserve(b));
	source.builder = b;
	ck_ok(reader_new(2, NULL, NULL, &reader));
	ck_ok(strategy_read(reader, &source, how));
	ck_ok(reader_wait(reader));
	reader_free(reader);
	return b;
}

/* Fields of a compound become arrays of their own. */
START_TEST(test_fields)
{
	hid_t type = H5Tcreate(H5T_COMPOUND, sizeof(struct record));
	hid_t text = H5Tcopy(H5T_C_S1);
	hsize_t count = 200000, chunk = 3000;
	const char *how, *path = test_path(test_root(), "table.h5");
	hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
	hid_t space = H5Screate_simple(1, &count, NULL), dcpl, dset;
	struct record *data = calloc(count, sizeof(*data));
	struct cute_shm_builder *b;
	struct cute_shm_array array;
	struct cute_shm *shm;

	H5Tset_size(text, 5);
	H5Tinsert(type, "a", HOFFSET(struct record, a), H5T_STD_I8LE);
	H5Tinsert(type, "b", HOFFSET(struct record, b), H5T_STD_I32BE);
	H5Tinsert(type, "c", HOFFSET(struct record, c), H5T_IEEE_F64LE);
	H5Tinsert(type, "d", HOFFSET(struct record, d), text);
	for (hsize_t i = 0; i < count; i++) {
		data[i] = records[0];
		data[i].c = (double)i;
	}
	dcpl = H5Pcreate(H5P_DATASET_CREATE);
	if (_i) {
		H5Pset_chunk(dcpl, 1, &chunk);
		H5Pset_shuffle(dcpl);
	}
	dset = H5Dcreate2(file, "t", type, space, H5P_DEFAULT, dcpl,
			  H5P_DEFAULT);
	ck_assert_int_ge(H5Dwrite(dset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT,
				  data),
			 0);
	b = read_fields(dset, count, text, &how);
	ck_assert_str_eq(how, _i ? "chunks" : "contiguous");
	ck_ok(cute_shm_builder_publish(b, &shm));
	cute_shm_builder_free(b);
	ck_ok(cute_shm_verify(shm, NULL, NULL));
	ck_ok(cute_shm_get(shm, "t/c", &array));
	for (hsize_t i = 0; i < count; i++)
		ck_assert(cute_shm_f64(&array, NULL)[i] == (double)i);
	ck_ok(cute_shm_get(shm, "t/b", &array));
	ck_assert_int_eq(cute_shm_i32(&array, NULL)[count - 1], 0x02000000);
	ck_ok(cute_shm_get(shm, "t/d", &array));
	ck_assert_mem_eq((const char *)array.data + 5 * (count - 1), "four", 5);
	cute_shm_close(shm);
	ck_ok(cute_shm_unlink("table", NULL, NULL));
	free(data);
	H5Dclose(dset);
	H5Pclose(dcpl);
	H5Sclose(space);
	H5Fclose(file);
	H5Tclose(text);
	H5Tclose(type);
}
END_TEST

static int
cancel(void *arg, uint64_t bytes)
{
	(void)bytes;
	return ++*(int *)arg > 3;
}

/* A reader can be used again after a failure. */
START_TEST(test_cancel)
{
	struct kind k = { "chunks", .type = H5T_NATIVE_INT32, .ndim = 2,
			  .dims = { 20000, 100 }, .chunk = { 10, 20 } };
	hid_t file = H5Fopen(make_file(&k), H5F_ACC_RDONLY, H5P_DEFAULT);
	hid_t dset = H5Dopen2(file, "d", H5P_DEFAULT);
	struct cute_shm_builder *b = builder_for(bytes_as(&k, k.type));
	struct strategy_column column = { "d", 0, described(k.type) };
	struct strategy_source source = { .builder = b,
					  .name = "d",
					  .dset = dset,
					  .columns = &column,
					  .column_count = 1 };
	struct reader *reader;
	const char *how;
	int calls = 0;

	ck_ok(reader_new(2, cancel, &calls, &reader));
	ck_err(strategy_read(reader, &source, &how), CUTE_SHM_ERR_CANCELLED);
	ck_err(reader_wait(reader), CUTE_SHM_ERR_CANCELLED);
	ck_ok(reader_wait(reader));
	calls = -1000;
	ck_ok(strategy_read(reader, &source, &how));
	ck_ok(reader_wait(reader));
	reader_free(reader);
	cute_shm_builder_free(b);
	H5Dclose(dset);
	H5Fclose(file);
}
END_TEST

START_TEST(test_forced)
{
	struct kind k = { NULL, .type = H5T_IEEE_F64LE, .ndim = 1,
			  .dims = { 100000 } };

	setenv("CUTE_SHM_HDF5_STRATEGY", "generic", 1);
	check_same(&k);
	unsetenv("CUTE_SHM_HDF5_STRATEGY");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("strategy");
	TCase *tc = tcase_create("strategy");

	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, test_contiguous, 0, 7);
	tcase_add_test(tc, test_unallocated);
	tcase_add_loop_test(tc, test_texts, 0, 6);
	tcase_add_loop_test(tc, test_widened, 0, 4 * (int)ELEMENTS(odds));
	tcase_add_loop_test(tc, test_fields, 0, 2);
	tcase_add_test(tc, test_cancel);
	tcase_add_test(tc, test_forced);
	suite_add_tcase(s, tc);
	return test_run(s);
}
