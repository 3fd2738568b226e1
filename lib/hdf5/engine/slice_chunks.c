/* SPDX-License-Identifier: MIT */
/*
 * Which chunks have elements of a slice, and how these are picked out of a tile
 * or a chunk.
 */

#include <string.h>

#include "hdf5/engine/engine.h"

/* Bytes that are picked before they are written. */
#define PIECE ((size_t)1 << 20)

static uint64_t
ceil_div(uint64_t a, uint64_t b)
{
	return a / b + (a % b != 0);
}

/* Whether each element of the slice lies in a chunk of its own. */
static bool
is_sparse(const struct task *t, unsigned i)
{
	return (uint64_t)t->slice.dims[i].step > t->chunk[i];
}

/* The number, among all chunks, of the one with element 'at' of the slice. */
static uint64_t
chunk_of(const struct task *t, unsigned i, uint64_t at)
{
	const struct slice_dim *d = &t->slice.dims[i];

	return (d->first + at * (uint64_t)d->step) / t->chunk[i];
}

void
task_cover(struct task *t)
{
	for (unsigned i = 0; i < t->ndim; i++) {
		uint64_t last, left;

		if (!t->sliced) {
			t->cover[i] = t->shape[i];
			t->grid[i] = (t->shape[i] - 1) / t->chunk[i] + 1;
			continue;
		}
		last = chunk_of(t, i, t->slice.dims[i].count - 1);
		t->grid[i] = is_sparse(t, i) ? t->slice.dims[i].count
					     : last - chunk_of(t, i, 0) + 1;
		left = t->shape[i] - last * t->chunk[i];
		t->cover[i] = (t->grid[i] - 1) * t->chunk[i] +
			      (left < t->chunk[i] ? left : t->chunk[i]);
	}
}

void
task_chunk_at(const struct task *t, uint64_t n, hsize_t *at)
{
	for (unsigned i = t->ndim; i-- > 0; n /= t->grid[i]) {
		uint64_t k = n % t->grid[i];

		if (t->sliced)
			k = is_sparse(t, i) ? chunk_of(t, i, k)
					    : chunk_of(t, i, 0) + k;
		at[i] = k * t->chunk[i];
	}
}

/* ---------------------------------------------------------------- picking */

/* One dimension of a buffer, and the elements of the slice that it has. */
struct axis {
	const struct slice_dim *slice;
	uint64_t chunk, begin; /* of the buffer, in elements of the cover */
	uint64_t extent;       /* of which the slice may have elements */
	uint64_t width;	       /* of the buffer */
	bool sparse;
	uint64_t low, high; /* elements of the slice */
	size_t stride;	    /* bytes in the buffer */
};

/* Where element 'at' of the slice lies in the cover. */
static uint64_t
place_of(const struct axis *a, uint64_t at)
{
	uint64_t in_file = a->slice->first + at * (uint64_t)a->slice->step;

	if (a->sparse)
		return at * a->chunk + in_file % a->chunk;
	return in_file - a->slice->first / a->chunk * a->chunk;
}

/* The first element of the slice that lies at 'place' or behind it. */
static uint64_t
first_from(const struct axis *a, uint64_t place)
{
	uint64_t at, offset = a->slice->first % a->chunk;

	if (a->sparse)
		at = ceil_div(place, a->chunk);
	else
		at = place > offset ? ceil_div(place - offset,
					       (uint64_t)a->slice->step)
				    : 0;
	return at < a->slice->count ? at : a->slice->count;
}

/*
 * Undo the merging of the plan's last dimensions, each of which has one chunk.
 */
static void
axes_get(const struct task *t, const struct box *box, const uint64_t *dims,
	 struct axis *axes)
{
	unsigned last = t->plan.ndim - 1;
	uint64_t inner = 1;
	size_t stride = t->item;

	for (unsigned i = t->ndim; i-- > 0;) {
		struct axis *a = &axes[i];

		*a = (struct axis){ .slice = &t->slice.dims[i],
				    .chunk = t->chunk[i],
				    .extent = t->cover[i],
				    .width = t->cover[i],
				    .sparse = is_sparse(t, i),
				    .stride = stride };
		if (i <= last) {
			a->begin = box->begin[i] / inner;
			a->extent = box->extent[i] / inner;
			a->width = dims[i] / inner;
		}
		a->low = first_from(a, a->begin);
		a->high = first_from(a, a->begin + a->extent);
		stride *= a->width;
		if (i > last)
			inner *= t->cover[i];
		else
			inner = 1;
	}
}

/* Copy elements low to high of the last dimension to 'to'. */
static void
pick_row(const struct axis *a, size_t item, const uint8_t *row, uint64_t low,
	 uint64_t high, uint8_t *to)
{
	uint64_t at = place_of(a, low) - a->begin;

	if (a->slice->step == 1) {
		memcpy(to, row + at * item, (high - low) * item);
		return;
	}
	for (uint64_t i = low; i < high; i++, to += item) {
		if (a->sparse)
			at = place_of(a, i) - a->begin;
		memcpy(to, row + at * item, item);
		at += (uint64_t)a->slice->step;
	}
}

/* Elements of the slice that follow each other, on their way. */
struct picking {
	struct task *t;
	struct batch *b;
	uint64_t first, count, room;
};

static int
flush(struct picking *p)
{
	int err = 0;

	if (p->count > 0)
		err = task_write(p->t, p->b, p->first, p->b->picked, p->count);
	p->first += p->count;
	p->count = 0;
	return err;
}

/* Add a row of the slice, whose first element is element 'at' of all. */
static int
add_row(struct picking *p, const struct axis *a, const uint8_t *row,
	uint64_t at)
{
	size_t item = p->t->item;
	int err = 0;

	if (at != p->first + p->count) {
		err = flush(p);
		p->first = at;
	}
	for (uint64_t low = a->low, n; low < a->high && !err; low += n) {
		if (p->count == p->room)
			err = flush(p);
		n = p->room - p->count;
		if (n > a->high - low)
			n = a->high - low;
		if (!err)
			pick_row(a, item, row, low, low + n,
				 p->b->picked + p->count * item);
		p->count += n;
	}
	return err;
}

/* Step to the next row; false after the last. */
static bool
next_row(const struct axis *axes, unsigned last, uint64_t *index)
{
	for (unsigned i = last; i-- > 0; index[i] = axes[i].low)
		if (++index[i] < axes[i].high)
			return true;
	return false;
}

int
task_write_slice(struct task *t, struct batch *b, const struct box *box,
		 const uint64_t *dims, const uint8_t *data)
{
	struct picking p = { .t = t, .b = b };
	uint64_t index[PLAN_DIMS];
	struct axis axes[PLAN_DIMS] = { 0 };
	unsigned last = t->ndim - 1;
	int err;

	axes_get(t, box, dims, axes);
	for (unsigned i = 0; i < t->ndim; i++) {
		index[i] = axes[i].low;
		if (axes[i].low >= axes[i].high)
			return 0;
	}
	p.room = PIECE / t->item ? PIECE / t->item : 1;
	err = filter_grow(&b->picked, &b->picked_capacity, p.room * t->item);
	if (err)
		return err;
	do {
		const uint8_t *row = data;
		uint64_t at = 0;

		for (unsigned i = 0; i < last; i++) {
			row += (place_of(&axes[i], index[i]) - axes[i].begin) *
			       axes[i].stride;
			at = at * axes[i].slice->count + index[i];
		}
		at = at * axes[last].slice->count + axes[last].low;
		err = add_row(&p, &axes[last], row, at);
	} while (!err && next_row(axes, last, index));
	return err ? err : flush(&p);
}
