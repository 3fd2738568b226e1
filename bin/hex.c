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

#include <cute_shm_format.h>

#include "cli.h"
#include "hex_fields.h"
#include "hex_rows.h"
#include "hex_view.h"
#include "regular_file.h"
#include "text.h"
#include "units.h"

#define ROW  HEX_ROW
#define NAME 200 /* bytes of a path or a name that a note has */

/* The fixed part of a record. */
union record {
	struct format_record any;
	struct format_node node;
	struct format_array array;
	struct format_attr attr;
};

/* The shortest one. */
#define SHORTEST sizeof(struct format_node)

struct hex {
	struct hex_rows rows;
	FILE *out;
	const struct cute_shm *shm;
	struct format_header header; /* both superblocks are read once */
	struct format_second second;
	uint64_t size;	     /* of the metadata */
	bool all;	     /* of the data, too */
	uint64_t shown;	     /* data up to here */
	char path[NAME + 8]; /* of path_at() */
	bool failed;
};

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

static bool
has_tag(const union record *r, const char *tag)
{
	return memcmp(r->any.tag, tag, sizeof(r->any.tag)) == 0;
}

static bool
is_array(const union record *r)
{
	return has_tag(r, FORMAT_TAG_ARRAY);
}

static bool
is_attr(const union record *r)
{
	return has_tag(r, FORMAT_TAG_ATTR);
}

static bool
is_record(const union record *r)
{
	return is_array(r) || is_attr(r) || has_tag(r, FORMAT_TAG_GROUP) ||
	       has_tag(r, FORMAT_TAG_LINK);
}

/*
 * The fixed part of the record at 'at', and zeros where it is shorter; false:
 * there is none.
 */
static bool
read_record(struct hex *h, uint64_t at, union record *r)
{
	size_t size = sizeof(*r);

	memset(r, 0, sizeof(*r));
	if (at < h->header.records_offset || !inside(h, at, SHORTEST))
		return false;
	if (h->size - at < size)
		size = (size_t)(h->size - at);
	return hex_read(&h->rows, r, size, at) && is_record(r) &&
	       (!is_array(r) || size == sizeof(r->array));
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
	union record r = { 0 };
	uint64_t at = record + SHORTEST;

	if (record < h->header.records_offset || !inside(h, record, SHORTEST) ||
	    !hex_read_apart(&h->rows, &r, SHORTEST, record) || !is_record(&r) ||
	    is_attr(&r))
		return "?";
	if (is_array(&r))
		at = record + sizeof(r.array) + up(8 * (uint64_t)r.array.ndim);
	return read_text(h, at, r.any.name_size) ? h->path : "?";
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
	uint64_t n = f->size <= 8 ? hex_number(p, f->size) : 0;

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

	text_buffer_begin(&b);
	for (f = fields; f->name; f++) {
		if (f->at < row || f->at >= row + ROW || f->kind == ZERO)
			continue;
		fprintf(b.out, "%s%s ", before, f->name);
		put_value(h, b.out, f, base + f->at);
		before = ", ";
	}
	return text_buffer_end(&b);
}

/* All rows of a struct, which stands at 'from'. */
static void
put_fields(struct hex *h, uint64_t at, const void *from,
	   const struct hex_field *fields, const char *what)
{
	const struct hex_field *f;
	const uint8_t *base = from;
	uint64_t size = 0, row;
	char *meaning, *whole;

	for (f = fields; f->name; f++)
		size = f->at + f->size;
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
	uint64_t row[2];
	char *meaning;

	for (i = 0; *at < end && i < CUTE_SHM_MAX_NDIM && inside(h, *at, ROW) &&
		    hex_read(&h->rows, row, sizeof(row), *at);
	     *at += ROW, i += 2) {
		meaning = i + 1 < ndim
				  ? text_format("shape[%" PRIu64 "] %" PRIu64
						", shape[%" PRIu64 "] %" PRIu64,
						i, row[0], i + 1, row[1])
				  : text_format("shape[%" PRIu64 "] %" PRIu64,
						i, row[0]);
		hex_put_row(&h->rows, *at, (const uint8_t *)row, meaning);
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
	union record r;
	uint64_t end, where = at + SHORTEST;

	if (!read_record(h, at, &r))
		return 0;
	end = at + r.any.record_size;
	if (end <= at || !inside(h, at, end - at))
		return 0;
	if (is_array(&r)) {
		put_fields(h, at, &r, hex_array, "");
		where = at + sizeof(r.array);
		put_shape(h, &where, r.array.ndim);
		put_text_rows(h, &where, "path", r.any.name_size);
	} else if (is_attr(&r)) {
		put_fields(h, at, &r, hex_attr, "");
		put_text_rows(h, &where, "name", r.any.name_size);
		put_shape(h, &where, r.any.count);
	} else {
		put_fields(h, at, &r,
			   has_tag(&r, FORMAT_TAG_GROUP) ? hex_group : hex_link,
			   "");
		put_text_rows(h, &where, "path", r.any.name_size);
	}
	put_rows(h, where, end, "value");
	return end;
}

/* The node's record and its attributes. */
static void
put_node(struct hex *h, uint64_t at)
{
	char *title = text_format("record of /%s", path_at(h, at));
	struct format_record r = { .count = 0 };

	if (inside(h, at, SHORTEST))
		hex_read(&h->rows, &r, sizeof(r), at);
	put_title(h, title);
	free(title);
	at = put_record(h, at);
	while (at != 0 && r.count-- > 0 && !ferror(h->out))
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
	struct format_index_row row;
	uint64_t at = h->header.index_offset + sizeof(row) * i, data;
	char *meaning;

	if (!inside(h, at, sizeof(row)) ||
	    !hex_read(&h->rows, &row, sizeof(row), at))
		return h->header.node_count;
	if (row.hash == 0 && row.offset == 0 && at % HEX_WINDOW < sizeof(row)) {
		data = hex_next_data(&h->rows, at);
		if (data > at + sizeof(row))
			return i + (data - at) / sizeof(row);
	}
	if (only && row.offset != only->record)
		return i + 1;
	meaning = text_format("hash %016" PRIx64 ", record %#" PRIx64 " (/%s)",
			      row.hash, row.offset, path_at(h, row.offset));
	hex_put_row(&h->rows, at, (const uint8_t *)&row, meaning);
	free(meaning);
	return i + 1;
}

/* Rows of the block digests: two to a row of 16 bytes. */
static void
put_blocks(struct hex *h, uint64_t record, const struct format_array *a)
{
	uint64_t block_size = h->header.block_size, count, at, i, data;
	uint8_t row[ROW];
	char *meaning;

	if (a->data_size <= block_size || block_size == 0)
		return;
	count = (a->data_size - 1) / block_size + 1;
	for (i = 0; i < count && !ferror(h->out); i++) {
		at = h->header.blocks_offset + 8 * (a->first_block + i);
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
put_live(struct hex *h, uint64_t record, const struct format_array *a)
{
	struct format_live slot;
	uint64_t at = h->header.live_offset + sizeof(slot) * a->live_slot;
	char *what;

	if (!hex_read(&h->rows, &slot, sizeof(slot), at))
		return;
	what = text_format("/%s: ", path_at(h, record));
	put_fields(h, at, &slot, hex_live, what);
	free(what);
}

/* The first row, or all; then also what lies before it. */
static void
put_data(struct hex *h, uint64_t record, const struct format_array *a)
{
	uint64_t at = a->data_offset, size = a->data_size;
	char *meaning;

	if (h->all && h->shown > 0)
		h->shown = hex_put_rows(&h->rows, h->shown, at, "");
	meaning = text_format("/%s: %.16s, %s", path_at(h, record), a->dtype,
			      units_size(size).text);
	if (size > 0)
		h->shown = hex_put_rows(&h->rows, at,
					h->all ? at + size : at + 1, meaning);
	free(meaning);
}

/* 'put' for each array's record, in order, or for the one node's. */
static void
each_array(struct hex *h, const struct cute_shm_node *only,
	   void (*put)(struct hex *, uint64_t, const struct format_array *))
{
	uint64_t first = h->header.records_offset, end;
	uint64_t at = only ? only->record : first;
	union record r;

	for (; !ferror(h->out); at = end) {
		if (at >= first + h->header.records_size ||
		    !read_record(h, at, &r))
			return;
		end = at + r.any.record_size;
		if (is_array(&r))
			put(h, at, &r.array);
		if (only || end <= at)
			return;
	}
}

/* -------------------------------------------------------------------- all */

static bool
has_view(const struct hex *h)
{
	return h->header.compatible & FORMAT_COMPATIBLE_VIEW;
}

/* Zero in format 1.0; a later header goes on behind it. */
static void
put_second(struct hex *h)
{
	uint64_t at = sizeof(h->header), end = h->header.header_size;

	if (strncmp(h->header.version, FORMAT_VERSION_FIRST,
		    sizeof(h->header.version)) == 0) {
		put_title(h, "second superblock: zero");
		put_rows(h, at, end, "");
		return;
	}
	put_title(h, "second superblock");
	put_fields(h, at, &h->second, has_view(h) ? hex_viewed : hex_second,
		   "");
	put_rows(h, at + sizeof(h->second), end, "");
}

static void
put_header(struct hex *h)
{
	put_fields(h, 0, &h->header, hex_header, "");
	put_second(h);
}

static void
put_index(struct hex *h, const struct cute_shm_node *only)
{
	uint64_t i = 0;

	put_title(h, "path index");
	while (i < h->header.node_count && !ferror(h->out))
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
put_view(struct hex *h)
{
	uint64_t at = h->header.view_offset, end = h->header.segment_size;

	if (h->all && h->shown > 0)
		hex_put_rows(&h->rows, h->shown, at, "");
	put_title(h, "HDF5 view");
	hex_put_view(&h->rows, h->shm, at, end);
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
		h->shown = h->header.data_offset;
	each_array(h, only, put_data);
	if (!only && has_view(h))
		put_view(h);
}

/* The file behind the handle, if its name still leads there; else why not. */
static const char *
open_file(const struct cute_shm_info *info, int *ret, uint64_t *size)
{
	struct stat st;

	/* A copy is where the user says, perhaps by a link. */
	char *path = *info->project ? NULL : realpath(info->path, NULL);

	*ret = regular_file_open(AT_FDCWD, path ? path : info->path, &st);
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
	const char *why;
	uint64_t size = 0;

	cute_shm_info(h->shm, &info);
	why = open_file(&info, fd, &size);
	if (why)
		return why;
	hex_rows_begin(&h->rows, h->out, *fd, size);
	if (!hex_read(&h->rows, &h->header, sizeof(h->header), 0) ||
	    !hex_read(&h->rows, &h->second, sizeof(h->second),
		      sizeof(h->header)) ||
	    memcmp(h->header.uuid, info.uuid, sizeof(info.uuid)) != 0)
		return "it was replaced meanwhile";
	h->size = h->header.metadata_size;
	if (h->size > size)
		h->size = size;
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
