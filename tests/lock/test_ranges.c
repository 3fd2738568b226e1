/* SPDX-License-Identifier: MIT */
/* The tree of ranges against a plain list, with ranges of chance. */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lock/lock.h"
#include "util.h"

#define COUNT 300
#define SPACE 1000

static struct range ranges[COUNT];
static bool in[COUNT];
static struct range *root;

static unsigned
depth(const struct range *r)
{
	unsigned left = r ? depth(r->left) : 0;
	unsigned right = r ? depth(r->right) : 0;

	return r ? 1 + (left > right ? left : right) : 0;
}

static bool
overlaps(const struct range *r, uint64_t start, uint64_t end)
{
	return r->start < end && start < r->end;
}

/* The first start of what overlaps, by looking at all; UINT64_MAX: none. */
static uint64_t
first_overlap(uint64_t start, uint64_t end, bool exclusive)
{
	uint64_t first = UINT64_MAX;

	for (int i = 0; i < COUNT; i++)
		if (in[i] && overlaps(&ranges[i], start, end) &&
		    (ranges[i].exclusive || !exclusive) &&
		    ranges[i].start < first)
			first = ranges[i].start;
	return first;
}

static bool
covered(uint64_t at)
{
	for (int i = 0; i < COUNT; i++)
		if (in[i] && overlaps(&ranges[i], at, at + 1))
			return true;
	return false;
}

static void
check_overlap(uint64_t start, uint64_t end, bool exclusive)
{
	const struct range *r = ranges_overlap(root, start, end, exclusive);
	uint64_t want = first_overlap(start, end, exclusive);

	ck_assert_uint_eq(r ? r->start : UINT64_MAX, want);
	if (r)
		ck_assert(overlaps(r, start, end) &&
			  (r->exclusive || !exclusive));
}

static void
check_gaps(uint64_t start, uint64_t end)
{
	uint64_t at = start, from = start, stop;

	for (; ranges_gap(root, &from, end, &stop); from = stop) {
		for (; at < from; at++)
			ck_assert(covered(at));
		ck_assert_uint_lt(from, stop);
		for (; at < stop; at++)
			ck_assert(!covered(at));
	}
	for (; at < end; at++)
		ck_assert(covered(at));
}

START_TEST(by_chance)
{
	unsigned seed = (unsigned)_i + 1;
	uint64_t a, b;
	int step, i;

	root = NULL;
	memset(in, 0, sizeof(in));
	for (step = 0; step < 4000; step++) {
		i = rand_r(&seed) % COUNT;
		a = (uint64_t)rand_r(&seed) % SPACE;
		b = a + 1 + (uint64_t)rand_r(&seed) % (_i % 2 ? 10 : SPACE);
		if (in[i]) {
			ranges_remove(&root, &ranges[i]);
		} else {
			ranges[i] = (struct range){
				.start = a,
				.end = b,
				.exclusive = rand_r(&seed) % 8 == 0,
			};
			ranges_insert(&root, &ranges[i]);
		}
		in[i] = !in[i];
		check_overlap(a, b, false);
		check_overlap(a, b, true);
		check_overlap(b, b + 1, false);
		if (step % 16 == 0)
			check_gaps(a, b + 50);
	}
	for (i = 0; i < COUNT; i++)
		if (in[i])
			ranges_remove(&root, &ranges[i]);
	ck_assert_ptr_null(root);
}
END_TEST

/* In order, backwards, or all alike: never a list. */
START_TEST(the_tree_stays_flat)
{
	static struct range many[100000];
	int i, n = ELEMENTS(many);

	root = NULL;
	for (i = 0; i < n; i++) {
		many[i].start = _i == 0	  ? (uint64_t)i
				: _i == 1 ? (uint64_t)(n - i)
					  : 7;
		many[i].end = many[i].start + 1;
		ranges_insert(&root, &many[i]);
	}
	/* log2(100000) is 17; a random tree is about 2.3 times as deep. */
	ck_assert_uint_lt(depth(root), 80);
	for (i = 0; i < n; i++)
		ranges_remove(&root, &many[i]);
	ck_assert_ptr_null(root);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ranges");
	TCase *tcase = tcase_create("all");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, by_chance, 0, 8);
	tcase_add_loop_test(tcase, the_tree_stays_flat, 0, 3);
	suite_add_tcase(suite, tcase);
	return test_run(suite);
}
