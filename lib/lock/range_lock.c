/* SPDX-License-Identifier: MIT */
/* Requests to the kernel: locks on ranges of an open file description. */

#include <errno.h>
#include <fcntl.h>

#include "lock/lock.h"

/* An 'end' of 0 is the end of the file, however it grows. */
struct flock
range_flock(uint64_t start, uint64_t end, int type)
{
	return (struct flock){
		.l_type = (short)type,
		.l_whence = SEEK_SET,
		.l_start = (off_t)start,
		.l_len = end == 0 ? 0 : (off_t)(end - start),
	};
}

static int
set_lock(int fd, int type, uint64_t start, uint64_t end)
{
	struct flock range = range_flock(start, end, type);
	int rc;

	do
		rc = fcntl(fd, F_OFD_SETLK, &range);
	while (rc != 0 && errno == EINTR);
	return rc;
}

/* True if a lock of another description conflicts with this request. */
bool
range_locked(int fd, uint64_t start, uint64_t end, bool exclusive)
{
	struct flock range =
		range_flock(start, end, exclusive ? F_WRLCK : F_RDLCK);

	return fcntl(fd, F_OFD_GETLK, &range) == 0 && range.l_type != F_UNLCK;
}

int
range_try(int fd, uint64_t start, uint64_t end, bool exclusive)
{
	return set_lock(fd, exclusive ? F_WRLCK : F_RDLCK, start, end);
}

void
range_release(int fd, uint64_t start, uint64_t end)
{
	set_lock(fd, F_UNLCK, start, end);
}
