/* SPDX-License-Identifier: MIT */
/*
 * Walk all records in pre-order, and check parents, ends of subtrees and
 * counts.  The walk does not recurse.  It ends at the first record that does
 * not say reliably where the next one begins; the index may lead to the records
 * after it.
 */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "verify/verify.h"

/* A group whose subtree has not ended yet. */
struct open_group {
	struct record record;
	uint64_t children; /* found so far */
	uint64_t compound; /* its attribute's record, or 0 */
};

struct walk {
	struct verify *v;
	struct open_group *groups; /* from the root down */
	uint32_t depth;
	uint32_t room;
	struct verify_cursor cursor;
};

void
verify_node_add(struct verify *v, const struct record *r, uint64_t hash,
		bool readable)
{
	struct verify_node *nodes =
		vector_grow(v->nodes, v->node_count, &v->node_room,
			    sizeof(*nodes), "nodes");

	if (!nodes) {
		verify_no_memory(v);
		return;
	}
	v->nodes = nodes;
	nodes[v->node_count++] = (struct verify_node){
		.offset = r->offset,
		.hash = hash,
		.kind = r->kind,
		.readable = readable,
	};
}

struct verify_node *
verify_node_at(const struct verify *v, uint64_t offset)
{
	size_t low = 0, high = v->walked, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (v->nodes[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == v->walked || v->nodes[low].offset != offset)
		return NULL;
	return &v->nodes[low];
}

static void
push(struct walk *w, const struct record *r, uint64_t compound)
{
	struct open_group *groups = vector_grow(w->groups, w->depth, &w->room,
						sizeof(*groups), "groups");

	if (!groups) {
		verify_no_memory(w->v);
		return;
	}
	w->groups = groups;
	groups[w->depth++] =
		(struct open_group){ .record = *r, .compound = compound };
}

/* Close the groups whose subtrees end at 'at', and check their counts. */
static void
pop(struct walk *w, uint64_t at)
{
	const struct open_group *g;

	while (w->depth > 0 && w->groups[w->depth - 1].record.next == at) {
		g = &w->groups[--w->depth];
		if (g->children != g->record.child_or_target)
			verify_damage(w->v, &g->record,
				      g->record.offset +
					      offsetof(struct format_node,
						       child_or_target),
				      0,
				      "has %" PRIu64 " children, its record "
				      "says %" PRIu64,
				      g->children, g->record.child_or_target);
	}
}

/* The last component of the node's path, if the rest is that of the group. */
static const char *
component(const struct record *r, const struct record *group)
{
	size_t above = group->path_size;
	const char *name = r->path;

	if (above > 0) {
		if (r->path_size <= above || name[above] != '/' ||
		    memcmp(name, group->path, above) != 0)
			return NULL;
		name += above + 1;
	}
	if (!component_ok(name, r->path_size - (size_t)(name - r->path)))
		return NULL;
	return name;
}

/* Check that the node is a child of the innermost open group. */
static void
place(struct walk *w, const struct record *r)
{
	struct open_group *g = &w->groups[w->depth - 1];
	const char *name = component(r, &g->record);

	if (r->parent != g->record.offset)
		verify_damage(w->v, r,
			      r->offset + offsetof(struct format_node, parent),
			      0,
			      "its parent is at %#" PRIx64 ", its record says "
			      "%#" PRIx64,
			      g->record.offset, r->parent);
	if (!name)
		verify_damage(w->v, r, r->offset, 0,
			      "is no path of a node in "
			      "/%s",
			      g->record.path);
	else if (g->compound)
		verify_field(w->v, &g->record, g->compound, g->children, name);
	g->children++;
}

/* Check the end of the subtree: after the node, within that of the group. */
static bool
ends_well(struct walk *w, const struct record *r, uint64_t after)
{
	const struct format_header *h = &w->v->shm->header;
	uint64_t limit = h->records_offset + h->records_size;
	bool ok;

	if (r->kind != CUTE_SHM_GROUP)
		ok = r->next == after;
	else if (w->depth == 0)
		ok = r->next == limit;
	else
		ok = r->next >= after;
	if (w->depth > 0 && r->next > w->groups[w->depth - 1].record.next)
		ok = false;
	if (!ok)
		verify_damage(w->v, r,
			      r->offset + offsetof(struct format_node, next), 0,
			      "its subtree does not end at %#" PRIx64, r->next);
	return ok;
}

/* Check one node with its attributes, and move *at past them, or false. */
static bool
node(struct walk *w, uint64_t *at)
{
	struct verify *v = w->v;
	struct verify_reserved found = { { 0 } };
	struct record r;
	bool readable = false;

	if (node_record(v->shm, *at, &r) != 0) {
		verify_failure(v, NULL, *at);
		return false;
	}
	if (w->depth > 0)
		place(w, &r);
	verify_node_bytes(v, &r);
	if (r.kind == CUTE_SHM_ARRAY)
		readable = verify_array(v, &r, &w->cursor);
	verify_node_add(v, &r, path_hash(r.path, r.path_size), readable);
	if (!verify_attrs(v, &r, &found, at) || !ends_well(w, &r, *at))
		return false;
	if (r.kind == CUTE_SHM_GROUP)
		push(w, &r, found.record[RESERVED_COMPOUND]);
	return true;
}

/* Check that each link leads to a node that is not a link. */
static void
verify_links(struct verify *v)
{
	const struct verify_node *target;
	struct record r;
	size_t i;

	for (i = 0; i < v->walked && v->stop == 0; i++) {
		if (v->nodes[i].kind != CUTE_SHM_LINK ||
		    node_record(v->shm, v->nodes[i].offset, &r) != 0)
			continue;
		target = verify_node_at(v, r.child_or_target);
		if (!target ? v->complete : target->kind == CUTE_SHM_LINK)
			verify_damage(v, &r,
				      r.offset + offsetof(struct format_node,
							  child_or_target),
				      0, "leads to %#" PRIx64 ", which is %s",
				      r.child_or_target,
				      target ? "a link" : "no node");
	}
}

/* Compare a sum over all records with that of the header. */
static void
sum(struct verify *v, const char *what, uint64_t at, uint64_t says, uint64_t is)
{
	if (says != is)
		verify_damage(v, NULL, at, 0,
			      "%s: %" PRIu64 ", the header says"
			      " %" PRIu64,
			      what, is, says);
}

static void
verify_sums(struct verify *v, const struct verify_cursor *c)
{
	const struct format_header *h = &v->shm->header;

	sum(v, "nodes", offsetof(struct format_header, node_count),
	    h->node_count, v->walked);
	sum(v, "arrays", offsetof(struct format_header, array_count),
	    h->array_count, c->live_slot);
	if (c->lost)
		return;
	sum(v, "block digests", offsetof(struct format_header, block_count),
	    h->block_count, c->block_row);
	sum(v, "bytes of arrays", offsetof(struct format_header, array_bytes),
	    h->array_bytes, c->bytes);
	if (!header_has_view(h))
		sum(v, "end of the data",
		    offsetof(struct format_header, data_size),
		    h->data_offset + h->data_size, c->data);
	else if (h->view_offset != align_up(c->data, FORMAT_PAGE))
		sum(v, "end of the data, to a page",
		    offsetof(struct format_header, view_offset), h->view_offset,
		    align_up(c->data, FORMAT_PAGE));
}

void
verify_structure(struct verify *v)
{
	const struct format_header *h = &v->shm->header;
	uint64_t at = h->records_offset, end = at + h->records_size;
	struct walk w = { .v = v, .cursor.data = h->data_offset };
	bool ok = true;

	/* A group with a wrong end stays open: its next sibling is refused. */
	while (ok && at < end && v->stop == 0) {
		pop(&w, at);
		ok = node(&w, &at);
	}
	pop(&w, at);
	v->walked = v->node_count;
	v->complete = ok && v->stop == 0;
	verify_links(v);
	if (v->complete)
		verify_sums(v, &w.cursor);
	free(w.groups);
}
