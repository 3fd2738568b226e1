/* SPDX-License-Identifier: MIT */
/*
 * Texts and lists of variable length: what is collected straight from the
 * heaps is, bit for bit, what H5Dread makes of them; in a file that is in
 * memory as a whole, and in one that is read in parts.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hdf5_util.h"

#define MOST 60000
#define LONG 100000

/*
 * Files that are read at once; and files that are read in parts, the last with
 * too many lists to be kept until they are written.
 */
static const struct variant {
	int count;
	size_t longest;
} variants[] = {
	{ 5000, LONG }, { 20000, 1000 }, { 40000, LONG }, { MOST, 1000 }
};

static int count;
static size_t longest;
static char *texts[MOST];
static hvl_t lists[MOST];
static int32_t numbers[MOST + LONG];

static void
make_values(const struct variant *v)
{
	count = v->count;
	longest = v->longest;
	for (int i = 0; i < MOST + LONG; i++)
		numbers[i] = i * 7919 - 5;
	for (int i = 0; i < count; i++) {
		size_t n = (size_t)(i * 7919 % 37), k = (size_t)i % 5;

		n = i % 1000 == 999 ? longest : i % 77 == 76 ? 130 + n : n;
		texts[i] = malloc(n + 20);
		memset(texts[i], 'a' + i % 26, n);
		strcpy(texts[i] + n, i % 3 ? "" : "\xc3\xa4");
		lists[i].len = i % 1999 == 1998 ? longest / 4 : k;
		lists[i].p = numbers + i;
	}
	strcpy(texts[17], "cut>here, a text of some bytes");
}

static hid_t
chunks(int rank, hsize_t rows, bool deflate)
{
	hid_t dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	const hsize_t chunk[] = { rows, 4 };

	ck_h5(H5Pset_chunk(dcpl, rank, chunk));
	if (deflate)
		ck_h5(H5Pset_deflate(dcpl, 1));
	return dcpl;
}

/* Write both halves of each dataset in turn: their collections alternate. */
static void
put_in_turn(hid_t file, hid_t text, hid_t list)
{
	const hsize_t n = (hsize_t)count, half = (hsize_t)count / 6;
	hid_t space = ck_h5(H5Screate_simple(1, &n, NULL)), a, b;
	hid_t memory = ck_h5(H5Screate_simple(1, &half, NULL));

	a = ck_h5(H5Dcreate2(file, "turn_texts", text, space, H5P_DEFAULT,
			     chunks(1, 100, false), H5P_DEFAULT));
	b = ck_h5(H5Dcreate2(file, "turn_lists", list, space, H5P_DEFAULT,
			     chunks(1, 300, true), H5P_DEFAULT));
	/* Backwards, and not the last part: missing chunks are empty. */
	for (hsize_t k = 5; k-- > 0;) {
		hsize_t start = k * half;

		ck_h5(H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, NULL,
					  &half, NULL));
		ck_h5(H5Dwrite(a, text, memory, space, H5P_DEFAULT,
			       texts + start));
		ck_h5(H5Dwrite(b, list, memory, space, H5P_DEFAULT,
			       lists + start));
	}
	ck_h5(H5Dclose(a));
	ck_h5(H5Dclose(b));
	ck_h5(H5Sclose(space));
	ck_h5(H5Sclose(memory));
}

static void
put_records(hid_t file, hid_t text, hid_t list)
{
	struct record {
		char *name;
		int32_t id;
		hvl_t list;
		char *other;
	} *records = calloc((size_t)count, sizeof(*records));
	hid_t t = ck_h5(H5Tcreate(H5T_COMPOUND, sizeof(*records)));
	const hsize_t n = (hsize_t)count;

	for (int i = 0; i < count; i++)
		records[i] = (struct record){ texts[i], i, lists[i],
					      texts[count - 1 - i] };
	ck_h5(H5Tinsert(t, "name", HOFFSET(struct record, name), text));
	ck_h5(H5Tinsert(t, "id", HOFFSET(struct record, id), H5T_NATIVE_INT32));
	ck_h5(H5Tinsert(t, "list", HOFFSET(struct record, list), list));
	ck_h5(H5Tinsert(t, "other", HOFFSET(struct record, other), text));
	h5_put(file, "records", t, 1, &n, records);
	ck_h5(H5Tclose(t));
	free(records);
}

static void
put_lists(hid_t file, hid_t text)
{
	hid_t little = ck_h5(H5Tvlen_create(H5T_STD_I32LE));
	hid_t big = ck_h5(H5Tvlen_create(H5T_STD_I32BE));
	hid_t bytes = ck_h5(H5Tvlen_create(H5T_STD_U8LE));
	hid_t threes = ck_h5(H5Tarray_create2(text, 1, (hsize_t[]){ 3 }));
	const hsize_t n = (hsize_t)count, third = (hsize_t)count / 3,
		      two[] = { (hsize_t)count / 6, 6 };

	h5_put(file, "little", little, 1, &n, lists);
	h5_put(file, "big", big, 1, &n, lists);
	h5_put_with(file, "bytes", bytes, 1, &n, chunks(1, 97, true), lists);
	h5_put_with(file, "table", little, 2, two, chunks(2, 11, false), lists);
	h5_put_with(file, "threes", threes, 1, &third, chunks(1, 50, true),
		    texts);
	put_in_turn(file, text, little);
	put_records(file, text, little);
	ck_h5(H5Tclose(little));
	ck_h5(H5Tclose(big));
	ck_h5(H5Tclose(bytes));
	ck_h5(H5Tclose(threes));
}

/* A NUL in the middle of a text, which libhdf5 does not write. */
static void
cut_texts(void)
{
	int fd = open(h5_path("t.h5"), O_RDWR | O_CLOEXEC);
	const size_t size = (size_t)lseek(fd, 0, SEEK_END);
	char *all = malloc(size), *p = all;
	unsigned found = 0;

	ck_assert_int_eq(pread(fd, all, size, 0), (ssize_t)size);
	for (; (p = memmem(p, size - (size_t)(p - all), "cut>", 4)); p++) {
		found++;
		ck_assert_int_eq(pwrite(fd, "", 1, p + 3 - all), 1);
	}
	ck_assert_uint_ge(found, 4);
	free(all);
	close(fd);
}

static uint64_t
digest_of(const char *strategy, unsigned jobs, bool check)
{
	struct cute_shm_hdf5_options opt = h5_options(0);
	struct cute_shm_info info;
	struct cute_shm_array a;
	struct cute_shm *shm;
	const void *p;
	uint64_t n;

	opt.jobs = jobs;
	if (strategy)
		setenv("CUTE_SHM_HDF5_STRATEGY", strategy, 1);
	shm = h5_load_with(-1, &opt);
	unsetenv("CUTE_SHM_HDF5_STRATEGY");
	ck_assert_uint_eq(h5_told.failed, 0);
	ck_ok(cute_shm_info(shm, &info));
	ck_ok(cute_shm_get(shm, "texts", &a));
	for (uint64_t i = 0; check && i < (uint64_t)count; i++) {
		ck_ok(cute_shm_element(&a, i, &p, &n));
		ck_assert_uint_eq(n, i == 17 ? 3 : strlen(texts[i]));
		ck_assert_mem_eq(p, texts[i], n);
	}
	ck_clean(shm);
	return info.metadata_digest;
}

START_TEST(same_as_libhdf5)
{
	const hsize_t n = (hsize_t)variants[_i].count;
	hid_t file = h5_begin(), text = ck_h5(H5Tcopy(H5T_C_S1));
	uint64_t library;

	make_values(&variants[_i]);
	ck_h5(H5Tset_size(text, H5T_VARIABLE));
	ck_h5(H5Tset_cset(text, H5T_CSET_UTF8));
	h5_put_with(file, "texts", text, 1, &n, chunks(1, 128, false), texts);
	h5_put(file, "contiguous", text, 1, &n, texts);
	put_lists(file, text);
	ck_h5(H5Tclose(text));
	ck_h5(H5Fclose(file));
	cut_texts();
	library = digest_of("generic", 1, true);
	ck_assert_msg(digest_of(NULL, 1, true) == library, "one thread");
	ck_assert_msg(digest_of(NULL, 3, true) == library, "three threads");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("lists");
	TCase *tc = tcase_create("lists");

	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, same_as_libhdf5, 0, ELEMENTS(variants));
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
