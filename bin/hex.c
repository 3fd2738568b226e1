/* SPDX-License-Identifier: MIT */
#include "hex.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "hex_fields.h"
#include "text.h"
#include "units.h"

#define ROW	16
#define HEADER	512
#define LIVE	64

struct hex {
	FILE *out;
	const struct cute_shm *shm;
	int fd;
	uint8_t *bytes;		/* [0, metadata_size) */
	uint64_t size;
	uint64_t index, nodes, records, records_size, blocks, live, block_size;
	bool all;		/* of the data, too */
	uint8_t last[ROW];	/* the row before, */
	bool has_last;		/* if one stands above; */
	bool squeezed;		/* and is repeated */
	uint64_t shown;		/* data up to here */
	bool failed;
};

static uint64_t
number(const uint8_t *p, unsigned size)
{
	uint64_t n = 0;

	memcpy(&n, p, size);
	return n;
}

static uint64_t
up(uint64_t n)
{
	return (n + ROW - 1) / ROW * ROW;
}

/* ---------------------------------------------------------------- one row */

/* As hexdump -C has it, and behind that what it means. */
static void
put_row(struct hex *h, uint64_t at, const uint8_t *row, const char *meaning)
{
	unsigned i;

	if (!*meaning && h->has_last && memcmp(row, h->last, ROW) == 0) {
		if (!h->squeezed)
			fputs("*\n", h->out);
		h->squeezed = true;
		return;
	}
	h->squeezed = false;
	h->has_last = true;
	memcpy(h->last, row, ROW);
	fprintf(h->out, "%08" PRIx64 " ", at);
	for (i = 0; i < ROW; i++)
		fprintf(h->out, "%s%02x", i == 8 ? "  " : " ", row[i]);
	fputs("  |", h->out);
	for (i = 0; i < ROW; i++)
		putc(row[i] >= 0x20 && row[i] < 0x7f ? row[i] : '.', h->out);
	fputs("|", h->out);
	if (*meaning) {
		fputs("  ", h->out);
		text_style(h->out, TEXT_DIM);
		text_put(h->out, meaning, strlen(meaning));
		text_style(h->out, TEXT_PLAIN);
	}
	putc('\n', h->out);
}

static void
put_title(struct hex *h, const char *title)
{
	h->squeezed = h->has_last = false;
	putc('\n', h->out);
	text_style(h->out, TEXT_BOLD);
	text_put(h->out, title, strlen(title));
	text_style(h->out, TEXT_PLAIN);
	putc('\n', h->out);
}

/* Whether [at, at + size) are metadata. */
static bool
inside(const struct hex *h, uint64_t at, uint64_t size)
{
	return at <= h->size && size <= h->size - at;
}

/* Rows that have no fields: 'meaning' for the first. */
static void
put_rows(struct hex *h, uint64_t at, uint64_t end, const char *meaning)
{
	for (; at < end && inside(h, at, ROW); at += ROW) {
		put_row(h, at, h->bytes + at, meaning);
		meaning = "";
	}
}

/* -------------------------------------------------------------- meanings */

static const char *
tag_at(const struct hex *h, uint64_t at)
{
	static const char *const tags[] = { "GRUP", "ARRY", "LINK", "ATTR" };
	size_t i;

	if (at < h->records || !inside(h, at, 0x30))
		return "";
	for (i = 0; i < sizeof(tags) / sizeof(*tags); i++)
		if (memcmp(h->bytes + at, tags[i], 4) == 0)
			return tags[i];
	return "";
}

static bool
tag_is(const struct hex *h, uint64_t at, const char *tag)
{
	return strcmp(tag_at(h, at), tag) == 0;
}

/* Where the path of the node's record stands. */
static const char *
path_at(const struct hex *h, uint64_t record)
{
	uint64_t at = record + 0x30, size;

	if (!*tag_at(h, record) || tag_is(h, record, "ATTR"))
		return "?";
	if (tag_is(h, record, "ARRY"))
		at = record + 0x70 + up(8 * number(h->bytes + record + 0x2c,
						   4));
	size = number(h->bytes + record + 8, 4);
	if (!inside(h, at, size + 1) || h->bytes[at + size] != '\0')
		return "?";
	return (const char *)h->bytes + at;
}

static void
put_uuid(FILE *out, const uint8_t *p)
{
	unsigned i;

	for (i = 0; i < 16; i++)
		fprintf(out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ?
			"-" : "", p[i]);
}

static void
put_value(const struct hex *h, FILE *out, const struct hex_field *f,
	  const uint8_t *p)
{
	uint64_t n = f->size <= 8 ? number(p, f->size) : 0;

	switch (f->kind) {
	case ZERO:
		break;
	case TEXT:
		fwrite(p, 1, strnlen((const char *)p, f->size), out);
		break;
	case DECIMAL:
		fprintf(out, "%" PRIu64, n);
		break;
	case HEX:
		fprintf(out, "%#" PRIx64, n);
		break;
	case SIZE:
		fprintf(out, "%" PRIu64, n);
		if (n >= 1024)
			fprintf(out, " (%s)", units_size(n).text);
		break;
	case DIGEST:
		fprintf(out, "%016" PRIx64, n);
		break;
	case TIME:
		fputs(n ? units_utc(n).text : "0", out);
		break;
	case UUID:
		put_uuid(out, p);
		break;
	case NODE:
		fprintf(out, "%#" PRIx64 " (/%s)", n, path_at(h, n));
		break;
	}
}

/* The fields that begin in the row at 'row' of a struct at 'at'. */
static char *
meaning_of(const struct hex *h, const struct hex_field *fields,
	   const uint8_t *base, uint64_t row)
{
	const struct hex_field *f;
	struct text_buffer b;
	const char *before = "";
	uint64_t at = 0;

	text_buffer_begin(&b);
	for (f = fields; f->name; at += f->size, f++) {
		if (at < row || at >= row + ROW || f->kind == ZERO)
			continue;
		fprintf(b.out, "%s%s ", before, f->name);
		put_value(h, b.out, f, base + at);
		before = ", ";
	}
	return text_buffer_end(&b);
}

/* All rows of a struct, whose bytes stand at 'base'. */
static void
put_fields(struct hex *h, uint64_t at, const uint8_t *base,
	   const struct hex_field *fields, const char *what)
{
	const struct hex_field *f;
	uint64_t size = 0, row;
	char *meaning, *whole;

	for (f = fields; f->name; f++)
		size += f->size;
	for (row = 0; row < size; row += ROW) {
		meaning = meaning_of(h, fields, base, row);
		whole = text_format("%s%s", row == 0 ? what : "", meaning);
		put_row(h, at + row, base + row, whole);
		free(whole);
		free(meaning);
	}
}

/* ------------------------------------------------------------------ records */

static void
put_shape(struct hex *h, uint64_t *at, uint64_t ndim)
{
	uint64_t i, end = *at + up(8 * ndim);
	char *meaning;

	for (i = 0; *at < end && inside(h, *at, ROW); *at += ROW, i += 2) {
		meaning = i + 1 < ndim ?
			text_format("shape[%" PRIu64 "] %" PRIu64 ", shape[%"
				    PRIu64 "] %" PRIu64, i,
				    number(h->bytes + *at, 8), i + 1,
				    number(h->bytes + *at + 8, 8)) :
			text_format("shape[%" PRIu64 "] %" PRIu64, i,
				    number(h->bytes + *at, 8));
		put_row(h, *at, h->bytes + *at, meaning);
		free(meaning);
	}
}

static void
put_text_rows(struct hex *h, uint64_t *at, const char *what, uint64_t size)
{
	const char *text = inside(h, *at, size) ?
			   (const char *)h->bytes + *at : "";
	char *meaning = size > 0 ?
			text_format("%s %.*s", what, (int)size, text) :
			text_format("%s: empty, the root", what);

	put_rows(h, *at, *at + up(size + 1), meaning);
	*at += up(size + 1);
	free(meaning);
}

/* The record at 'at', and the offset just past it; 0: there is none. */
static uint64_t
put_record(struct hex *h, uint64_t at)
{
	const uint8_t *r = h->bytes + at;
	const char *tag = tag_at(h, at);
	uint64_t end, name, where;

	if (!*tag)
		return 0;
	end = at + number(r + 4, 4);
	name = number(r + 8, 4);
	where = at + 0x30;
	if (end <= at || !inside(h, at, end - at) ||
	    (*tag == 'A' && tag[1] == 'R' && !inside(h, at, 0x70)))
		return 0;
	if (strcmp(tag, "GRUP") == 0) {
		put_fields(h, at, r, hex_group, "");
		put_text_rows(h, &where, "path", name);
	} else if (strcmp(tag, "LINK") == 0) {
		put_fields(h, at, r, hex_link, "");
		put_text_rows(h, &where, "path", name);
	} else if (strcmp(tag, "ARRY") == 0) {
		put_fields(h, at, r, hex_array, "");
		where = at + 0x70;
		put_shape(h, &where, number(r + 0x2c, 4));
		put_text_rows(h, &where, "path", name);
	} else {
		put_fields(h, at, r, hex_attr, "");
		put_text_rows(h, &where, "name", name);
		put_shape(h, &where, number(r + 0x0c, 4));
	}
	put_rows(h, where, end, "value");
	return end;
}

/* The node's record and its attributes. */
static void
put_node(struct hex *h, uint64_t at)
{
	uint64_t attrs = inside(h, at, 0x30) ? number(h->bytes + at + 12, 4)
					     : 0;
	char *title = text_format("record of /%s", path_at(h, at));

	put_title(h, title);
	free(title);
	at = put_record(h, at);
	while (at != 0 && attrs-- > 0)
		at = put_record(h, at);
	if (at == 0)
		h->failed = true;
}

/* --------------------------------------------------------- other sections */

static void
put_index_row(struct hex *h, uint64_t i)
{
	uint64_t at = h->index + ROW * i;
	char *meaning;

	if (!inside(h, at, ROW))
		return;
	meaning = text_format("hash %016" PRIx64 ", record %#" PRIx64 " (/%s)",
			      number(h->bytes + at, 8),
			      number(h->bytes + at + 8, 8),
			      path_at(h, number(h->bytes + at + 8, 8)));
	put_row(h, at, h->bytes + at, meaning);
	free(meaning);
}

/* Rows of the block digests: two to a row of 16 bytes. */
static void
put_blocks(struct hex *h, uint64_t record)
{
	const uint8_t *r = h->bytes + record;
	uint64_t size = number(r + 0x48, 8), first = number(r + 0x58, 8);
	uint64_t count, at, i;
	uint8_t row[ROW];
	char *meaning;

	if (size <= h->block_size || h->block_size == 0)
		return;
	count = (size + h->block_size - 1) / h->block_size;
	for (i = 0; i < count; i++) {
		at = h->blocks + 8 * (first + i);
		if (!inside(h, at, 8))
			return;
		/* Its half of the row; the other may be another array's. */
		memset(row, 0, sizeof(row));
		memcpy(row + at % ROW, h->bytes + at, 8);
		meaning = text_format("digest of block %" PRIu64 " of /%s", i,
				      path_at(h, record));
		put_row(h, at - at % ROW, row, meaning);
		free(meaning);
	}
}

/* From the file, since it changes; and beyond the metadata. */
static bool
read_at(const struct hex *h, void *to, size_t size, uint64_t at)
{
	return pread(h->fd, to, size, (off_t)at) == (ssize_t)size;
}

static void
put_live(struct hex *h, uint64_t record)
{
	uint64_t at = h->live + LIVE * number(h->bytes + record + 0x68, 8);
	uint8_t slot[LIVE];
	char *what;

	if (!read_at(h, slot, sizeof(slot), at))
		return;
	what = text_format("/%s: ", path_at(h, record));
	put_fields(h, at, slot, hex_live, what);
	free(what);
}

/* Rows of the file from 'at' until 'end' is shown; false where it ends. */
static bool
put_file(struct hex *h, uint64_t at, uint64_t end, const char *meaning)
{
	uint8_t row[ROW];
	ssize_t n;

	for (; at < end && !ferror(h->out); at += ROW) {
		n = pread(h->fd, row, sizeof(row), (off_t)at);
		if (n <= 0)
			return false;
		memset(row + n, 0, sizeof(row) - (size_t)n);
		put_row(h, at, row, meaning);
		meaning = "";
		h->shown = at + ROW;
	}
	return true;
}

/* The first row, or all; then also what lies before it. */
static void
put_data(struct hex *h, uint64_t record)
{
	const uint8_t *r = h->bytes + record;
	uint64_t at = number(r + 0x40, 8), size = number(r + 0x48, 8);
	char *meaning;

	if (h->all && h->shown > 0)
		put_file(h, h->shown, at, "");
	meaning = text_format("/%s: %.16s, %s", path_at(h, record),
			      (const char *)r + 0x30, units_size(size).text);
	if (size > 0)
		put_file(h, at, h->all ? at + size : at + 1, meaning);
	free(meaning);
}

/* 'put' for each array's record, in order, or for the one node's. */
static void
each_array(struct hex *h, const struct cute_shm_node *only,
	   void (*put)(struct hex *, uint64_t))
{
	uint64_t at = only ? only->record : h->records, end;

	for (; !ferror(h->out); at = end) {
		if (!*tag_at(h, at) || at >= h->records + h->records_size)
			return;
		end = at + number(h->bytes + at + 4, 4);
		if (tag_is(h, at, "ARRY") && inside(h, at, 0x70))
			put(h, at);
		if (only || end <= at)
			return;
	}
}

/* -------------------------------------------------------------------- all */

/* Zero in format 1.0; a later header goes on behind it. */
static void
put_second(struct hex *h, uint64_t end)
{
	if (memcmp(h->bytes + 8, "1.0", 4) == 0 || !inside(h, HEADER, HEADER)) {
		put_title(h, "second superblock: zero");
		put_rows(h, HEADER, end, "");
		return;
	}
	put_title(h, "second superblock");
	put_fields(h, HEADER, h->bytes + HEADER, hex_second, "");
	put_rows(h, 2 * HEADER, end, "");
}

static void
put_header(struct hex *h)
{
	put_fields(h, 0, h->bytes, hex_header, "");
	put_second(h, number(h->bytes + 0x18, 8));
}

static void
put_index(struct hex *h, const struct cute_shm_node *only)
{
	uint64_t i;

	put_title(h, "path index");
	for (i = 0; i < h->nodes && !ferror(h->out); i++)
		if (!only || (inside(h, h->index + ROW * i, ROW) &&
			      number(h->bytes + h->index + ROW * i + 8, 8) ==
			      only->record))
			put_index_row(h, i);
}

static void
put_records(struct hex *h)
{
	struct cute_shm_node top, node;
	int err = cute_shm_find(h->shm, "", &top);

	for (node = top; err == 0 && !h->failed && !ferror(h->out);
	     err = cute_shm_next(&top, &node, &node))
		put_node(h, node.record);
	if (err != 0 && err != CUTE_SHM_ERR_END)
		h->failed = true;
}

static void
put_all(struct hex *h, const struct cute_shm_node *only)
{
	bool arrays = !only || only->kind == CUTE_SHM_ARRAY;

	if (!only)
		put_header(h);
	put_index(h, only);
	if (only)
		put_node(h, only->record);
	else
		put_records(h);
	if (!arrays)
		return;
	put_title(h, "block digests");
	each_array(h, only, put_blocks);
	put_title(h, "live slots");
	each_array(h, only, put_live);
	put_title(h, h->all ? "data" : "data: the first row of each array");
	if (!only)
		h->shown = number(h->bytes + 0x70, 8);
	each_array(h, only, put_data);
}

/* The file behind the handle, if its name still leads there. */
static const char *
load(struct hex *h)
{
	struct cute_shm_info info;
	uint8_t header[HEADER];

	cute_shm_info(h->shm, &info);
	h->fd = open(info.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (h->fd < 0)
		return strerror(errno);
	if (!read_at(h, header, sizeof(header), 0) ||
	    memcmp(header + 0xb0, info.uuid, sizeof(info.uuid)) != 0)
		return "it was replaced meanwhile";
	h->size = number(header + 0x28, 8);
	h->index = number(header + 0x30, 8);
	h->nodes = number(header + 0x38, 8);
	h->records = number(header + 0x40, 8);
	h->records_size = number(header + 0x48, 8);
	h->blocks = number(header + 0x50, 8);
	h->live = number(header + 0x60, 8);
	h->block_size = number(header + 0x88, 8);
	h->bytes = malloc((size_t)h->size);
	if (!h->bytes)
		return "no memory";
	return read_at(h, h->bytes, (size_t)h->size, 0) ? NULL :
	       "it cannot be read";
}

int
hex_dump(FILE *out, const struct cute_shm *shm,
	 const struct cute_shm_node *node, bool all)
{
	struct hex h = { .out = out, .shm = shm, .fd = -1, .all = all };
	const char *why = load(&h);

	if (!why)
		put_all(&h, node);
	if (!why && h.failed)
		why = cute_shm_errmsg();
	if (why)
		cli_message("cannot show the bytes: %s", why);
	if (h.fd >= 0)
		close(h.fd);
	free(h.bytes);
	return why ? -1 : 0;
}
