/* SPDX-License-Identifier: MIT */
/* Whether a program has an HDF5 file open for writing. */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "hdf5/source/source.h"

bool
writer_locks_matter(void)
{
	const char *value = getenv("HDF5_USE_FILE_LOCKING");

	return !value ||
	       (strcmp(value, "FALSE") != 0 && strcmp(value, "0") != 0);
}

/*
 * A writer of HDF5 holds an exclusive lock, so a shared lock fails.  The shared
 * lock is released at once: later writes show in the file's times.  On a file
 * system without locks the file counts as not locked.
 */
static bool
is_locked(int fd)
{
	if (flock(fd, LOCK_SH | LOCK_NB) != 0)
		return errno == EWOULDBLOCK;
	flock(fd, LOCK_UN);
	return false;
}

/*
 * A writer of files of the latest versions sets a mark in the superblock, which
 * is at offset 0, 512, 1024, and so on, and clears it when it closes the file.
 * libhdf5 itself ignores the mark when locks are disabled.
 */
static bool
is_marked(int fd, off_t size)
{
	static const uint8_t signature[8] = "\211HDF\r\n\032\n";
	uint8_t begin[12];

	for (off_t at = 0; at < size; at = at ? 2 * at : 512) {
		if (pread(fd, begin, sizeof(begin), at) !=
		    (ssize_t)sizeof(begin))
			return false;
		if (memcmp(begin, signature, sizeof(signature)) == 0)
			return begin[8] >= 3 && begin[11] & 5;
	}
	return false;
}

int
writer_at_work(int fd, off_t size, bool locks_matter)
{
	if (locks_matter && is_locked(fd))
		return EWOULDBLOCK;
	return is_marked(fd, size) ? EMARKED : 0;
}
