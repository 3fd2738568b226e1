/* SPDX-License-Identifier: MIT */
/* Describe attributes to a builder, and encode their records at once. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "build/build.h"
#include "read/reserved.h"

/* The contents of a record, from the caller's arguments. */
struct value {
	const char *name;
	size_t name_size;
	struct dtype dtype;
	unsigned ndim;
	const uint64_t *shape;
	const uint64_t *offsets;
	uint64_t offsets_size; /* bytes; 0 unless ragged */
	const void *items;
	uint64_t items_size; /* bytes */
};

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

static uint64_t
attr_hash(uint32_t node, const char *name, size_t size)
{
	/* An odd factor spreads the nodes over all the bits. */
	return path_hash(name, size) + node * UINT64_C(0x9e3779b97f4a7c15);
}

static const char *
attr_name(const struct build_attr *attr)
{
	return (const char *)(attr->record + 1);
}

struct same_attr_of {
	const struct cute_shm_builder *builder;
	uint32_t node;
};

static bool
same_attr(const void *arg, uint32_t index, const char *text, size_t size)
{
	const struct same_attr_of *of = arg;
	const struct build_attr *attr = &of->builder->attrs[index];

	return attr->node == of->node &&
	       attr->record->record.name_size == size &&
	       memcmp(attr_name(attr), text, size) == 0;
}

/* Find the group or array that the attribute is for, and check the name. */
static int
find_owner(const struct cute_shm_builder *b, const char *path, const char *name,
	   uint32_t *ret)
{
	const char *plain;
	uint32_t node;
	int err;

	err = expect_state(b, BUILD_DESCRIBE, "new attributes");
	if (err == 0)
		err = path_check(path, &plain);
	if (err != 0)
		return err;
	if (!name || name[0] == '\0' || !utf8_ok(name, strlen(name)))
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "/%s: the name of an attribute is UTF-8 "
				     "and not empty",
				     plain);
	node = find_node(b, plain, strlen(plain));
	if (node == NO_INDEX)
		return fail_missing(CUTE_SHM_MISSING_NODE,
				    "attribute %s: there is no /%s", name,
				    plain);
	if (b->nodes[node].kind == CUTE_SHM_LINK)
		return cute_shm_fail(CUTE_SHM_ERR_TYPE,
				     "attribute %s: /%s is a link, which has "
				     "none",
				     name, plain);
	if (reserved_find(name) == RESERVED_UNKNOWN)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "/%s: attribute %s: names that begin "
				     "with " RESERVED_PREFIX " are reserved",
				     plain, name);
	*ret = node;
	return 0;
}

/* Check dtype and shape; *count is the number of elements. */
static int
value_begin(const char *name, const char *dtype, bool ragged, unsigned ndim,
	    const uint64_t *shape, struct value *ret, uint64_t *count)
{
	int err;

	err = dtype_read(dtype, &ret->dtype);
	if (err == 0)
		err = shape_count(ndim, shape, count);
	if (err != 0)
		return err;
	if (ret->dtype.ragged != ragged)
		return cute_shm_fail(CUTE_SHM_ERR_TYPE,
				     "attribute %s: dtype %s is %sragged", name,
				     dtype, ragged ? "not " : "");
	if (ret->dtype.null && ndim > 0)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "attribute %s: a null dataspace has no "
				     "dimensions, not %u",
				     name, ndim);
	if (ret->dtype.null)
		*count = 0;
	ret->name = name;
	ret->name_size = strlen(name);
	ret->ndim = ndim;
	ret->shape = shape;
	return 0;
}

/* memcpy(), where 'from' may be NULL if size is 0; returns the end. */
static uint8_t *
put(uint8_t *to, const void *from, uint64_t size)
{
	if (size > 0)
		memcpy(to, from, (size_t)size);
	return to + size;
}

/* The size of the record in bytes, or UINT64_MAX when a sum overflows. */
static uint64_t
record_size(const struct value *v)
{
	uint64_t size;

	if (v->name_size > UINT32_MAX ||
	    __builtin_add_overflow(v->offsets_size, v->items_size, &size) ||
	    size > UINT32_MAX)
		return UINT64_MAX;
	return sizeof(struct format_attr) + text_rows(v->name_size) +
	       shape_rows(v->ndim) + align_up(size, FORMAT_ROW);
}

/* Encode the record; NULL on failure, with the message set. */
static struct format_attr *
encode(const struct value *v)
{
	uint64_t size = record_size(v);
	struct format_attr *attr;
	uint8_t *p;

	if (size > UINT32_MAX) {
		cute_shm_fail(CUTE_SHM_ERR_INVALID,
			      "attribute %.1024s: its value does not fit into "
			      "a record of 4 GiB",
			      v->name);
		return NULL;
	}
	attr = calloc(1, (size_t)size);
	if (!attr) {
		fail_memory("for the %" PRIu64 " bytes of "
			    "attribute %.1024s",
			    size, v->name);
		return NULL;
	}
	memcpy(attr->record.tag, FORMAT_TAG_ATTR, sizeof(attr->record.tag));
	attr->record.record_size = (uint32_t)size;
	attr->record.name_size = (uint32_t)v->name_size;
	attr->record.count = v->ndim;
	memcpy(attr->dtype, v->dtype.text, sizeof(attr->dtype));
	attr->value_size = v->offsets_size + v->items_size;
	attr->item_size = v->dtype.item_size;
	p = (uint8_t *)(attr + 1);
	put(p, v->name, v->name_size);
	p += text_rows(v->name_size);
	put(p, v->shape, v->ndim * sizeof(*v->shape));
	p += shape_rows(v->ndim);
	p = put(p, v->offsets, v->offsets_size);
	put(p, v->items, v->items_size);
	return attr;
}

/* The attribute after which to insert reserved attribute 'id', or NO_INDEX. */
static uint32_t
reserved_before(const struct cute_shm_builder *b, const struct build_node *n,
		enum reserved id)
{
	uint32_t at = n->last_plain;
	uint32_t i = at == NO_INDEX ? n->first_attr : b->attrs[at].next;

	for (; i != NO_INDEX && reserved_find(attr_name(&b->attrs[i])) <= id;
	     i = b->attrs[i].next)
		at = i;
	return at;
}

/* Reserved attributes stand after the others, in the order of their table. */
static void
insert_attr(struct cute_shm_builder *b, uint32_t node, uint32_t attr)
{
	struct build_node *n = &b->nodes[node];
	enum reserved id = reserved_find(attr_name(&b->attrs[attr]));
	uint32_t before =
		id == RESERVED_NOT ? n->last_plain : reserved_before(b, n, id);
	uint32_t *link =
		before == NO_INDEX ? &n->first_attr : &b->attrs[before].next;

	b->attrs[attr].next = *link;
	*link = attr;
	if (id == RESERVED_NOT)
		n->last_plain = attr;
	n->attr_count++;
}

static int
add_attr(struct cute_shm_builder *b, uint32_t node, const struct value *v)
{
	struct same_attr_of of = { b, node };
	uint64_t hash = attr_hash(node, v->name, v->name_size);
	struct build_attr attr = { .node = node, .next = NO_INDEX };
	struct build_attr *attrs;
	int err;

	if (hash_find(&b->by_attr, hash, same_attr, &of, v->name,
		      v->name_size) != NO_INDEX)
		return cute_shm_fail(CUTE_SHM_ERR_EXISTS,
				     "/%s has an attribute %s already",
				     b->nodes[node].path, v->name);
	attrs = vector_grow(b->attrs, b->attr_count, &b->attr_room,
			    sizeof(attr), "attributes");
	if (!attrs)
		return CUTE_SHM_ERR_NOMEM;
	b->attrs = attrs;
	attr.record = encode(v);
	if (!attr.record)
		return record_size(v) > UINT32_MAX ? CUTE_SHM_ERR_INVALID
						   : CUTE_SHM_ERR_NOMEM;
	err = hash_put(&b->by_attr, hash, b->attr_count);
	if (err != 0) {
		free(attr.record);
		return err;
	}
	attrs[b->attr_count] = attr;
	insert_attr(b, node, b->attr_count++);
	return 0;
}

int
cute_shm_builder_attr(struct cute_shm_builder *b, const char *path,
		      const char *name, const char *dtype, unsigned ndim,
		      const uint64_t *shape, const void *value)
{
	struct value v = { .items = value };
	uint64_t count;
	uint32_t node;
	int err;

	err = find_owner(b, path, name, &node);
	if (err == 0)
		err = value_begin(name, dtype, false, ndim, shape, &v, &count);
	if (err != 0)
		return err;
	/* A size that overflows does not fit into a record: encode() fails. */
	if (__builtin_mul_overflow(count, v.dtype.item_size, &v.items_size))
		v.items_size = UINT64_MAX;
	if (v.items_size > 0 && !value)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "attribute %s: no value given", name);
	return add_attr(b, node, &v);
}

int
cute_shm_builder_attr_ragged(struct cute_shm_builder *b, const char *path,
			     const char *name, const char *dtype, unsigned ndim,
			     const uint64_t *shape, const uint64_t *offsets,
			     const void *values)
{
	struct value v = { .offsets = offsets, .items = values };
	uint64_t count, last;
	uint32_t node;
	int err;

	err = find_owner(b, path, name, &node);
	if (err == 0)
		err = value_begin(name, dtype, true, ndim, shape, &v, &count);
	if (err != 0)
		return err;
	if (!offsets)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "attribute %s: no offsets given", name);
	/* Check the size first: a wrong shape must not cause a wild read. */
	if (count >= UINT32_MAX / sizeof(*offsets))
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "attribute %s: %" PRIu64 " lists do not "
				     "fit into a record of 4 GiB",
				     name, count);
	last = offsets[count];
	err = ragged_check(name, offsets, count, last);
	if (err != 0)
		return err;
	v.offsets_size = (count + 1) * sizeof(*offsets);
	if (__builtin_mul_overflow(last, v.dtype.item_size, &v.items_size))
		v.items_size = UINT64_MAX;
	if (v.items_size > 0 && !values)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "attribute %s: no values given", name);
	return add_attr(b, node, &v);
}

int
cute_shm_builder_attr_text(struct cute_shm_builder *b, const char *path,
			   const char *name, const char *text)
{
	uint64_t offsets[2] = { 0, 0 };

	if (!text)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "attribute %s: no text given",
				     name ? name : "");
	offsets[1] = strlen(text);
	return cute_shm_builder_attr_ragged(b, path, name, "*|S1", 0, NULL,
					    offsets, text);
}
