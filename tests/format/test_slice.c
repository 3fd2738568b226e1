/* SPDX-License-Identifier: MIT */
/* Slices as NumPy has them: which elements, which shape, which mistakes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/slice.h"
#include "util.h"

static bool
parse(const char *text, unsigned ndim, const uint64_t *shape, struct slice *ret,
      char *why)
{
	struct slice_text items;

	return slice_read(text, strlen(text), &items, why) &&
	       slice_apply(&items, ndim, shape, ret, why);
}

static const uint64_t seven[] = { 7 }, three[] = { 2, 3, 4 };

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
	const uint64_t *dims = good[_i].ndim == 1 ? seven : three;
	char shape[100] = "", list[400] = "", why[SLICE_WHY];
	uint64_t first = UINT64_MAX, last = 0, least, most;
	struct slice s;

	ck_assert_msg(parse(good[_i].text, good[_i].ndim, dims, &s, why),
		      "%s: %s", good[_i].text, why);
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
	{ ",", "missing" },
	{ "--1", "no number" },
	{ "99999999999999999999", "outside of axis 0" },
	{ "..., ...", "index" },
	{ "1.5", "not understood" },
	{ "-99999999999999999999", "outside of axis 0" },
};

START_TEST(mistakes)
{
	char why[SLICE_WHY];
	struct slice s;

	ck_assert_msg(!parse(bad[_i].text, 1, seven, &s, why), "%s is taken",
		      bad[_i].text);
	ck_assert_msg(strstr(why, bad[_i].problem) != NULL, "%s: %s",
		      bad[_i].text, why);
}
END_TEST

START_TEST(scalars)
{
	static const uint64_t none[] = { 0 };
	char why[SLICE_WHY];
	struct slice s;

	slice_all(0, NULL, &s);
	ck_assert(s.whole);
	ck_assert_uint_eq(s.element_count, 1);
	ck_assert_uint_eq(slice_element(&s, 0), 0);
	ck_assert(parse("...", 0, NULL, &s, why));
	ck_assert_uint_eq(s.element_count, 1);
	ck_assert(!parse("0", 0, NULL, &s, why));
	ck_assert(parse("::2", 1, none, &s, why));
	ck_assert_uint_eq(s.element_count, 0);
	ck_assert(parse("::-1", 1, none, &s, why));
	ck_assert_uint_eq(s.element_count, 0);
}
END_TEST

/* The shortest form, and the slices that it equals. */
static const struct {
	const char *text, *form;
} forms[] = {
	{ " 2 : 5 ", "2:5" },	      { "0:10", ":10" },  { "::1", ":" },
	{ "00:007:02", ":7:2" },      { "0, ...", "0" },  { "...", "..." },
	{ "..., 0", "...,0" },	      { "::-1", "::-1" }, { "0::-1", "0::-1" },
	{ "-1, :, 2:5", "-1,:,2:5" }, { "", "" },	  { "1,", "1" },
};

START_TEST(shortest)
{
	char why[SLICE_WHY], form[SLICE_TEXT], again[SLICE_TEXT];
	struct slice_text text;
	struct slice a, b;

	ck_assert(
		slice_read(forms[_i].text, strlen(forms[_i].text), &text, why));
	slice_write(&text, form);
	ck_assert_str_eq(form, forms[_i].form);
	ck_assert(slice_apply(&text, 3, three, &a, why));
	ck_assert(slice_read(form, strlen(form), &text, why));
	slice_write(&text, again);
	ck_assert_str_eq(form, again);
	ck_assert(slice_apply(&text, 3, three, &b, why));
	ck_assert(slice_same(&a, &b));
}
END_TEST

START_TEST(same)
{
	char why[SLICE_WHY];
	struct slice a, b;

	ck_assert(parse("0:7", 1, seven, &a, why));
	ck_assert(parse("-100:100", 1, seven, &b, why));
	ck_assert(slice_same(&a, &b));
	ck_assert(parse("0:1:1", 1, seven, &a, why));
	ck_assert(parse("0:1:3", 1, seven, &b, why));
	ck_assert(slice_same(&a, &b));
	ck_assert(parse("0", 1, seven, &b, why));
	ck_assert(!slice_same(&a, &b));
	ck_assert(parse("::2", 1, seven, &a, why));
	ck_assert(parse("::3", 1, seven, &b, why));
	ck_assert(!slice_same(&a, &b));
}
END_TEST

/* The longest text that can be read has room for its shortest form. */
START_TEST(longest)
{
	char text[40 * 70] = "", form[SLICE_TEXT], why[SLICE_WHY];
	struct slice_text items;

	for (unsigned i = 0; i < CUTE_SHM_MAX_NDIM; i++)
		strcat(text, "-99999999999999999999:-99999999999999999999:"
			     "-99999999999999999999,");
	strcat(text, "...");
	ck_assert_msg(slice_read(text, strlen(text), &items, why), "%s", why);
	slice_write(&items, form);
	ck_assert_uint_lt(strlen(form), SLICE_TEXT);
	ck_assert_uint_gt(strlen(form), CUTE_SHM_MAX_NDIM * 60);
	strcat(text, ",1");
	ck_assert(!slice_read(text, strlen(text), &items, why));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("slice");
	TCase *t = tcase_create("slice");

	tcase_add_loop_test(t, elements, 0, (int)ELEMENTS(good));
	tcase_add_loop_test(t, mistakes, 0, (int)ELEMENTS(bad));
	tcase_add_loop_test(t, shortest, 0, (int)ELEMENTS(forms));
	tcase_add_test(t, scalars);
	tcase_add_test(t, same);
	tcase_add_test(t, longest);
	suite_add_tcase(s, t);
	return test_run(s);
}
