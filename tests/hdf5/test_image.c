/* SPDX-License-Identifier: MIT */
/* The bytes of a file, as the native index reads them. */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "hdf5/structure/structure.h"
#include "util.h"

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)

/* A file in which the numbers at multiples of 4 KiB tell where they are. */
static int
file_of(uint64_t size)
{
	int fd = memfd_create("image", MFD_CLOEXEC);
	uint64_t at;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
	for (at = 0; at + sizeof(at) <= size && at < 64 * MIB; at += 4 * KIB)
		ck_assert_int_eq(pwrite(fd, &at, sizeof(at), (off_t)at),
				 sizeof(at));
	return fd;
}

static void
check_at(struct image *f, uint64_t at)
{
	const uint8_t *p = image_get(f, at, sizeof(at));

	ck_assert_msg(p != NULL, "at %llu: %s", (unsigned long long)at, f->why);
	ck_assert_int_eq(memcmp(p, &at, sizeof(at)), 0);
}

static void
check_refused(struct image *f, uint64_t at, uint64_t size, const char *why)
{
	ck_assert_ptr_null(image_get(f, at, size));
	ck_assert_str_eq(f->why, why);
}

START_TEST(test_whole)
{
	int fd = file_of(MIB);
	struct image f;

	ck_assert_int_eq(image_open(fd, MIB, 0, &f), 0);
	close(fd);
	check_at(&f, 0);
	check_at(&f, MIB - 4 * KIB);
	ck_assert_uint_eq(f.reads, 1);
	ck_assert_ptr_nonnull(image_peek(&f, MIB - 1, 1));
	ck_assert_ptr_null(image_peek(&f, MIB - 1, 2));
	check_refused(&f, MIB - 1, 2, "beyond the end of the file");
	check_refused(&f, UINT64_MAX, 2, "beyond the end of the file");
	image_close(&f);
}
END_TEST

START_TEST(test_empty)
{
	int fd = file_of(0);
	struct image f;

	ck_assert_int_eq(image_open(fd, 0, 0, &f), NO_OPINION);
	ck_assert_str_eq(f.why, "the file is empty");
	image_close(&f);
	close(fd);
}
END_TEST

/* Of a small file single pages are read, and if that goes on, longer runs. */
START_TEST(test_small)
{
	int fd = file_of(MIB);
	struct image f;
	uint64_t i;

	ck_assert_int_eq(image_open(fd, MIB, 1, &f), 0);
	ck_assert_uint_eq(f.reads, 0);
	for (i = 0; i < 8; i++)
		check_at(&f, i * 8 * 4 * KIB);
	ck_assert_uint_eq(f.reads, 8);
	ck_assert_uint_eq(f.loaded, 8 * 4 * KIB);
	/* The page is in the middle of 64 KiB of which nothing is there. */
	check_at(&f, 512 * KIB + 20 * KIB);
	ck_assert_uint_eq(f.reads, 9);
	ck_assert_uint_eq(f.loaded, (8 * 4 + 64) * KIB);
	check_at(&f, 512 * KIB);
	check_at(&f, 512 * KIB + 60 * KIB);
	ck_assert_uint_eq(f.reads, 9);
	for (i = 0; i < 256; i++)
		check_at(&f, i * 4 * KIB);
	ck_assert_uint_eq(f.loaded, MIB);
	ck_assert_uint_eq(f.pieces, 1);
	ck_assert_uint_le(f.reads, 9 + 24);
	image_close(&f);
	close(fd);
}
END_TEST

/* A run is twice as long as the one before that ended there, up to 1 MiB. */
START_TEST(test_runs)
{
	int fd = file_of(20 * MIB);
	struct image f;
	uint64_t at;

	ck_assert_int_eq(image_open(fd, 20 * MIB, 0, &f), 0);
	check_at(&f, 10 * MIB);
	ck_assert_uint_eq(f.loaded, 64 * KIB);
	for (at = 0; at < 20 * MIB; at += 64 * KIB)
		check_at(&f, at);
	ck_assert_uint_eq(f.loaded, 20 * MIB);
	ck_assert_uint_eq(f.pieces, 1);
	ck_assert_uint_le(f.reads, 1 + 2 * 4 + 20);
	image_close(&f);
	close(fd);
}
END_TEST

START_TEST(test_large)
{
	int fd = file_of(300 * MIB);
	struct image f;

	ck_assert_int_eq(image_open(fd, 300 * MIB, 0, &f), 0);
	check_at(&f, 4 * KIB);
	ck_assert_uint_eq(f.loaded, 16 * KIB);
	/* The last bytes, which are no whole block of a file. */
	ck_assert_ptr_nonnull(image_get(&f, 300 * MIB - 1, 1));
	ck_assert_uint_eq(f.loaded, 32 * KIB);
	ck_assert_uint_eq(f.pieces, 2);
	image_close(&f);
	close(fd);
}
END_TEST

/* Small data are read with others if the file is neither tiny nor large. */
START_TEST(test_data)
{
	static const struct {
		uint64_t size;
		bool kept;
	} of[] = { { MIB, false }, { 20 * MIB, true }, { 300 * MIB, false } };
	struct image f;
	size_t i;
	int fd;

	for (i = 0; i < ELEMENTS(of); i++) {
		fd = file_of(of[i].size);
		ck_assert_int_eq(image_open(fd, of[i].size, 1, &f), 0);
		ck_assert_int_eq(image_peek(&f, 512 * KIB, 8) != NULL,
				 of[i].kept);
		ck_assert_uint_eq(f.reads, of[i].kept);
		check_at(&f, 512 * KIB);
		ck_assert_ptr_nonnull(image_peek(&f, 512 * KIB, 8));
		ck_assert_ptr_nonnull(image_peek(&f, 512 * KIB, 0));
		ck_assert_ptr_null(image_peek(&f, 512 * KIB, 256 * KIB));
		ck_assert_uint_eq(f.reads, 1 + of[i].kept);
		image_close(&f);
		close(fd);
	}
}
END_TEST

/* The number at a multiple of 4 KiB, as data. */
static bool
peeks(struct image *f, uint64_t at)
{
	const uint8_t *p = image_peek(f, at, sizeof(at));

	if (p)
		ck_assert_int_eq(memcmp(p, &at, sizeof(at)), 0);
	return p != NULL;
}

/* Of data, eight pieces of 256 KiB are kept. */
START_TEST(test_window)
{
	const uint64_t size = 20 * MIB + 12;
	int fd = file_of(size);
	struct image f;
	uint64_t at, i;

	ck_assert_int_eq(image_open(fd, size, 0, &f), 0);
	for (at = 0; at < 2 * MIB; at += 4 * KIB)
		ck_assert(peeks(&f, 18 * MIB + at));
	for (at = 0; at < 2 * MIB; at += 4 * KIB)
		ck_assert(peeks(&f, 20 * MIB - 4 * KIB - at));
	ck_assert_uint_eq(f.reads, 8);
	ck_assert_uint_eq(f.loaded, 0);
	/* Not over the end of a piece, or of the file. */
	ck_assert_ptr_null(image_peek(&f, 18 * MIB + 256 * KIB - 4, 8));
	ck_assert(peeks(&f, 20 * MIB));
	ck_assert_ptr_nonnull(image_peek(&f, size - 4, 4));
	ck_assert_ptr_null(image_peek(&f, size - 4, 5));
	/* Two pieces that take turns are not read forever. */
	for (i = 0; i < 1000 && peeks(&f, i % 2 * 2 * MIB); i++)
		;
	ck_assert_uint_ge(i, 100);
	ck_assert_uint_lt(i, 200);
	check_at(&f, 0);
	ck_assert(peeks(&f, 0));
	image_close(&f);
	close(fd);
}
END_TEST

/* What was dropped is read again, and what is read too often stays. */
START_TEST(test_trim)
{
	int fd = file_of(20 * MIB);
	struct image f;
	uint64_t at, rounds;

	ck_assert_int_eq(image_open(fd, 20 * MIB, 0, &f), 0);
	check_at(&f, 10 * MIB);
	image_trim(&f, MIB);
	ck_assert_uint_eq(f.loaded, 64 * KIB);
	for (rounds = 0; rounds < 100; rounds++) {
		f.budget = f.size;
		for (at = 0; at < 20 * MIB; at += 64 * KIB)
			check_at(&f, at);
		ck_assert_uint_eq(f.loaded, 20 * MIB);
		ck_assert_uint_eq(f.pieces, 1);
		image_trim(&f, MIB);
		if (f.loaded > 0)
			break;
		ck_assert_uint_eq(f.pieces, 0);
	}
	ck_assert_uint_eq(rounds, 2);
	image_close(&f);
	/* One that is in memory as a whole stays. */
	ck_assert_int_eq(image_open(fd, MIB, 0, &f), 0);
	image_trim(&f, 0);
	check_at(&f, 512 * KIB);
	ck_assert_uint_eq(f.reads, 1);
	image_close(&f);
	close(fd);
}
END_TEST

START_TEST(test_fails)
{
	int fd = file_of(MIB);
	struct image f;

	ck_assert_int_eq(image_open(fd, MIB, 1, &f), 0);
	check_at(&f, 0);
	ck_assert_int_eq(ftruncate(fd, 4 * KIB), 0);
	check_refused(&f, 512 * KIB, 8, "the file has become shorter");
	check_at(&f, 0);
	f.fd = -1;
	check_refused(&f, 512 * KIB, 8, "the file cannot be read");
	image_close(&f);
	ck_assert_int_eq(image_open(fd, MIB, 0, &f), NO_OPINION);
	ck_assert_str_eq(f.why, "the file has become shorter");
	image_close(&f);
	close(fd);
}
END_TEST

/* The same bytes again and again are charged, too. */
START_TEST(test_budget)
{
	int fd = file_of(MIB);
	struct image f;
	int times = 0;

	ck_assert_int_eq(image_open(fd, MIB, 0, &f), 0);
	while (times < 1000 && image_get(&f, 0, MIB))
		times++;
	ck_assert_int_ge(times, 1);
	ck_assert_int_lt(times, 1000);
	ck_assert_str_eq(f.why, "more metadata than a file of this size has");
	image_close(&f);
	close(fd);
}
END_TEST

/* Without memory there is no opinion, and what was read stays. */
START_TEST(test_no_memory)
{
	int fd = file_of(20 * MIB), whole;
	struct rlimit had, none;
	const uint8_t *got;
	struct image f, g;

	ck_assert_int_eq(image_open(fd, 20 * MIB, 1, &f), 0);
	check_at(&f, 0);
	ck_assert_int_eq(getrlimit(RLIMIT_DATA, &had), 0);
	none = had;
	none.rlim_cur = 1;
	ck_assert_int_eq(setrlimit(RLIMIT_DATA, &none), 0);
	got = image_get(&f, 10 * MIB, 8);
	whole = image_open(fd, 20 * MIB, 20 * MIB, &g);
	ck_assert_int_eq(setrlimit(RLIMIT_DATA, &had), 0);
	ck_assert_ptr_null(got);
	ck_assert_str_eq(f.why, "no room for the file's metadata");
	ck_assert_int_eq(whole, NO_OPINION);
	ck_assert_str_eq(g.why, "no room for the file's metadata");
	image_close(&g);
	check_at(&f, 0);
	check_at(&f, 10 * MIB);
	image_close(&f);
	close(fd);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("image");
	TCase *tc = tcase_create("image");

	tcase_add_test(tc, test_whole);
	tcase_add_test(tc, test_empty);
	tcase_add_test(tc, test_small);
	tcase_add_test(tc, test_runs);
	tcase_add_test(tc, test_large);
	tcase_add_test(tc, test_data);
	tcase_add_test(tc, test_window);
	tcase_add_test(tc, test_trim);
	tcase_add_test(tc, test_fails);
	tcase_add_test(tc, test_budget);
	tcase_add_test(tc, test_no_memory);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
