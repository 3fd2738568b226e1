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

/* An item of so many bytes is copied without a branch for its size. */
#define SMALL_ITEM 16

/* The first 'size' bytes of a word, and zeros; all of it from 8 on. */
static inline uint64_t
first_bytes(const uint8_t *p, uint64_t size)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return size < 8 ? word & ((UINT64_C(1) << 8 * size) - 1) : word;
}

static inline void
put_word(uint8_t *to, uint64_t word)
{
	memcpy(to, &word, sizeof(word));
}

/* 'readable': so many bytes can be read. */
static inline void
write_item(struct view *v, const uint8_t *data, uint64_t size,
	   uint64_t readable)
{
	/* Its index, and one reference. */
	const uint64_t head[2] = { v->heap.index | UINT64_C(1) << 16, size };
	uint8_t *to = NULL;

	if (size <= SMALL_ITEM && readable >= SMALL_ITEM && v->err == 0)
		to = sink_room(&v->sink, sizeof(head) + SMALL_ITEM);
	if (to) {
		/* Word by word: what is gathered first takes much longer. */
		put_word(to, head[0]);
		put_word(to + 8, head[1]);
		put_word(to + 16, first_bytes(data, size));
		put_word(to + 24,
			 first_bytes(data + 8, size < 8 ? 0 : size - 8));
		sink_take_back(&v->sink, size > 8 ? 0 : 8);
		v->at += size > 8 ? 32 : 24;
		return;
	}
	view_write(v, head, sizeof(head));
	view_write(v, data, size);
	view_write(v, NULL, align_up(size, 8) - size);
}

/* Give the next item, of this size, its place. */
static inline void
place_item(struct view *v, uint64_t size)
{
	struct view_heap *h = &v->heap;
	uint64_t need = VIEW_HEAP_HEAD + align_up(size, 8);

	if (h->used + need > VIEW_HEAP_MOST || h->index == MOST_ITEMS)
		close_collection(v);
	if (h->index == 0)
		open_collection(v);
	h->index++;
	h->used += need;
}

/* The element of a list of 'count' items; an empty one is nowhere. */
static inline void
write_element(struct view *v, uint64_t count)
{
	const struct view_heap *h = &v->heap;
	uint64_t at = count > 0 ? view_address(h->begin + h->at) : 0;
	uint64_t index = count > 0 ? h->index : 0;
	/* 32 bits of the length, 64 of the collection, 32 of the index. */
	const uint64_t words[2] = { (uint32_t)count | at << 32,
				    at >> 32 | index << 32 };
	uint8_t *to = v->err == 0 ? sink_room(&v->sink, sizeof(words)) : NULL;

	if (!to) {
		view_write(v, words, sizeof(words));
		return;
	}
	put_word(to, words[0]);
	put_word(to + 8, words[1]);
	v->at += sizeof(words);
}

/*
 * One list: its place in the heap, and what the pass writes of it.  'readable'
 * bytes can be read from its items on.
 */
static inline void
put_list(struct view *v, uint32_t i, const void *items, uint64_t count,
	 uint64_t item_size, uint64_t readable)
{
	if (count > 0)
		place_item(v, count * item_size);
	if (v->pass == VIEW_OBJECTS) {
		write_element(v, count);
	} else if (v->pass == VIEW_MEASURE) {
		v->at += 16;
		v->nodes[i].items |= count > 0;
	} else if (count > 0) {
		write_item(v, items, count * item_size, readable);
	}
}

/* Check that list 'e' is [begin, end) of the items. */
static inline bool
check_list(struct view *v, const struct cute_shm_array *value, uint64_t begin,
	   uint64_t end)
{
	if (begin <= end && end <= value->value_count &&
	    end - begin <= UINT32_MAX)
		return true;
	view_damaged(v, value->path, "a list has no sensible length");
	return false;
}

bool
view_list(struct view *v, const struct cute_shm_array *value, uint64_t e,
	  const void **items, uint64_t *count)
{
	/* Once: a hostile writer may change them between check and use. */
	uint64_t begin = __atomic_load_n(&value->offsets[e], __ATOMIC_RELAXED);
	uint64_t end =
		__atomic_load_n(&value->offsets[e + 1], __ATOMIC_RELAXED);

	if (!check_list(v, value, begin, end))
		return false;
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
	const uint8_t *values = value->values;
	uint64_t begin, end, e, size = value->item_size;

	end = __atomic_load_n(&value->offsets[0], __ATOMIC_RELAXED);
	for (e = 0; e < value->element_count && v->err == 0; e++) {
		begin = end;
		end = __atomic_load_n(&value->offsets[e + 1], __ATOMIC_RELAXED);
		if (check_list(v, value, begin, end))
			put_list(v, i, values ? values + begin * size : NULL,
				 end - begin, size,
				 (value->value_count - begin) * size);
	}
}

void
view_text(struct view *v, uint32_t i, const void *text, uint64_t size)
{
	put_list(v, i, text, size, 1, size);
}
