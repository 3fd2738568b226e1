/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "now.h"
#include "text.h"
#include "units.h"

#define SILENT_SECONDS 0.7 /* what takes no longer shows nothing */
#define PERIOD_SECONDS 0.1

/* Of lines in a log, from the begin on. */
#define LOG_SECONDS	10
#define VERBOSE_SECONDS 2

static enum {
	NONE,
	TERMINAL,
	LOG
} where;
static bool shown;
static double begun, drawn;
static double period;	     /* of lines in a log */
static double filling_since; /* when bytes began to move; 0: not yet */

void
progress_begin_at(bool wanted, bool verbose, double t)
{
	const char *term = getenv("TERM");

	/* A line that is drawn anew needs a terminal that can erase. */
	if (!wanted)
		where = NONE;
	else if (isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0)
		where = TERMINAL;
	else
		where = LOG;
	begun = drawn = t;
	filling_since = 0;
	period = verbose ? VERBOSE_SECONDS : LOG_SECONDS;
}

void
progress_begin(bool wanted, bool verbose)
{
	progress_begin_at(wanted, verbose, clock_now());
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

/* False: too early to tell. */
static bool
get_left(const struct progress *p, double elapsed, struct units *ret)
{
	double left;

	if (elapsed < 0.2 || p->bytes_done == 0)
		return false;
	left = elapsed * (double)(p->bytes_total - p->bytes_done) /
	       (double)p->bytes_done;
	if (left < 9)
		snprintf(ret->text, sizeof(ret->text), "%u s",
			 (unsigned)left + 1);
	else
		*ret = units_seconds(left + 1);
	return true;
}

static void
put_rate(FILE *out, const struct progress *p, double elapsed)
{
	struct units left;

	if (get_left(p, elapsed, &left))
		fprintf(out, "  %10s  %s left",
			units_rate(p->bytes_done, elapsed).text, left.text);
}

/* In thousandths; 100 % is for what is done, checked, named. */
static double
part_of(const struct progress *p)
{
	double part = (double)p->bytes_done / (double)p->bytes_total;

	return part > 0.999 ? 0.999 : part;
}

static void
put_line(FILE *out, const struct progress *p, size_t columns, double t)
{
	double part;

	if (p->bytes_total == 0) {
		fprintf(out, "scanning: %s",
			units_count(p->objects, "object").text);
		return;
	}
	part = part_of(p);
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

/* "/a/b", or the name; "" for none. */
static char *
subject(const struct progress *p)
{
	bool slash = p->path && *p->path && *p->path != '/';

	return text_format("%s%s", slash ? "/" : "",
			   p->path   ? p->path
			   : p->name ? p->name
				     : "");
}

static void
append_subject(FILE *out, const struct progress *p, size_t room)
{
	char *text = subject(p), *escaped, *fitting;

	/* A stump of a path tells nothing. */
	if (*text && room >= 12) {
		escaped = text_escape(text, strlen(text));
		fitting = text_shorten(escaped, room - 2, TEXT_CUT_MIDDLE);
		fprintf(out, "  %s", fitting);
		free(fitting);
		free(escaped);
	}
	free(text);
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
		append_subject(b.out, p, columns - width);
	line = text_buffer_end(&b);
	fitting = text_shorten(line, columns, TEXT_CUT_END);
	fprintf(stderr, "\r%s\033[K", fitting);
	fflush(stderr);
	shown = true;
	free(fitting);
	free(line);
}

/* "PROGRAM: 42%, 1.2 GiB of 2.8 GiB, 310 MiB/s, 5 s left, at /PATH" */
static void
say(const struct progress *p, double t)
{
	double elapsed = t - filling_since;
	struct units left = { "" };
	bool known = p->bytes_total > 0 && get_left(p, elapsed, &left);
	char *at = subject(p);

	if (p->bytes_total == 0)
		cli_message("scanning: %s",
			    units_count(p->objects, "object").text);
	else
		cli_message("%u%%, %s of %s%s%s%s%s%s%s%s",
			    (unsigned)(part_of(p) * 100),
			    units_size(p->bytes_done).text,
			    units_size(p->bytes_total).text, known ? ", " : "",
			    known ? units_rate(p->bytes_done, elapsed).text
				  : "",
			    known ? ", " : "", known ? left.text : "",
			    known ? " left" : "", *at ? ", at " : "", at);
	free(at);
}

void
progress_update_at(const struct progress *p, double t)
{
	if (where == NONE)
		return;
	/* The rate is of the time since the first byte moved. */
	if (p->bytes_total > 0 && filling_since <= 0)
		filling_since = t;
	if (where == LOG) {
		if (t - drawn < period)
			return;
		drawn = t;
		say(p, t);
		return;
	}
	if (t - begun < SILENT_SECONDS || t - drawn < PERIOD_SECONDS)
		return;
	drawn = t;
	draw(p, t);
}

void
progress_update(const struct progress *p)
{
	if (where != NONE)
		progress_update_at(p, clock_now());
}
