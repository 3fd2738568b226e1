/* SPDX-License-Identifier: MIT */
/* The stored chunks of a dataset, by their places. */

#include <stdlib.h>
#include <string.h>

#include "hdf5/element/element.h"

static int
compare(const uint64_t *a, const uint64_t *b, unsigned rank)
{
	for (unsigned i = 0; i < rank; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

static int
by_place(const void *a, const void *b, void *rank)
{
	return compare(((const struct native_chunk *)a)->at,
		       ((const struct native_chunk *)b)->at,
		       *(const unsigned *)rank);
}

/* Sort the chunks by place, unless they are; false if two have the same. */
static bool
sort(struct chunk_table *t)
{
	uint32_t i;

	for (i = 1; i < t->count; i++)
		if (compare(t->chunks[i - 1].at, t->chunks[i].at, t->rank) >= 0)
			break;
	if (i >= t->count)
		return true;
	qsort_r(t->chunks, t->count, sizeof(*t->chunks), by_place, &t->rank);
	for (i = 1; i < t->count; i++)
		if (compare(t->chunks[i - 1].at, t->chunks[i].at, t->rank) == 0)
			return false;
	return true;
}

bool
chunks_get(struct native *n, const struct native_dataset *d,
	   struct chunk_table *t)
{
	if (t->known || t->doubtful)
		return t->known;
	t->rank = d->layout.rank;
	t->known =
		native_chunks(n, d, &t->chunks, &t->places, &t->count) == 0 &&
		sort(t);
	/* Another walk for each block would find the same. */
	if (!t->known) {
		chunks_free(t);
		t->doubtful = true;
	}
	return t->known;
}

void
chunks_free(struct chunk_table *t)
{
	free(t->chunks);
	free(t->places);
	*t = (struct chunk_table){ .known = false };
}

const struct native_chunk *
chunk_find(const struct chunk_table *t, const uint64_t *at)
{
	uint32_t low = 0, high = t->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = compare(t->chunks[middle].at, at, t->rank);

		if (order == 0)
			return &t->chunks[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

uint32_t
native_mask(const struct native_dataset *d, const struct native_chunk *c)
{
	const uint64_t *dims = d->space->dims;

	if (!(d->layout.flags & EDGES_UNFILTERED))
		return c->mask;
	for (unsigned i = 0; i < d->layout.rank; i++)
		if (dims[i] - c->at[i] < d->layout.dims[i])
			return UINT32_MAX;
	return c->mask;
}
