/* SPDX-License-Identifier: MIT */
/*
 * Slices of contiguous data: runs of elements, which lie apart in the file.
 */

#include <string.h>

#include "hdf5/engine/engine.h"

/* Smaller gaps are read: a page is read whole in any case. */
#define GAP ((uint64_t)4096)

/* Bytes that are read at once, with gaps. */
#define SPAN ((uint64_t)1 << 20)

/* Elements of the slice that follow each other in the file. */
struct run {
	uint64_t at; /* in the file's dataset */
	uint64_t count;
};

/*
 * The first dimension that a run has parts of; the dimensions behind it are
 * whole.  *elements is the length of a run.
 */
static unsigned
run_dimension(const struct task *t, uint64_t *elements)
{
	const struct slice *s = &t->slice;
	unsigned i = s->ndim;

	*elements = 1;
	while (i > 0 && s->dims[i - 1].count == t->shape[i - 1])
		*elements *= t->shape[--i];
	if (i > 0 && s->dims[i - 1].step == 1)
		*elements *= s->dims[--i].count;
	return i;
}

/* Runs of one dataset. */
struct runs {
	const struct task *t;
	unsigned outer;	   /* each index of the dimensions before it has one */
	uint64_t elements; /* of each */
};

/* The rest of a run, from element 'first' of the slice on; at most 'most'. */
static struct run
run_from(const struct runs *r, uint64_t first, uint64_t most)
{
	const struct slice *s = &r->t->slice;
	uint64_t n = first / r->elements, in_run = first % r->elements;
	struct run run = { in_run, r->elements - in_run };

	if (r->outer < s->ndim)
		run.at += s->dims[r->outer].first * s->strides[r->outer];
	for (unsigned i = r->outer; i-- > 0; n /= s->dims[i].count)
		run.at += (s->dims[i].first +
			   n % s->dims[i].count * (uint64_t)s->dims[i].step) *
			  s->strides[i];
	if (run.count > most)
		run.count = most;
	return run;
}

/* Add the runs behind 'span' that are near; returns the elements of all. */
static uint64_t
extend(const struct runs *r, struct run *span, uint64_t first, uint64_t most)
{
	uint64_t count = span->count, item = r->t->item, end;

	while (count < most) {
		struct run next = run_from(r, first + count, most - count);

		end = span->at + span->count;
		if (next.at < end || next.at - end > GAP / item ||
		    next.at + next.count - span->at > SPAN / item)
			break;
		span->count = next.at + next.count - span->at;
		count += next.count;
	}
	return count;
}

static int
read_run(const struct task *t, const struct run *run, uint8_t *to)
{
	return source_read(t->fd, to, run->count * t->item,
			   t->file_offset + run->at * t->item);
}

/* Read a span, and copy the runs in it, which have 'count' elements. */
static int
read_span(const struct runs *r, struct batch *b, const struct run *span,
	  uint64_t first, uint64_t count, uint8_t *to)
{
	size_t item = r->t->item;
	int err = filter_grow(&b->picked, &b->picked_capacity,
			      span->count * item);

	if (!err)
		err = read_run(r->t, span, b->picked);
	while (!err && count > 0) {
		struct run run = run_from(r, first, count);

		memcpy(to, b->picked + (run.at - span->at) * item,
		       run.count * item);
		to += run.count * item;
		first += run.count;
		count -= run.count;
	}
	return err;
}

int
slice_read_piece(struct batch *b, uint64_t first, uint64_t count)
{
	struct runs r = { .t = b->task };
	uint8_t *to = b->data;
	int err = 0;

	r.outer = run_dimension(r.t, &r.elements);
	while (count > 0 && !err) {
		struct run span = run_from(&r, first, count);
		uint64_t one = span.count, n = extend(&r, &span, first, count);

		err = n == one ? read_run(r.t, &span, to)
			       : read_span(&r, b, &span, first, n, to);
		to += n * r.t->item;
		first += n;
		count -= n;
	}
	return err;
}
