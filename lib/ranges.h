/* SPDX-License-Identifier: MIT */
/*
 * A set of byte ranges that may overlap, for lock.c: a search tree by start
 * that knows the greatest end below each node.  Finding and changing costs
 * O(log n).  Not thread-safe; it allocates nothing.
 */
#ifndef CUTE_SHM_RANGES_H
#define CUTE_SHM_RANGES_H

#include <stdbool.h>
#include <stdint.h>

struct range {
	uint64_t start;
	uint64_t end;			/* greater than start */
	bool exclusive;
	/* private */
	uint32_t priority;
	uint64_t max_end;		/* of this subtree */
	uint64_t max_exclusive;		/* the same of exclusive ones; or 0 */
	struct range *left, *right;
};

/* 'range' must stay where it is until it is removed. */
void ranges_insert(struct range **root, struct range *range);
void ranges_remove(struct range **root, struct range *range);

/*
 * A range that overlaps [start, end), the one that starts first; with
 * 'exclusive' only exclusive ones count.  NULL if there is none.
 */
const struct range *ranges_overlap(const struct range *root, uint64_t start,
				   uint64_t end, bool exclusive);

/*
 * The first part of [*start, end) that no range covers, in [*start, *stop);
 * false if there is none.  To go on, call it again with *start = *stop.
 */
bool ranges_gap(const struct range *root, uint64_t *start, uint64_t end,
		uint64_t *stop);

#endif
