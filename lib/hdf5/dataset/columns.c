/* SPDX-License-Identifier: MIT */
/*
 * A compound becomes a group of columns, one array for each field: where each
 * column lies in an element in memory, and how to copy it out.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/dataset/dataset.h"

/*
 * Where a type lies in an element, for each part, and the dimensions around it.
 */
struct place {
	size_t offset[PART_COUNT];
	unsigned loop_count;
	uint64_t count[MAX_NDIM];
	size_t stride[PART_COUNT][MAX_NDIM];
	unsigned ndim;
	uint64_t shape[MAX_NDIM];
	bool null;
};

struct collecting {
	struct loader *l;
	struct columns *columns;
	const size_t *size; /* of an element, for each part */
};

static int collect(struct collecting *c, const struct type *type,
		   const char *path, const struct place *place, bool *present);

static void
column_free(struct column *c)
{
	while (c->name_count > 0)
		free(c->names[--c->name_count]);
	free(c->names);
	free(c->path);
	free(c->kept);
	free(c->kept_offsets);
}

void
columns_free(struct columns *columns)
{
	while (columns->count > 0)
		column_free(&columns->column[--columns->count]);
	free(columns->column);
	columns->column = NULL;
	columns->room = 0;
}

/*
 * Add a column; its index is count - 1.  On error the caller frees its members.
 */
static int
column_add(struct columns *columns, const struct column *column)
{
	struct column *more;

	if (columns->count == columns->room) {
		columns->room = columns->room ? 2 * columns->room : 1;
		more = realloc(columns->column, columns->room * sizeof(*more));
		if (!more)
			return fail_memory("for columns");
		columns->column = more;
	}
	columns->column[columns->count++] = *column;
	return 0;
}

bool
shape_product(unsigned ndim, const uint64_t *shape, uint64_t *ret)
{
	bool fits = true;
	unsigned i;

	*ret = 1;
	for (i = 0; i < ndim; i++) {
		if (shape[i] == 0) {
			*ret = 0;
			return true;
		}
		fits &= !__builtin_mul_overflow(*ret, shape[i], ret);
	}
	return fits;
}

/* The shape of a leaf's array: the dimensions around the leaf, then its own. */
static int
leaf_shape(const struct type *leaf, const struct place *place,
	   struct column *ret)
{
	if (place->null)
		return 0;
	if (place->ndim + leaf->ndim > MAX_NDIM)
		return SKIP;
	ret->ndim = place->ndim + leaf->ndim;
	memcpy(ret->shape, place->shape, sizeof(uint64_t) * place->ndim);
	memcpy(ret->shape + place->ndim, leaf->dims,
	       sizeof(uint64_t) * leaf->ndim);
	if (!shape_product(ret->ndim, ret->shape, &ret->count) ||
	    __builtin_mul_overflow(ret->count, leaf->item_size, &ret->bytes))
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "its shape has over 2^64 bytes");
	if (leaf->kind != TYPE_PLAIN)
		ret->bytes = 0; /* depends on its lists */
	return 0;
}

static int
skip_leaf(const struct collecting *c, const char *path, unsigned ndim)
{
	const char *node = c->columns->node;
	char *where = NULL;
	int rc;

	if (asprintf(&where, "%s%s%s", node ? node : "", node ? "@" : "",
		     path) < 0)
		return fail_memory("for columns");
	rc = send_skipped(c->l, where, "%u dimensions", ndim);
	free(where);
	return rc;
}

/* Check that the column's items lie within elements of this size. */
static bool
column_fits(const struct column *c, size_t size)
{
	uint64_t end = c->run, span;
	unsigned i;

	if (__builtin_add_overflow(end, c->offset, &end))
		return false;
	for (i = 0; i < c->loop_count; i++)
		if (c->loop[i].count == 0 ||
		    __builtin_mul_overflow(c->loop[i].count - 1,
					   c->loop[i].stride, &span) ||
		    __builtin_add_overflow(end, span, &end))
			return false;
	return end <= size;
}

/* Check that the items have the size with which they are copied. */
static bool
items_fit(const struct type *leaf, size_t run)
{
	static const size_t size[] = {
		[TYPE_TEXT] = sizeof(char *),
		[TYPE_LIST] = sizeof(hvl_t),
		[TYPE_REFERENCE] = sizeof(hobj_ref_t),
		[TYPE_REFERENCE_LIST] = sizeof(hvl_t),
	};
	uint64_t item = leaf->kind == TYPE_PLAIN ? leaf->item_size
						 : size[leaf->kind],
		 bytes;

	return leaf->dims_count > 0 &&
	       !__builtin_mul_overflow(leaf->dims_count, item, &bytes) &&
	       bytes == run;
}

static int
collect_leaf(struct collecting *c, const struct type *leaf, const char *path,
	     const struct place *place, bool *present)
{
	struct column column = { .leaf = leaf, .repeat = leaf->dims_count };
	unsigned i;
	int rc;

	rc = leaf_shape(leaf, place, &column);
	if (rc == SKIP)
		return skip_leaf(c, path, place->ndim + leaf->ndim);
	if (rc != 0)
		return rc;
	column.part = leaf->kind == TYPE_PLAIN ? PART_PLAIN : PART_RAGGED;
	column.offset = place->offset[column.part];
	column.run = leaf->size[column.part];
	column.loop_count = place->loop_count;
	for (i = 0; i < place->loop_count; i++) {
		column.loop[i].count = place->count[i];
		column.loop[i].stride = place->stride[column.part][i];
		column.repeat *= place->count[i];
	}
	if (!items_fit(leaf, column.run) ||
	    !column_fits(&column, c->size[column.part]))
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "its parts lie "
				     "outside its elements");
	column.path = strdup(path);
	if (!column.path)
		return fail_memory("for columns");
	rc = column_add(c->columns, &column);
	if (rc != 0)
		free(column.path);
	*present = rc == 0;
	return rc;
}

/* Add the dimensions of an array of compounds. */
static void
enter_dims(const struct type *record, struct place *place)
{
	unsigned part;

	if (place->null || record->ndim == 0)
		return;
	if (place->ndim + record->ndim <= MAX_NDIM)
		memcpy(place->shape + place->ndim, record->dims,
		       sizeof(uint64_t) * record->ndim);
	place->ndim += record->ndim;
	if (place->ndim > MAX_NDIM)
		return; /* its leaves will be left out */
	place->count[place->loop_count] = record->dims_count;
	for (part = 0; part < PART_COUNT; part++)
		place->stride[part][place->loop_count] =
			record->dims_count
				? record->size[part] / record->dims_count
				: 0;
	place->loop_count++;
}

/* Whether an earlier node of the group has this path. */
static bool
taken(const struct columns *columns, size_t first, const char *path)
{
	size_t i;

	if (columns->node)
		return false; /* the node checks its names */
	for (i = first; i < columns->count; i++)
		if (strcmp(columns->column[i].path, path) == 0)
			return true;
	return false;
}

static char *
field_path(const struct columns *columns, const char *parent, const char *name)
{
	char *own, *path;

	if (!columns->node)
		return path_below(parent, name);
	own = attr_name_of(name);
	if (!own)
		return NULL;
	if (asprintf(&path, "%s.%s", parent, own) < 0)
		path = NULL;
	free(own);
	return path;
}

static int
collect_field(struct collecting *c, const struct field *f, size_t group,
	      const char *parent, const struct place *place)
{
	struct place inner = *place;
	struct column *record;
	bool present = false;
	char *path;
	unsigned part;
	int rc;

	path = field_path(c->columns, parent, f->name);
	if (!path)
		return fail_memory("for columns");
	for (part = 0; part < PART_COUNT; part++)
		inner.offset[part] += f->offset[part];
	if (taken(c->columns, group + 1, path))
		rc = send_skipped(c->l, path, "name clash");
	else
		rc = collect(c, f->type, path, &inner, &present);
	free(path);
	if (rc != 0 || !present)
		return rc;
	record = &c->columns->column[group];
	record->names[record->name_count] = strdup(f->name);
	return record->names[record->name_count++] ? 0
						   : fail_memory("for columns");
}

static int
collect_record(struct collecting *c, const struct type *type, const char *path,
	       const struct place *place, bool *present)
{
	struct column column = { .leaf = NULL };
	struct place inner = *place;
	size_t group = c->columns->count;
	unsigned i;
	int rc;

	column.path = strdup(path);
	column.names = calloc(type->field_count + 1, sizeof(char *));
	rc = column.path && column.names ? column_add(c->columns, &column)
					 : fail_memory("for columns");
	if (rc != 0) {
		free(column.path);
		free(column.names);
		return rc;
	}
	*present = true;
	enter_dims(type, &inner);
	for (i = 0; i < type->field_count && rc == 0; i++)
		rc = collect_field(c, &type->fields[i], group, path, &inner);
	return rc;
}

static int
collect(struct collecting *c, const struct type *type, const char *path,
	const struct place *place, bool *present)
{
	return type->kind == TYPE_RECORD
		       ? collect_record(c, type, path, place, present)
		       : collect_leaf(c, type, path, place, present);
}

int
columns_get(struct loader *l, const struct type *type, const char *path,
	    unsigned ndim, const uint64_t *shape, struct columns *ret)
{
	struct collecting c = { l, ret, type->size };
	struct place place = { .null = !shape, .ndim = shape ? ndim : 0 };
	bool present;

	if (shape)
		memcpy(place.shape, shape, sizeof(*shape) * ndim);
	return collect(&c, type, path, &place, &present);
}

/* ------------------------------------------------------- out of the memory */

static uint8_t *
gather_loop(const struct column *c, unsigned depth, const uint8_t *src,
	    uint8_t *dst)
{
	uint64_t i;

	if (depth == c->loop_count) {
		memcpy(dst, src, c->run);
		return dst + c->run;
	}
	if (depth + 1 == c->loop_count) {
		pick_items(dst, src, c->loop[depth].stride,
			   c->loop[depth].count, c->run);
		return dst + c->loop[depth].count * c->run;
	}
	for (i = 0; i < c->loop[depth].count; i++)
		dst = gather_loop(c, depth + 1, src + i * c->loop[depth].stride,
				  dst);
	return dst;
}

void
column_gather(const struct column *c, const uint8_t *elements, uint64_t count,
	      size_t stride, uint8_t *dst)
{
	const uint8_t *src = elements + c->offset;
	uint64_t i, items = count * c->repeat, word;
	uint8_t *to = dst;

	if (c->loop_count == 0)
		pick_items(dst, src, stride, count, c->run);
	else
		for (i = 0; i < count; i++)
			to = gather_loop(c, 0, src + i * stride, to);
	for (i = 0; c->leaf->swap && i < items; i++) {
		memcpy(&word, dst + 8 * i, sizeof(word));
		word = __builtin_bswap64(word);
		memcpy(dst + 8 * i, &word, sizeof(word));
	}
}
