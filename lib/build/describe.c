/* SPDX-License-Identifier: MIT */
/* Describe the tree to a builder: groups, arrays, links. */

#include <inttypes.h>
#include <string.h>

#include "build/build.h"

/* The size of a record has 32 bits; leave room for its shape and rows. */
#define PATH_LIMIT (UINT32_MAX - 1024)

int
expect_state(const struct cute_shm_builder *b, enum build_state state,
	     const char *call)
{
	static const char *const stages[] = {
		[BUILD_DESCRIBE] = "being described",
		[BUILD_WRITE] = "reserved",
		[BUILD_SEALED] = "sealed",
		[BUILD_OVER] = "published, or failed",
	};

	if (b->state == state)
		return 0;
	return cute_shm_fail(CUTE_SHM_ERR_STATE,
			     "project %s: no %s now, it is %s", b->project,
			     call, stages[b->state]);
}

static bool
same_path(const void *of, uint32_t index, const char *text, size_t size)
{
	const struct cute_shm_builder *b = of;
	const struct build_node *node = &b->nodes[index];

	return node->path_size == size && memcmp(node->path, text, size) == 0;
}

uint32_t
find_node(const struct cute_shm_builder *b, const char *path, size_t size)
{
	return hash_find(&b->by_path, path_hash(path, size), same_path, b, path,
			 size);
}

static void
append_child(struct cute_shm_builder *b, uint32_t parent, uint32_t child)
{
	struct build_node *p = &b->nodes[parent];

	if (p->last_child == NO_INDEX)
		p->first_child = child;
	else
		b->nodes[p->last_child].sibling = child;
	p->last_child = child;
	p->child_count++;
}

/* Add a node below 'parent' (NO_INDEX: add the root); *ret is its index. */
static int
add_node(struct cute_shm_builder *b, uint32_t parent, enum cute_shm_kind kind,
	 const char *path, size_t size, uint32_t *ret)
{
	struct build_node *nodes;
	struct build_node node = {
		.hash = path_hash(path, size),
		.path_size = (uint32_t)size,
		.kind = kind,
		.parent = parent,
		.first_child = NO_INDEX,
		.last_child = NO_INDEX,
		.sibling = NO_INDEX,
		.first_attr = NO_INDEX,
		.last_plain = NO_INDEX,
		.detail = NO_INDEX,
	};
	uint32_t index = b->node_count;
	int err;

	nodes = vector_grow(b->nodes, index, &b->node_room, sizeof(node),
			    "nodes");
	if (!nodes)
		return CUTE_SHM_ERR_NOMEM;
	b->nodes = nodes;
	node.path = arena_text(&b->arena, path, size);
	if (!node.path)
		return CUTE_SHM_ERR_NOMEM;
	err = hash_put(&b->by_path, node.hash, index);
	if (err != 0)
		return err;
	nodes[index] = node;
	b->node_count++;
	if (parent != NO_INDEX)
		append_child(b, parent, index);
	*ret = index;
	return 0;
}

int
describe_root(struct cute_shm_builder *b)
{
	uint32_t root;

	return add_node(b, NO_INDEX, CUTE_SHM_GROUP, "", 0, &root);
}

/* The size of the path's parent: the bytes before its last slash. */
static size_t
parent_size(const char *path, size_t size)
{
	const char *slash = memrchr(path, '/', size);

	return slash ? (size_t)(slash - path) : 0;
}

/*
 * Find the deepest ancestor of 'path' that exists, and add the groups missing
 * below it.  *ret is the parent.
 */
static int
make_parents(struct cute_shm_builder *b, const char *path, size_t size,
	     uint32_t *ret)
{
	size_t need = parent_size(path, size);
	size_t have = need;
	const char *slash;
	uint32_t at;
	int err;

	while ((at = find_node(b, path, have)) == NO_INDEX)
		have = parent_size(path, have);
	if (b->nodes[at].kind != CUTE_SHM_GROUP)
		return cute_shm_fail(CUTE_SHM_ERR_TYPE,
				     "%s: %.*s is no group, and holds no nodes",
				     path, (int)have, path);
	while (have < need) {
		slash = memchr(path + have + 1, '/', size - have - 1);
		have = (size_t)(slash - path);
		err = add_node(b, at, CUTE_SHM_GROUP, path, have, &at);
		if (err != 0)
			return err;
	}
	*ret = at;
	return 0;
}

/* Check that the path is valid and not yet used, and make its parents. */
static int
new_place(struct cute_shm_builder *b, const char *path, const char **name,
	  size_t *size, uint32_t *parent)
{
	int err;

	err = path_check(path, name);
	if (err != 0)
		return err;
	*size = strlen(*name);
	if (*size > PATH_LIMIT)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "a path of %zu bytes is too long", *size);
	if (find_node(b, *name, *size) != NO_INDEX)
		return cute_shm_fail(CUTE_SHM_ERR_EXISTS,
				     "project %s: /%s is there already",
				     b->project, *name);
	return make_parents(b, *name, *size, parent);
}

static int
new_node(struct cute_shm_builder *b, const char *path, enum cute_shm_kind kind,
	 uint32_t *ret)
{
	const char *name = NULL;
	size_t size = 0;
	uint32_t parent = NO_INDEX;
	int err;

	err = new_place(b, path, &name, &size, &parent);
	if (err != 0)
		return err;
	return add_node(b, parent, kind, name, size, ret);
}

int
cute_shm_builder_group(struct cute_shm_builder *b, const char *path)
{
	const char *name;
	uint32_t at;
	int err;

	err = expect_state(b, BUILD_DESCRIBE, "new groups");
	if (err != 0)
		return err;
	err = path_check(path, &name);
	if (err != 0)
		return err;
	at = find_node(b, name, strlen(name));
	if (at != NO_INDEX && b->nodes[at].kind == CUTE_SHM_GROUP)
		return 0;
	return new_node(b, path, CUTE_SHM_GROUP, &at);
}

/* Add an array; the caller has set its dtype, element_count and data_size. */
static int
add_array(struct cute_shm_builder *b, const char *path,
	  const struct build_array *from, const uint64_t *shape)
{
	struct build_array *arrays;
	struct build_array array = *from;
	uint64_t *copy;
	int err;

	arrays = vector_grow(b->arrays, b->array_count, &b->array_room,
			     sizeof(array), "arrays");
	if (!arrays)
		return CUTE_SHM_ERR_NOMEM;
	b->arrays = arrays;
	if (array.ndim > 0) {
		copy = arena_get(&b->arena, array.ndim * sizeof(*copy));
		if (!copy)
			return CUTE_SHM_ERR_NOMEM;
		memcpy(copy, shape, array.ndim * sizeof(*copy));
		array.shape = copy;
	}
	err = new_node(b, path, CUTE_SHM_ARRAY, &array.node);
	if (err != 0)
		return err;
	b->nodes[array.node].detail = b->array_count;
	arrays[b->array_count++] = array;
	return 0;
}

/* Check dtype and shape, for plain and ragged arrays. */
static int
array_begin(const struct cute_shm_builder *b, const char *path,
	    const char *dtype, bool ragged, unsigned ndim,
	    const uint64_t *shape, struct build_array *ret)
{
	int err;

	err = expect_state(b, BUILD_DESCRIBE, "new arrays");
	if (err == 0)
		err = dtype_read(dtype, &ret->dtype);
	if (err == 0)
		err = shape_count(ndim, shape, &ret->element_count);
	if (err != 0)
		return err;
	if (ret->dtype.ragged != ragged)
		return cute_shm_fail(CUTE_SHM_ERR_TYPE,
				     "array %s: dtype %s is %sragged",
				     path ? path : "", dtype,
				     ragged ? "not " : "");
	if (ret->dtype.null && ndim > 0)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "array %s: a null dataspace has no "
				     "dimensions, not %u",
				     path ? path : "", ndim);
	if (ret->dtype.null)
		ret->element_count = 0;
	ret->ndim = ndim;
	return 0;
}

int
cute_shm_builder_array(struct cute_shm_builder *b, const char *path,
		       const char *dtype, unsigned ndim, const uint64_t *shape,
		       const void *data)
{
	struct build_array array = { .data = data, .given = data != NULL };
	int err;

	err = array_begin(b, path, dtype, false, ndim, shape, &array);
	if (err != 0)
		return err;
	if (__builtin_mul_overflow(array.element_count, array.dtype.item_size,
				   &array.data_size))
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "array %s: %" PRIu64 " elements of %s are "
				     "over 2^64 bytes",
				     path, array.element_count, dtype);
	return add_array(b, path, &array, shape);
}

uint64_t
cute_shm_values_at(uint64_t element_count)
{
	/* Do not overflow: no memory holds such a size, so it fails later. */
	if (element_count > UINT64_MAX / 16)
		return UINT64_MAX;
	return align_up((element_count + 1) * sizeof(uint64_t),
			FORMAT_DATA_ALIGN);
}

int
ragged_check(const char *what, const uint64_t *offsets, uint64_t elements,
	     uint64_t last)
{
	uint64_t i;

	if (offsets[0] != 0)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "%s: its first offset is %" PRIu64
				     ", not 0",
				     what, offsets[0]);
	for (i = 0; i < elements; i++)
		if (offsets[i + 1] < offsets[i])
			return cute_shm_fail(CUTE_SHM_ERR_INVALID,
					     "%s: offset %" PRIu64
					     " falls from %" PRIu64
					     " to %" PRIu64,
					     what, i + 1, offsets[i],
					     offsets[i + 1]);
	if (offsets[elements] != last)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "%s: its last offset is %" PRIu64
				     ", of %" PRIu64 " items",
				     what, offsets[elements], last);
	return 0;
}

/* Check that both pointers are given, or none; no items need no values. */
static int
ragged_given(const char *path, const struct build_array *array)
{
	if (!array->offsets && !array->data)
		return 0;
	if (!array->offsets || (!array->data && array->value_count > 0))
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "array %s: offsets and values go together",
				     path ? path : "");
	return ragged_check(path ? path : "", array->offsets,
			    array->element_count, array->value_count);
}

int
cute_shm_builder_ragged(struct cute_shm_builder *b, const char *path,
			const char *dtype, unsigned ndim, const uint64_t *shape,
			uint64_t value_count, const uint64_t *offsets,
			const void *values)
{
	struct build_array array = {
		.value_count = value_count,
		.offsets = offsets,
		.data = values,
		.given = offsets != NULL,
	};
	uint64_t bytes;
	int err;

	err = array_begin(b, path, dtype, true, ndim, shape, &array);
	if (err != 0)
		return err;
	if (array.element_count > UINT64_MAX / 16 ||
	    __builtin_mul_overflow(value_count, array.dtype.item_size,
				   &bytes) ||
	    __builtin_add_overflow(cute_shm_values_at(array.element_count),
				   bytes, &array.data_size))
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "array %s: %" PRIu64 " lists with %" PRIu64
				     " items are over 2^64 bytes",
				     path, array.element_count, value_count);
	err = ragged_given(path, &array);
	if (err != 0)
		return err;
	return add_array(b, path, &array, shape);
}

int
cute_shm_builder_link(struct cute_shm_builder *b, const char *path,
		      const char *target)
{
	struct build_link *links;
	struct build_link link = { .resolved = NO_INDEX, .mark = NO_INDEX };
	const char *name;
	size_t size;
	int err;

	err = expect_state(b, BUILD_DESCRIBE, "new links");
	if (err == 0)
		err = path_check(target, &name);
	if (err != 0)
		return err;
	size = strlen(name);
	if (size > PATH_LIMIT)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "a path of %zu bytes is too long", size);
	links = vector_grow(b->links, b->link_count, &b->link_room,
			    sizeof(link), "links");
	if (!links)
		return CUTE_SHM_ERR_NOMEM;
	b->links = links;
	link.target = arena_text(&b->arena, name, size);
	if (!link.target)
		return CUTE_SHM_ERR_NOMEM;
	link.target_size = (uint32_t)size;
	err = new_node(b, path, CUTE_SHM_LINK, &link.node);
	if (err != 0)
		return err;
	b->nodes[link.node].detail = b->link_count;
	links[b->link_count++] = link;
	return 0;
}
