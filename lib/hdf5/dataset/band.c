/* SPDX-License-Identifier: MIT */
/*
 * Divide a dataset into blocks of bounded size that follow its chunks.
 * Arithmetic only.
 */

#include <string.h>

#include "hdf5/dataset/dataset.h"

static uint64_t
min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Set the shape of a block at 'start': one 'cell', cut off at 'end'. */
static void
block_clip(struct block *b, unsigned rank, const uint64_t *cell,
	   const uint64_t *end)
{
	unsigned d;

	b->count = 1;
	for (d = 0; d < rank; d++) {
		b->shape[d] = min(cell[d], end[d] - b->start[d]);
		b->count *= b->shape[d];
	}
}

/*
 * Enlarge cell[] by whole multiples, the last dimension first, up to dims[]
 * and 'room' elements.
 */
static void
grow(uint64_t *cell, unsigned rank, const uint64_t *dims, uint64_t room)
{
	uint64_t count = 1, times;
	unsigned d;

	for (d = 0; d < rank; d++)
		count *= cell[d];
	for (d = rank; d-- > 0;) {
		times = room / count;
		if (times <= 1 && cell[d] < dims[d])
			break;
		count /= cell[d];
		cell[d] = times >= (dims[d] + cell[d] - 1) / cell[d]
				  ? dims[d]
				  : times * cell[d];
		count *= cell[d];
		if (cell[d] < dims[d])
			break;
	}
}

void
bands_begin(struct bands *b, unsigned rank, const uint64_t *dims,
	    const uint64_t *chunk, uint64_t room)
{
	uint64_t count = 1;
	unsigned d;

	memset(b, 0, sizeof(*b));
	b->rank = rank;
	if (room == 0)
		room = 1;
	for (d = 0; d < rank; d++) {
		b->dims[d] = dims[d];
		b->outer[d] = chunk ? min(chunk[d], dims[d]) : 1;
		b->inner[d] = 1;
		if (__builtin_mul_overflow(count, b->outer[d], &count))
			count = UINT64_MAX;
	}
	if (count <= room) {
		grow(b->outer, rank, dims, room);
		memcpy(b->inner, b->outer, sizeof(b->inner));
	} else {
		grow(b->inner, rank, b->outer, room);
	}
}

/* An upper limit of the chunks that a block touches. */
static uint64_t
touched(const struct bands *b, const uint64_t *chunk)
{
	uint64_t count = 1, n, all;
	unsigned d;

	for (d = 0; d < b->rank; d++) {
		n = b->inner[d] / chunk[d] + 2;
		all = (b->dims[d] + chunk[d] - 1) / chunk[d];
		if (b->inner[d] % chunk[d] == 0 && b->outer[d] == b->inner[d])
			n -= 2;
		if (__builtin_mul_overflow(count, min(n, all), &count))
			return UINT64_MAX;
	}
	return count;
}

void
bands_begin_few(struct bands *b, unsigned rank, const uint64_t *dims,
		const uint64_t *follow, const uint64_t *chunk, uint64_t *room)
{
	bands_begin(b, rank, dims, follow, *room);
	while (chunk && *room > 1 && touched(b, chunk) > MOST_CHUNKS) {
		*room /= 2;
		bands_begin(b, rank, dims, follow, *room);
	}
}

/* Move 'b' to the next cell in [begin, end).  False after the last one. */
static bool
advance(struct block *b, unsigned rank, const uint64_t *begin,
	const uint64_t *cell, const uint64_t *end)
{
	unsigned d;

	for (d = rank; d-- > 0;) {
		b->start[d] += cell[d];
		if (b->start[d] < end[d])
			return true;
		b->start[d] = begin[d];
	}
	return false;
}

bool
bands_next(struct bands *b)
{
	static const uint64_t origin[MAX_NDIM];
	uint64_t end[MAX_NDIM];
	unsigned d;

	if (!b->started) {
		b->started = true;
		block_clip(&b->cell, b->rank, b->outer, b->dims);
	} else {
		for (d = 0; d < b->rank; d++)
			end[d] = b->cell.start[d] + b->cell.shape[d];
		if (advance(&b->block, b->rank, b->cell.start, b->inner, end)) {
			block_clip(&b->block, b->rank, b->inner, end);
			return true;
		}
		if (!advance(&b->cell, b->rank, origin, b->outer, b->dims))
			return false;
		block_clip(&b->cell, b->rank, b->outer, b->dims);
	}
	for (d = 0; d < b->rank; d++)
		end[d] = b->cell.start[d] + b->cell.shape[d];
	memcpy(b->block.start, b->cell.start, sizeof(b->block.start));
	block_clip(&b->block, b->rank, b->inner, end);
	return true;
}

/* The first dimension that a run covers, completely or in part. */
static unsigned
run_dimension(const struct bands *bands, const struct block *block)
{
	unsigned d = bands->rank;

	while (d > 0) {
		d--;
		if (block->shape[d] != bands->dims[d])
			break;
	}
	return d;
}

uint64_t
block_run(const struct bands *bands, const struct block *block)
{
	unsigned d;
	uint64_t run = 1;

	for (d = run_dimension(bands, block); d < bands->rank; d++)
		run *= block->shape[d];
	return run;
}

uint64_t
run_start(const struct bands *bands, const struct block *block, uint64_t i)
{
	unsigned d, first = run_dimension(bands, block);
	uint64_t index[MAX_NDIM], at = 0;

	for (d = bands->rank; d-- > 0;) {
		index[d] = block->start[d];
		if (d < first) {
			index[d] += i % block->shape[d];
			i /= block->shape[d];
		}
	}
	for (d = 0; d < bands->rank; d++)
		/* cppcheck-suppress uninitvar ; all are set above */
		at = at * bands->dims[d] + index[d];
	return at;
}
