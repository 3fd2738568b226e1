/* SPDX-License-Identifier: MIT */
/*
 * Every kind of datatype in every layout: what the strategies load is, bit for
 * bit, what H5Dread alone loads, with lists kept in memory or read twice.
 */
#include <stdlib.h>
#include <string.h>

#include "hdf5_util.h"

#define ROWS	67
#define COLUMNS 33
#define COUNT	(ROWS * COLUMNS)

enum {
	NUMBERS,
	BYTES,
	LISTS,
	TEXTS
};

static struct kind {
	const char *name;
	hid_t type;
	int data;
} kinds[64];
static size_t kind_count;

static void
kind_add(const char *name, hid_t type, int data)
{
	ck_assert_uint_lt(kind_count, ELEMENTS(kinds));
	kinds[kind_count++] = (struct kind){ name, ck_h5(type), data };
}

static hid_t
text_type(H5T_str_t pad, size_t size)
{
	hid_t t = ck_h5(H5Tcopy(H5T_C_S1));

	ck_h5(H5Tset_size(t, size));
	ck_h5(H5Tset_strpad(t, pad));
	return t;
}

static hid_t
enum_type(hid_t base, size_t bytes)
{
	hid_t t = ck_h5(H5Tenum_create(base));
	uint8_t value[8] = { 0 };

	ck_h5(H5Tenum_insert(t, "NONE", value));
	value[bytes - 1] = 1;
	ck_h5(H5Tenum_insert(t, "ONE", value));
	return t;
}

/* Fields of all sizes, some of them not where they would be aligned. */
static hid_t
record_type(bool packed, hid_t word)
{
	const hid_t types[] = {
		H5T_STD_I8LE,
		H5T_STD_I16BE,
		H5T_IEEE_F32LE,
		H5T_IEEE_F64BE,
		text_type(H5T_STR_NULLTERM, 3),
		word,
		H5Tarray_create2(H5T_STD_U16LE, 1, (hsize_t[]){ 8 }),
	};
	hid_t t = ck_h5(H5Tcreate(H5T_COMPOUND, 80));
	char name[3] = "f0";

	for (size_t i = 0, at = 0; i < ELEMENTS(types); i++) {
		name[1] = (char)('0' + i);
		ck_h5(H5Tinsert(t, name, at, types[i]));
		at += H5Tget_size(types[i]) + (i % 2);
	}
	if (packed)
		ck_h5(H5Tpack(t));
	return t;
}

static hid_t
bits(hid_t type, size_t precision, size_t offset)
{
	hid_t t = ck_h5(H5Tcopy(type));

	ck_h5(H5Tset_precision(t, precision));
	ck_h5(H5Tset_offset(t, offset));
	return t;
}

#define KINDS 34

static void
kinds_make(void)
{
	kind_add("i8", H5T_STD_I8LE, NUMBERS);
	kind_add("i16", H5T_STD_I16LE, NUMBERS);
	kind_add("i16be", H5T_STD_I16BE, NUMBERS);
	kind_add("u32be", H5T_STD_U32BE, NUMBERS);
	kind_add("i64be", H5T_STD_I64BE, NUMBERS);
	kind_add("i24", bits(H5T_STD_I32LE, 24, 0), NUMBERS);
	kind_add("u12be", bits(H5T_STD_U16BE, 12, 2), NUMBERS);
	/* Of these, libhdf5 takes what lies around the bits for a part. */
	kind_add("i12be", bits(H5T_STD_I16BE, 12, 0), BYTES);
	kind_add("u31be", bits(H5T_STD_U32BE, 31, 0), BYTES);
	kind_add("i7be", bits(H5T_STD_I8BE, 7, 0), BYTES);
	kind_add("i12", bits(H5T_STD_I16LE, 12, 0), BYTES);
	kind_add("bits12be", bits(H5T_STD_B16BE, 12, 0), BYTES);
	kind_add("array12be",
		 H5Tarray_create2(bits(H5T_STD_I16BE, 12, 0), 1,
				  (hsize_t[]){ 2 }),
		 BYTES);
	kind_add("f32", H5T_IEEE_F32LE, NUMBERS);
	kind_add("f64be", H5T_IEEE_F64BE, NUMBERS);
	kind_add("f16", h5_float(2, 16, 15, 10, 5, 10, 15), NUMBERS);
	kind_add("bf16", h5_float(2, 16, 15, 7, 8, 7, 127), NUMBERS);
	kind_add("bits8", H5T_STD_B8LE, BYTES);
	kind_add("bits32be", H5T_STD_B32BE, BYTES);
	kind_add("opaque5", H5Tcreate(H5T_OPAQUE, 5), BYTES);
	kind_add("enum8", enum_type(H5T_STD_I8LE, 1), BYTES);
	kind_add("enum32be", enum_type(H5T_STD_I32BE, 4), BYTES);
	kind_add("text_null", text_type(H5T_STR_NULLPAD, 7), BYTES);
	kind_add("text_end", text_type(H5T_STR_NULLTERM, 7), BYTES);
	kind_add("text_space", text_type(H5T_STR_SPACEPAD, 7), BYTES);
	kind_add("array", H5Tarray_create2(H5T_STD_I32LE, 1, (hsize_t[]){ 3 }),
		 BYTES);
	kind_add("array_be",
		 H5Tarray_create2(H5T_STD_I32BE, 2, (hsize_t[]){ 2, 3 }),
		 BYTES);
	kind_add("array_enum",
		 H5Tarray_create2(enum_type(H5T_STD_I16BE, 2), 1,
				  (hsize_t[]){ 2 }),
		 BYTES);
	kind_add("record", record_type(false, H5T_STD_I64LE), BYTES);
	kind_add("packed", record_type(true, H5T_STD_I64LE), BYTES);
	kind_add("record_bits", record_type(true, H5T_STD_B64BE), BYTES);
	kind_add("records",
		 H5Tarray_create2(record_type(false, H5T_STD_U8LE), 1,
				  (hsize_t[]){ 2 }),
		 BYTES);
	kind_add("lists", H5Tvlen_create(H5T_NATIVE_INT16), LISTS);
	kind_add("texts", text_type(H5T_STR_NULLTERM, H5T_VARIABLE), TEXTS);
}

/* Enough of what has strategies that it is not too small for them. */
static hsize_t
rows_of(const struct kind *k)
{
	hsize_t row = COLUMNS * H5Tget_size(k->type), enough = 128 << 10;

	return k->data == LISTS || k->data == TEXTS || enough / row < ROWS
		       ? ROWS
		       : enough / row + 5;
}

/* In memory: numbers as doubles, the rest as in the file. */
static void *
data_new(const struct kind *k)
{
	static int16_t items[] = { 5, -6, 7, -8, 9 };
	static char text[] = "seven of nine", none[] = "";
	size_t size = k->data == NUMBERS ? 8 : H5Tget_size(k->type);
	size_t count = rows_of(k) * COLUMNS;
	uint8_t *data = calloc(count, size);
	unsigned seed = 7;
	hvl_t *lists = (hvl_t *)(void *)data;
	char **texts = (char **)(void *)data;
	double *numbers = (double *)(void *)data;

	for (size_t i = 0; i < count; i++) {
		unsigned n = (unsigned)rand_r(&seed);

		if (k->data == NUMBERS)
			numbers[i] = n % 100;
		else if (k->data == LISTS)
			lists[i] = (hvl_t){ n % 6, n % 6 ? items : NULL };
		else if (k->data == TEXTS)
			texts[i] = n % 3 ? text + n % 13 : none;
		else
			for (size_t b = 0; b < size; b++)
				data[i * size + b] = (uint8_t)rand_r(&seed);
	}
	return data;
}

static const struct layout {
	const char *name;
	hsize_t chunk[2]; /* 0: none; ROWS: all */
	bool compact, gzip, missing;
} layouts[] = {
	{ "contiguous", { 0 }, false, false, false },
	{ "rows", { 8, COLUMNS }, false, false, false },
	{ "narrow", { ROWS, 4 }, false, false, false },
	{ "tiles", { 16, 8 }, false, true, false },
	{ "one", { ROWS, COLUMNS }, false, true, false },
	{ "compact", { 0 }, true, false, false },
	{ "unwritten", { 0 }, false, false, true },
	{ "holes", { 16, 8 }, false, true, true },
};
#define WHOLE 5 /* so many of them have all data */

static hid_t
dcpl_of(const struct layout *l, hsize_t rows)
{
	hid_t dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	hsize_t chunk[] = { l->chunk[0] == ROWS ? rows : l->chunk[0],
			    l->chunk[1] };

	if (l->compact)
		ck_h5(H5Pset_layout(dcpl, H5D_COMPACT));
	if (l->chunk[0])
		ck_h5(H5Pset_chunk(dcpl, 2, chunk));
	if (l->gzip) {
		ck_h5(H5Pset_shuffle(dcpl));
		ck_h5(H5Pset_deflate(dcpl, 1));
	}
	return dcpl;
}

/* Of what is missing, the first rows are written, if it has chunks. */
static void
put(hid_t file, const struct kind *k, const struct layout *l, const void *data)
{
	hsize_t dims[] = { rows_of(k), COLUMNS }, none[] = { 0, 0 };
	hsize_t part[] = { 20, COLUMNS };
	hid_t dcpl = dcpl_of(l, dims[0]), space, mem, dset;
	hid_t mem_type = k->data == NUMBERS ? H5T_NATIVE_DOUBLE : k->type;
	char name[64];

	/* Compact data have at most 64 KiB. */
	if (l->compact)
		dims[0] = 10;
	snprintf(name, sizeof(name), "%s_%s", k->name, l->name);
	space = ck_h5(H5Screate_simple(2, dims, NULL));
	dset = ck_h5(H5Dcreate2(file, name, k->type, space, H5P_DEFAULT, dcpl,
				H5P_DEFAULT));
	mem = ck_h5(H5Screate_simple(2, l->missing ? part : dims, NULL));
	if (l->missing)
		ck_h5(H5Sselect_hyperslab(space, H5S_SELECT_SET, none, NULL,
					  part, NULL));
	if (!l->missing || l->chunk[0])
		ck_h5(H5Dwrite(dset, mem_type, mem, space, H5P_DEFAULT, data));
	H5Dclose(dset);
	H5Sclose(mem);
	H5Sclose(space);
	H5Pclose(dcpl);
}

static uint64_t
digest_of(const char *strategy)
{
	struct cute_shm_hdf5_options opt = h5_options(0);
	struct cute_shm_info info;
	struct cute_shm *shm;

	if (strategy)
		setenv("CUTE_SHM_HDF5_STRATEGY", strategy, 1);
	shm = h5_load_with(-1, &opt);
	unsetenv("CUTE_SHM_HDF5_STRATEGY");
	ck_assert_uint_eq(h5_told.skipped + h5_told.failed, 0);
	ck_assert_uint_ge(h5_told.arrays, ELEMENTS(layouts));
	ck_ok(cute_shm_info(shm, &info));
	ck_clean(shm);
	return info.metadata_digest;
}

/* One kind a file, or what differs would not be known. */
START_TEST(same_as_generic)
{
	const struct kind *k;
	uint64_t generic;
	void *data;
	hid_t file = h5_begin();

	kinds_make();
	ck_assert_int_lt(_i, (int)kind_count);
	k = &kinds[_i];
	data = data_new(k);
	for (size_t i = 0; i < ELEMENTS(layouts); i++)
		put(file, k, &layouts[i], data);
	free(data);
	ck_h5(H5Fclose(file));
	generic = digest_of("generic");
	ck_assert_msg(digest_of(NULL) == generic, "%s", k->name);
	keep_lists_max = 0;
	ck_assert_msg(digest_of(NULL) == generic, "%s, lists read twice",
		      k->name);
}
END_TEST

/* Texts have another size in the file than in memory; many such records. */
START_TEST(records_with_texts)
{
	struct record {
		int32_t id;
		char *name;
		double x;
	} *records = calloc(COUNT, sizeof(*records));
	const uint64_t shape[] = { ROWS, COLUMNS };
	static char seven[] = "seven", none[] = "";
	hid_t file = h5_begin(), t, text;
	struct cute_shm_array a;
	struct cute_shm *shm;
	int32_t ids[COUNT];
	double xs[COUNT];
	char path[64];
	const void *p;
	uint64_t n;

	for (int i = 0; i < COUNT; i++) {
		ids[i] = i;
		xs[i] = i / 3.0;
		records[i] = (struct record){ i, i % 3 ? seven : none, xs[i] };
	}
	text = text_type(H5T_STR_NULLTERM, H5T_VARIABLE);
	t = ck_h5(H5Tcreate(H5T_COMPOUND, sizeof(*records)));
	ck_h5(H5Tinsert(t, "id", HOFFSET(struct record, id), H5T_NATIVE_INT32));
	ck_h5(H5Tinsert(t, "name", HOFFSET(struct record, name), text));
	ck_h5(H5Tinsert(t, "x", HOFFSET(struct record, x), H5T_NATIVE_DOUBLE));
	put(file, &(struct kind){ "r", t, TEXTS }, &layouts[_i], records);
	keep_lists_max = _i % 2 ? 0 : keep_lists_max;
	shm = h5_load(file);
	snprintf(path, sizeof(path), "r_%s/id", layouts[_i].name);
	ck_array(shm, path, "<i4", 2, shape, ids);
	snprintf(path, sizeof(path), "r_%s/x", layouts[_i].name);
	ck_array(shm, path, "<f8", 2, shape, xs);
	snprintf(path, sizeof(path), "r_%s/name", layouts[_i].name);
	ck_ok(cute_shm_get(shm, path, &a));
	for (int i = 0; i < COUNT; i += 100) {
		ck_ok(cute_shm_element(&a, (uint64_t)i, &p, &n));
		ck_assert_uint_eq(n, strlen(records[i].name));
		ck_assert_int_eq(memcmp(p, records[i].name, n), 0);
	}
	ck_clean(shm);
	H5Tclose(t);
	free(records);
}
END_TEST

/* Chunks of 6 MiB, more than is read at once, of a type without a strategy. */
START_TEST(chunks_beyond_a_band)
{
	const hsize_t dims[] = { 3, 1000, 1000 };
	const uint64_t shape[] = { 3, 1000, 1000 };
	hsize_t chunk[] = { 2, 900, 900 };
	hid_t file = h5_begin(), dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	int32_t *data = calloc(3000000, sizeof(*data));
	struct cute_shm *shm;

	for (int i = 0; i < 3000000; i++)
		data[i] = i % 30011;
	ck_h5(H5Pset_chunk(dcpl, 3, chunk));
	ck_h5(H5Pset_nbit(dcpl));
	h5_put_with(file, "x", H5T_NATIVE_INT32, 3, dims, dcpl, data);
	shm = h5_load(file);
	ck_array(shm, "x", "<i4", 3, shape, data);
	ck_clean(shm);
	free(data);
}
END_TEST

/* 32 dimensions in chunks, of a type that has no strategy. */
START_TEST(most_dimensions)
{
	enum {
		COUNT32 = 243 * 32 * 16
	};
	hid_t file = h5_begin(), dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	static int32_t data[COUNT32];
	hsize_t dims[32], chunk[32];
	uint64_t shape[32];
	struct cute_shm *shm;

	for (int i = 0; i < 32; i++) {
		shape[i] = dims[i] = i < 18 ? 1 : i < 28 && i % 2 == 0 ? 3 : 2;
		chunk[i] = i < 18 ? 1 : 2;
	}
	for (int i = 0; i < COUNT32; i++)
		data[i] = i;
	ck_h5(H5Pset_chunk(dcpl, 32, chunk));
	ck_h5(H5Pset_nbit(dcpl));
	h5_put_with(file, "x", H5T_NATIVE_INT32, 32, dims, dcpl, data);
	shm = h5_load(file);
	ck_array(shm, "x", "<i4", 32, shape, data);
	ck_clean(shm);
}
END_TEST

#define ROW   (512 * 1024)
#define PARTS 24 /* three bands */

/* What no source of a virtual dataset has written, and has no fill value. */
START_TEST(gaps_of_sources)
{
	const hsize_t dims[] = { PARTS, ROW }, part[] = { PARTS / 3, ROW };
	const hsize_t at[] = { 0, 0 };
	const uint64_t shape[] = { PARTS, ROW };
	hid_t dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE)), space, source, set;
	int32_t *data = calloc((size_t)PARTS * ROW, sizeof(*data));
	hid_t all = ck_h5(H5Screate_simple(2, dims, NULL)), file;
	struct cute_shm *shm;

	ck_assert_ptr_nonnull(data);
	for (int i = 0; i < PARTS / 3 * ROW; i++)
		data[i] = -1;
	source = h5_create(h5_path("source.h5"));
	ck_h5(H5Pset_chunk(dcpl, 2, part));
	ck_h5(H5Pset_fill_time(dcpl, H5D_FILL_TIME_NEVER));
	set = ck_h5(H5Dcreate(source, "y", H5T_NATIVE_INT32, all, H5P_DEFAULT,
			      dcpl, H5P_DEFAULT));
	space = ck_h5(H5Scopy(all));
	ck_h5(H5Sselect_hyperslab(space, H5S_SELECT_SET, at, NULL, part, NULL));
	ck_h5(H5Dwrite(set, H5T_NATIVE_INT32, space, space, H5P_DEFAULT, data));
	ck_h5(H5Dclose(set));
	ck_h5(H5Fclose(source));
	file = h5_begin();
	ck_h5(H5Pclose(dcpl));
	dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	ck_h5(H5Pset_virtual(dcpl, all, "source.h5", "y", all));
	set = ck_h5(H5Dcreate(file, "x", H5T_NATIVE_INT32, all, H5P_DEFAULT,
			      dcpl, H5P_DEFAULT));
	ck_h5(H5Dclose(set));
	ck_h5(H5Pclose(dcpl));
	ck_h5(H5Sclose(space));
	ck_h5(H5Sclose(all));
	shm = h5_load(file);
	ck_array(shm, "x", "<i4", 2, shape, data);
	ck_clean(shm);
	free(data);
}
END_TEST

/* Types that libhdf5 takes for equal, though their members come otherwise. */
START_TEST(order_of_members)
{
	const hsize_t dims[] = { 3 };
	const int8_t values[] = { 0, 1, 1 };
	const float numbers[] = { 1, 2, 3, 4, 5, 6 };
	const uint64_t shape[] = { 3 };
	const float first[] = { 1, 3, 5 }, second[] = { 2, 4, 6 };
	hid_t file = h5_begin(), types[4];
	int8_t zero = 0, one = 1;
	struct cute_shm *shm;

	for (int i = 0; i < 2; i++) {
		types[i] = ck_h5(H5Tenum_create(H5T_STD_I8LE));
		ck_h5(H5Tenum_insert(types[i], i ? "b" : "a",
				     i ? &one : &zero));
		ck_h5(H5Tenum_insert(types[i], i ? "a" : "b",
				     i ? &zero : &one));
		types[2 + i] = ck_h5(H5Tcreate(H5T_COMPOUND, 8));
		ck_h5(H5Tinsert(types[2 + i], i ? "i" : "r", i ? 4 : 0,
				H5T_IEEE_F32LE));
		ck_h5(H5Tinsert(types[2 + i], i ? "r" : "i", i ? 0 : 4,
				H5T_IEEE_F32LE));
	}
	h5_put(file, "a", types[0], 1, dims, values);
	h5_put(file, "b", types[1], 1, dims, values);
	h5_put(file, "c", types[2], 1, dims, numbers);
	h5_put(file, "d", types[3], 1, dims, numbers);
	for (int i = 0; i < 4; i++)
		ck_h5(H5Tclose(types[i]));
	shm = h5_load(file);
	ck_attr_texts(shm, "a", "cute-shm:enum-names", "a|b");
	ck_attr_texts(shm, "b", "cute-shm:enum-names", "b|a");
	ck_array(shm, "c", "<c8", 1, shape, numbers);
	ck_array(shm, "d/r", "<f4", 1, shape, first);
	ck_array(shm, "d/i", "<f4", 1, shape, second);
	ck_children(shm, "d", "i r");
	ck_clean(shm);
}
END_TEST

/*
 * Chunks without filters that the file says are longer than their elements: by
 * a little, and by more than there is room for.
 */
START_TEST(chunks_too_long)
{
	static int32_t data[64 * 4096], more[8 * 1024 * 1024];
	const hsize_t dims[] = { 64, 4096 }, chunk[] = { 1, 4096 };
	const uint64_t shape[] = { 64, 4096 };
	const size_t row = 4096 * sizeof(*data);
	hid_t file = h5_begin(), dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	struct cute_shm *shm;
	hid_t set;

	for (int i = 0; i < 64 * 4096; i++)
		data[i] = i * 7;
	ck_h5(H5Pset_chunk(dcpl, 2, chunk));
	set = ck_h5(H5Dcreate(file, "x", H5T_STD_I32LE,
			      ck_h5(H5Screate_simple(2, dims, NULL)),
			      H5P_DEFAULT, dcpl, H5P_DEFAULT));
	for (hsize_t i = 0; i < 64; i++) {
		const hsize_t at[] = { i, 0 };
		size_t size = i % 3 == 1     ? row + 4
			      : i % 16 == 15 ? sizeof(more)
					     : row;

		memcpy(more, data + i * 4096, row);
		ck_h5(H5Dwrite_chunk(set, H5P_DEFAULT, 0, at, size, more));
	}
	ck_h5(H5Pclose(dcpl));
	ck_h5(H5Dclose(set));
	shm = h5_load(file);
	ck_array(shm, "x", "<i4", 2, shape, data);
	ck_clean(shm);
}
END_TEST

/* Datasets that are read at once, in bands, as lists: the chunk is named. */
START_TEST(damaged_chunks)
{
	static const struct {
		hsize_t count, chunk;
		bool texts, generic;
	} cases[] = {
		{ 400, 100, false, false },
		{ 40000, 10000, false, false },
		{ 4000000, 1000000, false, false },
		{ 4000000, 1000000, false, true },
		{ 4000, 1000, true, false },
	};
	struct cute_shm_hdf5_options opt = h5_options(0);
	hid_t file = h5_begin(), dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	hsize_t count = cases[_i].count, chunk = cases[_i].chunk;
	static char text[] = "text", garbage[] = "this is no deflate stream";
	hid_t set, type = cases[_i].texts
				  ? text_type(H5T_STR_NULLTERM, H5T_VARIABLE)
				  : H5T_NATIVE_INT32;
	char **texts = calloc(count, sizeof(*texts)), message[64];
	const hsize_t bad[] = { 2 * chunk };

	for (hsize_t i = 0; i < count && cases[_i].texts; i++)
		texts[i] = text;
	ck_h5(H5Pset_chunk(dcpl, 1, &chunk));
	ck_h5(H5Pset_deflate(dcpl, 1));
	h5_put_with(file, "x", type, 1, &count, dcpl, texts);
	set = ck_h5(H5Dopen2(file, "x", H5P_DEFAULT));
	ck_h5(H5Dwrite_chunk(set, H5P_DEFAULT, 0, bad, sizeof(garbage),
			     garbage));
	ck_h5(H5Dclose(set));
	ck_h5(H5Fclose(file));
	if (cases[_i].generic)
		setenv("CUTE_SHM_HDF5_STRATEGY", "generic", 1);
	ck_err(cute_shm_hdf5_load("t", h5_path("t.h5"), &opt, NULL),
	       CUTE_SHM_ERR_SOURCE);
	snprintf(message, sizeof(message),
		 "/x: chunk at (%u): ", (unsigned)(2 * chunk));
	ck_errmsg_has(message);
	free(texts);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hdf5_layouts");
	TCase *tc = tcase_create("hdf5_layouts");

	tcase_add_loop_test(tc, same_as_generic, 0, KINDS);
	tcase_add_loop_test(tc, records_with_texts, 0, WHOLE);
	tcase_add_test(tc, chunks_beyond_a_band);
	/* In Debian libhdf5 2.2 aborts where such files are to be written. */
	if (!H5_VERSION_GE(2, 0, 0)) {
		tcase_add_test(tc, chunks_too_long);
		tcase_add_test(tc, most_dimensions);
	}
	tcase_add_test(tc, gaps_of_sources);
	tcase_add_test(tc, order_of_members);
	tcase_add_loop_test(tc, damaged_chunks, 0, 5);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
