/* SPDX-License-Identifier: MIT */
/*
 * Two trees side by side: nodes are sorted by path, attributes by name, and
 * both are merged.  So the time does not depend on the order of creation, or on
 * an index that a hostile segment may have.
 */
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "same_data.h"
#include "text.h"

/* Nodes of one side. */
struct tree {
	struct cute_shm_node *node;
	size_t count, room;
};

/* Attributes of one node. */
struct attrs {
	struct cute_shm_attr *attr;
	size_t count, room;
};

/* ------------------------------------------------------------- both sides */

/* A slash comes before all else, so that a subtree stays together. */
static int
rank(char c)
{
	return c == '\0' ? 0 : c == '/' ? 1 : (unsigned char)c + 1;
}

static int
path_order(const char *a, const char *b)
{
	for (; *a && *a == *b; a++)
		b++;
	return rank(*a) - rank(*b);
}

static int
node_order(const void *a, const void *b)
{
	const struct cute_shm_node *x = a, *y = b;

	return path_order(x->path, y->path);
}

static int
attr_order(const void *a, const void *b)
{
	const struct cute_shm_attr *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Room for one more; memory is doubled. */
static void *
grow(void *items, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return items;
	*room = *room ? 2 * *room : 8;
	return text_alloc(items, *room, size);
}

/* False, after a message, if the tree is damaged. */
static bool
collect(struct diff *d, int side, struct tree *t)
{
	const struct diff_side *s = &d->side[side];
	struct cute_shm_node top, node;
	char *message;
	int err = cute_shm_find(s->shm, "", &top);

	for (node = top; err == 0; err = cute_shm_next(&top, &node, &node)) {
		t->node = grow(t->node, t->count, &t->room, sizeof(*t->node));
		t->node[t->count++] = node;
	}
	if (err == CUTE_SHM_ERR_END) {
		qsort(t->node, t->count, sizeof(*t->node), node_order);
		return true;
	}
	message = text_format("%s: %s", s->name, cute_shm_errmsg());
	diff_unknown(d, NULL, message);
	free(message);
	return false;
}

/* -------------------------------------------------------------- attributes */

static bool
collect_attrs(struct diff *d, const struct cute_shm_node *node,
	      struct attrs *ret)
{
	struct cute_shm_attr attr;
	int err = CUTE_SHM_ERR_END;

	ret->count = 0;
	if (node->attr_count > 0)
		err = cute_shm_next_attr(node, NULL, &attr);
	for (; err == 0; err = cute_shm_next_attr(node, &attr, &attr)) {
		ret->attr = grow(ret->attr, ret->count, &ret->room,
				 sizeof(*ret->attr));
		ret->attr[ret->count++] = attr;
	}
	if (err != CUTE_SHM_ERR_END) {
		diff_unknown(d, &(struct diff_place){ .path = node->path },
			     cute_shm_errmsg());
		return false;
	}
	if (ret->count > 1)
		qsort(ret->attr, ret->count, sizeof(*ret->attr), attr_order);
	return true;
}

static void
compare_values(struct diff *d, const struct diff_place *at,
	       const struct cute_shm_attr *a, const struct cute_shm_attr *b)
{
	const struct cute_shm_array value[2] = { a->value, b->value };
	uint64_t element;
	int found;

	if (!same_type(value)) {
		diff_types(d, at, value);
		return;
	}
	found = first_difference(value, &element);
	if (found == 1)
		diff_values(d, at, value, element);
	else if (found != 0)
		diff_unknown(d, at, cute_shm_errmsg());
}

static void
merge_attrs(struct diff *d, const char *path, const struct attrs a[2])
{
	const struct cute_shm_attr *x, *y;
	struct diff_place at = { .path = path };
	size_t i = 0, k = 0;
	int order;

	while ((i < a[0].count || k < a[1].count) && !diff_enough(d)) {
		x = i < a[0].count ? &a[0].attr[i] : NULL;
		y = k < a[1].count ? &a[1].attr[k] : NULL;
		order = !x ? 1 : !y ? -1 : attr_order(x, y);
		at.attr = order <= 0 ? x->name : y->name;
		if (order == 0)
			compare_values(d, &at, x, y);
		else
			diff_only(d, &at, 0, order > 0);
		i += order <= 0;
		k += order >= 0;
	}
}

/* ------------------------------------------------------------------- nodes */

static void
compare_arrays(struct diff *d, const struct cute_shm_node *a,
	       const struct cute_shm_node *b)
{
	const struct diff_place at = { .path = a->path };
	struct cute_shm_array array[2];

	if (cute_shm_node_array(a, &array[0]) != 0 ||
	    cute_shm_node_array(b, &array[1]) != 0)
		diff_unknown(d, &at, cute_shm_errmsg());
	else if (!same_type(array))
		diff_types(d, &at, array);
	else
		diff_data(d, &at, array);
}

static void
compare_links(struct diff *d, const struct cute_shm_node *a,
	      const struct cute_shm_node *b)
{
	const struct diff_place at = { .path = a->path };
	struct cute_shm_node target[2];

	if (cute_shm_follow(a, &target[0]) != 0 ||
	    cute_shm_follow(b, &target[1]) != 0)
		diff_unknown(d, &at, cute_shm_errmsg());
	else if (strcmp(target[0].path, target[1].path) != 0)
		diff_targets(d, &at,
			     (const char *const[]){ target[0].path,
						    target[1].path });
}

static void
compare_nodes(struct diff *d, const struct cute_shm_node *a,
	      const struct cute_shm_node *b, struct attrs attrs[2])
{
	if (a->kind == CUTE_SHM_ARRAY)
		compare_arrays(d, a, b);
	else if (a->kind == CUTE_SHM_LINK)
		compare_links(d, a, b);
	if (d->opt.no_attributes || (a->attr_count | b->attr_count) == 0)
		return;
	if (collect_attrs(d, a, &attrs[0]) && collect_attrs(d, b, &attrs[1]))
		merge_attrs(d, a->path, attrs);
}

/* The node behind 'n' and all that is below it. */
static const struct cute_shm_node *
behind(const struct cute_shm_node *n, const struct cute_shm_node *end)
{
	const char *path = n->path;
	size_t size = strlen(path);

	while (++n < end && strncmp(n->path, path, size) == 0 &&
	       n->path[size] == '/')
		;
	return n;
}

/* A group that is on one side only is one difference. */
static void
merge_trees(struct diff *d, const struct tree t[2], struct attrs attrs[2])
{
	const struct cute_shm_node *x = t[0].node, *y = t[1].node;
	const struct cute_shm_node *x_end = x + t[0].count;
	const struct cute_shm_node *y_end = y + t[1].count;
	int order;

	while ((x < x_end || y < y_end) && !diff_enough(d)) {
		order = x == x_end ? 1 : y == y_end ? -1 : node_order(x, y);
		if (order == 0 && x->kind == y->kind) {
			compare_nodes(d, x++, y++, attrs);
			continue;
		}
		if (order == 0)
			diff_kinds(d, &(struct diff_place){ .path = x->path },
				   (const enum cute_shm_kind[]){ x->kind,
								 y->kind });
		else
			diff_only(d,
				  &(struct diff_place){
					  .path = order < 0 ? x->path
							    : y->path },
				  order < 0 ? x->kind : y->kind, order > 0);
		if (order <= 0)
			x = behind(x, x_end);
		if (order >= 0)
			y = behind(y, y_end);
	}
}

/* --------------------------------------------------------------------- all */

/*
 * True if both are one project, or if the digests of their metadata, which hold
 * those of all data, are equal, and no array was updated since.
 */
static bool
same_as_published(struct diff *d)
{
	struct cute_shm_update_summary updates;
	struct cute_shm_info info[2];
	bool same = !d->opt.bytes;
	int i;

	if (d->side[0].shm == d->side[1].shm)
		return true;
	for (i = 0; i < 2; i++) {
		cute_shm_info(d->side[i].shm, &info[i]);
		d->block_size[i] = info[i].block_size;
	}
	same = same && info[0].metadata_digest == info[1].metadata_digest;
	for (i = 0; i < 2 && same; i++)
		same = cute_shm_update_summary(d->side[i].shm, &updates) == 0 &&
		       updates.updated == 0;
	return same;
}

enum diff_verdict
diff_projects(const struct diff_side side[2], const struct diff_options *opt)
{
	struct diff d = { .side = { side[0], side[1] }, .opt = *opt };
	struct attrs attrs[2] = { { .count = 0 } };
	struct tree tree[2] = { { .count = 0 } };
	int i;

	diff_begin(&d);
	if (!same_as_published(&d) && collect(&d, 0, &tree[0]) &&
	    collect(&d, 1, &tree[1]))
		merge_trees(&d, tree, attrs);
	diff_end(&d);
	for (i = 0; i < 2; i++) {
		free(attrs[i].attr);
		free(tree[i].node);
	}
	return d.verdict;
}
