/* SPDX-License-Identifier: MIT */
/*
 * The global heap: the items of ragged values, each once more, in collections.
 * In every pass the same items come in the same order, so that each pass knows
 * where an item lies.
 */

#include <stdlib.h>
#include <string.h>

#include "view/view.h"

#define MOST_ITEMS 65535

void
view_heap_begin(struct view *v)
{
	v->heap.number = 0;
	v->heap.index = 0;
	v->heap.at = 0;
	v->heap.used = 0;
}

/* Bytes of the current collection, which is complete. */
static uint64_t
full_size(const struct view_heap *h)
{
	return h->used > VIEW_HEAP_LEAST ? h->used : VIEW_HEAP_LEAST;
}

static void
keep_size(struct view *v, uint64_t size)
{
	struct view_heap *h = &v->heap;
	uint64_t *sizes = vector_grow(h->sizes, h->count, &h->room,
				      sizeof(*sizes), "collections");

	if (!sizes) {
		v->err = CUTE_SHM_ERR_NOMEM;
		return;
	}
	h->sizes = sizes;
	sizes[h->count++] = size;
}

/* What is left is object 0, if there is room for its head. */
static void
write_rest(struct view *v, uint64_t rest)
{
	uint64_t free_space[2] = { 0, rest };

	if (rest >= VIEW_HEAP_HEAD) {
		view_write(v, free_space, sizeof(free_space));
		rest -= sizeof(free_space);
	}
	view_write(v, NULL, rest);
}

/* End the collection, if one is open. */
static void
close_collection(struct view *v)
{
	struct view_heap *h = &v->heap;
	uint64_t size = full_size(h);

	if (h->index == 0)
		return;
	if (v->pass == VIEW_MEASURE)
		keep_size(v, size);
	else if (v->pass == VIEW_ITEMS)
		write_rest(v, size - h->used);
	h->at += size;
	h->number++;
	h->index = 0;
}

void
view_heap_end(struct view *v)
{
	close_collection(v);
}

static void
open_collection(struct view *v)
{
	struct view_heap *h = &v->heap;
	uint64_t head[2] = { 0, 0 };

	h->at = align_up(h->at, VIEW_HEAP_ALIGN);
	h->used = VIEW_HEAP_HEAD;
	if (v->pass != VIEW_ITEMS)
		return;
	if (h->number >= h->count) {
		view_damaged(v, "", "has changed");
		return;
	}
	memcpy(head, "GCOL\1", 5);
	head[1] = h->sizes[h->number];
	view_write(v, NULL, h->begin + h->at - v->at);
	view_write(v, head, sizeof(head));
}

#define SMALL_ITEM 64

static void
write_item(struct view *v, const void *data, uint64_t size)
{
	/* Its index, and one reference. */
	uint64_t head[2 + SMALL_ITEM / 8] = { v->heap.index | UINT64_C(1) << 16,
					      size };

	if (size <= SMALL_ITEM) {
		memcpy(head + 2, data, size);
		view_write(v, head, 16 + align_up(size, 8));
		return;
	}
	view_write(v, head, 16);
	view_write(v, data, size);
	view_write(v, NULL, align_up(size, 8) - size);
}

/* Take an item, and tell where it lies. */
static void
take_item(struct view *v, const void *data, uint64_t size, uint64_t *collection,
	  uint32_t *index)
{
	struct view_heap *h = &v->heap;
	uint64_t need = VIEW_HEAP_HEAD + align_up(size, 8);

	if (h->used + need > VIEW_HEAP_MOST || h->index == MOST_ITEMS)
		close_collection(v);
	if (h->index == 0)
		open_collection(v);
	h->index++;
	h->used += need;
	if (v->pass == VIEW_ITEMS)
		write_item(v, data, size);
	*collection = view_address(h->begin + h->at);
	*index = h->index;
}

/* The element of a list of 'count' items; an empty one is nowhere. */
static void
put_list(struct view *v, uint32_t i, const void *items, uint64_t count,
	 uint64_t item_size)
{
	struct {
		uint32_t length;
		uint32_t collection[2];
		uint32_t index;
	} element = { .length = (uint32_t)count };
	uint64_t collection;

	if (count > 0) {
		v->nodes[i].items = true;
		take_item(v, items, count * item_size, &collection,
			  &element.index);
		memcpy(element.collection, &collection, sizeof(collection));
	}
	view_put(v, &element, sizeof(element));
}

bool
view_list(struct view *v, const struct cute_shm_array *value, uint64_t e,
	  const void **items, uint64_t *count)
{
	/* Once: a hostile writer may change them between check and use. */
	uint64_t begin = __atomic_load_n(&value->offsets[e], __ATOMIC_RELAXED);
	uint64_t end =
		__atomic_load_n(&value->offsets[e + 1], __ATOMIC_RELAXED);

	if (begin > end || end > value->value_count ||
	    end - begin > UINT32_MAX) {
		view_damaged(v, value->path, "a list has no sensible length");
		return false;
	}
	*count = end - begin;
	/* There may be no values at all. */
	*items = *count > 0 ? (const uint8_t *)value->values +
				      begin * value->item_size
			    : NULL;
	return true;
}

void
view_lists(struct view *v, uint32_t i, const struct cute_shm_array *value)
{
	const void *items;
	uint64_t count, e;

	for (e = 0; e < value->element_count && v->err == 0; e++)
		if (view_list(v, value, e, &items, &count))
			put_list(v, i, items, count, value->item_size);
}

void
view_text(struct view *v, uint32_t i, const void *text, uint64_t size)
{
	put_list(v, i, text, size, 1);
}
