/* SPDX-License-Identifier: MIT */
/* Write attributes of the segment as attributes of the file. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/save/save.h"

/*
 * An object's header has room for a little less than 64 KiB.  If an attribute
 * may not fit, all are stored outside the header, where any size is possible.
 */
#define LARGE_VALUE 30000

/* HDF5 can track the creation order of at most this many attributes. */
#define MOST_ORDERED 65535

const char *const enum_attributes[] = { "cute-shm:enum-names",
					"cute-shm:enum-values", NULL };
const char *const record_attributes[] = { "cute-shm:compound", NULL };

bool
attribute_named(const char *name, const char *const *list)
{
	for (; list && *list; list++)
		if (strcmp(*list, name) == 0)
			return true;
	return false;
}

bool
attributes_ordered(const struct cute_shm_node *node, hid_t props)
{
	return node->attr_count > MOST_ORDERED ||
	       H5Pset_attr_creation_order(props,
					  H5P_CRT_ORDER_TRACKED |
						  H5P_CRT_ORDER_INDEXED) >= 0;
}

bool
attributes_large(const struct cute_shm_node *node)
{
	struct cute_shm_attr attr;
	int rc;

	for (rc = cute_shm_next_attr(node, NULL, &attr); rc == 0;
	     rc = cute_shm_next_attr(node, &attr, &attr))
		if (attr.value.data_size > LARGE_VALUE)
			return true;
	return false;
}

static int
fail_attribute(const struct cute_shm_node *node, const char *name)
{
	char cause[200];

	return cute_shm_fail(CUTE_SHM_ERR_SYSTEM, "/%s@%s: cannot write: %s",
			     node->path, name,
			     hdf5_cause(cause, sizeof(cause)));
}

static hid_t
space_of(const struct cute_shm_array *a, const struct out_type *type)
{
	hsize_t dims[MAX_NDIM] = { 0 };
	unsigned i;

	if (type->form == FORM_NULL)
		return H5Screate(H5S_NULL);
	if (a->ndim == 0)
		return H5Screate(H5S_SCALAR);
	for (i = 0; i < a->ndim; i++)
		dims[i] = a->shape[i];
	return H5Screate_simple((int)a->ndim, dims, NULL);
}

/*
 * Write lists or texts.  Attributes are small, so build all elements at once.
 */
static int
write_ragged(const struct cute_shm_node *node, const struct cute_shm_array *a,
	     const struct out_type *type, hid_t id)
{
	struct texts texts = { .bytes = NULL };
	uint8_t *elements = calloc((size_t)a->element_count, type->size);
	uint64_t size;
	int rc = elements ? 0 : fail_memory("for an attribute");

	if (rc == 0 && type->form == FORM_TEXT) {
		rc = texts_size(a, 0, a->element_count, &size);
		if (rc == 0)
			rc = texts_begin(&texts, size);
	}
	if (rc == 0)
		rc = out_elements(a, type, 0, a->element_count, elements,
				  type->size, &texts);
	if (rc == 0 && H5Awrite(id, type->id, elements) < 0)
		rc = fail_attribute(node, a->path);
	free(texts.bytes);
	free(elements);
	return rc;
}

static int
skip_attribute(struct saver *s, const struct cute_shm_node *node,
	       const struct cute_shm_array *a)
{
	char *where;
	int rc;

	if (asprintf(&where, "%s@%s", node->path, a->path) < 0)
		return fail_memory("for a message");
	s->result->skipped++;
	rc = send_skipped(&s->l, where, NO_SHAPE);
	free(where);
	return rc;
}

static int
save_attribute(struct saver *s, const struct cute_shm_node *node,
	       const struct cute_shm_array *a, hid_t object)
{
	hid_t space = H5I_INVALID_HID, id = H5I_INVALID_HID;
	struct out_type type;
	int rc;

	if (out_no_shape(a->ndim, a->shape))
		return skip_attribute(s, node, a);
	rc = out_type_get(a, NULL, &type);
	if (rc != 0)
		return rc;
	space = space_of(a, &type);
	if (space >= 0)
		id = H5Acreate2(object, a->path, type.id, space, s->attr_props,
				H5P_DEFAULT);
	if (id < 0)
		rc = fail_attribute(node, a->path);
	else if (type.form == FORM_NULL || a->element_count == 0)
		rc = 0;
	else if (type.form != FORM_PLAIN)
		rc = write_ragged(node, a, &type, id);
	else if (H5Awrite(id, type.id, a->data) < 0)
		rc = fail_attribute(node, a->path);
	if (id >= 0 && H5Aclose(id) < 0 && rc == 0)
		rc = fail_attribute(node, a->path);
	if (space >= 0)
		H5Sclose(space);
	H5Tclose(type.id);
	return rc;
}

int
save_attributes(struct saver *s, const struct cute_shm_node *node, hid_t id,
		const char *const *without)
{
	struct cute_shm_attr attr;
	int rc;

	for (rc = cute_shm_next_attr(node, NULL, &attr); rc == 0;
	     rc = cute_shm_next_attr(node, &attr, &attr)) {
		board_beat(s->l.board);
		if (attribute_named(attr.name, without))
			continue;
		rc = save_attribute(s, node, &attr.value, id);
		if (rc != 0)
			return rc;
	}
	return rc == CUTE_SHM_ERR_END ? 0 : rc;
}
