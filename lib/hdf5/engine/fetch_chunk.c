/* SPDX-License-Identifier: MIT */
/*
 * Fetch the stored bytes of chunks, by the index or by libhdf5, or make the
 * elements of those that are not stored.
 */

#include <inttypes.h>
#include <string.h>

#include "hdf5/engine/engine.h"

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
				 NULL) >= 0 &&
	     filters_read(s->dset, type, mem, space, H5P_DEFAULT, data) >= 0;
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

/* Elements that are not stored; set_up() has found that they can be made. */
static void
fill_missing(const struct strategy_source *s, const struct task *t, uint8_t *to)
{
	if (!native_fill_get(s->native, s->chunks->count > 0, t->item, to))
		return;
	for (size_t i = t->item; i < t->plan.chunk_size; i += t->item)
		memcpy(to + i, to, t->item);
}

/* The same by the index. */
static int
fetch_native(const struct strategy_source *s, struct batch *b, size_t *used,
	     const hsize_t *begin)
{
	const struct task *t = b->task;
	struct stored *c = &b->stored[b->count];
	const struct native_chunk *n;
	size_t room = t->plan.chunk_size;
	uint64_t at[PLAN_DIMS], size;
	int err;

	for (unsigned i = 0; i < t->ndim; i++)
		at[i] = begin[i];
	n = chunk_find(s->chunks, at);
	size = n ? n->size : room;
	if (size / MOST_GROWTH > t->whole_size + 65536)
		return fail_growth(t, size);
	err = guarded_grow(&b->raw, &b->raw_capacity, *used,
			   *used + (size > room ? size : room));
	if (!err && n)
		err = source_read(s->fd, b->raw + *used, size,
				  s->index->image.base + n->address);
	if (err)
		return err;
	*c = (struct stored){ .at = *used, .size = size, .decoded = !n };
	if (n)
		c->mask = native_mask(s->native, n);
	else
		fill_missing(s, t, b->raw + *used);
	*used += size;
	return 0;
}

int
chunk_get(const struct strategy_source *s, struct batch *b, size_t *used,
	  const hsize_t *at)
{
	return s->native ? fetch_native(s, b, used, at)
			 : fetch_open(s, b, used, at);
}
