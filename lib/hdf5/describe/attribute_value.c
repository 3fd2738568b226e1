/* SPDX-License-Identifier: MIT */
/* Describe one attribute of the file: its type, its extent and its value. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/describe/attribute.h"

/* -------------------------------------------------------- values in memory */

/* Set the value.  Takes over 'data', or the memory of *lists. */
static void
kept_value_set(struct kept_value *keep, const struct column *c, bool null,
	       void *data, struct ragged *lists)
{
	struct cute_shm_array *a = &keep->array;

	/* A reserved attribute has only one column: keep no others. */
	if (keep->columns++ > 0) {
		free(data);
		if (lists)
			ragged_free(lists);
		return;
	}
	snprintf(keep->dtype, sizeof(keep->dtype), "%s",
		 null ? "null" : c->leaf->dtype);
	a->dtype = keep->dtype;
	a->path = "";
	if (null)
		return;
	a->ndim = c->ndim;
	memcpy(a->shape, c->shape, sizeof(a->shape[0]) * c->ndim);
	a->element_count = c->count;
	a->item_size = c->leaf->item_size;
	if (lists) {
		keep->lists = *lists;
		*lists = (struct ragged){ .offsets = NULL };
		a->offsets = keep->lists.offsets;
		a->values = keep->lists.values;
		a->value_count = keep->lists.items;
	} else {
		keep->data = data;
		a->data = keep->data;
		a->data_size = c->bytes;
	}
}

void
kept_value_free(struct kept_value *keep)
{
	free(keep->data);
	free(keep->failure);
	ragged_free(&keep->lists);
}

/* --------------------------------------------------------- to the builder */

/*
 * Handle the builder's result: it finds name clashes and values that are too
 * large.
 */
static int
put(struct reading *r, const struct column *c, int rc)
{
	char *where;

	if (rc != CUTE_SHM_ERR_EXISTS && rc != CUTE_SHM_ERR_INVALID)
		return rc;
	if (asprintf(&where, "%s@%s", r->node, c->path) < 0)
		return fail_memory("for attributes");
	rc = send_skipped(r->l, where,
			  rc == CUTE_SHM_ERR_EXISTS ? "name clash"
						    : "attribute too large");
	free(where);
	return rc;
}

static int
put_plain(struct reading *r, const struct column *c)
{
	size_t stride = r->type->size[PART_PLAIN];
	uint8_t *data = malloc(c->bytes + 1);
	int rc;

	if (!data)
		return fail_memory("for attributes");
	column_gather(c, r->elements[PART_PLAIN], r->count, stride, data);
	if (r->keep) {
		kept_value_set(r->keep, c, false, data, NULL);
		return 0;
	}
	rc = cute_shm_builder_attr(r->l->builder, r->node, c->path,
				   c->leaf->dtype, c->ndim, c->shape, data);
	free(data);
	return put(r, c, rc);
}

static int
put_ragged(struct reading *r, const struct column *c)
{
	struct ragged lists = { 0 };
	int rc;

	rc = column_collect(c, r->l->scan, r->source, r->elements[PART_RAGGED],
			    r->count, r->type->size[PART_RAGGED], &lists);
	if (rc == 0 && r->keep) {
		kept_value_set(r->keep, c, false, NULL, &lists);
		return 0;
	}
	if (rc == 0)
		rc = references_lost(r->l, r->where, lists.lost);
	if (rc == 0 && r->l->builder)
		rc = put(r, c,
			 cute_shm_builder_attr_ragged(r->l->builder, r->node,
						      c->path, c->leaf->dtype,
						      c->ndim, c->shape,
						      lists.offsets,
						      lists.values));
	ragged_free(&lists);
	return rc;
}

static int
put_null(struct reading *r, const struct column *c)
{
	if (r->keep) {
		kept_value_set(r->keep, c, true, NULL, NULL);
		return 0;
	}
	return put(r, c,
		   cute_shm_builder_attr(r->l->builder, r->node, c->path,
					 "null", 0, NULL, NULL));
}

/*
 * A plan reads only attributes with references, to see whether these lead to
 * objects.
 */
static bool
wants(const struct reading *r, const struct type *type)
{
	return r->keep || r->l->builder || type_refers(type);
}

static int
put_columns(struct reading *r, const struct columns *columns, bool null)
{
	const struct column *c = columns->column;
	size_t i;
	int rc = 0;

	for (i = 0; i < columns->count && rc == 0; i++, c++) {
		if (!c->leaf || !wants(r, c->leaf))
			continue;
		if (null)
			rc = r->keep || r->l->builder ? put_null(r, c) : 0;
		else if (c->part == PART_PLAIN)
			rc = put_plain(r, c);
		else
			rc = put_ragged(r, c);
	}
	return rc;
}

static int
gone_field(const char *field, const char *reason, void *arg)
{
	struct reading *r = arg;
	char *where;
	int rc;

	if (asprintf(&where, "%s%s", r->where, field) < 0)
		return fail_memory("for attributes");
	rc = send_skipped(r->l, where, "%s", reason);
	free(where);
	return rc;
}

struct extent {
	bool null; /* dataspace */
	unsigned rank;
	uint64_t shape[MAX_NDIM];
	uint64_t count; /* UINT64_MAX: attribute_read() skips it */
};

static void
extent_of(hid_t space, struct extent *ret)
{
	hsize_t dims[H5S_MAX_RANK];
	int i, n = H5Sget_simple_extent_dims(space, dims, NULL);

	*ret = (struct extent){ .null = true };
	if (H5Sget_simple_extent_type(space) == H5S_NULL || n < 0)
		return;
	ret->null = false;
	ret->rank = (unsigned)n;
	for (i = 0; i < n; i++)
		ret->shape[i] = dims[i];
	if (!shape_product(ret->rank, ret->shape, &ret->count))
		ret->count = UINT64_MAX;
}

static void
native_extent(const struct native_space *space, struct extent *ret)
{
	*ret = (struct extent){ .null = space->kind == NATIVE_NULL,
				.rank = space->rank };
	for (unsigned i = 0; i < space->rank; i++)
		ret->shape[i] = space->dims[i];
	if (!shape_product(ret->rank, ret->shape, &ret->count))
		ret->count = UINT64_MAX;
}

/*
 * Describe a value of this type and extent.  May return SKIP, with the reason
 * in 'why'.
 */
static int
describe_value(struct reading *r, const char *name, const struct extent *e,
	       struct type *type, char *why)
{
	struct columns columns = { .node = r->node };
	int rc;

	r->type = type;
	r->count = e->count;
	rc = columns_get(r->l, type, name, e->rank, e->null ? NULL : e->shape,
			 &columns);
	if (rc == 0 && !e->null && wants(r, type))
		rc = attribute_read(r);
	if (rc == SKIP)
		snprintf(why, WHY_SIZE, "attribute too large");
	if (rc == 0 && !e->null && type->kind == TYPE_REFERENCE_LIST &&
	    !reference_lists_short(r->elements[PART_RAGGED], r->count)) {
		snprintf(why, WHY_SIZE, "list of object references");
		rc = SKIP;
	}
	if (rc == 0)
		rc = put_columns(r, &columns, e->null);
	attribute_free(r);
	columns_free(&columns);
	return rc;
}

static int
describe_typed(struct reading *r, const char *name,
	       const struct native_type *file, const struct extent *e,
	       char *why)
{
	struct type *type = NULL;
	int rc = type_map(file, gone_field, r, why, &type);

	/*
	 * netCDF's DIMENSION_LIST has one reference, or none, in each list:
	 * store its path.
	 */
	if (rc == SKIP && reference_list_is(file) && !e->null)
		rc = reference_list_type(file, &type);
	if (rc == 0)
		rc = describe_value(r, name, e, type, why);
	type_free(type);
	return rc;
}

static int
describe_open(struct reading *r, const char *name, char *why)
{
	hid_t file_type = H5Aget_type(r->id), space = H5Aget_space(r->id);
	struct arena arena = { .chunks = NULL };
	const struct native_type *file = NULL;
	struct extent e;
	int rc;

	if (file_type < 0 || space < 0)
		rc = unreadable();
	else
		rc = type_check(file_type);
	if (rc == 0)
		rc = type_describe(file_type, &arena, &file);
	if (rc == 0) {
		extent_of(space, &e);
		rc = describe_typed(r, name, file, &e, why);
	}
	arena_free(&arena);
	if (file_type >= 0)
		H5Tclose(file_type);
	if (space >= 0)
		H5Sclose(space);
	return rc;
}

static int
describe_native(struct reading *r, const char *name, char *why)
{
	struct extent e;

	native_extent(r->native->space, &e);
	return describe_typed(r, name, r->native->type, &e, why);
}

/*
 * The attribute of that name in the index.  The names are those of the index,
 * and mostly asked for in their order.
 */
static const struct native_attribute *
native_attribute_of(const struct owner *owner, const char *raw)
{
	const struct native_object *o = owner->object->native;
	uint32_t i, n = o->attribute_count;

	for (i = 0; i < n; i++) {
		uint32_t at = (*owner->next + i) % n;

		if (o->attributes[at].name != raw)
			continue;
		*owner->next = at + 1;
		return &o->attributes[at];
	}
	return NULL;
}

/* Describe the attribute that has this name in the file. */
static int
read_one(struct reading *r, const struct owner *owner, const char *raw,
	 const char *name, char *why)
{
	const char *reason;
	int rc;

	board_work(r->l->board, r->where, 0);
	reason = failure_of(r->l->failures, r->where);
	if (reason)
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE, "%s", reason);
	r->owner = owner;
	r->raw = raw;
	r->id = H5I_INVALID_HID;
	if (owner->next)
		r->native = native_attribute_of(owner, raw);
	if (!r->native)
		r->id = attribute_open(r);
	if (!r->native && r->id < 0)
		return unreadable();
	rc = r->native ? describe_native(r, name, why)
		       : describe_open(r, name, why);
	if (r->id >= 0)
		H5Aclose(r->id);
	return rc;
}

int
attribute_describe(struct loader *l, const struct owner *owner, const char *raw,
		   const char *name)
{
	struct reading r = { .l = l,
			     .node = owner->path,
			     .source = owner->source };
	char why[WHY_SIZE];
	int rc;

	if (asprintf(&r.where, "%s@%s", owner->path, name) < 0)
		return fail_memory("for attributes");
	rc = read_one(&r, owner, raw, name, why);
	if (rc == SKIP)
		rc = send_skipped(l, r.where, "%s", why);
	else if (is_objects_own(l, rc))
		rc = send_failed(l, r.where, "%s", cute_shm_errmsg());
	free(r.where);
	return rc;
}

int
attribute_keep(struct loader *l, const struct owner *owner, const char *raw,
	       const char *name, struct kept_value *keep)
{
	struct reading r = { .l = l,
			     .node = owner->path,
			     .source = owner->source,
			     .keep = keep };
	char why[WHY_SIZE];
	int rc;

	if (asprintf(&r.where, "%s@%s", owner->path, name) < 0)
		return fail_memory("for attributes");
	rc = read_one(&r, owner, raw, name, why);
	free(r.where);
	if (rc == CUTE_SHM_ERR_SOURCE && !keep->failure) {
		keep->failure = strdup(cute_shm_errmsg());
		return keep->failure ? 0 : fail_memory("for attributes");
	}
	return rc == SKIP || rc == CUTE_SHM_ERR_SOURCE ? 0 : rc;
}
