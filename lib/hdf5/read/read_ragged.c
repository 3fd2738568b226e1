/* SPDX-License-Identifier: MIT */
/*
 * Lists of variable length.  Their sizes must be known before memory is
 * reserved, so they are read once to count their items.  Small lists are kept
 * then; the others are read again when their memory is reserved.
 */

#include <stdlib.h>
#include <string.h>

#include "hdf5/read/hdf5_read.h"

#define BAND_SIZE (UINT64_C(1) << 20)  /* of pointers to lists */
#define HEAP_SIZE (UINT64_C(16) << 20) /* of the lists themselves */

/* A band of elements, whose lists are still in libhdf5's memory. */
struct elements {
	const uint8_t *bytes;
	uint64_t count;
	bool stored; /* they are as in the file, their lists in its heaps */
};

/* NO_OPINION, if they are stored: call it again with those of H5Dread. */
typedef int band_fn(struct loader *l, struct dataset *d,
		    const struct elements *elements, void *arg);

/* Arguments for reading in bands. */
struct reading {
	struct loader *l;
	struct dataset *d;
	struct heap heap;
	uint8_t *buffer;
	uint8_t *stored; /* for elements of the file, or NULL */
	band_fn *use;
	void *arg;
};

static int use_block(struct reading *r, const struct block *block);

/* Bytes of the dataset's file; 0 if unknown. */
static uint64_t
file_size(const struct loader *l, const struct dataset *d)
{
	const struct source *source = &l->scan->sources[d->object->source];
	hsize_t size = 0;

	if (source->index)
		return source->index->image.size;
	return H5Fget_filesize(source->file, &size) < 0 ? 0 : size;
}

/* Read the first half of the elements, then the second: keep their order. */
static int
use_halves(struct reading *r, const struct block *block)
{
	struct block half = *block;
	uint64_t others;
	unsigned i = 0;
	int rc;

	while (block->shape[i] == 1)
		i++;
	others = block->count / block->shape[i];
	half.shape[i] = block->shape[i] / 2;
	half.count = others * half.shape[i];
	rc = use_block(r, &half);
	half.start[i] += half.shape[i];
	half.shape[i] = block->shape[i] - half.shape[i];
	half.count = others * half.shape[i];
	return rc ? rc : use_block(r, &half);
}

/* Read and use elements as they are in the file; NO_OPINION: by H5Dread. */
static int
use_stored(struct reading *r, const struct block *block)
{
	const struct elements elements = { r->stored, block->count, true };

	if (!stored_native(r->d, block, r->stored))
		return NO_OPINION;
	if (block->count > 1 &&
	    native_lists_most(r->d, r->stored, block->count) > HEAP_SIZE)
		return use_halves(r, block);
	return r->use(r->l, r->d, &elements, r->arg);
}

static int
use_values(struct reading *r, const struct block *block)
{
	const struct elements elements = { r->buffer, block->count, false };
	const struct dataset *d = r->d;
	int rc;

	r->heap.limit = block->count > 1 ? HEAP_SIZE : UINT64_MAX;
	memset(r->buffer, 0, block->count * d->type->size[PART_RAGGED]);
	rc = stored_read(d, PART_RAGGED, &r->heap, block, r->buffer);
	if (rc == 0)
		return r->use(r->l, r->d, &elements, r->arg);
	return r->heap.full ? use_halves(r, block)
			    : stored_culprit(d, PART_RAGGED, &r->heap, block);
}

/* Read and use a block.  If its lists need too much memory, halve the block. */
static int
use_block(struct reading *r, const struct block *block)
{
	const struct dataset *d = r->d;
	int rc;

	/* Stop if another dataset, which the threads still read, has failed. */
	rc = r->l->reader ? reader_check(r->l->reader) : 0;
	if (rc != 0)
		return rc;
	/* The lists may be as large as the file. */
	board_work(r->l->board, d->object->path, file_size(r->l, d));
	rc = r->stored ? use_stored(r, block) : NO_OPINION;
	return rc == NO_OPINION ? use_values(r, block) : rc;
}

/*
 * The number of elements to read at once.  libhdf5 keeps all their lists in
 * memory.  All lists together cannot be larger than the file, so its size gives
 * an average.
 */
static uint64_t
band_room(const struct loader *l, const struct dataset *d, size_t stride)
{
	uint64_t room = BAND_SIZE / stride, size = file_size(l, d);
	double share;

	if (size > 0) {
		share = (double)HEAP_SIZE * (double)d->count / (double)size;
		if (share < (double)room)
			room = (uint64_t)share;
	}
	return room > 0 ? room : 1;
}

static int
each_band(struct loader *l, struct dataset *d, band_fn *use, void *arg)
{
	struct reading r = { .l = l, .d = d, .use = use, .arg = arg };
	size_t stride = d->type->size[PART_RAGGED];
	uint64_t room = band_room(l, d, stride);
	struct stored_as s;
	struct bands bands;
	int rc = 0;

	heap_begin(&r.heap, HEAP_SIZE);
	stored_get(d, &s);
	/*
	 * Do not follow chunks: the lists must come in the order of elements.
	 */
	bands_begin_few(&bands, d->rank, d->dims, NULL,
			s.chunked ? s.part : NULL, &room);
	if (room > d->count)
		room = d->count;
	r.buffer = malloc(room * stride);
	if (!r.buffer)
		rc = fail_memory("for lists");
	if (native_lists_fit(d))
		r.stored = reallocarray(NULL, room, d->native->type->size);
	while (rc == 0 && bands_next(&bands))
		rc = use_block(&r, &bands.block);
	free(r.stored);
	free(r.buffer);
	heap_end(&r.heap);
	native_lists_end(d);
	return rc;
}

static bool
is_ragged(const struct column *c)
{
	return c->leaf && c->part == PART_RAGGED;
}

static int
collect(const struct loader *l, struct dataset *d, const struct column *c,
	const struct elements *e, struct ragged *ret)
{
	return e->stored ? native_lists_collect(d, e->bytes, e->count, ret)
			 : column_collect(c, l->scan, d->object->source,
					  e->bytes, e->count,
					  d->type->size[PART_RAGGED], ret);
}

/* --------------------------------------------------------------- measuring */

/* The lists of each column; they are only counted if they need much memory. */
struct measuring {
	struct ragged *lists;
};

static int
measure_band(struct loader *l, struct dataset *d,
	     const struct elements *elements, void *arg)
{
	struct measuring *m = arg;
	uint64_t bytes = 0;
	size_t i;
	int rc = 0;

	for (i = 0; i < d->columns.count && rc == 0; i++) {
		const struct column *c = &d->columns.column[i];

		if (!is_ragged(c))
			continue;
		rc = collect(l, d, c, elements, &m->lists[i]);
		bytes += m->lists[i].items * c->leaf->item_size;
	}
	/* The lists are too large to be kept: only count from now on. */
	if (rc != 0 || keep_lists_room(l, bytes))
		return rc;
	for (i = 0; i < d->columns.count; i++)
		ragged_count(&m->lists[i]);
	return 0;
}

int
ragged_measure(struct loader *l, struct dataset *d)
{
	struct measuring m;
	struct column *c = d->columns.column;
	uint64_t offsets = 0;
	bool keep, any = false;
	size_t i;
	int rc;

	for (i = 0; i < d->columns.count; i++)
		if (is_ragged(&c[i])) {
			any = true;
			offsets += 8 * (c[i].count + 1);
		}
	if (!any)
		return 0;
	m.lists = calloc(d->columns.count, sizeof(*m.lists));
	if (!m.lists)
		return fail_memory("for lists");
	keep = l->builder && d->count < UINT64_MAX / 64 &&
	       keep_lists_room(l, offsets);
	for (i = 0; i < d->columns.count; i++) {
		m.lists[i].counting = !keep;
		/* The limit holds at every moment. */
		m.lists[i].most = keep_lists_max - l->kept_lists;
	}
	rc = each_band(l, d, measure_band, &m);
	for (i = 0; i < d->columns.count && rc == 0; i++)
		rc = references_lost(l, c[i].path, m.lists[i].lost);
	for (i = 0; i < d->columns.count; i++, c++) {
		if (is_ragged(c) && rc == 0) {
			c->value_count = m.lists[i].items;
			c->kept_offsets = m.lists[i].offsets;
			/* NULL would mean that the values are written later. */
			c->kept = m.lists[i].values || !c->kept_offsets
					  ? m.lists[i].values
					  : calloc(1, 1);
		} else {
			ragged_free(&m.lists[i]);
		}
	}
	free(m.lists);
	return rc;
}

/* ----------------------------------------------------------------- writing */

/* The number of lists and items that are written, for each column. */
struct writing {
	uint64_t *lists;
	uint64_t *items;
};

static int
write_lists(struct loader *l, const struct column *c, struct ragged *r,
	    uint64_t *lists, uint64_t *items)
{
	uint64_t i, first = *lists > 0; /* skip an offset that is written */
	uint64_t values = cute_shm_values_at(c->count);
	uint64_t done = 8 * r->count + r->items * c->leaf->item_size;
	int rc;

	for (i = 0; i <= r->count; i++)
		r->offsets[i] += *items;
	rc = cute_shm_builder_write(l->builder, c->path, 8 * (*lists + first),
				    r->offsets + first,
				    8 * (r->count + 1 - first));
	if (rc == 0 && r->items > 0)
		rc = cute_shm_builder_write(l->builder, c->path,
					    values +
						    *items * c->leaf->item_size,
					    r->values,
					    r->items * c->leaf->item_size);
	*lists += r->count;
	*items += r->items;
	board_done(l->board, done);
	return rc;
}

static int
write_band(struct loader *l, struct dataset *d, const struct elements *elements,
	   void *arg)
{
	struct writing *w = arg;
	size_t i;
	int rc = 0;

	for (i = 0; i < d->columns.count && rc == 0; i++) {
		const struct column *c = &d->columns.column[i];
		struct ragged lists = { 0 };

		if (!is_ragged(c))
			continue;
		rc = collect(l, d, c, elements, &lists);
		if (rc == 0)
			rc = write_lists(l, c, &lists, &w->lists[i],
					 &w->items[i]);
		ragged_free(&lists);
	}
	return rc;
}

int
ragged_write(struct loader *l, struct dataset *d)
{
	struct writing w;
	size_t i;
	int rc;

	w.lists = calloc(d->columns.count, sizeof(*w.lists));
	w.items = calloc(d->columns.count, sizeof(*w.items));
	if (w.lists && w.items)
		rc = each_band(l, d, write_band, &w);
	else
		rc = fail_memory("for lists");
	for (i = 0; rc == 0 && i < d->columns.count; i++)
		d->columns.column[i].value_count = w.items[i];
	free(w.lists);
	free(w.items);
	return rc;
}
