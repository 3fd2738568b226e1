/* SPDX-License-Identifier: MIT */
/* The links of a group of the new kind: in its header, or in a heap. */

#include <stdlib.h>

#include "hdf5/native/native.h"

#define LINK_LENGTH_BITS 0x03 /* flags of a link */
#define LINK_HAS_ORDER	 0x04
#define LINK_HAS_KIND	 0x08
#define LINK_HAS_CHARSET 0x10

#define ORDER_TRACKED 1 /* flags of the link info */
#define ORDER_INDEXED 2

#define TREE_NAMES  5  /* type of the B-tree of names */
#define RECORD_SIZE 11 /* hash, ID */
#define ID_SIZE	    7

/* The links of one group, as they come. */
struct listing {
	struct native *n;
	struct native_link *items;
	uint32_t count, room;
	bool ordered;
	struct fractal_heap heap;
	uint32_t last_hash;
};

/* A path, or two texts in a link to another file. */
static int
target_read(struct native *n, struct cursor *b, struct native_link *l)
{
	unsigned size = take_16(b);
	const uint8_t *p = take(b, size);
	size_t file;

	if (!p || (size == 0 && l->kind <= NATIVE_EXTERNAL))
		return image_doubt(&n->image, "a link without a target");
	if (l->kind == NATIVE_SOFT) {
		l->target = native_text(n, p, size);
		return l->target ? 0 : CUTE_SHM_ERR_NOMEM;
	}
	if (l->kind != NATIVE_EXTERNAL)
		return 0;
	/* Version and flags are 0; then both texts, each ended by NUL. */
	if (size < 3 || p[0] != 0 || p[size - 1] != 0)
		return image_doubt(&n->image, "an unknown external link");
	file = strlen((const char *)p + 1) + 1;
	if (1 + file >= size)
		return image_doubt(&n->image, "an unknown external link");
	l->file = native_text(n, p + 1, file);
	l->target = native_text(n, p + 1 + file, size - 1 - file);
	return l->file && l->target ? 0 : CUTE_SHM_ERR_NOMEM;
}

static int
name_read(struct native *n, struct cursor *b, unsigned bytes,
	  struct native_link *l)
{
	uint64_t size = take_number(b, bytes);
	const uint8_t *name = take(b, size);

	if (!name || size == 0)
		return image_doubt(&n->image, "a link without a name");
	l->name = native_text(n, name, size);
	if (l->name && !link_name_good(l->name))
		return image_doubt(&n->image, "a link that cannot be opened");
	return l->name ? 0 : CUTE_SHM_ERR_NOMEM;
}

static int
link_read(struct native *n, struct cursor b, bool ordered,
	  struct native_link *l)
{
	unsigned version = take_8(&b), flags = take_8(&b);
	int err;

	if (version != 1 || flags > 0x1f)
		return image_doubt(&n->image, "an unknown form of link");
	l->kind = flags & LINK_HAS_KIND ? (uint8_t)take_8(&b) : NATIVE_HARD;
	l->order = flags & LINK_HAS_ORDER ? take_number(&b, 8) : 0;
	l->charset = flags & LINK_HAS_CHARSET ? (uint8_t)take_8(&b) : 0;
	if (l->charset > 1 ||
	    (l->kind > NATIVE_SOFT && l->kind < NATIVE_EXTERNAL) ||
	    (ordered && !(flags & LINK_HAS_ORDER)))
		return image_doubt(&n->image, "an unknown form of link");
	err = name_read(n, &b, 1u << (flags & LINK_LENGTH_BITS), l);
	if (err != 0)
		return err;
	if (l->kind != NATIVE_HARD)
		return target_read(n, &b, l);
	l->address = take_address(&b, &n->image);
	if (b.over || l->address == UNDEFINED)
		return image_doubt(&n->image, "a link to nowhere");
	return 0;
}

static int
add(struct listing *l, struct cursor b)
{
	struct native_link *link;
	void *grown;

	grown = vector_grow(l->items, l->count, &l->room, sizeof(*l->items),
			    "links");
	if (!grown)
		return CUTE_SHM_ERR_NOMEM;
	l->items = grown;
	link = &l->items[l->count++];
	*link = (struct native_link){ 0 };
	return link_read(l->n, b, l->ordered, link);
}

/* A record of the B-tree of names, which is sorted by the hash of the name. */
static int
see_record(struct image *f, const uint8_t *record, unsigned size, void *arg)
{
	struct listing *l = arg;
	struct cursor b = cursor_on(record, size);
	uint32_t hash = take_32(&b);
	const uint8_t *data;
	uint64_t length;
	const char *name;
	int err;

	if (size != RECORD_SIZE || l->heap.id_size != ID_SIZE)
		return image_doubt(f, "records of links of a wrong size");
	err = heap_object(f, &l->heap, b.at, &data, &length);
	if (err == 0)
		err = add(l, cursor_on(data, length));
	if (err != 0)
		return err;
	name = l->items[l->count - 1].name;
	if (hash < l->last_hash ||
	    hash != lookup3((const uint8_t *)name, strlen(name)))
		return image_doubt(f, "links in a wrong order");
	l->last_hash = hash;
	return 0;
}

static int
info_read(struct listing *l, const struct header_message *m, uint64_t *heap,
	  uint64_t *tree)
{
	struct cursor b = cursor_on(m->data, m->size);
	unsigned version = take_8(&b), flags = take_8(&b);
	struct image *f = &l->n->image;

	if (version != 0 ||
	    (flags & ~(unsigned)(ORDER_TRACKED | ORDER_INDEXED)))
		return image_doubt(f, "unknown link information");
	l->ordered = (flags & ORDER_TRACKED) != 0;
	if (l->ordered)
		take(&b, 8);
	*heap = take_address(&b, f);
	*tree = take_address(&b, f);
	if (b.over || (*heap == UNDEFINED) != (*tree == UNDEFINED))
		return image_doubt(f, "broken link information");
	return 0;
}

static int
list(struct listing *l, const struct header *h)
{
	struct image *f = &l->n->image;
	const struct header_message *m;
	uint64_t heap = UNDEFINED, tree = UNDEFINED;
	uint32_t i;
	int err;

	err = info_read(l, header_find(h, MESSAGE_LINK_INFO), &heap, &tree);
	for (i = 0; err == 0 && i < h->count; i++) {
		m = &h->messages[i];
		if (m->type != MESSAGE_LINK)
			continue;
		if (m->flags & MESSAGE_SHARED)
			return image_doubt(f, "a shared link");
		err = add(l, cursor_on(m->data, m->size));
	}
	if (err != 0 || heap == UNDEFINED)
		return err;
	if (l->count > 0)
		return image_doubt(f, "links in two places");
	err = heap_read(f, heap, &l->heap);
	if (err == 0)
		err = tree_v2_walk(f, tree, TREE_NAMES, see_record, l);
	heap_free(&l->heap);
	return err;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct native_link *)a)->name,
		      ((const struct native_link *)b)->name);
}

static int
by_order(const void *a, const void *b)
{
	uint64_t x = ((const struct native_link *)a)->order;
	uint64_t y = ((const struct native_link *)b)->order;

	return x < y ? -1 : x > y;
}

/* Sort; names must differ, and so must the orders of creation. */
static int
sort(struct listing *l)
{
	uint32_t i;

	if (l->count < 2)
		return 0;
	qsort(l->items, l->count, sizeof(*l->items), by_name);
	for (i = 1; i < l->count; i++)
		if (by_name(&l->items[i - 1], &l->items[i]) == 0)
			return image_doubt(&l->n->image, "two links of a name");
	if (!l->ordered)
		return 0;
	qsort(l->items, l->count, sizeof(*l->items), by_order);
	for (i = 1; i < l->count; i++)
		if (by_order(&l->items[i - 1], &l->items[i]) == 0)
			return image_doubt(&l->n->image,
					   "two links of an order");
	return 0;
}

int
links_keep(struct native *n, const struct native_link *items, uint32_t count,
	   struct native_object *o)
{
	o->links = native_keep(n, items, count, sizeof(*items));
	o->link_count = o->links ? count : 0;
	return o->links ? 0 : CUTE_SHM_ERR_NOMEM;
}

static int
by_pointed_name(const void *a, const void *b)
{
	return by_name(*(const struct native_link *const *)a,
		       *(const struct native_link *const *)b);
}

/* Links in order of creation are searched by another list. */
static int
list_by_name(struct native *n, struct native_object *o)
{
	uint32_t i;

	o->by_name = native_get(n, o->link_count, sizeof(*o->by_name));
	if (!o->by_name)
		return CUTE_SHM_ERR_NOMEM;
	for (i = 0; i < o->link_count; i++)
		o->by_name[i] = &o->links[i];
	qsort(o->by_name, o->link_count, sizeof(*o->by_name), by_pointed_name);
	return 0;
}

const struct native_link *
native_link_find(const struct native_object *o, const char *name, size_t size)
{
	uint32_t low = 0, high = o->link_count, middle;
	const struct native_link *l;
	int order;

	while (low < high) {
		middle = low + (high - low) / 2;
		l = o->by_name ? o->by_name[middle] : &o->links[middle];
		order = strncmp(name, l->name, size);
		if (order == 0 && l->name[size] == '\0')
			return l;
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

int
links_read(struct native *n, const struct header *h, struct native_object *o)
{
	struct listing l = { .n = n };
	int err = list(&l, h);

	if (err == 0)
		err = sort(&l);
	o->links_ordered = l.ordered;
	if (err == 0 && l.count > 0)
		err = links_keep(n, l.items, l.count, o);
	if (err == 0 && l.count > 0 && l.ordered)
		err = list_by_name(n, o);
	free(l.items);
	return err;
}
