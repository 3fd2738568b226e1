/* SPDX-License-Identifier: MIT */
/*
 * Put the elements of chunks into the row-major order of a tile.  Rows of
 * neighbouring chunks are copied side by side: where a chunk is only a few
 * elements wide, this writes each cache line once instead of once per chunk.
 */

#include <string.h>

#include "base/simd.h"
#include "hdf5/engine/engine.h"

/* The rows of a plane: elements along the last two dimensions. */
struct rows {
	uint64_t count;
	size_t from; /* first byte in each chunk */
	size_t from_stride;
	uint8_t *to;
	size_t to_stride;
	size_t run;	 /* bytes of a row in a chunk */
	size_t last_run; /* the same in the last chunk, at the edge */
};

/* One function per width, so that each copy is one instruction. */
#define COPY_ROWS(name, width) \
	static void name(const struct rows *r, uint8_t *const *chunks, \
			 unsigned count) \
	{ \
		size_t from = r->from; \
		uint8_t *to = r->to; \
\
		for (uint64_t i = 0; i < r->count; i++) { \
			for (unsigned c = 0; c < count; c++) \
				memcpy(to + c * (size_t)(width), \
				       chunks[c] + from, width); \
			from += r->from_stride; \
			to += r->to_stride; \
		} \
	}

COPY_ROWS(copy_rows1, 1)
COPY_ROWS(copy_rows2, 2)
COPY_ROWS(copy_rows4, 4)
COPY_ROWS(copy_rows8, 8)
COPY_ROWS(copy_rows, r->run)

#ifdef __SSE2__
/*
 * Chunks that are one element wide form a matrix: transpose four rows of four
 * chunks at a time.  Returns the rows done; the caller copies the rest.
 */
static uint64_t
transpose4(const struct rows *r, uint8_t *const *chunks, unsigned count)
{
	uint64_t i;

	for (i = 0; i + 4 <= r->count; i += 4) {
		size_t from = r->from + 4 * i;
		uint8_t *to = r->to + i * r->to_stride;

		for (unsigned c = 0; c < count; c += 4, to += 16) {
			__m128i a, b, d, e, ab, cd;

			a = load(chunks[c] + from);
			b = load(chunks[c + 1] + from);
			d = load(chunks[c + 2] + from);
			e = load(chunks[c + 3] + from);
			ab = _mm_unpacklo_epi32(a, b);
			cd = _mm_unpacklo_epi32(d, e);
			store(to, _mm_unpacklo_epi64(ab, cd));
			store(to + r->to_stride, _mm_unpackhi_epi64(ab, cd));
			ab = _mm_unpackhi_epi32(a, b);
			cd = _mm_unpackhi_epi32(d, e);
			store(to + 2 * r->to_stride,
			      _mm_unpacklo_epi64(ab, cd));
			store(to + 3 * r->to_stride,
			      _mm_unpackhi_epi64(ab, cd));
		}
	}
	return i;
}

static uint64_t
transpose8x2(const struct rows *r, uint8_t *const *chunks, unsigned count)
{
	uint64_t i;

	for (i = 0; i + 2 <= r->count; i += 2) {
		size_t from = r->from + 8 * i;
		uint8_t *to = r->to + i * r->to_stride;

		for (unsigned c = 0; c < count; c += 2, to += 16) {
			__m128i a = load(chunks[c] + from);
			__m128i b = load(chunks[c + 1] + from);

			store(to, _mm_unpacklo_epi64(a, b));
			store(to + r->to_stride, _mm_unpackhi_epi64(a, b));
		}
	}
	return i;
}

/* Returns the number of chunks done, with all their rows. */
static unsigned
transpose(const struct rows *r, uint8_t *const *chunks, unsigned count)
{
	struct rows rest = *r;
	uint64_t done;

	if (r->from_stride != r->run || (r->run != 4 && r->run != 8))
		return 0;
	count -= count % (unsigned)(16 / r->run);
	done = r->run == 4 ? transpose4(r, chunks, count)
			   : transpose8x2(r, chunks, count);
	rest.count -= done;
	rest.from += done * r->from_stride;
	rest.to += done * r->to_stride;
	copy_rows(&rest, chunks, count);
	return count;
}
#else
static unsigned
transpose(const struct rows *r, uint8_t *const *chunks, unsigned count)
{
	(void)r, (void)chunks, (void)count;
	return 0;
}
#endif

static void
copy_edge(const struct rows *r, const uint8_t *chunk)
{
	for (uint64_t i = 0; i < r->count; i++)
		memcpy(r->to + i * r->to_stride,
		       chunk + r->from + i * r->from_stride, r->last_run);
}

static void
copy_plane(struct rows *r, uint8_t *const *chunks, unsigned count)
{
	unsigned whole = r->last_run == r->run ? count : count - 1;
	unsigned done = transpose(r, chunks, whole);

	r->to += done * r->run;
	chunks += done;
	count -= done;
	whole -= done;
	switch (r->run) {
	case 1: copy_rows1(r, chunks, whole); break;
	case 2: copy_rows2(r, chunks, whole); break;
	case 4: copy_rows4(r, chunks, whole); break;
	case 8: copy_rows8(r, chunks, whole); break;
	default: copy_rows(r, chunks, whole);
	}
	if (whole < count) {
		r->to += whole * r->run;
		copy_edge(r, chunks[whole]);
	}
}

/*
 * Step to the next plane along the dimensions before the last two.  False:
 * done.
 */
static bool
next_plane(uint64_t *index, const struct box *first, unsigned ndim)
{
	for (unsigned i = ndim > 2 ? ndim - 2 : 0; i-- > 0;) {
		if (++index[i] < first->extent[i])
			return true;
		index[i] = 0;
	}
	return false;
}

void
cut_out(unsigned ndim, const uint64_t *chunk, const uint64_t *used, size_t item,
	const uint8_t *from, uint8_t *to)
{
	uint64_t index[PLAN_DIMS] = { 0 }, at;
	unsigned last = ndim - 1, i;
	size_t run = item * used[last];

	/* Rows that are used whole follow each other: copy them at once. */
	while (last > 0 && used[last] == chunk[last])
		run *= used[--last];
	do {
		for (at = 0, i = 0; i < ndim; i++)
			at = at * chunk[i] + index[i];
		memcpy(to, from + at * item, run);
		to += run;
		for (i = last; i-- > 0; index[i] = 0)
			if (++index[i] < used[i])
				break;
	} while (i < last);
}

/*
 * The number of elements from the first chunk of a row to the end of its last.
 */
static uint64_t
reach(const struct plan *p, const struct box *first, unsigned count, unsigned i)
{
	uint64_t whole = p->chunk[i] * (count - 1);
	uint64_t left = p->shape[i] - first->begin[i];

	if (i < p->ndim - 1)
		return first->extent[i];
	return left < whole + p->chunk[i] ? left : whole + p->chunk[i];
}

static bool
inside(const struct plan *p, const struct box *tile, const struct box *first,
       unsigned count)
{
	for (unsigned i = 0; i < p->ndim; i++) {
		uint64_t in_tile = first->begin[i] - tile->begin[i];

		if (first->begin[i] < tile->begin[i] ||
		    first->begin[i] > p->shape[i] ||
		    first->extent[i] > p->chunk[i] ||
		    in_tile > tile->extent[i] ||
		    reach(p, first, count, i) > tile->extent[i] - in_tile)
			return false;
	}
	return true;
}

int
arrange(const struct plan *p, const struct box *tile, uint8_t *dst,
	const struct box *first, uint8_t *const *chunks, unsigned count)
{
	uint64_t index[PLAN_DIMS] = { 0 };
	unsigned last = p->ndim - 1, outer = last > 0 ? last - 1 : 0;
	uint64_t edge =
		p->shape[last] - (first->at[last] + count - 1) * p->chunk[last];
	struct rows r = {
		.count = last > 0 ? first->extent[outer] : 1,
		.from_stride = p->chunk[last] * p->item,
		.to_stride = tile->extent[last] * p->item,
		.run = p->chunk[last] * p->item,
	};

	if (!inside(p, tile, first, count))
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "chunks lie outside their part");
	r.last_run = edge < p->chunk[last] ? edge * p->item : r.run;
	do {
		uint64_t from = 0, to = 0;

		for (unsigned i = 0; i <= last; i++) {
			uint64_t in_tile = first->begin[i] - tile->begin[i];

			from = from * p->chunk[i] + index[i];
			to = to * tile->extent[i] + in_tile + index[i];
		}
		r.from = from * p->item;
		r.to = dst + to * p->item;
		copy_plane(&r, chunks, count);
	} while (next_plane(index, first, p->ndim));
	return 0;
}
