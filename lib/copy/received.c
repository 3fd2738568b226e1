/* SPDX-License-Identifier: MIT */
/* Which bytes of a segment have come, in whatever order. */

#include <stdlib.h>
#include <string.h>

#include "copy/received.h"

/* The first span that ends at 'at' or later; count: none does. */
static uint32_t
first_at(const struct received *r, uint64_t at)
{
	uint32_t low = 0, high = r->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (r->of[middle].end < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int
insert(struct received *r, uint32_t at, struct received_span span)
{
	struct received_span *of;

	of = vector_grow(r->of, r->count, &r->room, sizeof(*of),
			 "parts of a segment");
	if (!of)
		return CUTE_SHM_ERR_NOMEM;
	r->of = of;
	memmove(of + at + 1, of + at, (r->count - at) * sizeof(*of));
	of[at] = span;
	r->count++;
	return 0;
}

int
received_add(struct received *r, uint64_t begin, uint64_t end)
{
	uint32_t first = first_at(r, begin), after = first;
	struct received_span *span;

	if (begin >= end)
		return 0;
	if (first == r->count || r->of[first].begin > end)
		return insert(r, first, (struct received_span){ begin, end });
	/* It touches the span 'first', and those up to 'after'. */
	while (after < r->count && r->of[after].begin <= end)
		after++;
	span = &r->of[first];
	if (begin < span->begin)
		span->begin = begin;
	if (end < r->of[after - 1].end)
		end = r->of[after - 1].end;
	span->end = end;
	memmove(span + 1, r->of + after, (r->count - after) * sizeof(*span));
	r->count -= after - first - 1;
	return 0;
}

bool
received_gap(const struct received *r, uint64_t end, struct received_span *ret)
{
	uint32_t i = r->count > 0 && r->of[0].begin == 0 ? 1 : 0;

	ret->begin = i > 0 ? r->of[0].end : 0;
	ret->end = i < r->count && r->of[i].begin < end ? r->of[i].begin : end;
	return ret->begin < end;
}

void
received_free(struct received *r)
{
	free(r->of);
	*r = (struct received){ .count = 0 };
}
