/* SPDX-License-Identifier: MIT */
#include "dump.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "enum_names.h"
#include "text.h"
#include "value.h"

/* As NumPy: what has more elements is shown by its edges only. */
#define MANY 1000
#define EDGE DUMP_EDGE
#define LINE 79

/* Larger ones have no columns: finding their width would take as long again. */
#define MOST_ALIGNED 100000

struct printer {
	FILE *out;
	const struct cute_shm_array *array;
	const struct slice *slice;
	struct enum_names *names; /* of an enum, or NULL */
	bool json;
	bool edges;    /* leave out the middle */
	size_t column; /* of the line */
	bool comma;    /* stands last on it */
	bool measure;  /* only find the width */
	size_t width;  /* of the widest element in columns; 0: none */
};

static void
put(struct printer *p, const char *text)
{
	if (p->measure)
		return;
	fputs(text, p->out);
	p->column += text_width(text);
}

/* After a comma on the same line, or on the next one if it is full. */
static void
put_item(struct printer *p, const char *text, unsigned indent)
{
	if (p->comma && p->column + text_width(text) + 2 > LINE) {
		fprintf(p->out, "\n%*s", (int)indent, "");
		p->column = indent;
	} else if (p->comma) {
		put(p, " ");
	}
	p->comma = false;
	put(p, text);
}

/* To the right, as numbers are. */
static void
put_aligned(struct printer *p, const char *text, unsigned indent)
{
	size_t width = text_width(text);
	char *padded;

	if (width >= p->width) {
		put_item(p, text, indent);
		return;
	}
	padded = text_format("%*s%s", (int)(p->width - width), "", text);
	put_item(p, padded, indent);
	free(padded);
}

static void
put_element(struct printer *p, uint64_t element, unsigned indent)
{
	struct text_buffer b;
	char *text;

	/* JSON has no lines to fill: the width is not asked for. */
	if (p->json) {
		fputs(p->comma ? " " : "", p->out);
		p->comma = false;
		value_element(p->out, p->array, element, true);
		return;
	}
	text = enum_names_find(p->names, p->array, element);
	if (!text) {
		text_buffer_begin(&b);
		value_element(b.out, p->array, element, false);
		text = text_buffer_end(&b);
	}
	if (p->measure)
		p->width = text_width(text) > p->width ? text_width(text)
						       : p->width;
	else
		put_aligned(p, text, indent);
	free(text);
}

/* Dimensions of the result at and behind dimension d. */
static unsigned
below(const struct slice *s, unsigned d)
{
	unsigned n = 0;

	for (; d < s->ndim; d++)
		n += !s->dims[d].single;
	return n;
}

static void
separate(struct printer *p, unsigned dims, unsigned indent)
{
	if (p->measure)
		return;
	put(p, ",");
	if (p->json || dims == 0) {
		p->comma = true;
		return;
	}
	/* A blank line between planes. */
	fprintf(p->out, "%s\n%*s", dims > 1 ? "\n" : "", (int)indent, "");
	p->column = indent;
}

static void
put_dim(struct printer *p, unsigned d, uint64_t at, unsigned indent)
{
	const struct slice *s = p->slice;
	const struct slice_dim *dim = &s->dims[d];
	unsigned dims = below(s, d + 1);
	uint64_t i;

	if (d == s->ndim) {
		put_element(p, at - s->origin, indent);
		return;
	}
	if (dim->single) {
		put_dim(p, d + 1, at + dim->first * s->strides[d], indent);
		return;
	}
	if (p->comma)
		put(p, " ");
	p->comma = false;
	put(p, "[");
	for (i = 0; i < dim->count; i++) {
		if (i > 0)
			separate(p, dims, indent + 1);
		if (p->edges && i == EDGE && dim->count > 2 * EDGE) {
			put_item(p, "...", indent + 1);
			separate(p, dims, indent + 1);
			i = dim->count - EDGE;
		}
		put_dim(p, d + 1,
			at + (dim->first + (uint64_t)dim->step * i) *
					s->strides[d],
			indent + 1);
	}
	put(p, "]");
}

static void
put_values(struct printer *p, unsigned indent)
{
	if (strcmp(p->array->dtype, "null") == 0)
		put(p, "null");
	else if (p->slice->element_count == 0)
		put(p, "[]");
	else
		put_dim(p, 0, 0, indent);
}

bool
dump_edges(const struct slice *slice, bool all)
{
	return !all && slice->element_count > MANY;
}

/* Of what has rows and columns; texts and lists have no common width. */
static void
find_width(struct printer *p)
{
	struct printer m = *p;
	const char *dtype = p->array->dtype;

	if (below(p->slice, 0) < 2 || dtype[0] == '*' || dtype[0] == 'n' ||
	    strchr("SV", dtype[1]) ||
	    dump_shown(p->slice, p->edges) > MOST_ALIGNED)
		return;
	m.measure = true;
	put_values(&m, 0);
	p->width = m.width;
}

void
dump_text(FILE *out, const struct cute_shm_array *array,
	  const struct slice *slice, const struct cute_shm_node *node, bool all)
{
	struct printer p = { .out = out,
			     .array = array,
			     .slice = slice,
			     .names = enum_names_new(node, array),
			     .edges = dump_edges(slice, all) };

	find_width(&p);
	fputs("  ", out);
	p.column = 2;
	put_values(&p, 2);
	putc('\n', out);
	enum_names_free(p.names);
}

void
dump_json(FILE *out, const struct cute_shm_array *array,
	  const struct slice *slice)
{
	struct printer p = {
		.out = out, .array = array, .slice = slice, .json = true
	};

	put_values(&p, 0);
}
