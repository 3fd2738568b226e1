/* SPDX-License-Identifier: MIT */
/*
 * Elements of datasets that the native index knows, without libhdf5: where
 * their chunks are, what missing ones hold, what values they become in memory,
 * and how their fields are picked out.  Uses base, hdf5/native and hdf5/type.
 */
#ifndef LIB_HDF5_ELEMENT_ELEMENT_H
#define LIB_HDF5_ELEMENT_ELEMENT_H

#include "hdf5/type/type.h"

/* chunk_places.c */

/* Flag of a layout: chunks at the edges are stored without filters. */
#define EDGES_UNFILTERED 1

/* The stored chunks of a dataset, by their places.  Begins as zeros. */
struct chunk_table {
	bool known, doubtful;
	unsigned rank;
	struct native_chunk *chunks;
	uint64_t *places;
	uint32_t count;
};

/* List them, unless that was done; false if the index has no opinion. */
bool chunks_get(struct native *n, const struct native_dataset *d,
		struct chunk_table *table);
void chunks_free(struct chunk_table *table);

/* The chunk whose first element is at at[], or NULL. */
const struct native_chunk *chunk_find(const struct chunk_table *table,
				      const uint64_t *at);

/* The filters that were skipped when this chunk was stored. */
uint32_t native_mask(const struct native_dataset *d,
		     const struct native_chunk *chunk);

/* missing_value.c */

/*
 * What H5Dread makes of an element that is not stored: 'item' bytes of the
 * file's type.  'stored': some elements of the dataset are.  False if libhdf5
 * must decide.
 */
bool native_fill_get(const struct native_dataset *d, bool stored, size_t item,
		     uint8_t *to);

/* pick_items.c */

/*
 * Copy 'n' items of 'size' bytes, 'stride' bytes apart from the begin of one to
 * that of the next, so that they follow each other at 'to'.
 */
void pick_items(uint8_t *to, const uint8_t *from, size_t stride, uint64_t n,
		size_t size);

/* native_values.c: values without libhdf5 */

/* Whether all values of the type can be made so. */
bool native_convertible(const struct native *n, const struct type *type);

/* Memory for lists.  A single list may have more than 'most' bytes. */
struct native_lists {
	struct arena arena;
	uint64_t used, most;
	bool full; /* so that not all lists are there */
};

/*
 * Convert 'count' elements of the file at 'from' to elements of this part in
 * memory, whose lists lie in the file's image or in 'lists'.  0, NO_OPINION, or
 * CUTE_SHM_ERR_NOMEM.
 */
int native_values(struct native *n, const struct type *type, enum part part,
		  const uint8_t *from, uint64_t count, uint8_t *to,
		  struct native_lists *lists) must_check;

#endif
