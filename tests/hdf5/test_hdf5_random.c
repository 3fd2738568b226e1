/* SPDX-License-Identifier: MIT */
/*
 * Datatypes, shapes, attributes, layouts and filters by chance, the same every
 * time: what the strategies load is what H5Dread alone loads, it is sound, and
 * what is exported loads as the same project.  CUTE_SHM_STRESS=N does N times
 * as many; CUTE_SHM_SEED begins with another number.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/dataset/dataset.h"
#include "hdf5_util.h"

#define FILES	 60
#define DATASETS 8
#define DEPTH	 3

/* Bytes that are too many to be read at once, and enough for any strategy. */
static const unsigned sizes[] = { 20u << 10, 160u << 10 };

static uint64_t state;

/* xorshift64*: numbers that are the same everywhere. */
static unsigned
number(unsigned below)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (unsigned)((state * UINT64_C(0x2545f4914f6cdd1d) >> 33) % below);
}

/* ------------------------------------------------------------------- types */

static hid_t type_made(unsigned depth);

static hid_t
integer_new(void)
{
	const hid_t types[] = {
		H5T_STD_I8LE,  H5T_STD_U8BE,  H5T_STD_I16LE, H5T_STD_U16BE,
		H5T_STD_I32BE, H5T_STD_U32LE, H5T_STD_I64LE, H5T_STD_U64BE,
	};
	hid_t t = ck_h5(H5Tcopy(types[number(ELEMENTS(types))]));
	unsigned bits = 8 * (unsigned)H5Tget_size(t), precision;

	if (number(3) == 0) {
		precision = 1 + number(bits);
		ck_h5(H5Tset_precision(t, precision));
		if (number(2))
			ck_h5(H5Tset_offset(t, number(bits - precision + 1)));
	}
	return t;
}

static hid_t
float_new(void)
{
	switch (number(6)) {
	case 0: return h5_float(2, 16, 15, 10, 5, 10, 15);
	case 1: return h5_float(2, 16, 15, 7, 8, 7, 127);
	case 2: return ck_h5(H5Tcopy(H5T_IEEE_F32BE));
	case 3: return ck_h5(H5Tcopy(H5T_IEEE_F32LE));
	case 4: return ck_h5(H5Tcopy(H5T_IEEE_F64BE));
	default: return ck_h5(H5Tcopy(H5T_IEEE_F64LE));
	}
}

static hid_t
text_new(void)
{
	const H5T_str_t pads[] = { H5T_STR_NULLTERM, H5T_STR_NULLPAD,
				   H5T_STR_SPACEPAD };
	hid_t t = ck_h5(H5Tcopy(H5T_C_S1));

	ck_h5(H5Tset_size(t, 1 + number(20)));
	ck_h5(H5Tset_strpad(t, pads[number(3)]));
	if (number(2))
		ck_h5(H5Tset_cset(t, H5T_CSET_UTF8));
	return t;
}

static hid_t
enum_new(void)
{
	hid_t base = integer_new(), t = ck_h5(H5Tenum_create(base));
	unsigned n = 1 + number(5), i;
	uint8_t value[8] = { 0 };
	char name[16];

	/* Of one bit there are two. */
	if (H5Tget_precision(base) < 4)
		n = 1;
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "M%u", i);
		value[0] = value[H5Tget_size(base) - 1] = (uint8_t)i;
		ck_h5(H5Tenum_insert(t, name, value));
	}
	H5Tclose(base);
	return t;
}

static hid_t
array_new(unsigned depth)
{
	hid_t base = type_made(depth - 1), t;
	hsize_t dims[3];
	unsigned n = 1 + number(3), i;

	for (i = 0; i < n; i++)
		dims[i] = 1 + number(4);
	t = ck_h5(H5Tarray_create2(base, n, dims));
	H5Tclose(base);
	return t;
}

static hid_t
record_new(unsigned depth)
{
	hid_t fields[5], t;
	unsigned n = 1 + number(5), i;
	size_t size = 0, at[5];
	char name[8];

	for (i = 0; i < n; i++) {
		fields[i] = type_made(depth - 1);
		at[i] = size + number(3);
		size = at[i] + H5Tget_size(fields[i]);
	}
	t = ck_h5(H5Tcreate(H5T_COMPOUND, size + number(3)));
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		ck_h5(H5Tinsert(t, name, at[i], fields[i]));
		H5Tclose(fields[i]);
	}
	return t;
}

static hid_t
list_new(unsigned depth)
{
	hid_t base = type_made(depth - 1), t = ck_h5(H5Tvlen_create(base));

	H5Tclose(base);
	return t;
}

static hid_t
type_made(unsigned depth)
{
	hid_t t;

	switch (number(depth ? 12 : 7)) {
	case 0:
	case 1: return integer_new();
	case 2: return float_new();
	case 3: return text_new();
	case 4: return enum_new();
	case 5:
		t = ck_h5(H5Tcreate(H5T_OPAQUE, 1 + number(17)));
		ck_h5(H5Tset_tag(t, "by chance"));
		return t;
	case 6: return ck_h5(H5Tcopy(number(2) ? H5T_STD_B8LE : H5T_STD_B32BE));
	case 7:
	case 8: return record_new(depth);
	case 9: return array_new(depth);
	case 10: return list_new(depth);
	default:
		t = ck_h5(H5Tcopy(H5T_C_S1));
		ck_h5(H5Tset_size(t, H5T_VARIABLE));
		return t;
	}
}

/* -------------------------------------------------------------------- data */

/* One value, unused bits too; lists and texts lie in static memory. */
static void
fill(hid_t type, uint8_t *at)
{
	static char text[] = "seven of nine";
	static uint8_t items[4096];
	size_t size = H5Tget_size(type), n;
	hid_t part;
	hvl_t list;
	char *word;

	switch (H5Tget_class(type)) {
	case H5T_COMPOUND:
		for (int i = 0; i < H5Tget_nmembers(type); i++) {
			part = H5Tget_member_type(type, (unsigned)i);
			fill(part,
			     at + H5Tget_member_offset(type, (unsigned)i));
			H5Tclose(part);
		}
		return;
	case H5T_ARRAY:
		part = H5Tget_super(type);
		n = H5Tget_size(part);
		for (size_t i = 0; i < size; i += n)
			fill(part, at + i);
		H5Tclose(part);
		return;
	case H5T_VLEN:
		/* All zero: empty lists and texts within them. */
		part = H5Tget_super(type);
		n = number(5);
		if (n * H5Tget_size(part) > sizeof(items))
			n = 0;
		list = (hvl_t){ n, n ? items : NULL };
		memcpy(at, &list, sizeof(list));
		H5Tclose(part);
		return;
	default: break;
	}
	if (H5Tis_variable_str(type) > 0) {
		word = text + number(sizeof(text));
		memcpy(at, &word, sizeof(word));
		return;
	}
	for (size_t i = 0; i < size; i++)
		at[i] = (uint8_t)number(256);
}

/* ------------------------------------------------------------------- files */

static bool
has_lists(hid_t type)
{
	hid_t part;
	bool ret = false;

	switch (H5Tget_class(type)) {
	case H5T_VLEN: return true;
	case H5T_STRING: return H5Tis_variable_str(type) > 0;
	case H5T_ARRAY:
		part = H5Tget_super(type);
		ret = has_lists(part);
		H5Tclose(part);
		return ret;
	case H5T_COMPOUND:
		for (int i = 0; i < H5Tget_nmembers(type) && !ret; i++) {
			part = H5Tget_member_type(type, (unsigned)i);
			ret = has_lists(part);
			H5Tclose(part);
		}
		return ret;
	default: return false;
	}
}

/* Of all bits it makes what libhdf5 1.14.5 cannot read: the first gets lost. */
static herr_t
set_scaleoffset(hid_t dcpl, hid_t type)
{
	return H5Pset_scaleoffset(dcpl, H5Z_SO_INT,
				  (int)H5Tget_precision(type) - 1);
}

static hid_t
dcpl_new(hid_t type, int rank, const hsize_t *dims, const void *fill_value)
{
	const H5D_fill_time_t times[] = { H5D_FILL_TIME_IFSET,
					  H5D_FILL_TIME_ALLOC };
	hid_t dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	hsize_t chunk[3];

	/* libhdf5 cannot read a list or text that was never written. */
	if (number(3) == 0 && !has_lists(type))
		ck_h5(H5Pset_fill_value(dcpl, type, fill_value));
	ck_h5(H5Pset_fill_time(dcpl, times[number(2)]));
	if (number(6) == 0)
		ck_h5(H5Pset_layout(dcpl, H5D_COMPACT));
	else if (number(4) == 0)
		ck_h5(H5Pset_alloc_time(dcpl, H5D_ALLOC_TIME_EARLY));
	if (rank == 0 || number(3) == 0)
		return dcpl;
	for (int d = 0; d < rank; d++)
		chunk[d] = 1 + dims[d] / 50 + number(2 + (unsigned)dims[d]);
	ck_h5(H5Pset_chunk(dcpl, rank, chunk));
	/* libhdf5 crashes when it packs the bits of records. */
	if (number(4) == 0 && H5Tget_class(type) == H5T_INTEGER)
		ck_h5(number(2) ? set_scaleoffset(dcpl, type)
				: H5Pset_nbit(dcpl));
	if (number(2))
		ck_h5(H5Pset_shuffle(dcpl));
	if (number(2))
		ck_h5(H5Pset_deflate(dcpl, 1 + number(9)));
	if (number(4) == 0)
		ck_h5(H5Pset_fletcher32(dcpl));
	return dcpl;
}

static void *
data_new(hid_t type, hsize_t count)
{
	uint8_t *data = calloc(count + 1, H5Tget_size(type));

	for (hsize_t k = 0; k < count; k++)
		fill(type, data + k * H5Tget_size(type));
	return data;
}

static void
put_attr(hid_t where, unsigned i)
{
	hid_t type = type_made(DEPTH);
	int rank = (int)number(3);
	hsize_t dims[] = { 1 + number(3), 1 + number(3) };
	void *data = data_new(type, 9);
	char name[16];

	snprintf(name, sizeof(name), "a%u", i);
	/* In this format they have at most 64 KiB. */
	if (9 * H5Tget_size(type) < 60000)
		h5_attr(where, name, type, rank, dims, data);
	H5Tclose(type);
	free(data);
}

/* All of it, a block of it, or nothing. */
static void
write_some(hid_t dset, hid_t type, hid_t space, int rank, const hsize_t *dims,
	   const void *data)
{
	hsize_t start[3], size[3];

	if (number(8) == 0)
		return;
	for (int d = 0; d < rank; d++) {
		start[d] = number(1 + (unsigned)dims[d]);
		size[d] = number(1 + (unsigned)(dims[d] - start[d]));
	}
	if (rank > 0 && number(4) == 0 && !has_lists(type))
		ck_h5(H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL,
					  size, NULL));
	ck_h5(H5Dwrite(dset, type, space, space, H5P_DEFAULT, data));
}

static void
put(hid_t file, unsigned i)
{
	hid_t type = type_made(DEPTH), dcpl, space, dset;
	int rank = (int)number(4);
	hsize_t dims[3] = { 1, 1, 1 }, most[3], count;
	void *data;
	char name[16];

	for (int d = 0; d < rank; d++)
		dims[d] = number(12) ? 1 + number(9) : 0;
	count = dims[0] * dims[1] * dims[2];
	if (rank > 0 && count > 0 && number(2) == 0 && !has_lists(type))
		dims[0] *= 1 + sizes[number(2)] / (count * H5Tget_size(type));
	for (int d = 0; d < rank; d++)
		most[d] = number(2) ? H5S_UNLIMITED : dims[d] + 3;
	count = dims[0] * dims[1] * dims[2];
	data = data_new(type, count);
	dcpl = dcpl_new(type, rank, dims, data);
	space = ck_h5(H5Screate_simple(
		rank, dims, H5Pget_layout(dcpl) == H5D_CHUNKED ? most : NULL));
	snprintf(name, sizeof(name), "d%u", i);
	dset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, dcpl,
			  H5P_DEFAULT);
	/* Not all filters go with all types, nor every size into a header. */
	if (dset >= 0) {
		write_some(dset, type, space, rank, dims, data);
		put_attr(dset, i);
		H5Dclose(dset);
	}
	put_attr(file, i);
	H5Sclose(space);
	H5Pclose(dcpl);
	H5Tclose(type);
	free(data);
}

static hid_t
file_new(void)
{
	hid_t fapl = ck_h5(source_access()), file;

	if (number(2))
		ck_h5(H5Pset_libver_bounds(fapl, H5F_LIBVER_LATEST,
					   H5F_LIBVER_LATEST));
	file = ck_h5(
		H5Fcreate(h5_path("t.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, fapl));
	H5Pclose(fapl);
	return file;
}

/* ------------------------------------------------------------------- loads */

static struct cute_shm *
load(uint64_t seed, const char *file, const char *strategy, uint64_t *digest)
{
	struct cute_shm_hdf5_options opt = h5_options(0);
	struct cute_shm_info info;
	struct cute_shm *shm = NULL;
	int err;

	opt.flags = CUTE_SHM_HDF5_OVERWRITE;
	opt.handle = &shm;
	if (strategy)
		setenv("CUTE_SHM_HDF5_STRATEGY", strategy, 1);
	err = cute_shm_hdf5_load("t", file, &opt, NULL);
	ck_assert_msg(err == 0, "seed %llu: %s", (unsigned long long)seed,
		      cute_shm_errmsg());
	unsetenv("CUTE_SHM_HDF5_STRATEGY");
	ck_assert_uint_eq(h5_told.failed, 0);
	ck_ok(cute_shm_verify(shm, NULL, NULL));
	ck_ok(cute_shm_info(shm, &info));
	*digest = info.metadata_digest;
	return shm;
}

static void
ck_file(uint64_t seed)
{
	struct cute_shm_hdf5_export_options save = {
		.size = sizeof(save),
		.flags = CUTE_SHM_HDF5_OVERWRITE,
		.gzip = number(2),
		.shuffle = (int)number(2),
		.chunk_size = number(2) ? 64 : 0,
		.jobs = 2,
	};
	uint64_t fast, generic, back;
	const uint64_t most = keep_lists_max;
	struct cute_shm *shm;

	/* Lists that are not kept are read twice. */
	keep_lists_max = number(2) ? number(1000) : most;
	cute_shm_close(load(seed, h5_path("t.h5"), "generic", &generic));
	shm = load(seed, h5_path("t.h5"), NULL, &fast);
	ck_assert_msg(fast == generic, "seed %llu: the strategies differ",
		      (unsigned long long)seed);
	ck_ok(cute_shm_hdf5_export(shm, h5_path("back.h5"), &save, NULL));
	cute_shm_close(shm);
	shm = load(seed, h5_path("back.h5"), NULL, &back);
	ck_assert_msg(back == fast, "seed %llu: its export differs",
		      (unsigned long long)seed);
	cute_shm_close(shm);
	keep_lists_max = most;
}

/* Now and then libhdf5 1.10 writes lists that it cannot find again. */
static bool
readable(void)
{
	hid_t fapl = ck_h5(source_access()), dset, type, space;
	hid_t file = ck_h5(H5Fopen(h5_path("t.h5"), H5F_ACC_RDONLY, fapl));
	bool ok = true;
	char name[16];
	void *data;

	for (unsigned i = 0; i < DATASETS; i++) {
		snprintf(name, sizeof(name), "d%u", i);
		if (H5Lexists(file, name, H5P_DEFAULT) <= 0)
			continue;
		dset = ck_h5(H5Dopen2(file, name, H5P_DEFAULT));
		type = ck_h5(H5Dget_type(dset));
		space = ck_h5(H5Dget_space(dset));
		data = calloc((size_t)H5Sget_simple_extent_npoints(space) + 1,
			      H5Tget_size(type));
		if (H5Dread(dset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) <
		    0)
			ok = false;
		else
			H5Dvlen_reclaim(type, space, H5P_DEFAULT, data);
		free(data);
		H5Sclose(space);
		H5Tclose(type);
		H5Dclose(dset);
	}
	H5Fclose(file);
	H5Pclose(fapl);
	return ok;
}

START_TEST(by_chance)
{
	const char *stress = getenv("CUTE_SHM_STRESS");
	const char *first = getenv("CUTE_SHM_SEED");
	uint64_t begin = first ? strtoull(first, NULL, 10) : 1, seed;
	uint64_t files = FILES * (stress ? strtoull(stress, NULL, 10) : 1);
	uint64_t unreadable = 0;
	hid_t file;

	for (seed = begin; seed < begin + files; seed++) {
		state = seed * UINT64_C(0x9e3779b97f4a7c15);
		file = file_new();
		for (unsigned i = 0; i < DATASETS; i++)
			put(file, i);
		ck_h5(H5Fclose(file));
		if (readable())
			ck_file(seed);
		else
			unreadable++;
	}
	ck_assert_uint_le(unreadable, 1 + files / 100);
	ck_assert_uint_eq(test_count(getenv("CUTE_SHM_ROOT")), 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hdf5_random");
	TCase *tc = tcase_create("hdf5_random");

	tcase_set_timeout(tc, 600);
	tcase_add_test(tc, by_chance);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
