/* SPDX-License-Identifier: MIT */
/* Attributes: in the object's header, or in a heap of their own. */

#include <stdlib.h>

#include "hdf5/native/native.h"

#define SHARED_TYPE  1 /* flags of an attribute */
#define SHARED_SPACE 2

#define TREE_NAMES  8  /* type of the B-tree of names */
#define RECORD_SIZE 17 /* ID, flags, order, hash */
#define ID_SIZE	    8

#define ORDER_TRACKED 1 /* flags of the attribute info */
#define ORDER_INDEXED 2

/* The attributes of one object, as they come. */
struct listing {
	struct native *n;
	struct native_attribute *items;
	uint32_t count, room;
	struct fractal_heap heap;
	uint32_t last_hash;
};

/* Name, type and dataspace; versions 1 pads each of them. */
static int
read_parts(struct native *n, struct cursor *b, unsigned version, unsigned flags,
	   const unsigned *size, struct native_attribute *a)
{
	unsigned pad = version == 1 ? 8 : 1;
	const uint8_t *name = take(b, align_up(size[0], pad));
	const uint8_t *type = take(b, align_up(size[1], pad));
	const uint8_t *space = take(b, align_up(size[2], pad));
	int err;

	if (b->over || size[0] == 0 ||
	    strnlen((const char *)name, size[0]) + 1 != size[0])
		return image_doubt(&n->image, "a broken attribute");
	a->name = native_text(n, name, size[0]);
	if (!a->name)
		return CUTE_SHM_ERR_NOMEM;
	err = shared_type(n, flags & SHARED_TYPE ? MESSAGE_SHARED : 0,
			  cursor_on(type, size[1]), &a->type);
	return err ? err : space_read(n, cursor_on(space, size[2]), &a->space);
}

static int
attribute_read(struct native *n, struct cursor b, struct native_attribute *a)
{
	unsigned version = take_8(&b), flags = take_8(&b), size[3], i;
	const uint8_t *data;
	int err;

	for (i = 0; i < 3; i++)
		size[i] = take_16(&b);
	if (version == 3)
		a->charset = (uint8_t)take_8(&b);
	if (version < 1 || version > 3 || a->charset > 1)
		return image_doubt(&n->image, "an unknown form of attribute");
	/* The first version has no flags. */
	if (version == 1)
		flags = 0;
	if (flags & ~(unsigned)SHARED_TYPE)
		return image_doubt(&n->image,
				   "an attribute's shared dataspace");
	err = read_parts(n, &b, version, flags, size, a);
	if (err != 0)
		return err;
	if (__builtin_mul_overflow(a->space->points, a->type->size, &a->size))
		return image_doubt(&n->image, "an attribute of absurd size");
	data = take(&b, a->size);
	if (!data)
		return image_doubt(&n->image, "a broken attribute");
	a->data = native_bytes(n, data, a->size);
	return a->data ? 0 : CUTE_SHM_ERR_NOMEM;
}

static int
add(struct listing *l, struct cursor b, uint32_t order)
{
	struct native_attribute *a;
	void *grown;

	grown = vector_grow(l->items, l->count, &l->room, sizeof(*l->items),
			    "attributes");
	if (!grown)
		return CUTE_SHM_ERR_NOMEM;
	l->items = grown;
	a = &l->items[l->count++];
	*a = (struct native_attribute){ .order = order };
	return attribute_read(l->n, b, a);
}

/* A record of the B-tree of names, which is sorted by the hash of the name. */
static int
see_record(struct image *f, const uint8_t *record, unsigned size, void *arg)
{
	struct listing *l = arg;
	struct cursor b = cursor_on(record, size);
	const uint8_t *id = take(&b, ID_SIZE), *data;
	unsigned flags = take_8(&b);
	uint32_t order = take_32(&b), hash = take_32(&b);
	uint64_t length;
	const char *name;
	int err;

	if (size != RECORD_SIZE || l->heap.id_size != ID_SIZE)
		return image_doubt(f, "records of attributes of a wrong size");
	if (flags & MESSAGE_SHARED)
		return image_doubt(f, "an attribute in a shared heap");
	err = heap_object(f, &l->heap, id, &data, &length);
	if (err == 0)
		err = add(l, cursor_on(data, length), order);
	if (err != 0)
		return err;
	name = l->items[l->count - 1].name;
	if (hash < l->last_hash ||
	    hash != lookup3((const uint8_t *)name, strlen(name)))
		return image_doubt(f, "attributes in a wrong order");
	l->last_hash = hash;
	return 0;
}

/* Where the attribute info leads; *heap is UNDEFINED if it leads nowhere. */
static int
info_read(struct native *n, const struct header_message *m, uint64_t *heap,
	  uint64_t *tree)
{
	struct cursor b = cursor_on(m->data, m->size);
	unsigned version = take_8(&b), flags = take_8(&b);

	if (version != 0 ||
	    (flags & ~(unsigned)(ORDER_TRACKED | ORDER_INDEXED)))
		return image_doubt(&n->image, "unknown attribute information");
	if (flags & ORDER_TRACKED)
		take(&b, 2);
	*heap = take_address(&b, &n->image);
	*tree = take_address(&b, &n->image);
	if (b.over || (*heap == UNDEFINED) != (*tree == UNDEFINED))
		return image_doubt(&n->image, "broken attribute information");
	return 0;
}

static int
read_dense(struct listing *l, uint64_t heap, uint64_t tree)
{
	int err;

	if (l->count > 0)
		return image_doubt(&l->n->image, "attributes in two places");
	err = heap_read(&l->n->image, heap, &l->heap);
	if (err == 0)
		err = tree_v2_walk(&l->n->image, tree, TREE_NAMES, see_record,
				   l);
	heap_free(&l->heap);
	return err;
}

static int
list(struct listing *l, const struct header *h)
{
	const struct header_message *info = header_find(h,
							MESSAGE_ATTRIBUTE_INFO),
				    *m;
	uint64_t heap = UNDEFINED, tree = UNDEFINED;
	uint32_t i;
	int err = info ? info_read(l->n, info, &heap, &tree) : 0;

	if (err != 0)
		return err;
	for (i = 0; i < h->count; i++) {
		m = &h->messages[i];
		if (m->type != MESSAGE_ATTRIBUTE)
			continue;
		if (m->flags & MESSAGE_SHARED)
			return image_doubt(&l->n->image, "a shared attribute");
		err = add(l, cursor_on(m->data, m->size), m->order);
		if (err != 0)
			return err;
	}
	return heap == UNDEFINED ? 0 : read_dense(l, heap, tree);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct native_attribute *)a)->name,
		      ((const struct native_attribute *)b)->name);
}

static int
by_order(const void *a, const void *b)
{
	uint32_t x = ((const struct native_attribute *)a)->order;
	uint32_t y = ((const struct native_attribute *)b)->order;

	return x < y ? -1 : x > y;
}

/* Sort; names must differ, and so must the orders of creation. */
static int
sort(struct listing *l, bool ordered)
{
	uint32_t i;

	if (l->count < 2)
		return 0;
	qsort(l->items, l->count, sizeof(*l->items), by_name);
	for (i = 1; i < l->count; i++)
		if (by_name(&l->items[i - 1], &l->items[i]) == 0)
			return image_doubt(&l->n->image,
					   "two attributes of a name");
	if (!ordered)
		return 0;
	qsort(l->items, l->count, sizeof(*l->items), by_order);
	for (i = 1; i < l->count; i++)
		if (by_order(&l->items[i - 1], &l->items[i]) == 0)
			return image_doubt(&l->n->image,
					   "two attributes of an order");
	return 0;
}

int
attributes_read(struct native *n, const struct header *h,
		struct native_object *o)
{
	struct listing l = { .n = n };
	int err = list(&l, h);

	o->attributes_ordered = h->ordered;
	if (err == 0)
		err = sort(&l, h->ordered);
	if (err == 0 && l.count > 0) {
		o->attributes =
			native_keep(n, l.items, l.count, sizeof(*l.items));
		o->attribute_count = o->attributes ? l.count : 0;
		err = o->attributes ? 0 : CUTE_SHM_ERR_NOMEM;
	}
	free(l.items);
	return err;
}

int
native_list(struct native *n, const struct native_type *type,
	    const uint8_t *element, const uint8_t **ret, uint32_t *count)
{
	struct cursor b = cursor_on(element, type->size);
	uint64_t address, size = 0;
	uint32_t index;
	int err;

	*count = take_32(&b);
	address = take_number(&b, n->image.address_size);
	index = take_32(&b);
	*ret = NULL;
	if (*count == 0 && address == 0)
		return 0;
	err = global_heap_object(&n->image, &n->heaps, address, index, ret,
				 &size);
	if (err == 0 && size / type->base->size < *count)
		return image_doubt(&n->image, "a list that is too short");
	return err;
}
