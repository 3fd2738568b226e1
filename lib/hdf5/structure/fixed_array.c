/* SPDX-License-Identifier: MIT */
/* Fixed arrays of chunks, and the elements of both kinds of arrays. */

#include "hdf5/structure/structure.h"

unsigned
element_size(const struct image *f, const struct array_format *format)
{
	return f->address_size +
	       (format->filtered ? format->size_bytes + 4 : 0);
}

int
elements_see(struct image *f, const struct array_format *format,
	     const uint8_t *data, uint64_t first, uint64_t count,
	     element_fn *see, void *arg)
{
	struct cursor b = cursor_on(data, count * element_size(f, format));
	struct array_element e = { 0 };
	uint64_t i;
	int err = 0;

	for (i = 0; err == 0 && i < count; i++) {
		e.address = take_address(&b, f);
		if (format->filtered) {
			e.size = take_number(&b, format->size_bytes);
			e.mask = take_32(&b);
		}
		if (e.address != UNDEFINED)
			err = see(f, first + i, &e, arg);
	}
	return err;
}

struct fixed_array {
	struct image *f;
	const struct array_format *format;
	element_fn *see;
	void *arg;
	uint64_t header, entries, page; /* entries of a page */
};

/* Pages: each with a checksum, if its bit is set. */
static int
walk_pages(struct fixed_array *a, uint64_t address, const uint8_t *bits,
	   uint64_t pages)
{
	unsigned each = element_size(a->f, a->format);
	uint64_t i, first, count, size;
	const uint8_t *p;
	int err = 0;

	for (i = 0; err == 0 && i < pages; i++) {
		first = i * a->page;
		count = a->entries - first;
		count = count < a->page ? count : a->page;
		size = count * each + 4;
		if (bits[i / 8] & 0x80 >> i % 8) {
			p = image_get(a->f, address, size);
			if (!p || !checksum_good(a->f, p, size))
				return NO_OPINION;
			err = elements_see(a->f, a->format, p, first, count,
					   a->see, a->arg);
		}
		address += size;
	}
	return err;
}

/* The data block; all of its size must be in the file before it is walked. */
static int
walk_block(struct fixed_array *a, uint64_t address)
{
	unsigned each = element_size(a->f, a->format);
	uint64_t prefix = 6 + a->f->address_size, size, pages = 0;
	const uint8_t *p;
	struct cursor b;

	if (a->entries > a->f->end / each)
		return image_doubt(a->f, "an array of chunks exceeds the file");
	if (a->entries > a->page) {
		pages = (a->entries + a->page - 1) / a->page;
		size = prefix + (pages + 7) / 8 + 4;
	} else {
		size = prefix + a->entries * each + 4;
	}
	p = image_get(a->f, address, size);
	if (!p || !checksum_good(a->f, p, size))
		return NO_OPINION;
	b = cursor_on(p, size);
	if (!take_signature(&b, "FADB") ||
	    take_8(&b) != (a->format->filtered ? 1 : 0) ||
	    take_address(&b, a->f) != a->header)
		return image_doubt(a->f, "a broken array of chunks");
	if (pages > 0)
		return walk_pages(a, address + size, b.at, pages);
	return elements_see(a->f, a->format, b.at, 0, a->entries, a->see,
			    a->arg);
}

int
fixed_array_walk(struct image *f, uint64_t address,
		 const struct array_format *format, uint64_t entries,
		 element_fn *see, void *arg)
{
	struct fixed_array a = { f, format, see, arg, address, 0, 0 };
	uint64_t size = 12 + f->length_size + f->address_size, block;
	const uint8_t *p = image_get(f, address, size);
	unsigned page_bits;
	struct cursor b;

	if (!p || !checksum_good(f, p, size))
		return NO_OPINION;
	b = cursor_on(p, size);
	if (!take_signature(&b, "FAHD") ||
	    take_8(&b) != (format->filtered ? 1 : 0) ||
	    take_8(&b) != element_size(f, format))
		return image_doubt(f, "a broken array of chunks");
	page_bits = take_8(&b);
	a.entries = take_length(&b, f);
	block = take_address(&b, f);
	if (page_bits == 0 || page_bits > 32 || a.entries != entries)
		return image_doubt(f, "an array of chunks of a wrong size");
	a.page = UINT64_C(1) << page_bits;
	return block == UNDEFINED ? 0 : walk_block(&a, block);
}
