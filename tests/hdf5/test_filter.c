/* SPDX-License-Identifier: MIT */
/* Chunks that libhdf5 itself has written, decoded without it. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cute_shm.h"
#include "filter_util.h"

/* A file in memory, which never reaches a disk. */
static hid_t
memory_file(void)
{
	hid_t fapl = H5Pcreate(H5P_FILE_ACCESS), file;

	ck_assert_int_ge(H5Pset_fapl_core(fapl, 1 << 20, 0), 0);
	file = H5Fcreate("cute-shm-test", H5F_ACC_TRUNC, H5P_DEFAULT, fapl);
	ck_assert_int_ge(file, 0);
	H5Pclose(fapl);
	return file;
}

/* The bytes of one chunk as libhdf5 stores them through the filters of dcpl. */
static struct bytes
stored(hid_t dcpl, hid_t type, struct bytes data, uint32_t *mask)
{
	hsize_t n = data.size / H5Tget_size(type), zero = 0, size = 0;
	hid_t file = memory_file(), space = H5Screate_simple(1, &n, NULL), dset;
	struct bytes ret;

	ck_assert_int_ge(H5Pset_chunk(dcpl, 1, &n), 0);
	dset = H5Dcreate2(file, "d", type, space, H5P_DEFAULT, dcpl,
			  H5P_DEFAULT);
	ck_assert_int_ge(H5Dwrite(dset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT,
				  data.data),
			 0);
	ck_assert_int_ge(H5Fflush(file, H5F_SCOPE_LOCAL), 0);
	ck_assert_int_ge(H5Dget_chunk_storage_size(dset, &zero, &size), 0);
	ret.size = size;
	ret.data = malloc(size + 1);
	ck_assert_int_ge(H5Dread_chunk(dset, H5P_DEFAULT, &zero, mask,
				       ret.data),
			 0);
	H5Dclose(dset);
	H5Sclose(space);
	H5Fclose(file);
	return ret;
}

static hid_t
new_dcpl(const char *filters)
{
	hid_t dcpl = H5Pcreate(H5P_DATASET_CREATE);

	for (; *filters; filters++) {
		if (*filters == 's')
			ck_assert_int_ge(H5Pset_shuffle(dcpl), 0);
		else if (*filters == 'd')
			ck_assert_int_ge(H5Pset_deflate(dcpl, 4), 0);
		else if (*filters == 'f')
			ck_assert_int_ge(H5Pset_fletcher32(dcpl), 0);
	}
	return dcpl;
}

/* libhdf5 fills in the shuffle's item size when it creates the dataset. */
static struct filter_pipeline
pipeline_of(const char *filters, size_t chunk_size, unsigned width)
{
	struct filter_pipeline p = { .chunk_size = chunk_size };

	for (; *filters; filters++) {
		struct filter *f = &p.filter[p.count++];

		f->id = *filters == 's'	  ? H5Z_FILTER_SHUFFLE
			: *filters == 'd' ? H5Z_FILTER_DEFLATE
					  : H5Z_FILTER_FLETCHER32;
		f->param_count = 1;
		f->param[0] = width;
	}
	return p;
}

static const char *const combinations[] = {
	"", "s", "d", "f", "sd", "sdf", "fd", "fs", "fsd", "ds", "sfdf", "dsf",
};

START_TEST(test_written_by_hdf5)
{
	const char *filters = combinations[_i];
	static const size_t widths[] = { 1, 2, 3, 4, 5, 8, 12, 16, 23, 24, 80 };
	static const size_t counts[] = {
		1, 2, 15, 16, 17, 31, 127, 1000, 5003
	};

	if (!filters_are_ours(filters))
		return;
	for (size_t w = 0; w < sizeof(widths) / sizeof(*widths); w++)
		for (size_t c = 0; c < sizeof(counts) / sizeof(*counts); c++) {
			struct bytes data = sample_bytes(widths[w] * counts[c]);
			hid_t dcpl = new_dcpl(filters);
			hid_t type = H5Tcreate(H5T_OPAQUE, widths[w]);
			uint32_t mask = 0;
			struct bytes packed = stored(dcpl, type, data, &mask);
			struct filter_pipeline p =
				pipeline_of(filters, data.size,
					    (unsigned)widths[w]);

			check_decodes(&p, mask, packed, data);
			free(packed.data);
			free(data.data);
			H5Tclose(type);
			H5Pclose(dcpl);
		}
}
END_TEST

START_TEST(test_pipeline_of_dataset)
{
	hid_t dcpl = new_dcpl("sdf");
	struct filter_pipeline p;
	unsigned param[] = { 2, 2, 8, 0, 2 };

	ck_assert(filter_pipeline_get(dcpl, 100, &p, NULL) ==
		  false); /* the shuffle's width is not set yet */
	H5Pclose(dcpl);

	dcpl = new_dcpl("df");
	ck_assert(filter_pipeline_get(dcpl, 100, &p, NULL));
	ck_assert_uint_eq(p.count, 2);
	ck_assert_uint_eq(p.chunk_size, 100);
	ck_assert_int_eq(p.filter[0].id, H5Z_FILTER_DEFLATE);
	ck_assert_int_eq(p.filter[1].id, H5Z_FILTER_FLETCHER32);
	H5Pclose(dcpl);

	dcpl = new_dcpl("");
	ck_assert_int_ge(H5Pset_filter(dcpl, FILTER_BITSHUFFLE,
				       H5Z_FLAG_OPTIONAL, 5, param),
			 0);
	ck_assert(filter_pipeline_get(dcpl, 100, &p, NULL));
	ck_assert_uint_eq(p.filter[0].param_count, 5);
	ck_assert_uint_eq(p.filter[0].param[2], 8);
	H5Pclose(dcpl);
}
END_TEST

START_TEST(test_foreign)
{
	static const int ids[] = { H5Z_FILTER_NBIT, H5Z_FILTER_SCALEOFFSET, 307,
				   32026 };
	struct filter_pipeline p;
	unsigned param[] = { 2, 2, 8, 0, 9 };
	int foreign;

	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		hid_t dcpl = new_dcpl("f");

		foreign = 0;
		ck_assert_int_ge(H5Pset_filter(dcpl, ids[i], H5Z_FLAG_OPTIONAL,
					       5, param),
				 0);
		ck_assert(!filter_pipeline_get(dcpl, 8, &p, &foreign));
		ck_assert_int_eq(foreign, ids[i]);
		H5Pclose(dcpl);
	}
}
END_TEST

START_TEST(test_foreign_parameters)
{
	static const unsigned bad[][5] = {
		{ 2, 2, 0, 0, 2 },  /* no item size */
		{ 2, 2, 8, 12, 2 }, /* block of no multiple of 8 */
		{ 2, 2, 8, 0, 9 },  /* unknown codec */
	};
	struct filter_pipeline p;
	hid_t dcpl;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		dcpl = new_dcpl("");
		ck_assert_int_ge(H5Pset_filter(dcpl, FILTER_BITSHUFFLE,
					       H5Z_FLAG_OPTIONAL, 5, bad[i]),
				 0);
		ck_assert(!filter_pipeline_get(dcpl, 8, &p, NULL));
		H5Pclose(dcpl);
	}
	/* Between two that pack, the size is not known. */
	dcpl = new_dcpl("d");
	ck_assert_int_ge(H5Pset_filter(dcpl, FILTER_LZF, H5Z_FLAG_OPTIONAL, 0,
				       NULL),
			 0);
	ck_assert(!filter_pipeline_get(dcpl, 8, &p, NULL));
	H5Pclose(dcpl);
}
END_TEST

START_TEST(test_masks)
{
	struct bytes data = sample_bytes(1000), packed, plain;
	struct filter_pipeline p = pipeline_of("sdf", data.size, 4);
	uint32_t mask = 0;
	hid_t dcpl = new_dcpl("df");

	/* All skipped, and the shuffle alone. */
	check_decodes(&p, 7, data, data);
	packed = stored(dcpl, H5T_NATIVE_UINT8, data, &mask);
	check_decodes(&p, 1, packed, data);
	H5Pclose(dcpl);

	/* With deflate skipped, nothing may be lacking. */
	plain = bytes_of(data.data, data.size - 1);
	check_damaged(&p, 7, plain, "999 bytes instead of 1000");
	check_damaged(&p, 0, plain, "fletcher32 says");
	free(plain.data);
	free(packed.data);
	free(data.data);
}
END_TEST

START_TEST(test_fletcher32)
{
	struct filter_pipeline p = pipeline_of("f", 6, 1);
	struct bytes data = bytes_of("abcdef", 6);
	struct bytes sum = bytes_of("abcdef\x2d\x2a\x56\x50", 10);

	ck_assert_uint_eq(fletcher32(data.data, 0), 0);
	ck_assert_uint_eq(fletcher32(data.data, 1), 0x61006100);
	ck_assert_uint_eq(fletcher32(data.data, 2), 0x61626162);
	ck_assert_uint_eq(fletcher32(data.data, 6), 0x50562a2d);
	check_decodes(&p, 0, sum, data);
	/* As HDF5 wrote it until 1.6.2. */
	memcpy(sum.data + 6, "\x2a\x2d\x50\x56", 4);
	check_decodes(&p, 0, sum, data);
	sum.data[0] ^= 1;
	check_damaged(&p, 0, sum, "fletcher32 says 0x56502d2a, is 0x");
	sum.size = 3;
	check_damaged(&p, 0, sum, "3 bytes hold no fletcher32");
	free(sum.data);
	free(data.data);
}
END_TEST

/* The plain definition, one word at a time, with a modulus. */
static uint32_t
fletcher32_defined(const uint8_t *p, size_t size)
{
	uint32_t first = 0, second = 0;

	for (size_t i = 0; i < size; i += 2) {
		first += (uint32_t)p[i] << 8 | (i + 1 < size ? p[i + 1] : 0);
		if (first > 65535)
			first -= 65535;
		second += first;
		if (second > 65535)
			second -= 65535;
	}
	return second << 16 | first;
}

START_TEST(test_fletcher32_sizes)
{
	struct bytes data = sample_bytes(3 * 5760 + 40);

	for (size_t size = 0; size < data.size; size += size < 200 ? 1 : 37)
		ck_assert_uint_eq(fletcher32(data.data, size),
				  fletcher32_defined(data.data, size));
	memset(data.data, 0xff, data.size);
	for (size_t size = 0; size < data.size; size += 997)
		ck_assert_uint_eq(fletcher32(data.data, size),
				  fletcher32_defined(data.data, size));
	free(data.data);
}
END_TEST

/* Some writers store less than a chunk; libhdf5 takes it, zeros follow. */
static void
check_short(const struct filter_pipeline *p, struct bytes packed,
	    struct bytes data)
{
	struct filter_scratch scratch = { 0 };
	uint8_t *dst = malloc(p->chunk_size), *ret = NULL;

	ck_assert_uint_gt(p->chunk_size, data.size);
	memset(dst, 0xff, p->chunk_size);
	ck_assert_int_eq(filter_decode(p, 0, &scratch, packed.data, packed.size,
				       dst, &ret),
			 0);
	ck_assert_mem_eq(ret, data.data, data.size);
	for (size_t i = data.size; i < p->chunk_size; i++)
		ck_assert_uint_eq(ret[i], 0);
	free(dst);
	filter_scratch_free(&scratch);
}

START_TEST(test_damage)
{
	struct bytes data = sample_bytes(2000), packed;
	const char *filters = _i ? "sdf" : "sd";
	struct filter_pipeline p = pipeline_of(filters, data.size, 8), q;
	hid_t dcpl = new_dcpl(filters);
	hid_t type = H5Tcreate(H5T_OPAQUE, 8);
	uint32_t mask;

	packed = stored(dcpl, type, data, &mask);
	check_robust(&p, packed, data, true);
	q = p;
	q.count = 2;
	packed.size -= _i ? 4 : 0;
	q.chunk_size = 2001;
	check_short(&q, packed, data);
	packed.data[packed.size - 1] ^= 1;
	check_damaged(&q, 0, packed, "deflate stream is damaged");
	packed.size = 0;
	check_damaged(&p, 0, packed, "");
	free(packed.data);
	free(data.data);
	H5Tclose(type);
	H5Pclose(dcpl);
}
END_TEST

/* What is more than the chunk matters to a shuffle and a sum on the way. */
START_TEST(test_more)
{
	const char *filters = combinations[_i];
	struct bytes data = sample_bytes(5000), packed;
	struct filter_pipeline p = pipeline_of(filters, data.size, 8);
	hid_t dcpl = new_dcpl(filters);
	hid_t type = H5Tcreate(H5T_OPAQUE, 8);
	uint32_t mask;

	if (!filters_are_ours(filters))
		return;
	packed = stored(dcpl, type, data, &mask);
	ck_assert_uint_eq(mask, 0);
	check_begins(&p, packed, data);
	free(packed.data);
	free(data.data);
	H5Tclose(type);
	H5Pclose(dcpl);
}
END_TEST

/* Seven times as much more, but at least 64 KiB, and at most 16 MiB. */
START_TEST(test_far_more)
{
	const struct {
		size_t size, held;
		bool good;
	} cases[] = {
		{ 16, 65552, true },	     { 16, 65560, false },
		{ 100000, 800000, true },    { 100000, 800008, false },
		{ 4 << 20, 20 << 20, true }, { 4 << 20, 21 << 20, false },
	};
	struct bytes data = { cases[_i].held, calloc(cases[_i].held, 1) };
	struct bytes packed, first = { cases[_i].size, data.data };
	struct filter_pipeline p = pipeline_of("d", cases[_i].size, 1);
	hid_t dcpl = new_dcpl("d");
	uint32_t mask;
	char text[80];

	packed = stored(dcpl, H5T_NATIVE_UINT64, data, &mask);
	if (cases[_i].good) {
		check_decodes(&p, 0, packed, first);
	} else {
		snprintf(text, sizeof(text), "holds more than %zu bytes",
			 cases[_i - 1].held);
		check_damaged(&p, 0, packed, text);
	}
	free(packed.data);
	free(data.data);
	H5Pclose(dcpl);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("filter");
	TCase *tc = tcase_create("hdf5");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, test_written_by_hdf5, 0,
			    sizeof(combinations) / sizeof(*combinations));
	if (filter_inflate && filter_unlz4)
		tcase_add_test(tc, test_pipeline_of_dataset);
	tcase_add_test(tc, test_foreign);
	tcase_add_test(tc, test_foreign_parameters);
	tcase_add_test(tc, test_fletcher32);
	tcase_add_test(tc, test_fletcher32_sizes);
	tcase_add_loop_test(tc, test_more, 0,
			    sizeof(combinations) / sizeof(*combinations));
	if (filter_inflate) {
		tcase_add_test(tc, test_masks);
		tcase_add_loop_test(tc, test_damage, 0, 2);
		tcase_add_loop_test(tc, test_far_more, 0, 6);
	}
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
