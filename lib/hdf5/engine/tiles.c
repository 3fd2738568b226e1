/* SPDX-License-Identifier: MIT */
/*
 * Plan the tiles for given shapes of the array and its chunks.  Arithmetic
 * only.
 */

#include <string.h>

#include "hdf5/engine/engine.h"

/* Merge the last dimension into the one before while one chunk covers it. */
static void
merge(struct plan *p)
{
	while (p->ndim > 1 && p->shape[p->ndim - 1] == p->chunk[p->ndim - 1]) {
		unsigned last = --p->ndim;

		p->shape[last - 1] *= p->shape[last];
		p->chunk[last - 1] *= p->chunk[last];
	}
}

static bool
sizes_fit(const struct plan *p)
{
	uint64_t array = p->item, chunk = array;

	for (unsigned i = 0; i < p->ndim; i++)
		if (p->shape[i] == 0 || p->chunk[i] == 0 ||
		    __builtin_mul_overflow(array, p->shape[i], &array) ||
		    __builtin_mul_overflow(chunk, p->chunk[i], &chunk))
			return false;
	return array <= INT64_MAX && chunk <= UINT32_MAX;
}

/* Bytes of a tile that is one chunk wide along 'split'; at most UINT64_MAX. */
static uint64_t
tile_size(const struct plan *p, unsigned split)
{
	uint64_t size = p->item;

	for (unsigned i = 0; i < p->ndim; i++) {
		uint64_t n = i <= split ? p->chunk[i] : p->shape[i];

		if (__builtin_mul_overflow(size, n, &size))
			return UINT64_MAX;
	}
	return size;
}

static uint64_t
ceil_div(uint64_t a, uint64_t b)
{
	return a / b + (a % b != 0);
}

bool
plan_make(unsigned ndim, const uint64_t *shape, const uint64_t *chunk,
	  size_t item, size_t target, size_t limit, struct plan *ret)
{
	struct plan *p = ret;
	uint64_t one;

	p->ndim = ndim;
	p->item = item;
	memcpy(p->shape, shape, ndim * sizeof(*shape));
	memcpy(p->chunk, chunk, ndim * sizeof(*chunk));
	if (ndim == 0 || item == 0 || !sizes_fit(p))
		return false;
	merge(p);
	p->chunk_size = item;
	for (unsigned i = 0; i < p->ndim; i++) {
		p->grid[i] = ceil_div(p->shape[i], p->chunk[i]);
		p->chunk_size *= p->chunk[i];
	}
	p->split = 0;
	while (p->split + 1 < p->ndim && tile_size(p, p->split) > limit)
		p->split++;
	one = tile_size(p, p->split);
	p->group = one < target ? target / one : 1;
	if (p->group > p->grid[p->split])
		p->group = p->grid[p->split];
	p->tiles = ceil_div(p->grid[p->split], p->group);
	for (unsigned i = 0; i < p->split; i++)
		p->tiles *= p->grid[i];
	return true;
}

/* Set dimension i of the box: 'chunks' chunks from chunk 'at' on. */
static void
place(const struct plan *p, unsigned i, uint64_t at, uint64_t chunks,
      struct box *box)
{
	uint64_t left;

	box->at[i] = at;
	box->begin[i] = at * p->chunk[i];
	left = p->shape[i] - box->begin[i];
	box->extent[i] =
		chunks > left / p->chunk[i] ? left : chunks * p->chunk[i];
}

void
plan_tile(const struct plan *p, uint64_t tile, struct box *ret)
{
	uint64_t groups = ceil_div(p->grid[p->split], p->group);
	uint64_t at = tile % groups * p->group;
	uint64_t count = p->grid[p->split] - at;

	if (count > p->group)
		count = p->group;
	ret->chunks = count;
	place(p, p->split, at, count, ret);
	for (unsigned i = p->split + 1; i < p->ndim; i++) {
		place(p, i, 0, p->grid[i], ret);
		ret->chunks *= p->grid[i];
	}
	tile /= groups;
	for (unsigned i = p->split; i-- > 0; tile /= p->grid[i])
		place(p, i, tile % p->grid[i], 1, ret);
}

void
plan_chunk(const struct plan *p, const struct box *tile, uint64_t n,
	   struct box *ret)
{
	ret->chunks = 1;
	for (unsigned i = p->ndim; i-- > p->split;) {
		uint64_t wide = i == p->split ? UINT64_MAX : p->grid[i];

		place(p, i, tile->at[i] + n % wide, 1, ret);
		n /= wide;
	}
	for (unsigned i = 0; i < p->split; i++)
		place(p, i, tile->at[i], 1, ret);
}

uint64_t
plan_chunk_number(const struct plan *p, const struct box *chunk)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < p->ndim; i++)
		n = n * p->grid[i] + chunk->at[i];
	return n;
}
