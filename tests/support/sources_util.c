/* SPDX-License-Identifier: MIT */
/* Files that others refer to. */
#include <stdio.h>
#include <stdlib.h>

#include "sources_util.h"

const hsize_t row[] = { ROW };
static const int32_t fill = FILL;

void
make_source(const char *name, int32_t value)
{
	const hsize_t dims[] = { LONG };
	hid_t file = h5_create(h5_path(name));
	int32_t data[LONG];

	for (int i = 0; i < LONG; i++)
		data[i] = value + i;
	h5_put(file, "d", H5T_STD_I32LE, 1, row, data);
	h5_put(file, "long", H5T_STD_I32LE, 1, dims, data);
	ck_h5(H5Fclose(file));
}

void
put_virtual(hid_t file, const char *name, const struct mapping *maps,
	    unsigned count)
{
	const hsize_t dims[] = { count, ROW }, one[] = { 1, ROW };
	hid_t dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	hid_t space = ck_h5(H5Screate_simple(2, dims, NULL));
	hid_t source = ck_h5(H5Screate_simple(1, row, NULL));

	ck_h5(H5Pset_fill_value(dcpl, H5T_NATIVE_INT32, &fill));
	for (unsigned i = 0; i < count; i++) {
		hsize_t start[] = { i, 0 };

		ck_h5(H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL,
					  one, NULL));
		ck_h5(H5Pset_virtual(dcpl, space, maps[i].file, maps[i].dset,
				     source));
	}
	H5Sclose(source);
	H5Sclose(space);
	h5_put_with(file, name, H5T_STD_I32LE, 2, dims, dcpl, NULL);
}

void
put_blocks(hid_t file, const char *name, const char *source)
{
	const hsize_t none[] = { 0, ROW }, most[] = { H5S_UNLIMITED, ROW };
	const hsize_t start[] = { 0, 0 }, stride[] = { 1, 1 };
	const hsize_t count[] = { H5S_UNLIMITED, 1 }, block[] = { 1, ROW };
	hid_t dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	hid_t space = ck_h5(H5Screate_simple(2, none, most));
	hid_t from = ck_h5(H5Screate_simple(1, row, NULL));

	ck_h5(H5Sselect_hyperslab(space, H5S_SELECT_SET, start, stride, count,
				  block));
	ck_h5(H5Pset_virtual(dcpl, space, source, "d", from));
	ck_h5(H5Sselect_all(space));
	H5Dclose(ck_h5(H5Dcreate2(file, name, H5T_STD_I32LE, space, H5P_DEFAULT,
				  dcpl, H5P_DEFAULT)));
	H5Sclose(from);
	H5Sclose(space);
	H5Pclose(dcpl);
}

void
ck_row(const struct cute_shm *shm, const char *path, unsigned i, int32_t value)
{
	struct cute_shm_array a;
	const int32_t *data;

	ck_ok(cute_shm_get(shm, path, &a));
	ck_assert_uint_gt(a.element_count, i * ROW);
	data = (const int32_t *)a.data + i * ROW;
	for (int k = 0; k < ROW; k++)
		ck_assert_int_eq(data[k], value == FILL ? FILL : value + k);
}

void
external_link(hid_t file, const char *other, const char *target,
	      const char *name)
{
	ck_h5(H5Lcreate_external(other, target, file, name, H5P_DEFAULT,
				 H5P_DEFAULT));
}

void
put_text(const char *name, const char *text)
{
	FILE *f = fopen(h5_path(name), "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

void
put_raw(hid_t file)
{
	static const int32_t data[ROW] = { 1, 2, 3, 4 };
	hid_t dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));

	ck_h5(H5Pset_external(dcpl, h5_path("one.raw"), 8, ROW * 2));
	ck_h5(H5Pset_external(dcpl, h5_path("two.raw"), 0, H5F_UNLIMITED));
	h5_put_with(file, "raw", H5T_STD_I32LE, 1, row, dcpl, data);
}

void
ck_refused(unsigned flags, const char *text)
{
	struct cute_shm_hdf5_options opt = h5_options(flags);

	ck_err(cute_shm_hdf5_load("t", h5_path("t.h5"), &opt, NULL),
	       CUTE_SHM_ERR_SOURCE);
	ck_errmsg_has(text);
	ck_assert_uint_eq(test_count(getenv("CUTE_SHM_ROOT")), 0);
}
