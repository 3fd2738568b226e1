/* SPDX-License-Identifier: MIT */
/* The filter pipeline of a dataset; undo it for one chunk. */

#include <stdlib.h>
#include <string.h>

#include "hdf5/filter/filter.h"

/*
 * Limits for the bytes that a chunk decodes to beyond its own size: a damaged
 * chunk may claim any size.
 */
#define SPARE_TIMES 7
#define SPARE_LEAST ((size_t)64 << 10)
#define SPARE_MOST  ((size_t)16 << 20)

/* How a filter changes the size of its data when writing. */
enum change {
	KEEPS,
	ADDS_SUM,     /* four bytes at the end, see filter_fletcher32() */
	PACKS_WITHIN, /* at most so many more, see filter_scaleoffset_most() */
	PACKS
};

/*
 * The step that undoes a filter, or NULL if this library cannot undo it, or not
 * with these parameters.
 */
static filter_step *
step_of(const struct filter *f, size_t chunk_size, enum change *change)
{
	*change = PACKS;
	switch (f->id) {
	case H5Z_FILTER_DEFLATE: return filter_inflate;
	case FILTER_LZF: return filter_unlzf;
	case FILTER_ZSTD: return filter_unzstd;
	case FILTER_LZ4: return filter_unlz4;
	case FILTER_BLOSC: return filter_unblosc;
	case H5Z_FILTER_SZIP:
		return filter_szip_known(f) ? filter_unszip : NULL;
	case H5Z_FILTER_SCALEOFFSET:
		*change = PACKS_WITHIN;
		return filter_scaleoffset_known(f, chunk_size)
			       ? filter_unscaleoffset
			       : NULL;
	case FILTER_BITSHUFFLE:
		*change = filter_bitshuffle_packs(f) ? PACKS : KEEPS;
		return filter_bitshuffle_known(f) ? filter_unbitshuffle : NULL;
	case H5Z_FILTER_SHUFFLE:
		*change = KEEPS;
		return f->param_count > 0 && f->param[0] > 0 ? filter_unshuffle
							     : NULL;
	default: return NULL;
	}
}

static bool
known(const struct filter *f, size_t chunk_size, enum change *change)
{
	if (f->id == H5Z_FILTER_FLETCHER32) {
		*change = ADDS_SUM;
		return true;
	}
	return step_of(f, chunk_size, change) != NULL;
}

static bool
filter_get(hid_t dcpl, unsigned i, struct filter *ret)
{
	unsigned flags;
	size_t count = FILTER_PARAMS;

	ret->id = H5Pget_filter2(dcpl, i, &flags, &count, ret->param, 0, NULL,
				 NULL);
	if (ret->id < 0)
		return false;
	ret->param_count =
		count < FILTER_PARAMS ? (unsigned)count : FILTER_PARAMS;
	return true;
}

/*
 * Whether filter 'i' can be undone; *before is the most that those before it
 * did to the data.  Between two packing filters the size of the data is
 * unknown, or only a limit of it is known, which suffices for deflate.
 * Scaleoffset needs the elements as they are.
 */
static bool
fits(const struct filter_pipeline *p, unsigned i, enum change *before)
{
	const struct filter *f = &p->filter[i];
	enum change change;

	if (!known(f, p->chunk_size, &change) ||
	    (change == PACKS_WITHIN && i > 0) ||
	    (change == PACKS && *before == PACKS) ||
	    (change == PACKS && *before == PACKS_WITHIN &&
	     f->id != H5Z_FILTER_DEFLATE))
		return false;
	if (change > *before)
		*before = change;
	return true;
}

bool
filter_pipeline_get(hid_t dcpl, size_t chunk_size, struct filter_pipeline *ret,
		    int *foreign)
{
	int count = H5Pget_nfilters(dcpl);
	enum change before = KEEPS;

	if (count < 0 || count > FILTER_MAX)
		return false;
	ret->chunk_size = chunk_size;
	ret->count = (unsigned)count;
	for (unsigned i = 0; i < ret->count; i++) {
		if (!filter_get(dcpl, i, &ret->filter[i]))
			return false;
		if (foreign)
			*foreign = ret->filter[i].id;
		if (!fits(ret, i, &before))
			return false;
	}
	return true;
}

bool
filter_pipeline_native(const struct native_dataset *d, size_t chunk_size,
		       struct filter_pipeline *ret)
{
	enum change before = KEEPS;

	if (d->filter_count > FILTER_MAX)
		return false;
	ret->chunk_size = chunk_size;
	ret->count = d->filter_count;
	for (unsigned i = 0; i < ret->count; i++) {
		const struct native_filter *from = &d->filters[i];
		struct filter *f = &ret->filter[i];

		f->id = from->id;
		f->param_count = from->count < FILTER_PARAMS ? from->count
							     : FILTER_PARAMS;
		for (unsigned k = 0; k < f->param_count; k++)
			f->param[k] = from->params[k];
		if (!fits(ret, i, &before))
			return false;
	}
	return true;
}

static bool
skipped(uint32_t mask, unsigned i)
{
	return mask >> i & 1;
}

/*
 * The size that the data had before filter 'i' packed them; after scaleoffset,
 * the most that it can have been.
 */
static size_t
size_before(const struct filter_pipeline *p, uint32_t mask, unsigned i)
{
	size_t size = p->chunk_size;

	while (i-- > 0) {
		if (skipped(mask, i))
			continue;
		if (p->filter[i].id == H5Z_FILTER_FLETCHER32)
			size += 4;
		if (p->filter[i].id == H5Z_FILTER_SCALEOFFSET)
			size = filter_scaleoffset_most(size);
	}
	return size;
}

/* Whether 'i' is the last filter to undo that writes the data elsewhere. */
static bool
last_step(const struct filter_pipeline *p, uint32_t mask, unsigned i)
{
	while (i-- > 0)
		if (p->filter[i].id != H5Z_FILTER_FLETCHER32 &&
		    !skipped(mask, i))
			return false;
	return true;
}

/* A chunk while its filters are undone. */
struct passage {
	uint8_t *data;
	size_t size;
	uint8_t *dst;  /* for the last step, if the data fit */
	unsigned turn; /* index of the scratch buffer in use */
};

static int
room_for(const struct filter_pipeline *p, uint32_t mask, unsigned i,
	 struct filter_scratch *s, const struct passage *c, size_t room,
	 uint8_t **ret)
{
	unsigned other = !c->turn;
	int err;

	if (room == p->chunk_size && last_step(p, mask, i)) {
		*ret = c->dst;
		return 0;
	}
	err = filter_grow(&s->buffer[other], &s->capacity[other], room);
	*ret = s->buffer[other];
	return err;
}

static size_t
most_room(const struct filter_pipeline *p)
{
	size_t spare = p->chunk_size < SPARE_MOST / SPARE_TIMES
			       ? p->chunk_size * SPARE_TIMES
			       : SPARE_MOST;

	return p->chunk_size + (spare < SPARE_LEAST ? SPARE_LEAST : spare);
}

/* Undo one filter.  Retry with more room as long as the step asks for more. */
static int
try_step(const struct filter_pipeline *p, uint32_t mask, unsigned i,
	 struct filter_scratch *s, const struct passage *c, size_t *room,
	 uint8_t **to)
{
	size_t most = most_room(p);
	enum change change;
	filter_step *step = step_of(&p->filter[i], p->chunk_size, &change);

	for (;;) {
		int err = room_for(p, mask, i, s, c, *room, to);

		s->missing = s->wanted = 0;
		if (!err)
			err = step(&p->filter[i], s, c->data, c->size, *to,
				   *room);
		if (!err || s->wanted <= *room || *room >= most)
			return err;
		*room = s->wanted < most ? s->wanted : most;
	}
}

static int
undo(const struct filter_pipeline *p, uint32_t mask, unsigned i,
     struct filter_scratch *s, struct passage *c)
{
	enum change change;
	size_t room = c->size;
	uint8_t *to;
	int err;

	if (p->filter[i].id == H5Z_FILTER_FLETCHER32)
		return filter_fletcher32(c->data, c->size, &c->size);
	step_of(&p->filter[i], p->chunk_size, &change);
	if (change == PACKS || change == PACKS_WITHIN)
		room = size_before(p, mask, i);
	err = try_step(p, mask, i, s, c, &room, &to);
	if (err)
		return err;
	if (to != c->dst)
		c->turn = !c->turn;
	c->data = to;
	c->size = room - s->missing;
	return 0;
}

int
filter_decode(const struct filter_pipeline *p, uint32_t mask,
	      struct filter_scratch *s, uint8_t *src, size_t size, uint8_t *dst,
	      uint8_t **ret)
{
	struct passage c = { src, size, dst, 0 };

	for (unsigned i = p->count; i-- > 0;) {
		int err = skipped(mask, i) ? 0 : undo(p, mask, i, s, &c);

		if (err)
			return err;
	}
	if (c.size > p->chunk_size)
		c.size = p->chunk_size;
	if (c.size < p->chunk_size && c.data == src)
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "%zu bytes instead "
				     "of %zu after its filters are undone",
				     c.size, p->chunk_size);
	if (c.data == s->buffer[c.turn]) {
		memcpy(dst, c.data, c.size);
		c.data = dst;
	}
	s->decoded = c.size;
	/*
	 * Bytes missing from a short stream lie outside the array, or are zero.
	 */
	memset(c.data + c.size, 0, p->chunk_size - c.size);
	*ret = c.data;
	return 0;
}
