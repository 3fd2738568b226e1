/* SPDX-License-Identifier: MIT */
/* Tiles and the arrangement of chunks in them, on many small random shapes. */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/dataset/dataset.h"
#include "util.h"

static uint64_t state;

static uint64_t
roll(uint64_t most)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return 1 + (state >> 20) % most;
}

struct shape {
	unsigned ndim;
	uint64_t dims[PLAN_DIMS], chunk[PLAN_DIMS], grid[PLAN_DIMS];
	uint64_t count, chunk_count; /* elements */
	size_t item;
};

static struct shape
random_shape(void)
{
	static const size_t items[] = { 1, 2, 3, 4, 8, 12 };
	struct shape s = { .ndim = (unsigned)roll(5),
			   .count = 1,
			   .chunk_count = 1,
			   .item = items[roll(6) - 1] };

	for (unsigned i = 0; i < s.ndim; i++) {
		s.dims[i] = roll(s.ndim < 3 ? 40 : 7);
		s.chunk[i] = roll(4) == 1 ? s.dims[i] : roll(s.dims[i] + 2);
		s.grid[i] = (s.dims[i] - 1) / s.chunk[i] + 1;
		s.count *= s.dims[i];
		s.chunk_count *= s.chunk[i];
	}
	return s;
}

/* Chunk 'number' of the array, cut out element by element. */
static uint8_t *
cut(const struct shape *s, const uint8_t *array, uint64_t number)
{
	uint8_t *chunk = malloc(s->chunk_count * s->item);
	uint64_t at[PLAN_DIMS];

	memset(chunk, 0xee, s->chunk_count * s->item);
	for (unsigned i = s->ndim; i-- > 0; number /= s->grid[i])
		at[i] = number % s->grid[i] * s->chunk[i];
	for (uint64_t e = 0; e < s->chunk_count; e++) {
		uint64_t rest = e, from = 0, in[PLAN_DIMS];
		bool inside = true;

		for (unsigned i = s->ndim; i-- > 0; rest /= s->chunk[i])
			in[i] = at[i] + rest % s->chunk[i];
		for (unsigned i = 0; i < s->ndim; i++) {
			inside &= in[i] < s->dims[i];
			from = from * s->dims[i] + in[i];
		}
		if (inside)
			memcpy(chunk + e * s->item, array + from * s->item,
			       s->item);
	}
	return chunk;
}

/* Copy a tile to its place, element by element. */
static void
paste(const struct plan *p, const struct box *box, const uint8_t *tile,
      uint8_t *array, uint8_t *seen)
{
	uint64_t count = 1;

	for (unsigned i = 0; i < p->ndim; i++)
		count *= box->extent[i];
	for (uint64_t e = 0; e < count; e++) {
		uint64_t rest = e, to = 0, in[PLAN_DIMS];

		for (unsigned i = p->ndim; i-- > 0; rest /= box->extent[i])
			in[i] = box->begin[i] + rest % box->extent[i];
		for (unsigned i = 0; i < p->ndim; i++)
			to = to * p->shape[i] + in[i];
		memcpy(array + to * p->item, tile + e * p->item, p->item);
		ck_assert_uint_eq(seen[to]++, 0);
	}
}

static void
do_tile(const struct shape *s, const struct plan *p, uint64_t number,
	const uint8_t *array, uint8_t *out, uint8_t *seen)
{
	struct box box, first, next;
	uint8_t *tile, *chunks[64];
	unsigned n;

	plan_tile(p, number, &box);
	tile = malloc(box.chunks * p->chunk_size);
	for (uint64_t i = 0; i < box.chunks; i += n) {
		plan_chunk(p, &box, i, &first);
		for (n = 0; n < 64 && i + n < box.chunks; n++) {
			plan_chunk(p, &box, i + n, &next);
			if (next.at[p->ndim - 1] != first.at[p->ndim - 1] + n)
				break;
			chunks[n] = cut(s, array, plan_chunk_number(p, &next));
		}
		arrange(p, &box, tile, &first, chunks, n);
		for (unsigned k = 0; k < n; k++)
			free(chunks[k]);
	}
	paste(p, &box, tile, out, seen);
	free(tile);
}

START_TEST(test_random_shapes)
{
	size_t size, target;
	uint8_t *array, *out, *seen;
	struct shape s;
	struct plan p;

	state = 0x9e3779b97f4a7c15u * ((uint64_t)_i + 1);
	s = random_shape();
	size = s.count * s.item;
	target = roll(2 * size);
	array = malloc(size);
	out = malloc(size);
	seen = calloc(s.count, 1);
	for (size_t i = 0; i < size; i++)
		array[i] = (uint8_t)roll(256);
	ck_assert(plan_make(s.ndim, s.dims, s.chunk, s.item, target,
			    target + roll(100), &p));
	ck_assert_uint_eq(p.chunk_size, s.chunk_count * s.item);
	for (uint64_t i = 0; i < p.tiles; i++)
		do_tile(&s, &p, i, array, out, seen);
	ck_assert_mem_eq(array, out, size);
	free(seen);
	free(out);
	free(array);
}
END_TEST

/* What a tile is for the shapes that people have. */
START_TEST(test_usual_shapes)
{
	static const struct {
		unsigned ndim;
		uint64_t dims[4], chunk[4];
		size_t item;
		unsigned merged, split;
		uint64_t group;
	} cases[] = {
		/* rows: one dimension, 8 MiB at a time */
		{ 2, { 100000, 1000 }, { 100, 1000 }, 8, 1, 0, 10 },
		/* images */
		{ 4, { 1000, 64, 64, 3 }, { 1, 64, 64, 3 }, 1, 1, 0, 682 },
		/* narrow: a whole row of chunks */
		{ 2, { 1000000, 100 }, { 16384, 1 }, 4, 2, 0, 1 },
		/* narrow and wide: columns, as many as fit */
		{ 2, { 16384, 10000 }, { 16384, 1 }, 4, 2, 1, 128 },
		/* blocks of a volume */
		{ 3, { 100, 512, 512 }, { 10, 64, 64 }, 4, 3, 0, 1 },
	};

	for (size_t i = 0; i < ELEMENTS(cases); i++) {
		struct plan p;

		ck_assert(plan_make(cases[i].ndim, cases[i].dims,
				    cases[i].chunk, cases[i].item, 8 << 20,
				    12 << 20, &p));
		ck_assert_uint_eq(p.ndim, cases[i].merged);
		ck_assert_uint_eq(p.split, cases[i].split);
		ck_assert_uint_eq(p.group, cases[i].group);
	}
}
END_TEST

START_TEST(test_overflow)
{
	uint64_t huge[] = { 1ull << 40, 1ull << 40 }, one[] = { 1, 1 };
	uint64_t none[] = { 5, 0 };
	struct plan p;

	ck_assert(!plan_make(2, huge, one, 1, 1, 1, &p));
	ck_assert(!plan_make(2, one, huge, 1, 1, 1, &p));
	ck_assert(!plan_make(2, none, one, 1, 1, 1, &p));
	ck_assert(!plan_make(2, one, none, 1, 1, 1, &p));
	ck_assert(!plan_make(0, one, one, 1, 1, 1, &p));
	/* A band that would be over 64 bits, of chunks that are not. */
	huge[0] = 1;
	huge[1] = 1ull << 60;
	ck_assert(plan_make(2, huge, one, 1, 1, 1, &p));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("plan");
	TCase *tc = tcase_create("plan");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, test_random_shapes, 0, 500);
	tcase_add_test(tc, test_usual_shapes);
	tcase_add_test(tc, test_overflow);
	suite_add_tcase(s, tc);
	return test_run(s);
}
