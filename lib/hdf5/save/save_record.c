/* SPDX-License-Identifier: MIT */
/* Turn groups of columns into the compounds that they were. */

#include <stdlib.h>
#include <string.h>

#include "hdf5/save/save.h"

/* The loader accepts the same depth. */
#define MAX_DEPTH 200

/* Not an error: write the group as an ordinary one. */
#define ORDINARY 1

void
record_free(struct record_out *r)
{
	unsigned i;

	if (!r)
		return;
	for (i = 0; i < r->count; i++) {
		free((void *)(uintptr_t)r->fields[i].name);
		record_free(r->fields[i].record);
		if (r->fields[i].type.id >= 0)
			H5Tclose(r->fields[i].type.id);
	}
	if (r->id >= 0)
		H5Tclose(r->id);
	free(r->fields);
	free(r);
}

/* Reduce r->shape to the first dimensions that all fields have in common. */
static void
narrow(struct record_out *r, bool first, unsigned ndim, const uint64_t *shape)
{
	unsigned i;

	if (first) {
		r->ndim = ndim;
		memcpy(r->shape, shape, sizeof(*shape) * ndim);
		return;
	}
	for (i = 0; i < r->ndim && i < ndim && r->shape[i] == shape[i]; i++)
		;
	r->ndim = i;
}

/*
 * Whether the column has no attributes except those of an enum: a field has no
 * attributes, so others would be lost.
 */
static bool
only_enum(const struct cute_shm_node *node, const struct out_type *type)
{
	struct cute_shm_attr attr;
	int rc;

	for (rc = cute_shm_next_attr(node, NULL, &attr); rc == 0;
	     rc = cute_shm_next_attr(node, &attr, &attr))
		if (!type->is_enum ||
		    !attribute_named(attr.name, enum_attributes))
			return false;
	return rc == CUTE_SHM_ERR_END;
}

static int collect(const struct cute_shm_node *node, unsigned depth,
		   struct record_out **ret);

static int
collect_leaf(struct record_out *r, const struct cute_shm_node *node,
	     struct record_field *f)
{
	int rc = cute_shm_node_array(node, &f->array);

	if (rc == 0)
		rc = out_type_get(&f->array, node, &f->type);
	if (rc != 0)
		return rc;
	if (!only_enum(node, &f->type) ||
	    out_no_shape(f->array.ndim, f->array.shape) ||
	    (r->count > 0 && r->null != (f->type.form == FORM_NULL)))
		return ORDINARY;
	r->null = f->type.form == FORM_NULL;
	narrow(r, r->count == 0, f->array.ndim, f->array.shape);
	return 0;
}

static int
collect_nested(struct record_out *r, const struct cute_shm_node *node,
	       unsigned depth, struct record_field *f)
{
	struct cute_shm_attr attr;
	int rc = collect(node, depth + 1, &f->record);

	if (rc != 0)
		return rc;
	/* Its only attribute must be the one that names its fields. */
	if (node->attr_count != 1 ||
	    cute_shm_attr(node, record_attributes[0], &attr) != 0 ||
	    (r->count > 0 && r->null != f->record->null))
		return ORDINARY;
	r->null = f->record->null;
	narrow(r, r->count == 0, f->record->ndim, f->record->shape);
	return 0;
}

/*
 * The field's name in the file; ORDINARY if a load would not give the node its
 * present name for this field name.
 */
static int
field_name(const struct cute_shm_array *names, uint64_t i,
	   const struct cute_shm_node *node, const char **ret)
{
	const void *text;
	uint64_t size;
	char *name, *component;
	bool same;
	int rc = cute_shm_element(names, i, &text, &size);

	if (rc != 0)
		return rc;
	if (size == 0 || memchr(text, '\0', (size_t)size))
		return ORDINARY;
	name = strndup(text, (size_t)size);
	component = name ? component_of(name) : NULL;
	if (!component) {
		free(name);
		return fail_memory("for a compound");
	}
	same = strcmp(component, node->name) == 0;
	free(component);
	if (!same) {
		free(name);
		return ORDINARY;
	}
	*ret = name;
	return 0;
}

static int
collect_field(struct record_out *r, const struct cute_shm_array *names,
	      const struct cute_shm_node *node, unsigned depth)
{
	struct record_field *f = &r->fields[r->count];
	int rc;

	f->type.id = H5I_INVALID_HID;
	rc = field_name(names, r->count, node, &f->name);
	if (rc == 0 && node->kind == CUTE_SHM_ARRAY)
		rc = collect_leaf(r, node, f);
	else if (rc == 0 && node->kind == CUTE_SHM_GROUP)
		rc = collect_nested(r, node, depth, f);
	else if (rc == 0)
		rc = ORDINARY;
	r->count++; /* record_free() must see this field, too */
	return rc;
}

/* Get the attribute with the names of the fields, if it fits the children. */
static int
get_names(const struct cute_shm_node *node, struct cute_shm_array *ret)
{
	struct cute_shm_attr attr;

	if (node->child_count == 0 || node->attr_count == 0 ||
	    cute_shm_attr(node, record_attributes[0], &attr) != 0 ||
	    strcmp(attr.value.dtype, "*|S1") != 0 || attr.value.ndim != 1 ||
	    attr.value.element_count != node->child_count ||
	    node->child_count > UINT16_MAX)
		return ORDINARY;
	*ret = attr.value;
	return 0;
}

/*
 * Whether an array type in the record would be empty, which HDF5 does not
 * allow.
 */
static bool
empty_inside(const struct record_out *r)
{
	for (uint64_t i = 0; i < r->count; i++) {
		const struct record_field *f = &r->fields[i];
		unsigned ndim = f->record ? f->record->ndim : f->array.ndim;
		const uint64_t *shape =
			f->record ? f->record->shape : f->array.shape;

		for (unsigned d = r->ndim; d < ndim; d++)
			if (shape[d] == 0)
				return true;
	}
	return false;
}

static int
collect(const struct cute_shm_node *node, unsigned depth,
	struct record_out **ret)
{
	struct cute_shm_array names;
	struct cute_shm_node child;
	struct record_out *r;
	int rc = depth > MAX_DEPTH ? ORDINARY : get_names(node, &names);

	if (rc != 0)
		return rc;
	r = calloc(1, sizeof(*r));
	if (r)
		r->fields =
			calloc((size_t)node->child_count, sizeof(*r->fields));
	if (!r || !r->fields) {
		free(r);
		return fail_memory("for a compound");
	}
	r->id = H5I_INVALID_HID;
	rc = cute_shm_first_child(node, &child);
	while (rc == 0 && r->count < names.element_count) {
		rc = collect_field(r, &names, &child, depth);
		if (rc == 0)
			rc = cute_shm_next_sibling(&child, &child);
	}
	if (rc == CUTE_SHM_ERR_END && r->count == names.element_count &&
	    !empty_inside(r)) {
		*ret = r;
		return 0;
	}
	record_free(r);
	return rc == 0 || rc == CUTE_SHM_ERR_END ? ORDINARY : rc;
}

/* ------------------------------------------------------------ HDF5's types */

/* 'type', or an array type of it, with the dimensions from 'outer' on. */
static hid_t
with_dims(hid_t type, unsigned outer, unsigned ndim, const uint64_t *shape,
	  uint64_t *repeat)
{
	hsize_t dims[MAX_NDIM];
	unsigned i;

	*repeat = 1;
	for (i = outer; i < ndim; i++) {
		dims[i - outer] = shape[i];
		*repeat *= shape[i];
	}
	return ndim > outer ? H5Tarray_create2(type, ndim - outer, dims)
			    : H5Tcopy(type);
}

static int
insert(struct record_out *r, struct record_field *f, hid_t type)
{
	bool done =
		type >= 0 && H5Tinsert(r->id, f->name, f->offset, type) >= 0;

	if (type >= 0)
		H5Tclose(type);
	if (done)
		return 0;
	/* Duplicate name, empty array, or too large: write ordinary columns. */
	H5Eclear2(H5E_DEFAULT);
	return ORDINARY;
}

static size_t
field_size(const struct record_field *f)
{
	return f->record ? f->record->size : f->type.size;
}

/* Set all offsets first, because H5Tcreate() needs the size of the compound. */
static int
place_fields(struct record_out *r)
{
	struct record_field *f;
	uint64_t bytes, at = 0;
	unsigned d, ndim;
	const uint64_t *shape;

	for (f = r->fields; f < r->fields + r->count; f++) {
		ndim = f->record ? f->record->ndim : f->array.ndim;
		shape = f->record ? f->record->shape : f->array.shape;
		bytes = field_size(f);
		for (d = r->ndim; d < ndim; d++)
			if (__builtin_mul_overflow(bytes, shape[d], &bytes))
				return ORDINARY;
		f->offset = (size_t)at;
		if (__builtin_add_overflow(at, bytes, &at) || at > INT32_MAX)
			return ORDINARY;
	}
	r->size = (size_t)at;
	return 0;
}

/* Whether a load would make complex numbers of this compound. */
static bool
like_complex(const struct record_out *r)
{
	const struct record_field *f = r->fields;

	return r->count == 2 && !f[0].record && !f[1].record &&
	       strcmp(f[0].name, "r") == 0 && strcmp(f[1].name, "i") == 0 &&
	       f[0].array.ndim == r->ndim && f[1].array.ndim == r->ndim &&
	       f[0].array.dtype[1] == 'f' &&
	       (f[0].array.item_size == 4 || f[0].array.item_size == 8) &&
	       strcmp(f[0].array.dtype, f[1].array.dtype) == 0;
}

static int
make_type(struct record_out *r)
{
	struct record_field *f;
	hid_t type;
	int rc = 0;

	for (f = r->fields; f < r->fields + r->count && rc == 0; f++)
		if (f->record)
			rc = make_type(f->record);
	if (rc == 0)
		rc = place_fields(r);
	if (rc == 0 && like_complex(r))
		rc = ORDINARY;
	if (rc != 0)
		return rc;
	r->id = H5Tcreate(H5T_COMPOUND, r->size);
	if (r->id < 0)
		return ORDINARY;
	for (f = r->fields; f < r->fields + r->count && rc == 0; f++) {
		type = f->record ? with_dims(f->record->id, r->ndim,
					     f->record->ndim, f->record->shape,
					     &f->repeat)
				 : with_dims(f->type.id, r->ndim, f->array.ndim,
					     f->array.shape, &f->repeat);
		rc = insert(r, f, type);
	}
	return rc;
}

int
record_get(const struct cute_shm_node *node, struct record_out **ret)
{
	struct record_out *r = NULL;
	int rc = collect(node, 0, &r);

	if (rc == 0)
		rc = make_type(r);
	if (rc == 0) {
		*ret = r;
		return 1;
	}
	record_free(r);
	return rc == ORDINARY ? 0 : rc;
}
