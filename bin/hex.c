/* SPDX-License-Identifier: MIT */
#include "hex.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "file/file.h"
#include "hex_fields.h"
#include "hex_rows.h"
#include "text.h"
#include "units.h"

#define ROW    HEX_ROW
#define HEADER 512
#define LIVE   64
#define RECORD 0x70 /* the longest fixed part of a record */
#define NAME   200  /* bytes of a path or a name that a note has */

struct hex {
	struct hex_rows rows;
	FILE *out;
	const struct cute_shm *shm;
	uint8_t header[2 * HEADER]; /* read once: both superblocks */
	uint64_t size;		    /* of the metadata */
	uint64_t index, nodes, records, records_size, blocks, live, block_size;
	bool all;	     /* of the data, too */
	uint64_t shown;	     /* data up to here */
	char path[NAME + 8]; /* of path_at() */
	bool failed;
};

static uint64_t
number(const uint8_t *p, unsigned size)
{
	return hex_number_in(p, size);
}

static uint64_t
up(uint64_t n)
{
	return (n + ROW - 1) / ROW * ROW;
}

/* Whether [at, at + size) are metadata. */
static bool
inside(const struct hex *h, uint64_t at, uint64_t size)
{
	return at <= h->size && size <= h->size - at;
}

/* Rows of metadata that have no fields: 'meaning' for the first. */
static void
put_rows(struct hex *h, uint64_t at, uint64_t end, const char *meaning)
{
	hex_put_rows(&h->rows, at, end < h->size ? end : h->size, meaning);
}

static void
put_title(struct hex *h, const char *title)
{
	hex_put_title(&h->rows, title);
}

/* -------------------------------------------------------------- meanings */

/* The tag that a record begins with, or "". */
static const char *
tag_of(const uint8_t *record)
{
	static const char *const tags[] = { "GRUP", "ARRY", "LINK", "ATTR" };
	size_t i;

	for (i = 0; i < sizeof(tags) / sizeof(*tags); i++)
		if (memcmp(record, tags[i], 4) == 0)
			return tags[i];
	return "";
}

static bool
is_array(const uint8_t *record)
{
	return strcmp(tag_of(record), "ARRY") == 0;
}

/*
 * The fixed part of the record at 'at', and zeros where it is shorter; false:
 * there is none.
 */
static bool
read_record(struct hex *h, uint64_t at, uint8_t *record)
{
	size_t size = RECORD;

	memset(record, 0, RECORD);
	if (at < h->records || !inside(h, at, 0x30))
		return false;
	if (h->size - at < size)
		size = (size_t)(h->size - at);
	return hex_read(&h->rows, record, size, at) && *tag_of(record) &&
	       (!is_array(record) || size == RECORD);
}

/* [at, at + size) as a text; what is long has its beginning only. */
static bool
read_text(struct hex *h, uint64_t at, uint64_t size)
{
	size_t n = size < NAME ? (size_t)size : NAME;
	char end;

	if (!inside(h, at, size) || !inside(h, at + size, 1) ||
	    !hex_read_apart(&h->rows, &end, 1, at + size) || end != '\0' ||
	    !hex_read_apart(&h->rows, h->path, n, at))
		return false;
	strcpy(h->path + n, n < size ? "..." : "");
	return true;
}

/* The path of the node's record, until the next call. */
static const char *
path_at(struct hex *h, uint64_t record)
{
	uint8_t r[RECORD] = { 0 };
	uint64_t at = record + 0x30;

	if (record < h->records || !inside(h, record, 0x30) ||
	    !hex_read_apart(&h->rows, r, 0x30, record) || !*tag_of(r) ||
	    strcmp(tag_of(r), "ATTR") == 0)
		return "?";
	if (is_array(r))
		at = record + RECORD + up(8 * number(r + 0x2c, 4));
	return read_text(h, at, number(r + 8, 4)) ? h->path : "?";
}

static void
put_uuid(FILE *out, const uint8_t *p)
{
	unsigned i;

	for (i = 0; i < 16; i++)
		fprintf(out, "%s%02x",
			i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", p[i]);
}

static void
put_value(struct hex *h, FILE *out, const struct hex_field *f, const uint8_t *p)
{
	uint64_t n = f->size <= 8 ? number(p, f->size) : 0;

	switch (f->kind) {
	case ZERO: break;
	case TEXT: fwrite(p, 1, strnlen((const char *)p, f->size), out); break;
	case DECIMAL: fprintf(out, "%" PRIu64, n); break;
	case HEX: fprintf(out, "%#" PRIx64, n); break;
	case SIZE:
		fprintf(out, "%" PRIu64, n);
		if (n >= 1024)
			fprintf(out, " (%s)", units_size(n).text);
		break;
	case DIGEST: fprintf(out, "%016" PRIx64, n); break;
	case TIME: fputs(n ? units_utc(n).text : "0", out); break;
	case UUID: put_uuid(out, p); break;
	case NODE: fprintf(out, "%#" PRIx64 " (/%s)", n, path_at(h, n)); break;
	}
}

/* The fields that begin in the row at 'row' of a struct at 'at'. */
static char *
meaning_of(struct hex *h, const struct hex_field *fields, const uint8_t *base,
	   uint64_t row)
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
		hex_put_row(&h->rows, at + row, base + row, whole);
		free(whole);
		free(meaning);
	}
}

/* ------------------------------------------------------------------ records */

static void
put_shape(struct hex *h, uint64_t *at, uint64_t ndim)
{
	uint64_t i, end = *at + up(8 * ndim);
	uint8_t row[ROW];
	char *meaning;

	for (i = 0; *at < end && i < CUTE_SHM_MAX_NDIM && inside(h, *at, ROW) &&
		    hex_read(&h->rows, row, ROW, *at);
	     *at += ROW, i += 2) {
		meaning = i + 1 < ndim
				  ? text_format("shape[%" PRIu64 "] %" PRIu64
						", shape[%" PRIu64 "] %" PRIu64,
						i, number(row, 8), i + 1,
						number(row + 8, 8))
				  : text_format("shape[%" PRIu64 "] %" PRIu64,
						i, number(row, 8));
		hex_put_row(&h->rows, *at, row, meaning);
		free(meaning);
	}
}

static void
put_text_rows(struct hex *h, uint64_t *at, const char *what, uint64_t size)
{
	char *meaning =
		size == 0
			? text_format("%s: empty, the root", what)
			: text_format("%s %s", what,
				      read_text(h, *at, size) ? h->path : "?");

	put_rows(h, *at, *at + up(size + 1), meaning);
	*at += up(size + 1);
	free(meaning);
}

/* The record at 'at', and the offset just past it; 0: there is none. */
static uint64_t
put_record(struct hex *h, uint64_t at)
{
	uint8_t r[RECORD];
	uint64_t end, name, where = at + 0x30;

	if (!read_record(h, at, r))
		return 0;
	end = at + number(r + 4, 4);
	name = number(r + 8, 4);
	if (end <= at || !inside(h, at, end - at))
		return 0;
	if (is_array(r)) {
		put_fields(h, at, r, hex_array, "");
		where = at + RECORD;
		put_shape(h, &where, number(r + 0x2c, 4));
		put_text_rows(h, &where, "path", name);
	} else if (strcmp(tag_of(r), "ATTR") == 0) {
		put_fields(h, at, r, hex_attr, "");
		put_text_rows(h, &where, "name", name);
		put_shape(h, &where, number(r + 0x0c, 4));
	} else {
		put_fields(h, at, r,
			   strcmp(tag_of(r), "GRUP") == 0 ? hex_group
							  : hex_link,
			   "");
		put_text_rows(h, &where, "path", name);
	}
	put_rows(h, where, end, "value");
	return end;
}

/* The node's record and its attributes. */
static void
put_node(struct hex *h, uint64_t at)
{
	uint64_t attrs =
		inside(h, at, 0x30) ? hex_number(&h->rows, at + 12, 4) : 0;
	char *title = text_format("record of /%s", path_at(h, at));

	put_title(h, title);
	free(title);
	at = put_record(h, at);
	while (at != 0 && attrs-- > 0 && !ferror(h->out))
		at = put_record(h, at);
	if (at == 0)
		h->failed = true;
}

/* --------------------------------------------------------- other sections */

/*
 * The row of the index, if it is one of the node 'only'; the next one that is
 * not in a hole.
 */
static uint64_t
put_index_row(struct hex *h, uint64_t i, const struct cute_shm_node *only)
{
	static const uint8_t zeros[ROW];
	uint64_t at = h->index + ROW * i, data;
	uint8_t row[ROW];
	char *meaning;

	if (!inside(h, at, ROW) || !hex_read(&h->rows, row, ROW, at))
		return h->nodes;
	if (memcmp(row, zeros, ROW) == 0 && at % HEX_WINDOW < ROW) {
		data = hex_next_data(&h->rows, at);
		if (data > at + ROW)
			return i + (data - at) / ROW;
	}
	if (only && number(row + 8, 8) != only->record)
		return i + 1;
	meaning = text_format("hash %016" PRIx64 ", record %#" PRIx64 " (/%s)",
			      number(row, 8), number(row + 8, 8),
			      path_at(h, number(row + 8, 8)));
	hex_put_row(&h->rows, at, row, meaning);
	free(meaning);
	return i + 1;
}

/* Rows of the block digests: two to a row of 16 bytes. */
static void
put_blocks(struct hex *h, uint64_t record, const uint8_t *r)
{
	uint64_t size = number(r + 0x48, 8), first = number(r + 0x58, 8);
	uint64_t count, at, i, data;
	uint8_t row[ROW];
	char *meaning;

	if (size <= h->block_size || h->block_size == 0)
		return;
	count = (size - 1) / h->block_size + 1;
	for (i = 0; i < count && !ferror(h->out); i++) {
		at = h->blocks + 8 * (first + i);
		/* Its half of the row; the other may be another array's. */
		memset(row, 0, sizeof(row));
		if (!inside(h, at, 8) ||
		    !hex_read(&h->rows, row + at % ROW / 8 * 8, 8, at))
			return;
		meaning = text_format("digest of block %" PRIu64 " of /%s", i,
				      path_at(h, record));
		hex_put_row(&h->rows, at - at % ROW, row, meaning);
		free(meaning);
		/* Digests that are not there are not shown. */
		data = hex_next_data(&h->rows, at);
		if (data > at + 8)
			i += (data - at) / 8 - 1;
	}
}

static void
put_live(struct hex *h, uint64_t record, const uint8_t *r)
{
	uint64_t at = h->live + LIVE * number(r + 0x68, 8);
	uint8_t slot[LIVE];
	char *what;

	if (!hex_read(&h->rows, slot, sizeof(slot), at))
		return;
	what = text_format("/%s: ", path_at(h, record));
	put_fields(h, at, slot, hex_live, what);
	free(what);
}

/* The first row, or all; then also what lies before it. */
static void
put_data(struct hex *h, uint64_t record, const uint8_t *r)
{
	uint64_t at = number(r + 0x40, 8), size = number(r + 0x48, 8);
	char *meaning;

	if (h->all && h->shown > 0)
		h->shown = hex_put_rows(&h->rows, h->shown, at, "");
	meaning = text_format("/%s: %.16s, %s", path_at(h, record),
			      (const char *)r + 0x30, units_size(size).text);
	if (size > 0)
		h->shown = hex_put_rows(&h->rows, at,
					h->all ? at + size : at + 1, meaning);
	free(meaning);
}

/* 'put' for each array's record, in order, or for the one node's. */
static void
each_array(struct hex *h, const struct cute_shm_node *only,
	   void (*put)(struct hex *, uint64_t, const uint8_t *))
{
	uint64_t at = only ? only->record : h->records, end;
	uint8_t r[RECORD];

	for (; !ferror(h->out); at = end) {
		if (at >= h->records + h->records_size ||
		    !read_record(h, at, r))
			return;
		end = at + number(r + 4, 4);
		if (is_array(r))
			put(h, at, r);
		if (only || end <= at)
			return;
	}
}

/* -------------------------------------------------------------------- all */

/* Zero in format 1.0; a later header goes on behind it. */
static void
put_second(struct hex *h, uint64_t end)
{
	if (memcmp(h->header + 8, "1.0", 4) == 0) {
		put_title(h, "second superblock: zero");
		put_rows(h, HEADER, end, "");
		return;
	}
	put_title(h, "second superblock");
	put_fields(h, HEADER, h->header + HEADER, hex_second, "");
	put_rows(h, 2 * HEADER, end, "");
}

static void
put_header(struct hex *h)
{
	put_fields(h, 0, h->header, hex_header, "");
	put_second(h, number(h->header + 0x18, 8));
}

static void
put_index(struct hex *h, const struct cute_shm_node *only)
{
	uint64_t i = 0;

	put_title(h, "path index");
	while (i < h->nodes && !ferror(h->out))
		i = put_index_row(h, i, only);
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
		h->shown = number(h->header + 0x70, 8);
	each_array(h, only, put_data);
}

/* The file behind the handle, if its name still leads there; else why not. */
static const char *
open_file(const struct cute_shm_info *info, int *ret, uint64_t *size)
{
	struct stat st;

	/* A copy is where the user says, perhaps by a link. */
	char *path = *info->project ? NULL : realpath(info->path, NULL);

	*ret = found_open(AT_FDCWD, path ? path : info->path, FOUND_ANY_OWNER,
			  &st);
	free(path);
	if (*ret < 0)
		return strerror(errno);
	if (st.st_uid != info->uid)
		return "it was replaced meanwhile";
	*size = (uint64_t)st.st_size;
	return NULL;
}

static const char *
load(struct hex *h, int *fd)
{
	struct cute_shm_info info;
	const uint8_t *header = h->header;
	const char *why;
	uint64_t size = 0;

	cute_shm_info(h->shm, &info);
	why = open_file(&info, fd, &size);
	if (why)
		return why;
	hex_rows_begin(&h->rows, h->out, *fd, size);
	if (!hex_read(&h->rows, h->header, sizeof(h->header), 0) ||
	    memcmp(header + 0xb0, info.uuid, sizeof(info.uuid)) != 0)
		return "it was replaced meanwhile";
	h->size = number(header + 0x28, 8);
	if (h->size > size)
		h->size = size;
	h->index = number(header + 0x30, 8);
	h->nodes = number(header + 0x38, 8);
	h->records = number(header + 0x40, 8);
	h->records_size = number(header + 0x48, 8);
	h->blocks = number(header + 0x50, 8);
	h->live = number(header + 0x60, 8);
	h->block_size = number(header + 0x88, 8);
	return NULL;
}

int
hex_dump(FILE *out, const struct cute_shm *shm,
	 const struct cute_shm_node *node, bool all)
{
	struct hex h = { .out = out, .shm = shm, .all = all };
	int fd = -1;
	const char *why = load(&h, &fd);

	if (!why)
		put_all(&h, node);
	if (!why && h.failed)
		why = *cute_shm_errmsg() ? cute_shm_errmsg()
					 : "a record is damaged";
	if (why)
		cli_message("cannot show the bytes: %s", why);
	if (fd >= 0)
		close(fd);
	return why ? -1 : 0;
}
