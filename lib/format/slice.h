/* SPDX-License-Identifier: MIT */
/*
 * Parts of arrays as NumPy writes them: "0:10, ::2", "-1", "..., 3".  Uses
 * nothing else: the tools have this code, too.
 */
#ifndef LIB_FORMAT_SLICE_H
#define LIB_FORMAT_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cute_shm.h"

/* One item between the brackets. */
struct slice_item {
	enum {
		SLICE_INDEX, /* at[0] */
		SLICE_RANGE, /* at[0]:at[1]:at[2] */
		SLICE_REST   /* "...": all dimensions without an item */
	} kind;
	bool there[3]; /* at[i] is given */
	int64_t at[3]; /* numbers out of range are the largest, or smallest */
	const char *begin; /* in the text, for messages */
	int size;
};

/* All items; they may be more than an array has dimensions. */
struct slice_text {
	unsigned count;
	struct slice_item items[CUTE_SHM_MAX_NDIM + 1];
};

/* One dimension of the array, and the part of it. */
struct slice_dim {
	uint64_t first;
	int64_t step;
	uint64_t count;
	bool single; /* an index: no dimension of the result */
};

struct slice {
	unsigned ndim; /* of the array */
	struct slice_dim dims[CUTE_SHM_MAX_NDIM];
	uint64_t strides[CUTE_SHM_MAX_NDIM]; /* in elements */
	uint64_t element_count;		     /* of the result */
	unsigned result_ndim;
	uint64_t shape[CUTE_SHM_MAX_NDIM]; /* of the result */
	bool whole;			   /* all of it, in order */
	uint64_t origin; /* the data begin with this element */
};

#define SLICE_WHY 120

/* Bytes of the longest text that slice_write() makes, with its NUL. */
#define SLICE_TEXT (33 * 64)

/*
 * Read the text between the brackets, of 'size' bytes, which must stay valid.
 * False: it is no slice, as why[SLICE_WHY] explains.
 */
bool slice_read(const char *text, size_t size, struct slice_text *ret,
		char *why);

/*
 * Apply it to an array of this shape; bounds are clipped as in NumPy.  False:
 * it does not fit, as why[SLICE_WHY] explains.
 */
bool slice_apply(const struct slice_text *text, unsigned ndim,
		 const uint64_t *shape, struct slice *ret, char *why);

/* The number of items that take a dimension each: all but an ellipsis. */
unsigned slice_takes(const struct slice_text *text);

/* Write it in its shortest form to ret[SLICE_TEXT], without brackets. */
void slice_write(const struct slice_text *text, char *ret);

/* All of an array. */
void slice_all(unsigned ndim, const uint64_t *shape, struct slice *ret);

/* Whether two slices of one array have the same elements and shape. */
bool slice_same(const struct slice *a, const struct slice *b);

/* The index in the array of element i of the result. */
uint64_t slice_element(const struct slice *s, uint64_t i);

/* The elements between which all of the result lies, if there are any. */
void slice_range(const struct slice *s, uint64_t *first, uint64_t *last);

#endif
