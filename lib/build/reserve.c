/* SPDX-License-Identifier: MIT */
/* Lay out the described tree, and reserve the memory of the segment. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build/build.h"

/* The node that the link names, which may be another link, or NO_INDEX. */
static uint32_t
link_target(const struct cute_shm_builder *b, const struct build_link *link)
{
	return find_node(b, link->target, link->target_size);
}

static struct build_link *
link_at(const struct cute_shm_builder *b, uint32_t node)
{
	if (node == NO_INDEX || b->nodes[node].kind != CUTE_SHM_LINK)
		return NULL;
	return &b->links[b->nodes[node].detail];
}

/*
 * Follow link number 'first' to its end, then store the end in all links on the
 * way, so that a long chain is followed only once.
 */
static int
resolve_link(struct cute_shm_builder *b, uint32_t first)
{
	struct build_link *link = &b->links[first];
	struct build_link *next;
	uint32_t at, end = link->resolved;

	while (link && link->resolved == NO_INDEX) {
		if (link->mark == first)
			return cute_shm_fail(CUTE_SHM_ERR_INVALID,
					     "link /%s leads back to itself",
					     b->nodes[link->node].path);
		link->mark = first;
		end = link_target(b, link);
		if (end == NO_INDEX)
			return fail_missing(CUTE_SHM_MISSING_NODE,
					    "link /%s: there is no /%s",
					    b->nodes[link->node].path,
					    link->target);
		link = link_at(b, end);
	}
	if (link)
		end = link->resolved;
	link = &b->links[first];
	while (link && link->resolved == NO_INDEX) {
		at = link_target(b, link);
		next = link_at(b, at);
		link->resolved = end;
		link = next;
	}
	return 0;
}

static int
resolve_links(struct cute_shm_builder *b)
{
	uint32_t i;
	int err;

	/* Clear the results of an earlier call that failed. */
	for (i = 0; i < b->link_count; i++)
		b->links[i].mark = b->links[i].resolved = NO_INDEX;
	for (i = 0; i < b->link_count; i++) {
		err = resolve_link(b, i);
		if (err != 0)
			return err;
	}
	return 0;
}

/* The bytes of the node's record and of its attributes. */
static uint64_t
records_of(const struct cute_shm_builder *b, const struct build_node *node)
{
	uint64_t size = text_rows(node->path_size);
	uint32_t i;

	if (node->kind == CUTE_SHM_ARRAY)
		size += sizeof(struct format_array) +
			shape_rows(b->arrays[node->detail].ndim);
	else
		size += sizeof(struct format_node);
	for (i = node->first_attr; i != NO_INDEX; i = b->attrs[i].next)
		size += b->attrs[i].record->record.record_size;
	return size;
}

/*
 * Walk the tree in pre-order, without recursion: give each record its offset
 * from the first record, and each array its ordinal.  *ret is the size of all.
 */
static void
place_records(struct cute_shm_builder *b, uint64_t *ret)
{
	struct build_node *node;
	uint64_t at = 0;
	uint32_t arrays = 0;
	uint32_t i = 0;

	while (i != NO_INDEX) {
		node = &b->nodes[i];
		node->offset = at;
		at += records_of(b, node);
		if (node->kind == CUTE_SHM_ARRAY) {
			b->arrays[node->detail].ordinal = arrays;
			b->order[arrays++] = node->detail;
		}
		if (first_child(node) != NO_INDEX) {
			i = node->first_child;
			continue;
		}
		node->next = at;
		while (node->sibling == NO_INDEX && node->parent != NO_INDEX) {
			node = &b->nodes[node->parent];
			node->next = at;
		}
		i = node->sibling;
	}
	*ret = at;
}

/* Free the results of an earlier reservation that failed. */
static void
clear_places(struct cute_shm_builder *b)
{
	free(b->places);
	free(b->order);
	free(b->digests);
	free(b->hashed);
	b->places = NULL;
	b->order = NULL;
	b->digests = NULL;
	b->hashed = NULL;
}

static int
no_memory(const struct cute_shm_builder *b)
{
	return cute_shm_fail(CUTE_SHM_ERR_NOMEM,
			     "project %s: no memory to lay out %u arrays",
			     b->project, b->array_count);
}

/* Add the node, its attributes and its name to the room for the view. */
static void
add_room(const struct cute_shm_builder *b, const struct build_node *node,
	 struct view_room *room)
{
	const struct build_array *array;
	const char *slash = memrchr(node->path, '/', node->path_size);
	uint32_t i, k = 0, target;

	if (node->kind == CUTE_SHM_GROUP) {
		view_room_group(room, node->child_count);
	} else if (node->kind == CUTE_SHM_ARRAY) {
		array = &b->arrays[node->detail];
		view_room_array(room, array->dtype, array->ndim,
				array->element_count, array->value_count);
	} else {
		target = b->links[node->detail].resolved;
		view_room_target(room, b->nodes[target].path_size);
	}
	for (i = node->first_attr; i != NO_INDEX; i = b->attrs[i].next)
		view_room_attr(room, b->attrs[i].record, k++);
	if (node->parent != NO_INDEX)
		view_room_name(room,
			       slash ? node->path_size -
					       (size_t)(slash + 1 - node->path)
				     : node->path_size);
}

/* Make room for the view behind the last array; sealing cuts what is left. */
static int
place_view(struct cute_shm_builder *b)
{
	struct view_room room = { .bytes = 0 };
	struct format_header *h = &b->header;
	uint32_t i;

	if (!builder_view(b))
		return 0;
	for (i = 0; i < b->node_count; i++)
		add_room(b, &b->nodes[i], &room);
	if (!layout_extend(h, view_room_sum(&room)))
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "project %s: with its HDF5 view it needs "
				     "a segment of over 2^63 bytes",
				     b->project);
	return 0;
}

static int
place_all(struct cute_shm_builder *b)
{
	struct build_array *array;
	uint32_t i;

	/* Add 1, since calloc(0) may return NULL. */
	b->places = calloc((size_t)b->array_count + 1, sizeof(*b->places));
	b->order = calloc((size_t)b->array_count + 1, sizeof(*b->order));
	if (!b->places || !b->order)
		return no_memory(b);
	place_records(b, &b->header.records_size);
	for (i = 0; i < b->array_count; i++) {
		array = &b->arrays[b->order[i]];
		b->places[i].data_size = array->data_size;
	}
	b->header.node_count = b->node_count;
	b->header.array_count = b->array_count;
	return layout(&b->header, b->places);
}

/* Count the units, and allocate their digests. */
static int
make_units(struct cute_shm_builder *b)
{
	struct build_array *array;
	uint64_t rows, units = 0;
	uint32_t i;

	for (i = 0; i < b->array_count; i++) {
		array = &b->arrays[b->order[i]];
		rows = block_rows(array->data_size, b->header.block_size);
		array->first_unit = units;
		units += rows == 0 && array->data_size > 0 ? 1 : rows;
	}
	b->unit_count = units;
	if (units >= SIZE_MAX / sizeof(*b->digests))
		return no_memory(b);
	b->digests = calloc(units + 1, sizeof(*b->digests));
	b->hashed = calloc(units + 1, sizeof(*b->hashed));
	if (!b->digests || !b->hashed)
		return no_memory(b);
	return 0;
}

int
add_replaced(const struct cute_shm_builder *b, int err)
{
	char held[SIZE_TEXT];
	struct stat st;

	if (err != CUTE_SHM_ERR_NO_SPACE || !(b->flags & CUTE_SHM_OVERWRITE) ||
	    lstat(b->path, &st) != 0)
		return err;
	size_text((uint64_t)st.st_blocks * 512, held);
	if (b->flags & CUTE_SHM_REPLACE)
		return cute_shm_fail(err,
				     "%s; the project %s that it replaces "
				     "holds %s, which to drop would not be "
				     "enough, or others use it",
				     cute_shm_errmsg(), b->project, held);
	return cute_shm_fail(err,
			     "%s; the project %s that it replaces holds "
			     "%s: to drop that first, use --replace "
			     "(CUTE_SHM_REPLACE)",
			     cute_shm_errmsg(), b->project, held);
}

/* Remove the open project if nobody uses it and its memory is enough. */
static bool
drop(const struct cute_shm_builder *b, int fd)
{
	struct cute_shm_space space;
	bool removed;
	struct stat st;

	if (fstat(fd, &st) != 0 || cute_shm_available(b->root, &space) != 0 ||
	    range_locked(fd, LOCK_READER, LOCK_READER + 1, true) ||
	    space.available + (uint64_t)st.st_blocks * 512 <
		    b->header.segment_size ||
	    remove_name(b->path, &st, true, &removed) != 0 || !removed)
		return false;
	cute_shm_log(CUTE_SHM_LOG_INFO, "dropped the project %s to make room",
		     b->project);
	return true;
}

static bool
drop_replaced(const struct cute_shm_builder *b)
{
	bool dropped;
	int fd;

	fd = fd_above_stdio(open(b->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK |
						  O_NOCTTY | O_NOFOLLOW));
	if (fd < 0)
		return false;
	dropped = drop(b, fd);
	close(fd);
	return dropped;
}

/* What loads under way still have to reserve is not free. */
static int
check_space(const struct cute_shm_builder *b)
{
	char need[SIZE_TEXT], rest[SIZE_TEXT], room[SIZE_TEXT];
	uint64_t size = b->header.segment_size, spare = 0, pending;
	int err;

	loading_size(b->loading, size);
	err = loads_pending(b->loading, b->root, &pending);
	if (err == 0)
		err = space_check(b->root, size, &spare);
	if (err == 0 && pending > spare)
		err = cute_shm_fail(CUTE_SHM_ERR_NO_SPACE,
				    "%s has room for %s, of which loads under "
				    "way still need %s; needed are %s: wait "
				    "for them, or choose another root "
				    "(CUTE_SHM_ROOT)",
				    b->root, size_text(size + spare, room),
				    size_text(pending, rest),
				    size_text(size, need));
	return err == CUTE_SHM_ERR_NO_SPACE
		       ? add_loads(b->loading, b->root, err)
		       : err;
}

/*
 * Check that there is room.  If not, remove what dead owners and builders have
 * left, then the project to be replaced.
 */
static int
make_room(const struct cute_shm_builder *b)
{
	int err = check_space(b);

	if (err == CUTE_SHM_ERR_NO_SPACE) {
		(void)cute_shm_collect(b->root, NULL, NULL);
		err = check_space(b);
	}
	if (err == CUTE_SHM_ERR_NO_SPACE && (b->flags & CUTE_SHM_REPLACE) &&
	    drop_replaced(b))
		err = check_space(b);
	return err;
}

int
reserve_bound(const struct cute_shm_builder *b)
{
	char need[SIZE_TEXT], most[SIZE_TEXT];

	if (b->max_size == 0 || b->header.segment_size <= b->max_size)
		return 0;
	return cute_shm_fail(CUTE_SHM_ERR_LIMIT,
			     "project %s needs %s of "
			     "shared memory, more than the bound of %s "
			     "(--max-size): raise it, or load less",
			     b->project,
			     size_text(b->header.segment_size, need),
			     size_text(b->max_size, most));
}

int
reserve_room(const struct cute_shm_builder *b)
{
	int err = reserve_bound(b);

	if (err == 0)
		err = space_file_limit("project", b->project,
				       b->header.segment_size);
	return err == 0 ? make_room(b) : err;
}

static void
log_reserved(const struct cute_shm_builder *b, double since)
{
	char size[SIZE_TEXT];

	if (log_debug())
		cute_shm_log(CUTE_SHM_LOG_DEBUG, "project %s: %s %s in %.3f s",
			     b->project,
			     b->ahead || b->huge.shared
				     ? "reserves, ahead of its "
				       "data,"
				     : "reserved",
			     size_text(b->header.segment_size, size),
			     clock_now() - since);
}

int
reserve_segment(struct cute_shm_builder *b)
{
	double since = clock_now();
	uint64_t none;
	int err;

	if (b->lender.ask)
		err = builder_ask(b, CUTE_SHM_ASK_ROOM, b->header.segment_size,
				  0, &none);
	else
		err = reserve_room(b);
	if (err == 0)
		err = make_units(b);
	if (err == 0)
		err = reserve_memory(b);
	if (err == 0)
		log_reserved(b, since);
	/* A lender has added it. */
	return b->lender.ask ? err : add_replaced(b, err);
}

static int
reserve(struct cute_shm_builder *b)
{
	int err;

	err = resolve_links(b);
	if (err == 0)
		err = check_reserved(b);
	if (err == 0)
		err = place_all(b);
	if (err == 0)
		err = place_view(b);
	if (err == 0)
		err = reserve_segment(b);
	return err;
}

int
cute_shm_builder_reserve(struct cute_shm_builder *b)
{
	int err;

	err = expect_state(b, BUILD_DESCRIBE, "reservation");
	if (err != 0)
		return err;
	clear_places(b);
	err = reserve(b);
	if (err != 0)
		return err;
	b->state = BUILD_WRITE;
	return 0;
}
