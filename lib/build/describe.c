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

static uint32_t
find_hash(const struct cute_shm_builder *b, uint64_t hash, const char *path,
	  size_t size)
{
	return hash_find(&b->by_path, hash, same_path, b, path, size);
}

uint32_t
find_node(const struct cute_shm_builder *b, const char *path, size_t size)
{
	return find_hash(b, path_hash(path, size), path, size);
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

/* A path that has no node yet, and the group that gets it. */
struct new_path {
	const char *text;
	size_t size;
	uint64_t hash;
	uint32_t parent; /* NO_INDEX: it is the root's */
};

/* Add a node; *ret is its index. */
static int
add_node(struct cute_shm_builder *b, const struct new_path *path,
	 enum cute_shm_kind kind, uint32_t *ret)
{
	struct build_node *nodes;
	struct build_node node = {
		.hash = path->hash,
		.path_size = (uint32_t)path->size,
		.kind = kind,
		.parent = path->parent,
		.first_child = NO_INDEX,
		.last_child = NO_INDEX,
		.sibling = NO_INDEX,
		.first_attr = NO_INDEX,
		.last_plain = NO_INDEX,
	};
	uint32_t index = b->node_count;
	int err;

	nodes = vector_grow(b->nodes, index, &b->node_room, sizeof(node),
			    "nodes");
	if (!nodes)
		return CUTE_SHM_ERR_NOMEM;
	b->nodes = nodes;
	node.path = arena_text(&b->arena, path->text, path->size);
	if (!node.path)
		return CUTE_SHM_ERR_NOMEM;
	err = hash_put(&b->by_path, node.hash, index);
	if (err != 0)
		return err;
	nodes[index] = node;
	b->node_count++;
	if (path->parent != NO_INDEX)
		append_child(b, path->parent, index);
	*ret = index;
	return 0;
}

int
describe_root(struct cute_shm_builder *b)
{
	const struct new_path path = { .text = "",
				       .hash = path_hash("", 0),
				       .parent = NO_INDEX };
	uint32_t root;

	return add_node(b, &path, CUTE_SHM_GROUP, &root);
}

/* The size of the path's parent: the bytes before its last slash. */
static size_t
parent_size(const char *path, size_t size)
{
	const char *slash = memrchr(path, '/', size);

	return slash ? (size_t)(slash - path) : 0;
}

/*
 * Find the deepest ancestor of the path that exists, and add the groups missing
 * below it.
 */
static int
make_parents(struct cute_shm_builder *b, struct new_path *path)
{
	struct new_path up = { .text = path->text };
	size_t need = parent_size(path->text, path->size);
	const char *slash;
	int err;

	up.size = need;
	while ((up.parent = find_node(b, up.text, up.size)) == NO_INDEX)
		up.size = parent_size(up.text, up.size);
	if (b->nodes[up.parent].kind != CUTE_SHM_GROUP)
		return cute_shm_fail(CUTE_SHM_ERR_TYPE,
				     "%s: %.*s is no group, and holds no nodes",
				     up.text, (int)up.size, up.text);
	while (up.size < need) {
		slash = memchr(up.text + up.size + 1, '/',
			       path->size - up.size - 1);
		up.size = (size_t)(slash - up.text);
		up.hash = path_hash(up.text, up.size);
		err = add_node(b, &up, CUTE_SHM_GROUP, &up.parent);
		if (err != 0)
			return err;
	}
	path->parent = b->last_group = up.parent;
	return 0;
}

/* Whether it is a path of the last group, as most are; then *ret has parts. */
static bool
in_last_group(const struct cute_shm_builder *b, const char *path,
	      struct new_path *ret)
{
	const struct build_node *group = &b->nodes[b->last_group];
	const char *name;
	size_t size;

	if (!path)
		return false;
	path += path[0] == '/';
	if (strncmp(path, group->path, group->path_size) != 0)
		return false;
	name = path + group->path_size;
	if (group->path_size > 0 && *name++ != '/')
		return false;
	size = strlen(name);
	ret->text = path;
	ret->size = (size_t)(name - path) + size;
	ret->parent = b->last_group;
	return component_ok(name, size);
}

/* Check that the path is valid and not yet used, and make its parents. */
static int
new_place(struct cute_shm_builder *b, const char *path, struct new_path *ret)
{
	bool last = in_last_group(b, path, ret);
	int err;

	if (!last) {
		err = path_check(path, &ret->text);
		if (err != 0)
			return err;
		ret->size = strlen(ret->text);
	}
	if (ret->size > PATH_LIMIT)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "a path of %zu bytes is too long",
				     ret->size);
	ret->hash = path_hash(ret->text, ret->size);
	if (find_hash(b, ret->hash, ret->text, ret->size) != NO_INDEX)
		return cute_shm_fail(CUTE_SHM_ERR_EXISTS,
				     "project %s: /%s is there already",
				     b->project, ret->text);
	return last ? 0 : make_parents(b, ret);
}

static int
new_node(struct cute_shm_builder *b, const char *path, enum cute_shm_kind kind,
	 uint32_t *ret)
{
	struct new_path place = { .text = NULL };
	int err = new_place(b, path, &place);

	return err == 0 ? add_node(b, &place, kind, ret) : err;
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

/* Copy the shape, unless the last array has the same; NULL: no memory. */
static const uint64_t *
share_shape(struct cute_shm_builder *b, unsigned ndim, const uint64_t *shape)
{
	const struct build_array *last =
		b->array_count > 0 ? &b->arrays[b->array_count - 1] : NULL;
	size_t size = ndim * sizeof(*shape);
	uint64_t *copy;

	if (ndim == 0)
		return NULL;
	if (last && last->ndim == ndim && memcmp(last->shape, shape, size) == 0)
		return last->shape;
	copy = arena_get(&b->arena, size);
	return copy ? memcpy(copy, shape, size) : NULL;
}

/* Add an array; the caller has set its dtype, element_count and data_size. */
static int
add_array(struct cute_shm_builder *b, const char *path,
	  const struct build_array *from, const uint64_t *shape)
{
	struct build_array *arrays;
	struct build_array array = *from;
	int err;

	arrays = vector_grow(b->arrays, b->array_count, &b->array_room,
			     sizeof(array), "arrays");
	if (!arrays)
		return CUTE_SHM_ERR_NOMEM;
	b->arrays = arrays;
	array.shape = share_shape(b, array.ndim, shape);
	if (array.ndim > 0 && !array.shape)
		return CUTE_SHM_ERR_NOMEM;
	err = new_node(b, path, CUTE_SHM_ARRAY, &array.node);
	if (err != 0)
		return err;
	b->nodes[array.node].detail = b->array_count;
	arrays[b->array_count++] = array;
	return 0;
}

/* Read a dtype.  Arrays share it with those before: most have the same. */
static int
share_dtype(struct cute_shm_builder *b, const char *text,
	    const struct dtype **ret)
{
	const struct dtype *last = b->last_dtype;
	struct dtype dtype, *copy;
	int err;

	if (!last || !text || strcmp(text, last->text) != 0) {
		err = dtype_read(text, &dtype);
		if (err != 0)
			return err;
		copy = arena_get(&b->arena, sizeof(*copy));
		if (!copy)
			return CUTE_SHM_ERR_NOMEM;
		*copy = dtype;
		b->last_dtype = copy;
	}
	*ret = b->last_dtype;
	return 0;
}

/* Check dtype and shape, for plain and ragged arrays. */
static int
array_begin(struct cute_shm_builder *b, const char *path, const char *dtype,
	    bool ragged, unsigned ndim, const uint64_t *shape,
	    struct build_array *ret)
{
	int err;

	err = expect_state(b, BUILD_DESCRIBE, "new arrays");
	if (err == 0)
		err = share_dtype(b, dtype, &ret->dtype);
	if (err == 0)
		err = shape_count(ndim, shape, &ret->element_count);
	if (err != 0)
		return err;
	if (ret->dtype->ragged != ragged)
		return cute_shm_fail(CUTE_SHM_ERR_TYPE,
				     "array %s: dtype %s is %sragged",
				     path ? path : "", dtype,
				     ragged ? "not " : "");
	if (ret->dtype->null && ndim > 0)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "array %s: a null dataspace has no "
				     "dimensions, not %u",
				     path ? path : "", ndim);
	if (ret->dtype->null)
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
	if (__builtin_mul_overflow(array.element_count, array.dtype->item_size,
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
	    __builtin_mul_overflow(value_count, array.dtype->item_size,
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
