/* SPDX-License-Identifier: MIT */
/* Slices as NumPy has them: which elements, which shape, which mistakes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../bin/slice.h"
#include "util.h"

static struct cute_shm_array
array_of(unsigned ndim, uint64_t a, uint64_t b, uint64_t c)
{
	struct cute_shm_array array = { .ndim = ndim,
					.dtype = "<f8",
					.shape = { a, b, c } };

	array.element_count = 1;
	for (unsigned d = 0; d < ndim; d++)
		array.element_count *= array.shape[d];
	return array;
}

/* What NumPy 1.24 says of np.arange(7)[...], and of (2, 3, 4). */
static const struct {
	unsigned ndim;
	const char *text, *shape, *elements;
} good[] = {
	{ 1, "", "7", "0 1 2 3 4 5 6" },
	{ 1, ":", "7", "0 1 2 3 4 5 6" },
	{ 1, "2:5", "3", "2 3 4" },
	{ 1, " 2 : 5 ", "3", "2 3 4" },
	{ 1, "::3", "3", "0 3 6" },
	{ 1, "1::3", "2", "1 4" },
	{ 1, ":-2", "5", "0 1 2 3 4" },
	{ 1, "-2:", "2", "5 6" },
	{ 1, "::-1", "7", "6 5 4 3 2 1 0" },
	{ 1, "5:1:-2", "2", "5 3" },
	{ 1, "100:0:-3", "2", "6 3" },
	{ 1, "-100:100:100", "1", "0" },
	{ 1, "5:2", "0", "" },
	{ 1, "2:5:-1", "0", "" },
	{ 1, "9:", "0", "" },
	{ 1, ":99999999999999999999", "7", "0 1 2 3 4 5 6" },
	{ 1, "-99999999999999999999:2", "2", "0 1" },
	{ 1, "::-9223372036854775808", "1", "6" },
	{ 1, "1::99999999999999999999", "1", "1" },
	{ 1, "3", "", "3" },
	{ 1, "-1", "", "6" },
	{ 1, "...", "7", "0 1 2 3 4 5 6" },
	{ 3, "1", "3 4", "12 13 14 15 16 17 18 19 20 21 22 23" },
	{ 3, "1, 2", "4", "20 21 22 23" },
	{ 3, "1,2,3", "", "23" },
	{ 3, "..., 0", "2 3", "0 4 8 12 16 20" },
	{ 3, "0, ..., 1:3", "3 2", "1 2 5 6 9 10" },
	{ 3, ":, 1, ::2", "2 2", "4 6 16 18" },
	{ 3, "::-1, 0, -1", "2", "15 3" },
	{ 3, "0,1,2,...", "", "6" },
};

static void
add(char *text, size_t size, uint64_t n)
{
	size_t at = strlen(text);

	snprintf(text + at, size - at, "%s%llu", at ? " " : "",
		 (unsigned long long)n);
}

START_TEST(elements)
{
	struct cute_shm_array a = good[_i].ndim == 1 ? array_of(1, 7, 0, 0)
						     : array_of(3, 2, 3, 4);
	char shape[100] = "", list[400] = "";
	struct slice s;
	char *problem = slice_parse(good[_i].text, &a, &s);
	uint64_t first = UINT64_MAX, last = 0, least, most;

	ck_assert_msg(!problem, "%s: %s", good[_i].text, problem);
	for (unsigned d = 0; d < s.result_ndim; d++)
		add(shape, sizeof(shape), s.shape[d]);
	for (uint64_t i = 0; i < s.element_count; i++) {
		uint64_t at = slice_element(&s, i);

		add(list, sizeof(list), at);
		first = at < first ? at : first;
		last = at > last ? at : last;
	}
	ck_assert_str_eq(shape, good[_i].shape);
	ck_assert_str_eq(list, good[_i].elements);
	if (s.element_count == 0)
		return;
	slice_range(&s, &least, &most);
	ck_assert_uint_eq(least, first);
	ck_assert_uint_eq(most, last);
	s.origin = least;
	ck_assert_uint_eq(slice_element(&s, 0),
			  strtoull(list, NULL, 10) - least);
}
END_TEST

static const struct {
	const char *text, *problem;
} bad[] = {
	{ "7", "outside" },
	{ "-8", "outside" },
	{ "1,2", "2 indices" },
	{ "a", "missing" },
	{ "1 2", "not understood" },
	{ "::0", "step" },
	{ "1:2:3:4", "not understood" },
	{ ",", "2 indices" },
	{ "--1", "no number" },
	{ "99999999999999999999", "outside of axis 0" },
	{ "..., ...", "index" },
	{ "1.5", "not understood" },
	{ "-99999999999999999999", "outside of axis 0" },
};

START_TEST(mistakes)
{
	struct cute_shm_array a = array_of(1, 7, 0, 0);
	struct slice s;
	char *problem = slice_parse(bad[_i].text, &a, &s);

	ck_assert_msg(problem != NULL, "%s is taken", bad[_i].text);
	ck_assert_msg(strstr(problem, bad[_i].problem) != NULL, "%s: %s",
		      bad[_i].text, problem);
	free(problem);
}
END_TEST

START_TEST(scalars)
{
	struct cute_shm_array a = array_of(0, 0, 0, 0);
	struct slice s;

	slice_all(&a, &s);
	ck_assert(s.whole);
	ck_assert_uint_eq(s.element_count, 1);
	ck_assert_uint_eq(slice_element(&s, 0), 0);
	ck_assert_ptr_null(slice_parse("...", &a, &s));
	ck_assert_uint_eq(s.element_count, 1);
	a = array_of(1, 0, 0, 0);
	ck_assert_ptr_null(slice_parse("::2", &a, &s));
	ck_assert_uint_eq(s.element_count, 0);
	ck_assert_ptr_null(slice_parse("::-1", &a, &s));
	ck_assert_uint_eq(s.element_count, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("slice");
	TCase *t = tcase_create("slice");

	tcase_add_loop_test(t, elements, 0, (int)ELEMENTS(good));
	tcase_add_loop_test(t, mistakes, 0, (int)ELEMENTS(bad));
	tcase_add_test(t, scalars);
	suite_add_tcase(s, t);
	return test_run(s);
}
