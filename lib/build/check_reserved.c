/* SPDX-License-Identifier: MIT */
/*
 * Check the reserved attributes of all nodes when memory is reserved: only then
 * are all children of a group known.
 */

#include <string.h>

#include "build/build.h"
#include "read/reserved.h"

/* A node's reserved attributes, decoded. */
struct found {
	struct cute_shm_array array[RESERVED_COUNT];
	struct reserved_values values;
};

/* Decode an attribute as a reader would. */
static void
decode(const struct format_attr *attr, struct cute_shm_array *ret)
{
	const uint8_t *p = (const uint8_t *)(attr + 1);
	unsigned i;

	*ret = (struct cute_shm_array){
		.path = (const char *)p,
		.dtype = attr->dtype,
		.data_size = attr->value_size,
		.element_count = 1,
		.item_size = attr->item_size,
		.ndim = attr->record.count,
	};
	p += text_rows(attr->record.name_size);
	memcpy(ret->shape, p, ret->ndim * sizeof(ret->shape[0]));
	p += shape_rows(ret->ndim);
	ret->data = p;
	if (strcmp(attr->dtype, "null") == 0)
		ret->element_count = 0;
	for (i = 0; i < ret->ndim; i++)
		ret->element_count *= ret->shape[i];
	if (attr->dtype[0] != '*')
		return;
	ret->offsets = (const uint64_t *)(const void *)p;
	ret->value_count = ret->offsets[ret->element_count];
	ret->values = p + (ret->element_count + 1) * sizeof(ret->offsets[0]);
}

/* The first of the node's reserved attributes, or NO_INDEX. */
static uint32_t
first_reserved(const struct cute_shm_builder *b, const struct build_node *n)
{
	return n->last_plain == NO_INDEX ? n->first_attr
					 : b->attrs[n->last_plain].next;
}

static int
fail_node(const struct build_node *n, const char *why)
{
	return cute_shm_fail(CUTE_SHM_ERR_INVALID, "/%s: %s", n->path, why);
}

static int
check_fields(const struct cute_shm_builder *b, const struct build_node *n,
	     const struct cute_shm_array *compound)
{
	char why[RESERVED_WHY];
	const char *slash;
	uint32_t child;
	uint64_t i = 0;

	for (child = n->first_child; child != NO_INDEX;
	     child = b->nodes[child].sibling) {
		slash = strrchr(b->nodes[child].path, '/');
		if (!reserved_field(compound, i++,
				    slash ? slash + 1 : b->nodes[child].path,
				    why))
			return fail_node(n, why);
	}
	return 0;
}

static int
check_node(const struct cute_shm_builder *b, const struct build_node *n,
	   struct found *found)
{
	const struct reserved_node node = {
		.kind = n->kind,
		.root = n->path_size == 0,
		.dtype = n->kind == CUTE_SHM_ARRAY
				 ? b->arrays[n->detail].dtype->text
				 : NULL,
		.child_count = n->child_count,
	};
	char why[RESERVED_WHY];
	enum reserved id;
	uint32_t i;

	found->values = (struct reserved_values){ { NULL } };
	for (i = first_reserved(b, n); i != NO_INDEX; i = b->attrs[i].next) {
		id = reserved_find((const char *)(b->attrs[i].record + 1));
		decode(b->attrs[i].record, &found->array[id]);
		found->values.of[id] = &found->array[id];
	}
	for (id = RESERVED_NOT + 1; id < RESERVED_COUNT; id++)
		if (found->values.of[id] &&
		    !reserved_fits(id, &node, &found->values, why))
			return fail_node(n, why);
	if (!found->values.of[RESERVED_COMPOUND])
		return 0;
	return check_fields(b, n, found->values.of[RESERVED_COMPOUND]);
}

int
check_reserved(const struct cute_shm_builder *b)
{
	const struct build_node *n = b->nodes;
	struct found found;
	uint32_t i;
	int err = 0;

	for (i = 0; i < b->node_count && err == 0; i++, n++)
		if (first_reserved(b, n) != NO_INDEX)
			err = check_node(b, n, &found);
	return err;
}
