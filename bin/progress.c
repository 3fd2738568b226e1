/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "text.h"
#include "units.h"

#define SILENT_SECONDS	0.7	/* what takes no longer shows nothing */
#define PERIOD_SECONDS	0.1

static bool enabled, shown;
static double begun, drawn;
static double filling_since;	/* when the first byte moved; 0: not yet */

void
progress_begin(bool wanted)
{
	const char *term = getenv("TERM");

	/* A line that is drawn anew needs a terminal that can erase. */
	enabled = wanted && isatty(STDERR_FILENO) && term &&
		  strcmp(term, "dumb") != 0;
	begun = clock_now();
}

void
progress_clear(void)
{
	if (!shown)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	shown = false;
}

/* '#' and '-', or blocks that grow by eighths of a column. */
static void
put_bar(FILE *out, unsigned columns, double part)
{
	unsigned eighths = (unsigned)(part * columns * 8), i;

	for (i = 0; i < columns; i++) {
		unsigned e = eighths >= 8 ? 8 : eighths;

		eighths -= e;
		if (!text_utf8())
			putc(e == 8 ? '#' : '-', out);
		else if (e)
			text_put_char(out, 0x2590 - e);
		else
			putc(' ', out);
	}
}

static void
put_rate(FILE *out, const struct progress *p, double elapsed)
{
	double left;

	if (elapsed < 0.2 || p->bytes_done == 0)
		return;
	left = elapsed * (double)(p->bytes_total - p->bytes_done) /
	       (double)p->bytes_done;
	fprintf(out, "  %10s", units_rate(p->bytes_done, elapsed).text);
	if (left < 9)
		fprintf(out, "  %u s left", (unsigned)left + 1);
	else
		fprintf(out, "  %s left", units_seconds(left + 1).text);
}

static void
put_line(FILE *out, const struct progress *p, size_t columns, double t)
{
	double part;

	if (p->bytes_total == 0) {
		fprintf(out, "scanning: %s", units_count(p->objects,
							 "object").text);
		return;
	}
	if (filling_since <= 0)
		filling_since = t;
	part = (double)p->bytes_done / (double)p->bytes_total;
	if (part > 0.999)
		part = 0.999;	/* 100 % is for what is done, checked, named */
	fprintf(out, "%3u%% ", (unsigned)(part * 100));
	if (columns >= 75) {
		putc(text_utf8() ? '|' : '[', out);
		put_bar(out, columns >= 110 ? 20 : 10, part);
		fputs(text_utf8() ? "| " : "] ", out);
	}
	fprintf(out, "%8s", units_size(p->bytes_done).text);
	fprintf(out, " of %s", units_size(p->bytes_total).text);
	put_rate(out, p, t - filling_since);
}

static void
append_path(FILE *out, const char *path, size_t room)
{
	char *escaped, *fitting;

	/* A stump of a path tells nothing. */
	if (!path || !*path || room < 12)
		return;
	escaped = text_escape(path, strlen(path));
	fitting = text_shorten(escaped, room - 3, TEXT_CUT_MIDDLE);
	fprintf(out, "  %s%s", *fitting == '/' ? "" : "/", fitting);
	free(fitting);
	free(escaped);
}

static void
draw(const struct progress *p, double t)
{
	/* The last column stays free: some terminals wrap when it is used. */
	size_t columns = text_terminal_columns(stderr) - 1, width;
	struct text_buffer b;
	char *line, *fitting;

	text_buffer_begin(&b);
	put_line(b.out, p, columns, t);
	fflush(b.out);
	width = text_width(b.text);
	if (width < columns)
		append_path(b.out, p->path, columns - width);
	line = text_buffer_end(&b);
	fitting = text_shorten(line, columns, TEXT_CUT_END);
	fprintf(stderr, "\r%s\033[K", fitting);
	fflush(stderr);
	shown = true;
	free(fitting);
	free(line);
}

void
progress_update(const struct progress *p)
{
	double t;

	if (!enabled)
		return;
	t = clock_now();
	if (t - begun < SILENT_SECONDS || t - drawn < PERIOD_SECONDS)
		return;
	drawn = t;
	draw(p, t);
}
