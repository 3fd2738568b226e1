/* SPDX-License-Identifier: MIT */
/* The attributes of a node, in the order of the segment and by name. */

#include <string.h>

#include "read/read.h"

/* *at is the offset of the node's first attribute; 0 if it has none. */
static int
first_attr(const struct cute_shm_node *node, uint64_t *at)
{
	struct record r;
	int err = node_record(node->shm, node->record, &r);

	if (err == 0)
		*at = r.attr_count && r.kind != CUTE_SHM_LINK ? r.after : 0;
	return err;
}

int
cute_shm_next_attr(const struct cute_shm_node *node,
		   const struct cute_shm_attr *prev, struct cute_shm_attr *ret)
{
	const struct format_record *row;
	struct cute_shm_attr ignored;
	uint64_t at = 0, after;
	int err;

	if (!ret)
		return no_result("cute_shm_next_attr");
	if (prev) {
		err = attr_record(node->shm, prev->record, &ignored, &at);
		row = at < node->end ? segment_at(node->shm, at, sizeof(*row))
				     : NULL;
		if (!row ||
		    memcmp(row->tag, FORMAT_TAG_ATTR, sizeof(row->tag)) != 0)
			at = 0;
	} else {
		err = first_attr(node, &at);
	}
	if (err != 0)
		return err;
	if (at == 0)
		return CUTE_SHM_ERR_END;
	return attr_record(node->shm, at, ret, &after);
}

int
cute_shm_attr(const struct cute_shm_node *node, const char *name,
	      struct cute_shm_attr *ret)
{
	struct cute_shm_attr attr;
	int err;

	if (!ret)
		return no_result("cute_shm_attr");
	if (!name)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID, "no name given");
	err = cute_shm_next_attr(node, NULL, &attr);
	while (err == 0 && strcmp(attr.name, name) != 0)
		err = cute_shm_next_attr(node, &attr, &attr);
	if (err == CUTE_SHM_ERR_END)
		return fail_missing(CUTE_SHM_MISSING_ATTR,
				    "/%s has no attribute \"%s\"", node->path,
				    name);
	if (err == 0)
		*ret = attr;
	return err;
}
