/* SPDX-License-Identifier: MIT */
/* Write groups that were committed datatypes as such again. */

#include <string.h>

#include "hdf5/save/save.h"

static const char *const datatype_attributes[] = { "cute-shm:datatype", NULL };

/*
 * The HDF5 type for the dtype in the group's attribute.  H5I_INVALID_HID if
 * there is none, or if a load of the file would not make the same group: a load
 * makes a group of a committed datatype only if the type has other attributes,
 * and never a group of the dtype "null".
 */
static hid_t
type_of(const struct cute_shm_node *node)
{
	struct cute_shm_array array = { .path = node->path };
	char dtype[DTYPE_SIZE] = "";
	struct cute_shm_attr attr;
	struct out_type type;
	const void *text;
	uint64_t size;

	if (node->child_count > 0 || node->attr_count < 2 ||
	    cute_shm_attr(node, datatype_attributes[0], &attr) != 0 ||
	    strcmp(attr.value.dtype, "*|S1") != 0 || attr.value.ndim != 0 ||
	    cute_shm_element(&attr.value, 0, &text, &size) != 0 ||
	    size >= sizeof(dtype))
		return H5I_INVALID_HID;
	memcpy(dtype, text, (size_t)size);
	array.dtype = dtype;
	if (cute_shm_dtype_size(dtype, &array.item_size) != 0 ||
	    strcmp(dtype, "null") == 0 ||
	    out_type_get(&array, NULL, &type) != 0)
		return H5I_INVALID_HID;
	return type.id;
}

static hid_t
creation_props(const struct cute_shm_node *node)
{
	hid_t props = H5Pcreate(H5P_DATATYPE_CREATE);

	if (props >= 0 && H5Pset_obj_track_times(props, false) >= 0 &&
	    attributes_ordered(node, props) &&
	    (!attributes_large(node) ||
	     H5Pset_attr_phase_change(props, 0, 0) >= 0))
		return props;
	if (props >= 0)
		H5Pclose(props);
	return H5I_INVALID_HID;
}

int
save_datatype(struct saver *s, const struct cute_shm_node *node)
{
	hid_t type = type_of(node), props;
	char cause[200];
	bool done;
	int rc = 0;

	if (type < 0) {
		H5Eclear2(H5E_DEFAULT);
		return 0;
	}
	board_work(s->l.board, node->path, 0);
	props = creation_props(node);
	done = props >= 0 &&
	       H5Tcommit2(s->file, saved_path(s, node->path), type,
			  s->link_props, props, H5P_DEFAULT) >= 0;
	if (done)
		rc = save_attributes(s, node, type, datatype_attributes);
	else
		rc = cute_shm_fail(CUTE_SHM_ERR_SYSTEM, "cannot write /%s: %s",
				   node->path,
				   hdf5_cause(cause, sizeof(cause)));
	if (props >= 0)
		H5Pclose(props);
	H5Tclose(type);
	s->result->groups++;
	return rc ? rc : 1;
}
