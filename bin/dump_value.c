/* SPDX-License-Identifier: MIT */
/* Values to show: of one update, though others may come meanwhile. */
#include "dump.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "text.h"

/* What is smaller is copied, so that nobody has to wait for us. */
#define SMALL ((uint64_t)1 << 20)

/* For writers at work. */
#define PATIENCE_NS INT64_C(10000000000)

/*
 * An array that was never updated may be looked at where it is as long as the
 * lock keeps its first update away.  *in_place: so it is.
 */
static int
look_in_place(struct dump_value *v, bool *in_place)
{
	struct cute_shm_state state;
	int err = cute_shm_state(&v->array, &state);

	*in_place = false;
	if (err != 0 || state.sequence != 0)
		return err;
	err = cute_shm_lock(&v->array, PATIENCE_NS, &v->lock);
	if (err == CUTE_SHM_ERR_TIMEOUT)
		return err;
	/* Where there are no locks nobody can update either. */
	*in_place = true;
	if (err != 0)
		return 0;
	err = cute_shm_state(&v->array, &state);
	*in_place = err == 0 && state.sequence == 0;
	if (*in_place)
		return 0;
	cute_shm_unlock(v->lock);
	v->lock = NULL;
	return err;
}

/* ---------------------------------------------------- a part of a large one */

/* Pieces of different updates are copied again, this often without a lock. */
#define TRIES 16

/* What is shown of an array, each element at its place in a copy. */
struct piecewise {
	const struct dump_value *v;
	const struct slice *slice;
	bool edges;
	uint8_t *to;
	uint32_t sequence; /* of the first piece */
	bool any;	   /* there is one */
	bool mixed;	   /* another piece is of another update */
};

static int
copy_element(struct piecewise *p, uint64_t element)
{
	const struct cute_shm_array *a = &p->v->array;
	uint64_t at = element * a->item_size;
	uint32_t sequence;
	int err;

	err = cute_shm_snapshot(a, at, p->to + at, a->item_size, PATIENCE_NS,
				&sequence);
	if (err != 0)
		return err;
	if (!p->any)
		p->sequence = sequence;
	p->any = true;
	p->mixed = sequence != p->sequence;
	return 0;
}

static int
copy_dim(struct piecewise *p, unsigned d, uint64_t at)
{
	const struct slice *s = p->slice;
	const struct slice_dim *dim = &s->dims[d];
	uint64_t count, i;
	int err = 0;

	if (d == s->ndim)
		return copy_element(p, at);
	count = dim->single ? 1 : dim->count;
	for (i = 0; i < count && err == 0 && !p->mixed; i++) {
		if (p->edges && i == DUMP_EDGE && count > 2 * DUMP_EDGE)
			i = count - DUMP_EDGE;
		err = copy_dim(p, d + 1,
			       at + (dim->first + (uint64_t)dim->step * i) *
					       s->strides[d]);
	}
	return err;
}

/*
 * Only the pages that hold what is shown become memory.  All is of one update:
 * if these come too fast, a lock keeps them away.
 */
static int
copy_pieces(struct dump_value *v, const struct slice *slice, bool edges)
{
	struct piecewise p = { .v = v, .slice = slice, .edges = edges };
	void *map = MAP_FAILED;
	int err, i;

	v->map_size = (size_t)v->array.data_size;
	if (v->map_size == v->array.data_size)
		map = mmap(NULL, v->map_size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED)
		return CUTE_SHM_ERR_NOMEM;
	v->map = p.to = map;
	for (i = 0; i <= TRIES; i++) {
		p.any = p.mixed = false;
		err = i < TRIES
			      ? 0
			      : cute_shm_lock(&v->array, PATIENCE_NS, &v->lock);
		if (err == 0)
			err = copy_dim(&p, 0, 0);
		if (err != 0 || !p.mixed)
			break;
	}
	v->array.data = map;
	return err;
}

/* ------------------------------------------------------------------- copies */

/* Of a ragged array all of it, and of others what the slice may need. */
static int
copy(struct dump_value *v, struct slice *slice)
{
	struct cute_shm_array *a = &v->array;
	uint64_t first = 0, last, size = a->data_size;
	const uint8_t *from = a->data;
	uint8_t *to;
	int err;

	if (!a->offsets && !slice->whole && slice->element_count > 0) {
		slice_range(slice, &first, &last);
		size = (last - first + 1) * a->item_size;
		slice->origin = first;
	}
	to = v->copy = size <= SIZE_MAX ? malloc((size_t)size) : NULL;
	if (!to)
		return CUTE_SHM_ERR_NOMEM;
	err = cute_shm_snapshot(a, first * a->item_size, to, (size_t)size,
				PATIENCE_NS, NULL);
	if (err != 0)
		return err;
	a->data = to;
	if (a->offsets)
		a->offsets = (const void *)to;
	if (a->values)
		a->values = to + ((const uint8_t *)a->values - from);
	return 0;
}

uint64_t
dump_shown(const struct slice *s, bool edges)
{
	uint64_t n = 1, count;
	unsigned d;

	if (s->element_count == 0)
		return 0;
	for (d = 0; d < s->ndim; d++) {
		count = s->dims[d].single ? 1 : s->dims[d].count;
		if (edges && count > 2 * DUMP_EDGE)
			count = 2 * DUMP_EDGE;
		if (n > UINT64_MAX / count)
			return UINT64_MAX;
		n *= count;
	}
	return n;
}

/* Whether so little of a large array is shown that a copy of it is a waste. */
static bool
few(const struct cute_shm_array *a, const struct slice *slice, bool edges)
{
	return a->data_size > SMALL && !a->offsets &&
	       dump_shown(slice, edges) < a->data_size / a->item_size / 64;
}

void
dump_value_begin(struct dump_value *v, const struct cute_shm_array *array,
		 struct slice *slice, bool edges)
{
	bool in_place = false;
	int err = 0;

	*v = (struct dump_value){ .array = *array };
	if (array->data_size == 0)
		return;
	if (array->data_size > SMALL)
		err = look_in_place(v, &in_place);
	if (err == 0 && !in_place)
		err = few(array, slice, edges) ? copy_pieces(v, slice, edges)
					       : copy(v, slice);
	if (err == CUTE_SHM_ERR_NOMEM)
		v->why = text_format("/%s: no memory for a copy of its values",
				     array->path);
	else if (err != 0)
		v->why = text_format("%s", cute_shm_errmsg());
}

void
dump_value_end(struct dump_value *v)
{
	cute_shm_unlock(v->lock);
	free(v->copy);
	if (v->map)
		munmap(v->map, v->map_size);
	free(v->why);
}
