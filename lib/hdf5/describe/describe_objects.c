/* SPDX-License-Identifier: MIT */
/*
 * Describe every object of the scan to the builder, in the order of the
 * segment.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cute_shm_format.h>

#include "format/format.h"
#include "hdf5/describe/describe.h"

static int
put_enum(struct loader *l, const struct column *c)
{
	const struct type *t = c->leaf;
	uint64_t count = t->enum_count, *offsets;
	struct ragged names = { 0 };
	uint8_t *values;
	size_t size = 0;
	unsigned i;
	int rc;

	offsets = calloc(count + 1, sizeof(*offsets));
	values = malloc(count * t->item_size + 1);
	for (i = 0; offsets && i < count; i++) {
		size += strlen(t->enum_names[i]);
		offsets[i + 1] = size;
	}
	names.values = malloc(size + 1);
	rc = offsets && values && names.values ? 0
					       : fail_memory("for a dataset");
	for (i = 0; rc == 0 && i < count; i++) {
		memcpy(names.values + offsets[i], t->enum_names[i],
		       strlen(t->enum_names[i]));
		memcpy(values + i * t->item_size, &t->enum_values[i],
		       t->item_size);
	}
	if (rc == 0)
		rc = cute_shm_builder_attr_ragged(
			l->builder, c->path, reserved_name(RESERVED_ENUM_NAMES),
			"*|S1", 1, &count, offsets, names.values);
	if (rc == 0)
		rc = cute_shm_builder_attr(l->builder, c->path,
					   reserved_name(RESERVED_ENUM_VALUES),
					   t->dtype + (t->dtype[0] == '*'), 1,
					   &count, values);
	free(offsets);
	free(values);
	ragged_free(&names);
	return rc;
}

/* Write the names that the present fields have in the file. */
static int
put_compound(struct loader *l, const struct column *c)
{
	uint64_t count = c->name_count, *offsets;
	char *names;
	size_t size = 0, i;
	int rc = 0;

	for (i = 0; i < count; i++)
		size += strlen(c->names[i]);
	offsets = calloc(count + 1, sizeof(*offsets));
	names = malloc(size + 1);
	if (!offsets || !names) {
		free(offsets);
		free(names);
		return fail_memory("for a dataset");
	}
	for (i = 0; i < count; i++) {
		size = strlen(c->names[i]);
		memcpy(names + offsets[i], c->names[i], size);
		offsets[i + 1] = offsets[i] + size;
	}
	rc = cute_shm_builder_attr_ragged(l->builder, c->path,
					  reserved_name(RESERVED_COMPOUND),
					  "*|S1", 1, &count, offsets, names);
	free(offsets);
	free(names);
	return rc;
}

/*
 * The builder reads kept data when it seals, later in this process, when the
 * column is freed.  There are many, of a few bytes each.  NULL: no memory.
 */
static const void *
keep_plain(struct loader *l, const struct column *c)
{
	void *copy = arena_get(&l->arena, c->bytes);

	return copy ? memcpy(copy, c->kept, c->bytes) : NULL;
}

static int
put_node(struct loader *l, const struct dataset *d, const struct column *c)
{
	const void *data;

	if (!c->leaf)
		return cute_shm_builder_group(l->builder, c->path);
	if (d->null)
		return cute_shm_builder_array(l->builder, c->path, "null", 0,
					      NULL, NULL);
	if (c->part == PART_RAGGED)
		return cute_shm_builder_ragged(l->builder, c->path,
					       c->leaf->dtype, c->ndim,
					       c->shape, c->value_count,
					       c->kept_offsets, c->kept);
	data = c->kept ? keep_plain(l, c) : NULL;
	if (c->kept && !data)
		return CUTE_SHM_ERR_NOMEM;
	return cute_shm_builder_array(l->builder, c->path, c->leaf->dtype,
				      c->ndim, c->shape, data);
}

/* The attributes of a dataset that is not open are listed already. */
static int
put_attributes(struct loader *l, const struct dataset *d, const char *path,
	       const struct described *as)
{
	if (d->id >= 0 || d->object->native)
		return describe_attributes(l, d->id, d->object, path, as);
	if (d->attributes.count == 0)
		return 0;
	return describe_listed(l, d->object, &d->attributes, path, as);
}

/*
 * Describes the first node of a dataset, which gets the dataset's attributes.
 */
static struct described
described_as(const struct dataset *d, const struct column *c)
{
	struct described as = {
		.node = {
			.kind = c->leaf ? CUTE_SHM_ARRAY : CUTE_SHM_GROUP,
			.child_count = c->name_count,
		},
	};

	if (!c->leaf)
		as.own = 1U << RESERVED_COMPOUND;
	else if (d->type->is_enum)
		as.own = 1U << RESERVED_ENUM_NAMES | 1U << RESERVED_ENUM_VALUES;
	if (c->leaf)
		as.node.dtype = d->null ? "null" : c->leaf->dtype;
	return as;
}

/* Add the nodes.  The first one gets the dataset's own attributes. */
static int
put_nodes(struct loader *l, struct dataset *d)
{
	struct column *c = d->columns.column;
	struct described as;
	size_t i;
	int rc = 0;

	for (i = 0; i < d->columns.count && rc == 0; i++, c++) {
		if (l->builder)
			rc = put_node(l, d, c);
		if (rc == 0 && i == 0) {
			as = described_as(d, c);
			rc = put_attributes(l, d, c->path, &as);
		}
		if (rc == 0 && l->builder && !c->leaf)
			rc = put_compound(l, c);
		else if (rc == 0 && l->builder && c->leaf->is_enum)
			rc = put_enum(l, c);
	}
	return rc;
}

/* Bytes of the array's data in the segment. */
static uint64_t
data_bytes(const struct dataset *d, const struct column *c)
{
	if (!c->leaf || d->null)
		return 0;
	if (c->part == PART_PLAIN)
		return c->bytes;
	return cute_shm_values_at(c->count) +
	       c->value_count * c->leaf->item_size;
}

/*
 * Add an estimate of a node's bytes in the segment, besides its attributes:
 * record and path, row of the index, live slot, alignment, data.
 */
static void
add_size(struct loader *l, const char *path, uint64_t data)
{
	uint64_t align = data >= 4096 ? 4096 : 64;

	l->result.segment_size +=
		0x70 + 16 + strlen(path) + 16 + 64 + data + align / 2;
}

/*
 * Add an estimate of a node's bytes in the HDF5 view; 'c' is NULL for a group,
 * else a column.  Lists are there once more, unless they exceed a bound.
 */
static void
add_view(struct loader *l, const struct column *c)
{
	uint64_t items;

	if (l->opt->flags & CUTE_SHM_HDF5_NO_VIEW)
		return;
	l->result.segment_size += c && c->leaf ? 180 : 576;
	if (!c || !c->leaf || c->part == PART_PLAIN)
		return;
	items = c->value_count * c->leaf->item_size;
	if (!view_aliased(c->count, items))
		l->result.segment_size += VIEW_LIST_SIZE * c->count + items;
}

/* Add to the sums.  Report arrays that are complete, or only planned. */
static int
account(struct loader *l, struct dataset *d, struct pending *pending)
{
	struct column *c = d->columns.column;
	struct cute_shm_hdf5_array array;
	size_t i;
	int rc = 0;

	for (i = 0; i < d->columns.count && rc == 0; i++, c++) {
		add_size(l, c->path, data_bytes(d, c));
		add_view(l, c);
		if (!c->leaf) {
			l->result.groups++;
			continue;
		}
		array = (struct cute_shm_hdf5_array){
			.path = c->path,
			.dtype = d->null ? "null" : c->leaf->dtype,
			.ndim = c->ndim,
			.shape = c->shape,
			.bytes = data_bytes(d, c),
			.strategy = !l->builder		     ? ""
				    : c->part == PART_RAGGED ? "lists"
							     : "small",
			.libhdf5 = dataset_library(d),
		};
		l->result.arrays++;
		l->result.bytes += array.bytes;
		if (!l->builder || d->count == 0 || array.bytes == 0 ||
		    c->kept || c->kept_offsets)
			rc = send_array(l, &array);
		else if (c->part == PART_PLAIN)
			pending->plain = true;
		else
			pending->lists = true;
		if (c->kept || c->kept_offsets)
			board_done(l->board, array.bytes);
	}
	return rc;
}

/* The builder has the kept data: the columns must not free those of lists. */
static void
hand_over(struct loader *l, struct dataset *d)
{
	struct column *c = d->columns.column;
	size_t i;

	for (i = 0; i < d->columns.count; i++, c++) {
		if (!c->leaf)
			continue;
		if (!c->kept_offsets) {
			l->kept += c->kept ? data_bytes(d, c) : 0;
			continue;
		}
		l->kept_lists += data_bytes(d, c);
		c->kept = NULL;
		c->kept_offsets = NULL;
	}
}

static int
add_pending(struct loader *l, const struct pending *pending)
{
	struct pending *more;

	if (l->pending_count == l->pending_room) {
		l->pending_room = l->pending_room ? 2 * l->pending_room : 256;
		more = realloc(l->pending, l->pending_room * sizeof(*more));
		if (!more)
			return fail_memory("for a dataset");
		l->pending = more;
	}
	l->pending[l->pending_count++] = *pending;
	return 0;
}

static uint64_t
plain_bytes(const struct dataset *d)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < d->columns.count; i++)
		if (d->columns.column[i].leaf &&
		    __builtin_add_overflow(sum, d->columns.column[i].bytes,
					   &sum))
			return UINT64_MAX;
	return sum;
}

/* Describe a dataset whose columns are known: first sizes, then nodes. */
static int
describe_columns(struct loader *l, struct dataset *d)
{
	uint64_t bytes = plain_bytes(d);
	struct pending pending = {
		.object = (size_t)(d->object - l->scan->objects),
	};
	int rc = 0;

	if (!l->builder)
		rc = check_filters(d);
	if (rc == 0 && !d->null && d->count > 0)
		rc = ragged_measure(l, d);
	if (rc == 0 && l->builder && !d->null && d->count > 0 && !d->placed &&
	    !d->slice && bytes > 0 && bytes <= SMALL_SIZE &&
	    keep_room(l, bytes))
		read_small(d);
	if (rc == 0)
		rc = put_nodes(l, d);
	if (rc == 0)
		rc = account(l, d, &pending);
	if (rc == 0)
		hand_over(l, d);
	if (rc == 0 && pending.plain && !pending.lists && !d->native)
		pending.held = held_place(l, d);
	if (rc == 0 && (pending.plain || pending.lists))
		rc = add_pending(l, &pending);
	return rc;
}

struct gone {
	struct loader *l;
	const char *path;
};

/* Field ".pos.x" of dataset "a" has the path "a/pos/x". */
static int
gone_field(const char *field, const char *reason, void *arg)
{
	struct gone *g = arg;
	char *path = path_join(g->path, field + 1), *p;
	int rc;

	if (!path)
		return fail_memory("for a dataset");
	for (p = path + strlen(g->path); *p; p++)
		if (*p == '.')
			*p = '/';
	rc = send_skipped(g->l, path, "%s", reason);
	free(path);
	return rc;
}

static int
describe_dataset(struct loader *l, struct object *object)
{
	struct gone gone = { l, object->path };
	struct dataset d = { .type = NULL };
	char why[WHY_SIZE];
	hid_t id = H5I_INVALID_HID;
	int rc = 0;

	board_work(l->board, object->path, 0);
	if (object->held) {
		d.object = object;
		d.id = id;
		held_take(l, object->held, &d);
		object->held = NULL;
	} else if (object->native) {
		rc = dataset_native(l, object, gone_field, &gone, why, &d);
	} else {
		id = object_open(l->scan, object);
		rc = id < 0 ? unreadable()
			    : dataset_get(l, object, id, gone_field, &gone, why,
					  &d);
	}
	if (rc == 0)
		rc = dataset_columns(l, &d);
	if (rc == 0)
		rc = describe_columns(l, &d);
	dataset_free(&d);
	if (id >= 0)
		H5Oclose(id);
	if (is_objects_own(l, rc)) {
		rc = send_failed(l, object->path, "%s", cute_shm_errmsg());
		l->retry = rc == 0; /* it may be described in part */
	}
	return rc;
}

/* The builder has given the root that attribute; see format_header.source. */
static bool
has_long_source(const struct loader *l)
{
	char path[PATH_MAX];

	return host_real_path(l->file, path) == 0 &&
	       strlen(path) >= sizeof(((struct format_header *)0)->source);
}

static int
describe_group(struct loader *l, const struct object *object)
{
	struct described as = {
		.node = { .kind = CUTE_SHM_GROUP, .root = !object->path[0] },
		.group = object,
	};
	hid_t id = H5I_INVALID_HID;
	int rc = 0;

	board_work(l->board, object->path, 0);
	add_size(l, object->path, 0);
	add_view(l, NULL);
	l->result.groups++;
	if (object->source == NO_SOURCE)
		return describe_selection(l);
	if (!object->native) {
		id = group_open(l->scan, (size_t)(object - l->scan->objects));
		if (id < 0)
			return unreadable();
	}
	if (object->listed)
		as.own = SOURCE_ATTRIBUTES;
	else if (!object->path[0] && has_long_source(l))
		as.own = 1U << RESERVED_SOURCE;
	if (l->builder && object->path[0])
		rc = cute_shm_builder_group(l->builder, object->path);
	if (rc == 0)
		rc = describe_attributes(l, id, object, object->path, &as);
	if (rc == 0 && object->listed)
		rc = describe_source(l, object->path,
				     &l->listed[object->listed - 1]);
	if (rc == 0 && as.node.root)
		rc = describe_selection(l);
	return rc;
}

static int
describe_alias(struct loader *l, const struct link *link)
{
	const struct object *target = &l->scan->objects[link->object];
	int err = 0;

	if (target->made) {
		l->result.links++;
		if (target->kind == OBJECT_DATASET)
			err = same_slices(l, link->path, target->path);
		return err || !l->builder
			       ? err
			       : cute_shm_builder_link(l->builder, link->path,
						       target->path);
	}
	if (target->broken)
		return send_skipped(l, link->path,
				    "link to /%s, which cannot "
				    "be read",
				    target->path);
	if (target->kind == OBJECT_TYPE)
		return 0; /* a type without attributes has no node */
	return send_skipped(l, link->path, "link to /%s, which is skipped",
			    target->path);
}

static int
describe_link(struct loader *l, const struct link *link)
{
	struct object *object;

	if (link->kind == LINK_ALIAS)
		return describe_alias(l, link);
	if (link->kind == LINK_REUSED)
		return describe_reused(l, link);
	if (link->kind != LINK_NODE)
		return 0;
	object = &l->scan->objects[link->object];
	if (!object->made)
		return 0;
	if (object->kind == OBJECT_TYPE) {
		add_size(l, object->path, 0);
		return describe_datatype(l, object);
	}
	return object->kind == OBJECT_GROUP ? describe_group(l, object)
					    : describe_dataset(l, object);
}

/* The position of the walk in each open group. */
struct level {
	size_t object;
	size_t link;
};

static int
push(struct level **levels, size_t *depth, size_t *room, size_t object)
{
	struct level *more;

	if (*depth == *room) {
		*room = *room ? 2 * *room : 64;
		more = realloc(*levels, *room * sizeof(*more));
		if (!more)
			return fail_memory("for a dataset");
		*levels = more;
	}
	(*levels)[(*depth)++] = (struct level){ object, 0 };
	return 0;
}

int
describe(struct loader *l)
{
	const struct object *objects = l->scan->objects;
	struct level *levels = NULL, *top;
	size_t depth = 0, room = 0;
	const struct link *link;
	int rc;

	rc = describe_group(l, &objects[0]);
	if (rc == 0)
		rc = push(&levels, &depth, &room, 0);
	while (depth > 0 && rc == 0) {
		top = &levels[depth - 1];
		if (top->link == objects[top->object].link_count) {
			depth--;
			continue;
		}
		link = &objects[top->object].links[top->link++];
		rc = describe_link(l, link);
		if (rc == 0 && link->kind == LINK_NODE &&
		    objects[link->object].kind == OBJECT_GROUP)
			rc = push(&levels, &depth, &room, link->object);
	}
	free(levels);
	if (rc == 0)
		rc = describe_parts(l);
	return rc ? rc : references_report(l);
}
