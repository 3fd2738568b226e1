/* SPDX-License-Identifier: MIT */
/* The checks of a header before the segment is used, in constant time. */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format/format.h"

/* Read a decimal number without leading zeros and move *text on; or -1. */
static long
version_number(const char **text)
{
	char *end;
	long n;

	if (**text < '0' || **text > '9' ||
	    (**text == '0' && (*text)[1] >= '0' && (*text)[1] <= '9'))
		return -1;
	n = strtol(*text, &end, 10);
	*text = end;
	return n;
}

/*
 * In another major version all later members may lie elsewhere, so check the
 * version first.  *minor is set if the major version is ours.
 */
static int
check_version(const struct format_header *h, long *minor)
{
	char copy[sizeof(h->version) + 1];
	const char *text = copy;
	bool ok;
	long major;

	memcpy(copy, h->version, sizeof(h->version));
	copy[sizeof(h->version)] = '\0';
	major = version_number(&text);
	ok = major > 0 && *text++ == '.' &&
	     (*minor = version_number(&text)) >= 0 &&
	     text < copy + sizeof(h->version);
	while (ok && text < copy + sizeof(h->version))
		ok = *text++ == '\0';
	if (!ok)
		return cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
				     "\"%s\" is no version of the format",
				     copy);
	if (major != FORMAT_MAJOR - '0')
		return cute_shm_fail(CUTE_SHM_ERR_UNSUPPORTED,
				     "format %s, this library reads %s", copy,
				     FORMAT_VERSION);
	return 0;
}

/* A section begins at *at or later, aligned, and ends in the segment. */
static int
check_section(const struct format_header *h, const char *name, uint64_t offset,
	      uint64_t count, uint64_t row, uint64_t align, uint64_t *at)
{
	uint64_t size;

	if (offset % align != 0 || offset < *at)
		return cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
				     "%s at %#" PRIx64
				     ": not a multiple of %" PRIu64
				     " from %#" PRIx64 " on",
				     name, offset, align, *at);
	if (offset > h->segment_size ||
	    __builtin_mul_overflow(count, row, &size) ||
	    size > h->segment_size - offset)
		return cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
				     "%s at %#" PRIx64 ", %" PRIu64
				     " times %" PRIu64
				     " bytes, leave the segment of %" PRIu64
				     " bytes",
				     name, offset, count, row, h->segment_size);
	*at = offset + size;
	return 0;
}

/* Whether its records agree is for those to find out who use it. */
static int
check_view(const struct format_header *h)
{
	if (!header_has_view(h))
		return 0;
	if (h->view_offset % FORMAT_PAGE != 0 || h->view_size == 0 ||
	    h->view_offset < h->data_offset ||
	    h->view_offset > h->segment_size ||
	    h->view_size != h->segment_size - h->view_offset)
		return cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
				     "HDF5 view of %" PRIu64
				     " bytes at %#" PRIx64
				     ", the segment ends at %#" PRIx64,
				     h->view_size, h->view_offset,
				     h->segment_size);
	return 0;
}

static int
check_sections(const struct format_header *h)
{
	uint64_t at = h->header_size;
	int err;

	err = check_section(h, "path index", h->index_offset, h->node_count,
			    sizeof(struct format_index_row),
			    FORMAT_SECTION_ALIGN, &at);
	if (err == 0)
		err = check_section(h, "records", h->records_offset,
				    h->records_size, 1, FORMAT_SECTION_ALIGN,
				    &at);
	if (err == 0)
		err = check_section(h, "block digests", h->blocks_offset,
				    h->block_count, sizeof(uint64_t),
				    FORMAT_SECTION_ALIGN, &at);
	if (err == 0 && h->metadata_size != at)
		return cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
				     "metadata end at %#" PRIx64
				     ", the header says %#" PRIx64,
				     at, h->metadata_size);
	if (err == 0)
		err = check_section(h, "live slots", h->live_offset,
				    h->array_count, sizeof(struct format_live),
				    FORMAT_PAGE, &at);
	if (err == 0)
		err = check_section(h, "data", h->data_offset, h->data_size, 1,
				    FORMAT_PAGE, &at);
	if (err == 0 && at != h->segment_size)
		return cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
				     "data end at %#" PRIx64
				     ", the segment at %#" PRIx64,
				     at, h->segment_size);
	return err;
}

static int
check_numbers(const struct format_header *h, uint64_t size, long minor)
{
	if (h->segment_size != size)
		return cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
				     "says it has %" PRIu64
				     " bytes, has %" PRIu64,
				     h->segment_size, size);
	if (h->header_size < FORMAT_HEADER_SIZE ||
	    h->header_size % FORMAT_SECTION_ALIGN != 0 ||
	    (minor == 0 && h->header_size != FORMAT_HEADER_SIZE))
		return cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
				     "header of %" PRIu64 " bytes",
				     h->header_size);
	if (h->node_count == 0 || h->array_count >= h->node_count ||
	    h->records_size % FORMAT_ROW != 0)
		return cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
				     "%" PRIu64 " nodes, "
				     "%" PRIu64 " of them arrays, in %" PRIu64
				     " bytes of records",
				     h->node_count, h->array_count,
				     h->records_size);
	if (h->block_size == 0 || h->block_size % FORMAT_BLOCK_UNIT != 0)
		return cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
				     "blocks of %" PRIu64 " bytes",
				     h->block_size);
	return 0;
}

/* Builds for fuzzing skip the digest, which fuzzers could never match. */
static bool
header_differs(const struct format_header *h)
{
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
	(void)h;
	return false;
#else
	return digest_header(h) != h->header_digest;
#endif
}

int
check_header(const void *base, uint64_t size, struct format_header *ret)
{
	struct format_header h;
	long minor = 0;
	int err;

	if (size < sizeof(h))
		return cute_shm_fail(CUTE_SHM_ERR_FORMAT,
				     "%" PRIu64 " bytes hold no header of a "
				     "segment",
				     size);
	/* Others may change the segment meanwhile: check a private copy. */
	memcpy(&h, base, sizeof(h));
	if (memcmp(h.magic, FORMAT_MAGIC, sizeof(h.magic)) != 0)
		return cute_shm_fail(CUTE_SHM_ERR_FORMAT,
				     "does not begin with %s", FORMAT_MAGIC);
	err = check_version(&h, &minor);
	if (err != 0)
		return err;
	if (h.byte_order != FORMAT_BYTE_ORDER)
		return cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
				     "byte order %#" PRIx64, h.byte_order);
	/* Before the feature bits, or a flipped bit would seem a feature. */
	if (header_differs(&h))
		return cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
				     "header digest is %"
				     "016" PRIx64
				     ", the header says %016" PRIx64,
				     digest_header(&h), h.header_digest);
	if (h.incompatible & ~FORMAT_INCOMPATIBLE_KNOWN)
		return cute_shm_fail(CUTE_SHM_ERR_UNSUPPORTED,
				     "unknown feature bits %#" PRIx32,
				     h.incompatible &
					     ~FORMAT_INCOMPATIBLE_KNOWN);
	err = check_numbers(&h, size, minor);
	if (err == 0)
		err = check_sections(&h);
	if (err == 0)
		err = check_view(&h);
	if (err == 0)
		*ret = h;
	return err;
}

int
read_header(int fd, uint64_t size, struct format_header *ret)
{
	struct format_header raw;
	size_t got = 0;
	ssize_t n;

	while (got < sizeof(raw)) {
		n = pread(fd, (uint8_t *)&raw + got, sizeof(raw) - got,
			  (off_t)got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_errno("cannot read it");
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return check_header(&raw, got < sizeof(raw) ? got : size, ret);
}
