/* SPDX-License-Identifier: MIT */
#include "slice.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

/* Sums of what dims[] say. */
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
slice_all(const struct cute_shm_array *array, struct slice *ret)
{
	uint64_t stride = 1;
	unsigned d;

	*ret = (struct slice){ .ndim = array->ndim, .whole = true };
	for (d = array->ndim; d-- > 0;) {
		ret->dims[d] =
			(struct slice_dim){ 0, 1, array->shape[d], false };
		ret->strides[d] = stride;
		stride *= array->shape[d];
	}
	finish(ret);
	/* Of "null" there is nothing, though it has no dimension of 0. */
	if (array->element_count == 0)
		ret->element_count = 0;
}

static const char *
skip_spaces(const char *p)
{
	while (isspace((unsigned char)*p))
		p++;
	return p;
}

/*
 * A number at *p, if there is one; false: it is none.  What is too large is the
 * largest, which is outside of all arrays as well.
 */
static bool
number(const char **p, bool *there, int64_t *ret)
{
	char *end;

	*p = skip_spaces(*p);
	*there = isdigit((unsigned char)**p) || **p == '-';
	if (!*there)
		return true;
	*ret = strtoll(*p, &end, 10);
	if (*ret < -INT64_MAX)
		*ret = -INT64_MAX;
	if (end == *p)
		return false;
	*p = skip_spaces(end);
	return true;
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
take_range(struct slice_dim *d, int64_t size, const bool there[3],
	   const int64_t at[3])
{
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

/* "3", "1:10", "::-1" for axis d, of that size. */
static char *
parse_dim(const char **p, unsigned d, uint64_t size, struct slice_dim *ret)
{
	bool there[3] = { false, false, false };
	const char *begin = skip_spaces(*p);
	int64_t at[3] = { 0, 0, 0 };
	unsigned n = 0;

	for (;;) {
		if (!number(p, &there[n], &at[n]))
			return text_format("'%s' is no number", *p);
		if (**p != ':' || n == 2)
			break;
		(*p)++;
		n++;
	}
	if (n == 0 && !there[0])
		return text_format("an index is missing at '%s'", *p);
	if (n == 2 && there[2] && at[2] == 0)
		return text_format("a step of 0 on axis %u", d);
	ret->single = n == 0;
	if (n > 0) {
		take_range(ret, (int64_t)size, there, at);
		return NULL;
	}
	if (at[0] >= (int64_t)size || at[0] < -(int64_t)size)
		return text_format("index %.*s is outside of axis %u, "
				   "which has %" PRIu64,
				   (int)strcspn(begin, " ,"), begin, d, size);
	ret->first = (uint64_t)(at[0] < 0 ? at[0] + (int64_t)size : at[0]);
	ret->step = 1;
	ret->count = 1;
	return NULL;
}

/* Dimensions that are told: commas and one, without those of an ellipsis. */
static unsigned
told(const char *text, bool *ellipsis)
{
	const char *dots = strstr(text, "...");
	unsigned n = *skip_spaces(text) ? 1 : 0;

	*ellipsis = dots != NULL;
	for (; *text; text++)
		n += *text == ',';
	return n - (dots ? 1 : 0);
}

char *
slice_parse(const char *text, const struct cute_shm_array *array,
	    struct slice *ret)
{
	bool ellipsis;
	unsigned n = told(text, &ellipsis), d = 0;
	const char *p = skip_spaces(text);
	char *problem;

	slice_all(array, ret);
	ret->whole = false;
	if (n > array->ndim)
		return text_format("%u indices for %u dimensions", n,
				   array->ndim);
	while (*p) {
		if (strncmp(p, "...", 3) == 0 && ellipsis) {
			d += array->ndim - n;
			ellipsis = false;
			p = skip_spaces(p + 3);
		} else if (d == array->ndim) {
			return text_format("'%s' is one index too many", p);
		} else {
			problem = parse_dim(&p, d, array->shape[d],
					    &ret->dims[d]);
			if (problem)
				return problem;
			d++;
		}
		if (*p == '\0')
			break;
		if (*p != ',')
			return text_format("'%s' is not understood", p);
		p = skip_spaces(p + 1);
	}
	finish(ret);
	return NULL;
}

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
