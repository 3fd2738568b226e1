/* SPDX-License-Identifier: MIT */
/*
 * Compressed chunks: threads shuffle and deflate, libhdf5 only stores.
 * libhdf5's own filters run in one thread, and zlib takes twice as long as
 * libdeflate.
 */

#include <stdlib.h>
#include <string.h>

#include "hdf5/save/save.h"

#ifdef HAVE_LIBDEFLATE
#include <libdeflate.h>

/*
 * Chunks per thread in one round: several, so that threads end at about the
 * same time.
 */
#define ROUND 4

/* Limit for the bytes of one round, but each thread gets at least one chunk. */
#define ROUND_BYTES ((uint64_t)64 << 20)

struct chunk {
	const uint8_t *data; /* the part inside the array */
	size_t given;	     /* bytes of that part; the rest is zero */
	size_t size;	     /* bytes of the chunk */
	size_t item;	     /* bytes of an element, for shuffle */
	bool shuffle;
	int level;
	hsize_t start[MAX_NDIM];
	uint8_t *plain; /* 'size' bytes before compression */
	uint8_t *packed;
	size_t packed_size; /* 0: compression gained nothing */
};

/* First byte i of all elements, then byte i + 1 of all, and so on. */
static void
shuffle(const struct chunk *c)
{
	size_t count = c->size / c->item, given = c->given / c->item, i, k;
	uint8_t *to = c->plain;

	for (i = 0; i < c->item; i++, to += count) {
		for (k = 0; k < given; k++)
			to[k] = c->data[k * c->item + i];
		memset(to + given, 0, count - given);
	}
}

static int
pack(void *arg, bool drop)
{
	struct libdeflate_compressor *z;
	struct chunk *c = arg;

	if (drop)
		return 0;
	z = libdeflate_alloc_compressor(c->level);
	c->plain = malloc(c->size);
	c->packed = malloc(c->size);
	if (!z || !c->plain || !c->packed) {
		libdeflate_free_compressor(z);
		return fail_memory("to compress");
	}
	if (c->shuffle) {
		shuffle(c);
	} else {
		memcpy(c->plain, c->data, c->given);
		memset(c->plain + c->given, 0, c->size - c->given);
	}
	c->packed_size = libdeflate_zlib_compress(z, c->plain, c->size,
						  c->packed, c->size);
	libdeflate_free_compressor(z);
	return 0;
}

/*
 * Store a chunk.  If compression gained nothing, store it without that filter.
 */
static int
store(struct out *o, const struct chunk *c)
{
	bool packed = c->packed_size > 0;
	uint32_t without = packed ? 0 : c->shuffle ? 2 : 1;

	if (H5Dwrite_chunk(o->id, H5P_DEFAULT, without, c->start,
			   packed ? c->packed_size : c->size,
			   packed ? c->packed : c->plain) < 0)
		return out_failed(o);
	board_done(o->s->l.board, c->given);
	return 0;
}

/*
 * Write chunk after chunk, in the order of the elements.  Each chunk is whole
 * rows along one axis, so it is a range of elements; together they are all
 * elements.
 */
struct walk {
	struct out *o;
	struct pool *pool;
	struct chunk *chunks; /* of one round */
	uint64_t room;
	uint64_t row;  /* elements in one row along the axis */
	uint64_t rows; /* in a chunk */
	uint64_t at;   /* row at which the next chunk begins */
};

/* The position in the dataset of the chunk that begins with row 'at'. */
static void
place(const struct out *o, uint64_t at, hsize_t *start)
{
	unsigned d = o->axis + 1;

	memset(start, 0, sizeof(*start) * MAX_NDIM);
	while (d-- > 0) {
		start[d] = at % o->shape[d];
		at /= o->shape[d];
	}
}

/* Rows in the chunk that begins at row 'at'; the last chunk may have fewer. */
static uint64_t
rows_at(const struct walk *w, uint64_t at)
{
	uint64_t left = w->o->shape[w->o->axis] - at % w->o->shape[w->o->axis];

	return left < w->rows ? left : w->rows;
}

static int
pack_round(struct walk *w, uint64_t count, uint64_t first)
{
	struct out *o = w->o;
	const uint8_t *from;
	const void *data;
	uint64_t at = first, i;
	int rc, waited;

	rc = out_get(o, first * w->row, (w->at - first) * w->row, &data);
	for (i = 0, from = data; i < count && rc == 0; i++) {
		w->chunks[i] = (struct chunk){
			.data = from,
			.given = (size_t)(rows_at(w, at) * w->row * o->size),
			.size = (size_t)(w->rows * w->row * o->size),
			.item = o->size,
			.shuffle = o->s->opt.shuffle,
			.level = (int)o->s->opt.gzip,
		};
		place(o, at, w->chunks[i].start);
		from += w->chunks[i].given;
		at += rows_at(w, at);
		rc = pool_push(w->pool, pack, &w->chunks[i]);
	}
	/*
	 * Wait even after an error: the caller frees the memory that the
	 * threads use.
	 */
	waited = pool_wait(w->pool);
	return rc ? rc : waited;
}

static int
one_round(struct walk *w, uint64_t end)
{
	uint64_t first = w->at, count = 0, i;
	int rc;

	for (; w->at < end && count < w->room; count++)
		w->at += rows_at(w, w->at);
	memset(w->chunks, 0, (size_t)count * sizeof(*w->chunks));
	rc = pack_round(w, count, first);
	for (i = 0; i < count; i++) {
		if (rc == 0)
			rc = store(w->o, &w->chunks[i]);
		free(w->chunks[i].plain);
		free(w->chunks[i].packed);
	}
	return rc;
}

static int
write_chunks(struct walk *w)
{
	uint64_t end = w->o->shape[w->o->axis];
	unsigned d;
	int rc = 0;

	for (d = 0; d < w->o->axis; d++)
		end *= w->o->shape[d];
	while (w->at < end && rc == 0)
		rc = one_round(w, end);
	return rc;
}

bool
chunks_possible(const struct out *o)
{
	return o->chunked && o->plain && o->s->opt.gzip > 0;
}

int
chunks_write(struct out *o)
{
	unsigned jobs = o->s->jobs;
	struct walk w = { .o = o, .row = out_product(o, o->axis + 1) };
	uint64_t size;
	int rc;

	w.rows = o->chunk[o->axis];
	size = w.rows * w.row * o->size;
	w.room = ROUND_BYTES / size < ROUND * jobs ? ROUND_BYTES / size
						   : ROUND * jobs;
	if (w.room < jobs)
		w.room = jobs;
	w.chunks = calloc((size_t)w.room, sizeof(*w.chunks));
	if (!w.chunks)
		return fail_memory("to compress");
	rc = pool_new(jobs, (unsigned)w.room, &w.pool);
	if (rc == 0)
		rc = write_chunks(&w);
	pool_free(w.pool);
	free(w.chunks);
	return rc;
}

#else

bool
chunks_possible(const struct out *o)
{
	(void)o;
	return false;
}

int
chunks_write(struct out *o)
{
	return out_failed(o);
}

#endif
