/* SPDX-License-Identifier: MIT */
/* Walk over the segment in its order, and write each node. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/save/save.h"

static int
fail_node(const struct cute_shm_node *node)
{
	char cause[200];

	return cute_shm_fail(CUTE_SHM_ERR_SYSTEM, "cannot write /%s: %s",
			     node->path, hdf5_cause(cause, sizeof(cause)));
}

static int
group_props(const struct cute_shm_node *node, hid_t props)
{
	const unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;

	/*
	 * Store no times, so that the same project always gives the same file.
	 */
	if (H5Pset_obj_track_times(props, false) < 0 ||
	    H5Pset_link_creation_order(props, order) < 0 ||
	    !attributes_ordered(node, props) ||
	    (attributes_large(node) &&
	     H5Pset_attr_phase_change(props, 0, 0) < 0))
		return fail_node(node);
	return 0;
}

static int
save_group(struct saver *s, const struct cute_shm_node *node)
{
	hid_t props = H5Pcreate(H5P_GROUP_CREATE), id = H5I_INVALID_HID;
	int rc;

	board_work(s->l.board, node->path, 0);
	rc = props < 0 ? fail_node(node) : group_props(node, props);
	if (rc == 0)
		id = H5Gcreate2(s->file, node->path, s->link_props, props,
				H5P_DEFAULT);
	if (rc == 0 && id < 0)
		rc = fail_node(node);
	if (rc == 0)
		rc = save_attributes(s, node, id, NULL);
	if (id >= 0)
		H5Gclose(id);
	if (props >= 0)
		H5Pclose(props);
	s->result->groups++;
	return rc;
}

/* Create the file; its creation properties are those of the root group. */
static int
save_root(struct saver *s, const struct cute_shm_node *root)
{
	hid_t props = H5Pcreate(H5P_FILE_CREATE);
	hid_t access = H5Pcreate(H5P_FILE_ACCESS);
	int rc = props < 0 || access < 0 ? fail_node(root)
					 : group_props(root, props);

	/* Use a format that libhdf5 can read since version 1.8. */
	if (rc == 0 &&
	    (H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) < 0 ||
	     !save_driver_set(access, s->fd)))
		rc = fail_node(root);
	if (rc == 0) {
		s->file = H5Fcreate(s->l.file, H5F_ACC_TRUNC, props, access);
		rc = s->file < 0 ? fail_node(root)
				 : save_attributes(s, root, s->file, NULL);
	}
	if (props >= 0)
		H5Pclose(props);
	if (access >= 0)
		H5Pclose(access);
	s->result->groups++;
	return rc;
}

/*
 * Whether to write a group as a compound; then *ret is set.  Not if a link
 * leads to one of its fields, because a field of a compound has no path in
 * HDF5.
 */
static int
compound_get(const struct saver *s, const struct cute_shm_node *node,
	     struct record_out **ret)
{
	return targets_below(s, node) ? 0 : record_get(node, ret);
}

/*
 * Write a hard link if the target is in the file already: then a load finds the
 * same first name.  Else write a soft link, which a load follows when it knows
 * all names.
 */
static int
save_link(struct saver *s, const struct cute_shm_node *node)
{
	struct cute_shm_node target;
	char *path;
	int rc = cute_shm_follow(node, &target);
	herr_t done;

	if (rc != 0)
		return rc;
	if (asprintf(&path, "/%s", target.path) < 0)
		return fail_memory("for a path");
	if (target.record >= node->record)
		done = H5Lcreate_soft(path, s->file, node->path, s->link_props,
				      H5P_DEFAULT);
	else
		done = H5Lcreate_hard(s->file, path, s->file, node->path,
				      s->link_props, H5P_DEFAULT);
	free(path);
	s->result->links++;
	return done < 0 ? fail_node(node) : 0;
}

/* Go to the node after a whole subtree. */
static int
skip_subtree(const struct cute_shm_node *top, struct cute_shm_node *node)
{
	struct cute_shm_node next, parent;
	int rc = cute_shm_next_sibling(node, &next);

	while (rc == CUTE_SHM_ERR_END) {
		rc = cute_shm_parent(node, &parent);
		if (rc != 0 || parent.record == node->record ||
		    parent.record == top->record)
			return rc ? rc : CUTE_SHM_ERR_END;
		*node = parent;
		rc = cute_shm_next_sibling(node, &next);
	}
	if (rc == 0)
		*node = next;
	return rc;
}

/* Write the node, and go to the next one. */
static int
save_node(struct saver *s, const struct cute_shm_node *top,
	  struct cute_shm_node *node)
{
	struct record_out *record;
	int rc;

	if (node->kind == CUTE_SHM_GROUP) {
		rc = compound_get(s, node, &record);
		if (rc < 0)
			return rc;
		if (rc > 0) {
			rc = save_record(s, node, record);
			record_free(record);
			return rc ? rc : skip_subtree(top, node);
		}
		rc = save_datatype(s, node);
		if (rc < 0)
			return rc;
		rc = rc > 0 ? 0 : save_group(s, node);
	} else if (node->kind == CUTE_SHM_ARRAY) {
		rc = save_array(s, node);
	} else {
		rc = save_link(s, node);
	}
	return rc ? rc : cute_shm_next(top, node, node);
}

int
save_tree(struct saver *s)
{
	struct cute_shm_node top, node;
	int rc;

	rc = cute_shm_find(s->shm, "", &top);
	if (rc == 0)
		rc = targets_collect(s, &top);
	if (rc == 0)
		rc = save_root(s, &top);
	if (rc != 0)
		return rc;
	node = top;
	rc = cute_shm_next(&top, &node, &node);
	while (rc == 0)
		rc = save_node(s, &top, &node);
	return rc == CUTE_SHM_ERR_END ? 0 : rc;
}
