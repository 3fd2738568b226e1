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

/* What the load of several files has put on the group of each. */
#define OF_PARTS \
	"cute-shm:source-parts", "cute-shm:source-parts-size", \
		"cute-shm:source-parts-mtime-ns"
static const char *const of_load[] = { "cute-shm:source",
				       "cute-shm:source-size",
				       "cute-shm:source-mtime-ns", OF_PARTS,
				       NULL };

/* The exported file has all that other files have given. */
static const char *const of_parts[] = { OF_PARTS, NULL };

static int
save_group(struct saver *s, const struct cute_shm_node *node)
{
	hid_t props = H5Pcreate(H5P_GROUP_CREATE), id = H5I_INVALID_HID;
	int rc;

	board_work(s->l.board, node->path, 0);
	rc = props < 0 ? fail_node(node) : group_props(node, props);
	if (rc == 0)
		id = H5Gcreate2(s->file, saved_path(s, node->path),
				s->link_props, props, H5P_DEFAULT);
	if (rc == 0 && id < 0)
		rc = fail_node(node);
	if (rc == 0)
		rc = save_attributes(s, node, id, of_parts);
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
		rc = s->file < 0
			     ? fail_node(root)
			     : save_attributes(s, root, s->file,
					       s->top[0] ? of_load : of_parts);
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
link_within(struct saver *s, const struct cute_shm_node *node,
	    const struct cute_shm_node *target)
{
	const char *name = saved_path(s, node->path), *to = "";
	herr_t done;
	char *path;

	/* saved_path() is of nodes below the group. */
	if (strcmp(target->path, s->top) != 0)
		to = saved_path(s, target->path);
	if (asprintf(&path, "/%s", to) < 0)
		return fail_memory("for a path");
	if (target->record >= node->record)
		done = H5Lcreate_soft(path, s->file, name, s->link_props,
				      H5P_DEFAULT);
	else
		done = H5Lcreate_hard(s->file, path, s->file, name,
				      s->link_props, H5P_DEFAULT);
	free(path);
	return done < 0 ? fail_node(node) : 0;
}

/* The name of the file that the group of the root becomes; for free(). */
static int
file_of_group(const struct saver *s, const char *path, size_t size, char **ret)
{
	char *top = strndup(path, size);
	struct cute_shm_node group;
	int err = top ? cute_shm_find(s->shm, top, &group)
		      : fail_memory("for a path");

	if (err == 0) {
		*ret = split_name(&group);
		if (!*ret)
			err = fail_memory("for a file name");
	}
	free(top);
	return err;
}

/* To the file that another group of the root becomes, in the same folder. */
static int
link_to_file(struct saver *s, const struct cute_shm_node *node,
	     const struct cute_shm_node *target)
{
	size_t size = strcspn(target->path, "/");
	const char *rest = target->path + size;
	herr_t done;
	char *file;
	int err = file_of_group(s, target->path, size, &file);

	if (err != 0)
		return err;
	done = H5Lcreate_external(file, *rest ? rest : "/", s->file,
				  saved_path(s, node->path), s->link_props,
				  H5P_DEFAULT);
	free(file);
	return done < 0 ? fail_node(node) : 0;
}

static bool
lies_in(const char *path, const char *top)
{
	size_t size = strlen(top);

	return size == 0 || (strncmp(path, top, size) == 0 &&
			     (path[size] == '/' || path[size] == '\0'));
}

static int
save_link(struct saver *s, const struct cute_shm_node *node)
{
	struct cute_shm_node target;
	int rc = cute_shm_follow(node, &target);

	if (rc != 0)
		return rc;
	if (!lies_in(target.path, s->top) && !target.path[0]) {
		s->result->skipped++;
		return send_skipped(&s->l, node->path,
				    "link to the root above all files");
	}
	s->result->links++;
	return lies_in(target.path, s->top) ? link_within(s, node, &target)
					    : link_to_file(s, node, &target);
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
	struct cute_shm_node root, top, node;
	int rc;

	rc = cute_shm_find(s->shm, "", &root);
	if (rc == 0)
		rc = cute_shm_find(s->shm, s->top, &top);
	/* Links of other groups lead here, too. */
	if (rc == 0)
		rc = targets_collect(s, &root);
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
