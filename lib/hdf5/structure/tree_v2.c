/* SPDX-License-Identifier: MIT */
/* Version 2 B-trees. */

#include "hdf5/structure/structure.h"

#define NODE_PREFIX 6  /* signature, version, type */
#define NODE_FIXED  10 /* with the checksum */
#define DEEPEST	    16 /* the smallest nodes give 2^16 leaves */

/* What the header says of the nodes of each depth. */
struct level {
	uint64_t most;	     /* records of a node */
	uint64_t most_below; /* and of all nodes below it, with its own */
};

struct tree {
	struct image *f;
	unsigned type, record_size, depth, count_bytes;
	uint32_t node_size;
	struct level levels[DEEPEST + 1];
	record_fn *see;
	void *arg;
	uint64_t left; /* records that are still to come */
};

/* Bytes of a child's address and of its number of records. */
static unsigned
pointer_size(const struct tree *t, unsigned depth)
{
	return t->f->address_size + t->count_bytes +
	       (depth > 1 ? bytes_for(t->levels[depth - 1].most_below) : 0);
}

static int
set_levels(struct tree *t)
{
	struct level *l = t->levels;
	uint64_t room, each, most;
	unsigned d;

	if (t->record_size == 0 || t->depth > DEEPEST ||
	    t->node_size < NODE_FIXED + t->record_size)
		return image_doubt(t->f, "a B-tree without room for records");
	l[0].most = (t->node_size - NODE_FIXED) / t->record_size;
	l[0].most_below = l[0].most;
	t->count_bytes = bytes_for(l[0].most);
	for (d = 1; d <= t->depth; d++) {
		room = NODE_FIXED + pointer_size(t, d);
		each = t->record_size + pointer_size(t, d);
		if (t->node_size < room + each)
			return image_doubt(t->f, "a B-tree without room");
		most = (t->node_size - room) / each;
		l[d].most = most;
		if (__builtin_mul_overflow(most + 1, l[d - 1].most_below,
					   &l[d].most_below) ||
		    __builtin_add_overflow(l[d].most_below, most,
					   &l[d].most_below))
			return image_doubt(t->f, "a B-tree of absurd size");
	}
	return 0;
}

/* Read and check a node; ret begins behind its prefix. */
static int
read_node(struct tree *t, uint64_t address, unsigned depth, uint64_t count,
	  struct cursor *ret)
{
	const uint8_t *p = image_get(t->f, address, t->node_size);
	uint64_t size = NODE_FIXED + count * t->record_size;

	if (!p)
		return NO_OPINION;
	if (count > t->levels[depth].most || count > t->left)
		return image_doubt(t->f, "a B-tree node with too many records");
	if (depth > 0)
		size += (count + 1) * pointer_size(t, depth);
	*ret = cursor_on(p, size - 4);
	if (!take_signature(ret, depth > 0 ? "BTIN" : "BTLF") ||
	    take_8(ret) != t->type)
		return image_doubt(t->f, "no B-tree node of this type");
	return checksum_good(t->f, p, size) ? 0 : NO_OPINION;
}

static int
see_record(struct tree *t, struct cursor *records)
{
	const uint8_t *record = take(records, t->record_size);

	if (t->left-- == 0)
		return image_doubt(t->f, "a B-tree with too many records");
	return t->see(t->f, record, t->record_size, t->arg);
}

static int
walk_leaf(struct tree *t, uint64_t address, uint64_t count)
{
	struct cursor b;
	int err = read_node(t, address, 0, count, &b);

	for (; err == 0 && count > 0; count--)
		err = see_record(t, &b);
	return err;
}

static int
walk(struct tree *t, uint64_t address, unsigned depth, uint64_t count)
{
	struct cursor b, pointers;
	uint64_t i, child, records;
	int err;

	if (depth == 0)
		return walk_leaf(t, address, count);
	err = read_node(t, address, depth, count, &b);
	if (err != 0)
		return err;
	pointers = b;
	take(&pointers, count * t->record_size);
	for (i = 0; err == 0 && i <= count; i++) {
		child = take_address(&pointers, t->f);
		records = take_number(&pointers, t->count_bytes);
		if (depth > 1)
			take(&pointers,
			     bytes_for(t->levels[depth - 1].most_below));
		if (records == 0)
			return image_doubt(t->f,
					   "a B-tree node without records");
		err = walk(t, child, depth - 1, records);
		if (err == 0 && i < count)
			err = see_record(t, &b);
	}
	return err;
}

int
tree_v2_walk(struct image *f, uint64_t address, unsigned type, record_fn *see,
	     void *arg)
{
	uint64_t size = 22 + f->address_size + f->length_size, root, count;
	struct tree t = { .f = f, .type = type, .see = see, .arg = arg };
	const uint8_t *p = image_get(f, address, size);
	struct cursor b;
	int err;

	if (!p || !checksum_good(f, p, size))
		return NO_OPINION;
	b = cursor_on(p, size);
	if (!take_signature(&b, "BTHD") || take_8(&b) != type)
		return image_doubt(f, "no B-tree of this type");
	t.node_size = take_32(&b);
	t.record_size = take_16(&b);
	t.depth = take_16(&b);
	take(&b, 2);
	root = take_address(&b, f);
	count = take_16(&b);
	t.left = take_length(&b, f);
	err = set_levels(&t);
	if (err != 0 || (root == UNDEFINED && t.left == 0 && count == 0))
		return err;
	/* libhdf5 keeps the root of an empty tree at depth 0. */
	err = walk(&t, root, t.depth, count);
	if (err == 0 && t.left != 0)
		return image_doubt(f, "a B-tree with too few records");
	return err;
}
