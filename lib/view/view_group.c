/* SPDX-License-Identifier: MIT */
/*
 * Groups: an object header with a symbol table, a local heap of names, leaves
 * with the entries sorted by name, and the tree above them.
 */

#include <stdlib.h>
#include <string.h>

#include "view/view.h"

#define HEAP_HEAD  32 /* of the local heap, before its data */
#define HEAP_EMPTY 8  /* its first bytes: the empty name */
#define ENTRY_SIZE 40
#define CACHE_LINK 2

/* An entry of a group. */
struct entry {
	const char *name;
	size_t size; /* of the name */
	bool link;
	uint64_t object;  /* offset of its header, unless it is a link */
	const char *path; /* of the link's target, without slash */
	size_t path_size;
	uint64_t at; /* of the name in the heap */
};

/* The entries of a group: children in the order of names, or an alias. */
struct entries {
	uint32_t count;
	uint32_t *order;	    /* nodes; NULL: 'two' */
	const struct entry *two;    /* an alias */
	uint64_t *names;	    /* offsets in the heap, when writing */
	uint64_t heap_size;	    /* data of the heap; 0: not known */
	uint64_t heap, leaf, level; /* offsets of structures */
};

uint64_t
view_leaves_size(uint64_t count)
{
	return (count + VIEW_FANOUT - 1) / VIEW_FANOUT * VIEW_LEAF_SIZE;
}

/* Nodes of one level of the tree, above 'below' leaves or nodes. */
static uint64_t
level_nodes(uint64_t below)
{
	return below == 0 ? 1 : (below + VIEW_FANOUT - 1) / VIEW_FANOUT;
}

uint64_t
view_tree_size(uint64_t count)
{
	uint64_t nodes = (count + VIEW_FANOUT - 1) / VIEW_FANOUT, all = 0;

	do {
		nodes = level_nodes(nodes);
		all += nodes;
	} while (nodes > 1);
	return all * VIEW_TREE_SIZE;
}

uint64_t
view_name_size(uint64_t size)
{
	return align_up(size + 1, 8);
}

uint64_t
view_target_size(uint64_t size)
{
	return align_up(size + 2, 8);
}

/* ---------------------------------------------------------------- entries */

/* The target of a link, which must be a group or an array of the view. */
static void
find_target(struct view *v, const struct view_node *node, struct entry *ret)
{
	struct record link, target;
	int err = node_record(v->shm, node->record, &link);

	if (err == 0)
		err = node_record(v->shm, link.child_or_target, &target);
	if (err != 0) {
		v->err = err;
		ret->path = "";
		ret->path_size = 0;
		return;
	}
	ret->path = target.path;
	ret->path_size = target.path_size;
}

static struct entry
entry_at(struct view *v, const struct entries *e, uint32_t k)
{
	struct entry entry = { .name = NULL };
	const struct view_node *node;

	if (!e->order) {
		entry = e->two[k];
	} else {
		node = &v->nodes[e->order[k]];
		entry.name = node->name;
		entry.size = node->name_size;
		entry.object = node->at;
		entry.link = node->link;
		if (node->link)
			find_target(v, node, &entry);
	}
	if (e->names)
		entry.at = e->names[k];
	return entry;
}

static int
by_name(const void *a, const void *b, void *arg)
{
	const struct view_node *nodes = arg;

	return strcmp(nodes[*(const uint32_t *)a].name,
		      nodes[*(const uint32_t *)b].name);
}

static bool
sorted(const struct view *v, const struct entries *e)
{
	uint32_t k;

	for (k = 1; k < e->count; k++)
		if (by_name(&e->order[k - 1], &e->order[k], v->nodes) > 0)
			return false;
	return true;
}

/* List the children of a group; while measuring their order is no matter. */
static void
list_children(struct view *v, uint32_t i, struct entries *e)
{
	uint32_t k = 0, child;

	e->count = v->nodes[i].children;
	e->order = calloc((size_t)e->count + 1, sizeof(*e->order));
	if (!e->order) {
		v->err = fail_memory("for the names of a group");
		return;
	}
	for (child = i + 1; child < v->nodes[i].next && k < e->count;
	     child = v->nodes[child].next)
		e->order[k++] = child;
	if (v->pass != VIEW_MEASURE && !sorted(v, e))
		qsort_r(e->order, e->count, sizeof(*e->order), by_name,
			v->nodes);
}

/* The offset of a link's target has 32 bits. */
static void
check_names(struct view *v, const struct entries *e)
{
	view_check_size(v, e->heap_size);
	if (v->err == 0 && e->heap_size > UINT32_MAX)
		v->err = cute_shm_fail(CUTE_SHM_ERR_INVALID,
				       "a group whose names have over 4 GiB "
				       "has no HDF5 view");
}

/* Find where each name lies in the heap, and the heap's size. */
static void
place_names(struct view *v, struct entries *e)
{
	struct entry entry;
	uint64_t *names = NULL;
	uint32_t k;

	e->heap_size = HEAP_EMPTY;
	if (v->pass != VIEW_MEASURE) {
		names = calloc((size_t)e->count + 1, sizeof(*names));
		if (!names)
			v->err = fail_memory("for the names of a group");
	}
	for (k = 0; k < e->count && v->err == 0; k++) {
		entry = entry_at(v, e, k);
		if (names)
			names[k] = e->heap_size;
		e->heap_size += view_name_size(entry.size);
		if (entry.link)
			e->heap_size += view_target_size(entry.path_size);
		view_check_size(v, e->heap_size);
	}
	check_names(v, e);
	e->names = names;
}

/* ------------------------------------------------------------- structures */

static void
put_heap(struct view *v, const struct entries *e)
{
	/* Version 0; the size of the data; no free list; their address. */
	uint64_t head[4] = { 0, e->heap_size, 1,
			     view_address(v->at + HEAP_HEAD) };
	struct entry entry;
	uint32_t k;

	memcpy(head, "HEAP", 4);
	view_put(v, head, sizeof(head));
	if (v->pass == VIEW_MEASURE) {
		view_put(v, NULL, e->heap_size);
		return;
	}
	view_put(v, NULL, HEAP_EMPTY);
	for (k = 0; k < e->count && v->err == 0; k++) {
		entry = entry_at(v, e, k);
		view_put(v, entry.name, entry.size);
		view_put(v, NULL, view_name_size(entry.size) - entry.size);
		if (!entry.link)
			continue;
		view_put(v, "/", 1);
		view_put(v, entry.path, entry.path_size);
		view_put(v, NULL,
			 view_target_size(entry.path_size) - entry.path_size -
				 1);
	}
}

/* The name's offset, the object; or what the link leads to. */
static void
put_entry(struct view *v, const struct entry *entry)
{
	uint64_t row[ENTRY_SIZE / 8] = { entry->at };

	row[1] = view_address(entry->object);
	if (entry->link) {
		row[1] = VIEW_UNDEFINED;
		row[2] = CACHE_LINK;
		row[3] = entry->at + view_name_size(entry->size);
	}
	view_put(v, row, sizeof(row));
}

static void
put_leaves(struct view *v, const struct entries *e)
{
	uint32_t first, k, n;
	struct entry entry;
	uint8_t head[8] = "SNOD\1";
	uint16_t used;

	for (first = 0; first < e->count && v->err == 0; first += n) {
		n = e->count - first;
		n = n < VIEW_FANOUT ? n : (uint32_t)VIEW_FANOUT;
		used = (uint16_t)n;
		memcpy(head + 6, &used, sizeof(used));
		view_put(v, head, sizeof(head));
		for (k = first; k < first + n; k++) {
			entry = entry_at(v, e, k);
			put_entry(v, &entry);
		}
		view_put(v, NULL, (VIEW_FANOUT - n) * ENTRY_SIZE);
	}
}

/* One node of the tree; 'below' children, of which each has 'span' entries. */
static void
put_tree_node(struct view *v, const struct entries *e, uint64_t node,
	      unsigned level, uint64_t below, uint64_t span)
{
	uint64_t row[VIEW_TREE_SIZE / 8] = { 0 };
	uint64_t first = node * VIEW_FANOUT, k, last;
	uint64_t size = level == 0 ? VIEW_LEAF_SIZE : VIEW_TREE_SIZE;
	uint64_t from = level == 0 ? e->leaf : e->level;
	uint64_t used =
		below - first < VIEW_FANOUT ? below - first : VIEW_FANOUT;
	uint8_t head[8] = "TREE";

	head[5] = (uint8_t)level;
	head[6] = (uint8_t)used;
	memcpy(row, head, sizeof(head));
	row[1] = node == 0 ? VIEW_UNDEFINED
			   : view_address(v->at - VIEW_TREE_SIZE);
	row[2] = first + used == below ? VIEW_UNDEFINED
				       : view_address(v->at + VIEW_TREE_SIZE);
	if (first > 0)
		row[3] = e->names[first * span - 1];
	for (k = 0; k < used; k++) {
		last = (first + k + 1) * span;
		last = last < e->count ? last : e->count;
		row[4 + 2 * k] = view_address(from + (first + k) * size);
		row[5 + 2 * k] = e->names[last - 1];
	}
	view_put(v, row, sizeof(row));
}

/* All levels, from the leaves up: the root comes last. */
static void
put_tree(struct view *v, struct entries *e)
{
	uint64_t below = (e->count + VIEW_FANOUT - 1) / VIEW_FANOUT;
	uint64_t nodes, i, here, span = VIEW_FANOUT;
	unsigned level = 0;

	if (v->pass == VIEW_MEASURE) {
		view_put(v, NULL, view_tree_size(e->count));
		return;
	}
	do {
		nodes = level_nodes(below);
		here = v->at;
		for (i = 0; i < nodes && v->err == 0; i++)
			put_tree_node(v, e, i, level, below, span);
		e->level = here;
		below = nodes;
		span *= VIEW_FANOUT;
		level++;
	} while (nodes > 1 && v->err == 0);
}

/* Where the structures are: they follow the header one after another. */
static void
put_table(struct view *v, const struct entries *e, uint64_t heap)
{
	uint64_t end = heap + HEAP_HEAD + e->heap_size +
		       view_leaves_size(e->count) + view_tree_size(e->count);
	uint64_t table[2] = { view_address(end - VIEW_TREE_SIZE),
			      view_address(heap) };

	view_message(v, VIEW_MESSAGE_TABLE, 0, table, sizeof(table));
}

/* The object of a group with these entries, and the node's attributes. */
static void
put_group(struct view *v, uint32_t i, const struct record *r, struct entries *e)
{
	const struct view_node *node = &v->nodes[i];

	if (e->heap_size > 0)
		check_names(v, e);
	else
		place_names(v, e);
	if (v->err == 0) {
		view_head_begin(v, node->messages, node->head);
		put_table(v, e, v->head_at + node->head);
		view_attributes(v, i, r, false);
		view_head_end(v, i);
	}
	if (v->err == 0 && v->pass != VIEW_ITEMS) {
		put_heap(v, e);
		e->leaf = v->at;
		if (v->pass == VIEW_MEASURE)
			view_put(v, NULL, view_leaves_size(e->count));
		else
			put_leaves(v, e);
		put_tree(v, e);
	}
	free(e->names);
	e->names = NULL;
}

void
view_group(struct view *v, uint32_t i, const struct record *record)
{
	struct entries e = { .count = 0 };

	/* The items of attributes are all that a group has in the heap. */
	if (v->pass == VIEW_ITEMS) {
		view_attributes(v, i, record, false);
		return;
	}
	/* Its size needs no list, unless there are targets of links. */
	if (v->pass == VIEW_MEASURE && !v->nodes[i].links) {
		e.count = v->nodes[i].children;
		e.heap_size = HEAP_EMPTY + v->nodes[i].names;
	} else {
		list_children(v, i, &e);
	}
	if (v->err == 0)
		put_group(v, i, record, &e);
	free(e.order);
}

void
view_alias(struct view *v, uint32_t i, const struct record *record,
	   const struct cute_shm_array *a)
{
	const char *items = a->dtype + 1;
	const uint64_t values =
		(uint64_t)((const uint8_t *)a->values - v->shm->base);
	struct entry two[2] = {
		{ .name = "offsets", .size = 7 },
		{ .name = "values", .size = 6 },
	};
	struct entries e = { .count = 2, .two = two };

	two[0].object = v->at + 16 + v->nodes[i].head + HEAP_HEAD + HEAP_EMPTY +
			2 * 8 + view_leaves_size(2) + view_tree_size(2);
	two[1].object = two[0].object + view_dataset_size("<u8", 8);
	put_group(v, i, record, &e);
	view_dataset(v, "<u8", 8, a->element_count + 1, a->data_offset);
	view_dataset(v, items, a->item_size, a->value_count, values);
}
