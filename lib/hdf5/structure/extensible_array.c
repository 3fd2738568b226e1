/* SPDX-License-Identifier: MIT */
/*
 * Extensible arrays of chunks.  The first elements are in the index block; it
 * also has the addresses of the first data blocks, and of super blocks, which
 * have the addresses of further data blocks.  "Super block" n has 2^(n/2) data
 * blocks of min_elements * 2^((n+1)/2) elements, also where the index block has
 * their addresses.
 */

#include "hdf5/structure/structure.h"

struct array {
	struct image *f;
	const struct array_format *format;
	const struct array_shape *shape;
	element_fn *see;
	void *arg;
	uint64_t header, page; /* elements of a page */
	unsigned offset_size;
	uint64_t next; /* number of the next element */
};

static uint64_t
blocks_of(unsigned super)
{
	return UINT64_C(1) << super / 2;
}

static uint64_t
elements_of(const struct array *a, unsigned super)
{
	return (uint64_t)a->shape->min_elements << (super + 1) / 2;
}

/* Signature, version, client, and the address of the array's header. */
static bool
prefix_good(const struct array *a, struct cursor *b, const char *signature)
{
	return take_signature(b, signature) &&
	       take_8(b) == (a->format->filtered ? 1 : 0) &&
	       take_address(b, a->f) == a->header;
}

static int
see_elements(struct array *a, const uint8_t *data, uint64_t first,
	     uint64_t count)
{
	return elements_see(a->f, a->format, data, first, count, a->see,
			    a->arg);
}

/*
 * The pages of a data block whose bit is set.  The bits of all data blocks of a
 * super block follow each other without a gap; 'bit' is the first.
 */
static int
walk_pages(struct array *a, uint64_t address, uint64_t first, uint64_t pages,
	   const uint8_t *bits, uint64_t bit)
{
	uint64_t size = a->page * element_size(a->f, a->format) + 4, i;
	const uint8_t *p;
	int err = 0;

	for (i = 0; err == 0 && i < pages; i++, bit++, address += size) {
		if ((bits[bit / 8] & 0x80 >> bit % 8) == 0)
			continue;
		p = image_get(a->f, address, size);
		if (!p || !checksum_good(a->f, p, size))
			return NO_OPINION;
		err = see_elements(a, p, first + i * a->page, a->page);
	}
	return err;
}

/*
 * A data block of super block 'super'.  'bits' is NULL if the index block has
 * its address.
 */
static int
walk_data(struct array *a, uint64_t address, unsigned super,
	  const uint8_t *bits, uint64_t bit)
{
	uint64_t count = elements_of(a, super), first = a->next;
	uint64_t prefix = 6 + a->f->address_size + a->offset_size, size;
	const uint8_t *p;
	struct cursor b;

	a->next += count;
	if (address == UNDEFINED)
		return 0;
	size = prefix + 4;
	if (count <= a->page)
		size += count * element_size(a->f, a->format);
	p = image_get(a->f, address, size);
	if (!p || !checksum_good(a->f, p, size))
		return NO_OPINION;
	b = cursor_on(p, size);
	/* libhdf5 writes other offsets below the index block. */
	if (!prefix_good(a, &b, "EADB") ||
	    (take_number(&b, a->offset_size) !=
		     first - a->shape->index_elements &&
	     bits))
		return image_doubt(a->f, "a broken array of chunks");
	if (count <= a->page)
		return see_elements(a, b.at, first, count);
	if (!bits)
		return image_doubt(a->f, "an array of chunks without pages");
	return walk_pages(a, address + size, first, count / a->page, bits, bit);
}

static int
walk_super(struct array *a, uint64_t address, unsigned super)
{
	uint64_t blocks = blocks_of(super), pages = 0, size, i;
	uint64_t prefix = 6 + a->f->address_size + a->offset_size;
	const uint8_t *p, *bits;
	struct cursor b;
	int err = 0;

	if (elements_of(a, super) > a->page)
		pages = elements_of(a, super) / a->page;
	size = blocks * ((pages + 7) / 8);
	p = image_get(a->f, address,
		      prefix + size + blocks * a->f->address_size + 4);
	if (!p ||
	    !checksum_good(a->f, p,
			   prefix + size + blocks * a->f->address_size + 4))
		return NO_OPINION;
	b = cursor_on(p, prefix + size + blocks * a->f->address_size);
	if (!prefix_good(a, &b, "EASB") ||
	    take_number(&b, a->offset_size) !=
		    a->next - a->shape->index_elements)
		return image_doubt(a->f, "a broken array of chunks");
	bits = take(&b, size);
	for (i = 0; err == 0 && i < blocks; i++)
		err = walk_data(a, take_address(&b, a->f), super, bits,
				i * pages);
	return err;
}

/* Number of the super blocks whose data blocks the index block has, and all. */
static void
count_supers(const struct array *a, unsigned *direct, unsigned *all)
{
	*direct = 2 * log2_of(a->shape->min_pointers);
	*all = 1 + a->shape->max_bits - log2_of(a->shape->min_elements);
}

static int
walk_index(struct array *a, uint64_t address)
{
	unsigned first = a->shape->index_elements, direct, all, n;
	uint64_t size, i, child;
	const uint8_t *p;
	struct cursor b;
	int err;

	count_supers(a, &direct, &all);
	size = 10 + a->f->address_size +
	       (uint64_t)first * element_size(a->f, a->format) +
	       (2 * ((uint64_t)a->shape->min_pointers - 1) + all - direct) *
		       a->f->address_size;
	p = image_get(a->f, address, size);
	if (!p || !checksum_good(a->f, p, size))
		return NO_OPINION;
	b = cursor_on(p, size);
	if (!prefix_good(a, &b, "EAIB"))
		return image_doubt(a->f, "a broken array of chunks");
	p = take(&b, (uint64_t)first * element_size(a->f, a->format));
	err = see_elements(a, p, 0, first);
	a->next = first;
	for (n = 0; n < direct; n++)
		for (i = 0; err == 0 && i < blocks_of(n); i++)
			err = walk_data(a, take_address(&b, a->f), n, NULL, 0);
	for (; err == 0 && n < all; n++) {
		child = take_address(&b, a->f);
		if (child != UNDEFINED)
			err = walk_super(a, child, n);
		else
			a->next += blocks_of(n) * elements_of(a, n);
	}
	return err;
}

static bool
is_power(unsigned n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

bool
extensible_array_good(const struct array_shape *s)
{
	return s->max_bits > 0 && s->max_bits <= 48 && s->page_bits > 0 &&
	       s->page_bits <= s->max_bits && is_power(s->min_pointers) &&
	       s->min_pointers > 1 && is_power(s->min_elements) &&
	       log2_of(s->min_elements) < s->max_bits &&
	       2 * log2_of(s->min_pointers) <=
		       1 + s->max_bits - log2_of(s->min_elements);
}

static int
read_header(struct array *a, uint64_t *index)
{
	uint64_t size = 16 + 6 * a->f->length_size + a->f->address_size;
	const uint8_t *p = image_get(a->f, a->header, size);
	const struct array_shape *s = a->shape;
	struct cursor b;

	if (!p || !checksum_good(a->f, p, size))
		return NO_OPINION;
	b = cursor_on(p, size);
	if (!take_signature(&b, "EAHD") ||
	    take_8(&b) != (a->format->filtered ? 1 : 0) ||
	    take_8(&b) != element_size(a->f, a->format) ||
	    take_8(&b) != s->max_bits || take_8(&b) != s->index_elements ||
	    take_8(&b) != s->min_elements || take_8(&b) != s->min_pointers ||
	    take_8(&b) != s->page_bits)
		return image_doubt(a->f, "a broken array of chunks");
	take(&b, 6 * (uint64_t)a->f->length_size);
	*index = take_address(&b, a->f);
	return 0;
}

int
extensible_array_walk(struct image *f, uint64_t address,
		      const struct array_format *format,
		      const struct array_shape *shape, element_fn *see,
		      void *arg)
{
	struct array a = { .f = f,
			   .format = format,
			   .shape = shape,
			   .see = see,
			   .arg = arg,
			   .header = address };
	uint64_t index = UNDEFINED;
	int err;

	if (!extensible_array_good(shape))
		return image_doubt(f, "an array of chunks of strange shape");
	a.page = UINT64_C(1) << shape->page_bits;
	a.offset_size = (shape->max_bits + 7u) / 8;
	err = read_header(&a, &index);
	if (err != 0 || index == UNDEFINED)
		return err;
	return walk_index(&a, index);
}
