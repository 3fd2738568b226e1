/* SPDX-License-Identifier: MIT */
/*
 * Read data after their memory was reserved: by a fast strategy if one fits,
 * else by H5Dread in bands, while threads extract and write the columns of
 * earlier bands.
 */

#include <stdlib.h>
#include <string.h>

#include "hdf5/read/hdf5_read.h"

#define BAND_SIZE     (UINT64_C(4) << 20)
#define BANDS_AT_ONCE 3

/*
 * For each band of a virtual dataset libhdf5 reopens its sources: use few
 * bands.
 */
#define VIRTUAL_BAND_SIZE (UINT64_C(16) << 20)

/* ------------------------------------------------------- bands, by H5Dread */
/* The buffers for bands that are read or written; they are reused. */
struct buffers {
	pthread_mutex_t lock;
	pthread_cond_t returned;
	uint8_t *idle[BANDS_AT_ONCE];
	unsigned idle_count;
};

/* A dataset that is being read in bands. */
struct banded {
	struct loader *l;
	struct dataset *d;
	struct bands bands;
	struct buffers buffers;
	size_t stride;
	size_t room; /* bytes of a buffer */
};

struct band {
	struct banded *banded;
	struct block block;
	uint8_t *elements;
};

static uint8_t *
buffer_get(struct buffers *b)
{
	uint8_t *buffer;

	pthread_mutex_lock(&b->lock);
	while (b->idle_count == 0)
		pthread_cond_wait(&b->returned, &b->lock);
	buffer = b->idle[--b->idle_count];
	pthread_mutex_unlock(&b->lock);
	return buffer;
}

static void
buffer_put(struct buffers *b, uint8_t *buffer)
{
	pthread_mutex_lock(&b->lock);
	b->idle[b->idle_count++] = buffer;
	pthread_cond_signal(&b->returned);
	pthread_mutex_unlock(&b->lock);
}

static int
buffers_new(struct buffers *b, size_t size)
{
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->returned, NULL);
	b->idle_count = 0;
	while (b->idle_count < BANDS_AT_ONCE) {
		b->idle[b->idle_count] = malloc(size);
		if (!b->idle[b->idle_count++])
			return fail_memory("for data");
	}
	return 0;
}

static void
buffers_free(struct buffers *b)
{
	while (b->idle_count > 0)
		free(b->idle[--b->idle_count]);
	pthread_cond_destroy(&b->returned);
	pthread_mutex_destroy(&b->lock);
}

/* Write a column's items of a block: 'repeat' items per element. */
static int
write_runs(const struct banded *b, const struct block *block,
	   const struct column *c, const uint8_t *items)
{
	uint64_t size = c->repeat * c->leaf->item_size;
	uint64_t run = block_run(&b->bands, block), i;
	int rc = 0;

	for (i = 0; i < block->count / run && rc == 0; i++)
		rc = cute_shm_builder_write(b->l->builder, c->path,
					    run_start(&b->bands, block, i) *
						    size,
					    items + i * run * size, run * size);
	return rc;
}

/* Whether the elements are the column's items, unchanged. */
static bool
is_whole(const struct column *c, size_t stride)
{
	return c->loop_count == 0 && c->run == stride && !c->leaf->swap;
}

static int
write_columns(const struct banded *b, const struct block *block,
	      const uint8_t *elements)
{
	const struct column *c = b->d->columns.column;
	uint8_t *items = NULL;
	size_t i;
	int rc = 0;

	for (i = 0; i < b->d->columns.count && rc == 0; i++, c++) {
		if (!column_is_plain(c))
			continue;
		if (is_whole(c, b->stride)) {
			rc = write_runs(b, block, c, elements);
			continue;
		}
		if (!items)
			items = malloc(b->room);
		if (!items)
			return fail_memory("for data");
		column_gather(c, elements, block->count, b->stride, items);
		rc = write_runs(b, block, c, items);
	}
	free(items);
	return rc;
}

static int
write_band(void *arg, bool drop)
{
	struct band *band = arg;
	struct banded *b = band->banded;
	int rc = 0;

	if (!drop)
		rc = write_columns(b, &band->block, band->elements);
	if (rc == 0)
		board_done(b->l->board, band->block.count * b->stride);
	buffer_put(&b->buffers, band->elements);
	free(band);
	return rc;
}

static int
read_block(const struct banded *b, uint8_t *elements)
{
	const struct block *block = &b->bands.block;

	/* H5Dread does not write elements that have no value. */
	memset(elements, 0, block->count * b->stride);
	return stored_read(b->d, PART_PLAIN, NULL, block, elements) == 0
		       ? 0
		       : stored_culprit(b->d, PART_PLAIN, NULL, block);
}

static int
read_bands(struct banded *b)
{
	struct band *band;
	int rc = 0;

	while (rc == 0 && bands_next(&b->bands)) {
		/*
		 * Stop if another dataset, which the threads still read, has
		 * failed.
		 */
		rc = reader_check(b->l->reader);
		if (rc != 0)
			break;
		board_work(b->l->board, b->d->object->path,
			   b->bands.block.count * b->stride);
		band = malloc(sizeof(*band));
		if (!band)
			return fail_memory("for data");
		*band = (struct band){ b, b->bands.block,
				       buffer_get(&b->buffers) };
		rc = read_block(b, band->elements);
		if (rc == 0) {
			rc = pool_push(b->l->pool, write_band, band);
		} else {
			buffer_put(&b->buffers, band->elements);
			free(band);
		}
	}
	return rc;
}

/*
 * A chunk that is larger than a band is read in pieces.  It must stay in
 * libhdf5's cache for that time, or libhdf5 would decode it for each piece.  An
 * open dataset keeps its old cache size, so it must be closed first.
 */
static int
reopen_with_cache(const struct loader *l, struct dataset *d, uint64_t size)
{
	hid_t dapl = H5Pcreate(H5P_DATASET_ACCESS);

	H5Oclose(d->id);
	d->id = H5I_INVALID_HID;
	if (dapl >= 0 && H5Pset_chunk_cache(dapl, 1, size, 1.0) >= 0)
		d->id = dataset_open(l->scan, d->object, dapl);
	if (dapl >= 0)
		H5Pclose(dapl);
	if (d->id < 0)
		d->id = object_open(l->scan, d->object);
	return d->id < 0 ? unreadable() : 0;
}

/*
 * Bytes of a chunk in libhdf5's memory, and (in *used) of its part inside the
 * array; at most UINT64_MAX.
 */
static uint64_t
chunk_bytes(const struct dataset *d, const uint64_t *chunk, uint64_t *used)
{
	hid_t type = d->native ? H5I_INVALID_HID : H5Dget_type(dataset_id(d));
	uint64_t size = d->native  ? d->native->type->size
			: type < 0 ? 1
				   : H5Tget_size(type);
	unsigned i;

	*used = size;
	for (i = 0; i < d->rank; i++) {
		uint64_t n = chunk[i] < d->dims[i] ? chunk[i] : d->dims[i];

		if (__builtin_mul_overflow(*used, n, used))
			*used = UINT64_MAX;
		if (__builtin_mul_overflow(size, chunk[i], &size))
			size = UINT64_MAX;
	}
	if (type >= 0)
		H5Tclose(type);
	return size;
}

static int
read_generic(struct loader *l, struct dataset *d)
{
	struct banded b = { .l = l, .d = d };
	uint64_t size = 0, used = 0, room, *part;
	struct stored_as s;
	int rc, end;

	b.stride = d->type->size[PART_PLAIN];
	stored_get(d, &s);
	part = s.chunked ? s.part : NULL;
	b.room = s.is_virtual ? VIRTUAL_BAND_SIZE : BAND_SIZE;
	if (b.stride > b.room)
		b.room = b.stride;
	room = b.room / b.stride;
	if (part)
		size = chunk_bytes(d, s.chunk, &used);
	/* libhdf5 reads parts of unfiltered chunks without a cache. */
	rc = !d->native && (used > b.room || (part && d->slice)) && s.filtered
		     ? reopen_with_cache(l, d, size)
		     : 0;
	if (rc != 0)
		return rc;
	bands_begin_few(&b.bands, d->rank, d->dims, part, part, &room);
	rc = buffers_new(&b.buffers, b.room);
	if (rc == 0)
		rc = read_bands(&b);
	end = pool_wait(l->pool);
	buffers_free(&b.buffers);
	return rc ? rc : end;
}

/* ------------------------------------------------------------------ choice */

static int
read_parts(struct loader *l, struct under_way *u)
{
	struct dataset *d = &u->d;
	bool fast = false;
	int rc = 0;

	if (u->pending.plain)
		rc = read_fast(l, u, &fast);
	if (u->pending.plain && rc == 0 && !fast) {
		u->strategy = "generic";
		rc = fits_at_once(d) ? read_at_once(l, d) : read_generic(l, d);
	}
	if (rc == 0 && u->pending.lists)
		rc = ragged_write(l, d);
	if (rc == 0 && !fast)
		under_way_done(u, 0);
	else if (!fast)
		under_way_free(u);
	return rc;
}

/* Read a dataset whose type, extent and offset are known, without libhdf5. */
static int
read_held(struct loader *l, const struct pending *pending, struct under_way *u)
{
	int rc;

	u->d.object = &l->scan->objects[pending->object];
	u->d.id = H5I_INVALID_HID;
	held_take(l, pending->held, &u->d);
	u->strategy = "contiguous";
	rc = dataset_columns(l, &u->d);
	if (rc == 0)
		rc = read_placed(l, &u->d);
	if (rc == 0)
		under_way_done(u, 0);
	else
		under_way_free(u);
	return rc;
}

/*
 * Whether the index knows the chunks, if there are any; else libhdf5 reads the
 * dataset as if there were no index, which is faster than block by block.
 */
static bool
chunks_known(struct object *object, struct dataset *d)
{
	if (d->native->layout.kind != NATIVE_CHUNKED ||
	    chunks_get(d->index, d->native, &d->chunks))
		return true;
	object->native = NULL;
	object->why_not = "a doubt about its chunks";
	dataset_free(d);
	*d = (struct dataset){ .id = H5I_INVALID_HID };
	return false;
}

/* Read a dataset that the index knows. */
static int
read_native(struct loader *l, struct object *object, struct under_way *u)
{
	char why[WHY_SIZE];
	int rc = dataset_native(l, object, NULL, NULL, why, &u->d);

	if (rc == 0 && !chunks_known(object, &u->d))
		rc = NOT_NATIVE;
	if (rc == NOT_NATIVE)
		return rc;
	if (rc == 0)
		rc = dataset_columns(l, &u->d);
	if (rc == 0)
		return read_parts(l, u);
	under_way_free(u);
	return rc;
}

static int
read_open(struct loader *l, struct object *object, struct under_way *u)
{
	char why[WHY_SIZE];
	hid_t id;
	int rc;

	rc = object->native ? read_native(l, object, u) : NOT_NATIVE;
	if (rc != NOT_NATIVE)
		return rc;
	id = object_open(l->scan, object);
	rc = id < 0 ? unreadable()
		    : dataset_get(l, object, id, NULL, NULL, why, &u->d);
	if (rc == 0)
		rc = dataset_columns(l, &u->d);
	if (rc == 0)
		rc = read_parts(l, u);
	else
		under_way_free(u);
	if (id >= 0)
		H5Oclose(id);
	return rc;
}

int
read_dataset(struct loader *l, const struct pending *pending)
{
	struct object *object = &l->scan->objects[pending->object];
	struct under_way *u = under_way_new(l, pending);

	if (!u)
		return fail_memory("for data");
	board_work(l->board, object->path, 0);
	return pending->held ? read_held(l, pending, u)
			     : read_open(l, object, u);
}
