/* SPDX-License-Identifier: MIT */
/*
 * The room for a view before there are records to measure: exact without ragged
 * values, else a bound, since their items may not be known.
 */

#include <string.h>

#include "view/view.h"

/* Header and messages of an empty group, head and first bytes of its names. */
#define GROUP_SIZE (16 + 8 + 16 + 32 + 8)

/* The two datasets of a ragged array without a copy, at most. */
#define ALIAS_SIZE 1024

/* The message of the attribute that names others, without elements. */
#define OMITTED_SIZE (8 + 8 + 24 + 24 + 16)

#define MESSAGE_HEAD   8
#define ELEMENT_SIZE   16 /* of a ragged value */
#define EXTENSION_SIZE 48 /* of the superblock */

void
view_room_group(struct view_room *room, uint64_t children)
{
	room->bytes += GROUP_SIZE + view_leaves_size(children) +
		       view_tree_size(children);
}

void
view_room_name(struct view_room *room, uint64_t size)
{
	room->bytes += view_name_size(size);
}

void
view_room_target(struct view_room *room, uint64_t size)
{
	room->bytes += view_target_size(size);
}

static void
add_items(struct view_room *room, uint64_t count, uint64_t bytes)
{
	room->bytes += ELEMENT_SIZE * count;
	room->items += count;
	room->sizes += bytes;
}

void
view_room_array(struct view_room *room, const struct dtype *type, unsigned ndim,
		uint64_t element_count, uint64_t value_count)
{
	uint64_t bytes = value_count * type->item_size;

	/* That of a dataset with one dimension, of which each takes 8. */
	room->bytes += view_dataset_size(type->text, type->item_size) - 8 +
		       8 * (uint64_t)ndim;
	if (!type->ragged)
		return;
	if (!view_aliased(element_count, bytes)) {
		add_items(room, element_count, bytes);
		return;
	}
	view_room_group(room, 2);
	room->bytes += ALIAS_SIZE;
}

/* What the message encodes of the attribute's value. */
static void
describe(const struct format_attr *attr, struct cute_shm_array *ret)
{
	const uint8_t *shape = (const uint8_t *)attr + sizeof(*attr) +
			       text_rows(attr->record.name_size);

	memset(ret, 0, sizeof(*ret));
	ret->dtype = attr->dtype;
	ret->item_size = attr->item_size;
	ret->ndim = attr->record.count;
	memcpy(ret->shape, shape, ret->ndim * sizeof(*ret->shape));
	ret->data_size = attr->value_size;
	if (attr->dtype[0] != '*')
		return;
	/* Its size was checked when the attribute was described. */
	if (shape_count(ret->ndim, ret->shape, &ret->element_count) != 0)
		ret->element_count = 0;
	ret->offsets = ret->shape; /* not read */
}

void
view_room_attr(struct view_room *room, const struct format_attr *attr,
	       uint32_t k)
{
	const char *name = (const char *)attr + sizeof(*attr);
	size_t name_size = attr->record.name_size;
	enum reserved id = reserved_find(name);
	struct cute_shm_array value;
	uint64_t size;

	describe(attr, &value);
	size = view_attribute_size(name_size, &value);
	if (k >= VIEW_MOST_ATTRS || view_hides(name) ||
	    size > VIEW_MOST_MESSAGE) {
		room->bytes += OMITTED_SIZE;
		add_items(room, 1, name_size);
		/* What is too large for a message may fit into a type. */
		if (id != RESERVED_ENUM_NAMES && id != RESERVED_ENUM_VALUES)
			return;
	}
	room->bytes += MESSAGE_HEAD + align_up(size, 8);
	if (!value.offsets)
		return;
	/* view_attribute_size() has counted the elements. */
	room->items += value.element_count;
	room->sizes +=
		value.data_size - (value.element_count + 1) * sizeof(uint64_t);
}

/*
 * Two collections in a row have over 64 KiB, so that what they add to their
 * items, of which each has a head and padding, is below an eighth.
 */
uint64_t
view_room_sum(const struct view_room *room)
{
	uint64_t items = (VIEW_HEAP_HEAD + 7) * room->items + room->sizes;

	if (room->items == 0)
		return EXTENSION_SIZE + room->bytes;
	return EXTENSION_SIZE + room->bytes + items + items / 8 +
	       VIEW_HEAP_LEAST + VIEW_HEAP_ALIGN;
}
