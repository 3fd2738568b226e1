/* SPDX-License-Identifier: MIT */
/*
 * Groups that are copied from an old project.  The builder gets pointers into
 * the old segment, copies the data when it seals, and hashes them again: if
 * that gives another digest than the old one has, or if somebody has updated an
 * array in place, the file is read.
 */

#include "build/fill.h"
#include "hdf5/describe/describe.h"
#include "hdf5/scan/scan.h"

static int
put_attribute(struct loader *l, const char *path,
	      const struct cute_shm_attr *attr)
{
	const struct cute_shm_array *v = &attr->value;

	if (v->offsets)
		return cute_shm_builder_attr_ragged(l->builder, path,
						    attr->name, v->dtype,
						    v->ndim, v->shape,
						    v->offsets, v->values);
	return cute_shm_builder_attr(l->builder, path, attr->name, v->dtype,
				     v->ndim, v->shape, v->data);
}

static int
put_attributes(struct loader *l, const struct cute_shm_node *node)
{
	struct cute_shm_attr attr;
	int err = cute_shm_next_attr(node, NULL, &attr);

	for (; err == 0; err = cute_shm_next_attr(node, &attr, &attr)) {
		err = put_attribute(l, node->path, &attr);
		if (err != 0)
			return err;
	}
	return err == CUTE_SHM_ERR_END ? 0 : err;
}

static int
put_array(struct loader *l, const struct cute_shm_node *node)
{
	struct cute_shm_hdf5_array told = { .strategy = "reused",
					    .libhdf5 = "" };
	struct cute_shm_array a;
	int err = cute_shm_node_array(node, &a);

	if (err != 0)
		return err;
	if (a.offsets)
		err = cute_shm_builder_ragged(l->builder, a.path, a.dtype,
					      a.ndim, a.shape, a.value_count,
					      a.offsets, a.values);
	else
		err = cute_shm_builder_array(l->builder, a.path, a.dtype,
					     a.ndim, a.shape,
					     a.data_size > 0 ? a.data : NULL);
	if (err != 0)
		return err;
	l->result.arrays++;
	l->result.bytes += a.data_size;
	l->result.reused_bytes += a.data_size;
	told.path = a.path;
	told.dtype = a.dtype;
	told.ndim = a.ndim;
	told.shape = a.shape;
	told.bytes = a.data_size;
	return send_array(l, &told);
}

static int
put_link(struct loader *l, const struct cute_shm_node *node)
{
	struct cute_shm_node target;
	int err = cute_shm_follow(node, &target);

	l->result.links++;
	return err ? err
		   : cute_shm_builder_link(l->builder, node->path, target.path);
}

static int
put_node(struct loader *l, const struct cute_shm_node *node)
{
	int err;

	if (node->kind == CUTE_SHM_LINK)
		return put_link(l, node);
	if (node->kind == CUTE_SHM_ARRAY) {
		err = put_array(l, node);
	} else {
		err = cute_shm_builder_group(l->builder, node->path);
		l->result.groups++;
	}
	return err ? err : put_attributes(l, node);
}

int
describe_reused(struct loader *l, const struct link *link)
{
	uint32_t i = (uint32_t)link->address - 1;
	struct cute_shm_node top, node;
	int err;

	board_work(l->board, link->path, 0);
	err = cute_shm_find(l->reuse->shm, link->path, &top);
	for (node = top; err == 0; err = cute_shm_next(&top, &node, &node)) {
		err = put_node(l, &node);
		if (err != 0)
			break;
		board_beat(l->board);
	}
	if (err == CUTE_SHM_ERR_NOMEM || err == CUTE_SHM_ERR_SYSTEM)
		return err;
	if (err != CUTE_SHM_ERR_END)
		return reuse_drop(l, i, cute_shm_errmsg());
	l->result.reused++;
	return 0;
}

/* --------------------------------------------------------------------- seal */

/* The builder has hashed, and so copied, this much of all data. */
static int
on_progress(uint64_t done, uint64_t total, void *arg)
{
	const struct loader *l = arg;
	double share = total > 0 ? (double)done / (double)total : 0;
	uint64_t copied = (uint64_t)((double)l->result.reused_bytes * share);

	__atomic_store_n(&l->board->done,
			 l->result.bytes - l->result.reused_bytes + copied,
			 __ATOMIC_RELAXED);
	board_beat(l->board);
	return 0;
}

void
reused_progress(struct loader *l)
{
	if (l->reuse)
		builder_show(l->builder, on_progress, l);
}

/* NULL if the copy of the array is what was published, or why it is not. */
static const char *
check_array(const struct loader *l, const struct cute_shm_node *node)
{
	struct cute_shm_array a;
	uint64_t found;

	if (cute_shm_node_array(node, &a) != 0 ||
	    builder_digest(l->builder, node->path, &found) != 0)
		return cute_shm_errmsg();
	if (!reuse_never_updated(&a))
		return "the old project was updated in place";
	return found == a.digest ? NULL : "the old project is damaged";
}

static int
check_group(struct loader *l, uint32_t i)
{
	struct cute_shm_node top, node;
	const char *why = NULL;
	int err = cute_shm_find(l->reuse->shm, l->listed[i].name, &top);

	for (node = top; err == 0 && !why;
	     err = cute_shm_next(&top, &node, &node))
		if (node.kind == CUTE_SHM_ARRAY)
			why = check_array(l, &node);
	if (!why && err != CUTE_SHM_ERR_END)
		why = cute_shm_errmsg();
	return why ? reuse_drop(l, i, why) : 0;
}

int
reused_check(struct loader *l)
{
	uint32_t i;
	int err = 0;

	for (i = 0; err == 0 && i < l->listed_count; i++)
		if (reuse_has(l, i))
			err = check_group(l, i);
	return err;
}
