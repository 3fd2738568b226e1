/* SPDX-License-Identifier: MIT */
/* Attributes, and the enums that two of them describe. */

#include <string.h>

#include "view/view.h"

/* Bytes of a message before the name. */
#define HEAD_SIZE 8

enum place {
	SHOWN,
	PART_OF_TYPE,
	OMITTED
};

/*
 * netCDF-4 takes these as a promise of dimension scales, which are references
 * and in no segment, and of types that netCDF-3 has.  It crashes if the list of
 * scales is not one of references.
 */
bool
view_hides(const char *name)
{
	return strncmp(name, "_Netcdf4", 8) == 0 ||
	       strcmp(name, "_nc3_strict") == 0 ||
	       strcmp(name, "DIMENSION_LIST") == 0;
}

/* ------------------------------------------------------------------- enums */

/* Find the two attributes of an enum, of which the array has both or none. */
static bool
find_members(const struct view *v, const struct record *r,
	     struct view_enum *ret)
{
	struct cute_shm_attr attr;
	uint64_t at = r->after;
	enum reserved id;
	bool names = false, values = false;
	uint32_t k;

	for (k = 0; k < r->attr_count; k++) {
		if (attr_record(v->shm, at, &attr, &at) != 0)
			return false;
		id = reserved_find(attr.name);
		if (id == RESERVED_ENUM_NAMES) {
			ret->names = attr.value;
			names = true;
		} else if (id == RESERVED_ENUM_VALUES) {
			ret->values = attr.value;
			values = true;
		}
	}
	return names && values;
}

/* Whether these are members of an enum of the array's integers. */
static bool
members_fit(const struct cute_shm_array *a, const struct view_enum *e)
{
	const struct cute_shm_array *names = &e->names, *values = &e->values;

	return strcmp(names->dtype, "*|S1") == 0 && names->ndim == 1 &&
	       values->ndim == 1 &&
	       strcmp(values->dtype, a->dtype + (a->offsets != NULL)) == 0 &&
	       (values->dtype[1] == 'i' || values->dtype[1] == 'u') &&
	       values->element_count > 0 &&
	       values->element_count <= VIEW_MOST_MEMBERS &&
	       names->element_count == values->element_count;
}

bool
view_enum_find(struct view *v, const struct record *record,
	       const struct cute_shm_array *array, struct view_enum *ret)
{
	const void *name;
	uint64_t size, e;

	if (record->attr_count == 0 || array->dtype[0] == 'n' ||
	    !find_members(v, record, ret) || !members_fit(array, ret))
		return false;
	ret->size = 8 + 12 + ret->values.data_size;
	for (e = 0; e < ret->names.element_count; e++) {
		if (!view_list(v, &ret->names, e, &name, &size) || size == 0 ||
		    memchr(name, '\0', (size_t)size))
			return false;
		ret->size += align_up(size + 1, 8);
		if (ret->size > VIEW_MOST_ENUM)
			return false;
	}
	return true;
}

void
view_enum_members(struct view *v, const struct view_enum *e)
{
	const void *name;
	uint64_t size, i;

	for (i = 0; i < e->names.element_count; i++) {
		if (!view_list(v, &e->names, i, &name, &size))
			return;
		view_put(v, name, size);
		view_put(v, NULL, align_up(size + 1, 8) - size);
	}
	view_put(v, e->values.data, e->values.data_size);
}

/* -------------------------------------------------------------- attributes */

/* Bytes of the value in the message: the items of lists are elsewhere. */
static uint64_t
value_size(const struct cute_shm_array *value)
{
	return value->offsets ? value->element_count * 16 : value->data_size;
}

uint64_t
view_attribute_size(size_t name_size, const struct cute_shm_array *value)
{
	uint8_t type[VIEW_TYPE_MOST], space[VIEW_SPACE_MOST];
	size_t type_size = view_type(value->dtype, value->item_size, type);
	size_t space_size = view_space(value->ndim, value->shape,
				       value->dtype[0] == 'n', space);

	return HEAD_SIZE + align_up(name_size + 1, 8) + align_up(type_size, 8) +
	       align_up(space_size, 8) + value_size(value);
}

/* All of the message but the value. */
static void
begin_attribute(struct view *v, const char *name,
		const struct cute_shm_array *value)
{
	uint8_t type[VIEW_TYPE_MOST], space[VIEW_SPACE_MOST];
	size_t name_size = strlen(name);
	uint16_t sizes[4] = { 1, (uint16_t)(name_size + 1) };

	sizes[2] = (uint16_t)view_type(value->dtype, value->item_size, type);
	sizes[3] = (uint16_t)view_space(value->ndim, value->shape,
					value->dtype[0] == 'n', space);
	view_message_begin(v, VIEW_MESSAGE_ATTRIBUTE, 0,
			   view_attribute_size(name_size, value));
	view_put(v, sizes, sizeof(sizes));
	view_put(v, name, name_size);
	view_put(v, NULL, align_up(name_size + 1, 8) - name_size);
	view_put(v, type, sizes[2]);
	view_put(v, NULL, align_up(sizes[2], 8) - sizes[2]);
	view_put(v, space, sizes[3]);
	view_put(v, NULL, align_up(sizes[3], 8) - sizes[3]);
}

static void
put_attribute(struct view *v, uint32_t i, const struct cute_shm_attr *attr)
{
	const struct cute_shm_array *value = &attr->value;

	begin_attribute(v, attr->name, value);
	if (value->offsets)
		view_lists(v, i, value);
	else if (value->data_size > 0)
		view_put(v, value->data, value->data_size);
	view_align(v, 8);
}

/* What becomes of attribute number 'k' of a node. */
static enum place
place_of(const struct cute_shm_attr *attr, uint32_t k, bool as_enum)
{
	enum reserved id = reserved_find(attr->name);

	if (as_enum &&
	    (id == RESERVED_ENUM_NAMES || id == RESERVED_ENUM_VALUES))
		return PART_OF_TYPE;
	if (k >= VIEW_MOST_ATTRS || view_hides(attr->name) ||
	    view_attribute_size(strlen(attr->name), &attr->value) >
		    VIEW_MOST_MESSAGE)
		return OMITTED;
	return SHOWN;
}

/* The attribute that names those that the view omits. */
static void
put_omitted(struct view *v, uint32_t i, const struct record *r, bool as_enum,
	    uint32_t omitted)
{
	struct cute_shm_array value = { .dtype = "*|S1", .item_size = 1 };
	struct cute_shm_attr attr;
	uint64_t at = r->after;
	uint32_t k;

	if (omitted > VIEW_MOST_OMITTED)
		omitted = VIEW_MOST_OMITTED;
	value.ndim = 1;
	value.shape[0] = value.element_count = omitted;
	value.offsets = &at; /* it is ragged: not read */
	begin_attribute(v, VIEW_OMITTED, &value);
	for (k = 0; omitted > 0 && v->err == 0; k++) {
		if (k == r->attr_count ||
		    attr_record(v->shm, at, &attr, &at) != 0) {
			view_damaged(v, r->path, "has changed");
			return;
		}
		if (place_of(&attr, k, as_enum) != OMITTED)
			continue;
		view_text(v, i, attr.name, strlen(attr.name));
		omitted--;
	}
}

void
view_attributes(struct view *v, uint32_t i, const struct record *record,
		bool as_enum)
{
	struct cute_shm_attr attr;
	uint64_t at = record->after;
	uint32_t k, omitted = 0;
	enum place place;
	int err;

	for (k = 0; k < record->attr_count && v->err == 0; k++) {
		err = attr_record(v->shm, at, &attr, &at);
		if (err != 0) {
			v->err = err;
			return;
		}
		place = place_of(&attr, k, as_enum);
		if (place == SHOWN)
			put_attribute(v, i, &attr);
		omitted += place == OMITTED;
	}
	if (omitted > 0 && v->err == 0)
		put_omitted(v, i, record, as_enum, omitted);
}
