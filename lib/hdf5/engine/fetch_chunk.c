/* SPDX-License-Identifier: MIT */
/*
 * Fetch the stored bytes of chunks, by libhdf5 in the thread that calls it, by
 * the index in any thread, and undo their filters.  Make the elements of those
 * that are not stored.
 */

#include <inttypes.h>
#include <string.h>

#include "hdf5/engine/engine.h"

/* Chunks of no more bytes are read together, and what lies between them. */
#define SHORT_CHUNK ((size_t)16 << 10)
#define SHORT_GAP   ((size_t)4 << 10)
#define LONGEST_RUN ((size_t)256 << 10)

/* Read elements from 'at' on into memory of shape 'dims'. */
static int
read_box(const struct strategy_source *s, unsigned ndim, const hsize_t *at,
	 const hsize_t *count, const hsize_t *dims, uint8_t *data)
{
	hsize_t zero[PLAN_DIMS] = { 0 };
	hid_t type = H5Dget_type(s->dset), space = H5Dget_space(s->dset);
	hid_t mem = H5Screate_simple((int)ndim, dims, NULL);
	bool ok;

	ok = type >= 0 && space >= 0 && mem >= 0 &&
	     H5Sselect_hyperslab(space, H5S_SELECT_SET, at, NULL, count,
				 NULL) >= 0 &&
	     H5Sselect_hyperslab(mem, H5S_SELECT_SET, zero, NULL, count,
				 NULL) >= 0;
	file_driver_data(true);
	ok = ok &&
	     filters_read(s->dset, type, mem, space, H5P_DEFAULT, data) >= 0;
	file_driver_data(false);
	if (mem >= 0)
		H5Sclose(mem);
	if (space >= 0)
		H5Sclose(space);
	if (type >= 0)
		H5Tclose(type);
	return ok ? 0
		  : cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				  "libhdf5 cannot read it");
}

/*
 * Let libhdf5 read the used part of the chunk at element 'at': it knows why a
 * chunk cannot be found, and the fill value.  The data keep the types of the
 * file; nothing is converted.
 */
static int
missing_read(const struct strategy_source *s, const struct task *t,
	     const hsize_t *at, uint8_t *data)
{
	hsize_t count[PLAN_DIMS], dims[PLAN_DIMS];

	for (unsigned i = 0; i < t->ndim; i++) {
		dims[i] = t->used[i];
		count[i] = t->shape[i] - at[i];
		if (count[i] > dims[i])
			count[i] = dims[i];
	}
	/*
	 * With a fill time of "never", H5Dread does not write missing elements.
	 */
	memset(data, 0, t->plan.chunk_size);
	return read_box(s, t->ndim, at, count, dims, data);
}

static bool
partial(const struct task *t, const hsize_t *at)
{
	for (unsigned i = 0; i < t->ndim; i++)
		if (t->shape[i] - at[i] < t->chunk[i])
			return true;
	return false;
}

/*
 * The chunk is stored but cannot be read raw.  Returns 0 if H5Dread may read
 * it.
 */
static int
refused(const struct strategy_source *s, const struct task *t,
	const hsize_t *at)
{
	uint64_t start[PLAN_DIMS], one[PLAN_DIMS];

	for (unsigned i = 0; i < t->ndim; i++) {
		start[i] = at[i];
		one[i] = 1;
	}
	return stored_check(s->dset, start, one, NULL);
}

static int
fail_growth(const struct task *t, uint64_t size)
{
	return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
			     "stored in %" PRIu64 " bytes, though it has %zu",
			     size, t->whole_size);
}

/*
 * Fetch the chunk at element 'at' into the batch.  If a chunk is not stored,
 * one of the two calls fails; which one depends on the version of libhdf5 and
 * on the filters.
 */
static int
fetch_open(const struct strategy_source *s, struct batch *b, size_t *used,
	   const hsize_t *at)
{
	const struct task *t = b->task;
	struct stored *c = &b->stored[b->count];
	size_t room = t->plan.chunk_size;
	uint64_t need = chunk_needed(t->ndim, t->shape, t->chunk, at, t->item);
	hsize_t size = 0;
	bool readable = false;
	int err;

	c->at = *used;
	c->mask = 0;
	c->decoded = t->by_parts ||
		     H5Dget_chunk_storage_size(s->dset, at, &size) < 0 ||
		     size == 0;
	if (size / MOST_GROWTH > t->whole_size + 65536)
		return fail_growth(t, size);
	if (!c->decoded && room < need)
		room = need;
	err = guarded_grow(&b->raw, &b->raw_capacity, *used,
			   *used + (size > room ? size : room));
	if (err)
		return err;
	if (!c->decoded)
		err = chunk_fetch(s->dset, at, b->raw + c->at,
				  t->pipeline.count ? size : need, &c->mask,
				  &readable);
	if (!err && !c->decoded && !readable)
		err = refused(s, t, at);
	if (err)
		return err;
	c->decoded = !readable;
	c->size = c->decoded ? t->plan.chunk_size : size;
	*used += c->size;
	if (c->decoded)
		return missing_read(s, t, at, b->raw + c->at);
	if (t->partial_plain && partial(t, at))
		c->mask = UINT32_MAX;
	return 0;
}

/* Find the chunk by the index; chunk_read() reads it. */
static int
find_native(const struct strategy_source *s, struct batch *b, size_t *used,
	    const hsize_t *begin)
{
	const struct task *t = b->task;
	const struct native_chunk *n;
	uint64_t at[PLAN_DIMS];
	struct stored *c = &b->stored[b->count];

	for (unsigned i = 0; i < t->ndim; i++)
		at[i] = begin[i];
	n = chunk_find(s->chunks, at);
	*c = (struct stored){ .missing = !n };
	if (!n)
		return 0;
	if (n->size / MOST_GROWTH > t->whole_size + 65536)
		return fail_growth(t, n->size);
	c->at = s->index->image.base + n->address;
	c->size = n->size;
	c->mask = native_mask(s->native, n);
	*used += c->size;
	return 0;
}

int
chunk_get(const struct strategy_source *s, struct batch *b, size_t *used,
	  const hsize_t *at)
{
	return s->native ? find_native(s, b, used, at)
			 : fetch_open(s, b, used, at);
}

/* Elements that are not stored. */
static void
fill_missing(const struct task *t, uint8_t *to)
{
	for (size_t i = 0; i < t->plan.chunk_size; i += t->item)
		memcpy(to + i, t->fill, t->item);
}

/*
 * The bytes from chunk i on to the end of those that follow it closely, both in
 * the batch and in the file; 0 if there is none.
 */
static size_t
run_size(const struct batch *b, unsigned i)
{
	const struct stored *c = &b->stored[i], *next = c + 1;
	uint64_t end = c->at + c->size;

	if (c->missing || c->size > SHORT_CHUNK)
		return 0;
	for (; next < b->stored + b->count; next++) {
		if (next->missing || next->size > SHORT_CHUNK ||
		    next->at < end || next->at - end > SHORT_GAP ||
		    next->at + next->size - c->at > LONGEST_RUN)
			break;
		end = next->at + next->size;
	}
	return next > c + 1 ? (size_t)(end - c->at) : 0;
}

/*
 * The stored bytes of chunk i, with room for a whole chunk behind their begin.
 * Short chunks are read together: a call takes longer than its bytes.
 */
static int
raw_read(struct batch *b, unsigned i, uint8_t **ret)
{
	const struct stored *c = &b->stored[i];
	size_t whole = b->task->plan.chunk_size;
	size_t room = c->size > whole ? c->size : whole, run = 0;
	int err;

	if (b->raw_size > 0 && c->at >= b->raw_at &&
	    c->at - b->raw_at <= b->raw_size &&
	    c->size <= b->raw_size - (c->at - b->raw_at)) {
		*ret = b->raw + (c->at - b->raw_at);
		return 0;
	}
	b->raw_size = 0;
	run = run_size(b, i);
	err = guarded_grow(&b->raw, &b->raw_capacity, 0, run + room);
	*ret = b->raw;
	if (err)
		return err;
	if (run > 0 && source_read(b->task->fd, b->raw, run, c->at) == 0) {
		b->raw_at = c->at;
		b->raw_size = run;
		return 0;
	}
	/* If the others cannot be read, it is not this one's fault. */
	return source_read(b->task->fd, b->raw, c->size, c->at);
}

/*
 * Set *ret to the bytes of chunk i of the batch: elements in 'to' if they need
 * no filter, else what is stored.
 */
static int
chunk_read(struct batch *b, unsigned i, uint8_t *to, uint8_t **ret)
{
	const struct task *t = b->task;
	const struct stored *c = &b->stored[i];
	size_t size = t->plan.chunk_size;
	int err;

	*ret = to;
	if (!t->fill) {
		*ret = b->raw + c->at;
		return 0;
	}
	if (c->missing) {
		fill_missing(t, to);
		return 0;
	}
	if (t->pipeline.count > 0 || t->cut || c->size < size)
		return raw_read(b, i, ret);
	if (size > SHORT_CHUNK)
		return source_read(t->fd, to, size, c->at);
	err = raw_read(b, i, ret);
	if (!err)
		memcpy(to, *ret, size);
	*ret = to;
	return err;
}

/* ------------------------------------------------- in the threads' part */

size_t
box_bytes(const struct plan *p, const struct box *box)
{
	size_t size = p->item;

	for (unsigned i = 0; i < p->ndim; i++)
		size *= box->extent[i];
	return size;
}

/* The part of the box that is chunk i of the batch, in one dimension. */
static uint8_t *
part_of(const struct batch *b, unsigned i, size_t *size)
{
	const struct plan *p = &b->task->plan;
	size_t at = (b->first + i) * p->chunk_size;
	size_t left = box_bytes(p, &b->box) - at;

	*size = left < p->chunk_size ? left : p->chunk_size;
	return b->to + at;
}

bool
batch_in_place(const struct batch *b)
{
	return b->to && b->task->plan.ndim == 1;
}

/* Where chunk i of a batch is decoded to: the last may leave the array. */
static uint8_t *
place_of(const struct batch *b, unsigned i)
{
	size_t size = b->task->plan.chunk_size, room;
	uint8_t *part;

	if (!batch_in_place(b))
		return b->data + i * size;
	part = part_of(b, i, &room);
	return room == size ? part : b->data;
}

/*
 * Undo the filters.  Of a chunk that is wider than the array, keep the used
 * part.
 */
static int
unpack(struct batch *b, const struct stored *s, uint8_t *from, uint8_t *to,
       uint8_t **ret)
{
	struct task *t = b->task;
	uint8_t *whole;
	int err;

	if (!t->cut)
		return filter_decode(&t->pipeline, s->mask, &b->scratch, from,
				     s->size, to, ret);
	err = filter_grow(&b->whole, &b->whole_capacity, t->whole_size);
	if (!err)
		err = filter_decode(&t->pipeline, s->mask, &b->scratch, from,
				    s->size, b->whole, &whole);
	if (err)
		return err;
	cut_out(t->ndim, t->chunk, t->used, t->item, whole, to);
	*ret = to;
	return 0;
}

int
batch_decode(struct batch *b, unsigned i)
{
	struct task *t = b->task;
	const struct stored *s = &b->stored[i];
	uint8_t *to = place_of(b, i), *at;
	size_t size;
	int err = chunk_read(b, i, to, &at);

	if (!err && !s->decoded && !s->missing)
		err = unpack(b, s, at, to, &at);
	if (err)
		return err;
	/* The next chunk by the index is read to the same place. */
	if (at != to && t->fill) {
		memcpy(to, at, t->plan.chunk_size);
		at = to;
	}
	task_convert(t, at, t->plan.chunk_size / t->item);
	if (batch_in_place(b)) {
		to = part_of(b, i, &size);
		if (at != to)
			memcpy(to, at, size);
	}
	b->decoded[i] = at;
	return 0;
}
