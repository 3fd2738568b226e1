/* SPDX-License-Identifier: MIT */
/*
 * The second superblock of a segment.  In an ephemeral segment it stores the
 * segment's home: device and inode of the file that it was made in.  A file
 * with another inode is a copy, which must stay when the owner ends.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "root/root.h"

#define PIECE ((size_t)1 << 18)

/* A view of this size is mapped where that is safe. */
#define LEAST_MAPPED ((uint64_t)1 << 20)

/* Compare exactly: a later version may use the bytes in another way. */
static bool
version_is(const struct format_header *h, const char *version)
{
	return strncmp(h->version, version, sizeof(h->version)) == 0;
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

/* Add the bytes [at, end) of the file to the digest. */
static int
add_bytes(int fd, uint64_t at, uint64_t end, struct digest_stream *stream)
{
	uint8_t *buffer = malloc(PIECE);
	size_t n;
	int err = 0;

	if (!buffer)
		return fail_memory("to hash an HDF5 view");
	for (; err == 0 && at < end; at += n) {
		n = end - at < PIECE ? (size_t)(end - at) : PIECE;
		err = read_all(fd, buffer, n, at);
		if (err == 0)
			digest_stream_add(stream, buffer, n);
	}
	free(buffer);
	return err;
}

/*
 * The same by a mapping, which takes a third of the time.  Nobody else may
 * truncate the file.
 */
static int
add_mapped(int fd, uint64_t at, uint64_t end, struct digest_stream *stream)
{
	uint64_t begin = at - at % FORMAT_PAGE;
	uint8_t *p = mmap(NULL, (size_t)(end - begin), PROT_READ, MAP_SHARED,
			  fd, (off_t)begin);

	if (p == MAP_FAILED)
		return add_bytes(fd, at, end, stream);
	digest_stream_add(stream, p + (at - begin), (size_t)(end - at));
	munmap(p, (size_t)(end - begin));
	return 0;
}

/* The digest of the second superblock and of the view behind it. */
static int
digest_view(int fd, const struct format_header *h,
	    const struct format_second *second, bool own, uint64_t *ret)
{
	uint64_t end = h->view_offset + h->view_size;
	struct digest_stream *stream = digest_stream_new();
	int err;

	if (!stream)
		return CUTE_SHM_ERR_NOMEM;
	digest_stream_add(stream, second, sizeof(*second));
	err = own && h->view_size >= LEAST_MAPPED
		      ? add_mapped(fd, h->view_offset, end, stream)
		      : add_bytes(fd, h->view_offset, end, stream);
	*ret = digest_stream_end(stream);
	digest_stream_free(stream);
	return err;
}

static int
seal_second(int fd, struct format_header *h, const struct format_second *second,
	    bool own)
{
	static const struct format_second nothing;
	bool used = memcmp(second, &nothing, sizeof(nothing)) != 0;

	/* Keep a later version, which this library cannot choose. */
	if (header_is_first(h) || version_is(h, FORMAT_VERSION)) {
		memset(h->version, 0, sizeof(h->version));
		memcpy(h->version, used ? FORMAT_VERSION : FORMAT_VERSION_FIRST,
		       sizeof(FORMAT_VERSION));
	}
	if (header_has_view(h))
		return digest_view(fd, h, second, own, &h->view_digest);
	h->view_digest =
		header_is_first(h) ? 0 : digest(second, sizeof(*second));
	return 0;
}

int
second_seal(int fd, struct format_header *h, const struct format_second *second)
{
	return seal_second(fd, h, second, false);
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
	return seal_second(fd, h, second, true);
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
