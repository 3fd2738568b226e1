/* SPDX-License-Identifier: MIT */
/* Local heaps: the names of a group that has a symbol table. */

#include "hdf5/structure/structure.h"

#define LIST_END 1

/* libhdf5 walks over the list of free space, and refuses a broken one. */
static int
check_free_list(struct image *f, const struct names_heap *heap, uint64_t next)
{
	uint64_t steps = heap->size / (2 * f->length_size), at;
	struct cursor b;

	while (next != LIST_END) {
		if (next >= heap->size || steps-- == 0)
			return image_doubt(f, "a broken list of free space");
		at = next;
		b = cursor_on(heap->data + at, heap->size - at);
		next = take_length(&b, f);
		if (next == 0 || take_length(&b, f) > heap->size - at || b.over)
			return image_doubt(f, "a broken list of free space");
	}
	return 0;
}

int
local_heap_read(struct image *f, uint64_t address, struct names_heap *ret)
{
	uint64_t size = 8 + 2 * f->length_size + f->address_size, list;
	const uint8_t *p = image_get(f, address, size);
	struct cursor b;

	if (!p)
		return NO_OPINION;
	b = cursor_on(p, size);
	if (!take_signature(&b, "HEAP"))
		return image_doubt(f, "no local heap");
	take(&b, 3);
	ret->size = take_length(&b, f);
	list = take_length(&b, f);
	ret->data = image_get(f, take_address(&b, f), ret->size);
	return ret->data ? check_free_list(f, ret, list) : NO_OPINION;
}

const char *
local_heap_text(struct image *f, const struct names_heap *heap, uint64_t offset,
		uint64_t *size)
{
	const uint8_t *text, *end;

	if (offset < heap->size) {
		text = heap->data + offset;
		end = memchr(text, 0, heap->size - offset);
		/* Texts may overlap: each costs what it takes to read it. */
		*size = (uint64_t)((end ? end : heap->data + heap->size) -
				   text);
		if (!image_charge(f, *size))
			return NULL;
		if (end)
			return (const char *)text;
	}
	f->why = "a name outside its heap";
	return NULL;
}
