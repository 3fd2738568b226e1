/* SPDX-License-Identifier: MIT */
/*
 * The structures of the view follow each other without gaps, so one pass finds
 * them all, and no address is followed: addresses in a damaged view may lead
 * anywhere.
 */
#include "hex_view.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "units.h"

#define BASE	   512 /* what HDF5's addresses count from */
#define NAME	   200 /* bytes of a name that a note has */
#define HEAD_SIZE  16
#define HEAP_SIZE  32
#define ENTRY_SIZE 40
#define LEAF_SIZE  328
#define TREE_SIZE  160
#define FANOUT	   8

struct hex_view {
	struct hex_rows *rows;
	uint64_t row;  /* offset of the first row that is not shown, */
	char *note;    /* and what begins in it, or NULL */
	uint64_t end;  /* of the view */
	uint64_t list; /* bytes behind the header that is being read */
	bool group;    /* that is of a group */
	struct cute_shm_node top, node;
	int err;	/* of the walk over the nodes */
	unsigned parts; /* objects of an array shown as a group to come */
};

/* ------------------------------------------------------------------- notes */

/* Show the rows before 'at', and begin to collect notes for its row. */
static void
go_to(struct hex_view *w, uint64_t at)
{
	uint64_t row = at - at % HEX_ROW;

	if (row <= w->row)
		return;
	hex_put_rows(w->rows, w->row, row, w->note ? w->note : "");
	free(w->note);
	w->note = NULL;
	w->row = row;
}

/* What begins at 'at', not before what was told last. */
static void __attribute__((format(printf, 3, 4)))
tell(struct hex_view *w, uint64_t at, const char *format, ...)
{
	struct text_buffer b;
	va_list ap;
	char *before;

	go_to(w, at);
	before = w->note;
	text_buffer_begin(&b);
	if (before)
		fprintf(b.out, "%s; ", before);
	va_start(ap, format);
	vfprintf(b.out, format, ap);
	va_end(ap);
	w->note = text_buffer_end(&b);
	free(before);
}

/* ----------------------------------------------------------------- reading */

static bool
get(struct hex_view *w, void *to, size_t size, uint64_t at)
{
	return at <= w->end && size <= w->end - at &&
	       hex_read(w->rows, to, size, at);
}

/* A name of 'size' bytes at most, or its begin. */
static const char *
name_at(struct hex_view *w, uint64_t at, uint64_t size, char name[NAME + 1])
{
	size_t n = size < NAME ? (size_t)size : NAME;

	if (!get(w, name, n, at))
		n = 0;
	name[n] = '\0';
	return name;
}

/* The offset of an address, as text; static: for one use at a time. */
static const char *
place(uint64_t address)
{
	static char text[32];

	if (address == UINT64_MAX)
		return "nowhere";
	snprintf(text, sizeof(text), "%#" PRIx64, address + BASE);
	return text;
}

/* ---------------------------------------------------------------- messages */

static const char *
class_name(uint8_t class)
{
	static const char *const names[16] = {
		[0] = "integer", [1] = "float",	  [3] = "text", [5] = "opaque",
		[6] = "complex", [8] = "an enum", [9] = "lists"
	};

	return names[class & 15] ? names[class & 15] : "unknown";
}

static void
tell_attribute(struct hex_view *w, uint64_t at, const uint8_t *message)
{
	char name[NAME + 1];
	uint64_t size = hex_number(message + 10, 2);

	tell(w, at, "attribute %s",
	     name_at(w, at + 16, size > 0 ? size - 1 : 0, name));
}

static void
tell_layout(struct hex_view *w, uint64_t at, uint64_t head_end)
{
	uint8_t layout[18];
	uint64_t address, size;

	if (!get(w, layout, sizeof(layout), at + 8))
		return;
	address = hex_number(layout + 2, 8);
	size = hex_number(layout + 10, 8);
	if (address + BASE == head_end)
		w->list = size;
	tell(w, at, "layout: data at %s, %s", place(address),
	     units_size(size).text);
}

static void
tell_table(struct hex_view *w, uint64_t at)
{
	uint64_t table[2];

	if (!get(w, table, sizeof(table), at + 8))
		return;
	w->group = true;
	tell(w, at, "symbol table: tree at %s", place(table[0]));
	tell(w, at, "heap at %s", place(table[1]));
}

static void
tell_message(struct hex_view *w, uint64_t at, const uint8_t *message,
	     uint64_t head_end)
{
	unsigned type = (unsigned)hex_number(message, 2);

	switch (type) {
	case 0x01: tell(w, at, "dataspace: %d dimensions", message[9]); break;
	case 0x03: tell(w, at, "datatype: %s", class_name(message[8])); break;
	case 0x05: tell(w, at, "fill value: none"); break;
	case 0x08: tell_layout(w, at, head_end); break;
	case 0x0c: tell_attribute(w, at, message); break;
	case 0x11: tell_table(w, at); break;
	case 0x13: tell(w, at, "sizes of trees and leaves"); break;
	case 0xcc: tell(w, at, "guard: libhdf5 must not write"); break;
	default: tell(w, at, "message %#x", type); break;
	}
}

/* The messages of an object header; false if one leaves it. */
static bool
put_messages(struct hex_view *w, uint64_t at, uint64_t end)
{
	uint8_t message[16];
	uint64_t size;

	while (at < end) {
		if (end - at < sizeof(message) ||
		    !get(w, message, sizeof(message), at))
			return false;
		size = 8 + hex_number(message + 2, 2);
		if (size > end - at)
			return false;
		tell_message(w, at, message, end);
		at += size;
	}
	return true;
}

/* ----------------------------------------------------------------- objects */

/* Name the object whose header comes next. */
static void
tell_object(struct hex_view *w, uint64_t at, uint64_t messages)
{
	if (w->parts > 0) {
		w->parts--;
		tell(w, at, "object header: %s of /%s, %s",
		     w->parts == 1 ? "offsets" : "values", w->node.path,
		     units_count(messages, "message").text);
		return;
	}
	do
		w->err = w->err ? w->err
			 : w->node.shm
				 ? cute_shm_next(&w->top, &w->node, &w->node)
				 : cute_shm_find(w->top.shm, "", &w->node);
	while (w->err == 0 && w->node.kind == CUTE_SHM_LINK);
	tell(w, at, "object header: /%s, %s", w->err == 0 ? w->node.path : "?",
	     units_count(messages, "message").text);
}

/* An object header, and the lists behind it; returns its end, or 0. */
static uint64_t
put_object(struct hex_view *w, uint64_t at, bool extension)
{
	uint8_t head[HEAD_SIZE];
	uint64_t end;

	if (!get(w, head, sizeof(head), at) || hex_number(head, 2) != 1)
		return 0;
	end = at + HEAD_SIZE + hex_number(head + 8, 4);
	if (end > w->end)
		return 0;
	w->list = 0;
	w->group = false;
	if (extension)
		tell(w, at, "superblock extension");
	else
		tell_object(w, at, hex_number(head + 2, 2));
	if (!put_messages(w, at + HEAD_SIZE, end))
		return 0;
	if (!extension && w->group && w->err == 0 &&
	    w->node.kind == CUTE_SHM_ARRAY)
		w->parts = 2;
	if (w->list > w->end - end)
		return 0;
	if (w->list > 0)
		tell(w, end, "lists: length, collection, item");
	return end + w->list;
}

/* The local heap with the names of a group. */
static uint64_t
put_names(struct hex_view *w, uint64_t at)
{
	uint64_t head[HEAP_SIZE / 8];

	if (!get(w, head, sizeof(head), at) || w->end - at < HEAP_SIZE ||
	    head[1] > w->end - at - HEAP_SIZE)
		return 0;
	tell(w, at, "local heap: names of %s", units_size(head[1]).text);
	tell(w, at + HEAP_SIZE, "names");
	return at + HEAP_SIZE + head[1];
}

static uint64_t
put_leaf(struct hex_view *w, uint64_t at)
{
	uint64_t entry[ENTRY_SIZE / 8], i, count, begin;
	uint8_t head[8];

	if (!get(w, head, sizeof(head), at) || w->end - at < LEAF_SIZE)
		return 0;
	count = hex_number(head + 6, 2);
	tell(w, at, "leaf: entries %" PRIu64, count);
	for (i = 0; i < count && i < FANOUT; i++) {
		begin = at + 8 + i * ENTRY_SIZE;
		if (!get(w, entry, sizeof(entry), begin))
			return 0;
		if (entry[1] == UINT64_MAX)
			tell(w, begin, "entry: a soft link");
		else
			tell(w, begin, "entry: object at %s", place(entry[1]));
	}
	return at + LEAF_SIZE;
}

static uint64_t
put_tree(struct hex_view *w, uint64_t at)
{
	uint8_t head[8];

	if (!get(w, head, sizeof(head), at) || w->end - at < TREE_SIZE)
		return 0;
	tell(w, at, "tree: level %d, children %" PRIu64, head[5],
	     hex_number(head + 6, 2));
	return at + TREE_SIZE;
}

/* A collection of the global heap. */
static uint64_t
put_collection(struct hex_view *w, uint64_t at)
{
	uint64_t item[2], head[2], end, size, begin = at + sizeof(head);

	if (!get(w, head, sizeof(head), at) || head[1] < sizeof(head) ||
	    head[1] > w->end - at)
		return 0;
	end = at + head[1];
	tell(w, at, "collection of items: %s", units_size(head[1]).text);
	while (end - begin >= sizeof(item) &&
	       get(w, item, sizeof(item), begin) && (item[0] & 0xffff) != 0) {
		size = item[1];
		if (size > end - begin - sizeof(item))
			return 0;
		tell(w, begin, "item %u, %s", (unsigned)(item[0] & 0xffff),
		     units_size(size).text);
		begin += sizeof(item) + (size + 7) / 8 * 8;
		if (begin > end)
			return 0;
	}
	if (end - begin >= sizeof(item))
		tell(w, begin, "free");
	return end;
}

/* The structure at 'at', and where it ends; 0: none is known. */
static uint64_t
put_structure(struct hex_view *w, uint64_t at)
{
	uint64_t data;
	char begin[4];

	if (!get(w, begin, sizeof(begin), at))
		return 0;
	if (memcmp(begin, "HEAP", sizeof(begin)) == 0)
		return put_names(w, at);
	if (memcmp(begin, "SNOD", sizeof(begin)) == 0)
		return put_leaf(w, at);
	if (memcmp(begin, "TREE", sizeof(begin)) == 0)
		return put_tree(w, at);
	if (memcmp(begin, "GCOL", sizeof(begin)) == 0)
		return put_collection(w, at);
	/* A collection begins at a multiple of 64. */
	if (memcmp(begin, "\0\0\0\0", sizeof(begin)) == 0) {
		data = at % HEX_WINDOW < 8 ? hex_next_data(w->rows, at) : at;
		return data > at + 8 ? data - data % 8 : at + 8;
	}
	return put_object(w, at, false);
}

void
hex_put_view(struct hex_rows *rows, const struct cute_shm *shm, uint64_t at,
	     uint64_t end)
{
	struct hex_view w = { .rows = rows, .row = at, .end = end };

	w.err = cute_shm_find(shm, "", &w.top);
	at = put_object(&w, at, true);
	while (at != 0 && at < end && !ferror(rows->out))
		at = put_structure(&w, at);
	go_to(&w, end + HEX_ROW - 1);
	free(w.note);
}
