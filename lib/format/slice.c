/* SPDX-License-Identifier: MIT */
#include "format/slice.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ----------------------------------------------------------------- reading */

/* The text that is not read yet. */
struct rest {
	const char *at, *end;
};

static void
skip_spaces(struct rest *r)
{
	while (r->at < r->end && isspace((unsigned char)*r->at))
		r->at++;
}

static bool
begins(const struct rest *r, const char *with)
{
	size_t size = strlen(with);

	return (size_t)(r->end - r->at) >= size &&
	       memcmp(r->at, with, size) == 0;
}

static bool
refuse(char *why, const struct rest *r, const char *before, const char *after)
{
	int size = r->end - r->at > 40 ? 40 : (int)(r->end - r->at);

	snprintf(why, SLICE_WHY, "%s'%.*s'%s", before, size, r->at, after);
	return false;
}

/* Add a digit; a number that is too large becomes the largest. */
static int64_t
add_digit(int64_t n, int digit)
{
	if (__builtin_mul_overflow(n, 10, &n) ||
	    __builtin_add_overflow(n, digit, &n))
		return INT64_MAX;
	return n;
}

/* Read a number, if there is one.  False: a minus without digits. */
static bool
number(struct rest *r, bool *there, int64_t *ret)
{
	bool minus;
	int64_t n = 0;

	skip_spaces(r);
	minus = begins(r, "-");
	*there = minus || (r->at < r->end && isdigit((unsigned char)*r->at));
	if (!*there)
		return true;
	if (minus && (r->at + 1 == r->end || !isdigit((unsigned char)r->at[1])))
		return false;
	for (r->at += minus; r->at < r->end && isdigit((unsigned char)*r->at);
	     r->at++)
		n = add_digit(n, *r->at - '0');
	*ret = minus ? -n : n;
	skip_spaces(r);
	return true;
}

/* Read "3", "1:10" or "::-1". */
static bool
read_numbers(struct rest *r, struct slice_item *item, char *why)
{
	struct rest begin = *r;
	unsigned n = 0;

	for (;;) {
		if (!number(r, &item->there[n], &item->at[n]))
			return refuse(why, r, "", " is no number");
		if (!begins(r, ":") || n == 2)
			break;
		r->at++;
		n++;
	}
	if (n == 0 && !item->there[0])
		return refuse(why, &begin, "an index is missing at ", "");
	item->kind = n == 0 ? SLICE_INDEX : SLICE_RANGE;
	return true;
}

static bool
read_item(struct rest *r, bool *rest_allowed, struct slice_item *item,
	  char *why)
{
	*item = (struct slice_item){ .begin = r->at };
	if (begins(r, "...") && *rest_allowed) {
		*rest_allowed = false;
		item->kind = SLICE_REST;
		r->at += 3;
		skip_spaces(r);
	} else if (!read_numbers(r, item, why)) {
		return false;
	}
	item->size = (int)(r->at - item->begin);
	while (item->size > 0 &&
	       isspace((unsigned char)item->begin[item->size - 1]))
		item->size--;
	return true;
}

bool
slice_read(const char *text, size_t size, struct slice_text *ret, char *why)
{
	struct rest r = { text, text + size };
	bool rest_allowed = true;

	ret->count = 0;
	skip_spaces(&r);
	while (r.at < r.end) {
		if (ret->count == CUTE_SHM_MAX_NDIM + 1)
			return refuse(why, &r, "", " is one index too many");
		if (!read_item(&r, &rest_allowed, &ret->items[ret->count++],
			       why))
			return false;
		if (r.at == r.end)
			break;
		if (*r.at != ',')
			return refuse(why, &r, "", " is not understood");
		r.at++;
		skip_spaces(&r);
	}
	return true;
}

/* ---------------------------------------------------------------- applying */

/* Compute the sums over dims[]. */
static void
finish(struct slice *s)
{
	unsigned d;

	s->element_count = 1;
	s->result_ndim = 0;
	for (d = 0; d < s->ndim; d++) {
		s->element_count *= s->dims[d].count;
		if (!s->dims[d].single)
			s->shape[s->result_ndim++] = s->dims[d].count;
	}
}

void
slice_all(unsigned ndim, const uint64_t *shape, struct slice *ret)
{
	uint64_t stride = 1;
	unsigned d;

	*ret = (struct slice){ .ndim = ndim, .whole = true };
	for (d = ndim; d-- > 0;) {
		ret->dims[d] = (struct slice_dim){ 0, 1, shape[d], false };
		ret->strides[d] = stride;
		stride *= shape[d];
	}
	finish(ret);
}

/* A bound as NumPy takes it: from the end if negative, cut to the range. */
static int64_t
bound(int64_t at, int64_t size, int64_t low, int64_t high)
{
	if (at < 0)
		at += size;
	return at < low ? low : at > high ? high : at;
}

static void
take_range(const struct slice_item *item, int64_t size, struct slice_dim *d)
{
	const bool *there = item->there;
	const int64_t *at = item->at;
	int64_t step = there[2] ? at[2] : 1, first, last;

	if (step > 0) {
		first = there[0] ? bound(at[0], size, 0, size) : 0;
		last = there[1] ? bound(at[1], size, 0, size) : size;
		d->count = last > first
				   ? (uint64_t)((last - first - 1) / step + 1)
				   : 0;
	} else {
		first = there[0] ? bound(at[0], size, -1, size - 1) : size - 1;
		last = there[1] ? bound(at[1], size, -1, size - 1) : -1;
		d->count = first > last
				   ? (uint64_t)((first - last - 1) / -step + 1)
				   : 0;
	}
	d->first = d->count > 0 ? (uint64_t)first : 0;
	d->step = step;
}

static bool
take_item(const struct slice_item *item, unsigned axis, uint64_t size,
	  struct slice_dim *ret, char *why)
{
	int64_t at = item->at[0];

	ret->single = item->kind == SLICE_INDEX;
	if (item->kind == SLICE_RANGE) {
		if (item->there[2] && item->at[2] == 0) {
			snprintf(why, SLICE_WHY, "a step of 0 on axis %u",
				 axis);
			return false;
		}
		take_range(item, (int64_t)size, ret);
		return true;
	}
	if (at >= (int64_t)size || at < -(int64_t)size) {
		snprintf(why, SLICE_WHY,
			 "index %.*s is outside of axis %u, which has %" PRIu64,
			 item->size > 40 ? 40 : item->size, item->begin, axis,
			 size);
		return false;
	}
	ret->first = (uint64_t)(at < 0 ? at + (int64_t)size : at);
	ret->step = 1;
	ret->count = 1;
	return true;
}

unsigned
slice_takes(const struct slice_text *text)
{
	unsigned n = 0;

	for (unsigned i = 0; i < text->count; i++)
		n += text->items[i].kind != SLICE_REST;
	return n;
}

bool
slice_apply(const struct slice_text *text, unsigned ndim, const uint64_t *shape,
	    struct slice *ret, char *why)
{
	unsigned n = slice_takes(text), d = 0;

	slice_all(ndim, shape, ret);
	ret->whole = false;
	if (n > ndim) {
		snprintf(why, SLICE_WHY, "%u indices for %u dimensions", n,
			 ndim);
		return false;
	}
	for (unsigned i = 0; i < text->count; i++) {
		if (text->items[i].kind == SLICE_REST) {
			d += ndim - n;
			continue;
		}
		if (!take_item(&text->items[i], d, shape[d], &ret->dims[d],
			       why))
			return false;
		d++;
	}
	finish(ret);
	return true;
}

bool
slice_same(const struct slice *a, const struct slice *b)
{
	for (unsigned i = 0; i < a->ndim && i < b->ndim; i++) {
		const struct slice_dim *x = &a->dims[i], *y = &b->dims[i];

		if (x->count != y->count || x->single != y->single ||
		    (x->count > 0 && x->first != y->first) ||
		    (x->count > 1 && x->step != y->step))
			return false;
	}
	return a->ndim == b->ndim;
}

/* ----------------------------------------------------------------- writing */

/* A start of 0, a step of 1, and an ellipsis at the end say nothing. */
static int
write_item(const struct slice_item *item, char *to, size_t room)
{
	const int64_t *at = item->at;
	bool backward = item->there[2] && at[2] < 0;
	int n = 0;

	if (item->kind == SLICE_REST)
		return snprintf(to, room, "...");
	if (item->there[0] &&
	    (item->kind == SLICE_INDEX || backward || at[0] != 0))
		n += snprintf(to, room, "%" PRId64, at[0]);
	if (item->kind == SLICE_INDEX)
		return n;
	n += snprintf(to + n, room - (size_t)n, ":");
	if (item->there[1])
		n += snprintf(to + n, room - (size_t)n, "%" PRId64, at[1]);
	if (item->there[2] && at[2] != 1)
		n += snprintf(to + n, room - (size_t)n, ":%" PRId64, at[2]);
	return n;
}

void
slice_write(const struct slice_text *text, char *ret)
{
	unsigned count = text->count;
	size_t n = 0;

	ret[0] = '\0';
	if (count > 1 && text->items[count - 1].kind == SLICE_REST)
		count--;
	for (unsigned i = 0; i < count; i++) {
		if (i > 0)
			n += (size_t)snprintf(ret + n, SLICE_TEXT - n, ",");
		n += (size_t)write_item(&text->items[i], ret + n,
					SLICE_TEXT - n);
	}
}

/* ------------------------------------------------------------------- using */

uint64_t
slice_element(const struct slice *s, uint64_t i)
{
	uint64_t at = 0;
	unsigned d;

	for (d = s->ndim; d-- > 0; i /= s->dims[d].count)
		at += (s->dims[d].first +
		       (uint64_t)s->dims[d].step * (i % s->dims[d].count)) *
		      s->strides[d];
	return at - s->origin;
}

void
slice_range(const struct slice *s, uint64_t *first, uint64_t *last)
{
	uint64_t one, other;
	unsigned d;

	*first = *last = 0;
	for (d = 0; d < s->ndim; d++) {
		one = s->dims[d].first;
		other = one +
			(uint64_t)s->dims[d].step * (s->dims[d].count - 1);
		*first += (one < other ? one : other) * s->strides[d];
		*last += (one < other ? other : one) * s->strides[d];
	}
}
