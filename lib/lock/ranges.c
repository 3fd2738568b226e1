/* SPDX-License-Identifier: MIT */
/*
 * Ranges in a treap: a search tree by start whose nodes have random priorities,
 * each at least that of its children, which keeps it about log2(n) deep.
 */

#include <stddef.h>

#include "lock/lock.h"

/* Priorities affect speed only.  The caller's mutex guards the state. */
static uint32_t
next_priority(void)
{
	static uint32_t x = UINT32_C(2463534242);

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x;
}

/* Compare addresses if starts are equal, so that each node has one place. */
static bool
before(const struct range *a, const struct range *b)
{
	if (a->start != b->start)
		return a->start < b->start;
	return (uintptr_t)a < (uintptr_t)b;
}

static uint64_t
max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Compute the members that depend on the children. */
static void
refresh(struct range *r)
{
	r->max_end = r->end;
	r->max_exclusive = r->exclusive ? r->end : 0;
	if (r->left) {
		r->max_end = max(r->max_end, r->left->max_end);
		r->max_exclusive =
			max(r->max_exclusive, r->left->max_exclusive);
	}
	if (r->right) {
		r->max_end = max(r->max_end, r->right->max_end);
		r->max_exclusive =
			max(r->max_exclusive, r->right->max_exclusive);
	}
}

/* Split a tree: nodes before 'at' go to *left, the others to *right. */
static void
split(struct range *root, const struct range *at, struct range **left,
      struct range **right)
{
	if (!root) {
		*left = *right = NULL;
	} else if (before(root, at)) {
		split(root->right, at, &root->right, right);
		refresh(root);
		*left = root;
	} else {
		split(root->left, at, left, &root->left);
		refresh(root);
		*right = root;
	}
}

/* Join two trees; all nodes of 'left' come before those of 'right'. */
static struct range *
join(struct range *left, struct range *right)
{
	if (!left || !right)
		return left ? left : right;
	if (left->priority >= right->priority) {
		left->right = join(left->right, right);
		refresh(left);
		return left;
	}
	right->left = join(left, right->left);
	refresh(right);
	return right;
}

static void
insert(struct range **root, struct range *range)
{
	if (!*root || (*root)->priority < range->priority) {
		split(*root, range, &range->left, &range->right);
		*root = range;
	} else {
		insert(before(range, *root) ? &(*root)->left : &(*root)->right,
		       range);
	}
	refresh(*root);
}

void
ranges_insert(struct range **root, struct range *range)
{
	range->priority = next_priority();
	insert(root, range);
}

void
ranges_remove(struct range **root, struct range *range)
{
	if (*root == range) {
		*root = join(range->left, range->right);
		return;
	}
	ranges_remove(before(range, *root) ? &(*root)->left : &(*root)->right,
		      range);
	refresh(*root);
}

/* The largest end of a subtree's ranges, or of its exclusive ones. */
static uint64_t
reach(const struct range *r, bool exclusive)
{
	return !r ? 0 : exclusive ? r->max_exclusive : r->max_end;
}

const struct range *
ranges_overlap(const struct range *root, uint64_t start, uint64_t end,
	       bool exclusive)
{
	const struct range *r = root;

	/*
	 * If a range of the left subtree ends after 'start', search only there:
	 * either it begins before 'end' and overlaps, or all ranges to its
	 * right begin at 'end' or later.
	 */
	while (r && reach(r, exclusive) > start) {
		if (reach(r->left, exclusive) > start)
			r = r->left;
		else if (r->start >= end)
			return NULL;
		else if (r->end > start && (r->exclusive || !exclusive))
			return r;
		else
			r = r->right;
	}
	return NULL;
}

bool
ranges_gap(const struct range *root, uint64_t *start, uint64_t end,
	   uint64_t *stop)
{
	const struct range *r;

	while (*start < end) {
		r = ranges_overlap(root, *start, end, false);
		if (!r || r->start > *start) {
			*stop = r ? r->start : end;
			return true;
		}
		*start = r->end;
	}
	return false;
}
