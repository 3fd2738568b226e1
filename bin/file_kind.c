/* SPDX-License-Identifier: MIT */
#include "file_kind.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cute_shm_format.h>

static bool
has(int fd, off_t at, const char magic[8])
{
	char bytes[8];

	return pread(fd, bytes, sizeof(bytes), at) == (ssize_t)sizeof(bytes) &&
	       memcmp(bytes, magic, sizeof(bytes)) == 0;
}

/* The signature lies at 0, 512, 1024, and so on, doubled each time. */
static bool
has_hdf5(int fd, off_t size)
{
	off_t at;

	for (at = 0; at < size; at = at ? 2 * at : 512)
		if (has(fd, at, "\211HDF\r\n\032\n"))
			return true;
	return false;
}

enum file_kind
file_kind(const char *path)
{
	enum file_kind ret = FILE_OTHER;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return FILE_OTHER;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		ret = has(fd, 0, FORMAT_MAGIC)	 ? FILE_SEGMENT
		      : has_hdf5(fd, st.st_size) ? FILE_HDF5
						 : FILE_OTHER;
	close(fd);
	return ret;
}
