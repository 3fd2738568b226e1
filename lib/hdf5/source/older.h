/* SPDX-License-Identifier: MIT */
/*
 * The mappings of virtual datasets in the form of libhdf5 1.10.  A mapping is
 * an object of a global heap, and later versions of libhdf5 write it in forms
 * that older ones refuse.  All that it can say, the old form can say too, so
 * the file driver shows an older libhdf5 such a heap as 1.10 would have
 * written it.  Uses base and hdf5/structure.
 */
#ifndef LIB_HDF5_SOURCE_OLDER_H
#define LIB_HDF5_SOURCE_OLDER_H

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

/* older_heap.c: what the file driver shows to libhdf5 */

struct opened;

/* Call this when libhdf5 is open. */
void older_begin(void);

/*
 * Read 'size' bytes at offset 'at' of a file, if they are those of a collection
 * that has an older form; 'is_data' is whether they may be.  Call this for
 * each read.
 */
bool older_read(struct opened *opened, bool is_data, uint64_t at, uint64_t size,
		void *to);

/*
 * libhdf5 has read these bytes of the file.  If they are those of a collection
 * that needs an old form, put that in their place.
 */
void older_see(struct opened *opened, uint64_t at, uint64_t size, void *bytes);

#endif
