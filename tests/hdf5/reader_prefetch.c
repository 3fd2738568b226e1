/* SPDX-License-Identifier: MIT */
/* A reader that counts its requests for the file: see test_hdf5_prefetch.c. */
#include "reader_prefetch.h"

#include <fcntl.h>

#include "test_reader.h"

int __real_posix_fadvise(int fd, off_t at, off_t size, int advice);
int __wrap_posix_fadvise(int fd, off_t at, off_t size, int advice);

static struct seen *seen;

/* At the start, since the reader may lose its rights to open files. */
static void __attribute__((constructor)) begin(void)
{
	seen = test_shared_map(sizeof(*seen));
}

int
__wrap_posix_fadvise(int fd, off_t at, off_t size, int advice)
{
	if (seen && advice == POSIX_FADV_WILLNEED) {
		if (seen->requests++ == 0)
			seen->first = (uint64_t)at;
		if ((uint64_t)(at + size) > seen->end)
			seen->end = (uint64_t)(at + size);
	}
	return __real_posix_fadvise(fd, at, size, advice);
}
