/* SPDX-License-Identifier: MIT */
/*
 * Collect lists straight from the file's global heaps.  column_collect() needs
 * each text or list as an object in memory, which takes much longer.
 */

#include <string.h>

#include "hdf5/dataset/dataset.h"

#define WORD  8
#define SHORT 128 /* bytes of a text that is copied by words */

/* Where an element of the file leads. */
struct place {
	uint64_t address;
	uint32_t length, index;
};

static inline struct place
place_at(const struct image *f, const uint8_t *element)
{
	struct place ret;
	unsigned size = f->address_size;

	ret.length = (uint32_t)number_at(element, 4);
	ret.address = size == 8 ? number_at(element + 4, 8)
				: number_at(element + 4, size);
	ret.index = (uint32_t)number_at(element + 4 + size, 4);
	return ret;
}

/* The bytes of a list in an element: length, address, and index. */
static size_t
list_size(const struct dataset *d)
{
	return 8 + d->index->image.address_size;
}

/* The type of the lists in the elements, or NULL if they are other parts. */
static const struct native_type *
list_type(const struct native_type *file)
{
	while (file->class == NATIVE_ARRAY)
		file = file->base;
	return file->class == NATIVE_LIST ? file : NULL;
}

/* Whether the items of lists are in memory as they are in the file. */
static bool
as_they_are(const struct native_type *item, const struct type *leaf)
{
	struct convert how;

	return !leaf->swap && convert_get(item, &how) &&
	       how.kind == CONVERT_NONE && how.size == item->size;
}

bool
native_lists_fit(const struct dataset *d)
{
	const struct native_type *list;
	const struct column *c = d->columns.column;
	const struct type *leaf;

	if (!d->native || d->columns.count != 1 || !c->leaf)
		return false;
	leaf = c->leaf;
	list = list_type(d->native->type);
	if (!list || list->base->size != leaf->item_size ||
	    list->size != list_size(d) ||
	    c->repeat != d->native->type->size / list->size)
		return false;
	return leaf->kind == TYPE_TEXT ? list->is_text && list->base->size == 1
				       : leaf->kind == TYPE_LIST &&
						 as_they_are(list->base, leaf);
}

/*
 * Copy a text up to its first NUL, by words; return its length.  Both have room
 * up to the next multiple of a word.
 */
static inline uint32_t
copy_short(uint8_t *to, const uint8_t *from, uint32_t size)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t word, zeros;
	uint32_t at;

	for (at = 0; at < size; at += WORD) {
		memcpy(&word, from + at, WORD);
		memcpy(to + at, &word, WORD);
		word = le64toh(word);
		/* The lowest bit that is set is in the first byte of zero. */
		zeros = (word - ones) & ~word & ones << 7;
		if (zeros != 0) {
			at += (uint32_t)__builtin_ctzll(zeros) / 8;
			return at < size ? at : size;
		}
	}
	return size;
}

/* The same for texts of any length; 'to' is NULL if it is only counted. */
static inline uint32_t
copy_text(uint8_t *to, const uint8_t *from, uint32_t size)
{
	uint8_t scratch[SHORT];

	if (size <= SHORT)
		return copy_short(to ? to : scratch, from, size);
	size = (uint32_t)strnlen((const char *)from, size);
	if (to)
		memcpy(to, from, size);
	return size;
}

/* Collect 'count' lists, for which *r has room; only then *r changes. */
static int
collect(struct dataset *d, const uint8_t *element, uint64_t count,
	struct ragged *r)
{
	const struct type *leaf = d->columns.column->leaf;
	struct image *f = &d->index->image;
	uint64_t *offsets = r->counting ? NULL : r->offsets + r->count + 1;
	size_t item = leaf->item_size, step = list_size(d);
	bool text = leaf->kind == TYPE_TEXT;
	uint64_t items = r->items, size = 0, i;
	const uint8_t *bytes;
	int err;

	for (i = 0; i < count; i++, element += step) {
		struct place at = place_at(f, element);
		uint8_t *to = r->counting ? NULL : r->values + items * item;

		if (at.length > 0 || at.address != 0) {
			err = global_heap_pass(f, &d->index->heaps, at.address,
					       at.index, &bytes, &size);
			if (err != 0)
				return err;
			if (size < at.length * (uint64_t)item)
				return NO_OPINION;
		}
		if (at.length > 0 && text)
			at.length = copy_text(to, bytes, at.length);
		else if (at.length > 0 && to)
			memcpy(to, bytes, at.length * item);
		items += at.length;
		if (offsets)
			offsets[i] = items;
	}
	r->items = items;
	r->count += count;
	return 0;
}

/* ------------------------------------------------------------------ public */

uint64_t
native_lists_most(const struct dataset *d, const uint8_t *elements,
		  uint64_t count)
{
	const struct column *c = d->columns.column;
	size_t step = list_size(d);
	uint64_t sum = 0;

	if (__builtin_mul_overflow(count, c->repeat, &count) ||
	    count > UINT32_MAX)
		return UINT64_MAX;
	for (; count > 0; count--, elements += step)
		sum += number_at(elements, 4);
	return __builtin_mul_overflow(sum, c->leaf->item_size, &sum)
		       ? UINT64_MAX
		       : sum;
}

int
native_lists_collect(struct dataset *d, const uint8_t *elements, uint64_t count,
		     struct ragged *r)
{
	const struct column *c = d->columns.column;
	uint64_t more = native_lists_most(d, elements, count), bytes;
	int err;

	/* No text is longer than the file, but many can be the same one. */
	if ((count == 1 && more / c->repeat > d->index->image.size) ||
	    __builtin_mul_overflow(r->items, c->leaf->item_size, &bytes) ||
	    __builtin_add_overflow(bytes, more, &bytes) || bytes > SIZE_MAX / 2)
		return NO_OPINION;
	err = ragged_reserve(r, count * c->repeat, bytes, WORD);
	return err ? err : collect(d, elements, count * c->repeat, r);
}

void
native_lists_end(struct dataset *d)
{
	if (d->native)
		global_heap_passed(&d->index->heaps);
}
