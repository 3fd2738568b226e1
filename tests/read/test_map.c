/* SPDX-License-Identifier: MIT */
/* Where mappings of segments lie: map.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "read/read.h"
#include "util.h"

#define MIB   ((size_t)1 << 20)
#define COUNT 8

/* What mmap() refuses: rooms that nothing is to be in, or all. */
static bool no_room, full;

void *__real_mmap(void *at, size_t size, int prot, int flags, int fd,
		  off_t from);
void *__wrap_mmap(void *at, size_t size, int prot, int flags, int fd,
		  off_t from);

void *
__wrap_mmap(void *at, size_t size, int prot, int flags, int fd, off_t from)
{
	if (full || (no_room && (flags & MAP_ANONYMOUS))) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	return __real_mmap(at, size, prot, flags, fd, from);
}

static int
file(size_t size)
{
	const char *path = test_path(test_root(), "file");
	FILE *f = fopen(path, "w+e");
	int fd;

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(ftruncate(fileno(f), (off_t)size), 0);
	ck_assert_int_eq(pwrite(fileno(f), "x", 1, (off_t)size - 1), 1);
	fd = dup(fileno(f));
	ck_assert_int_ge(fd, 0);
	fclose(f);
	return fd;
}

static void
check(const struct mapping *m, size_t size)
{
	ck_assert_uint_eq(m->size, size);
	ck_assert_uint_eq(m->base[0], 0);
	ck_assert_uint_eq(m->base[size - 1], 'x');
}

/* Many at once, and one after the other, of sizes that differ. */
START_TEST(aligned)
{
	struct mapping m[COUNT];
	size_t size = 2 * MIB + 12345 * (size_t)_i;
	int fd = file(size);

	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < COUNT; i++) {
			ck_assert_int_eq(map_new(fd, size, PROT_READ, &m[i]),
					 0);
			check(&m[i], size);
			ck_assert_uint_eq((uintptr_t)m[i].base % (2 * MIB), 0);
			for (size_t k = 0; k < i; k++)
				ck_assert(m[i].base + size <= m[k].base ||
					  m[k].base + size <= m[i].base);
		}
		for (size_t i = 0; i < COUNT; i++) {
			map_free(&m[i]);
			ck_assert_ptr_null(m[i].base);
		}
	}
	close(fd);
}
END_TEST

/* What is there already stays what it is. */
START_TEST(place_taken)
{
	size_t size = 4 * MIB;
	int fd = file(size);
	struct mapping m;
	uint8_t *base, *other;

	ck_assert_int_eq(map_new(fd, size, PROT_READ, &m), 0);
	base = m.base;
	map_free(&m);
	other = mmap(base + MIB, MIB, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	ck_assert_ptr_eq(other, base + MIB);
	other[0] = 7;
	ck_assert_int_eq(map_new(fd, size, PROT_READ, &m), 0);
	check(&m, size);
	ck_assert_uint_eq((uintptr_t)m.base % (2 * MIB), 0);
	ck_assert_uint_eq(other[0], 7);
	map_free(&m);
	munmap(other, MIB);
	close(fd);
}
END_TEST

/* Where there is no room to look for a place, any is taken. */
START_TEST(little_room)
{
	size_t size = 4 * MIB;
	int fd = file(size);
	uint8_t *other, *base;
	struct mapping m;

	ck_assert_int_eq(map_new(fd, size, PROT_READ, &m), 0);
	base = m.base;
	map_free(&m);
	other = mmap(base, size, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	ck_assert_ptr_eq(other, base);
	no_room = true;
	ck_assert_int_eq(map_new(fd, size, PROT_READ, &m), 0);
	check(&m, size);
	map_free(&m);
	full = true;
	ck_assert_int_eq(map_new(fd, size, PROT_READ, &m), -1);
	ck_assert_int_eq(errno, ENOMEM);
	ck_assert_int_eq(map_new(fd, MIB, PROT_READ, &m), -1);
	ck_assert_int_eq(errno, ENOMEM);
	no_room = full = false;
	munmap(other, size);
	close(fd);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("map");
	TCase *t = tcase_create("map");

	tcase_add_loop_test(t, aligned, 0, 3);
	tcase_add_test(t, place_taken);
	tcase_add_test(t, little_room);
	suite_add_tcase(s, t);
	return test_run(s);
}
