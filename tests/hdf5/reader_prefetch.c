/* SPDX-License-Identifier: MIT */
/*
 * A reader that notes its requests for the file: see test_hdf5_prefetch.c and
 * test_hdf5_page_cache.c.
 */
#include "reader_prefetch.h"

#include <errno.h>
#include <fcntl.h>

#include "test_reader.h"

int __real_posix_fadvise(int fd, off_t at, off_t size, int advice);
int __wrap_posix_fadvise(int fd, off_t at, off_t size, int advice);

long __real_syscall(long number, long a, long b, long c, long d, long e,
		    long f);
long __wrap_syscall(long number, long a, long b, long c, long d, long e,
		    long f);

static struct seen *seen;

/* At the start, since the reader may lose its rights to open files. */
static void __attribute__((constructor)) begin(void)
{
	seen = test_shared_map(sizeof(*seen));
}

static void
note_drop(uint64_t at, uint64_t size)
{
	unsigned i = seen->drops++;

	if (i < DROPS_MOST) {
		seen->drop[i].at = at;
		seen->drop[i].size = size;
	}
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
	if (seen && advice == POSIX_FADV_DONTNEED)
		note_drop((uint64_t)at, (uint64_t)size);
	return __real_posix_fadvise(fd, at, size, advice);
}

#define CACHESTAT 451

long
__wrap_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	if (number != CACHESTAT || !seen || !seen->older)
		return __real_syscall(number, a, b, c, d, e, f);
	errno = ENOSYS;
	return -1;
}
