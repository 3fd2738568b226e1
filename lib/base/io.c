/* SPDX-License-Identifier: MIT */
/* Reads and writes that transfer all bytes. */

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/base.h"

/* Linux transfers at most so many bytes in one call. */
#define IO_LIMIT ((size_t)0x7ffff000)

int
write_all(int fd, const void *data, size_t size, uint64_t offset)
{
	const uint8_t *p = data;
	ssize_t n;

	while (size > 0) {
		n = pwrite(fd, p, size < IO_LIMIT ? size : IO_LIMIT,
			   (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_errno("cannot write %zu bytes at %" PRIu64,
					  size, offset);
		p += n;
		size -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

int
read_all(int fd, void *data, size_t size, uint64_t offset)
{
	uint8_t *p = data;
	ssize_t n;

	while (size > 0) {
		n = pread(fd, p, size < IO_LIMIT ? size : IO_LIMIT,
			  (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_errno("cannot read %zu bytes at %" PRIu64,
					  size, offset);
		if (n == 0)
			return cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
					     "the file ends at %" PRIu64
					     ", too early",
					     offset);
		p += n;
		size -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}
