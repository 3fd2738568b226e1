/* SPDX-License-Identifier: MIT */
/*
 * A load leaves the page cache as it was: page_cache.c.  The files lie in the
 * working folder, since most other folders of tests have no page cache.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "hdf5_util.h"
#include "reader_prefetch.h"
#include "test_reader.h"

#define KIB  ((uint64_t)1 << 10)
#define MIB  ((uint64_t)1 << 20)
#define SIZE (8 * MIB)
#define UNIT (64 * KIB)

static char folder[] = "page-cache.XXXXXX";
static const char *const names[] = { "a.h5", "b.h5", "raw" };
static struct seen *seen;

static const char *
path_of(const char *name)
{
	static char path[2][64];
	static unsigned n;

	n ^= 1;
	snprintf(path[n], sizeof(path[n]), "%s/%s", folder, name);
	return path[n];
}

static void
remove_all(void)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unlink(path_of(names[i]));
}

/* --------------------------------------------------------- the page cache */

/* The bytes of the file that are in the page cache. */
static uint64_t
cached(const char *path)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), ret = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char *there;
	struct stat st;
	void *map;

	if (fd < 0 || fstat(fd, &st) != 0)
		abort();
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	there = calloc((size_t)st.st_size / page + 1, 1);
	if (map == MAP_FAILED || !there ||
	    mincore(map, (size_t)st.st_size, there) != 0)
		abort();
	for (uint64_t i = 0; i * page < (uint64_t)st.st_size; i++)
		ret += (there[i] & 1) * page;
	free(there);
	munmap(map, (size_t)st.st_size);
	close(fd);
	return ret;
}

/* Take the file out of the page cache; false if it stays. */
static bool
make_cold(const char *path)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool cold = false;

	for (unsigned i = 0; i < 500 && !cold; i++) {
		fsync(fd);
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		cold = cached(path) == 0;
		if (!cold)
			nanosleep(&pause, NULL);
	}
	close(fd);
	return cold;
}

/*
 * Bring bytes into the page cache, and hold them there as far as this process
 * may, until it ends.
 */
static void
make_warm(const char *path, uint64_t at, uint64_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, (off_t)at);
	char page[4096];

	ck_assert_ptr_ne(map, MAP_FAILED);
	posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
	for (uint64_t i = 0; i < size; i += sizeof(page))
		ck_assert_int_gt(pread(fd, page, sizeof(page), (off_t)(at + i)),
				 0);
	madvise(map, size, MADV_RANDOM);
	mlock(map, size);
	close(fd);
}

/* Whether this folder lies in a file system with a page cache. */
static bool
has_page_cache(void)
{
	static const char data[8192];
	int fd = open(path_of("raw"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	bool ret = fd >= 0 && write(fd, data, sizeof(data)) == sizeof(data) &&
		   make_cold(path_of("raw"));

	if (fd >= 0)
		close(fd);
	unlink(path_of("raw"));
	return ret;
}

/* ------------------------------------------------------------------- files */

/* Noise, which no filter makes smaller. */
static uint8_t *
noise(size_t size)
{
	uint8_t *ret = malloc(size);
	uint64_t x = 1;

	for (size_t i = 0; i < size; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		ret[i] = (uint8_t)(x >> 56);
	}
	return ret;
}

static void
put_chunks(hid_t file, const char *name, bool deflate)
{
	static const hsize_t size = SIZE, chunk = 64 * KIB;
	hid_t dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	uint8_t *data = noise(size);

	ck_h5(H5Pset_chunk(dcpl, 1, &chunk));
	if (deflate)
		ck_h5(H5Pset_deflate(dcpl, 1));
	h5_put_with(file, name, H5T_STD_U8LE, 1, &size, dcpl, data);
	free(data);
}

static void
put_contiguous(hid_t file, const char *name)
{
	static const hsize_t size = SIZE;
	uint8_t *data = noise(size);

	h5_put(file, name, H5T_STD_U8LE, 1, &size, data);
	free(data);
}

/* Texts of 8 KiB, in global heaps. */
static void
put_texts(hid_t file, const char *name)
{
	static const hsize_t count = SIZE / (8 * KIB);
	hid_t type = h5_string(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_UTF8);
	char text[8 * KIB], *all[SIZE / (8 * KIB)];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (hsize_t i = 0; i < count; i++)
		all[i] = text;
	h5_put(file, name, type, 1, &count, all);
	H5Tclose(type);
}

static hid_t
begin(void)
{
	remove_all();
	h5_folder();
	return h5_create(path_of("a.h5"));
}

/* Load without cachestat(). */
static bool older;

static int
load(const char *strategy)
{
	struct cute_shm_hdf5_options opt = h5_options(0);

	test_reader("reader_prefetch");
	seen = test_shared(sizeof(*seen));
	seen->older = older;
	if (strategy)
		setenv("CUTE_SHM_HDF5_STRATEGY", strategy, 1);
	return cute_shm_hdf5_load("p", path_of("a.h5"), &opt, NULL);
}

/* The kernel may still be reading ahead when a load ends. */
static void
ck_dropped(const char *name)
{
	ck_assert_uint_le(cached(path_of(name)), SIZE / 8);
}

/* Load the file, which was not in the page cache. */
static void
load_cold(hid_t file, const char *strategy)
{
	H5Fclose(file);
	ck_assert(make_cold(path_of("a.h5")));
	ck_ok(load(strategy));
	ck_dropped("a.h5");
}

/* ------------------------------------------------------------------- tests */

static const char *const strategies[] = { NULL, "library", "generic" };

START_TEST(contiguous)
{
	hid_t file = begin();

	put_contiguous(file, "d");
	load_cold(file, strategies[_i]);
}
END_TEST

START_TEST(chunks)
{
	hid_t file = begin();

	put_chunks(file, "d", false);
	put_chunks(file, "e", true);
	load_cold(file, strategies[_i]);
}
END_TEST

START_TEST(texts)
{
	hid_t file = begin();

	put_texts(file, "t");
	load_cold(file, strategies[_i]);
}
END_TEST

START_TEST(linked)
{
	hid_t file = begin(), other = h5_create(path_of("b.h5"));

	put_contiguous(other, "d");
	put_chunks(other, "e", true);
	H5Fclose(other);
	ck_assert(make_cold(path_of("b.h5")));
	ck_h5(H5Lcreate_external("b.h5", "/", file, "l", H5P_DEFAULT,
				 H5P_DEFAULT));
	load_cold(file, strategies[_i]);
	ck_dropped("b.h5");
}
END_TEST

START_TEST(raw)
{
	static const hsize_t size = SIZE;
	hid_t file = begin(), dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	uint8_t *data = noise(size);

	ck_h5(H5Pset_external(dcpl, path_of("raw"), 0, size));
	h5_put_with(file, "d", H5T_STD_U8LE, 1, &size, dcpl, data);
	free(data);
	ck_assert(make_cold(path_of("raw")));
	load_cold(file, NULL);
	ck_dropped("raw");
}
END_TEST

START_TEST(several)
{
	const struct cute_shm_hdf5_source sources[] = {
		{ .file = path_of("a.h5") }, { .file = path_of("b.h5") }
	};
	struct cute_shm_hdf5_options opt = h5_options(0);
	hid_t file = begin(), other = h5_create(path_of("b.h5"));

	put_contiguous(file, "d");
	put_chunks(other, "e", true);
	H5Fclose(file);
	H5Fclose(other);
	ck_assert(make_cold(path_of("a.h5")) && make_cold(path_of("b.h5")));
	ck_ok(cute_shm_hdf5_load_files("p", sources, 2, &opt, NULL));
	ck_dropped("a.h5");
	ck_dropped("b.h5");
}
END_TEST

/* Two names of a file are not two files. */
START_TEST(twice)
{
	hid_t file = begin();

	put_contiguous(file, "d");
	put_chunks(file, "e", true);
	ck_h5(H5Lcreate_external("b.h5", "/d", file, "l", H5P_DEFAULT,
				 H5P_DEFAULT));
	ck_assert_int_eq(symlink("a.h5", path_of("b.h5")), 0);
	load_cold(file, strategies[_i]);
}
END_TEST

/* ------------------------------------------------------------- what stays */

/* The bytes of [at, at + size) that the reader wanted to drop. */
static uint64_t
dropped(uint64_t at, uint64_t size)
{
	uint64_t ret = 0, begin, end;

	for (unsigned i = 0; i < seen->drops; i++) {
		begin = seen->drop[i].at;
		end = begin + seen->drop[i].size;
		if (begin < at)
			begin = at;
		if (end > at + size)
			end = at + size;
		ret += end > begin ? end - begin : 0;
	}
	return ret;
}

START_TEST(warm)
{
	hid_t file = begin();
	struct stat st;

	put_contiguous(file, "d");
	H5Fclose(file);
	ck_assert_int_eq(stat(path_of("a.h5"), &st), 0);
	make_warm(path_of("a.h5"), 0, (uint64_t)st.st_size);
	older = _i;
	ck_ok(load(NULL));
	ck_assert_uint_eq(seen->drops, 0);
}
END_TEST

/* What was there at the load's begin stays, and the rest does not. */
START_TEST(some)
{
	static const uint64_t at[] = { 0, 5 * UNIT, 2 * MIB + UNIT };
	hid_t file = begin();
	uint64_t kept = 0;

	put_contiguous(file, "d");
	H5Fclose(file);
	ck_assert(make_cold(path_of("a.h5")));
	for (size_t i = 0; i < sizeof(at) / sizeof(*at); i++, kept += UNIT)
		make_warm(path_of("a.h5"), at[i], UNIT);
	older = _i / 2;
	ck_ok(load(strategies[_i % 2]));
	for (size_t i = 0; i < sizeof(at) / sizeof(*at); i++)
		ck_assert_uint_eq(dropped(at[i], UNIT), 0);
	ck_assert_uint_ge(dropped(0, SIZE), SIZE - kept - 4 * UNIT);
	ck_dropped("a.h5");
}
END_TEST

/* A file that is a hole, nearly all of it, is not even looked at. */
START_TEST(hole)
{
	hid_t file = begin();

	put_contiguous(file, "d");
	H5Fclose(file);
	ck_assert(make_cold(path_of("a.h5")));
	if (truncate(path_of("a.h5"), (off_t)(64 * KIB * MIB)) != 0)
		return;
	ck_ok(load(NULL));
	ck_assert_uint_eq(seen->drops, 0);
}
END_TEST

/* A plan reads little, and the load comes next. */
START_TEST(plan)
{
	hid_t file = begin();

	put_contiguous(file, "d");
	H5Fclose(file);
	test_reader("reader_prefetch");
	seen = test_shared(sizeof(*seen));
	ck_assert(make_cold(path_of("a.h5")));
	ck_ok(cute_shm_hdf5_plan(path_of("a.h5"), NULL, NULL));
	ck_assert_uint_eq(seen->drops, 0);
}
END_TEST

/* ------------------------------------------------------------- large files */

#define LARGE  (80 * MIB)
#define WINDOW (4 * MIB)

/* A hole; on reading, pages of zeros come into the page cache. */
static void
put_hole(hid_t file, bool chunked)
{
	static const hsize_t size = LARGE, chunk = 256 * KIB;
	hid_t dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	hid_t space = ck_h5(H5Screate_simple(1, &size, NULL));

	ck_h5(H5Pset_alloc_time(dcpl, H5D_ALLOC_TIME_EARLY));
	ck_h5(H5Pset_fill_time(dcpl, H5D_FILL_TIME_NEVER));
	if (chunked)
		ck_h5(H5Pset_chunk(dcpl, 1, &chunk));
	H5Dclose(ck_h5(H5Dcreate2(file, "d", H5T_STD_U8LE, space, H5P_DEFAULT,
				  dcpl, H5P_DEFAULT)));
	H5Sclose(space);
	H5Pclose(dcpl);
}

/*
 * Windows are dropped one after another while the load goes on, 32 MiB behind
 * it; those that are left, at the end.
 */
START_TEST(behind)
{
	static const unsigned most = (LARGE - 32 * MIB) / WINDOW;
	hid_t file = begin();
	unsigned windows = 0;

	put_hole(file, _i / 3);
	load_cold(file, strategies[_i % 3]);
	for (unsigned i = 0; i < seen->drops; i++)
		windows += seen->drop[i].size == WINDOW;
	ck_assert_uint_ge(windows, most - 2);
	ck_assert_uint_le(windows, most);
	ck_assert_uint_ge(dropped(0, LARGE), LARGE);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("page_cache");
	TCase *t = tcase_create("page_cache");
	int ret = 77;

	if (!mkdtemp(folder)) {
		puts("skipped: no file can be made in the working folder");
		return 77;
	}
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, contiguous, 0, 3);
	tcase_add_loop_test(t, chunks, 0, 3);
	tcase_add_loop_test(t, texts, 0, 3);
	tcase_add_loop_test(t, linked, 0, 2);
	tcase_add_test(t, raw);
	tcase_add_test(t, several);
	tcase_add_loop_test(t, twice, 0, 2);
	tcase_add_loop_test(t, warm, 0, 2);
	tcase_add_loop_test(t, some, 0, 4);
	tcase_add_test(t, hole);
	tcase_add_test(t, plan);
	tcase_add_loop_test(t, behind, 0, 6);
	suite_add_tcase(s, t);
	if (has_page_cache())
		ret = test_run(s);
	else
		puts("skipped: the working folder has no page cache");
	remove_all();
	rmdir(folder);
	return ret;
}
