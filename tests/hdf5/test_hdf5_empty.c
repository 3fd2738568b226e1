/* SPDX-License-Identifier: MIT */
/*
 * Arrays without elements whose other dimensions multiply to more than 64
 * bits: from files, into files, and from builders.
 */
#include <stdio.h>

#include "hdf5_util.h"

#define BIG (UINT64_C(1) << 33)

static const struct {
	int ndim;
	hsize_t dims[4];
	uint64_t shape[4];
} shapes[] = {
	{ 3, { BIG, BIG, 0 }, { BIG, BIG, 0 } },
	{ 3, { BIG, 0, BIG }, { BIG, 0, BIG } },
	{ 3, { 0, BIG, BIG }, { 0, BIG, BIG } },
	{ 4, { BIG, BIG, 2, 0 }, { BIG, BIG, 2, 0 } },
	{ 3, { BIG << 28, 4, 0 }, { BIG << 28, 4, 0 } },
	{ 2, { BIG << 28, 0 }, { BIG << 28, 0 } },
};

static hid_t
list_type(void)
{
	return ck_h5(H5Tvlen_create(H5T_NATIVE_INT16));
}

static hid_t
record_type(void)
{
	const hsize_t two = 2;
	hid_t t = ck_h5(H5Tcreate(H5T_COMPOUND, 40)), list = list_type();
	hid_t array = ck_h5(H5Tarray_create2(H5T_NATIVE_DOUBLE, 1, &two));

	ck_h5(H5Tinsert(t, "a", 0, H5T_NATIVE_INT32));
	ck_h5(H5Tinsert(t, "l", 8, list));
	ck_h5(H5Tinsert(t, "x", 24, array));
	H5Tclose(list);
	H5Tclose(array);
	return t;
}

/* As a dataset, one that may grow, and an attribute. */
static void
put(hid_t file, const char *name, hid_t type, int ndim, const hsize_t *dims)
{
	const hsize_t chunk[] = { 1, 1, 1, 1 };
	const hsize_t most[] = { H5S_UNLIMITED, H5S_UNLIMITED, H5S_UNLIMITED,
				 H5S_UNLIMITED };
	hid_t space = ck_h5(H5Screate_simple(ndim, dims, most));
	hid_t dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	char more[16];

	h5_put(file, name, type, ndim, dims, NULL);
	h5_attr(file, name, type, ndim, dims, NULL);
	snprintf(more, sizeof(more), "%s-grows", name);
	ck_h5(H5Pset_chunk(dcpl, ndim, chunk));
	ck_h5(H5Dclose(ck_h5(H5Dcreate2(file, more, type, space, H5P_DEFAULT,
					dcpl, H5P_DEFAULT))));
	H5Pclose(dcpl);
	H5Sclose(space);
	H5Tclose(type);
}

static uint64_t
digest(const struct cute_shm *shm)
{
	struct cute_shm_info info;

	ck_ok(cute_shm_info(shm, &info));
	return info.metadata_digest;
}

/* Into a file and out of it again: nothing has changed. */
static void
ck_saved(struct cute_shm *shm)
{
	struct cute_shm_hdf5_export_options opt = { .size = sizeof(opt),
						    .gzip = 1 };
	struct cute_shm_hdf5_options again = h5_options(0);
	struct cute_shm *other;

	ck_ok(cute_shm_hdf5_export(shm, h5_path("again.h5"), &opt, NULL));
	again.handle = &other;
	ck_ok(cute_shm_hdf5_load("again", h5_path("again.h5"), &again, NULL));
	ck_assert_uint_eq(digest(other), digest(shm));
	cute_shm_close(other);
	ck_ok(cute_shm_unlink("again", NULL, NULL));
}

START_TEST(files)
{
	static const struct {
		const char *path, *dtype;
	} arrays[] = {
		{ "number", "<f8" },	   { "text", "*|S1" },
		{ "fixed", "|S7" },	   { "list", "*<i2" },
		{ "ref", "*|S1" },	   { "enum", "|i1" },
		{ "number-grows", "<f8" }, { "text-grows", "*|S1" },
		{ "list-grows", "*<i2" },  { "record/a", "<i4" },
		{ "record/l", "*<i2" },	   { "record-grows/a", "<i4" },
	};
	const hsize_t *dims = shapes[_i].dims;
	unsigned ndim = (unsigned)shapes[_i].ndim;
	uint64_t shape[5] = { 0, 0, 0, 0, 2 };
	hid_t file = h5_begin();
	struct cute_shm *shm;

	put(file, "number", H5Tcopy(H5T_IEEE_F64LE), (int)ndim, dims);
	put(file, "text",
	    h5_string(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_UTF8), (int)ndim,
	    dims);
	put(file, "fixed", h5_string(7, H5T_STR_NULLPAD, H5T_CSET_ASCII),
	    (int)ndim, dims);
	put(file, "list", list_type(), (int)ndim, dims);
	put(file, "enum", h5_enum(H5T_STD_I8LE, "A", 1, "B", 2), (int)ndim,
	    dims);
	put(file, "ref", H5Tcopy(H5T_STD_REF_OBJ), (int)ndim, dims);
	put(file, "record", record_type(), (int)ndim, dims);
	shm = h5_load(file);
	ck_assert_uint_eq(h5_told.skipped, 0);
	for (size_t i = 0; i < ELEMENTS(arrays); i++)
		ck_array(shm, arrays[i].path, arrays[i].dtype, ndim,
			 shapes[_i].shape, NULL);
	for (unsigned i = 0; i < ndim; i++)
		shape[i] = shapes[_i].shape[i];
	shape[ndim] = 2;
	ck_array(shm, "record/x", "<f8", ndim + 1, shape, NULL);
	ck_attr(shm, "", "number", "<f8", ndim, shape, NULL);
	ck_attr(shm, "", "text", "*|S1", ndim, shape, NULL);
	ck_attr(shm, "", "record.x", "<f8", ndim + 1, shape, NULL);
	ck_ok(cute_shm_verify(shm, NULL, NULL));
	ck_saved(shm);
	cute_shm_close(shm);
}
END_TEST

/* Also where the fields of a record are empty, and not the record. */
START_TEST(builders)
{
	const uint64_t zero_offsets[] = { 0 }, two = 2, offsets[] = { 0, 1, 3 };
	const uint64_t inner[] = { 2, BIG, BIG, 0 };
	const uint64_t *shape = shapes[_i].shape;
	unsigned ndim = (unsigned)shapes[_i].ndim;
	const int32_t data[] = { 1, 2 };
	struct cute_shm_builder *b;
	struct cute_shm *shm;

	/* A root of this test's own. */
	H5Fclose(h5_begin());
	ck_ok(cute_shm_builder_new("t", NULL, &b));
	ck_ok(cute_shm_builder_array(b, "a", "<f8", ndim, shape, NULL));
	ck_ok(cute_shm_builder_ragged(b, "r", "*<f8", ndim, shape, 0,
				      zero_offsets, NULL));
	ck_ok(cute_shm_builder_attr(b, "a", "x", "<c16", ndim, shape, NULL));
	ck_ok(cute_shm_builder_attr_ragged(b, "a", "y", "*|S1", ndim, shape,
					   zero_offsets, NULL));
	ck_ok(cute_shm_builder_group(b, "record"));
	ck_ok(cute_shm_builder_attr_ragged(b, "record", "cute-shm:compound",
					   "*|S1", 1, &two, offsets, "abc"));
	ck_ok(cute_shm_builder_array(b, "record/a", "<i4", 1, &two, data));
	ck_ok(cute_shm_builder_array(b, "record/bc", "<i4", 4, inner, NULL));
	ck_ok(cute_shm_builder_publish(b, &shm));
	cute_shm_builder_free(b);
	ck_array(shm, "a", "<f8", ndim, shape, NULL);
	ck_array(shm, "r", "*<f8", ndim, shape, NULL);
	ck_attr(shm, "a", "x", "<c16", ndim, shape, NULL);
	ck_array(shm, "record/bc", "<i4", 4, inner, NULL);
	ck_ok(cute_shm_verify(shm, NULL, NULL));
	ck_saved(shm);
	cute_shm_close(shm);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hdf5 empty");
	TCase *t = tcase_create("empty");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, files, 0, ELEMENTS(shapes));
	tcase_add_loop_test(t, builders, 0, ELEMENTS(shapes));
	suite_add_tcase(s, t);
	return test_run(s);
}
