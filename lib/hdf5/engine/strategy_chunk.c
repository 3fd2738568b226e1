/* SPDX-License-Identifier: MIT */
/*
 * Read chunks whose filters this library can undo.  One thread finds them by
 * the index, or gets their stored bytes from libhdf5, in the order in which
 * they most likely lie in the file.  Other threads read them, undo the filters,
 * arrange the elements of a tile of the array, and write the tile in large
 * pieces.
 */

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/engine/engine.h"

#define SMALL (16u << 10) /* not worth using other threads */

#define SHORT_PIECE 4096 /* takes one system call to write */

/* ------------------------------------------------- in the threads' part */

/* Name the chunk in which this thread failed. */
static int
fail_at(const struct task *t, const struct box *box, int err)
{
	uint64_t at[PLAN_DIMS] = { 0 };
	hsize_t begin[PLAN_DIMS];

	task_chunk_at(t, plan_chunk_number(&t->plan, box), begin);
	for (unsigned i = 0; i < t->ndim; i++)
		at[i] = begin[i];
	return fail_in_chunk(t->ndim, at, err);
}

/* Arrange chunks that are neighbours along the last dimension together. */
static int
arrange_batch(struct batch *b)
{
	const struct plan *p = &b->task->plan;
	struct box first, next;
	unsigned i, n;
	int err = 0;

	for (i = 0; i < b->count && !err; i += n) {
		plan_chunk(p, &b->box, b->first + i, &first);
		for (n = 1; i + n < b->count; n++) {
			plan_chunk(p, &b->box, b->first + i + n, &next);
			if (next.at[p->ndim - 1] != first.at[p->ndim - 1] + n)
				break;
		}
		err = arrange(p, &b->box, b->to, &first, b->decoded + i, n);
	}
	return err;
}

static int
write_box(struct batch *b, const uint64_t *dims, const uint8_t *data)
{
	return b->task->sliced
		       ? task_write_slice(b->task, b, &b->box, dims, data)
		       : task_write_box(b->task, b, &b->box, dims, data);
}

/* Find where the chunks belong: the segment, or else the tile. */
static int
find_place(struct batch *b)
{
	const struct task *t = b->task;
	uint64_t first, count;
	int err = 0;

	b->to = NULL;
	/* A box without a tile is one chunk, which need not be arranged. */
	if ((b->tile || t->plan.ndim == 1) &&
	    box_is_run(&t->plan, &b->box, &first, &count))
		err = task_place(t, first, count, &b->to);
	b->placed = b->to != NULL;
	if (b->tile && !b->placed)
		b->to = b->tile->data;
	return err;
}

static int
decode_batch(struct batch *b)
{
	struct task *t = b->task;
	size_t chunks = batch_in_place(b) ? 1 : b->count;
	int err = filter_grow(&b->data, &b->data_capacity,
			      chunks * t->plan.chunk_size);
	struct box box;

	for (unsigned i = 0; i < b->count && !err; i++) {
		err = batch_decode(b, i);
		if (!err)
			continue;
		plan_chunk(&t->plan, &b->box, b->first + i, &box);
		err = fail_at(t, &box, err);
	}
	if (!err && b->to && t->plan.ndim > 1)
		err = arrange_batch(b);
	return err;
}

/* All chunks of the box are decoded. */
static int
finish_box(struct batch *b)
{
	const struct task *t = b->task;
	uint64_t first, count;

	if (b->placed) {
		box_is_run(&t->plan, &b->box, &first, &count);
		return task_placed(t, first, count);
	}
	if (!b->to)
		return write_box(b, t->plan.chunk, b->decoded[0]);
	return write_box(b, b->box.extent, b->to);
}

/* The last batch of a tile finishes it. */
static int
finish_tile(struct batch *b, bool write)
{
	struct tile *tile = b->tile;
	int err;

	if (tile && atomic_fetch_sub(&tile->missing, b->count) != b->count)
		return 0;
	err = write ? finish_box(b) : 0;
	if (tile)
		tile_put(b->task->reader, tile);
	return err;
}

static int
batch_job(void *arg, bool drop)
{
	struct batch *b = arg;
	struct task *t = b->task;
	bool go = !drop && !atomic_load(&t->reader->failed);
	int err = go ? find_place(b) : 0, later;

	if (go && !err)
		err = decode_batch(b);
	if (err)
		reader_fail(t, err);
	later = finish_tile(b, go && !err && !atomic_load(&t->reader->failed));
	if (later)
		reader_fail(t, later);
	batch_put(b);
	return 0;
}

/* ------------------------------------------- in the thread that reads */

/*
 * The number of chunks in a batch: about BATCH_SIZE bytes, but for narrow
 * chunks enough to fill the cache lines of the tile.  Of chunks that lie mostly
 * outside of the array, much more is decoded than is kept; progress is told
 * after each batch.
 */
static uint64_t
batch_chunks(const struct task *t)
{
	const struct plan *p = &t->plan;
	uint64_t most = BATCH_SIZE / p->chunk_size;
	uint64_t wide = 64 / (p->chunk[p->ndim - 1] * p->item);

	if (most < wide && wide * p->chunk_size <= 4 * BATCH_SIZE)
		most = wide;
	if (t->whole_size > 0 && most > BATCH_WORK / t->whole_size)
		most = BATCH_WORK / t->whole_size;
	if (most < 1)
		return 1;
	return most > BATCH_CHUNKS ? BATCH_CHUNKS : most;
}

/* Fill the batch with chunks of its box, as many as it should have. */
static int
fetch_batch(const struct strategy_source *s, struct batch *b)
{
	const struct task *t = b->task;
	uint64_t most = batch_chunks(t), left;
	size_t used = 0;

	left = b->box.chunks - b->first;
	/*
	 * Limit the stored bytes, too: they may exceed the size of the chunks.
	 */
	for (b->count = 0;
	     b->count < most && b->count < left && used < 4 * BATCH_SIZE;
	     b->count++) {
		hsize_t at[PLAN_DIMS];
		struct box box;
		int err;

		plan_chunk(&t->plan, &b->box, b->first + b->count, &box);
		task_chunk_at(t, plan_chunk_number(&t->plan, &box), at);
		err = chunk_get(s, b, &used, at);
		if (err)
			return fail_at(t, &box, err);
	}
	return 0;
}

/* These chunks will not be read, so the tile must not wait for them. */
static void
abandon(struct task *t, struct tile *tile, uint64_t chunks)
{
	if (tile && atomic_fetch_sub(&tile->missing, chunks) == chunks)
		tile_put(t->reader, tile);
}

static int
push_tile(const struct strategy_source *s, struct task *t,
	  const struct box *box, struct tile *tile)
{
	uint64_t first = 0;
	int err = 0;

	if (tile)
		atomic_store(&tile->missing, box->chunks);
	while (first < box->chunks && !err) {
		struct batch *b;

		err = batch_get(t, &b);
		if (err)
			break;
		b->tile = tile;
		b->box = *box;
		b->first = first;
		err = fetch_batch(s, b);
		if (err) {
			batch_put(b);
			break;
		}
		first += b->count;
		err = reader_push(t->reader, batch_job, b);
	}
	if (first < box->chunks)
		abandon(t, tile, box->chunks - first);
	return err;
}

/* A tile of one chunk is written from the buffer in which it was decoded. */
static int
push_tiles(const struct strategy_source *s, struct task *t)
{
	int err = 0;

	for (uint64_t i = 0; i < t->plan.tiles && !err; i++) {
		struct tile *tile = NULL;
		struct box box;

		plan_tile(&t->plan, i, &box);
		if (box.chunks > 1)
			err = tile_get(t, box_bytes(&t->plan, &box), &tile);
		if (!err)
			err = push_tile(s, t, &box, tile);
	}
	return err;
}

/* ----------------------------------------------------------- the set-up */

/* Take over the shapes; false if sizes overflow. */
static bool
shape_set(struct task *t, unsigned ndim, const hsize_t *dims,
	  const hsize_t *chunk)
{
	uint64_t whole = t->item;
	bool ok = ndim > 0;

	t->ndim = ndim;
	for (unsigned i = 0; i < ndim; i++) {
		t->shape[i] = dims[i];
		t->chunk[i] = chunk[i];
		t->used[i] = chunk[i] < dims[i] ? chunk[i] : dims[i];
		t->cut |= t->used[i] < chunk[i];
		ok &= chunk[i] > 0 && dims[i] > 0 &&
		      !__builtin_mul_overflow(whole, chunk[i], &whole);
	}
	t->whole_size = whole;
	if (!ok || whole > UINT32_MAX)
		return false;
	task_cover(t);
	return true;
}

static bool
native_shape(const struct native_dataset *d, struct task *t)
{
	hsize_t dims[PLAN_DIMS], chunk[PLAN_DIMS];

	for (unsigned i = 0; i < d->space->rank; i++) {
		dims[i] = d->space->dims[i];
		chunk[i] = d->layout.dims[i];
	}
	t->item = d->type->size;
	return shape_set(t, d->space->rank, dims, chunk);
}

static bool
shape_get(const struct strategy_source *s, hid_t dcpl, struct task *t)
{
	hid_t type = H5Dget_type(s->dset), space = H5Dget_space(s->dset);
	hsize_t dims[PLAN_DIMS], chunk[PLAN_DIMS];
	int ndim = space >= 0 ? H5Sget_simple_extent_ndims(space) : -1;
	bool ok = ndim > 0 && ndim <= PLAN_DIMS &&
		  H5Sget_simple_extent_dims(space, dims, NULL) == ndim &&
		  H5Pget_chunk(dcpl, ndim, chunk) == ndim;

	t->item = type >= 0 ? H5Tget_size(type) : 0;
	if (type >= 0)
		H5Tclose(type);
	if (space >= 0)
		H5Sclose(space);
	return shape_set(t, ok ? (unsigned)ndim : 0, dims, chunk);
}

/* Make enough tiles to give all threads work, each of some MiB if possible. */
static size_t
tile_target(const struct task *t)
{
	uint64_t size = t->item, share;

	for (unsigned i = 0; i < t->ndim; i++)
		if (__builtin_mul_overflow(size, t->cover[i], &size))
			return TILE_TARGET;
	share = size / (2 * t->reader->threads) & ~(uint64_t)0xfffff;
	if (share < 1 << 20)
		share = 1 << 20;
	return share < TILE_TARGET ? (size_t)share : TILE_TARGET;
}

/*
 * A tile that is not made of whole rows is written in many pieces.  If these
 * are too short, make the tiles larger; then fewer of them fit into memory.
 */
static bool
tiles_get(struct task *t)
{
	struct plan *p = &t->plan;
	uint64_t piece = t->item;

	if (!plan_make(t->ndim, t->cover, t->used, t->item, tile_target(t),
		       TILE_LIMIT, p))
		return false;
	for (unsigned i = p->split; i < p->ndim; i++)
		piece *= i == p->split ? p->group * p->chunk[i] : p->shape[i];
	return p->split == 0 || piece >= SHORT_PIECE ||
	       plan_make(t->ndim, t->cover, t->used, t->item, TILE_MEMORY / 2,
			 TILE_LIMIT, p);
}

static uint64_t
all_bytes(const struct task *t)
{
	uint64_t bytes = t->item;

	for (unsigned i = 0; i < t->ndim; i++)
		bytes *= t->shape[i];
	return bytes;
}

/* Get an element that is not stored; false if libhdf5 must make it. */
static bool
fill_get(const struct strategy_source *s, struct task *t)
{
	t->fill = malloc(t->item);
	return t->fill && native_fill_get(s->native, s->chunks->count > 0,
					  t->item, t->fill);
}

/* Open the file again: 's' ends before the task. */
static bool
file_get(const struct strategy_source *s, struct task *t)
{
	t->fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 3);
	if (t->fd >= 0)
		page_cache_again(t->fd);
	return t->fd >= 0;
}

static bool
native_set_up(const struct strategy_source *s, struct task *t)
{
	if (!native_shape(s->native, t) || !tiles_get(t) ||
	    (all_bytes(t) < SMALL && !t->sliced))
		return false;
	t->partial_plain = s->native->layout.flags & EDGES_UNFILTERED;
	if (!filter_pipeline_native(s->native, t->whole_size, &t->pipeline) ||
	    !chunks_get(s->index, s->native, s->chunks))
		return false;
	/* Of such chunks, read only the rows that are needed. */
	if (t->cut && t->whole_size > READ_IN_PARTS &&
	    (t->pipeline.count == 0 || t->partial_plain))
		return false;
	return fill_get(s, t) && file_get(s, t);
}

static bool
set_up(const struct strategy_source *s, hid_t dcpl, struct task *t)
{
	unsigned options = 0;
	uint64_t bytes;

	if (s->native)
		return native_set_up(s, t);
	if (!shape_get(s, dcpl, t) || !tiles_get(t))
		return false;
	bytes = all_bytes(t);
	/* H5Dread would check each chunk of a slice first, by reading it. */
	if ((bytes < SMALL && !t->sliced &&
	     missing_filter(dcpl, NULL, 0) < 0) ||
	    H5Pget_chunk_opts(dcpl, &options) < 0)
		return false;
	t->partial_plain = options & H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS;
	if (!filter_pipeline_get(dcpl, t->whole_size, &t->pipeline, NULL))
		return false;
	t->by_parts = t->cut && t->whole_size > READ_IN_PARTS &&
		      (t->pipeline.count == 0 || t->partial_plain);
	return true;
}

int
read_chunks(struct reader *r, const struct strategy_source *s, hid_t dcpl,
	    bool *fits)
{
	struct task *t;
	int err = task_new(r, s, &t);

	if (err)
		return err == CUTE_SHM_ERR_TYPE ? 0 : err;
	*fits = set_up(s, dcpl, t);
	if (*fits) {
		task_begin(t, s);
		err = task_check(t);
		if (!err && !s->native)
			err = fill_check(s->dset, dcpl);
	}
	if (*fits && !err)
		err = push_tiles(s, t);
	if (err)
		reader_fail(t, err);
	task_release(t);
	return err;
}
