/* SPDX-License-Identifier: MIT */
/* Describe the attributes of groups and datasets. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/describe/attribute.h"

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

static int
describe_one(struct loader *l, const struct owner *owner, const char *raw,
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

/*
 * Report an attribute that attribute_keep() could not read.  To read it again
 * might succeed, but its name was chosen without its value.
 */
static int
fail_kept(struct loader *l, const struct owner *owner, const char *name,
	  const char *failure)
{
	char *where;
	int rc;

	if (asprintf(&where, "%s@%s", owner->path, name) < 0)
		return fail_memory("for attributes");
	rc = send_failed(l, where, "%s", failure);
	free(where);
	return rc;
}

static int
skip_clash(struct loader *l, const struct owner *owner, const char *name)
{
	char *where;
	int rc;

	if (asprintf(&where, "%s@%s", owner->path, name) < 0)
		return fail_memory("for attributes");
	rc = send_skipped(l, where, "name clash");
	free(where);
	return rc;
}

/*
 * Describe the attribute under a name that is not reserved.  Report the new
 * name, unless the attribute is skipped anyway.
 */
static int
describe_renamed(struct loader *l, const struct owner *owner, const char *raw,
		 const char *name, const char *why)
{
	uint64_t gone = l->result.skipped + l->result.failed;
	char *where = NULL, *escaped = NULL;
	int rc;

	if (asprintf(&escaped, "%%%02X%s", (unsigned)(uint8_t)name[0],
		     name + 1) < 0 ||
	    asprintf(&where, "%s@%s", owner->path, name) < 0) {
		free(escaped);
		return fail_memory("for attributes");
	}
	rc = describe_one(l, owner, raw, escaped);
	if (rc == 0 && gone == l->result.skipped + l->result.failed)
		rc = send_changed(l, where, "named %s: %s", escaped, why);
	free(escaped);
	free(where);
	return rc;
}

static int
describe_named(struct loader *l, const struct owner *owner, const char *raw,
	       const struct described *as, const struct verdicts *verdicts)
{
	char *name = attr_name_of(raw);
	const char *why, *failure;
	enum reserved id;
	int rc;

	if (!name)
		return fail_memory("for attributes");
	id = reserved_find(name);
	why = verdict_against(verdicts, id);
	failure = verdict_failure(verdicts, id);
	if (id != RESERVED_NOT && (as->own >> id & 1))
		rc = skip_clash(l, owner, name);
	else if (failure)
		rc = fail_kept(l, owner, name, failure);
	else if (why)
		rc = describe_renamed(l, owner, raw, name, why);
	else
		rc = describe_one(l, owner, raw, name);
	free(name);
	return rc;
}

static int
describe_all(struct loader *l, const struct owner *owner,
	     const struct names *names, const struct described *as)
{
	struct verdicts *verdicts;
	size_t i;
	int rc = verdicts_get(l, owner, names, as, &verdicts);

	for (i = 0; i < names->count && rc == 0; i++)
		rc = describe_named(l, owner, names->name[i], as, verdicts);
	verdicts_free(verdicts);
	return rc;
}

static int
describe_known(struct loader *l, const struct object *object, const char *path,
	       const struct described *as)
{
	uint32_t next = 0;
	const struct owner owner = { H5I_INVALID_HID, ".",
				     object->source,  path,
				     object,	      &next };
	struct names names = { .count = 0 };
	int rc = names_native(object->native, &names)
			 ? describe_all(l, &owner, &names, as)
			 : fail_memory("for attributes");

	names_free(&names);
	return rc;
}

int
describe_attributes(struct loader *l, hid_t id, const struct object *object,
		    const char *path, const struct described *as)
{
	const struct owner owner = {
		id, ".", object->source, path, object, NULL
	};
	struct names names = { .count = 0 };
	char cause[200], *where;
	int rc;

	if (object->native)
		return describe_known(l, object, path, as);
	if (names_list(id, &names)) {
		rc = describe_all(l, &owner, &names, as);
	} else if (names.full || asprintf(&where, "%s@*", path) < 0) {
		rc = fail_memory("for attributes");
	} else {
		rc = send_failed(l, where, "attributes: %s",
				 hdf5_cause(cause, sizeof(cause)));
		free(where);
	}
	names_free(&names);
	return rc;
}

int
describe_listed(struct loader *l, const struct object *object,
		const struct names *names, const char *path,
		const struct described *as)
{
	const struct owner owner = { group_open(l->scan, object->parent),
				     object->name,
				     object->source,
				     path,
				     object,
				     NULL };

	if (owner.id < 0)
		return unreadable();
	return describe_all(l, &owner, names, as);
}
