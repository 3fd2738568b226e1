/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a segment: layout, dtype texts, paths, digests, and the check of
 * a header in constant time.  Uses base.
 */
#ifndef LIB_FORMAT_FORMAT_H
#define LIB_FORMAT_FORMAT_H

#include "base/base.h"
#include "cute_shm_format.h"

/* dtype.c: pure */

struct dtype {
	char text[FORMAT_DTYPE_SIZE];	/* NUL-padded */
	uint32_t item_size;		/* of "null": 0 */
	bool ragged;
	bool null;
};

/* Parse NUL-terminated dtype text of the format; CUTE_SHM_ERR_TYPE. */
int dtype_parse(const char *text, struct dtype *ret) must_check;

/* dtype_name.c: the same for callers, who may write "float64" for "<f8" */
int dtype_read(const char *dtype, struct dtype *ret) must_check;

/* Product of the shape; CUTE_SHM_ERR_INVALID when over 64 bits or 32 dims. */
int shape_count(unsigned ndim, const uint64_t *shape, uint64_t *ret) must_check;

/* path.c: pure */

/* 'path' without one leading slash; CUTE_SHM_ERR_INVALID unless well-formed. */
int path_check(const char *path, const char **ret) must_check;

uint64_t path_hash(const char *path, size_t size);

/* component.c: pure */

/* Whether 'size' bytes are a component: UTF-8, no slash, NUL, ".", "..". */
bool component_ok(const char *text, size_t size);
bool utf8_ok(const char *text, size_t size);

/* layout.c: pure; from sizes to offsets, as cute-shm(5) says */

struct layout_array {
	uint64_t data_size;	/* in */
	uint64_t data_offset;	/* out */
	uint64_t first_block;	/* out */
};

/*
 * Fill the sections' offsets and sizes of *header (block_size, node_count,
 * array_count, records_size are given) and the places of the arrays.
 * CUTE_SHM_ERR_INVALID when the sum is over 63 bits.
 */
int layout(struct format_header *header, struct layout_array *arrays)
	must_check;

/* digest.c: XXH3-64 */

uint64_t digest(const void *data, size_t size);
uint64_t digest_header(const struct format_header *header);

/* The digest of what comes in pieces; _end() also makes it ready for more. */
struct digest_stream;

struct digest_stream *digest_stream_new(void);	/* NULL: no memory (told) */
void digest_stream_add(struct digest_stream *stream, const void *data,
		       size_t size);
uint64_t digest_stream_end(struct digest_stream *stream);
void digest_stream_free(struct digest_stream *stream);

/*
 * The digest of an array's data as its record has it: of the digests of its
 * blocks, where it is longer than one.
 */
int digest_data(const void *data, uint64_t size, uint64_t block_size,
		uint64_t *ret) must_check;

/* Rows of the block digests that an array of that size has; 0: none. */
uint64_t block_rows(uint64_t data_size, uint64_t block_size);

/* check.c */

/*
 * Copy the header at 'base' and check all that it alone can tell, in constant
 * time; 'size' is that of the whole object.  The order tells causes apart: not
 * ours (FORMAT), too new in its major version (UNSUPPORTED), damaged (CORRUPT),
 * unknown feature (UNSUPPORTED).
 */
int check_header(const void *base, uint64_t size, struct format_header *ret)
	must_check;

/*
 * Read and check the header of an object of 'size' bytes.  Not through a map:
 * a file that shrinks meanwhile must not hurt, and it costs less.
 */
int read_header(int fd, uint64_t size, struct format_header *ret) must_check;

#endif
