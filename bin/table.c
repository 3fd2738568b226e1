/* SPDX-License-Identifier: MIT */
#include "table.h"

#include <stdlib.h>
#include <string.h>

#define GAP 2

struct cell {
	char *text; /* escaped */
	enum text_style style;
};

struct table {
	const struct table_column *columns;
	size_t column_count;
	struct cell *cells;
	size_t cell_count;
	size_t room;
};

struct table *
table_new(const struct table_column *columns, size_t count)
{
	struct table *t = text_alloc(NULL, 1, sizeof(*t));

	*t = (struct table){ .columns = columns, .column_count = count };
	return t;
}

void
table_free(struct table *t)
{
	size_t i;

	for (i = 0; i < t->cell_count; i++)
		free(t->cells[i].text);
	free(t->cells);
	free(t);
}

void
table_cell(struct table *t, const char *format, ...)
{
	va_list args;
	char *s;

	if (t->cell_count == t->room) {
		t->room = t->room ? 2 * t->room : 64;
		t->cells = text_alloc(t->cells, t->room, sizeof(*t->cells));
	}
	va_start(args, format);
	s = text_vformat(format, args);
	va_end(args);
	t->cells[t->cell_count].text = text_escape(s, strlen(s));
	t->cells[t->cell_count].style =
		t->columns[t->cell_count % t->column_count].style;
	t->cell_count++;
	free(s);
}

void
table_style(struct table *t, enum text_style style)
{
	t->cells[t->cell_count - 1].style = style;
}

/* Columns of each column's widest cell; the sum with the gaps between. */
static size_t
measure(const struct table *t, size_t *widths)
{
	size_t sum = 0, i, w, column;

	for (i = 0; i < t->column_count; i++)
		widths[i] = text_width(t->columns[i].title);
	for (i = 0; i < t->cell_count; i++) {
		column = i % t->column_count;
		w = text_width(t->cells[i].text);
		if (w > widths[column])
			widths[column] = w;
	}
	for (i = 0; i < t->column_count; i++)
		sum += widths[i] + (i ? GAP : 0);
	return sum;
}

/*
 * What a column keeps: first what it asks for, then, on a very narrow terminal,
 * a stump, and in the end every column gives way.
 */
static size_t
narrowest(const struct table_column *c, size_t width, unsigned need)
{
	if (need == 2)
		return 1;
	if (!c->narrowest)
		return width;
	return need == 1 ? c->narrowest / 2 : c->narrowest;
}

/* The widest column that may still lose something, or column_count. */
static size_t
widest(const struct table *t, const size_t *widths, unsigned need)
{
	size_t best = t->column_count, i;

	for (i = 0; i < t->column_count; i++) {
		if (widths[i] <= narrowest(&t->columns[i], widths[i], need))
			continue;
		if (best == t->column_count || widths[i] >= widths[best])
			best = i;
	}
	return best;
}

static void
shrink(const struct table *t, size_t *widths, size_t excess)
{
	unsigned need = 0;
	size_t i;

	while (excess > 0 && need <= 2) {
		i = widest(t, widths, need);
		if (i == t->column_count) {
			need++;
		} else {
			widths[i]--;
			excess--;
		}
	}
}

static void
spaces(FILE *out, size_t n)
{
	while (n-- > 0)
		putc(' ', out);
}

/* Spaces that 'pad' gathers are written only when something follows. */
static void
print_cell(const struct table_column *c, const char *cell, size_t width,
	   enum text_style style, size_t *pad, FILE *out)
{
	char *s = text_shorten(cell, width, c->cut);
	size_t rest = width - text_width(s);

	if (*s) {
		spaces(out, *pad + (c->right ? rest : 0));
		*pad = c->right ? 0 : rest;
		if (style != TEXT_PLAIN)
			text_style(out, style);
		fputs(s, out);
		if (style != TEXT_PLAIN)
			text_style(out, TEXT_PLAIN);
	} else {
		*pad += width;
	}
	*pad += GAP;
	free(s);
}

static void
print_row(const struct table *t, const struct cell *cells, const size_t *widths,
	  size_t indent, FILE *out)
{
	const struct table_column *c = t->columns;
	size_t pad = indent, i;

	for (i = 0; i < t->column_count; i++)
		if (cells)
			print_cell(&c[i], cells[i].text, widths[i],
				   cells[i].style, &pad, out);
		else
			print_cell(&c[i], c[i].title, widths[i], TEXT_DIM, &pad,
				   out);
	putc('\n', out);
}

void
table_print_within(const struct table *t, size_t indent, size_t columns,
		   FILE *out)
{
	size_t *widths, all, i;

	if (t->cell_count == 0)
		return;
	widths = text_alloc(NULL, t->column_count, sizeof(*widths));
	all = indent + measure(t, widths);
	if (columns && all > columns)
		shrink(t, widths, all - columns);
	print_row(t, NULL, widths, indent, out);
	for (i = 0; i + t->column_count <= t->cell_count; i += t->column_count)
		print_row(t, t->cells + i, widths, indent, out);
	free(widths);
}

void
table_print(const struct table *t, size_t indent, FILE *out)
{
	table_print_within(t, indent, text_columns(out), out);
}
