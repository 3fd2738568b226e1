/* SPDX-License-Identifier: MIT */
/* Conversions between a file's values and a segment's that are ours. */
#ifndef CUTE_SHM_CONVERT_H
#define CUTE_SHM_CONVERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hdf5.h>

enum conversion {
	CONVERT_NONE,
	CONVERT_SWAP,		/* the bytes of each word */
	CONVERT_TERMINATED,	/* strings: zeros after the first NUL */
	CONVERT_SPACES,		/* strings: trailing spaces to NULs */
	CONVERT_INTEGER,	/* other sizes: not in place, see widen() */
	CONVERT_FLOAT
};

struct convert {
	enum conversion kind;
	size_t size;		/* bytes of an element in the segment, */
	size_t from;		/* and in the file */
	size_t word;		/* bytes of what is swapped in it */
	unsigned shift, bits;	/* where an integer lies in its bytes */
	bool is_signed;
	bool big;		/* its bytes are in that order */
};

/* Whether H5Dread between these types is one of ours. */
bool convert_get(hid_t file_type, hid_t mem_type, struct convert *ret);

/* In place, n elements. */
void convert(const struct convert *how, uint8_t *data, size_t n);

/* widen.c; 'ret' has the sizes. */
bool widen_get(hid_t file_type, hid_t mem_type, struct convert *ret);

/* n elements, of which the next is 'stride' bytes farther. */
void widen(const struct convert *how, uint8_t *to, const uint8_t *from,
	   size_t stride, size_t n);

static inline bool
widens(const struct convert *how)
{
	return how->kind >= CONVERT_INTEGER;
}

#endif
