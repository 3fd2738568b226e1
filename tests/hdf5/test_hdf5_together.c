/* SPDX-License-Identifier: MIT */
/*
 * Datasets that are read at the same time: how long each of them took, which of
 * them is to blame for an error, how soon that ends the others, and how much
 * memory all of it takes.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/base.h"
#include "hdf5_util.h"
#include "hdf5/dataset/dataset.h"

#define LARGE (8 << 20) /* elements that take a thread a while */

static hid_t
deflated(hsize_t chunk)
{
	hid_t dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));

	ck_h5(H5Pset_chunk(dcpl, 1, &chunk));
	ck_h5(H5Pset_deflate(dcpl, 1));
	return dcpl;
}

/* One chunk of zeros, of which the stored bytes lack their end. */
static void
put_damaged(hid_t file, const char *name, hsize_t count)
{
	const hsize_t zero[] = { 0 };
	int32_t *data = calloc(count, sizeof(*data));
	hsize_t size;
	uint32_t mask;
	uint8_t *raw;
	hid_t set;

	h5_put_with(file, name, H5T_NATIVE_INT32, 1, &count, deflated(count),
		    data);
	free(data);
	set = ck_h5(H5Dopen2(file, name, H5P_DEFAULT));
	ck_h5(H5Dget_chunk_storage_size(set, zero, &size));
	raw = malloc(size);
	ck_h5(H5Dread_chunk(set, H5P_DEFAULT, zero, &mask, raw));
	ck_h5(H5Dwrite_chunk(set, H5P_DEFAULT, 0, zero, size - 8, raw));
	ck_h5(H5Dclose(set));
	free(raw);
}

/* ---------------------------------------------------------------- time */

static double took[256]; /* seconds, by the first letter of the path */

static void
see_time(const struct cute_shm_hdf5_array *array, void *arg)
{
	(void)arg;
	took[(unsigned char)array->path[0]] = array->seconds;
}

/* The threads are busy with the others when the small one is handed to them. */
START_TEST(times)
{
	struct cute_shm_hdf5_options opt = h5_options(CUTE_SHM_HDF5_OVERWRITE);
	const hsize_t large[] = { LARGE }, small[] = { 8192 };
	int32_t *data = calloc(LARGE, sizeof(*data));
	hid_t file = h5_begin();
	double least = 0;
	bool good = false;

	h5_put_with(file, "a", H5T_NATIVE_INT32, 1, large, deflated(LARGE),
		    data);
	h5_put_with(file, "b", H5T_NATIVE_INT32, 1, large, deflated(LARGE),
		    data);
	h5_put_with(file, "c", H5T_NATIVE_INT32, 1, large, deflated(LARGE),
		    data);
	h5_put_with(file, "d", H5T_NATIVE_INT32, 1, small, deflated(1024),
		    data);
	ck_h5(H5Fclose(file));
	free(data);
	opt.array = see_time;
	opt.jobs = 2;
	/* On a busy machine any of these may be interrupted. */
	for (int i = 0; i < 5 && !good; i++) {
		memset(took, 0, sizeof(took));
		ck_ok(cute_shm_hdf5_load("t", h5_path("t.h5"), &opt, NULL));
		least = took['a'] < took['b'] ? took['a'] : took['b'];
		least = least < took['c'] ? least : took['c'];
		ck_assert_double_gt(took['d'], 0);
		good = least > 3 * took['d'];
	}
	ck_assert_msg(good, "%f s, %f s", least, took['d']);
}
END_TEST

/* -------------------------------------------------------------- errors */

/*
 * The first error is met while a thread is at work; what another dataset says
 * meanwhile is not its cause.
 */
START_TEST(whose_fault)
{
	static char garbage[] = "its sum is another";
	struct cute_shm_hdf5_options opt =
		h5_options(_i % 2 ? CUTE_SHM_HDF5_KEEP_GOING : 0);
	const hsize_t count[] = { 1000 }, zero[] = { 0 };
	hid_t file = h5_begin(), set,
	      dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));

	ck_h5(H5Pset_chunk(dcpl, 1, count));
	ck_h5(H5Pset_fletcher32(dcpl));
	put_damaged(file, "a", _i < 2 ? LARGE : 16384);
	h5_put_with(file, "b", H5T_NATIVE_INT32, 1, count, dcpl, NULL);
	set = ck_h5(H5Dopen2(file, "b", H5P_DEFAULT));
	ck_h5(H5Dwrite_chunk(set, H5P_DEFAULT, 0, zero, sizeof(garbage),
			     garbage));
	ck_h5(H5Dclose(set));
	ck_h5(H5Fclose(file));
	opt.jobs = 2;
	if (_i % 2 == 0) {
		ck_err(cute_shm_hdf5_load("t", h5_path("t.h5"), &opt, NULL),
		       CUTE_SHM_ERR_SOURCE);
		ck_errmsg_has("/a: chunk at (0): deflate stream");
		return;
	}
	ck_ok(cute_shm_hdf5_load("t", h5_path("t.h5"), &opt, NULL));
	ck_assert_uint_eq(h5_told.failed, 2);
	ck_assert_str_eq(h5_told.paths[0], "a");
	ck_assert_ptr_nonnull(strstr(h5_told.reasons[0], "deflate stream"));
	ck_gone("b", "chunk at (0): ");
	ck_assert_ptr_null(strstr(h5_told.reasons[1], "deflate stream"));
}
END_TEST

/* CPU seconds of the children that have ended: of readers. */
static double
cpu_seconds(void)
{
	struct rusage used;

	ck_assert_int_eq(getrusage(RUSAGE_CHILDREN, &used), 0);
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static double
work_of(int expected, const struct cute_shm_hdf5_options *opt)
{
	double before = cpu_seconds();

	ck_assert_int_eq(cute_shm_hdf5_load("t", h5_path("t.h5"), opt, NULL),
			 expected);
	return cpu_seconds() - before;
}

/*
 * "b" is converted by libhdf5, slowly; when "a" has failed nobody is to wait
 * for it.
 */
START_TEST(the_end_of_all)
{
	static const char *const slow[] = { "b", NULL };
	struct cute_shm_hdf5_options opt = h5_options(CUTE_SHM_HDF5_OVERWRITE);
	const hsize_t count[] = { LARGE };
	hid_t file = h5_begin(), type = h5_float(2, 16, 15, 7, 8, 7, 127);
	uint16_t *data = calloc(LARGE, sizeof(*data));
	double whole;

	put_damaged(file, "a", 16384);
	for (int i = 0; i < LARGE; i++)
		data[i] = (uint16_t)(i * 31 % 30000);
	h5_put(file, "b", type, 1, count, data);
	H5Tclose(type);
	free(data);
	ck_h5(H5Fclose(file));
	opt.jobs = 2;
	opt.select = slow;
	whole = work_of(0, &opt);
	opt.select = NULL;
	ck_assert_double_gt(whole, 0);
	ck_assert_double_lt(work_of(CUTE_SHM_ERR_SOURCE, &opt), whole / 2);
	ck_errmsg_has("/a: chunk at (0): ");
}
END_TEST

/* -------------------------------------------------------------- memory */

/*
 * What lists take is known on average only: here the first of them are nearly
 * all there is.
 */
START_TEST(uneven_lists)
{
	enum {
		LONG = 200,
		COUNT = 30000,
		SIZE = 1000000
	};
	static const struct rlimit enough = { 128 << 20, 128 << 20 };
	struct cute_shm_hdf5_options opt = h5_options(0);
	static char *texts[COUNT], one[] = "1";
	const hsize_t count[] = { COUNT };
	hid_t file = h5_begin(), type = ck_h5(H5Tcopy(H5T_C_S1));
	char *text = malloc(SIZE + 1);
	struct cute_shm_array a;
	struct cute_shm *shm;
	const void *p;
	uint64_t n;

	memset(text, 'x', SIZE);
	text[SIZE] = '\0';
	for (int i = 0; i < COUNT; i++)
		texts[i] = i < LONG ? text : one;
	ck_h5(H5Tset_size(type, H5T_VARIABLE));
	h5_put(file, "x", type, 1, count, texts);
	H5Tclose(type);
	if (!SANITIZED)
		ck_assert_int_eq(setrlimit(RLIMIT_DATA, &enough), 0);
	opt.jobs = 2;
	shm = h5_load_with(file, &opt);
	ck_ok(cute_shm_get(shm, "x", &a));
	ck_ok(cute_shm_element(&a, LONG - 1, &p, &n));
	ck_assert_uint_eq(n, SIZE);
	ck_assert_int_eq(memcmp(p, text, n), 0);
	ck_ok(cute_shm_element(&a, COUNT - 1, &p, &n));
	ck_assert_uint_eq(n, 1);
	free(text);
	ck_clean(shm);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hdf5 together");
	TCase *t = tcase_create("together");

	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, times);
	if (filter_inflate)
		tcase_add_loop_test(t, whose_fault, 0, 4);
	tcase_add_test(t, the_end_of_all);
	tcase_add_test(t, uneven_lists);
	suite_add_tcase(s, t);
	return test_run(s);
}
