/* SPDX-License-Identifier: MIT */
/* Attributes of groups and datasets. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* Where libhdf5 finds attributes: an open object, and a name from there. */
struct owner {
	hid_t id;
	const char *name;	/* ".": itself */
	unsigned source;
	const char *path;	/* of the node in the segment */
};

/* An attribute that is being read. */
struct reading {
	struct loader *l;
	const char *node;	/* path of its node */
	char *where;		/* "node@name" */
	unsigned source;
	hid_t id;
	uint64_t count;		/* elements */
	uint8_t *elements[PART_COUNT];
	const struct type *type;
};

static int
no_memory(void)
{
	return cute_shm_fail(CUTE_SHM_ERR_NOMEM, "no memory for attributes");
}

static herr_t
see_name(hid_t id, const char *name, const H5A_info_t *info, void *arg)
{
	struct names *n = arg;
	char **more;

	(void)id;
	(void)info;
	if (n->count == n->room) {
		n->room = n->room ? 2 * n->room : 16;
		more = realloc(n->name, n->room * sizeof(*more));
		if (!more)
			goto full;
		n->name = more;
	}
	n->name[n->count] = strdup(name);
	if (n->name[n->count]) {
		n->count++;
		return 0;
	}
full:
	n->full = true;
	return -1;
}

static void
names_clear(struct names *n)
{
	while (n->count > 0)
		free(n->name[--n->count]);
}

void
names_free(struct names *n)
{
	names_clear(n);
	free(n->name);
	*n = (struct names){ .count = 0 };
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
tracks_order(hid_t id)
{
	hid_t plist = H5Iget_type(id) == H5I_DATASET ? H5Dget_create_plist(id)
						     : H5Gget_create_plist(id);
	unsigned flags = 0;

	if (plist < 0)
		return false;
	if (H5Pget_attr_creation_order(plist, &flags) < 0)
		flags = 0;
	H5Pclose(plist);
	return (flags & H5P_CRT_ORDER_TRACKED) != 0;
}

/*
 * By creation where that is tracked, else by name, as bytes.  Most objects have
 * none or one: asking for their number first is the cheapest.
 */
bool
names_list(hid_t id, struct names *n)
{
	hsize_t at = 0;
	H5O_info_t info;
	bool many = H5Oget_info2(id, &info, H5O_INFO_NUM_ATTRS) < 0 ||
		    info.num_attrs > 1;

	if (!many && info.num_attrs == 0)
		return true;
	if (many && tracks_order(id)) {
		if (H5Aiterate2(id, H5_INDEX_CRT_ORDER, H5_ITER_INC, &at,
				see_name, n) >= 0)
			return true;
		names_clear(n);
		at = 0;
	}
	/* In an order of its own libhdf5 need not hold all of them at once. */
	if (H5Aiterate2(id, H5_INDEX_NAME, H5_ITER_NATIVE, &at, see_name,
			n) < 0)
		return false;
	if (n->count > 1)
		qsort(n->name, n->count, sizeof(*n->name), by_bytes);
	return true;
}

/* Clashes and sizes are the builder's to find. */
static int
put(struct reading *r, const struct column *c, int rc)
{
	char *where;

	if (rc != CUTE_SHM_ERR_EXISTS && rc != CUTE_SHM_ERR_INVALID)
		return rc;
	if (asprintf(&where, "%s@%s", r->node, c->path) < 0)
		return no_memory();
	rc = send_skipped(r->l, where, rc == CUTE_SHM_ERR_EXISTS ?
			  "name clash" : "attribute too large");
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
		return no_memory();
	column_gather(c, r->elements[PART_PLAIN], r->count, stride, data);
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

	rc = column_collect(c, r->l->scan, r->source,
			    r->elements[PART_RAGGED], r->count,
			    r->type->size[PART_RAGGED], &lists);
	if (rc == 0)
		rc = put(r, c, cute_shm_builder_attr_ragged(r->l->builder,
				r->node, c->path, c->leaf->dtype, c->ndim,
				c->shape, lists.offsets, lists.values));
	ragged_free(&lists);
	return rc;
}

static int
put_columns(struct reading *r, const struct columns *columns, bool null)
{
	const struct column *c = columns->column;
	size_t i;
	int rc = 0;

	for (i = 0; i < columns->count && rc == 0; i++, c++) {
		if (!c->leaf || !r->l->builder)
			continue;
		if (null)
			rc = put(r, c, cute_shm_builder_attr(r->l->builder,
				 r->node, c->path, "null", 0, NULL, NULL));
		else if (c->part == PART_PLAIN)
			rc = put_plain(r, c);
		else
			rc = put_ragged(r, c);
	}
	return rc;
}

/* Read the elements, the parts that the type has. */
static int
read_elements(struct reading *r)
{
	uint64_t bytes;
	unsigned part;

	for (part = 0; part < PART_COUNT; part++) {
		if (r->type->size[part] == 0)
			continue;
		if (__builtin_mul_overflow(r->count, r->type->size[part],
					   &bytes) || bytes > UINT32_MAX)
			return 1;
		r->elements[part] = calloc(1, bytes + 1);
		if (!r->elements[part])
			return no_memory();
		if (bytes > 0 && H5Aread(r->id, r->type->mem[part],
					 r->elements[part]) < 0)
			return unreadable();
	}
	return 0;
}

/* What libhdf5 allocated for lists and texts, and our own. */
static void
free_elements(struct reading *r, hid_t space)
{
	if (r->elements[PART_RAGGED])
		H5Dvlen_reclaim(r->type->mem[PART_RAGGED], space, H5P_DEFAULT,
				r->elements[PART_RAGGED]);
	free(r->elements[PART_PLAIN]);
	free(r->elements[PART_RAGGED]);
}

static int
gone_field(const char *field, const char *reason, void *arg)
{
	struct reading *r = arg;
	char *where;
	int rc;

	if (asprintf(&where, "%s%s", r->where, field) < 0)
		return no_memory();
	rc = send_skipped(r->l, where, "%s", reason);
	free(where);
	return rc;
}

/* The extent of 'space'; false for a null dataspace. */
static bool
extent(hid_t space, unsigned *rank, uint64_t *shape, uint64_t *count)
{
	hsize_t dims[H5S_MAX_RANK];
	int i, n = H5Sget_simple_extent_dims(space, dims, NULL);

	if (H5Sget_simple_extent_type(space) == H5S_NULL || n < 0)
		return false;
	*rank = (unsigned)n;
	for (i = 0; i < n; i++)
		shape[i] = dims[i];
	if (!shape_product(*rank, shape, count))
		*count = UINT64_MAX;	/* too large to be read */
	return true;
}

/* With type and space at hand: 1 with the reason to skip it. */
static int
describe_value(struct reading *r, const char *name, hid_t space,
	       struct type *type, char *why)
{
	struct columns columns = { .node = r->node };
	uint64_t shape[MAX_NDIM] = { 0 };
	unsigned rank = 0;
	bool null;
	int rc;

	r->type = type;
	null = !extent(space, &rank, shape, &r->count);
	rc = columns_get(r->l, type, name, rank, null ? NULL : shape, &columns);
	if (rc == 0 && !null && r->l->builder)
		rc = read_elements(r);
	if (rc == 1)
		snprintf(why, WHY_SIZE, "attribute too large");
	if (rc == 0)
		rc = put_columns(r, &columns, null);
	free_elements(r, space);
	columns_free(&columns);
	return rc;
}

static int
describe_open(struct reading *r, const char *name, char *why)
{
	hid_t file_type = H5Aget_type(r->id), space = H5Aget_space(r->id);
	struct type *type = NULL;
	int rc;

	if (file_type < 0 || space < 0)
		rc = unreadable();
	else
		rc = type_map(file_type, gone_field, r, why, &type);
	if (rc == 0)
		rc = describe_value(r, name, space, type, why);
	type_free(type);
	if (file_type >= 0)
		H5Tclose(file_type);
	if (space >= 0)
		H5Sclose(space);
	return rc;
}

static int
describe_one(struct loader *l, const struct owner *owner, const char *raw,
	     const char *name)
{
	struct reading r = { .l = l, .node = owner->path,
			     .source = owner->source };
	char why[WHY_SIZE];
	const char *reason;
	int rc;

	if (asprintf(&r.where, "%s@%s", owner->path, name) < 0)
		return no_memory();
	board_work(l->board, r.where, 0);
	reason = failure_of(l->failures, r.where);
	r.id = reason ? H5I_INVALID_HID :
	       H5Aopen_by_name(owner->id, owner->name, raw, H5P_DEFAULT,
			       H5P_DEFAULT);
	if (r.id >= 0)
		rc = describe_open(&r, name, why);
	else
		rc = reason ? cute_shm_fail(CUTE_SHM_ERR_SOURCE, "%s", reason)
			    : unreadable();
	if (rc == 1)
		rc = send_skipped(l, r.where, "%s", why);
	else if (is_objects_own(l, rc))
		rc = send_failed(l, r.where, "%s", cute_shm_errmsg());
	if (r.id >= 0)
		H5Aclose(r.id);
	free(r.where);
	return rc;
}

static bool
is_reserved(const char *name, const char *const *reserved)
{
	for (; reserved && *reserved; reserved++)
		if (strcmp(name, *reserved) == 0)
			return true;
	return false;
}

static int
describe_named(struct loader *l, const struct owner *owner, const char *raw,
	       const char *const *reserved)
{
	char *name = attr_name_of(raw), *where;
	int rc;

	if (!name)
		return no_memory();
	if (!is_reserved(name, reserved)) {
		rc = describe_one(l, owner, raw, name);
	} else if (asprintf(&where, "%s@%s", owner->path, name) < 0) {
		rc = no_memory();
	} else {
		rc = send_skipped(l, where, "name clash");
		free(where);
	}
	free(name);
	return rc;
}

static int
describe_all(struct loader *l, const struct owner *owner,
	     const struct names *names, const char *const *reserved)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < names->count && rc == 0; i++)
		rc = describe_named(l, owner, names->name[i], reserved);
	return rc;
}

int
describe_attributes(struct loader *l, hid_t id, unsigned source,
		    const char *path, const char *const *reserved)
{
	const struct owner owner = { id, ".", source, path };
	struct names names = { .count = 0 };
	char cause[200], *where;
	int rc;

	if (names_list(id, &names)) {
		rc = describe_all(l, &owner, &names, reserved);
	} else if (names.full || asprintf(&where, "%s@*", path) < 0) {
		rc = no_memory();
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
		const char *const *reserved)
{
	const struct owner owner = { group_open(l->scan, object->parent),
				     object->name, object->source, path };

	if (owner.id < 0)
		return unreadable();
	return describe_all(l, &owner, names, reserved);
}
