/* SPDX-License-Identifier: MIT */
/* List the nodes, measure their objects, and emit them. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "view/view.h"

/* Bytes of the superblock's extension: a header of two messages. */
#define EXTENSION_SIZE (16 + 2 * 16)

/* ------------------------------------------------------------------ nodes */

static struct view_node *
add_node(struct view *v)
{
	struct view_node *nodes = vector_grow(v->nodes, v->count, &v->room,
					      sizeof(*nodes), "nodes");

	if (!nodes)
		return NULL;
	v->nodes = nodes;
	memset(&nodes[v->count], 0, sizeof(*nodes));
	return &nodes[v->count++];
}

/*
 * The array's data must begin at or behind *data, where those before it end:
 * else a hostile segment could have the same data copied any number of times.
 * *plain is view_plain_size() if it is a plain one.
 */
static int
check_place(struct view *v, const struct record *r, uint64_t *data,
	    uint32_t *plain)
{
	struct cute_shm_array a;
	int err = array_record(v->shm, r, &a);
	/* An empty array has a place, too. */
	uint64_t begin = r->array->data_offset;

	if (err != 0)
		return err;
	if (a.data_size > 0)
		begin = a.data_offset;
	if (begin < *data || begin > v->shm->size) {
		view_damaged(v, r->path, "its data overlap those before");
		return v->err;
	}
	*data = begin + a.data_size;
	if (r->attr_count == 0 && !a.offsets)
		*plain = view_plain_size(&a);
	return 0;
}

/* Skip the attributes of a node: they end at *at. */
static int
skip_attributes(const struct view *v, const struct record *r, uint64_t *at)
{
	struct cute_shm_attr attr;
	uint32_t i;
	int err = 0;

	*at = r->after;
	for (i = 0; i < r->attr_count && err == 0; i++)
		err = attr_record(v->shm, *at, &attr, at);
	return err;
}

/* The groups whose subtrees have not ended, from the root down. */
struct open_groups {
	uint32_t *nodes;
	uint32_t count, room;
};

/* Close the groups that end at 'at'; the node there is number v->count. */
static void
close_groups(struct view *v, struct open_groups *g, uint64_t at)
{
	struct view_node *node;

	while (g->count > 0) {
		node = &v->nodes[g->nodes[g->count - 1]];
		if (node->after > at)
			return;
		node->next = v->count;
		g->count--;
	}
}

/* Check the node's place in the tree, and count it. */
static int
join_group(struct view *v, const struct open_groups *g, const struct record *r)
{
	struct view_node *parent;

	if (v->count == 0)
		return 0;
	parent = g->count ? &v->nodes[g->nodes[g->count - 1]] : NULL;
	if (!parent || r->parent != parent->record || r->next > parent->after ||
	    parent->children == UINT32_MAX) {
		view_damaged(v, r->path, "is in no group");
		return v->err;
	}
	parent->children++;
	parent->links |= r->kind == CUTE_SHM_LINK;
	return 0;
}

static int
open_group(struct open_groups *g, uint32_t i)
{
	uint32_t *nodes = vector_grow(g->nodes, g->count, &g->room,
				      sizeof(*nodes), "groups");

	if (!nodes)
		return CUTE_SHM_ERR_NOMEM;
	g->nodes = nodes;
	nodes[g->count++] = i;
	return 0;
}

/* Set what the record says of the node's name and place. */
static int
fill_node(struct view *v, struct view_node *node, const struct record *r)
{
	const char *slash = memrchr(r->path, '/', r->path_size);

	node->record = r->offset;
	node->after = r->next;
	node->next = v->count;
	node->link = r->kind == CUTE_SHM_LINK;
	node->name = slash ? slash + 1 : r->path;
	node->name_size = r->path_size - (uint32_t)(node->name - r->path);
	if (node->name_size == 0 && v->count > 1)
		view_damaged(v, r->path, "has no name");
	return v->err;
}

/* Add the node at *at, which moves past its attributes. */
static int
list_node(struct view *v, struct open_groups *g, uint64_t *at, uint64_t *data)
{
	struct view_node *node;
	uint32_t plain = 0;
	struct record r;
	int err;

	err = node_record(v->shm, *at, &r);
	if (err == 0)
		err = join_group(v, g, &r);
	if (err == 0 && r.kind == CUTE_SHM_ARRAY)
		err = check_place(v, &r, data, &plain);
	if (err == 0)
		err = skip_attributes(v, &r, at);
	if (err != 0)
		return err;
	node = add_node(v);
	if (!node)
		return CUTE_SHM_ERR_NOMEM;
	node->plain = plain > 0;
	node->head = plain;
	err = fill_node(v, node, &r);
	if (err == 0 && g->count > 0)
		v->nodes[g->nodes[g->count - 1]].names +=
			view_name_size(node->name_size);
	if (err == 0 && r.kind == CUTE_SHM_GROUP)
		err = open_group(g, v->count - 1);
	return err;
}

/* List all nodes in the order of their records. */
static int
list_nodes(struct view *v)
{
	const struct format_header *h = &v->shm->header;
	uint64_t at = h->records_offset, end = at + h->records_size;
	uint64_t data = h->data_offset;
	struct open_groups groups = { .count = 0 };
	int err = 0;

	while (err == 0 && at < end) {
		close_groups(v, &groups, at);
		err = list_node(v, &groups, &at, &data);
	}
	close_groups(v, &groups, UINT64_MAX);
	free(groups.nodes);
	if (err == 0 && v->count == 0) {
		view_damaged(v, "", "there is no root");
		err = v->err;
	}
	v->data = data;
	v->begin = align_up(data, FORMAT_PAGE);
	return err;
}

/* ----------------------------------------------------------------- passes */

/* What libhdf5 finds by its superblock: sizes of groups, and the guard. */
static void
put_extension(struct view *v)
{
	/* Version, then nodes of chunks, trees and leaves of groups. */
	static const uint8_t sizes[8] = { 0, 32, 0, 4, 0, 4, 0 };

	view_head_begin(v, 2, EXTENSION_SIZE - 16);
	view_message(v, VIEW_MESSAGE_SIZES, 0, sizes, sizeof(sizes));
	view_message(v, VIEW_MESSAGE_GUARD, VIEW_FAIL_IF_UNKNOWN, "cute-shm",
		     8);
}

static void
put_node(struct view *v, uint32_t i)
{
	struct view_node *node = &v->nodes[i];
	struct record r;
	int err;

	if (node->link)
		return;
	view_align(v, 8);
	if (v->pass == VIEW_MEASURE)
		node->at = v->at;
	if (node->plain) {
		view_plain(v, i);
		return;
	}
	err = node_record(v->shm, node->record, &r);
	if (err != 0)
		v->err = err;
	else if (r.kind == CUTE_SHM_GROUP)
		view_group(v, i, &r);
	else if (r.kind == CUTE_SHM_ARRAY)
		view_array(v, i, &r);
	else
		view_damaged(v, r.path, "has changed");
}

static void
run_pass(struct view *v, enum view_pass pass)
{
	uint32_t i;

	v->pass = pass;
	view_heap_begin(v);
	v->at = pass == VIEW_ITEMS ? v->objects : v->begin;
	if (pass != VIEW_ITEMS)
		put_extension(v);
	for (i = 0; i < v->count && v->err == 0; i++) {
		if (pass != VIEW_ITEMS || v->nodes[i].items)
			put_node(v, i);
		view_check_size(v, 0);
	}
	if (pass != VIEW_ITEMS)
		view_align(v, 8);
	view_heap_end(v);
}

static void
measure(struct view *v)
{
	run_pass(v, VIEW_MEASURE);
	v->objects = v->end = v->at;
	v->heap.begin = align_up(v->objects, VIEW_HEAP_ALIGN);
	if (v->heap.count > 0)
		v->end = v->heap.begin + v->heap.at;
	if (v->err == 0 && v->end > v->limit)
		view_damaged(v, "", "it needs more room than there is");
}

int
view_measure(const struct cute_shm *shm, uint64_t limit, struct view **ret)
{
	struct view *v = calloc(1, sizeof(*v));
	int err;

	if (!v)
		return fail_memory("for an HDF5 view");
	v->shm = shm;
	v->limit = limit;
	err = list_nodes(v);
	if (err == 0) {
		measure(v);
		err = v->err;
	}
	if (err != 0) {
		view_free(v);
		return err;
	}
	*ret = v;
	return 0;
}

/* Emit the objects, or the items. */
static int
emit_pass(struct view *v, enum view_pass pass, sink_write *write, void *arg)
{
	uint64_t begin = pass == VIEW_ITEMS ? v->objects : v->begin;
	uint64_t end = pass == VIEW_ITEMS ? v->end : v->objects;
	int err = sink_begin(&v->sink, write, arg, begin);

	if (err != 0)
		return err;
	run_pass(v, pass);
	if (v->err == 0 && v->at != end)
		view_damaged(v, "", "has changed");
	if (v->err == 0)
		v->err = sink_flush(&v->sink);
	sink_free(&v->sink);
	return v->err;
}

int
view_emit(struct view *v, sink_write *write, void *arg)
{
	int err = emit_pass(v, VIEW_OBJECTS, write, arg);

	if (err == 0 && v->heap.count > 0)
		err = emit_pass(v, VIEW_ITEMS, write, arg);
	return err;
}

/* A pass that runs in a thread; both only read what was measured. */
struct part {
	struct view view;
	enum view_pass pass;
	sink_write *write;
	void *arg;
};

static int
emit_part(void *arg, bool drop)
{
	struct part *p = arg;

	return drop ? 0 : emit_pass(&p->view, p->pass, p->write, p->arg);
}

int
view_emit_parts(struct view *v, sink_write *write, void *objects, void *items)
{
	struct part parts[2] = {
		{ *v, VIEW_OBJECTS, write, objects },
		{ *v, VIEW_ITEMS, write, items },
	};
	struct pool *pool;
	int err = pool_new(2, 2, &pool), end;

	if (err != 0)
		return err;
	err = pool_push(pool, emit_part, &parts[0]);
	if (err == 0)
		err = pool_push(pool, emit_part, &parts[1]);
	end = pool_wait(pool);
	pool_free(pool);
	return err ? err : end;
}

void
view_free(struct view *v)
{
	if (!v)
		return;
	free(v->nodes);
	free(v->heap.sizes);
	free(v);
}

/* ------------------------------------------------------------- superblock */

static uint32_t
rotate(uint32_t n, unsigned by)
{
	return n << by | n >> (32 - by);
}

/* Bob Jenkins' lookup3 of the 44 bytes before a superblock's checksum. */
static uint32_t
lookup3(const uint8_t bytes[44])
{
	static const uint8_t mix[6] = { 4, 6, 8, 16, 19, 4 };
	static const uint8_t last[7] = { 14, 11, 25, 16, 4, 14, 24 };
	uint32_t s[3], k[11];
	unsigned i, j;

	memcpy(k, bytes, sizeof(k));
	s[0] = s[1] = s[2] = 0xdeadbeef + 44;
	for (i = 0; i < 9; i += 3) {
		for (j = 0; j < 3; j++)
			s[j] += k[i + j];
		/* a -= c, a ^= c <<< 4, c += b; and so on around. */
		for (j = 0; j < 6; j++) {
			s[j % 3] -= s[(j + 2) % 3];
			s[j % 3] ^= rotate(s[(j + 2) % 3], mix[j]);
			s[(j + 2) % 3] += s[(j + 1) % 3];
		}
	}
	s[0] += k[9];
	s[1] += k[10];
	/* c ^= b, c -= b <<< 14; a ^= c, a -= c <<< 11; and so on. */
	for (j = 0; j < 7; j++) {
		s[(j + 2) % 3] ^= s[(j + 1) % 3];
		s[(j + 2) % 3] -= rotate(s[(j + 1) % 3], last[j]);
	}
	return s[2];
}

void
view_superblock(const struct view *v, uint8_t ret[48])
{
	/* The signature; version 2; sizes of offsets and of lengths. */
	static const uint8_t begin[12] = "\x89HDF\r\n\x1a\n\2\10\10";
	const uint64_t addresses[4] = {
		VIEW_BASE,
		view_address(v->begin),
		v->end,
		view_address(v->nodes[0].at),
	};
	uint32_t sum;

	memcpy(ret, begin, sizeof(begin));
	memcpy(ret + sizeof(begin), addresses, sizeof(addresses));
	sum = lookup3(ret);
	memcpy(ret + 44, &sum, sizeof(sum));
}
