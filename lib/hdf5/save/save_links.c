/* SPDX-License-Identifier: MIT */
/*
 * Where the links of the segment lead; collected before the first node is
 * written.
 */

#include <stdlib.h>

#include "hdf5/save/save.h"

static int
add(struct saver *s, uint64_t record)
{
	size_t room = s->target_room ? 2 * s->target_room : 64;
	uint64_t *more;

	if (s->target_count == s->target_room) {
		more = realloc(s->targets, room * sizeof(*more));
		if (!more)
			return fail_memory("for links");
		s->targets = more;
		s->target_room = room;
	}
	s->targets[s->target_count++] = record;
	return 0;
}

static int
by_record(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

int
targets_collect(struct saver *s, const struct cute_shm_node *top)
{
	struct cute_shm_node node = *top, target;
	int rc;

	for (rc = 0; rc == 0; rc = cute_shm_next(top, &node, &node)) {
		if (node.kind != CUTE_SHM_LINK)
			continue;
		board_beat(s->l.board);
		rc = cute_shm_follow(&node, &target);
		if (rc == 0)
			rc = add(s, target.record);
		if (rc != 0)
			return rc;
	}
	if (s->target_count > 0)
		qsort(s->targets, s->target_count, sizeof(*s->targets),
		      by_record);
	return rc == CUTE_SHM_ERR_END ? 0 : rc;
}

bool
targets_below(const struct saver *s, const struct cute_shm_node *group)
{
	size_t low = 0, high = s->target_count, middle;

	/* Find the first target after the group's own record. */
	while (low < high) {
		middle = low + (high - low) / 2;
		if (s->targets[middle] <= group->record)
			low = middle + 1;
		else
			high = middle;
	}
	return low < s->target_count && s->targets[low] < group->end;
}
