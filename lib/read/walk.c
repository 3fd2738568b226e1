/* SPDX-License-Identifier: MIT */
/*
 * Steps to children, siblings, parents and in pre-order.  Each step moves in
 * one direction only, so that a walk ends in a damaged segment, too.
 */

#include <inttypes.h>

#include "read/read.h"

/* The end of a node's attributes, where its first child begins, if any. */
static int
after_attrs(const struct record *r, const struct cute_shm *shm, uint64_t *ret)
{
	uint64_t at = r->after;
	struct cute_shm_attr attr;
	uint32_t i;
	int err;

	for (i = 0; i < r->attr_count; i++) {
		err = attr_record(shm, at, &attr, &at);
		if (err != 0)
			return err;
	}
	*ret = at;
	return 0;
}

/*
 * The child of the group at 'parent' that begins at 'offset', if that lies
 * before 'end'.  The child must name this parent: so a walk by children and
 * siblings visits each node once, even if subtrees of a hostile segment
 * overlap.
 */
static int
child_before(const struct cute_shm *shm, uint64_t parent, uint64_t offset,
	     uint64_t end, struct cute_shm_node *ret)
{
	struct record r;
	int err;

	if (offset >= end)
		return CUTE_SHM_ERR_END;
	err = node_record(shm, offset, &r);
	if (err == 0 && r.parent != parent)
		return cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
				     "%s: record at %#" PRIx64
				     ": the group at %#" PRIx64
				     " is not its parent",
				     shm->path, offset, parent);
	if (err == 0)
		node_fill(shm, &r, ret);
	return err;
}

/* The node at 'offset', which must lie before 'end'. */
static int
node_before(const struct cute_shm *shm, uint64_t offset, uint64_t end,
	    struct cute_shm_node *ret)
{
	struct record r;
	int err;

	if (offset >= end)
		return CUTE_SHM_ERR_END;
	err = node_record(shm, offset, &r);
	if (err == 0)
		node_fill(shm, &r, ret);
	return err;
}

int
cute_shm_first_child(const struct cute_shm_node *group,
		     struct cute_shm_node *ret)
{
	struct record r;
	uint64_t at;
	int err;

	if (!ret)
		return no_result("cute_shm_first_child");
	if (group->kind != CUTE_SHM_GROUP)
		return cute_shm_fail(CUTE_SHM_ERR_TYPE,
				     "/%s is not a group, it has no children",
				     group->path);
	err = node_record(group->shm, group->record, &r);
	if (err == 0)
		err = after_attrs(&r, group->shm, &at);
	return err ? err : child_before(group->shm, r.offset, at, r.next, ret);
}

/* The record of the group that holds a node. */
static int
parent_record(const struct cute_shm *shm, const struct record *r,
	      struct record *ret)
{
	int err = node_record(shm, r->parent, ret);

	if (err == 0 && ret->kind != CUTE_SHM_GROUP)
		return cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
				     "%s: /%s is in /%s, "
				     "which is no group",
				     shm->path, r->path, ret->path);
	return err;
}

int
cute_shm_next_sibling(const struct cute_shm_node *node,
		      struct cute_shm_node *ret)
{
	struct record r, parent;
	int err;

	if (!ret)
		return no_result("cute_shm_next_sibling");
	err = node_record(node->shm, node->record, &r);
	if (err == 0)
		err = parent_record(node->shm, &r, &parent);
	return err ? err
		   : child_before(node->shm, r.parent, r.next, parent.next,
				  ret);
}

int
cute_shm_next(const struct cute_shm_node *top, const struct cute_shm_node *node,
	      struct cute_shm_node *ret)
{
	struct record r;
	uint64_t at;
	int err;

	if (!ret)
		return no_result("cute_shm_next");
	err = node_record(node->shm, node->record, &r);
	if (err == 0)
		err = after_attrs(&r, node->shm, &at);
	return err ? err : node_before(node->shm, at, top->end, ret);
}

int
cute_shm_parent(const struct cute_shm_node *node, struct cute_shm_node *ret)
{
	struct record r, parent;
	int err;

	if (!ret)
		return no_result("cute_shm_parent");
	err = node_record(node->shm, node->record, &r);
	if (err == 0)
		err = parent_record(node->shm, &r, &parent);
	if (err == 0)
		node_fill(node->shm, &parent, ret);
	return err;
}

uint64_t
cute_shm_node_id(const struct cute_shm_node *node)
{
	return node->kind == CUTE_SHM_LINK ? node->target : node->record;
}

int
cute_shm_node_array(const struct cute_shm_node *node,
		    struct cute_shm_array *ret)
{
	struct record r;
	int err;

	if (!ret)
		return no_result("cute_shm_node_array");
	if (node->kind != CUTE_SHM_ARRAY)
		return cute_shm_fail(CUTE_SHM_ERR_TYPE, "/%s is not an array",
				     node->path);
	err = node_record(node->shm, node->record, &r);
	if (err == 0 && r.kind != CUTE_SHM_ARRAY)
		return cute_shm_fail(CUTE_SHM_ERR_CORRUPT, "/%s was an array",
				     node->path);
	return err ? err : array_for_caller(node->shm, &r, ret);
}
