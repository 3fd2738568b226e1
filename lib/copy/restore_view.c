/* SPDX-License-Identifier: MIT */
/*
 * The header of a restored segment, and its HDF5 view: add one if the saved
 * segment has none, or leave out the one that it has, as the caller wants it.
 */

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "copy/copy.h"

/* A later version may have sections behind the arrays that are not known. */
static bool
known(const struct format_header *h)
{
	return (header_is_first(h) ||
		strncmp(h->version, FORMAT_VERSION, sizeof(h->version)) == 0) &&
	       !(h->compatible & ~FORMAT_COMPATIBLE_KNOWN);
}

/* Reserve what the segment with its view needs beyond what it has. */
static int
reserve_more(struct cute_shm_builder *b, uint64_t end)
{
	uint64_t at = b->header.segment_size;
	int number, err;

	b->header.segment_size = end;
	err = reserve_bound(b);
	if (err == 0)
		err = space_check(b->root, end - at, NULL);
	if (err != 0)
		return err;
	do
		number = posix_fallocate(b->fd, (off_t)at, (off_t)(end - at));
	while (number == EINTR);
	errno = number;
	return number == 0 ? 0
			   : fail_errno("project %s: cannot reserve its HDF5 "
					"view in %s",
					b->project, b->root);
}

static int
add_view(struct cute_shm_builder *b, uint64_t end, uint8_t superblock[48])
{
	int err = 0;

	if (end > b->header.segment_size)
		err = reserve_more(b, end);
	return err == 0 ? view_append(b->fd, b->path, jobs_or_cpus(b->jobs),
				      &b->header, superblock)
			: err;
}

/* Write both superblocks again, for the segment with or without a view. */
static int
rewrite(struct cute_shm_builder *b, const uint8_t superblock[48])
{
	struct format_header *h = &b->header;
	struct format_second second;
	int err;

	err = read_all(b->fd, &second, sizeof(second), sizeof(*h));
	if (err == 0) {
		memcpy(second.superblock, superblock,
		       sizeof(second.superblock));
		err = home_set(b->fd, h, &second);
	}
	if (err == 0)
		err = write_all(b->fd, &second, sizeof(second), sizeof(*h));
	h->header_digest = digest_header(h);
	return err == 0 ? write_all(b->fd, h, sizeof(*h), 0) : err;
}

int
restore_header(struct cute_shm_builder *b, const struct format_header *saved)
{
	struct format_header *h = &b->header;
	struct format_second second;
	bool ephemeral = b->flags & CUTE_SHM_EPHEMERAL;
	int err = 0;

	*h = *saved;
	if (ephemeral || (h->compatible & FORMAT_COMPATIBLE_EPHEMERAL)) {
		h->compatible &= ~FORMAT_COMPATIBLE_EPHEMERAL;
		if (ephemeral)
			h->compatible |= FORMAT_COMPATIBLE_EPHEMERAL;
		err = second_read(b->fd, &second);
		if (err == 0)
			err = home_set(b->fd, h, &second);
		if (err == 0)
			err = write_all(b->fd, &second, sizeof(second),
					sizeof(*h));
	}
	h->header_digest = digest_header(h);
	return err == 0 ? write_all(b->fd, h, sizeof(*h), 0) : err;
}

int
restore_view(struct cute_shm_builder *b)
{
	uint8_t superblock[48] = { 0 };
	uint64_t data, end;
	int err;

	if (!known(&b->header) ||
	    header_has_view(&b->header) == builder_view(b))
		return 0;
	err = view_size(b->fd, b->path, &b->header, &data, &end);
	if (err == 0 && builder_view(b))
		err = add_view(b, end, superblock);
	else if (err == 0)
		err = view_cut(b->fd, b->path, data, &b->header);
	return err == 0 ? rewrite(b, superblock) : err;
}
