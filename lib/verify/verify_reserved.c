/* SPDX-License-Identifier: MIT */
/* Check attributes named "cute-shm:..."; read/reserved.c has the rules. */

#include <string.h>

#include "verify/verify.h"

/* Describe the node for the rules; false if its record is damaged. */
static bool
describe_node(const struct verify *v, const struct record *r,
	      struct cute_shm_array *array, struct reserved_node *ret)
{
	*ret = (struct reserved_node){
		.kind = r->kind,
		.root = r->path_size == 0,
	};
	if (r->kind == CUTE_SHM_GROUP)
		ret->child_count = r->child_or_target;
	if (r->kind != CUTE_SHM_ARRAY)
		return true;
	if (array_record(v->shm, r, array) != 0)
		return false;
	ret->dtype = array->dtype;
	return true;
}

/* False for a name that a later minor version may have added. */
static bool
known(const struct verify *v, enum reserved id)
{
	return id != RESERVED_UNKNOWN ||
	       strcmp(v->shm->version, FORMAT_VERSION_FIRST) == 0 ||
	       strcmp(v->shm->version, FORMAT_VERSION) == 0;
}

void
verify_reserved(struct verify *v, const struct record *r,
		struct verify_reserved *found)
{
	struct cute_shm_attr attr[RESERVED_COUNT];
	struct reserved_values values = { { NULL } };
	struct reserved_node node;
	struct cute_shm_array array;
	char why[RESERVED_WHY];
	enum reserved id;
	uint64_t after;

	/* They were read before, but a writer may have changed them since. */
	if (!describe_node(v, r, &array, &node))
		return;
	for (id = RESERVED_NOT + 1; id < RESERVED_COUNT; id++)
		if (found->record[id] && attr_record(v->shm, found->record[id],
						     &attr[id], &after) == 0)
			values.of[id] = &attr[id].value;
	for (id = RESERVED_NOT + 1; id < RESERVED_COUNT; id++) {
		if (!values.of[id] || !known(v, id) ||
		    reserved_fits(id, &node, &values, why))
			continue;
		verify_damage(v, r, found->record[id], 0, "%s", why);
		if (id == RESERVED_COMPOUND)
			found->record[id] = 0;
		if (id == RESERVED_ENUM_NAMES)
			values.of[RESERVED_ENUM_VALUES] = NULL;
		if (id == RESERVED_PARTS)
			values.of[RESERVED_PARTS_SIZE] =
				values.of[RESERVED_PARTS_MTIME] = NULL;
	}
}

void
verify_field(struct verify *v, const struct record *group, uint64_t compound,
	     uint64_t child, const char *name)
{
	struct cute_shm_attr attr;
	char why[RESERVED_WHY];
	uint64_t after;

	if (attr_record(v->shm, compound, &attr, &after) != 0)
		return;
	if (child < attr.value.element_count &&
	    !reserved_field(&attr.value, child, name, why))
		verify_damage(v, group, compound, 0, "%s", why);
}
