/* SPDX-License-Identifier: MIT */
/* Requests for the file ahead of who reads it: prefetch.c. */
#include <stdlib.h>

#include "hdf5_util.h"
#include "reader_prefetch.h"
#include "test_reader.h"

#define MIB ((uint64_t)1 << 20)

static struct seen *seen;

/* A file with a dataset of so many bytes, in chunks without filters. */
static hid_t
file_of(hsize_t size)
{
	hsize_t chunk = 65536;
	hid_t file = h5_begin(), dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	uint8_t *data = calloc(size, 1);

	ck_h5(H5Pset_chunk(dcpl, 1, &chunk));
	h5_put_with(file, "d", H5T_STD_U8LE, 1, &size, dcpl, data);
	h5_put(file, "e", H5T_STD_U8LE, 1, &chunk, data);
	free(data);
	return file;
}

static void
load(hid_t file, const char *const *select)
{
	struct cute_shm_hdf5_options opt = h5_options(0);

	test_reader("reader_prefetch");
	seen = test_shared(sizeof(*seen));
	H5Fclose(file);
	opt.select = select;
	ck_ok(cute_shm_hdf5_load("p", h5_path("t.h5"), &opt, NULL));
}

START_TEST(ahead)
{
	load(file_of(80 * MIB), NULL);
	ck_assert_uint_ge(seen->requests, 1);
	ck_assert_uint_eq(seen->first, 0);
	ck_assert_uint_le(seen->end, 84 * MIB);
}
END_TEST

START_TEST(small)
{
	load(file_of(4 * MIB), NULL);
	ck_assert_uint_eq(seen->requests, 0);
}
END_TEST

START_TEST(selected)
{
	static const char *const one[] = { "e", NULL };

	load(file_of(80 * MIB), one);
	ck_assert_uint_eq(seen->requests, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("prefetch");
	TCase *t = tcase_create("prefetch");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, ahead);
	tcase_add_test(t, small);
	tcase_add_test(t, selected);
	suite_add_tcase(s, t);
	return test_run(s);
}
