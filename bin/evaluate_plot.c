/* SPDX-License-Identifier: MIT */
#include "evaluate_plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "units.h"

/* All in pixels of the picture. */
enum {
	WIDTH = 760,
	HEIGHT = 340,
	PANEL_TOP = 84,
	PANEL_WIDTH = 290,
	PANEL_HEIGHT = 196,
	LEFT_OF_MEMORY = 72,
	LEFT_OF_RATE = 448,
	NUMBER_WIDTH = 24 /* of a number of readers */
};

/* Two colours that also people who see few colours tell apart. */
#define COLOUR_SHARED "#0072b2"
#define COLOUR_COPIES "#d55e00"

struct panel {
	int left;
	const char *title;
	double (*value)(const struct evaluate_point *);
	struct units (*label)(double);
	bool binary;	/* steps of powers of two */
	double step;	/* between two lines */
	unsigned steps; /* up to the upper end */
	unsigned most_readers;
};

static double
memory_of(const struct evaluate_point *p)
{
	return (double)p->memory;
}

static double
rate_of(const struct evaluate_point *p)
{
	return p->tried ? p->rate * p->readers : NAN;
}

static struct units
memory_label(double value)
{
	return units_size((uint64_t)value);
}

/* "0", "500", "20 k", "1.5 M" */
static struct units
rate_label(double value)
{
	static const char *const names[] = { "", " k", " M", " G", " T" };
	struct units ret;
	unsigned i = 0;

	while (value >= 1000 && i < 4) {
		value /= 1000;
		i++;
	}
	snprintf(ret.text, sizeof(ret.text), "%.3g%s", value, names[i]);
	return ret;
}

/* The smallest of 1, 2, 5 (4, 8 of binary ones) x a power that is enough. */
static double
nice_step(double least, bool binary)
{
	double step = 1;

	if (binary) {
		while (step < least)
			step *= 2;
		return step;
	}
	while (step * 10 <= least)
		step *= 10;
	return step >= least	   ? step
	       : step * 2 >= least ? step * 2
	       : step * 5 >= least ? step * 5
				   : step * 10;
}

static void
scale(struct panel *p, const struct evaluate_point *points, size_t count)
{
	double most = 0, value;
	size_t i;

	p->most_readers = 1;
	for (i = 0; i < count; i++) {
		value = p->value(&points[i]);
		if (value > most) /* false for NAN */
			most = value;
		if (points[i].readers > p->most_readers)
			p->most_readers = points[i].readers;
	}
	p->step = nice_step(most / 5, p->binary);
	p->steps = most > 0 ? (unsigned)ceil(most / p->step) : 1;
}

static double
x_of(const struct panel *p, unsigned readers)
{
	return p->left + (double)PANEL_WIDTH * readers / p->most_readers;
}

static double
y_of(const struct panel *p, double value)
{
	return PANEL_TOP + PANEL_HEIGHT * (1 - value / p->step / p->steps);
}

/* Text of a file's name in XML, without what XML cannot have. */
static void
put_escaped(FILE *out, const char *s)
{
	char *text = text_escape(s, strlen(s));
	const char *p;

	for (p = text; *p; p++)
		switch (*p) {
		case '&': fputs("&amp;", out); break;
		case '<': fputs("&lt;", out); break;
		case '>': fputs("&gt;", out); break;
		default: putc(*p, out);
		}
	free(text);
}

static void
put_axes(FILE *out, const struct panel *p, const struct evaluate_point *points,
	 size_t count)
{
	double y, x, last = -1000;
	unsigned step;
	size_t i;

	fprintf(out, "<text x=\"%d\" y=\"%d\" font-weight=\"bold\">%s</text>\n",
		p->left, PANEL_TOP - 16, p->title);
	for (step = 0; step <= p->steps; step++) {
		y = y_of(p, p->step * step);
		fprintf(out,
			"<path d=\"M%d %.1fh%d\" stroke=\"%s\"/>\n"
			"<text x=\"%d\" y=\"%.1f\" "
			"text-anchor=\"end\">%s</text>\n",
			p->left, y, PANEL_WIDTH, step > 0 ? "#ddd" : "#555",
			p->left - 8, y + 4, p->label(p->step * step).text);
	}
	for (i = 0; i < count; i++) {
		x = x_of(p, points[i].readers);
		if (x < last + NUMBER_WIDTH)
			continue;
		fprintf(out,
			"<text x=\"%.1f\" y=\"%d\" "
			"text-anchor=\"middle\">%u</text>\n",
			x, PANEL_TOP + PANEL_HEIGHT + 18, points[i].readers);
		last = x;
	}
	fprintf(out,
		"<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">readers "
		"(processes)</text>\n",
		p->left + PANEL_WIDTH / 2, PANEL_TOP + PANEL_HEIGHT + 38);
}

/* A line and its points, hollow where nothing was tried. */
static void
put_series(FILE *out, const struct panel *p,
	   const struct evaluate_point *points, size_t count, bool copies)
{
	const char *colour = copies ? COLOUR_COPIES : COLOUR_SHARED;
	const struct evaluate_point *q;
	bool first = true;
	double x, y;

	fprintf(out,
		"<path fill=\"none\" stroke=\"%s\" stroke-width=\"2\" d=\"",
		colour);
	for (q = points; q < points + count; q++) {
		if (q->copies != copies || isnan(p->value(q)))
			continue;
		fprintf(out, "%c%.1f %.1f", first ? 'M' : 'L',
			x_of(p, q->readers), y_of(p, p->value(q)));
		first = false;
	}
	fputs("\"/>\n", out);
	for (q = points; q < points + count; q++) {
		if (q->copies != copies || isnan(p->value(q)))
			continue;
		x = x_of(p, q->readers);
		y = y_of(p, p->value(q));
		fprintf(out,
			"<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\" "
			"stroke=\"%s\" stroke-width=\"2\"><title>%s, %u: "
			"%s%s</title></circle>\n",
			x, y, q->tried ? colour : "#fff", colour,
			copies ? "copies" : "shared", q->readers,
			p->label(p->value(q)).text,
			q->tried ? "" : " (would take)");
	}
}

static void
put_legend(FILE *out, bool untried)
{
	fprintf(out,
		"<circle cx=\"%d\" cy=\"44\" r=\"4\" fill=\"%s\"/>"
		"<text x=\"%d\" y=\"48\">one shared copy</text>\n"
		"<circle cx=\"%d\" cy=\"44\" r=\"4\" fill=\"%s\"/>"
		"<text x=\"%d\" y=\"48\">a copy in each reader%s</text>\n",
		LEFT_OF_MEMORY + 4, COLOUR_SHARED, LEFT_OF_MEMORY + 14,
		LEFT_OF_MEMORY + 144, COLOUR_COPIES, LEFT_OF_MEMORY + 154,
		untried ? " (hollow: does not fit, and was not tried)" : "");
}

static int
by_readers(const void *a, const void *b)
{
	unsigned x = ((const struct evaluate_point *)a)->readers;
	unsigned y = ((const struct evaluate_point *)b)->readers;

	return (x > y) - (x < y);
}

void
evaluate_plot(FILE *out, const char *title, struct evaluate_point *points,
	      size_t count)
{
	struct panel panels[] = {
		{
			.left = LEFT_OF_MEMORY,
			.title = "memory in all",
			.value = memory_of,
			.label = memory_label,
			.binary = true,
		},
		{
			.left = LEFT_OF_RATE,
			.title = "iterations per second, all readers",
			.value = rate_of,
			.label = rate_label,
		},
	};
	bool untried = false;
	size_t i;

	qsort(points, count, sizeof(*points), by_readers);
	for (i = 0; i < count; i++)
		untried |= !points[i].tried;
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
		"height=\"%d\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\""
		" font-size=\"12\" fill=\"#222\">\n<title>",
		WIDTH, HEIGHT, WIDTH, HEIGHT);
	put_escaped(out, title);
	fprintf(out,
		"</title>\n<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n"
		"<text x=\"%d\" y=\"24\" font-size=\"15\">",
		WIDTH, HEIGHT, LEFT_OF_MEMORY);
	put_escaped(out, title);
	fputs("</text>\n", out);
	put_legend(out, untried);
	for (i = 0; i < sizeof(panels) / sizeof(*panels); i++) {
		scale(&panels[i], points, count);
		put_axes(out, &panels[i], points, count);
		put_series(out, &panels[i], points, count, true);
		put_series(out, &panels[i], points, count, false);
	}
	fputs("</svg>\n", out);
}
