/* SPDX-License-Identifier: MIT */
/*
 * The native index of damaged files: it reads nothing outside of the file, and
 * it ends.  A page without access is behind the bytes.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hdf5_util.h"
#include "native_walk.h"

#define VERSIONS 3
#define MOST	 ((size_t)1 << 18) /* bytes of a file */

static const H5F_libver_t versions[VERSIONS] = { H5F_LIBVER_EARLIEST,
						 H5F_LIBVER_V18,
						 H5F_LIBVER_V110 };

static uint8_t *guarded; /* MOST bytes before a page without access */

static void
make_guarded(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	guarded = mmap(NULL, MOST + page, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(guarded, MAP_FAILED);
	ck_assert_int_eq(mprotect(guarded + MOST, page, PROT_NONE), 0);
}

/* Index the bytes; 0 if there is no opinion of the file. */
static uint64_t
try(const uint8_t *bytes, size_t size)
{
	uint8_t *at = guarded + MOST - size;
	struct native n;
	uint64_t sum = 0;

	memcpy(at, bytes, size);
	if (native_of(at, size, &n) == 0)
		sum = native_walk(&n);
	native_close(&n);
	return sum;
}

/* ------------------------------------------------------------------- files */

static void
put_chunks(hid_t file, const char *name, hsize_t count, hsize_t max,
	   hsize_t chunk)
{
	hid_t dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE)), space, dset;
	uint8_t *data = calloc(count, 1);

	ck_h5(H5Pset_chunk(dcpl, 1, &chunk));
	ck_h5(H5Pset_deflate(dcpl, 1));
	space = ck_h5(H5Screate_simple(1, &count, &max));
	dset = ck_h5(H5Dcreate2(file, name, H5T_STD_U8LE, space, H5P_DEFAULT,
				dcpl, H5P_DEFAULT));
	ck_h5(H5Dwrite(dset, H5T_STD_U8LE, H5S_ALL, H5S_ALL, H5P_DEFAULT,
		       data));
	free(data);
	ck_h5(H5Sclose(space));
	ck_h5(H5Dclose(dset));
	ck_h5(H5Pclose(dcpl));
}

static void
put_attributes(hid_t where, unsigned count)
{
	static const char *const texts[] = { "text", "" };
	const hsize_t dims[] = { 2 };
	hid_t text, type;
	char name[16];
	unsigned i;

	text = h5_string(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_ASCII);
	h5_attr(where, "text", text, 1, dims, texts);
	type = ck_h5(H5Tcreate(H5T_COMPOUND, 16));
	ck_h5(H5Tinsert(type, "a", 0, H5T_STD_I32LE));
	ck_h5(H5Tinsert(type, "b", 8, H5T_IEEE_F64BE));
	h5_attr(where, "record", type, 1, dims, NULL);
	for (i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "%u", i);
		h5_attr(where, name, H5T_STD_I32LE, 0, NULL, NULL);
	}
	ck_h5(H5Tclose(text));
	ck_h5(H5Tclose(type));
}

/* A small file with as many structures as possible. */
static uint8_t *
make_file(H5F_libver_t version, size_t *size)
{
	hid_t fapl = ck_h5(H5Pcreate(H5P_FILE_ACCESS)), file, group;
	hid_t fcpl = ck_h5(H5Pcreate(H5P_FILE_CREATE));
	uint8_t *bytes = calloc(1, MOST);
	const hsize_t dims[] = { 2 };
	char name[16];
	FILE *f;

	ck_h5(H5Pset_libver_bounds(fapl, version, H5F_LIBVER_LATEST));
	ck_h5(H5Pset_sym_k(fcpl, 2, 2));
	ck_h5(H5Pset_istore_k(fcpl, 2));
	file = ck_h5(H5Fcreate(h5_path("b.h5"), H5F_ACC_TRUNC, fcpl, fapl));
	put_attributes(file, 3);
	group = ck_h5(H5Gcreate2(file, "group", H5P_DEFAULT, H5P_DEFAULT,
				 H5P_DEFAULT));
	for (unsigned i = 0; i < 12; i++) {
		snprintf(name, sizeof(name), "link %u", i);
		ck_h5(H5Lcreate_soft("/d", group, name, H5P_DEFAULT,
				     H5P_DEFAULT));
	}
	put_attributes(group, 12);
	h5_put(file, "d", H5T_STD_I32LE, 1, dims, NULL);
	put_chunks(file, "fixed", 20, 20, 2);
	put_chunks(file, "extensible", 40, H5S_UNLIMITED, 2);
	ck_h5(H5Gclose(group));
	ck_h5(H5Fclose(file));
	ck_h5(H5Pclose(fapl));
	ck_h5(H5Pclose(fcpl));
	f = fopen(h5_path("b.h5"), "re");
	ck_assert_ptr_nonnull(f);
	*size = fread(bytes, 1, MOST, f);
	fclose(f);
	ck_assert_uint_lt(*size, MOST);
	return bytes;
}

/* ------------------------------------------------------------------- tests */

/* Every length: shorter files are refused, none is read beyond its end. */
START_TEST(test_truncated)
{
	size_t size, n;
	uint8_t *bytes = make_file(versions[_i], &size);

	make_guarded();
	ck_assert_uint_ne(try(bytes, size), 0);
	for (n = 0; n < size; n += n < 512 ? 1 : 17)
		ck_assert_uint_eq(try(bytes, n), 0);
	free(bytes);
}
END_TEST

/* Structures with a checksum behind them. */
struct checked {
	size_t at, size;
};

#define MOST_CHECKED 200
#define LONGEST	     4096

static struct checked checked[MOST_CHECKED];
static size_t checked_count;

/* Find the bytes whose checksum follows them, by their signatures. */
static void
find_checked(const uint8_t *bytes, size_t size)
{
	static const char *const signatures[] = {
		"\211HDF", "OHDR", "OCHK", "BTHD", "BTLF", "BTIN", "FRHP",
		"FHIB",	   "FAHD", "FADB", "EAHD", "EAIB", "EADB", "EASB"
	};
	size_t i, k, n;

	checked_count = 0;
	for (i = 0; i + 8 < size; i++)
		for (k = 0; k < sizeof(signatures) / sizeof(*signatures); k++) {
			if (memcmp(bytes + i, signatures[k], 4) != 0)
				continue;
			for (n = 8; n < LONGEST && i + n + 4 <= size; n++)
				if (lookup3(bytes + i, n) ==
				    number_at(bytes + i + n, 4))
					break;
			if (n < LONGEST && i + n + 4 <= size &&
			    checked_count < MOST_CHECKED)
				checked[checked_count++] =
					(struct checked){ i, n };
		}
}

/* Put the right checksums behind all of them. */
static void
repair(uint8_t *bytes)
{
	uint32_t sum;
	size_t i;

	for (i = 0; i < checked_count; i++) {
		sum = htole32(lookup3(bytes + checked[i].at, checked[i].size));
		memcpy(bytes + checked[i].at + checked[i].size, &sum, 4);
	}
}

/*
 * One byte at a time, with right checksums, in each place that is not zero, or
 * is near one that is not.
 */
START_TEST(test_bytes)
{
	static const uint8_t values[] = { 0x01, 0x80, 0xff };
	size_t size, i, k;
	uint8_t *bytes = make_file(versions[_i], &size), old;

	make_guarded();
	find_checked(bytes, size);
	if (versions[_i] != H5F_LIBVER_EARLIEST)
		ck_assert_uint_gt(checked_count, 5);
	for (i = 0; i < size; i++) {
		old = bytes[i];
		if (old == 0 && i > 0 && bytes[i - 1] == 0)
			continue;
		for (k = 0; k < sizeof(values); k++) {
			bytes[i] = old ^ values[k];
			repair(bytes);
			try(bytes, size);
		}
		bytes[i] = old;
	}
	free(bytes);
}
END_TEST

/* Several bytes at once, from a fixed sequence of random numbers. */
START_TEST(test_random)
{
	uint64_t state = UINT64_C(0x2545f4914f6cdd1d) + (uint64_t)_i;
	size_t size, i, k, round;
	uint8_t *bytes = make_file(versions[_i], &size);
	uint8_t *copy = malloc(size);

	make_guarded();
	find_checked(bytes, size);
	for (round = 0; round < 1000; round++) {
		memcpy(copy, bytes, size);
		for (k = 0; k < 1 + round % 4; k++) {
			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			i = (size_t)(state >> 16) % size;
			copy[i] = (uint8_t)state;
		}
		repair(copy);
		try(copy, size);
	}
	free(copy);
	free(bytes);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("native_bounds");
	TCase *tc = tcase_create("native_bounds");

	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, test_truncated, 0, VERSIONS);
	tcase_add_loop_test(tc, test_bytes, 0, VERSIONS);
	tcase_add_loop_test(tc, test_random, 0, VERSIONS);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
