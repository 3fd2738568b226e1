/* SPDX-License-Identifier: MIT */
/*
 * The second superblock of a segment.  In an ephemeral segment it stores the
 * segment's home: device and inode of the file that it was made in.  A file
 * with another inode is a copy, which must stay when the owner ends.
 */

#include <string.h>
#include <unistd.h>

#include "root/root.h"

/* Compare exactly: a later version may use the bytes in another way. */
static bool
version_is(const struct format_header *h, const char *version)
{
	return strncmp(h->version, version, sizeof(h->version)) == 0;
}

bool
header_is_first(const struct format_header *h)
{
	return version_is(h, FORMAT_VERSION_FIRST);
}

int
second_read(int fd, struct format_second *ret)
{
	struct format_second second;

	if (pread(fd, &second, sizeof(second), sizeof(struct format_header)) !=
	    (ssize_t)sizeof(second))
		return fail_errno("cannot read the second superblock");
	*ret = second;
	return 0;
}

void
second_seal(struct format_header *h, const struct format_second *second)
{
	static const struct format_second nothing;
	bool used = memcmp(second, &nothing, sizeof(nothing)) != 0;

	/* Keep a later version, which this library cannot choose. */
	if (header_is_first(h) || version_is(h, FORMAT_VERSION)) {
		memset(h->version, 0, sizeof(h->version));
		memcpy(h->version, used ? FORMAT_VERSION : FORMAT_VERSION_FIRST,
		       sizeof(FORMAT_VERSION));
	}
	h->view_digest =
		header_is_first(h) ? 0 : digest(second, sizeof(*second));
}

int
home_set(int fd, struct format_header *h, struct format_second *second)
{
	struct stat st;

	second->home_device = 0;
	second->home_inode = 0;
	if (h->compatible & FORMAT_COMPATIBLE_EPHEMERAL) {
		if (fstat(fd, &st) != 0)
			return fail_errno("cannot examine the new segment");
		second->home_device = (uint64_t)st.st_dev;
		second->home_inode = (uint64_t)st.st_ino;
	}
	second_seal(h, second);
	return 0;
}

bool
home_is(int fd, const struct format_header *h)
{
	struct format_second second;
	struct stat st;

	/* Format 1.0 stores no home, so it cannot recognize a copy. */
	if (header_is_first(h))
		return true;
	return second_read(fd, &second) == 0 && fstat(fd, &st) == 0 &&
	       second.home_device == (uint64_t)st.st_dev &&
	       second.home_inode == (uint64_t)st.st_ino;
}
