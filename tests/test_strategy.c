/* SPDX-License-Identifier: MIT */
/* Datasets of all kinds, read by the strategies as H5Dread reads them. */

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hdf5/strategy.h"
#include "util.h"

/* A dataset to be made; zeros are the usual. */
struct kind {
	const char *how;	/* strategy that it has to take, or NULL */
	hid_t type;		/* in the file */
	hid_t mem_type;		/* 0: the same */
	unsigned ndim;
	hsize_t dims[4];
	hsize_t chunk[4];	/* 0: contiguous */
	const char *filters;	/* as in test_filter.c */
	hsize_t stored;		/* rows that are written; 0: all */
	hsize_t userblock;
	bool plain_edges;	/* chunks at the edges without filters */
	bool no_fill;		/* time of filling: never */
};

static const char *
text_of(const struct kind *k)
{
	static char text[256];

	snprintf(text, sizeof(text), "%u-d %llu x %llu x %llu, chunk %llu x "
		 "%llu, filters %s", k->ndim, (unsigned long long)k->dims[0],
		 (unsigned long long)k->dims[1],
		 (unsigned long long)k->dims[2],
		 (unsigned long long)k->chunk[0],
		 (unsigned long long)k->chunk[1], k->filters);
	return text;
}

static hid_t
dcpl_of(const struct kind *k)
{
	hid_t dcpl = H5Pcreate(H5P_DATASET_CREATE);
	uint8_t fill[64];

	if (k->chunk[0])
		ck_assert_int_ge(H5Pset_chunk(dcpl, (int)k->ndim, k->chunk), 0);
	for (const char *f = k->filters ? k->filters : ""; *f; f++)
		if (*f == 's')
			H5Pset_shuffle(dcpl);
		else if (*f == 'd')
			H5Pset_deflate(dcpl, 1);
		else if (*f == 'f')
			H5Pset_fletcher32(dcpl);
		else if (*f == 'o')	/* not one of ours */
			H5Pset_scaleoffset(dcpl, H5Z_SO_INT, 0);
	memset(fill, 0x41, sizeof(fill));
	if (k->stored)
		H5Pset_fill_value(dcpl, k->type, fill);
	if (k->plain_edges)
		H5Pset_chunk_opts(dcpl, H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS);
	if (k->no_fill)
		H5Pset_fill_time(dcpl, H5D_FILL_TIME_NEVER);
	return dcpl;
}

static size_t
bytes_as(const struct kind *k, hid_t type)
{
	size_t size = H5Tget_size(type);

	for (unsigned i = 0; i < k->ndim; i++)
		size *= k->dims[i];
	return size;
}

static hid_t
memory_type(const struct kind *k)
{
	return k->mem_type ? k->mem_type : k->type;
}

/* Letters, spaces and NULs for texts, and numbers like any other. */
static void *
noise(size_t size)
{
	uint8_t *data = malloc(size);
	uint64_t state = size * 2654435761u + 1;

	for (size_t i = 0; i < size; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		data[i] = (uint8_t)(i % 5 ? i / 100 : state >> 56);
		if (data[i] % 11 == 0)
			data[i] = data[i] % 2 ? ' ' : 0;
	}
	return data;
}

static void
write_rows(const struct kind *k, hid_t dset)
{
	hsize_t start[4] = { 0 }, count[4];
	hid_t file = H5Dget_space(dset), mem;
	void *data = noise(bytes_as(k, k->type));

	memcpy(count, k->dims, sizeof(count));
	if (k->stored)
		count[0] = k->stored;
	mem = H5Screate_simple((int)k->ndim, count, NULL);
	H5Sselect_hyperslab(file, H5S_SELECT_SET, start, NULL, count, NULL);
	ck_assert_int_ge(H5Dwrite(dset, k->type, mem, file, H5P_DEFAULT, data),
			 0);
	H5Sclose(mem);
	H5Sclose(file);
	free(data);
}

static const char *
make_file(const struct kind *k)
{
	const char *path = test_path(test_root(), "file.h5");
	hid_t fcpl = H5Pcreate(H5P_FILE_CREATE);
	hid_t fapl = H5Pcreate(H5P_FILE_ACCESS);
	hid_t dcpl = dcpl_of(k), file, space, dset;

	H5Pset_userblock(fcpl, k->userblock);
	if (k->plain_edges)
		H5Pset_libver_bounds(fapl, H5F_LIBVER_LATEST,
				     H5F_LIBVER_LATEST);
	file = H5Fcreate(path, H5F_ACC_TRUNC, fcpl, fapl);
	ck_assert_int_ge(file, 0);
	space = H5Screate_simple((int)k->ndim, k->dims, NULL);
	dset = H5Dcreate2(file, "d", k->type, space, H5P_DEFAULT, dcpl,
			  H5P_DEFAULT);
	ck_assert_int_ge(dset, 0);
	write_rows(k, dset);
	H5Dclose(dset);
	H5Sclose(space);
	H5Fclose(file);
	H5Pclose(dcpl);
	H5Pclose(fapl);
	H5Pclose(fcpl);
	return path;
}

static struct cute_shm_builder *
builder_for(size_t size)
{
	struct cute_shm_build_options opt = { .size = sizeof(opt),
					      .flags = CUTE_SHM_OVERWRITE };
	struct cute_shm_builder *b;
	uint64_t shape = size;

	ck_ok(cute_shm_builder_new("strategy", &opt, &b));
	ck_ok(cute_shm_builder_array(b, "d", "|u1", 1, &shape, NULL));
	ck_ok(cute_shm_builder_reserve(b));
	return b;
}

/* Read it with 'jobs' threads; the bytes that came out, or NULL with *err. */
static uint8_t *
read_with(const struct kind *k, hid_t dset, unsigned jobs, const char **how,
	  int *err)
{
	size_t size = bytes_as(k, memory_type(k));
	struct cute_shm_builder *b = builder_for(size);
	struct strategy_column column = { "d", k->type, memory_type(k), 0 };
	struct strategy_source source = { b, "d", dset, &column, 1,
					  NULL, NULL };
	struct cute_shm_array array;
	struct reader *reader;
	struct cute_shm *shm;
	uint8_t *copy = NULL;

	ck_ok(reader_new(jobs, NULL, NULL, &reader));
	*err = strategy_read(reader, &source, how);
	if (!*err)
		*err = reader_wait(reader);
	else
		reader_wait(reader);
	if (*err)
		ck_assert_str_eq(reader_culprit(reader), "d");
	reader_free(reader);
	if (!*err) {
		ck_ok(cute_shm_builder_publish(b, &shm));
		ck_ok(cute_shm_verify(shm, NULL, NULL));
		ck_ok(cute_shm_get(shm, "d", &array));
		copy = malloc(size);
		memcpy(copy, array.data, size);
		cute_shm_close(shm);
		ck_ok(cute_shm_unlink("strategy", NULL, NULL));
	}
	cute_shm_builder_free(b);
	return copy;
}

static void
check_same(const struct kind *k)
{
	static const unsigned jobs[] = { 1, 3 };
	size_t size = bytes_as(k, memory_type(k));
	hid_t file = H5Fopen(make_file(k), H5F_ACC_RDONLY, H5P_DEFAULT);
	hid_t dset = H5Dopen2(file, "d", H5P_DEFAULT);
	uint8_t *expected = calloc(size, 1);

	ck_assert_int_ge(H5Dread(dset, memory_type(k), H5S_ALL, H5S_ALL,
				 H5P_DEFAULT, expected), 0);
	for (size_t i = 0; i < ELEMENTS(jobs); i++) {
		const char *how = NULL;
		int err;
		uint8_t *data = read_with(k, dset, jobs[i], &how, &err);

		ck_assert_msg(err == 0, "%s: %s", text_of(k),
			      cute_shm_errmsg());
		ck_assert_pstr_eq(how, k->how);
		if (how)
			ck_assert_msg(memcmp(data, expected, size) == 0,
				      "%s: %u threads read something else",
				      text_of(k), jobs[i]);
		free(data);
	}
	free(expected);
	H5Dclose(dset);
	H5Fclose(file);
}

START_TEST(test_contiguous)
{
	const struct kind kinds[] = {
		{ "contiguous", .type = H5T_IEEE_F64LE, .ndim = 1,
		  .dims = { 1000003 } },
		{ "contiguous", .type = H5T_IEEE_F64LE, .ndim = 2,
		  .dims = { 1000, 333 }, .userblock = 1024 },
		{ "contiguous", .type = H5T_STD_I16BE, H5T_STD_I16LE, 1,
		  { 1000003 } },
		{ "contiguous", .type = H5T_STD_U32BE, H5T_STD_U32LE, 1,
		  { 100003 } },
		{ "contiguous", .type = H5T_IEEE_F64BE, H5T_IEEE_F64LE, 1,
		  { 100003 } },
		{ "contiguous", .type = H5T_STD_B8BE, H5T_STD_B8LE, 1,
		  { 300003 } },
		/* small: H5Dread is as fast */
		{ NULL, .type = H5T_IEEE_F64LE, .ndim = 1, .dims = { 100 } },
		/* a conversion that has to cut */
		{ NULL, .type = H5T_STD_I16BE, H5T_STD_U16LE, 1, { 1000003 } },
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
					       bits - 9), 0);
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

static const char *const filters[] = { "", "s", "d", "sd", "sdf", "f" };

START_TEST(test_chunks)
{
	const struct kind kinds[] = {
		/* rows of one dimension, of several, with and without edge */
		{ .type = H5T_NATIVE_INT32, .ndim = 1, .dims = { 100003 },
		  .chunk = { 1000 } },
		{ .type = H5T_NATIVE_DOUBLE, .ndim = 2, .dims = { 1001, 99 },
		  .chunk = { 10, 99 } },
		{ .type = H5T_NATIVE_UINT8, .ndim = 4, .dims = { 9, 61, 40, 3 },
		  .chunk = { 1, 61, 40, 3 } },
		/* narrower than the array */
		{ .type = H5T_NATIVE_FLOAT, .ndim = 2, .dims = { 20000, 13 },
		  .chunk = { 16384, 1 } },
		{ .type = H5T_NATIVE_INT16, .ndim = 2, .dims = { 501, 403 },
		  .chunk = { 50, 40 } },
		{ .type = H5T_NATIVE_INT64, .ndim = 3, .dims = { 31, 29, 27 },
		  .chunk = { 8, 7, 6 } },
		/* wider than the array */
		{ .type = H5T_NATIVE_INT64, .ndim = 3, .dims = { 31, 29, 27 },
		  .chunk = { 8, 29, 27 } },
		/* one chunk of several blocks */
		{ .type = H5T_NATIVE_DOUBLE, .ndim = 1, .dims = { 400000 },
		  .chunk = { 400000 } },
		/* tiny chunks */
		{ .type = H5T_NATIVE_UINT8, .ndim = 2, .dims = { 5000, 30 },
		  .chunk = { 1, 10 } },
		/* big-endian */
		{ .type = H5T_STD_I16BE, H5T_STD_I16LE, 2, { 301, 203 },
		  { 50, 40 } },
		{ .type = H5T_STD_I32BE, H5T_STD_I32LE, 1, { 30103 },
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
	struct kind k = { "chunks", .type = H5T_NATIVE_FLOAT, .ndim = 2,
			  .dims = { 3000, 1200 }, .chunk = { 3000, 7 },
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
		{ NULL, .type = H5T_NATIVE_INT32, .ndim = 1,
		  .dims = { 100003 }, .chunk = { 1000 }, .filters = "o" },
		{ NULL, .type = H5T_NATIVE_INT32, .ndim = 1, .dims = { 100 },
		  .chunk = { 10 }, .filters = "d" },
	};

	check_same(&kinds[_i]);
}
END_TEST

/* A chunk that was written with a filter skipped. */
START_TEST(test_mask)
{
	struct kind k = { "chunks", .type = H5T_NATIVE_INT32, .ndim = 2,
			  .dims = { 100, 100 }, .chunk = { 10, 20 },
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
	ck_assert_int_ge(H5Dwrite_chunk(dset, H5P_DEFAULT, 3, at,
					sizeof(plain), plain), 0);
	H5Dclose(dset);
	dset = H5Dopen2(file, "d", H5P_DEFAULT);
	ck_assert_int_ge(H5Dread(dset, k.type, H5S_ALL, H5S_ALL, H5P_DEFAULT,
				 expected), 0);
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
	struct kind k = { "chunks", .type = H5T_NATIVE_INT32, .ndim = 2,
			  .dims = { 1000, 100 }, .chunk = { 10, 20 },
			  .filters = _i % 2 ? "f" : "d" };
	hid_t file = H5Fopen(make_file(&k), H5F_ACC_RDWR, H5P_DEFAULT), dset;
	hsize_t at[] = { 500, 40 };
	uint8_t junk[804] = { 0x78, 0x9c, 0xff };
	const char *how;
	uint8_t *data;
	int err;

	dset = H5Dopen2(file, "d", H5P_DEFAULT);
	ck_assert_int_ge(H5Dwrite_chunk(dset, H5P_DEFAULT, 0, at, sizeof(junk),
					junk), 0);
	H5Dclose(dset);
	dset = H5Dopen2(file, "d", H5P_DEFAULT);
	data = read_with(&k, dset, _i < 2 ? 1 : 3, &how, &err);
	ck_assert_ptr_null(data);
	ck_assert_int_eq(err, CUTE_SHM_ERR_SOURCE);
	ck_errmsg_has(_i % 2 ? "chunk at (500, 40): fletcher32 says 0x" :
			       "chunk at (500, 40): deflate stream is damaged");
	H5Dclose(dset);
	H5Fclose(file);
}
END_TEST

struct record {
	int8_t a;
	int32_t b;
	double c;
	char d[5];
};

static const struct record records[] = { { -1, 2, 3.5, "four" } };

/* Fields of a compound become arrays of their own. */
START_TEST(test_fields)
{
	hid_t type = H5Tcreate(H5T_COMPOUND, sizeof(struct record));
	hid_t text = H5Tcopy(H5T_C_S1), padded;
	hsize_t count = 200000, chunk = 3000;
	const char *how, *path = test_path(test_root(), "table.h5");
	hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
	hid_t space = H5Screate_simple(1, &count, NULL), dcpl, dset;
	struct record *data = calloc(count, sizeof(*data));
	struct cute_shm_builder *b;
	struct cute_shm_array array;
	struct cute_shm *shm;
	struct reader *reader;

	H5Tset_size(text, 5);
	padded = H5Tcopy(text);
	H5Tset_strpad(padded, H5T_STR_NULLPAD);
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
		H5Pset_deflate(dcpl, 1);
	}
	dset = H5Dcreate2(file, "t", type, space, H5P_DEFAULT, dcpl,
			  H5P_DEFAULT);
	ck_assert_int_ge(H5Dwrite(dset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT,
				  data), 0);
	{
		struct cute_shm_build_options opt = { .size = sizeof(opt) };
		const struct strategy_column columns[] = {
			{ "t/b", H5T_STD_I32BE, H5T_STD_I32LE,
			  HOFFSET(struct record, b) },
			{ "t/c", H5T_IEEE_F64LE, H5T_IEEE_F64LE,
			  HOFFSET(struct record, c) },
			{ "t/d", text, padded, HOFFSET(struct record, d) },
		};
		struct strategy_source source = { NULL, "t", dset, columns,
						  3, NULL, NULL };
		uint64_t n = count;

		ck_ok(cute_shm_builder_new("table", &opt, &b));
		ck_ok(cute_shm_builder_array(b, "t/b", "<i4", 1, &n, NULL));
		ck_ok(cute_shm_builder_array(b, "t/c", "<f8", 1, &n, NULL));
		ck_ok(cute_shm_builder_array(b, "t/d", "|S5", 1, &n, NULL));
		ck_ok(cute_shm_builder_reserve(b));
		source.builder = b;
		ck_ok(reader_new(2, NULL, NULL, &reader));
		ck_ok(strategy_read(reader, &source, &how));
		ck_ok(reader_wait(reader));
		reader_free(reader);
	}
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
	ck_assert_mem_eq((const char *)array.data + 5 * (count - 1), "four",
			 5);
	cute_shm_close(shm);
	ck_ok(cute_shm_unlink("table", NULL, NULL));
	free(data);
	H5Dclose(dset);
	H5Pclose(dcpl);
	H5Sclose(space);
	H5Fclose(file);
	H5Tclose(padded);
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
	struct strategy_column column = { "d", k.type, k.type, 0 };
	struct strategy_source source = { b, "d", dset, &column, 1,
					  NULL, NULL };
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
	tcase_add_loop_test(tc, test_contiguous, 0, 8);
	tcase_add_test(tc, test_unallocated);
	tcase_add_loop_test(tc, test_texts, 0, 6);
	tcase_add_loop_test(tc, test_widened, 0, 4 * (int)ELEMENTS(odds));
	tcase_add_loop_test(tc, test_chunks, 0, 11 * (int)ELEMENTS(filters));
	tcase_add_loop_test(tc, test_columns, 0, 2);
	tcase_add_loop_test(tc, test_special_chunks, 0, 5);
	tcase_add_test(tc, test_mask);
	tcase_add_loop_test(tc, test_damage, 0, 4);
	tcase_add_loop_test(tc, test_fields, 0, 2);
	tcase_add_test(tc, test_cancel);
	tcase_add_test(tc, test_forced);
	suite_add_tcase(s, tc);
	return test_run(s);
}
