/* SPDX-License-Identifier: MIT */
/* The bytes of data in each group, and what share of all that is. */
#include "list.h"

#include <stdlib.h>

#include "text.h"

#define BAR 10 /* characters */

/* By the place of its record, which rises along the walk. */
struct group_bytes {
	uint64_t record;
	uint64_t bytes;
};

struct list_shares {
	struct group_bytes *groups;
	size_t count, room;
	size_t *above; /* by depth: groups that a node lies in */
	size_t above_count, above_room;
};

static void
add_group(struct list_shares *s, uint64_t record, size_t depth)
{
	if (s->count == s->room) {
		s->room = s->room ? 2 * s->room : 64;
		s->groups = text_alloc(s->groups, s->room, sizeof(*s->groups));
	}
	if (depth >= s->above_room) {
		s->above_room = 2 * depth + 16;
		s->above =
			text_alloc(s->above, s->above_room, sizeof(*s->above));
	}
	/* In a damaged tree, groups may be missing. */
	while (s->above_count < depth)
		s->above[s->above_count++] = s->count;
	s->above[depth] = s->count;
	s->above_count = depth + 1;
	s->groups[s->count++] = (struct group_bytes){ .record = record };
}

/* How many groups the node lies in. */
static size_t
depth_of(const struct cute_shm_node *node)
{
	const char *p = node->path;
	size_t ret = *p != '\0';

	for (; *p; p++)
		ret += *p == '/';
	return ret;
}

struct list_shares *
list_shares_new(const struct cute_shm *shm)
{
	struct list_shares *s = text_alloc(NULL, 1, sizeof(*s));
	struct cute_shm_node top, node;
	struct cute_shm_array a;
	size_t depth, i;
	int err = cute_shm_find(shm, "", &top);

	*s = (struct list_shares){ .count = 0 };
	for (node = top; err == 0; err = cute_shm_next(&top, &node, &node)) {
		depth = depth_of(&node);
		if (node.kind == CUTE_SHM_GROUP)
			add_group(s, node.record, depth);
		if (node.kind != CUTE_SHM_ARRAY ||
		    cute_shm_node_array(&node, &a) != 0)
			continue;
		for (i = 0; i < depth && i < s->above_count; i++)
			s->groups[s->above[i]].bytes += a.data_size;
	}
	return s;
}

static int
by_record(const void *a, const void *b)
{
	uint64_t x = ((const struct group_bytes *)a)->record;
	uint64_t y = ((const struct group_bytes *)b)->record;

	return x < y ? -1 : x > y;
}

uint64_t
list_shares_bytes(const struct list_shares *s, const struct cute_shm_node *node)
{
	const struct group_bytes key = { .record = node->record };
	const struct group_bytes *found;

	found = s->count == 0 ? NULL
			      : bsearch(&key, s->groups, s->count, sizeof(key),
					by_record);
	return found ? found->bytes : 0;
}

char *
list_shares_bar(const struct list_shares *s, uint64_t bytes)
{
	uint64_t all = s->count > 0 ? s->groups[0].bytes : 0;
	double share = all > 0 ? (double)bytes / (double)all : 0;
	struct text_buffer b;
	int i;

	text_buffer_begin(&b);
	fprintf(b.out, "%3.0f%%", 100 * share);
	for (i = 0; i < (int)(BAR * share + 0.5); i++)
		fprintf(b.out, "%s%s", i ? "" : " ",
			text_utf8() ? "\xe2\x96\x88" : "#");
	return text_buffer_end(&b);
}

void
list_shares_free(struct list_shares *s)
{
	free(s->groups);
	free(s->above);
	free(s);
}
