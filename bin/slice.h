/* SPDX-License-Identifier: MIT */
/* Parts of an array as NumPy writes them: "0:10, ::2", "-1", "..., 3". */
#ifndef SLICE_H
#define SLICE_H

#include <stdbool.h>
#include <stdint.h>

#include <cute_shm.h>

/* One dimension of the array, and what is taken of it. */
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

/* All of the array. */
void slice_all(const struct cute_shm_array *array, struct slice *ret);

/*
 * What stands between the brackets.  NULL, or what is wrong with it, for
 * free().
 */
char *slice_parse(const char *text, const struct cute_shm_array *array,
		  struct slice *ret);

/* Which element of the data is element i of the result. */
uint64_t slice_element(const struct slice *s, uint64_t i);

/* The elements between which all of the result lies, if there are any. */
void slice_range(const struct slice *s, uint64_t *first, uint64_t *last);

#endif
