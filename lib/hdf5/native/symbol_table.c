/* SPDX-License-Identifier: MIT */
/*
 * The links of a group of the old kind: a B-tree of symbol tables, and a local
 * heap of names.  libhdf5 opens a link only if the keys of the tree lead to it,
 * and if each table is sorted.
 */

#include <stdlib.h>

#include "hdf5/native/native.h"

#define CACHED_SOFT 2 /* cache types: a soft link; larger ones are unknown */

/* A text of the heap, without its end. */
struct name {
	const char *text;
	uint64_t size;
};

struct table {
	struct native *n;
	struct image *f;
	struct names_heap heap;
	struct native_link *items;
	uint32_t count, room;
};

static bool
name_get(struct table *t, uint64_t offset, struct name *ret)
{
	ret->text = local_heap_text(t->f, &t->heap, offset, &ret->size);
	return ret->text != NULL;
}

/* Both texts end with NUL. */
static int
compare(struct name a, struct name b)
{
	return strcmp(a.text, b.text);
}

/* The link of one entry, which begins behind its name. */
static int
entry_read(struct table *t, struct cursor *b, struct native_link *l)
{
	unsigned cache;
	struct name target;

	l->address = take_address(b, t->f);
	cache = take_32(b);
	take(b, 4);
	if (cache > CACHED_SOFT)
		return image_doubt(t->f, "an unknown kind of symbol");
	if (cache == CACHED_SOFT) {
		struct cursor scratch = cursor_on(b->at, 4);

		if (!name_get(t, take_32(&scratch), &target))
			return NO_OPINION;
		l->kind = NATIVE_SOFT;
		l->address = 0;
		l->target = native_copy(t->n, target.text, target.size);
		if (!l->target)
			return CUTE_SHM_ERR_NOMEM;
	} else if (l->address == UNDEFINED) {
		return image_doubt(t->f, "a link to nowhere");
	}
	take(b, 16);
	return 0;
}

/* The next link, whose name is above 'last'. */
static int
add(struct table *t, struct cursor *b, struct name *last)
{
	struct native_link *l;
	struct name name;
	void *grown;

	grown = vector_grow(t->items, t->count, &t->room, sizeof(*t->items),
			    "links");
	if (!grown)
		return CUTE_SHM_ERR_NOMEM;
	t->items = grown;
	l = &t->items[t->count++];
	*l = (struct native_link){ 0 };
	if (!name_get(t, take_length(b, t->f), &name))
		return NO_OPINION;
	if (!link_name_good(name.text))
		return image_doubt(t->f, "a link that cannot be opened");
	if (compare(*last, name) >= 0)
		return image_doubt(t->f, "links in a wrong order");
	*last = name;
	l->name = native_copy(t->n, name.text, name.size);
	return l->name ? entry_read(t, b, l) : CUTE_SHM_ERR_NOMEM;
}

/* A symbol table, all of whose names are above 'low' and up to 'high'. */
static int
read_symbols(struct table *t, uint64_t address, struct name low,
	     struct name high)
{
	uint64_t entry = t->f->length_size + t->f->address_size + 24;
	uint64_t most = 2 * (uint64_t)t->f->leaf_k;
	const uint8_t *p = image_get(t->f, address, 8 + most * entry);
	uint64_t count;
	struct cursor b;
	int err = 0;

	if (!p)
		return NO_OPINION;
	if (memcmp(p, "SNOD", 4) != 0 || p[4] != 1)
		return image_doubt(t->f, "no symbol table");
	count = number_at(p + 6, 2);
	if (count > most)
		return image_doubt(t->f, "a symbol table with too many links");
	b = cursor_on(p + 8, count * entry);
	for (; err == 0 && count > 0; count--)
		err = add(t, &b, &low);
	if (err == 0 && compare(low, high) > 0)
		return image_doubt(t->f, "a link that cannot be opened");
	return err;
}

static int
read_node(struct table *t, uint64_t address, int level, const struct name *low,
	  const struct name *high)
{
	struct tree_node node;
	struct name left, right;
	unsigned i;
	int err;

	err = tree_node_read(t->f, address, TREE_GROUP, t->f->length_size,
			     level, &node);
	if (err != 0)
		return err;
	if (!name_get(t, number_at(tree_key(&node, 0), t->f->length_size),
		      &left))
		return node.count == 0 ? 0 : NO_OPINION;
	if (low && compare(left, *low) < 0)
		return image_doubt(t->f, "a link that cannot be opened");
	for (i = 0; err == 0 && i < node.count; i++, left = right) {
		if (!name_get(t,
			      number_at(tree_key(&node, i + 1),
					t->f->length_size),
			      &right))
			return NO_OPINION;
		if (compare(left, right) > 0 ||
		    (high && compare(right, *high) > 0))
			return image_doubt(t->f,
					   "a link that cannot be opened");
		address = tree_child(t->f, &node, i);
		err = node.level == 0
			      ? read_symbols(t, address, left, right)
			      : read_node(t, address, (int)node.level - 1,
					  &left, &right);
	}
	return err;
}

int
symbol_table_read(struct native *n, const struct header_message *m,
		  struct native_object *o)
{
	struct table t = { .n = n, .f = &n->image };
	struct cursor b = cursor_on(m->data, m->size);
	uint64_t tree = take_address(&b, t.f), heap = take_address(&b, t.f);
	int err;

	if (b.over || (m->flags & MESSAGE_SHARED))
		return image_doubt(t.f, "a broken group");
	err = local_heap_read(t.f, heap, &t.heap);
	if (err == 0)
		err = read_node(&t, tree, -1, NULL, NULL);
	if (err == 0 && t.count > 0)
		err = links_keep(n, t.items, t.count, o);
	free(t.items);
	return err;
}
