/* SPDX-License-Identifier: MIT */
/* Global heaps: values of variable length. */

#include <stdlib.h>

#include "hdf5/structure/structure.h"

#define SMALLEST 4096 /* libhdf5 reads no less */

#define UNIT 8 /* items begin at its multiples */

/* There may be millions of items: no more than what leads to their bytes. */
struct item {
	uint32_t at; /* of its prefix in the collection, in units */
	uint16_t index;
};

struct collection {
	uint64_t address;
	const uint8_t *bytes;
	uint32_t count;
	const char *why;     /* NULL: it is sound */
	struct item items[]; /* by index */
};

struct walk {
	const uint8_t *begin; /* of the collection */
	struct cursor b;
	unsigned prefix; /* bytes before an item's data */
};

static unsigned
prefix_size(const struct image *f)
{
	return (unsigned)align_up(8 + f->length_size, UNIT);
}

/* The next item; false at the end, or if it is broken: then w->b.over. */
static bool
next_item(struct image *f, struct walk *w, struct item *item)
{
	uint64_t at = (uint64_t)(w->b.at - w->begin) / UNIT, size;
	struct cursor head;

	/* What is too short for an item is free space. */
	if (bytes_left(&w->b) < w->prefix)
		return false;
	head = cursor_on(w->b.at, w->prefix);
	item->index = (uint16_t)take_16(&head);
	item->at = (uint32_t)at;
	take(&head, 6);
	size = take_length(&head, f);
	if (item->index == 0) {
		/* Free space; its size includes its prefix. */
		if (size < w->prefix || size % UNIT != 0)
			w->b.over = true;
		else
			take(&w->b, size);
	} else {
		take(&w->b, w->prefix);
		if (size > bytes_left(&w->b) || at > UINT32_MAX)
			w->b.over = true;
		else
			take(&w->b, align_up(size, UNIT));
	}
	return !w->b.over;
}

static int
by_index(const void *a, const void *b)
{
	uint32_t x = ((const struct item *)a)->index;
	uint32_t y = ((const struct item *)b)->index;

	return x < y ? -1 : x > y;
}

static void
sort_items(struct collection *c)
{
	bool sorted = true;
	uint32_t i;

	for (i = 1; i < c->count; i++)
		sorted &= c->items[i - 1].index < c->items[i].index;
	if (sorted)
		return;
	qsort(c->items, c->count, sizeof(*c->items), by_index);
	for (i = 1; i < c->count; i++)
		if (c->items[i - 1].index == c->items[i].index)
			c->why = "a global heap with an object twice";
}

static struct collection *
collection_new(struct image *f, uint64_t address, struct walk w)
{
	struct walk count = w;
	struct collection *c;
	struct item item;
	size_t n = 0;

	while (next_item(f, &count, &item))
		n += item.index != 0;
	c = calloc(1, sizeof(*c) + n * sizeof(*c->items));
	if (!c)
		return NULL;
	c->address = address;
	c->bytes = w.begin;
	while (next_item(f, &w, &item))
		if (item.index != 0)
			c->items[c->count++] = item;
	if (w.b.over)
		c->why = "a broken global heap";
	sort_items(c);
	return c;
}

static const struct item *
find_item(const struct collection *c, uint32_t index)
{
	struct item key = { .index = (uint16_t)index };

	/* Most collections have all indices from 1. */
	if (index - 1 < c->count && c->items[index - 1].index == index)
		return &c->items[index - 1];
	return c->count == 0 ? NULL
			     : bsearch(&key, c->items, c->count,
				       sizeof(*c->items), by_index);
}

/* Read the collection, or remember why it cannot be read. */
static struct collection *
collection_read(struct image *f, uint64_t address)
{
	const uint8_t *p = image_get(f, address, SMALLEST);
	struct walk w = { .begin = p, .prefix = prefix_size(f) };
	struct collection *c;
	uint64_t size;

	if (p && (memcmp(p, "GCOL", 4) != 0 || p[4] != 1)) {
		f->why = "no global heap";
		p = NULL;
	}
	size = p ? number_at(p + 8, f->length_size) : 0;
	if (p && size < SMALLEST) {
		f->why = "a global heap that is too small";
		p = NULL;
	}
	if (p && size > SMALLEST &&
	    !image_get(f, address + SMALLEST, size - SMALLEST))
		p = NULL;
	if (p) {
		w.b = cursor_on(p + w.prefix, size - w.prefix);
		return collection_new(f, address, w);
	}
	c = calloc(1, sizeof(*c));
	if (c) {
		c->address = address;
		c->why = f->why;
	}
	return c;
}

/* ------------------------------------------------------- the table of them */

static uint32_t
slot_of(const struct global_heap *heap, uint64_t address)
{
	uint64_t hash = address * UINT64_C(0x9e3779b97f4a7c15) >> 32;
	uint32_t i = (uint32_t)hash & (heap->size - 1);

	while (heap->table[i] && heap->table[i]->address != address)
		i = (i + 1) & (heap->size - 1);
	return i;
}

static bool
make_room(struct global_heap *heap)
{
	struct global_heap more = { .size = heap->size ? 2 * heap->size : 64,
				    .count = heap->count,
				    .last = heap->last };
	uint32_t i;

	if (heap->count < heap->size / 2)
		return true;
	more.table = calloc(more.size, sizeof(struct collection *));
	if (!more.table)
		return false;
	for (i = 0; i < heap->size; i++)
		if (heap->table[i])
			more.table[slot_of(&more, heap->table[i]->address)] =
				heap->table[i];
	free(heap->table);
	*heap = more;
	return true;
}

/* The collection at an address; it may be broken. */
static int
collection_at(struct image *f, struct global_heap *heap, uint64_t address)
{
	uint32_t i;

	if (!make_room(heap))
		return fail_memory("for the file's global heaps");
	i = slot_of(heap, address);
	if (!heap->table[i]) {
		heap->table[i] = collection_read(f, address);
		if (!heap->table[i])
			return fail_memory("for a global heap");
		heap->count++;
	}
	heap->last = heap->table[i];
	return 0;
}

int
global_heap_object(struct image *f, struct global_heap *heap, uint64_t address,
		   uint32_t index, const uint8_t **ret, uint64_t *size)
{
	const struct item *item = NULL;
	struct collection *c = heap->last;
	const uint8_t *p;
	int err;

	/* Values that were written together lie in one. */
	if (!c || c->address != address) {
		err = collection_at(f, heap, address);
		if (err != 0)
			return err;
		c = heap->last;
	}
	if (c->why)
		return image_doubt(f, c->why);
	if (index > 0 && index <= UINT16_MAX)
		item = find_item(c, index);
	if (!item)
		return image_doubt(f, "an object that a global heap has not");
	p = c->bytes + (uint64_t)item->at * UNIT;
	*size = number_at(p + 8, f->length_size);
	*ret = p + prefix_size(f);
	return 0;
}

int
global_heap_walk(struct image *f, uint64_t address, global_object_fn *see,
		 void *arg)
{
	struct collection *c = collection_read(f, address);
	const uint8_t *p;
	uint32_t i;
	int err;

	if (!c)
		return fail_memory("for a global heap");
	err = c->why ? image_doubt(f, c->why) : 0;
	for (i = 0; i < c->count && err == 0; i++) {
		p = c->bytes + (uint64_t)c->items[i].at * UNIT;
		err = see(f, p, p + prefix_size(f),
			  number_at(p + 8, f->length_size), arg);
	}
	free(c);
	return err;
}

void
global_heap_free(struct global_heap *heap)
{
	uint32_t i;

	for (i = 0; i < heap->size; i++)
		free(heap->table[i]);
	free(heap->table);
	*heap = (struct global_heap){ 0 };
}
