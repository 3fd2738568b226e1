/* SPDX-License-Identifier: MIT */
/*
 * Small chunks that lie close to each other in the file are read together:
 * with those of other datasets between them, with some that are missing, and
 * with one that is damaged.
 */

#include <stdlib.h>
#include <string.h>

#include "hdf5_util.h"

#define ROWS  700
#define MARK  "row 00123"
#define MARKS 9 /* bytes of it */

static const struct {
	const char *name;
	hsize_t width;
	bool deflate, checksum;
} kinds[] = {
	{ "plain", 300, false, false },	  { "packed", 300, true, false },
	{ "checked", 300, false, true },  { "wide", 9000, false, false },
	{ "large", 20000, false, false },
};

#define KINDS	 ELEMENTS(kinds)
#define MOST_ROW 20000

/* Every seventh row is not written. */
static bool
is_missing(unsigned row)
{
	return row % 7 == 3;
}

static void
make_row(unsigned kind, unsigned row, uint8_t *to)
{
	memset(to, 0, MOST_ROW);
	if (is_missing(row))
		return;
	for (hsize_t i = 0; i < kinds[kind].width; i++)
		to[i] = (uint8_t)(row + i * (kind + 1));
	snprintf((char *)to, 10, "row %05u", row);
}

static hid_t
make_dataset(hid_t file, unsigned kind)
{
	hid_t dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	const hsize_t dims[] = { ROWS, kinds[kind].width };
	const hsize_t chunk[] = { 1, kinds[kind].width };
	hid_t space = ck_h5(H5Screate_simple(2, dims, NULL)), ret;

	ck_h5(H5Pset_chunk(dcpl, 2, chunk));
	if (kinds[kind].deflate)
		ck_h5(H5Pset_deflate(dcpl, 1));
	if (kinds[kind].checksum)
		ck_h5(H5Pset_fletcher32(dcpl));
	ret = ck_h5(H5Dcreate2(file, kinds[kind].name, H5T_NATIVE_UINT8, space,
			       H5P_DEFAULT, dcpl, H5P_DEFAULT));
	ck_h5(H5Sclose(space));
	ck_h5(H5Pclose(dcpl));
	return ret;
}

static void
write_row(hid_t dset, unsigned kind, unsigned row)
{
	static uint8_t data[MOST_ROW];
	const hsize_t at[] = { row, 0 }, count[] = { 1, kinds[kind].width };
	hid_t space = ck_h5(H5Dget_space(dset));
	hid_t mem = ck_h5(H5Screate_simple(2, count, NULL));

	make_row(kind, row, data);
	ck_h5(H5Sselect_hyperslab(space, H5S_SELECT_SET, at, NULL, count,
				  NULL));
	ck_h5(H5Dwrite(dset, H5T_NATIVE_UINT8, mem, space, H5P_DEFAULT, data));
	/* So that it is put behind what was written before. */
	ck_h5(H5Dflush(dset));
	ck_h5(H5Sclose(mem));
	ck_h5(H5Sclose(space));
}

/* Chunks of the datasets by turns; backwards, if that is asked for. */
static hid_t
make_file(bool backwards)
{
	hid_t file = h5_begin(), dset[KINDS];

	for (unsigned k = 0; k < KINDS; k++)
		dset[k] = make_dataset(file, k);
	for (unsigned i = 0; i < ROWS; i++) {
		unsigned row = backwards ? ROWS - 1 - i : i;

		for (unsigned k = 0; k < KINDS && !is_missing(row); k++)
			write_row(dset[k], k, row);
	}
	for (unsigned k = 0; k < KINDS; k++)
		ck_h5(H5Dclose(dset[k]));
	return file;
}

static void
check(const struct cute_shm *shm, unsigned kind)
{
	static uint8_t row[MOST_ROW];
	struct cute_shm_array a;

	ck_ok(cute_shm_get(shm, kinds[kind].name, &a));
	ck_assert_uint_eq(a.data_size, ROWS * kinds[kind].width);
	for (unsigned i = 0; i < ROWS; i++) {
		make_row(kind, i, row);
		ck_assert_msg(memcmp((const uint8_t *)a.data +
					     i * kinds[kind].width,
				     row, kinds[kind].width) == 0,
			      "%s, row %u", kinds[kind].name, i);
	}
}

START_TEST(sound)
{
	struct cute_shm_hdf5_options opt = h5_options(0);
	struct cute_shm *shm;

	opt.jobs = _i / 2 ? 3 : 1;
	shm = h5_load_with(make_file(_i % 2), &opt);
	for (unsigned k = 0; k < KINDS; k++)
		check(shm, k);
	ck_clean(shm);
}
END_TEST

/* Change the byte behind the mark of this dataset's row, wherever it is. */
static void
damage(const char *path)
{
	FILE *f = fopen(path, "r+");
	static char bytes[64 << 20];
	size_t size, found = 0;
	char *at = bytes;

	ck_assert_ptr_nonnull(f);
	size = fread(bytes, 1, sizeof(bytes), f);
	for (; (at = memmem(at, size - (size_t)(at - bytes), MARK, MARKS));
	     at++, found++) {
		ck_assert_int_eq(fseek(f, at - bytes + MARKS, SEEK_SET), 0);
		ck_assert_int_eq(fputc(at[MARKS] ^ 0x10, f),
				 (uint8_t)(at[MARKS] ^ 0x10));
	}
	ck_assert_uint_ge(found, 2); /* a plain one, and the one with a sum */
	ck_assert_int_eq(fclose(f), 0);
}

START_TEST(one_is_damaged)
{
	struct cute_shm_hdf5_options opt = h5_options(0);

	ck_h5(H5Fclose(make_file(false)));
	damage(h5_path("t.h5"));
	opt.jobs = _i ? 3 : 1;
	ck_assert_int_eq(cute_shm_hdf5_load("t", h5_path("t.h5"), &opt, NULL),
			 CUTE_SHM_ERR_SOURCE);
	ck_errmsg_has("chunk at (123, 0): fletcher32 says 0x");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("near-chunks");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, sound, 0, 4);
	tcase_add_loop_test(tc, one_is_damaged, 0, 2);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
