/* SPDX-License-Identifier: MIT */
#include "hex_rows.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "text.h"
#include "wrap.h"

/* Where a row of 8 digits ends, and its note begins. */
#define ROW_WIDTH 78
#define NOTE	  (ROW_WIDTH + 2)

/* A note beside a row has at least so many columns, or goes below it. */
#define NARROWEST  40
#define NOTE_BELOW 10

static const uint8_t zeros[HEX_ROW];

void
hex_rows_begin(struct hex_rows *r, FILE *out, int fd, uint64_t size)
{
	*r = (struct hex_rows){ .out = out, .fd = fd, .size = size };
	r->columns = text_columns(out);
}

/* ------------------------------------------------------------------ reading */

bool
hex_read_apart(const struct hex_rows *r, void *to, size_t size, uint64_t at)
{
	return at <= r->size && size <= r->size - at &&
	       pread(r->fd, to, size, (off_t)at) == (ssize_t)size;
}

bool
hex_read(struct hex_rows *r, void *to, size_t size, uint64_t at)
{
	ssize_t n;

	if (at > r->size || size > r->size - at || size > HEX_WINDOW)
		return false;
	if (at < r->window_at || at - r->window_at > r->window_size ||
	    size > r->window_size - (at - r->window_at)) {
		n = pread(r->fd, r->window, HEX_WINDOW, (off_t)at);
		r->window_at = at;
		r->window_size = n < 0 ? 0 : (size_t)n;
		if (size > r->window_size)
			return false;
	}
	memcpy(to, r->window + (at - r->window_at), size);
	return true;
}

uint64_t
hex_number(const uint8_t *p, unsigned size)
{
	uint64_t n = 0;

	memcpy(&n, p, size);
	return n;
}

uint64_t
hex_next_data(const struct hex_rows *r, uint64_t at)
{
	off_t data = lseek(r->fd, (off_t)at, SEEK_DATA);

	if (data >= 0)
		return (uint64_t)data;
	return errno == ENXIO ? r->size : at;
}

/* --------------------------------------------------------------------- rows */

/* What is beyond 4 GiB has more digits. */
static unsigned
digits(uint64_t at)
{
	unsigned n = 8;

	while (n < 16 && at >> 4 * n != 0)
		n++;
	return n;
}

static void
put_note(struct hex_rows *r, uint64_t at, const char *note)
{
	size_t shift = digits(r->size) - 8, begin = NOTE + shift;

	if (r->columns && r->columns < begin + NARROWEST) {
		fprintf(r->out, "\n%*s", NOTE_BELOW, "");
		begin = NOTE_BELOW;
	} else {
		fprintf(r->out, "%*s", (int)(2 + shift - (digits(at) - 8)), "");
	}
	text_style(r->out, TEXT_DIM);
	wrap_put(r->out, note, begin, begin, r->columns);
	text_style(r->out, TEXT_PLAIN);
}

/* As hexdump -C has it, and behind that what it means. */
void
hex_put_row(struct hex_rows *r, uint64_t at, const uint8_t *row,
	    const char *note)
{
	FILE *out = r->out;
	unsigned i;

	if (!*note && r->has_last && memcmp(row, r->last, HEX_ROW) == 0) {
		if (!r->squeezed)
			fputs("*\n", out);
		r->squeezed = true;
		return;
	}
	r->squeezed = false;
	r->has_last = true;
	memcpy(r->last, row, HEX_ROW);
	fprintf(out, "%08" PRIx64 " ", at);
	for (i = 0; i < HEX_ROW; i++)
		fprintf(out, "%s%02x", i == 8 ? "  " : " ", row[i]);
	fputs("  |", out);
	for (i = 0; i < HEX_ROW; i++)
		putc(row[i] >= 0x20 && row[i] < 0x7f ? row[i] : '.', out);
	fputs("|", out);
	if (*note)
		put_note(r, at, note);
	putc('\n', out);
}

/* The row at 'at', filled up with zeros; false behind the end. */
static bool
read_row(struct hex_rows *r, uint8_t *row, uint64_t at)
{
	size_t size = HEX_ROW;

	if (at >= r->size)
		return false;
	memset(row, 0, HEX_ROW);
	if (r->size - at < size)
		size = (size_t)(r->size - at);
	return hex_read(r, row, size, at);
}

uint64_t
hex_put_rows(struct hex_rows *r, uint64_t at, uint64_t end, const char *note)
{
	uint8_t row[HEX_ROW];
	uint64_t data;

	while (at < end && !ferror(r->out) && read_row(r, row, at)) {
		hex_put_row(r, at, row, note);
		note = "";
		at += HEX_ROW;
		/* Many more of the same, perhaps, and none of them there. */
		if (!r->squeezed || memcmp(row, zeros, HEX_ROW) != 0 ||
		    at % HEX_WINDOW >= HEX_ROW)
			continue;
		data = hex_next_data(r, at);
		if (data > end)
			data = end;
		if (data > at)
			at += (data - at) / HEX_ROW * HEX_ROW;
	}
	return at;
}

void
hex_put_title(struct hex_rows *r, const char *title)
{
	r->squeezed = r->has_last = false;
	putc('\n', r->out);
	text_style(r->out, TEXT_BOLD);
	text_put(r->out, title, strlen(title));
	text_style(r->out, TEXT_PLAIN);
	putc('\n', r->out);
}
