/* SPDX-License-Identifier: MIT */
/*
 * Datasets that are not opened a second time: their data and their attributes
 * come all the same, wherever they lie and however many there are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5_util.h"

/* A dataset is read at once, or where it lies, or like any other. */
static const hsize_t sizes[] = { 100, 5000, 100000 };

/* Numbers from 'first' on, and attributes "a", "b", ... made from the last. */
static void
put(hid_t group, const char *name, hsize_t size, int32_t first, int attributes,
    bool tracked)
{
	hid_t dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE)), dset;
	int32_t *data = malloc(size * sizeof(*data));
	char attr[] = "a";

	for (hsize_t i = 0; i < size; i++)
		data[i] = first + (int32_t)i;
	if (tracked)
		ck_h5(H5Pset_attr_creation_order(dcpl, H5P_CRT_ORDER_TRACKED));
	h5_put_with(group, name, H5T_STD_I32LE, 1, &size, dcpl, data);
	dset = ck_h5(H5Dopen2(group, name, H5P_DEFAULT));
	while (attributes-- > 0) {
		int32_t value = first + attributes;

		attr[0] = (char)('a' + attributes);
		h5_attr(dset, attr, H5T_STD_I32LE, 0, NULL, &value);
	}
	H5Dclose(dset);
	free(data);
}

static void
ck(const struct cute_shm *shm, const char *path, hsize_t size, int32_t first,
   const char *names)
{
	struct cute_shm_array a;
	const int32_t *data;
	uint64_t n;

	ck_ok(cute_shm_get(shm, path, &a));
	data = cute_shm_i32(&a, &n);
	ck_assert_uint_eq(n, size);
	for (uint64_t i = 0; i < n; i++)
		ck_assert_int_eq(data[i], first + (int32_t)i);
	ck_attr_names(shm, path, names);
	for (; *names; names++) {
		const char name[] = { *names, '\0' };
		int32_t value = first + *names - 'a';

		ck_attr(shm, path, name, "<i4", 0, NULL, &value);
	}
}

/* Groups between the datasets, so that now the one, now the other is open. */
START_TEST(attributes)
{
	hsize_t size = sizes[_i];
	hid_t file = h5_begin(), g, h;
	struct cute_shm *shm;

	g = ck_h5(H5Gcreate2(file, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
	put(g, "a", size, 10, 1, false);
	h = ck_h5(H5Gcreate2(g, "h", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
	put(h, "b", size, 20, 8, false);
	put(h, "none", size, 30, 0, false);
	put(g, "many", size, 40, 9, false);
	put(g, "tracked", size, 50, 3, true);
	put(file, "top", size, 60, 2, false);
	H5Gclose(h);
	H5Gclose(g);
	shm = h5_load(file);
	ck(shm, "g/a", size, 10, "a");
	ck(shm, "g/h/b", size, 20, "abcdefgh");
	ck(shm, "g/h/none", size, 30, "");
	ck(shm, "g/many", size, 40, "abcdefghi");
	ck(shm, "g/tracked", size, 50, "cba");
	ck(shm, "top", size, 60, "ab");
	ck_clean(shm);
}
END_TEST

/* Through a link into another file, and one that is soft. */
START_TEST(behind_links)
{
	hsize_t size = sizes[_i];
	hid_t other = h5_create(h5_path("other.h5")), file;
	struct cute_shm *shm;

	put(other, "x", size, 10, 2, false);
	h5_group(other, "g");
	ck_h5(H5Lcreate_soft("/x", other, "g/soft", H5P_DEFAULT, H5P_DEFAULT));
	H5Fclose(other);
	file = h5_begin();
	ck_h5(H5Lcreate_external("other.h5", "g/soft", file, "far", H5P_DEFAULT,
				 H5P_DEFAULT));
	put(file, "near", size, 20, 1, false);
	shm = h5_load(file);
	ck(shm, "far", size, 10, "ab");
	ck(shm, "near", size, 20, "a");
	ck_clean(shm);
}
END_TEST

/* More than is kept: from there on, all is opened as ever. */
START_TEST(too_many_to_keep)
{
	enum {
		COUNT = 200
	};
	static char text[60000];
	char *value = text, name[16];
	hid_t file = h5_begin(), t, dset;
	struct cute_shm *shm;

	t = ck_h5(H5Tcopy(H5T_C_S1));
	ck_h5(H5Tset_size(t, H5T_VARIABLE));
	memset(text, 'n', sizeof(text) - 1);
	for (int i = 0; i < COUNT; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		put(file, name, 5000, i, 1, false);
		dset = ck_h5(H5Dopen2(file, name, H5P_DEFAULT));
		/* Its name is what is long. */
		h5_attr(dset, text, t, 0, NULL, &value);
		H5Dclose(dset);
	}
	H5Tclose(t);
	shm = h5_load(file);
	for (int i = 0; i < COUNT; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		ck_attr(shm, name, "a", "<i4", 0, NULL, &i);
	}
	ck_clean(shm);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hdf5_held");
	TCase *tc = tcase_create("held");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, attributes, 0, (int)ELEMENTS(sizes));
	tcase_add_loop_test(tc, behind_links, 0, (int)ELEMENTS(sizes));
	tcase_add_test(tc, too_many_to_keep);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
