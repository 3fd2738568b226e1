/* SPDX-License-Identifier: MIT */
/*
 * Read blocks of a dataset without libhdf5, by the index.  Whatever is in doubt
 * is left to libhdf5, which also knows the words for it.
 */

#include <stdlib.h>
#include <string.h>

#include "hdf5/dataset/dataset.h"

/* A box of elements in the file, 'step' apart, that becomes a dense one. */
struct wanted_box {
	unsigned rank;
	const uint64_t *first, *step, *shape;
	size_t item; /* bytes of an element */
	uint8_t *to;
};

/* The bytes of the file, from memory if they are there. */
static bool
bytes_read(const struct dataset *d, uint64_t address, uint64_t size,
	   uint8_t *to)
{
	struct image *f = &d->index->image;
	const uint8_t *have;

	if (!image_holds(f, address, size))
		return false;
	have = image_peek(f, address, size);
	if (have) {
		memcpy(to, have, size);
		return true;
	}
	return source_read(d->fd, to, size, f->base + address) == 0;
}

/* ------------------------------------------------------------ fill values */

/* A fill value that leads to a heap may dangle. */
static bool
fill(const struct dataset *d, bool stored, uint64_t count, uint8_t *to)
{
	size_t item = d->native->type->size;

	if (d->native->fill.kind == NATIVE_FILL_VALUE &&
	    d->type->size[PART_RAGGED] > 0)
		return false;
	if (count == 0)
		return true;
	if (!native_fill_get(d->native, stored, item, to))
		return false;
	for (uint64_t i = 1; i < count; i++)
		memcpy(to + i * item, to, item);
	return true;
}

/* ------------------------------------------------------- data in one piece */

/* Read one row of the box, whose first element is number 'at' of the data. */
static bool
row_read(const struct dataset *d, const struct wanted_box *b, uint64_t at,
	 uint8_t *to)
{
	const struct native_layout *l = &d->native->layout;
	uint64_t n = b->shape[b->rank - 1], step = b->step[b->rank - 1];
	uint64_t from = l->address + at * b->item;

	if (step == 1)
		return bytes_read(d, from, n * b->item, to);
	for (; n > 0; n--, from += step * b->item, to += b->item)
		if (!bytes_read(d, from, b->item, to))
			return false;
	return true;
}

/* Whether the box is the rest of the data from its first element on. */
static bool
is_run(const struct dataset *d, const struct wanted_box *b)
{
	bool ret = true, partial = false;

	for (unsigned i = b->rank; i-- > 0;) {
		ret &= b->step[i] == 1 && (!partial || b->shape[i] == 1);
		partial |= b->shape[i] != d->native->space->dims[i];
	}
	return ret;
}

static bool
contiguous_read(const struct dataset *d, const struct wanted_box *b,
		uint64_t count)
{
	const struct native_layout *l = &d->native->layout;
	const uint64_t *dims = d->native->space->dims;
	uint64_t i[MAX_NDIM] = { 0 }, at = 0, row = 0;
	unsigned k;

	for (k = 0; k < b->rank; k++)
		at = at * dims[k] + b->first[k];
	if (b->rank == 0 || is_run(d, b))
		return bytes_read(d, l->address + at * b->item, count * b->item,
				  b->to);
	do {
		for (at = 0, k = 0; k < b->rank; k++)
			at = at * dims[k] + b->first[k] + i[k] * b->step[k];
		if (!row_read(d, b, at, b->to + row * b->item))
			return false;
		row += b->shape[b->rank - 1];
		for (k = b->rank - 1; k-- > 0;) {
			if (++i[k] < b->shape[k])
				break;
			i[k] = 0;
		}
	} while (k < b->rank);
	return true;
}

/* ------------------------------------------------------------------ chunks */

/* Reused memory: one thread reads by blocks. */
static struct filter_scratch scratch;
static uint8_t *raw; /* guarded */
static size_t raw_capacity;
static uint8_t *data;
static size_t data_capacity;

/* The chunk whose data are in 'data', for the dataset's next block. */
static const struct native_dataset *decoded_of;
static struct native_chunk decoded_chunk;

void
native_forget(const struct native_dataset *d)
{
	if (decoded_of == d)
		decoded_of = NULL;
}

#define KEEP ((size_t)64 << 20) /* larger buffers are freed at once */

static void
free_large(void)
{
	if (raw_capacity <= KEEP && data_capacity <= KEEP)
		return;
	guarded_free(raw, raw_capacity);
	free(data);
	raw = data = NULL;
	raw_capacity = data_capacity = 0;
	decoded_of = NULL;
}

/* Read a chunk and undo its filters; it is in 'data' then. */
static bool
chunk_decode(const struct dataset *d, const struct filter_pipeline *pipeline,
	     const struct native_chunk *c)
{
	const struct native_layout *l = &d->native->layout;
	hsize_t at[MAX_NDIM];
	uint64_t need;
	uint8_t *to;

	if (decoded_of == d->native && decoded_chunk.at == c->at &&
	    decoded_chunk.address == c->address &&
	    decoded_chunk.size == c->size && decoded_chunk.mask == c->mask)
		return true;
	decoded_of = NULL;
	for (unsigned i = 0; i < l->rank; i++)
		at[i] = c->at[i];
	need = chunk_needed(l->rank, d->native->space->dims, l->dims, at,
			    d->native->type->size);
	if (c->size / MOST_GROWTH > l->chunk_size + 65536 ||
	    guarded_grow(&raw, &raw_capacity, 0, c->size) != 0 ||
	    !bytes_read(d, c->address, c->size, raw) ||
	    filter_grow(&data, &data_capacity, l->chunk_size) != 0 ||
	    filter_decode(pipeline, native_mask(d->native, c), &scratch, raw,
			  c->size, data, &to) != 0 ||
	    scratch.decoded < need)
		return false;
	if (to != data)
		memcpy(data, to, l->chunk_size);
	decoded_of = d->native;
	decoded_chunk = *c;
	return true;
}

/* The steps that reach 'distance', or beyond. */
static uint64_t
steps(uint64_t distance, uint64_t step)
{
	return distance / step + (distance % step != 0);
}

/* The part of the box along dimension 'k' that lies in the chunk at 'at'. */
static void
clip(const struct wanted_box *b, unsigned k, uint64_t at, uint64_t size,
     uint64_t *begin, uint64_t *end)
{
	uint64_t first = b->first[k];
	uint64_t past = size > UINT64_MAX - at ? UINT64_MAX : at + size;

	*begin = at <= first ? 0 : steps(at - first, b->step[k]);
	*end = past <= first ? 0 : steps(past - first, b->step[k]);
	if (*end > b->shape[k])
		*end = b->shape[k];
}

/* Where the elements of a chunk come from. */
struct chunk_data {
	const uint8_t *bytes; /* all of them, or */
	const uint8_t *one;   /* a value for all elements; or, if both */
	uint64_t address;     /* are NULL, they are here in the file */
};

/* Copy 'n' elements, 'step' apart, from number 'at' of the chunk on. */
static bool
copy_row(const struct dataset *d, const struct chunk_data *from, uint64_t at,
	 uint64_t step, uint64_t n, size_t item, uint8_t *to)
{
	const uint8_t *p = from->bytes ? from->bytes + at * item : from->one;

	if (from->bytes && step == 1) {
		memcpy(to, p, n * item);
		return true;
	}
	if (!p && step == 1)
		return bytes_read(d, from->address + at * item, n * item, to);
	for (; n > 0; n--, at += step, to += item) {
		if (!p && !bytes_read(d, from->address + at * item, item, to))
			return false;
		if (p)
			memcpy(to, p, item);
		if (from->bytes)
			p += step * item;
	}
	return true;
}

/* The elements of the box that lie in the chunk at 'at'; false: none. */
static bool
clip_all(const struct wanted_box *b, const uint64_t *chunk, const uint64_t *at,
	 uint64_t *begin, uint64_t *end)
{
	for (unsigned k = 0; k < b->rank; k++) {
		clip(b, k, at[k], chunk[k], &begin[k], &end[k]);
		if (begin[k] >= end[k])
			return false;
	}
	return true;
}

/* Copy the elements of the box that lie in the chunk at 'at'. */
static bool
copy_chunk(const struct dataset *d, const struct wanted_box *b,
	   const uint64_t *at, const uint64_t *begin, const uint64_t *end,
	   const struct chunk_data *from)
{
	const uint64_t *chunk = d->native->layout.dims;
	unsigned k, last = b->rank - 1;
	uint64_t i[MAX_NDIM], src, dst;

	memcpy(i, begin, b->rank * sizeof(*i));
	do {
		for (src = dst = 0, k = 0; k < b->rank; k++) {
			src = src * chunk[k] + b->first[k] + i[k] * b->step[k] -
			      at[k];
			dst = dst * b->shape[k] + i[k];
		}
		if (!copy_row(d, from, src, b->step[last],
			      end[last] - begin[last], b->item,
			      b->to + dst * b->item))
			return false;
		for (k = last; k-- > 0;) {
			if (++i[k] < end[k])
				break;
			i[k] = begin[k];
		}
	} while (k < b->rank);
	return true;
}

/* Whether the chunk is stored without any filter. */
static bool
is_plain(const struct dataset *d, const struct filter_pipeline *pipeline,
	 const struct native_chunk *c)
{
	return pipeline->count == 0 ||
	       (native_mask(d->native, c) == UINT32_MAX &&
		c->size == d->native->layout.chunk_size);
}

static bool
one_chunk(const struct dataset *d, const struct filter_pipeline *pipeline,
	  const struct wanted_box *b, const uint64_t *at, uint8_t *filled)
{
	const struct native_chunk *c = chunk_find(&d->chunks, at);
	uint64_t begin[MAX_NDIM], end[MAX_NDIM];
	struct chunk_data from = { NULL, NULL, 0 };

	if (!clip_all(b, d->native->layout.dims, at, begin, end))
		return true;
	if (!c) {
		if (!native_fill_get(d->native, d->chunks.count > 0, b->item,
				     filled))
			return false;
		from.one = filled;
	} else if (is_plain(d, pipeline, c)) {
		from.address = c->address;
	} else {
		if (!chunk_decode(d, pipeline, c))
			return false;
		from.bytes = data;
	}
	return copy_chunk(d, b, at, begin, end, &from);
}

/* Where the chunk with element 'i' of the box begins, along dimension 'k'. */
static uint64_t
chunk_of(const struct wanted_box *b, unsigned k, uint64_t i, uint64_t size)
{
	uint64_t at = b->first[k] + i * b->step[k];

	return at - at % size;
}

/* Only chunks that have elements of the box, however far apart these are. */
static bool
each_chunk(const struct dataset *d, const struct filter_pipeline *pipeline,
	   const struct wanted_box *b, uint8_t *filled)
{
	const struct native_layout *l = &d->native->layout;
	uint64_t at[MAX_NDIM], begin, next;
	unsigned k;

	for (k = 0; k < b->rank; k++)
		at[k] = chunk_of(b, k, 0, l->dims[k]);
	do {
		if (!one_chunk(d, pipeline, b, at, filled))
			return false;
		for (k = b->rank; k-- > 0;) {
			clip(b, k, at[k], l->dims[k], &begin, &next);
			if (next < b->shape[k]) {
				at[k] = chunk_of(b, k, next, l->dims[k]);
				break;
			}
			at[k] = chunk_of(b, k, 0, l->dims[k]);
		}
	} while (k < b->rank);
	return true;
}

static bool
chunks_read(struct dataset *d, const struct wanted_box *b)
{
	const struct native_layout *l = &d->native->layout;
	struct filter_pipeline pipeline;
	uint8_t *filled;
	bool ok;

	if (!filter_pipeline_native(d->native, l->chunk_size, &pipeline) ||
	    !chunks_get(d->index, d->native, &d->chunks))
		return false;
	/* A fill value that leads to a heap may dangle. */
	if (d->native->fill.kind == NATIVE_FILL_VALUE &&
	    d->type->size[PART_RAGGED] > 0)
		return false;
	filled = malloc(b->item);
	ok = filled && each_chunk(d, &pipeline, b, filled);
	free(filled);
	free_large();
	return ok;
}

/* --------------------------------------------------------------- the whole */

static bool
file_elements(struct dataset *d, const struct wanted_box *b, uint64_t count)
{
	const struct native_layout *l = &d->native->layout;

	switch (l->kind) {
	case NATIVE_COMPACT:
		/* It is small: its elements are picked from a copy of all. */
		if (count != d->native->space->points)
			return false;
		memcpy(b->to, l->data, l->size);
		return true;
	case NATIVE_CONTIGUOUS:
		return l->address == UNDEFINED ? fill(d, false, count, b->to)
					       : contiguous_read(d, b, count);
	default: return chunks_read(d, b);
	}
}

bool
native_read(struct dataset *d, enum part part, const uint64_t *first,
	    const uint64_t *step, const uint64_t *shape, uint64_t count,
	    struct native_lists *lists, uint8_t *to)
{
	struct wanted_box b = { .rank = d->rank,
				.first = first,
				.step = step,
				.shape = shape,
				.item = d->native->type->size };
	const struct convert *how = &d->type->convert;
	uint64_t size;
	bool ok;

	if (count == 0)
		return true;
	if (__builtin_mul_overflow(count, b.item, &size))
		return false;
	/* Elements that keep their size are read to their place. */
	if (part == PART_PLAIN && d->type->direct && !widens(how) &&
	    how->size == b.item && how->size == d->type->size[part]) {
		b.to = to;
		ok = file_elements(d, &b, count);
		convert(how, to, ok ? count : 0);
		return ok;
	}
	b.to = calloc(1, size);
	ok = b.to && file_elements(d, &b, count) &&
	     native_values(d->index, d->type, part, b.to, count, to, lists) ==
		     0;
	free(b.to);
	return ok;
}

bool
native_elements(struct dataset *d, const uint64_t *first, const uint64_t *step,
		const uint64_t *shape, uint64_t count, uint8_t *to)
{
	struct wanted_box b = { .rank = d->rank,
				.first = first,
				.step = step,
				.shape = shape,
				.item = d->native->type->size,
				.to = to };

	return file_elements(d, &b, count);
}

bool
native_read_all(struct dataset *d, uint8_t *to)
{
	uint64_t zeros[MAX_NDIM] = { 0 }, ones[MAX_NDIM];

	for (unsigned i = 0; i < d->rank; i++)
		ones[i] = 1;
	return native_read(d, PART_PLAIN, zeros, ones, d->dims, d->count, NULL,
			   to);
}
