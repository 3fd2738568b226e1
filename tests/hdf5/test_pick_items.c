/* SPDX-License-Identifier: MIT */
/* Items of every size, copied out of elements that are larger. */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/element/element.h"
#include "util.h"

#define MOST_SIZE 140
#define ITEMS	  5

static void
try_size(size_t size, size_t gap)
{
	size_t stride = size + gap;
	/* Exact, so that a sanitizer sees any byte too many. */
	uint8_t *from = malloc((ITEMS - 1) * stride + size + 1);
	uint8_t *to = malloc(ITEMS * size + 1);

	ck_assert(from && to);
	for (size_t i = 0; i < (ITEMS - 1) * stride + size; i++)
		from[i] = (uint8_t)(i * 7 + 1);
	to[ITEMS * size] = 0xee;
	pick_items(to, from, stride, ITEMS, size);
	for (size_t i = 0; i < ITEMS; i++)
		ck_assert_mem_eq(to + i * size, from + i * stride, size);
	ck_assert_uint_eq(to[ITEMS * size], 0xee);
	free(from);
	free(to);
}

START_TEST(every_size_is_copied)
{
	for (size_t size = 1; size <= MOST_SIZE; size++)
		for (size_t gap = 0; gap < 20; gap += 3)
			try_size(size, gap);
}
END_TEST

START_TEST(nothing_is_copied)
{
	uint8_t to[1] = { 5 }, from[1] = { 6 };

	for (size_t size = 0; size <= MOST_SIZE; size++)
		pick_items(to, from, size, 0, size);
	pick_items(to, from, 0, 3, 0);
	ck_assert_uint_eq(to[0], 5);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pick-items");
	TCase *tcase = tcase_create("all");

	tcase_add_test(tcase, every_size_is_copied);
	tcase_add_test(tcase, nothing_is_copied);
	suite_add_tcase(suite, tcase);
	return test_run(suite);
}
