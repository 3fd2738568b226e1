/* SPDX-License-Identifier: MIT */
/* Write elements in the dataset's order to the arrays of the segment. */

#include <string.h>

#include "build/fill.h"
#include "hdf5/engine/engine.h"

/*
 * Bytes per write, so that a block of the digests is hashed while in the cache.
 */
#define PIECE ((size_t)1 << 20)

static bool
whole_record(const struct task *t)
{
	const struct task_column *c = t->columns;

	return t->column_count == 1 && c->offset == 0 &&
	       c->convert.from == t->item && !widens(&c->convert);
}

int
task_check(const struct task *t)
{
	for (unsigned i = 0; i < t->column_count; i++) {
		const struct task_column *c = &t->columns[i];

		if (c->offset > t->item ||
		    c->convert.from > t->item - c->offset)
			return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
					     "%zu bytes at %zu lie outside "
					     "elements of %zu bytes",
					     c->convert.from, c->offset,
					     t->item);
	}
	return 0;
}

void
task_convert(const struct task *t, uint8_t *data, uint64_t n)
{
	if (whole_record(t))
		convert(&t->columns[0].convert, data, n);
}

static int
write_bytes(struct task *t, const char *path, uint64_t at, const uint8_t *data,
	    size_t size)
{
	int err = cute_shm_builder_write(t->builder, path, at, data, size);

	if (!err)
		atomic_fetch_add(&t->reader->bytes, size);
	return err;
}

/* Pick one field out of 'n' elements, and convert it. */
static void
pick_column(const struct task *t, const struct task_column *c,
	    const uint8_t *data, size_t n, uint8_t *to)
{
	if (widens(&c->convert)) {
		widen(&c->convert, to, data, t->item, n);
		return;
	}
	pick_items(to, data, t->item, n, c->convert.size);
	convert(&c->convert, to, n);
}

/* Pick it to its place in the segment, if that is mapped. */
static int
write_piece(struct task *t, struct batch *b, const struct task_column *c,
	    uint64_t first, const uint8_t *data, size_t n)
{
	size_t size = n * c->convert.size;
	uint64_t at = first * c->convert.size;
	uint8_t *place;
	int err = builder_place(t->builder, c->path, at, size, &place);

	if (err)
		return err;
	if (place) {
		pick_column(t, c, data, n, place);
		err = builder_placed(t->builder, c->path, at, size);
		if (!err)
			atomic_fetch_add(&t->reader->bytes, size);
		return err;
	}
	err = filter_grow(&b->field, &b->field_capacity, size);
	if (err)
		return err;
	pick_column(t, c, data, n, b->field);
	return write_bytes(t, c->path, at, b->field, size);
}

/* Pieces end at multiples of PIECE, so that most of them are whole blocks. */
static int
write_column(struct task *t, struct batch *b, const struct task_column *c,
	     uint64_t first, const uint8_t *data, uint64_t n)
{
	size_t size = c->convert.size, most = PIECE / size ? PIECE / size : 1;
	int err = 0;

	data += c->offset;
	while (!err && n > 0) {
		size_t count = most - first % most;

		if (count > n)
			count = n;
		err = write_piece(t, b, c, first, data, count);
		first += count;
		data += count * t->item;
		n -= count;
	}
	return err;
}

int
task_write(struct task *t, struct batch *b, uint64_t first, const uint8_t *data,
	   uint64_t n)
{
	int err = 0;

	if (whole_record(t))
		return write_bytes(t, t->columns[0].path, first * t->item, data,
				   n * t->item);
	for (unsigned i = 0; i < t->column_count && !err; i++)
		err = write_column(t, b, &t->columns[i], first, data, n);
	return err;
}

int
task_place(const struct task *t, uint64_t first, uint64_t n, uint8_t **ret)
{
	*ret = NULL;
	if (t->sliced || !whole_record(t))
		return 0;
	return builder_place(t->builder, t->columns[0].path, first * t->item,
			     n * t->item, ret);
}

int
task_placed(const struct task *t, uint64_t first, uint64_t n)
{
	size_t size = n * t->item;
	int err = builder_placed(t->builder, t->columns[0].path,
				 first * t->item, size);

	if (!err)
		atomic_fetch_add(&t->reader->bytes, size);
	return err;
}

/*
 * The dimension from which on the elements of a box, in a buffer of shape
 * 'dims', follow each other there and in the array; *count is their number.
 */
static unsigned
run_dimension(const struct plan *p, const struct box *box, const uint64_t *dims,
	      uint64_t *count)
{
	unsigned run = p->ndim - 1;

	*count = box->extent[run];
	while (run > 0 && box->extent[run] == p->shape[run] &&
	       dims[run] == p->shape[run])
		*count *= box->extent[--run];
	return run;
}

bool
box_is_run(const struct plan *p, const struct box *box, uint64_t *first,
	   uint64_t *count)
{
	unsigned run = run_dimension(p, box, box->extent, count);

	*first = 0;
	for (unsigned i = 0; i < p->ndim; i++) {
		if (i < run && box->extent[i] > 1)
			return false;
		*first = *first * p->shape[i] + box->begin[i];
	}
	return true;
}

/* Step to the next piece along the dimensions before 'run'.  False: done. */
static bool
next_piece(uint64_t *index, const struct box *box, unsigned run)
{
	for (unsigned i = run; i-- > 0;) {
		if (++index[i] < box->extent[i])
			return true;
		index[i] = 0;
	}
	return false;
}

int
task_write_box(struct task *t, struct batch *b, const struct box *box,
	       const uint64_t *dims, const uint8_t *data)
{
	const struct plan *p = &t->plan;
	uint64_t index[PLAN_DIMS] = { 0 }, n;
	unsigned run = run_dimension(p, box, dims, &n);
	int err;

	do {
		uint64_t from = 0, to = 0;

		for (unsigned i = 0; i < p->ndim; i++) {
			from = from * dims[i] + index[i];
			to = to * p->shape[i] + box->begin[i] + index[i];
		}
		err = task_write(t, b, to, data + from * t->item, n);
	} while (!err && next_piece(index, box, run));
	return err;
}
