/* SPDX-License-Identifier: MIT */
/* Object headers, of version 1, and the objects of arrays. */

#include <string.h>

#include "view/view.h"

#define HEAD_SIZE   16
#define LAYOUT_SIZE 18

/* Space, type, fill value, layout. */
#define PLAIN_MESSAGES 4

void
view_head_begin(struct view *v, uint16_t messages, uint32_t size)
{
	uint8_t head[HEAD_SIZE] = { 1, 0, 0, 0, 1 /* reference */ };

	memcpy(head + 2, &messages, sizeof(messages));
	memcpy(head + 8, &size, sizeof(size));
	view_put(v, head, sizeof(head));
	v->messages = 0;
	v->head_at = v->at;
}

void
view_head_end(struct view *v, uint32_t i)
{
	if (v->pass != VIEW_MEASURE)
		return;
	v->nodes[i].head = (uint32_t)(v->at - v->head_at);
	v->nodes[i].messages = v->messages;
}

void
view_message_begin(struct view *v, uint16_t type, uint8_t flags, uint64_t size)
{
	uint16_t padded = (uint16_t)align_up(size, 8);
	uint8_t head[8] = { [4] = flags };

	memcpy(head, &type, sizeof(type));
	memcpy(head + 2, &padded, sizeof(padded));
	view_put(v, head, sizeof(head));
	v->messages++;
}

void
view_message(struct view *v, uint16_t type, uint8_t flags, const void *data,
	     uint64_t size)
{
	view_message_begin(v, type, flags, size);
	view_put(v, data, size);
	view_put(v, NULL, align_up(size, 8) - size);
}

/* Space is allocated late, the fill value written if set: it is not. */
static void
put_fill(struct view *v)
{
	static const uint8_t fill[8] = { 2, 2, 2, 1 };

	view_message(v, VIEW_MESSAGE_FILL, 0, fill, sizeof(fill));
}

/* Contiguous, at an offset of the segment. */
static void
put_layout(struct view *v, uint64_t offset, uint64_t size)
{
	uint8_t layout[LAYOUT_SIZE] = { 3, 1 };
	uint64_t address = size ? view_address(offset) : VIEW_UNDEFINED;

	memcpy(layout + 2, &address, sizeof(address));
	memcpy(layout + 10, &size, sizeof(size));
	view_message(v, VIEW_MESSAGE_LAYOUT, 0, layout, sizeof(layout));
}

static void
put_space(struct view *v, unsigned ndim, const uint64_t *shape, bool null)
{
	uint8_t space[VIEW_SPACE_MOST];
	size_t size = view_space(ndim, shape, null, space);

	view_message(v, VIEW_MESSAGE_SPACE, 0, space, size);
}

static void
put_type(struct view *v, const struct cute_shm_array *a)
{
	uint8_t type[VIEW_TYPE_MOST];
	size_t size = view_type(a->dtype, a->item_size, type);

	view_message(v, VIEW_MESSAGE_TYPE, VIEW_CONSTANT, type, size);
}

/* The type of an array of integers, or of lists of them, that have names. */
static void
put_enum(struct view *v, const struct cute_shm_array *a,
	 const struct view_enum *e)
{
	const char *dtype = a->dtype + (a->offsets != NULL);
	uint8_t type[VIEW_TYPE_MOST];
	size_t size = a->offsets ? view_type_list(type) : 0;

	view_message_begin(v, VIEW_MESSAGE_TYPE, VIEW_CONSTANT, size + e->size);
	size += view_type_enum(dtype, a->item_size,
			       (uint16_t)e->values.element_count, type + size);
	view_put(v, type, size);
	view_enum_members(v, e);
	view_align(v, 8);
}

/* The header of the array, and behind it the lists of a ragged one. */
static void
put_array(struct view *v, uint32_t i, const struct record *r,
	  const struct cute_shm_array *a)
{
	const struct view_node *node = &v->nodes[i];
	struct view_enum names;
	bool as_enum = view_enum_find(v, r, a, &names);
	uint64_t offset = a->data_offset, size = a->data_size;

	view_head_begin(v, node->messages, node->head);
	if (a->offsets) {
		offset = v->head_at + node->head;
		size = a->element_count * 16;
	}
	put_space(v, a->ndim, a->shape, a->dtype[0] == 'n');
	if (as_enum)
		put_enum(v, a, &names);
	else
		put_type(v, a);
	put_fill(v);
	put_layout(v, offset, size);
	view_attributes(v, i, r, as_enum);
	view_head_end(v, i);
	if (a->offsets)
		view_lists(v, i, a);
}

void
view_array(struct view *v, uint32_t i, const struct record *record)
{
	struct cute_shm_array a;
	int err = array_record(v->shm, record, &a);

	if (err != 0)
		v->err = err;
	else if (a.offsets &&
		 view_aliased(a.element_count, a.value_count * a.item_size))
		view_alias(v, i, record, &a);
	else
		put_array(v, i, record, &a);
}

uint32_t
view_plain_size(const struct cute_shm_array *a)
{
	uint8_t type[VIEW_TYPE_MOST], space[VIEW_SPACE_MOST];
	uint64_t type_size = view_type(a->dtype, a->item_size, type);
	uint64_t space_size =
		view_space(a->ndim, a->shape, a->dtype[0] == 'n', space);

	return (uint32_t)(PLAIN_MESSAGES * 8 + align_up(space_size, 8) +
			  align_up(type_size, 8) + 8 +
			  align_up(LAYOUT_SIZE, 8));
}

/* The header of a plain array, by its record. */
static void
put_plain(struct view *v, const struct view_node *node,
	  const struct cute_shm_array *a)
{
	view_head_begin(v, PLAIN_MESSAGES, node->head);
	put_space(v, a->ndim, a->shape, a->dtype[0] == 'n');
	put_type(v, a);
	put_fill(v);
	put_layout(v, a->data_offset, a->data_size);
	if (a->offsets || v->at - v->head_at != node->head)
		view_damaged(v, node->name, "has changed");
}

void
view_plain(struct view *v, uint32_t i)
{
	const struct view_node *node = &v->nodes[i];
	struct record r = { .offset = node->record, .path = node->name };
	struct cute_shm_array a;
	int err;

	if (v->pass == VIEW_MEASURE) {
		v->at += HEAD_SIZE + node->head;
		return;
	}
	r.array = segment_at(v->shm, r.offset, sizeof(*r.array));
	if (!r.array) {
		view_damaged(v, node->name, "has changed");
		return;
	}
	err = array_record(v->shm, &r, &a);
	if (err != 0)
		v->err = err;
	else
		put_plain(v, node, &a);
}

uint64_t
view_dataset_size(const char *dtype, uint32_t item_size)
{
	uint8_t type[VIEW_TYPE_MOST];
	uint64_t size = align_up(view_type(dtype, item_size, type), 8);

	/* Space, type, fill value, layout. */
	return HEAD_SIZE + 4 * 8 + 16 + size + 8 + align_up(LAYOUT_SIZE, 8);
}

void
view_dataset(struct view *v, const char *dtype, uint32_t item_size,
	     uint64_t count, uint64_t offset)
{
	const struct cute_shm_array a = { .dtype = dtype,
					  .item_size = item_size };

	view_head_begin(v, 4,
			(uint32_t)(view_dataset_size(dtype, item_size) -
				   HEAD_SIZE));
	put_space(v, 1, &count, false);
	put_type(v, &a);
	put_fill(v);
	put_layout(v, offset, count * item_size);
}
