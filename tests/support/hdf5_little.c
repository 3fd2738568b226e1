/* SPDX-License-Identifier: MIT */
#include "hdf5_little.h"

struct record {
	int32_t id;
	double x[2];
	char *name;
};

static hid_t
record_type(void)
{
	hsize_t two[] = { 2 };
	hid_t x = ck_h5(H5Tarray_create2(H5T_NATIVE_DOUBLE, 1, two));
	hid_t text = ck_h5(H5Tcopy(H5T_C_S1));
	hid_t t = ck_h5(H5Tcreate(H5T_COMPOUND, sizeof(struct record)));

	ck_h5(H5Tset_size(text, H5T_VARIABLE));
	ck_h5(H5Tinsert(t, "id", HOFFSET(struct record, id), H5T_NATIVE_INT));
	ck_h5(H5Tinsert(t, "x", HOFFSET(struct record, x), x));
	ck_h5(H5Tinsert(t, "name", HOFFSET(struct record, name), text));
	return t;
}

static void
put_chunked(hid_t file, const char *name, bool shuffle, bool checksum)
{
	hsize_t dims[] = { 40, 50 }, chunk[] = { 16, 16 };
	hid_t dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	int32_t data[2000];

	for (int i = 0; i < 2000; i++)
		data[i] = i * i % 977;
	ck_h5(H5Pset_chunk(dcpl, 2, chunk));
	if (shuffle)
		ck_h5(H5Pset_shuffle(dcpl));
	ck_h5(H5Pset_deflate(dcpl, 6));
	if (checksum)
		ck_h5(H5Pset_fletcher32(dcpl));
	h5_put_with(file, name, H5T_NATIVE_INT32, 2, dims, dcpl, data);
}

void
h5_make_little(const char *path, bool new_format)
{
	static char hello[] = "hello", empty[] = "";
	struct record records[] = {
		{ 1, { 1, 2 }, hello },
		{ 2, { 3, 4 }, empty },
		{ 3, { 5, 6 }, hello },
	};
	hid_t fapl = ck_h5(H5Pcreate(H5P_FILE_ACCESS)), file, type;
	hsize_t three[] = { 3 }, many[] = { 300 };
	int8_t low = 0, high = 1, levels[] = { 0, 1, 1 };
	double data[300];

	for (int i = 0; i < 300; i++)
		data[i] = i / 7.0;
	if (new_format)
		ck_h5(H5Pset_libver_bounds(fapl, H5F_LIBVER_LATEST,
					   H5F_LIBVER_LATEST));
	file = ck_h5(H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, fapl));
	h5_group(file, "g");
	h5_group(file, "g/h");
	h5_put(file, "g/plain", H5T_NATIVE_DOUBLE, 1, many, data);
	h5_put(file, "g/h/big", H5T_STD_I16BE, 1, three, data);
	put_chunked(file, "gzip", false, false);
	put_chunked(file, "shuffle", true, true);
	type = record_type();
	h5_put(file, "records", type, 1, three, records);
	h5_attr(file, "record", type, 1, three, records);
	H5Tclose(type);
	type = ck_h5(H5Tenum_create(H5T_NATIVE_INT8));
	ck_h5(H5Tenum_insert(type, "LOW", &low));
	ck_h5(H5Tenum_insert(type, "HIGH", &high));
	h5_put(file, "levels", type, 1, three, levels);
	H5Tclose(type);
	h5_attr(file, "numbers", H5T_NATIVE_DOUBLE, 1, many, data);
	ck_h5(H5Lcreate_soft("/g/plain", file, "soft", H5P_DEFAULT,
			     H5P_DEFAULT));
	ck_h5(H5Lcreate_hard(file, "g", file, "g/h/up", H5P_DEFAULT,
			     H5P_DEFAULT));
	H5Fclose(file);
	H5Pclose(fapl);
}
