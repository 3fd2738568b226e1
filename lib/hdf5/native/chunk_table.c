/* SPDX-License-Identifier: MIT */
/* The stored chunks of a dataset, from each kind of index. */

#include <stdlib.h>

#include "hdf5/native/native.h"

#define TREE_PLAIN    10 /* types of version 2 B-trees */
#define TREE_FILTERED 11

struct chunks {
	struct image *f;
	const struct native_dataset *d;
	const struct native_layout *l;
	struct native_chunk *items;
	uint64_t *places;
	uint32_t count, room, place_room;
	unsigned size_bytes;	    /* of a stored size */
	uint64_t last[NATIVE_RANK]; /* version 2 B-tree: the last chunk */
	/* Arrays: chunks of each dimension, and the order of dimensions. */
	uint64_t across[NATIVE_RANK];
	unsigned order[NATIVE_RANK];
};

/* Add a chunk that begins at at[], unless it is outside the extent. */
static int
add(struct chunks *c, const uint64_t *at, uint64_t address, uint64_t size,
    uint32_t mask)
{
	unsigned rank = c->l->rank, i;
	void *grown;

	for (i = 0; i < rank; i++)
		if (at[i] >= c->d->space->dims[i])
			return 0;
	if (address == UNDEFINED)
		return 0;
	if (!image_holds(c->f, address, size) || size == 0 || size > UINT32_MAX)
		return image_doubt(c->f, "a chunk beyond the end of the file");
	if (c->d->filter_count == 0 && size != c->l->chunk_size)
		return image_doubt(c->f, "a chunk of a wrong size");
	/* Chunks may overlap, or have one byte: bound the list by the file. */
	if ((uint64_t)c->count * (sizeof(*c->items) + 8 * (uint64_t)rank) >>
	    20 > 64 + (c->f->size >> 17))
		return image_doubt(c->f, "too many chunks");
	grown = vector_grow(c->places, c->count, &c->place_room,
			    rank * sizeof(*c->places), "chunks");
	if (!grown)
		return CUTE_SHM_ERR_NOMEM;
	c->places = grown;
	grown = vector_grow(c->items, c->count, &c->room, sizeof(*c->items),
			    "chunks");
	if (!grown)
		return CUTE_SHM_ERR_NOMEM;
	c->items = grown;
	memcpy(c->places + (size_t)c->count * rank, at,
	       rank * sizeof(*c->places));
	c->items[c->count++] = (struct native_chunk){ .address = address,
						      .size = size,
						      .mask = mask };
	return 0;
}

/* -------------------------------------------------------- version 1 B-tree */

/*
 * Compare the coordinates of two keys, with that of the element's bytes, which
 * is the last.
 */
static int
compare_keys(const struct chunks *c, const uint8_t *a, const uint8_t *b)
{
	unsigned i;

	for (i = 0; i <= c->l->rank; i++) {
		uint64_t x = number_at(a + 8 + 8 * (size_t)i, 8);
		uint64_t y = number_at(b + 8 + 8 * (size_t)i, 8);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

/* Coordinates are multiples of the chunk's dimensions. */
static bool
key_good(const struct chunks *c, const uint8_t *key)
{
	unsigned i;

	for (i = 0; i <= c->l->rank; i++)
		if (number_at(key + 8 + 8 * (size_t)i, 8) % c->l->dims[i] != 0)
			return false;
	return true;
}

static int
add_key(struct chunks *c, const uint8_t *key, uint64_t address)
{
	uint64_t at[NATIVE_RANK];
	unsigned i;

	for (i = 0; i < c->l->rank; i++)
		at[i] = number_at(key + 8 + 8 * (size_t)i, 8);
	if (number_at(key + 8 + 8 * (size_t)i, 8) != 0)
		return image_doubt(c->f, "a chunk that cannot be found");
	return add(c, at, address, number_at(key, 4),
		   (uint32_t)number_at(key + 4, 4));
}

/* Keys are sorted, between 'low' and 'high'; else libhdf5 finds no chunk. */
static int
check_keys(struct chunks *c, const struct tree_node *node, const uint8_t *low,
	   const uint8_t *high)
{
	bool good = key_good(c, tree_key(node, node->count));
	unsigned i;

	for (i = 0; good && i < node->count; i++)
		good = key_good(c, tree_key(node, i)) &&
		       compare_keys(c, tree_key(node, i),
				    tree_key(node, i + 1)) < 0;
	if (good && low)
		good = compare_keys(c, low, tree_key(node, 0)) <= 0 &&
		       compare_keys(c, tree_key(node, node->count), high) <= 0;
	return good ? 0 : image_doubt(c->f, "a chunk that cannot be found");
}

static int
walk_tree_1(struct chunks *c, uint64_t address, int level, const uint8_t *low,
	    const uint8_t *high)
{
	struct tree_node node;
	const uint8_t *key;
	uint64_t child;
	unsigned i;
	int err;

	err = tree_node_read(c->f, address, TREE_CHUNKS, 16 + 8 * c->l->rank,
			     level, &node);
	if (err == 0 && node.count > 0)
		err = check_keys(c, &node, low, high);
	for (i = 0; err == 0 && i < node.count; i++) {
		key = tree_key(&node, i);
		child = tree_child(c->f, &node, i);
		err = node.level == 0
			      ? add_key(c, key, child)
			      : walk_tree_1(c, child, (int)node.level - 1, key,
					    tree_key(&node, i + 1));
	}
	return err;
}

/* -------------------------------------------------------- version 2 B-tree */

static int
see_record(struct image *f, const uint8_t *record, unsigned size, void *arg)
{
	struct chunks *c = arg;
	struct cursor b = cursor_on(record, size);
	uint64_t address = take_address(&b, f), bytes = c->l->chunk_size;
	uint64_t at[NATIVE_RANK], scaled;
	int order = c->count == 0 && c->last[0] == UNDEFINED ? 1 : 0;
	uint32_t mask = 0;
	unsigned i;

	if (c->d->filter_count > 0) {
		bytes = take_number(&b, c->size_bytes);
		mask = take_32(&b);
	}
	for (i = 0; i < c->l->rank; i++) {
		scaled = take_number(&b, 8);
		if (order == 0 && scaled != c->last[i])
			order = scaled > c->last[i] ? 1 : -1;
		c->last[i] = scaled;
		if (__builtin_mul_overflow(scaled, c->l->dims[i], &at[i]))
			return image_doubt(f, "a chunk at an absurd place");
	}
	if (b.over || bytes_left(&b) > 0 || order <= 0)
		return image_doubt(f, "a chunk that cannot be found");
	return add(c, at, address, bytes, mask);
}

/* ------------------------------------------------------------------ arrays */

/*
 * Chunks are numbered over the maximum extent.  The unlimited dimension of an
 * extensible array changes slowest.  '*product' is the number of all of them,
 * the unlimited dimension counting 1.
 */
static int
set_order(struct chunks *c, bool extensible, uint64_t *product)
{
	const struct native_space *s = c->d->space;
	unsigned i, unlimited = 0, at = 0;

	*product = 1;
	for (i = 0; i < c->l->rank; i++) {
		if (s->max[i] == UNDEFINED) {
			unlimited++;
			c->across[i] = 1;
			c->order[at++] = i;
			continue;
		}
		c->across[i] = s->max[i] / c->l->dims[i] +
			       (s->max[i] % c->l->dims[i] != 0);
		if (__builtin_mul_overflow(*product, c->across[i], product))
			return image_doubt(c->f, "chunks without number");
	}
	if (unlimited != (extensible ? 1 : 0) || *product == 0)
		return image_doubt(c->f, "an index that cannot be");
	for (i = 0; i < c->l->rank; i++)
		if (s->max[i] != UNDEFINED)
			c->order[at++] = i;
	return 0;
}

static int
add_number(struct chunks *c, uint64_t number, uint64_t address, uint64_t size,
	   uint32_t mask)
{
	uint64_t at[NATIVE_RANK];
	unsigned i, d;

	for (i = c->l->rank; i-- > 0;) {
		uint64_t place = number;

		d = c->order[i];
		if (c->d->space->max[d] != UNDEFINED) {
			place = number % c->across[d];
			number /= c->across[d];
		}
		if (__builtin_mul_overflow(place, c->l->dims[d], &at[d]))
			return image_doubt(c->f, "a chunk at an absurd place");
	}
	return add(c, at, address, size, mask);
}

static int
see_element(struct image *f, uint64_t number, const struct array_element *e,
	    void *arg)
{
	struct chunks *c = arg;

	(void)f;
	return add_number(c, number, e->address,
			  c->d->filter_count > 0 ? e->size : c->l->chunk_size,
			  e->mask);
}

static int
walk_array(struct chunks *c)
{
	struct array_format format = { .filtered = c->d->filter_count > 0,
				       .size_bytes = c->size_bytes };
	bool extensible = c->l->index == NATIVE_EXTENSIBLE;
	uint64_t product;
	int err = set_order(c, extensible, &product);

	if (err != 0)
		return err;
	return extensible ? extensible_array_walk(c->f, c->l->address, &format,
						  &c->l->shape, see_element, c)
			  : fixed_array_walk(c->f, c->l->address, &format,
					     product, see_element, c);
}

/* All chunks follow each other. */
static int
walk_implicit(struct chunks *c)
{
	uint64_t product, i;
	int err = set_order(c, false, &product);

	if (err == 0 &&
	    (c->d->filter_count > 0 || product > c->f->end / c->l->chunk_size))
		return image_doubt(c->f, "an index that cannot be");
	for (i = 0; err == 0 && i < product; i++)
		err = add_number(c, i, c->l->address + i * c->l->chunk_size,
				 c->l->chunk_size, 0);
	return err;
}

static int
walk_single(struct chunks *c)
{
	const uint64_t at[NATIVE_RANK] = { 0 };
	unsigned i;

	for (i = 0; i < c->l->rank; i++)
		if (c->d->space->dims[i] > c->l->dims[i])
			return image_doubt(c->f, "an index that cannot be");
	return add(c, at, c->l->address, c->l->size, c->l->mask);
}

static int
walk(struct chunks *c)
{
	switch (c->l->index) {
	case NATIVE_TREE_1:
		return walk_tree_1(c, c->l->address, -1, NULL, NULL);
	case NATIVE_SINGLE: return walk_single(c);
	case NATIVE_IMPLICIT: return walk_implicit(c);
	case NATIVE_TREE_2:
		c->last[0] = UNDEFINED;
		return tree_v2_walk(c->f, c->l->address,
				    c->d->filter_count > 0 ? TREE_FILTERED
							   : TREE_PLAIN,
				    see_record, c);
	default: return walk_array(c);
	}
}

int
native_chunks(struct native *n, const struct native_dataset *d,
	      struct native_chunk **ret, uint64_t **places, uint32_t *count)
{
	struct chunks c = { .f = &n->image, .d = d, .l = &d->layout };
	uint32_t i;
	int err = 0;

	c.size_bytes = c.l->wide ? c.f->length_size
				 : 1 + (log2_of(c.l->chunk_size) + 8) / 8;
	if (c.size_bytes > 8)
		c.size_bytes = 8;
	if (c.l->address != UNDEFINED)
		err = walk(&c);
	if (err != 0) {
		free(c.items);
		free(c.places);
		return err;
	}
	for (i = 0; i < c.count; i++)
		c.items[i].at = c.places + (size_t)i * c.l->rank;
	*ret = c.items;
	*places = c.places;
	*count = c.count;
	return 0;
}
