/* SPDX-License-Identifier: MIT */
/* See strategy_util.h. */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "filter_util.h"
#include "strategy_util.h"

const struct native_type *
described(hid_t type)
{
	static struct arena arena; /* as long as the test */
	const struct native_type *ret;

	ck_ok(type_describe(type, &arena, &ret));
	return ret;
}

static const char *
text_of(const struct kind *k)
{
	static char text[256];

	snprintf(text, sizeof(text),
		 "%u-d %llu x %llu x %llu, chunk %llu x "
		 "%llu, filters %s",
		 k->ndim, (unsigned long long)k->dims[0],
		 (unsigned long long)k->dims[1], (unsigned long long)k->dims[2],
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
		else if (*f == 'o') /* not one of ours; for int32 */
			H5Pset_nbit(dcpl);
	memset(fill, 0x41, sizeof(fill));
	if (k->stored)
		H5Pset_fill_value(dcpl, k->type, fill);
	if (k->plain_edges)
		H5Pset_chunk_opts(dcpl, H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS);
	if (k->no_fill)
		H5Pset_fill_time(dcpl, H5D_FILL_TIME_NEVER);
	return dcpl;
}

size_t
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
	uint8_t *data = noise(bytes_as(k, k->type));

	/* What takes all bits of the type, libhdf5 1.14.5 cannot read again. */
	if (k->filters && strchr(k->filters, 'o'))
		for (size_t i = 3; i < bytes_as(k, k->type); i += 4)
			data[i] = 0;
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

const char *
make_file(const struct kind *k)
{
	const char *path = test_path(test_root(), "file.h5");
	hid_t fcpl = H5Pcreate(H5P_FILE_CREATE);
	hid_t fapl = source_access();
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

struct cute_shm_builder *
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

uint8_t *
read_with(const struct kind *k, hid_t dset, unsigned jobs, const char **how,
	  int *err)
{
	size_t size = bytes_as(k, memory_type(k));
	struct cute_shm_builder *b = builder_for(size);
	struct strategy_column column = { "d", 0, described(k->type) };
	struct strategy_source source = { .builder = b,
					  .name = "d",
					  .dset = dset,
					  .columns = &column,
					  .column_count = 1 };
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

/* The strategy that it takes: without libdeflate that may be none. */
static const char *
strategy_of(const struct kind *k)
{
	return !k->filters || filters_are_ours(k->filters) ? k->how : NULL;
}

void
check_same(const struct kind *k)
{
	static const unsigned jobs[] = { 1, 3 };
	size_t size = bytes_as(k, memory_type(k));
	hid_t fapl = source_access();
	hid_t file = H5Fopen(make_file(k), H5F_ACC_RDONLY, fapl);
	hid_t dset = H5Dopen2(file, "d", H5P_DEFAULT);
	uint8_t *expected = calloc(size, 1);

	ck_assert_int_ge(H5Dread(dset, memory_type(k), H5S_ALL, H5S_ALL,
				 H5P_DEFAULT, expected),
			 0);
	for (size_t i = 0; i < ELEMENTS(jobs); i++) {
		const char *how = NULL;
		int err;
		uint8_t *data = read_with(k, dset, jobs[i], &how, &err);

		ck_assert_msg(err == 0, "%s: %s", text_of(k),
			      cute_shm_errmsg());
		ck_assert_pstr_eq(how, strategy_of(k));
		if (how)
			ck_assert_msg(memcmp(data, expected, size) == 0,
				      "%s: %u threads read something else",
				      text_of(k), jobs[i]);
		free(data);
	}
	free(expected);
	H5Dclose(dset);
	H5Fclose(file);
	H5Pclose(fapl);
}
