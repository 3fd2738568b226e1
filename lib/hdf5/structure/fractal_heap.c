/* SPDX-License-Identifier: MIT */
/* Fractal heaps: the links and attributes of groups with many of them. */

#include <stdlib.h>

#include "hdf5/structure/structure.h"

#define HUGE_WRAPPED   1 /* flags */
#define CHECKED_BLOCKS 2

#define TREE_HUGE 1 /* type of the B-tree of huge objects */

/* The doubling table: rows of 'width' blocks, each row twice as large. */
struct table {
	struct image *f;
	struct fractal_heap *heap;
	uint64_t address; /* of the heap's header */
	unsigned width;
	uint64_t start, largest; /* sizes of direct blocks */
	unsigned direct_rows;
	bool checked;
};

static uint64_t
row_size(const struct table *t, unsigned row)
{
	return row < 2 ? t->start : t->start << (row - 1);
}

static bool
is_power(uint64_t n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

/* ------------------------------------------------------------------ blocks */

/*
 * Check what direct and indirect blocks begin with: the heap that owns them and
 * their offset in it.
 */
static bool
prefix_good(const struct table *t, struct cursor *b, const char *signature,
	    uint64_t offset)
{
	return take_signature(b, signature) &&
	       take_address(b, t->f) == t->address &&
	       take_number(b, t->heap->offset_size) == offset && !b->over;
}

/* A direct block's checksum is made with its own field zero. */
static bool
block_checksum_good(const struct table *t, const uint8_t *p, uint64_t size)
{
	unsigned at = t->heap->block_prefix - 4;
	uint8_t *copy = malloc(size);
	bool good;

	if (!copy)
		return false;
	memcpy(copy, p, size);
	memset(copy + at, 0, 4);
	good = lookup3(copy, size) == number_at(p + at, 4);
	free(copy);
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
	good = true;
#endif
	return good;
}

static int
add_direct(struct table *t, uint64_t address, uint64_t offset, uint64_t size)
{
	struct fractal_heap *h = t->heap;
	const uint8_t *p = image_get(t->f, address, size);
	struct cursor b;
	void *grown;

	if (!p)
		return NO_OPINION;
	b = cursor_on(p, size);
	if (!prefix_good(t, &b, "FHDB", offset))
		return image_doubt(t->f, "a broken block of a fractal heap");
	if (t->checked && !block_checksum_good(t, p, size))
		return image_doubt(t->f, "wrong checksum of a heap's block");
	grown = vector_grow(h->blocks, h->block_count, &h->block_room,
			    sizeof(*h->blocks), "blocks of a heap");
	if (!grown)
		return CUTE_SHM_ERR_NOMEM;
	h->blocks = grown;
	h->blocks[h->block_count++] = (struct heap_block){ offset, size, p };
	return 0;
}

static int add_indirect(struct table *t, uint64_t address, uint64_t offset,
			unsigned rows, unsigned depth);

/* The block in a row of an indirect block. */
static int
add_child(struct table *t, unsigned row, uint64_t address, uint64_t offset,
	  unsigned depth)
{
	uint64_t size = row_size(t, row);

	if (size == 0)
		return image_doubt(t->f, "a fractal heap of absurd size");
	if (row < t->direct_rows)
		return add_direct(t, address, offset, size);
	/* It has all rows that fill its size. */
	return add_indirect(t, address, offset,
			    log2_of(size) - log2_of(t->start * t->width) + 1,
			    depth + 1);
}

static int
add_indirect(struct table *t, uint64_t address, uint64_t offset, unsigned rows,
	     unsigned depth)
{
	uint64_t prefix = 5 + t->f->address_size + t->heap->offset_size;
	uint64_t size, at = offset, child;
	const uint8_t *p;
	struct cursor b;
	unsigned row, i;
	int err = 0;

	if (rows > 64 || depth > 64)
		return image_doubt(t->f, "a fractal heap of absurd size");
	size = prefix + (uint64_t)rows * t->width * t->f->address_size + 4;
	p = image_get(t->f, address, size);
	if (!p || !checksum_good(t->f, p, size))
		return NO_OPINION;
	b = cursor_on(p, size);
	if (!prefix_good(t, &b, "FHIB", offset))
		return image_doubt(t->f, "a broken block of a fractal heap");
	for (row = 0; err == 0 && row < rows; row++)
		for (i = 0; err == 0 && i < t->width; i++) {
			child = take_address(&b, t->f);
			if (child != UNDEFINED)
				err = add_child(t, row, child, at, depth);
			at += row_size(t, row);
		}
	return err;
}

static int
by_offset(const void *a, const void *b)
{
	uint64_t x = ((const struct heap_block *)a)->offset;
	uint64_t y = ((const struct heap_block *)b)->offset;

	return x < y ? -1 : x > y;
}

/* ------------------------------------------------------------------ header */

/* Numbers of the header that all blocks need. */
static int
set_table(struct table *t, struct cursor *b, unsigned *bits)
{
	t->width = take_16(b);
	t->start = take_length(b, t->f);
	t->largest = take_length(b, t->f);
	*bits = take_16(b);
	if (!is_power(t->width) || !is_power(t->start) ||
	    !is_power(t->largest) || t->largest < t->start || *bits > 64 ||
	    *bits == 0 || t->largest > UINT32_MAX ||
	    log2_of(t->start) + log2_of(t->width) > *bits)
		return image_doubt(t->f, "a fractal heap of strange shape");
	t->direct_rows = log2_of(t->largest) - log2_of(t->start) + 2;
	t->heap->offset_size = (*bits + 7) / 8;
	t->heap->block_prefix = 5 + t->f->address_size + t->heap->offset_size +
				(t->checked ? 4 : 0);
	if (t->start <= t->heap->block_prefix)
		return image_doubt(t->f, "a fractal heap of strange shape");
	return 0;
}

/* A record of the tree of huge objects: where, how many bytes, its ID. */
static int
see_huge(struct image *f, const uint8_t *record, unsigned size, void *arg)
{
	struct fractal_heap *h = arg;
	struct huge_object o;
	struct cursor b = cursor_on(record, size);
	void *grown;

	o.address = take_address(&b, f);
	o.size = take_length(&b, f);
	o.id = take_length(&b, f);
	if (b.over)
		return image_doubt(f, "a broken record of a huge object");
	grown = vector_grow(h->huge, h->huge_count, &h->huge_room, sizeof(o),
			    "huge objects");
	if (!grown)
		return CUTE_SHM_ERR_NOMEM;
	h->huge = grown;
	if (h->huge_count > 0 && h->huge[h->huge_count - 1].id >= o.id)
		return image_doubt(f, "huge objects in a wrong order");
	h->huge[h->huge_count++] = o;
	return 0;
}

/* Fields of the header that are used only here. */
struct heap_fields {
	uint64_t huge_tree, huge_count, managed_most, root;
	unsigned filters, flags, rows;
};

static int
read_fields(struct table *t, struct cursor *b, struct heap_fields *h)
{
	struct image *f = t->f;
	unsigned bits;
	int err;

	h->managed_most = take_32(b);
	take_length(b, f); /* next ID of a huge object */
	h->huge_tree = take_address(b, f);
	take_length(b, f); /* free space, and who manages it */
	take_address(b, f);
	take(b, 4 * (uint64_t)f->length_size); /* managed objects */
	take_length(b, f);		       /* bytes of huge objects */
	h->huge_count = take_length(b, f);
	take(b, 2 * (uint64_t)f->length_size); /* tiny objects */
	err = set_table(t, b, &bits);
	if (err != 0)
		return err;
	take(b, 2);
	h->root = take_address(b, f);
	h->rows = take_16(b);
	t->heap->length_size = bytes_for(h->managed_most);
	if (bytes_for(t->largest - 1) < t->heap->length_size)
		t->heap->length_size = bytes_for(t->largest - 1);
	t->heap->managed_limit = h->managed_most;
	return b->over ? image_doubt(f, "a broken fractal heap") : 0;
}

static int
read_header(struct table *t, struct heap_fields *fields)
{
	struct image *f = t->f;
	uint64_t size = 22 + 12 * f->length_size + 3 * f->address_size + 4;
	const uint8_t *p = image_get(f, t->address, size);
	struct cursor b;

	if (!p)
		return NO_OPINION;
	b = cursor_on(p, size);
	if (!take_signature(&b, "FRHP"))
		return image_doubt(f, "no fractal heap");
	t->heap->id_size = take_16(&b);
	fields->filters = take_16(&b);
	if (fields->filters != 0)
		return image_doubt(f, "a fractal heap with filters");
	if (!checksum_good(f, p, size))
		return NO_OPINION;
	fields->flags = take_8(&b);
	if (fields->flags & ~(unsigned)(HUGE_WRAPPED | CHECKED_BLOCKS))
		return image_doubt(f, "unknown flags of a fractal heap");
	t->checked = (fields->flags & CHECKED_BLOCKS) != 0;
	return read_fields(t, &b, fields);
}

int
heap_read(struct image *f, uint64_t address, struct fractal_heap *ret)
{
	struct table t = { .f = f, .heap = ret, .address = address };
	struct heap_fields h = { 0 };
	int err = read_header(&t, &h);

	if (err != 0)
		return err;
	if (h.root != UNDEFINED)
		err = h.rows == 0 ? add_direct(&t, h.root, 0, t.start)
				  : add_indirect(&t, h.root, 0, h.rows, 0);
	if (err == 0 && h.huge_count > 0)
		err = tree_v2_walk(f, h.huge_tree, TREE_HUGE, see_huge, ret);
	else if (err == 0 && h.huge_tree != UNDEFINED)
		return image_doubt(f, "a tree of huge objects without any");
	if (ret->block_count > 1)
		qsort(ret->blocks, ret->block_count, sizeof(*ret->blocks),
		      by_offset);
	return err;
}

void
heap_free(struct fractal_heap *heap)
{
	free(heap->blocks);
	free(heap->huge);
	*heap = (struct fractal_heap){ 0 };
}

/* ----------------------------------------------------------------- objects */

static int
managed(struct image *f, const struct fractal_heap *h, struct cursor *id,
	const uint8_t **ret, uint64_t *size)
{
	uint64_t offset = take_number(id, h->offset_size);
	uint64_t length = take_number(id, h->length_size), in;
	uint32_t low = 0, high = h->block_count, middle;

	while (low + 1 < high) {
		middle = low + (high - low) / 2;
		if (h->blocks[middle].offset <= offset)
			low = middle;
		else
			high = middle;
	}
	if (id->over || high == 0 || h->blocks[low].offset > offset)
		return image_doubt(f, "an object outside its heap");
	in = offset - h->blocks[low].offset;
	if (in < h->block_prefix || in >= h->blocks[low].size ||
	    length > h->blocks[low].size - in || length == 0 ||
	    length > h->managed_limit)
		return image_doubt(f, "an object outside its heap");
	*ret = h->blocks[low].data + in;
	*size = length;
	return 0;
}

static int
by_id(const void *a, const void *b)
{
	uint64_t x = ((const struct huge_object *)a)->id;
	uint64_t y = ((const struct huge_object *)b)->id;

	return x < y ? -1 : x > y;
}

static int
huge(struct image *f, const struct fractal_heap *h, struct cursor *id,
     const uint8_t **ret, uint64_t *size)
{
	struct huge_object wanted = { 0 };
	const struct huge_object *o = NULL;

	/* An ID with so much room would hold the address itself. */
	if (h->id_size > f->address_size + f->length_size)
		return image_doubt(f, "a huge object without a record");
	wanted.id = take_number(id, h->id_size < 9 ? h->id_size - 1 : 8);
	if (h->huge_count > 0)
		o = bsearch(&wanted, h->huge, h->huge_count, sizeof(*o), by_id);
	if (!o)
		return image_doubt(f, "an unknown huge object");
	*size = o->size;
	*ret = image_get(f, o->address, *size);
	return *ret ? 0 : NO_OPINION;
}

static int
tiny(struct image *f, const struct fractal_heap *h, struct cursor *id,
     unsigned first, const uint8_t **ret, uint64_t *size)
{
	*size = (first & 0x0f) + 1;
	if (h->id_size > 17)
		*size = ((first & 0x0f) << 8 | take_8(id)) + 1;
	*ret = take(id, *size);
	return *ret ? 0 : image_doubt(f, "a tiny object outside its ID");
}

int
heap_object(struct image *f, const struct fractal_heap *heap, const uint8_t *id,
	    const uint8_t **ret, uint64_t *size)
{
	struct cursor b = cursor_on(id, heap->id_size);
	unsigned first = take_8(&b);

	if (heap->id_size < 2 || first >> 6 != 0)
		return image_doubt(f, "unknown version of a heap's ID");
	switch (first >> 4 & 3) {
	case 0: return managed(f, heap, &b, ret, size);
	case 1: return huge(f, heap, &b, ret, size);
	case 2: return tiny(f, heap, &b, first, ret, size);
	default: return image_doubt(f, "an unknown kind of heap's ID");
	}
}
