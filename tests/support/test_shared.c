/* SPDX-License-Identifier: MIT */
/* The reader's side of test_reader.h. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "test_reader.h"

/* By system calls: open() and mmap() may be those of failing.c. */
void *
test_shared_map(size_t size)
{
	const char *path = getenv("CUTE_SHM_TEST_SHARED");
	long fd = path ? syscall(SYS_openat, (long)AT_FDCWD, path, (long)O_RDWR)
		       : -1;
	void *page;

	if (fd < 0)
		return NULL;
	page = (void *)syscall(SYS_mmap, NULL, size,
			       (long)(PROT_READ | PROT_WRITE), (long)MAP_SHARED,
			       fd, 0L);
	syscall(SYS_close, fd);
	return page == MAP_FAILED ? NULL : page;
}
