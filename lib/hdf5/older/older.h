/* SPDX-License-Identifier: MIT */
/*
 * What later versions of libhdf5 write, in the form of libhdf5 1.10, where that
 * can say the same: the mappings of virtual datasets, which are objects of
 * global heaps, and datatypes in object headers.  Uses base and hdf5/structure.
 */
#ifndef LIB_HDF5_OLDER_OLDER_H
#define LIB_HDF5_OLDER_OLDER_H

#include "hdf5/structure/structure.h"

/* The versions of libhdf5 that brought a form. */
#define SINCE_1_10 110
#define SINCE_1_12 112 /* selections with numbers of 2, 4 or 8 bytes */
#define SINCE_2_0  200 /* names that several sources share */

/* Bytes that are written one after another; 'at' NULL: only counted. */
struct out {
	uint8_t *at;
	uint64_t size;
};

static inline void
out_bytes(struct out *o, const void *bytes, uint64_t size)
{
	if (o->at && size > 0)
		memcpy(o->at + o->size, bytes, size);
	o->size += size;
}

/* A little-endian number of n <= 8 bytes. */
static inline void
out_number(struct out *o, uint64_t number, unsigned n)
{
	uint64_t little = htole64(number);

	out_bytes(o, &little, n);
}

/*
 * older_mapping.c: a copy, for free(), of the collection of a global heap, in
 * which mappings that a libhdf5 of this version does not know have the old
 * form.  NO_OPINION: none of them needs it, or can have it, or the collection
 * is damaged.
 */
int collection_older(const uint8_t *bytes, uint64_t size, unsigned length_size,
		     unsigned version, uint8_t **ret,
		     uint64_t *ret_size) must_check;

/* older_header.c */

/*
 * The bytes of the first chunk of a version 2 object header, and those before
 * its messages; 0 if this is none.  'size': bytes that are there.
 */
uint64_t header_size(const uint8_t *bytes, uint64_t size, unsigned *prefix);

/* Whether the messages of such a header have an order of creation. */
static inline bool
header_ordered(const uint8_t *bytes)
{
	return (bytes[5] & 0x04) != 0;
}

/*
 * Change a chunk of a version 2 object header, of 'size' bytes: types that a
 * libhdf5 of this version does not know get the old form.  'ordered' is
 * header_ordered() of its first chunk.  False: nothing was changed.
 */
bool header_older(uint8_t *bytes, uint64_t size, bool ordered,
		  unsigned version);

#endif
