/* SPDX-License-Identifier: MIT */
/* The kinds of data, made by libhdf5. */

#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "hdf5/filter/filter.h" /* numbers of filters */

/* The same numbers in every run. */
static uint32_t
noise(void)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 24);
}

static void *
get(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p)
		die("no memory for %zu bytes of data", size);
	return p;
}

static void
ok(long long result, const char *what)
{
	if (result < 0)
		die("libhdf5 cannot %s", what);
}

static hid_t
new_file(const char *path)
{
	hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);

	ok(file, "make a file");
	return file;
}

static hid_t
dcpl_of(unsigned ndim, const hsize_t *chunk, const char *filters, size_t item)
{
	hid_t dcpl = H5Pcreate(H5P_DATASET_CREATE);
	unsigned size = (unsigned)item;

	if (!chunk)
		return dcpl;
	for (unsigned i = 0; i < ndim; i++)
		size *= (unsigned)chunk[i];
	ok(H5Pset_chunk(dcpl, (int)ndim, chunk), "set a chunk's shape");
	for (; *filters; filters++)
		if (*filters == 's')
			ok(H5Pset_shuffle(dcpl), "set shuffle");
		else if (*filters == 'd')
			ok(H5Pset_deflate(dcpl, 4), "set deflate");
		else
			ok(H5Pset_filter(dcpl,
					 *filters == 'l' ? FILTER_LZF
							 : FILTER_ZSTD,
					 H5Z_FLAG_OPTIONAL, 1, &size),
			   "set a filter");
	return dcpl;
}

/* One dataset "data"; 'type' in the file, 'mem' of the data. */
static void
write_one(const struct kind *k, const char *path, hid_t type, hid_t mem,
	  unsigned ndim, const hsize_t *dims, const hsize_t *chunk,
	  const void *data)
{
	hid_t file = new_file(path);
	hid_t space = H5Screate_simple((int)ndim, dims, NULL);
	hid_t dcpl = dcpl_of(ndim, chunk, k->filters, H5Tget_size(type));
	hid_t dset = H5Dcreate2(file, "data", type, space, H5P_DEFAULT, dcpl,
				H5P_DEFAULT);

	ok(dset, "make a dataset");
	ok(H5Dwrite(dset, mem, H5S_ALL, H5S_ALL, H5P_DEFAULT, data),
	   "write a dataset");
	H5Dclose(dset);
	H5Pclose(dcpl);
	H5Sclose(space);
	ok(H5Fclose(file), "close a file");
}

/* A sensor's signal: a walk in steps of its resolution. */
static double *
signal_f64(size_t n)
{
	double *data = get(n * sizeof(*data));
	int at = 0;

	for (size_t i = 0; i < n; i++) {
		at += (int)(noise() % 15) - 7;
		data[i] = at / 1024.0;
	}
	return data;
}

static float *
signal_f32(size_t n)
{
	float *data = get(n * sizeof(*data));
	int at = 0;

	for (size_t i = 0; i < n; i++) {
		at += (int)(noise() % 15) - 7;
		data[i] = (float)at / 1024.0f;
	}
	return data;
}

static void
make_contiguous(const struct kind *k, const char *path, size_t size)
{
	hsize_t n = size / 8;
	double *data = signal_f64(n);

	write_one(k, path, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 1, &n, NULL,
		  data);
	free(data);
}

static void
make_blocks(const struct kind *k, const char *path, size_t size)
{
	hsize_t dims[] = { size / 8000, 1000 }, chunk[] = { 100, 100 };
	double *data = signal_f64(dims[0] * dims[1]);

	write_one(k, path, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 2, dims, chunk,
		  data);
	free(data);
}

static void
make_rows(const struct kind *k, const char *path, size_t size)
{
	hsize_t dims[] = { size / 8000, 1000 }, chunk[] = { 100, 1000 };
	double *data = signal_f64(dims[0] * dims[1]);

	write_one(k, path, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 2, dims, chunk,
		  data);
	free(data);
}

/* As h5py chooses chunks for a long table of float32. */
static void
make_narrow(const struct kind *k, const char *path, size_t size)
{
	hsize_t dims[] = { size / 400, 100 }, chunk[] = { 16384, 1 };
	float *data = signal_f32(dims[0] * dims[1]);

	write_one(k, path, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 2, dims, chunk,
		  data);
	free(data);
}

/* A gradient, rectangles, and a camera's noise of about two bits. */
static void
make_images(const struct kind *k, const char *path, size_t size)
{
	hsize_t dims[] = { size / (480 * 640 * 3), 480, 640, 3 };
	hsize_t chunk[] = { 1, 480, 640, 3 };
	uint8_t *data, *p;

	if (dims[0] == 0)
		dims[0] = 1;
	data = p = get(dims[0] * 480 * 640 * 3);
	for (unsigned n = 0; n < dims[0]; n++)
		for (unsigned y = 0; y < 480; y++)
			for (unsigned x = 0; x < 640; x++) {
				unsigned box = (y / 60 + x / 80 + n) % 3;
				unsigned v = 40 * box + y / 8 + x / 16;

				for (unsigned c = 0; c < 3; c++)
					*p++ = (uint8_t)(v + 10 * c +
							 noise() % 4);
			}
	write_one(k, path, H5T_STD_U8LE, H5T_NATIVE_UINT8, 4, dims, chunk,
		  data);
	free(data);
}

static void
make_big_endian(const struct kind *k, const char *path, size_t size)
{
	hsize_t n = size / 2;
	int16_t *data = get(n * 2);

	for (hsize_t i = 0; i < n; i++)
		data[i] = (int16_t)(noise() % 4096);
	write_one(k, path, H5T_STD_I16BE, H5T_NATIVE_INT16, 1, &n, NULL, data);
	free(data);
}

/*
 * The angles of seven joints at 1 kHz: smooth movements, measured in counts of
 * an encoder with an error of one count, and stored in radians.  Unlike those
 * of signal_f64(), these numbers use all their bits.
 */
static void
make_trajectory(const struct kind *k, const char *path, size_t size)
{
	const double count = 6.283185307179586 / (1 << 20);
	hsize_t dims[] = { size / 56, 7 }, chunk[] = { 4096, 7 };
	double *data = get(dims[0] * 7 * sizeof(*data));
	double at[7] = { 0 }, speed[7] = { 0 }, push;

	for (hsize_t i = 0; i < dims[0] * 7; i++) {
		push = ((int)(noise() % 2001) - 1000) / 100.0;
		speed[i % 7] += push - speed[i % 7] / 500 - at[i % 7] * 1e-6;
		at[i % 7] += speed[i % 7];
		data[i] = count *
			  (double)((int64_t)at[i % 7] + (int)(noise() % 3) - 1);
	}
	write_one(k, path, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 2, dims,
		  dims[0] < chunk[0] ? dims : chunk, data);
	free(data);
}

/* Forces and torques: slow changes and noise, rounded to a thousandth. */
static void
make_forces(const struct kind *k, const char *path, size_t size)
{
	hsize_t dims[] = { size / 24, 6 }, chunk[] = { 8192, 6 };
	float *data = get(dims[0] * 6 * sizeof(*data));
	int at[6] = { 0 }, error;

	for (hsize_t i = 0; i < dims[0] * 6; i++) {
		at[i % 6] += (int)(noise() % 41) - 20 - at[i % 6] / 4096;
		error = (int)(noise() % 32 + noise() % 32) - 31;
		data[i] = (float)((at[i % 6] + error) / 1000.0);
	}
	write_one(k, path, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 2, dims,
		  dims[0] < chunk[0] ? dims : chunk, data);
	free(data);
}

/*
 * Gradients of a network: each layer has a size of its own, and nearly all bits
 * of each number are noise.
 */
static void
make_gradients(const struct kind *k, const char *path, size_t size)
{
	hsize_t dims[] = { size / 4096, 1024 }, chunk[] = { 64, 1024 };
	float *data = get(dims[0] * 1024 * sizeof(*data));
	double sum, layer = 1e-3;

	for (hsize_t i = 0; i < dims[0] * 1024; i++) {
		if (i % 65536 == 0)
			layer = 1e-4 * (1 + noise() % 64);
		sum = -6;
		for (unsigned n = 0; n < 12; n++)
			sum += noise() / 4294967296.0;
		data[i] = (float)(layer * sum);
	}
	write_one(k, path, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 2, dims,
		  dims[0] < chunk[0] ? dims : chunk, data);
	free(data);
}

static hid_t
float16(void)
{
	hid_t type = H5Tcopy(H5T_IEEE_F32LE);

	H5Tset_fields(type, 15, 10, 5, 0, 10);
	H5Tset_size(type, 2);
	H5Tset_ebias(type, 15);
	return type;
}

static void
make_float16(const struct kind *k, const char *path, size_t size)
{
	hsize_t n = size / 2, chunk = 1 << 18;
	uint16_t *data = get(n * 2);
	hid_t type = float16();

	if (chunk > n)
		chunk = n;
	for (hsize_t i = 0; i < n; i++)
		data[i] = (uint16_t)(0x3c00 + i / 64 % 512 + noise() % 16);
	write_one(k, path, type, type, 1, &n, &chunk, data);
	H5Tclose(type);
	free(data);
}

struct sample {
	int64_t time;
	double value;
	float weight;
	int32_t id;
	uint8_t flags[8];
};

static void
make_table(const struct kind *k, const char *path, size_t size)
{
	hid_t type = H5Tcreate(H5T_COMPOUND, sizeof(struct sample));
	hsize_t n = size / sizeof(struct sample), chunk = 4096;
	struct sample *data = get(n * sizeof(*data));
	hid_t flags = H5Tarray_create2(H5T_NATIVE_UINT8, 1, &(hsize_t){ 8 });

	memset(data, 0, n * sizeof(*data));
	for (hsize_t i = 0; i < n; i++) {
		data[i].time = (int64_t)i * 1000;
		data[i].value = noise() / 65536.0;
		data[i].id = (int32_t)(noise() % 100);
	}
	H5Tinsert(type, "time", HOFFSET(struct sample, time), H5T_NATIVE_INT64);
	H5Tinsert(type, "value", HOFFSET(struct sample, value),
		  H5T_NATIVE_DOUBLE);
	H5Tinsert(type, "weight", HOFFSET(struct sample, weight),
		  H5T_NATIVE_FLOAT);
	H5Tinsert(type, "id", HOFFSET(struct sample, id), H5T_NATIVE_INT32);
	H5Tinsert(type, "flags", HOFFSET(struct sample, flags), flags);
	write_one(k, path, type, type, 1, &n, *k->filters ? &chunk : NULL,
		  data);
	H5Tclose(flags);
	H5Tclose(type);
	free(data);
}

static void
make_strings(const struct kind *k, const char *path, size_t size)
{
	static const char *const words[] = { "left", "right", "a longer text",
					     "", "with umlauts: \xc3\xa4" };
	hsize_t n = size / 256, chunk = 8192;
	const char **data = get(n * sizeof(*data));
	hid_t type = H5Tcopy(H5T_C_S1);

	if (chunk > n)
		chunk = n;
	H5Tset_size(type, H5T_VARIABLE);
	H5Tset_cset(type, H5T_CSET_UTF8);
	for (hsize_t i = 0; i < n; i++)
		data[i] = words[noise() % 5];
	write_one(k, path, type, type, 1, &n, &chunk, data);
	H5Tclose(type);
	free(data);
}

static void
add_small(hid_t parent, const char *name, unsigned ndim, const hsize_t *dims,
	  const void *data, bool attribute)
{
	hid_t space = H5Screate_simple((int)ndim, dims, NULL);
	hid_t dset = H5Dcreate2(parent, name, H5T_IEEE_F64LE, space,
				H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
	hid_t scalar, attr;
	double unit = 0.001;

	ok(dset, "make a dataset");
	ok(H5Dwrite(dset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT,
		    data),
	   "write a dataset");
	if (attribute) {
		scalar = H5Screate(H5S_SCALAR);
		attr = H5Acreate2(dset, "unit", H5T_IEEE_F64LE, scalar,
				  H5P_DEFAULT, H5P_DEFAULT);
		ok(H5Awrite(attr, H5T_NATIVE_DOUBLE, &unit),
		   "write an attribute");
		H5Aclose(attr);
		H5Sclose(scalar);
	}
	H5Dclose(dset);
	H5Sclose(space);
}

static void
make_demos(const struct kind *k, const char *path, size_t size)
{
	hid_t file = new_file(path), group;
	hsize_t dims[] = { 300, 7 };
	double *data = signal_f64(2100);
	char name[32];

	(void)k;
	(void)size;
	for (unsigned demo = 0; demo < 200; demo++) {
		snprintf(name, sizeof(name), "demo_%u", demo);
		group = H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT,
				   H5P_DEFAULT);
		ok(group, "make a group");
		for (unsigned i = 0; i < 12; i++) {
			snprintf(name, sizeof(name), "array_%u", i);
			add_small(group, name, 2, dims, data, true);
		}
		H5Gclose(group);
	}
	free(data);
	ok(H5Fclose(file), "close a file");
}

static void
make_tiny(const struct kind *k, const char *path, size_t size)
{
	hid_t file = new_file(path), group = H5I_INVALID_HID;
	double data[10] = { 1, 2, 3 };
	hsize_t n = 10;
	char name[32];

	(void)k;
	(void)size;
	for (unsigned i = 0; i < 100000; i++) {
		if (i % 1000 == 0) {
			if (i > 0)
				H5Gclose(group);
			snprintf(name, sizeof(name), "group_%u", i / 1000);
			group = H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT,
					   H5P_DEFAULT);
			ok(group, "make a group");
		}
		snprintf(name, sizeof(name), "array_%u", i % 1000);
		add_small(group, name, 1, &n, data, false);
	}
	H5Gclose(group);
	ok(H5Fclose(file), "close a file");
}

const struct kind kinds[] = {
	{ "contiguous", "float64, one piece", make_contiguous, "" },
	{ "blocks", "float64 rows of 1000, chunks of 100 x 100", make_blocks,
	  "" },
	{ "gzip", "float64, gzip, chunks of whole rows", make_rows, "d" },
	{ "gzip-shuffle", "the same with shuffle", make_rows, "sd" },
	{ "narrow", "float32, gzip + shuffle, chunks of 16384 x 1", make_narrow,
	  "sd" },
	{ "trajectory",
	  "float64 joint angles in encoder counts, gzip + shuffle",
	  make_trajectory, "sd" },
	{ "forces", "float32 rounded to 0.001, with noise, gzip + shuffle",
	  make_forces, "sd" },
	{ "gradients", "float32, full of noise, gzip + shuffle", make_gradients,
	  "sd" },
	{ "images", "uint8 480 x 640 x 3, gzip per image", make_images, "d" },
	{ "lzf", "float64, lzf + shuffle, chunks of whole rows", make_rows,
	  "sl" },
	{ "zstd", "float64, zstd + shuffle, chunks of whole rows", make_rows,
	  "sz" },
	{ "big-endian", "int16, one piece", make_big_endian, "" },
	{ "float16", "chunked, gzip + shuffle", make_float16, "sd" },
	{ "table", "records of five fields, chunked, gzip", make_table, "d" },
	{ "records", "the same, not compressed, one piece", make_table, "" },
	{ "strings", "of variable length, chunked", make_strings, "" },
	{ "demos", "200 groups of 12 float64 300 x 7, with an attribute",
	  make_demos, "" },
	{ "tiny", "100,000 arrays of 10 float64", make_tiny, "" },
};
const size_t kind_count = sizeof(kinds) / sizeof(kinds[0]);
