/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test_reader.h"
#include "util.h"

void
test_reader(const char *name)
{
	char path[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 64);
	char *slash;

	ck_assert_int_gt(size, 0);
	path[size] = '\0';
	slash = strrchr(path, '/');
	ck_assert_ptr_nonnull(slash);
	snprintf(slash + 1, 64, "%s", name);
	ck_assert_msg(access(path, X_OK) == 0, "no reader %s", path);
	ck_assert_int_eq(setenv("CUTE_SHM_READER", path, 1), 0);
}

/* A file with a name, so that the test has no descriptor more. */
void *
test_shared(size_t size)
{
	char path[PATH_MAX];
	void *page;
	int fd;

	test_file_name(path, sizeof(path), "shared.XXXXXX");
	fd = mkostemp(path, O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
	page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(page, MAP_FAILED);
	close(fd);
	ck_assert_int_eq(setenv("CUTE_SHM_TEST_SHARED", path, 1), 0);
	return page;
}
