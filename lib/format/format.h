/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a segment: layout, dtypes, paths, digests, and the check of the
 * header in constant time.  Uses base.
 */
#ifndef LIB_FORMAT_FORMAT_H
#define LIB_FORMAT_FORMAT_H

#include <string.h>

#include "base/base.h"
#include "cute_shm_format.h"

/* dtype.c: pure functions */

struct dtype {
	char text[FORMAT_DTYPE_SIZE]; /* NUL-padded */
	uint32_t item_size;	      /* 0 for "null" */
	bool ragged;
	bool null;
};

/* Parse a dtype of the format, such as "<f8"; CUTE_SHM_ERR_TYPE. */
int dtype_parse(const char *text, struct dtype *ret) must_check;

/* dtype_name.c: the same, but accept names, too: "float64" for "<f8" */
int dtype_read(const char *dtype, struct dtype *ret) must_check;

/*
 * dtype.c: the product of the shape; CUTE_SHM_ERR_INVALID if it exceeds 64 bits
 * or if there are more than 32 dimensions.
 */
int shape_count(unsigned ndim, const uint64_t *shape, uint64_t *ret) must_check;

/* path.c: pure functions */

/*
 * Check a path; *ret is the path without one leading slash.
 * CUTE_SHM_ERR_INVALID if it is not well-formed.
 */
int path_check(const char *path, const char **ret) must_check;

uint64_t path_hash(const char *path, size_t size);

/* component.c: pure functions */

/*
 * True if the text can be a component of a path: not empty, UTF-8, without
 * slash and NUL, and neither "." nor "..".
 */
bool component_ok(const char *text, size_t size);
bool utf8_ok(const char *text, size_t size);

/* Bytes of a name or path of 'size' bytes, or of a shape, in a record. */
static inline uint64_t
text_rows(uint64_t size)
{
	return align_up(size + 1, FORMAT_ROW);
}

static inline uint64_t
shape_rows(uint64_t ndim)
{
	return align_up(ndim * sizeof(uint64_t), FORMAT_ROW);
}

/* True if the segment has format 1.0. */
static inline bool
header_is_first(const struct format_header *h)
{
	return strncmp(h->version, FORMAT_VERSION_FIRST, sizeof(h->version)) ==
	       0;
}

static inline bool
header_has_view(const struct format_header *h)
{
	return h->compatible & FORMAT_COMPATIBLE_VIEW && !header_is_first(h);
}

/* The end of the arrays: an HDF5 view may follow, at a multiple of a page. */
static inline uint64_t
header_data_end(const struct format_header *h)
{
	return header_has_view(h) ? h->view_offset : h->segment_size;
}

/* The HDF5 view: what its size depends on, see cute-shm(5) */

/*
 * A ragged array that needs more is shown as two arrays, without a copy; a list
 * needs so much beside its items.
 */
#define VIEW_MOST_RAGGED (UINT64_C(64) << 20)
#define VIEW_LIST_SIZE	 39

/* Whether the items of a ragged array are too many to be in the view. */
static inline bool
view_aliased(uint64_t elements, uint64_t bytes)
{
	return bytes > VIEW_MOST_RAGGED || elements > VIEW_MOST_RAGGED ||
	       VIEW_LIST_SIZE * elements + bytes > VIEW_MOST_RAGGED;
}

/* layout.c: a pure function from sizes to offsets, see cute-shm(5) */

struct layout_array {
	uint64_t data_size;   /* in */
	uint64_t data_offset; /* out */
	uint64_t first_block; /* out */
};

/*
 * Compute the offsets and sizes of the sections in *header, and the offsets of
 * the arrays.  The caller has set block_size, node_count, array_count and
 * records_size.  CUTE_SHM_ERR_INVALID if the segment would exceed 63 bits.
 */
int layout(struct format_header *header,
	   struct layout_array *arrays) must_check;

/* Add 'size' bytes behind the arrays, from a page on; false: over 63 bits. */
bool layout_extend(struct format_header *header, uint64_t size) must_check;

/* digest.c: XXH3-64 */

uint64_t digest(const void *data, size_t size);
uint64_t digest_header(const struct format_header *header);

/*
 * The digest of data that come in pieces.  digest_stream_end() returns it and
 * resets the stream, so that it can be used again.
 */
struct digest_stream;

/* NULL, with a message, if there is no memory. */
struct digest_stream *digest_stream_new(void);
void digest_stream_add(struct digest_stream *stream, const void *data,
		       size_t size);
uint64_t digest_stream_end(struct digest_stream *stream);
void digest_stream_free(struct digest_stream *stream);

/*
 * The digest of an array's data, as its record stores it: of the data if they
 * fit into one block, else of the digests of their blocks.
 */
int digest_data(const void *data, uint64_t size, uint64_t block_size,
		uint64_t *ret) must_check;

/* The number of block digests of an array; 0 if one block holds its data. */
uint64_t block_rows(uint64_t data_size, uint64_t block_size);

/* check.c */

/*
 * Copy the header at 'base' to *ret, and check everything that needs only the
 * header and 'size', the size of the whole object; in constant time.  The order
 * of the checks keeps the causes apart: not a segment (FORMAT), another major
 * version (UNSUPPORTED), damaged (CORRUPT), unknown feature (UNSUPPORTED).
 */
int check_header(const void *base, uint64_t size,
		 struct format_header *ret) must_check;

/*
 * Read and check the header of an object of 'size' bytes.  This uses pread(),
 * because access to a mapping raises SIGBUS if the file shrinks meanwhile, and
 * because a mapping costs more.
 */
int read_header(int fd, uint64_t size, struct format_header *ret) must_check;

#endif
