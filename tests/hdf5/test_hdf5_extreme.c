/* SPDX-License-Identifier: MIT */
/* Files well-formed, and too much: deep, wide, shared, cyclic, huge. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hdf5_util.h"

#define DEPTH  10000
#define ATTRS  20000
#define SHARED 60 /* levels: 2^60 paths */

START_TEST(deep)
{
	hid_t file = h5_begin(), at = file, next;
	struct cute_shm_node node;
	struct cute_shm *shm;
	unsigned depth = 0;

	for (int i = 0; i < DEPTH; i++) {
		next = ck_h5(H5Gcreate2(at, "d", H5P_DEFAULT, H5P_DEFAULT,
					H5P_DEFAULT));
		if (at != file)
			H5Gclose(at);
		at = next;
	}
	h5_int(at, "bottom", 7);
	H5Gclose(at);
	shm = h5_load(file);
	ck_ok(cute_shm_find(shm, "", &node));
	while (cute_shm_first_child(&node, &node) == 0)
		depth++;
	ck_assert_uint_eq(depth, DEPTH + 1);
	ck_assert_str_eq(node.name, "bottom");
	ck_clean(shm);
}
END_TEST

/* Each group has two names for the next: as many paths as stars. */
START_TEST(shared)
{
	hid_t file = h5_begin(), groups[SHARED + 1];
	struct cute_shm *shm;

	groups[0] = ck_h5(
		H5Gcreate2(file, "top", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
	for (int i = 0; i < SHARED; i++) {
		groups[i + 1] = ck_h5(H5Gcreate2(groups[i], "a", H5P_DEFAULT,
						 H5P_DEFAULT, H5P_DEFAULT));
		ck_h5(H5Lcreate_hard(groups[i], "a", groups[i], "b",
				     H5P_DEFAULT, H5P_DEFAULT));
	}
	h5_int(groups[SHARED], "x", 1);
	/* And round: from the bottom to the top. */
	ck_h5(H5Lcreate_hard(file, "top", groups[SHARED], "up", H5P_DEFAULT,
			     H5P_DEFAULT));
	for (int i = 0; i <= SHARED; i++)
		H5Gclose(groups[i]);
	shm = h5_load(file);
	ck_assert_uint_eq(h5_told.result.links, SHARED + 1);
	ck_assert_uint_eq(h5_told.result.groups, SHARED + 2);
	ck_link(shm, "top/b", "top/a");
	ck_group(shm, "top/b/b/b/a/b/b/a");
	ck_clean(shm);
}
END_TEST

START_TEST(soft_links_round)
{
	hid_t file = h5_begin();
	struct cute_shm *shm;

	ck_h5(H5Lcreate_soft("/b", file, "a", H5P_DEFAULT, H5P_DEFAULT));
	ck_h5(H5Lcreate_soft("/a", file, "b", H5P_DEFAULT, H5P_DEFAULT));
	ck_h5(H5Lcreate_soft("/c/x", file, "c", H5P_DEFAULT, H5P_DEFAULT));
	ck_h5(H5Lcreate_external("t.h5", "/d", file, "d", H5P_DEFAULT,
				 H5P_DEFAULT));
	h5_int(file, "x", 1);
	shm = h5_load(file);
	ck_assert_uint_eq(h5_told.result.skipped, 4);
	ck_children(shm, "", "x");
	ck_clean(shm);
}
END_TEST

START_TEST(long_names)
{
	static char name[60001], attr[60001];
	hid_t file = h5_begin(), fapl, set;
	struct cute_shm_node node;
	struct cute_shm *shm;
	int32_t value = 7;

	H5Fclose(file);
	fapl = ck_h5(H5Pcreate(H5P_FILE_ACCESS));
	ck_h5(H5Pset_libver_bounds(fapl, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST));
	file = ck_h5(
		H5Fcreate(h5_path("t.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, fapl));
	H5Pclose(fapl);
	memset(name, 'n', sizeof(name) - 1);
	memset(attr, 'a', sizeof(attr) - 1);
	h5_int(file, name, 1);
	set = ck_h5(H5Dopen2(file, name, H5P_DEFAULT));
	h5_attr(set, attr, H5T_STD_I32LE, 0, NULL, &value);
	H5Dclose(set);
	shm = h5_load(file);
	ck_ok(cute_shm_find(shm, name, &node));
	ck_attr(shm, name, attr, "<i4", 0, NULL, &value);
	ck_clean(shm);
}
END_TEST

START_TEST(many_attributes)
{
	hid_t file = h5_begin(), fapl, group, space;
	struct cute_shm_node node;
	struct cute_shm_attr attr;
	struct cute_shm *shm;
	char name[32];

	H5Fclose(file);
	fapl = ck_h5(H5Pcreate(H5P_FILE_ACCESS));
	ck_h5(H5Pset_libver_bounds(fapl, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST));
	file = ck_h5(
		H5Fcreate(h5_path("t.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, fapl));
	H5Pclose(fapl);
	group = ck_h5(
		H5Gcreate2(file, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
	space = ck_h5(H5Screate(H5S_SCALAR));
	for (int i = 0; i < ATTRS; i++) {
		hid_t a;

		snprintf(name, sizeof(name), "a%05d", i);
		a = ck_h5(H5Acreate2(group, name, H5T_STD_I32LE, space,
				     H5P_DEFAULT, H5P_DEFAULT));
		ck_h5(H5Awrite(a, H5T_NATIVE_INT, &i));
		H5Aclose(a);
	}
	H5Sclose(space);
	H5Gclose(group);
	shm = h5_load(file);
	ck_ok(cute_shm_find(shm, "g", &node));
	ck_assert_uint_eq(node.attr_count, ATTRS);
	ck_ok(cute_shm_attr(&node, "a19999", &attr));
	ck_assert_int_eq(*cute_shm_i32(&attr.value, NULL), 19999);
	ck_clean(shm);
}
END_TEST

/* Never written, so the file is small; the first that does not fit is named. */
START_TEST(too_large)
{
	static const hsize_t dims[][3] = {
		{ UINT64_C(1) << 40, UINT64_C(1) << 40, 1 },
		{ UINT64_C(1) << 32, UINT64_C(1) << 31, 1 },
		{ UINT64_C(1) << 62, 2, 1 },
		{ UINT64_C(1) << 45, 1, 1 },
	};
	struct cute_shm_hdf5_options opt = h5_options(0);
	hsize_t chunk[] = { 1024, 1, 1 };
	hid_t file = h5_begin(), dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	int err;

	ck_h5(H5Pset_chunk(dcpl, 3, chunk));
	h5_put_with(file, "huge", H5T_STD_I8LE, 3, dims[_i], dcpl, NULL);
	H5Fclose(file);
	err = cute_shm_hdf5_load("t", h5_path("t.h5"), &opt, NULL);
	ck_assert_msg(err == CUTE_SHM_ERR_NO_SPACE ||
			      err == CUTE_SHM_ERR_SOURCE ||
			      err == CUTE_SHM_ERR_INVALID,
		      "%d: %s", err, cute_shm_errmsg());
	ck_assert_str_ne(cute_shm_errmsg(), "");
	ck_assert_uint_eq(test_count(getenv("CUTE_SHM_ROOT")), 0);
}
END_TEST

/*
 * libhdf5 takes kilobytes for each chunk that one reading touches, so many
 * chunks of an element must not be read at once.
 */
START_TEST(tiny_chunks)
{
	enum {
		COUNT = 50000
	};
	const hsize_t dims[] = { COUNT }, chunk[] = { 1 };
	const uint64_t shape[] = { COUNT };
	struct cute_shm_hdf5_options opt = h5_options(0);
	hid_t file = h5_begin(), dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	static char *texts[COUNT], text[] = "of variable length";
	static int32_t numbers[COUNT];
	hid_t type = ck_h5(H5Tcopy(H5T_C_S1));
	struct cute_shm_array a;
	struct cute_shm *shm;
	const void *p;
	uint64_t n;

	for (int i = 0; i < COUNT; i++) {
		texts[i] = text + i % 10;
		numbers[i] = i;
	}
	ck_h5(H5Tset_size(type, H5T_VARIABLE));
	ck_h5(H5Pset_chunk(dcpl, 1, chunk));
	if (_i == 0) {
		h5_put_with(file, "x", type, 1, dims, dcpl, texts);
	} else {
		ck_h5(H5Pset_nbit(dcpl));
		h5_put_with(file, "x", H5T_NATIVE_INT32, 1, dims, dcpl,
			    numbers);
	}
	H5Tclose(type);
	if (!SANITIZED)
		opt.max_memory = UINT64_C(128) << 20;
	shm = h5_load_with(file, &opt);
	if (_i == 0) {
		ck_ok(cute_shm_get(shm, "x", &a));
		ck_ok(cute_shm_element(&a, COUNT - 1, &p, &n));
		ck_assert_uint_eq(n, strlen(texts[COUNT - 1]));
		ck_assert_int_eq(memcmp(p, texts[COUNT - 1], n), 0);
	} else {
		ck_array(shm, "x", "<i4", 1, shape, numbers);
	}
	ck_clean(shm);
}
END_TEST

START_TEST(too_many_dimensions)
{
	hid_t file = h5_begin(), array;
	hsize_t dims[32], two[] = { 2, 2 };
	static const int32_t data[4];
	struct cute_shm *shm;

	for (int i = 0; i < 32; i++)
		dims[i] = 1;
	h5_put(file, "thirty-two", H5T_STD_I32LE, 32, dims, data);
	array = ck_h5(H5Tarray_create2(H5T_STD_I32LE, 1, two));
	h5_put(file, "thirty-three", array, 32, dims, NULL);
	H5Tclose(array);
	shm = h5_load(file);
	ck_gone("thirty-three", "33 dimensions");
	ck_children(shm, "", "thirty-two");
	ck_clean(shm);
}
END_TEST

/*
 * Chunks that hold more than their elements, as libhdf5 does not mind: with
 * filters, and with these skipped.
 */
START_TEST(more_than_a_chunk)
{
	enum {
		CHUNKS = 64,
		SIZE = 1000,
		HELD = 1100
	};
	static const char *const filters[] = { "d", "sd", "sdf", "fd",
					       "s", "sm", "dm" };
	static int32_t data[CHUNKS][SIZE], held[CHUNKS][HELD];
	static int32_t seen[CHUNKS][SIZE], stored[2 * HELD];
	const hsize_t dims[] = { CHUNKS, SIZE }, chunk[] = { 1, SIZE };
	const hsize_t long_dims[] = { CHUNKS, HELD };
	const hsize_t long_chunk[] = { 1, HELD };
	const uint64_t shape[] = { CHUNKS, SIZE };
	hid_t file = h5_begin(), dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	hid_t from, set;
	struct cute_shm *shm;
	uint32_t mask = 0;

	for (int i = 0; i < CHUNKS * HELD; i++)
		held[i / HELD][i % HELD] = i * 7;
	for (int i = 0; i < CHUNKS; i++)
		memcpy(data[i], held[i], sizeof(data[i]));
	for (const char *f = filters[_i]; *f; f++)
		if (*f == 's')
			ck_h5(H5Pset_shuffle(dcpl));
		else if (*f == 'd')
			ck_h5(H5Pset_deflate(dcpl, 1));
		else if (*f == 'f')
			ck_h5(H5Pset_fletcher32(dcpl));
		else
			mask = 1;
	ck_h5(H5Pset_chunk(dcpl, 2, chunk));
	h5_put_with(file, "x", H5T_NATIVE_INT32, 2, dims, ck_h5(H5Pcopy(dcpl)),
		    NULL);
	ck_h5(H5Pset_chunk(dcpl, 2, long_chunk));
	h5_put_with(file, "long", H5T_NATIVE_INT32, 2, long_dims, dcpl, held);
	set = ck_h5(H5Dopen2(file, "x", H5P_DEFAULT));
	from = ck_h5(H5Dopen2(file, "long", H5P_DEFAULT));
	ck_h5(H5Fflush(file, H5F_SCOPE_LOCAL));
	for (hsize_t i = 0; i < CHUNKS; i++) {
		const hsize_t at[] = { i, 0 };
		hsize_t size = sizeof(held[i]);
		uint32_t skipped;

		if (mask) {
			memcpy(stored, held[i], size);
		} else {
			ck_h5(H5Dget_chunk_storage_size(from, at, &size));
			ck_assert_uint_le(size, sizeof(stored));
			ck_h5(H5Dread_chunk(from, H5P_DEFAULT, at, &skipped,
					    stored));
		}
		ck_h5(H5Dwrite_chunk(set, H5P_DEFAULT, mask, at, size, stored));
	}
	ck_h5(H5Dclose(from));
	ck_h5(H5Dclose(set));
	set = ck_h5(H5Dopen2(file, "x", H5P_DEFAULT));
	if (H5Dread(set, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT,
		    seen) >= 0)
		ck_assert_mem_eq(seen, data, sizeof(data));
	else
		ck_assert_msg(H5_VERSION_GE(2, 0, 0), "libhdf5 minds");
	ck_h5(H5Dclose(set));
	shm = h5_load(file);
	ck_array(shm, "x", "<i4", 2, shape, data);
	ck_clean(shm);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hdf5 extreme");
	TCase *t = tcase_create("extreme");

	tcase_set_timeout(t, 240);
	tcase_add_test(t, deep);
	tcase_add_test(t, shared);
	tcase_add_test(t, soft_links_round);
	tcase_add_test(t, long_names);
	tcase_add_test(t, many_attributes);
	tcase_add_loop_test(t, too_large, 0, 4);
	tcase_add_loop_test(t, tiny_chunks, 0, 2);
	tcase_add_test(t, too_many_dimensions);
	tcase_add_loop_test(t, more_than_a_chunk, 0, 7);
	suite_add_tcase(s, t);
	return test_run(s);
}
