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
 * The offset of the superblock, which is 0, 512, 1024, and so on; -1 if there
 * is none.  Its first bytes go to begin[SUPERBLOCK].
 */
#define SUPERBLOCK 12

static off_t
superblock_find(int fd, off_t size, uint8_t *begin)
{
	for (off_t at = 0; at < size; at = at ? 2 * at : 512) {
		if (pread(fd, begin, SUPERBLOCK, at) != SUPERBLOCK)
			return -1;
		if (memcmp(begin, HDF5_SIGNATURE, 8) == 0)
			return at;
	}
	return -1;
}

/*
 * A writer of files of the latest versions sets a mark in the superblock, and
 * clears it when it closes the file.  libhdf5 itself ignores the mark when
 * locks are disabled.
 */
static bool
is_marked(int fd, off_t size)
{
	uint8_t begin[SUPERBLOCK];

	return superblock_find(fd, size, begin) >= 0 && begin[8] >= 3 &&
	       begin[11] & 5;
}

int
writer_at_work(int fd, off_t size, bool locks_matter)
{
	if (locks_matter && is_locked(fd))
		return EWOULDBLOCK;
	return is_marked(fd, size) ? EMARKED : 0;
}

bool
source_is_foreign(const char *path)
{
	uint8_t begin[SUPERBLOCK];
	struct stat st;
	int fd = host_open(path, &st);
	bool ret;

	if (fd < 0)
		return false;
	ret = superblock_find(fd, st.st_size, begin) < 0;
	close(fd);
	return ret;
}
