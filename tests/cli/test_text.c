/* SPDX-License-Identifier: MIT */
/* What the tools do to text: bin/text.c, json.c, units.c, value.c. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../../bin/date.h"
#include "../../bin/json.h"
#include "../../bin/text.h"
#include "../../bin/units.h"
#include "../../bin/value.h"

#define ELEMENTS(a) (sizeof(a) / sizeof(*(a)))

/* Sanitizers take more of the address space than a program asks for. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif

static void
setup(void)
{
	setenv("LC_ALL", "C.UTF-8", 1);
	text_begin();
}

START_TEST(escapes)
{
	static const struct {
		const char *text, *escaped;
		size_t width;
	} cases[] = {
		{ "plain", "plain", 5 },
		{ "", "", 0 },
		{ "\033[31m", "\\x1b[31m", 8 },
		{ "a\nb\tc\r\x7f", "a\\nb\\tc\\x0d\\x7f", 15 },
		{ "\xc2\x9b", "\\u009b", 6 },
		{ "\xe2\x80\xae", "\\u202e", 6 },
		{ "\xf3\xa0\x80\x81", "\\U000e0001", 10 },
		/* nothing to see: joiners, selectors, fillers, soft hyphens */
		{ "a\xe2\x80\x8b"
		  "b",
		  "a\\u200bb", 8 },
		{ "\xe2\x80\x8d", "\\u200d", 6 },
		{ "\xe2\x81\xa0", "\\u2060", 6 },
		{ "\xef\xb8\x8f", "\\ufe0f", 6 },
		{ "\xe3\x85\xa4", "\\u3164", 6 },
		{ "\xc2\xad", "\\u00ad", 6 },
		{ "\xe6\xb8\xac", "\xe6\xb8\xac", 2 },
		{ "e\xcc\x81", "e\xcc\x81", 1 },
		/* lone, overlong, surrogate, too large, cut off */
		{ "\xff", "\\xff", 4 },
		{ "\xc0\x80", "\\xc0\\x80", 8 },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80", 12 },
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", 16 },
		{ "\xe6\xb8", "\\xe6\\xb8", 8 },
		{ "\xe6"
		  "a",
		  "\\xe6"
		  "a",
		  5 },
	};
	char *s = text_escape(cases[_i].text, strlen(cases[_i].text));

	ck_assert_str_eq(s, cases[_i].escaped);
	ck_assert_uint_eq(text_width(s), cases[_i].width);
	free(s);

	ck_assert_uint_eq(ELEMENTS(cases), 21);
}
END_TEST

START_TEST(shortens)
{
	static const struct {
		const char *text;
		size_t width;
		enum text_cut cut;
		const char *shortened;
	} cases[] = {
		{ "abcdef", 6, TEXT_CUT_END, "abcdef" },
		{ "abcdef", 4, TEXT_CUT_END, "abc\xe2\x80\xa6" },
		{ "abcdef", 1, TEXT_CUT_END, "\xe2\x80\xa6" },
		{ "abcdef", 0, TEXT_CUT_END, "" },
		{ "abcdefgh", 7, TEXT_CUT_MIDDLE,
		  "ab\xe2\x80\xa6"
		  "efgh" },
		/* a wide letter that does not fit leaves a column free */
		{ "\xe6\xb8\xac\xe5\xae\x9a", 2, TEXT_CUT_END, "\xe2\x80\xa6" },
		{ "\xe6\xb8\xac\xe5\xae\x9a", 3, TEXT_CUT_END,
		  "\xe6\xb8\xac\xe2\x80\xa6" },
		/* an accent goes with its letter */
		{ "abcde\xcc\x81", 1, TEXT_CUT_MIDDLE, "\xe2\x80\xa6" },
		{ "abcde\xcc\x81", 2, TEXT_CUT_MIDDLE,
		  "\xe2\x80\xa6"
		  "e\xcc\x81" },
	};
	char *s = text_shorten(cases[_i].text, cases[_i].width, cases[_i].cut);

	ck_assert_uint_eq(ELEMENTS(cases), 9);
	ck_assert_str_eq(s, cases[_i].shortened);
	free(s);
}
END_TEST

static char *
json_of(const char *s, size_t n)
{
	struct text_buffer b;

	text_buffer_begin(&b);
	json_string(b.out, s, n);
	return text_buffer_end(&b);
}

START_TEST(json_strings)
{
	static const struct {
		const char *text;
		size_t size;
		const char *json;
	} cases[] = {
		{ "a \"b\" \\ /", 9, "\"a \\\"b\\\" \\\\ /\"" },
		{ "\0\x1f\n\t\x7f", 5, "\"\\u0000\\u001f\\n\\t\\u007f\"" },
		{ "\xff\xc3\xa9", 3, "\"\xef\xbf\xbd\xc3\xa9\"" },
		{ "\xf0\x9f\x9a\x80", 4, "\"\xf0\x9f\x9a\x80\"" },
		{ "\xf3\xa0\x80\x81", 4, "\"\\udb40\\udc01\"" },
	};
	char *s = json_of(cases[_i].text, cases[_i].size);

	ck_assert_uint_eq(ELEMENTS(cases), 5);
	ck_assert_str_eq(s, cases[_i].json);
	free(s);
}
END_TEST

START_TEST(sizes)
{
	ck_assert_str_eq(units_size(0).text, "0 B");
	ck_assert_str_eq(units_size(1023).text, "1023 B");
	ck_assert_str_eq(units_size(1024).text, "1.0 KiB");
	ck_assert_str_eq(units_size(1048575).text, "1.0 MiB");
	ck_assert_str_eq(units_size(102400).text, "100 KiB");
	ck_assert_str_eq(units_size(UINT64_MAX).text, "16.0 EiB");
	ck_assert_str_eq(units_rate(1, 0).text, "-");
	ck_assert_str_eq(units_rate(1 << 20, 2).text, "512 KiB/s");
}
END_TEST

START_TEST(times)
{
	ck_assert_str_eq(units_seconds(-1).text, "0.000 s");
	ck_assert_str_eq(units_seconds(0.0123).text, "0.012 s");
	ck_assert_str_eq(units_seconds(0.996).text, "1.0 s");
	ck_assert_str_eq(units_seconds(9.96).text, "10 s");
	ck_assert_str_eq(units_seconds(59.7).text, "1 min 0 s");
	ck_assert_str_eq(units_seconds(7300).text, "2 h 1 min");
	ck_assert_str_eq(units_utc(1700000000000000005).text,
			 "2023-11-14T22:13:20.000000005Z");
	/* from a machine whose clock is ahead */
	ck_assert_str_eq(units_age(UINT64_MAX).text, "0 s");
	ck_assert_str_eq(units_count(1, "array").text, "1 array");
	ck_assert_str_eq(units_count(0, "array").text, "0 arrays");
}
END_TEST

START_TEST(dtypes)
{
	static const char *const names[][2] = {
		{ "<f8", "float64" },
		{ "|b1", "bool" },
		{ "|u1", "uint8" },
		{ "<c16", "complex128" },
		{ "<f16", "float128" },
		{ "|S12", "S12" },
		{ "|V3", "V3" },
		{ "<M8[ns]", "datetime64[ns]" },
		{ "null", "null" },
		{ "*|S1", "string" },
		{ "*<i4", "list of int32" },
		{ "?", "?" },
		{ "", "" },
		{ "|", "|" },
	};
	char *s = value_dtype(names[_i][0]);

	ck_assert_uint_eq(ELEMENTS(names), 14);
	ck_assert_str_eq(s, names[_i][1]);
	free(s);
}
END_TEST

static char *
json_value(const char *dtype, uint32_t item_size, uint64_t n, const void *data)
{
	struct cute_shm_array a = {
		.dtype = dtype,
		.item_size = item_size,
		.data = data,
		.element_count = n,
		.ndim = n == 1 ? 0 : 1,
		.shape = { n },
	};
	struct text_buffer b;

	text_buffer_begin(&b);
	value_json(b.out, &a);
	return text_buffer_end(&b);
}

START_TEST(values)
{
	static const unsigned char extended[16] = {
		0, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0xc0 /* -3 */
	};
	const float f[] = { 0.1f, 16777216, -0.0f, 3.4028235e38f };
	const double d[] = { 0.1, 1e22, 5e-324, NAN, INFINITY, -INFINITY };
	const int8_t i[] = { -128, 127 };
	const uint64_t u[] = { UINT64_MAX, 0 };
	const uint16_t half[] = { 0x3c00, 0x0001, 0xfbff, 0x2e66 };
	const struct {
		const char *dtype;
		uint32_t size;
		uint64_t n;
		const void *data;
		const char *json;
	} cases[] = {
		{ "<f4", 4, 4, f, "[0.1, 16777216, -0.0, 3.4028235e+38]" },
		{ "<f8", 8, 6, d,
		  "[0.1, 1e+22, 5e-324, "
		  "\"nan\", \"inf\", \"-inf\"]" },
		{ "|i1", 1, 2, i, "[-128, 127]" },
		{ "<u8", 8, 2, u, "[18446744073709551615, 0]" },
		{ "<f2", 2, 4, half, "[1, 6e-08, -65504, 0.1]" },
		{ "<c8", 8, 2, f, "[[0.1, 16777216], [-0.0, 3.4028235e+38]]" },
		{ "<f16", 16, 1, extended, "-3" },
		{ "|b1", 1, 2, "\0\1", "[false, true]" },
		{ "|S3", 3, 2, "ab\0c\"d", "[\"ab\", \"c\\\"d\"]" },
		{ "|V2", 2, 1, "\x01\xff", "\"01ff\"" },
		{ "<f8", 8, 0, NULL, "[]" },
		{ "null", 0, 0, NULL, "null" },
	};
	char *s = json_value(cases[_i].dtype, cases[_i].size, cases[_i].n,
			     cases[_i].data);

	ck_assert_uint_eq(ELEMENTS(cases), 12);
	ck_assert_str_eq(s, cases[_i].json);
	free(s);
}
END_TEST

START_TEST(brackets)
{
	static const int8_t data[12] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
	struct cute_shm_array a = {
		.dtype = "|i1",
		.item_size = 1,
		.element_count = 12,
		.ndim = 3,
		.shape = { 2, 3, 2 },
		.data = data,
	};
	struct text_buffer b;
	char *s;

	text_buffer_begin(&b);
	value_json(b.out, &a);
	putc('\n', b.out);
	value_text(b.out, &a, 10);
	s = text_buffer_end(&b);
	ck_assert_str_eq(s, "[[[1, 2], [3, 4], [5, 6]], "
			    "[[7, 8], [9, 10], [0, 0]]]\n"
			    "[[[1, 2], [3, \xe2\x80\xa6]]]");
	free(s);
}
END_TEST

/* As NumPy writes them. */
START_TEST(dates)
{
	static const struct {
		const char *dtype;
		int64_t value;
		const char *text; /* NULL: a number */
	} cases[] = {
		{ "M8[D]", INT64_C(0), "1970-01-01" },
		{ "M8[D]", INT64_C(-1), "1969-12-31" },
		{ "M8[D]", INT64_C(11016), "2000-02-29" },
		{ "M8[D]", INT64_C(-719162), "0001-01-01" },
		{ "M8[D]", INT64_C(-735235), "-044-12-30" },
		{ "M8[D]", INT64_C(3652059), "11968-12-31" },
		{ "M8[Y]", INT64_C(50), "2020" },
		{ "M8[Y]", INT64_C(-1970), "0000" },
		{ "M8[Y]", INT64_C(-2014), "-044" },
		{ "M8[M]", INT64_C(-1), "1969-12" },
		{ "M8[M]", INT64_C(600), "2020-01" },
		{ "M8[W]", INT64_C(-3), "1969-12-11" },
		{ "M8[2W]", INT64_C(10), "1970-05-21" },
		{ "M8[10s]", INT64_C(-1), "1969-12-31T23:59:50" },
		{ "M8[h]", INT64_C(-1), "1969-12-31T23" },
		{ "M8[h]", INT64_C(5), "1970-01-01T05" },
		{ "M8[m]", INT64_C(1234567), "1972-05-07T08:07" },
		{ "M8[s]", INT64_C(951782399), "2000-02-28T23:59:59" },
		{ "M8[s]", INT64_C(951782400), "2000-02-29T00:00:00" },
		{ "M8[ms]", INT64_C(-1), "1969-12-31T23:59:59.999" },
		{ "M8[us]", INT64_C(1), "1970-01-01T00:00:00.000001" },
		{ "M8[ns]", INT64_C(1600000000123456789),
		  "2020-09-13T12:26:40.123456789" },
		{ "M8[ps]", INT64_C(-1), "1969-12-31T23:59:59.999999999999" },
		{ "M8[fs]", INT64_C(9223372036854775807),
		  "1970-01-01T02:33:43.372036854775807" },
		{ "M8[as]", INT64_C(-9223372036854775807),
		  "1969-12-31T23:59:50.776627963145224193" },
		{ "M8[25us]", INT64_C(3), "1970-01-01T00:00:00.000075" },
		{ "M8[Y]", INT64_MIN, "NaT" },
		{ "m8[s]", INT64_MIN, "NaT" },
		{ "m8[s]", 5, NULL },
		{ "M8[Y]", INT64_MAX, NULL },
		{ "M8[7D]", INT64_MAX / 3, NULL },
		{ "M8[W]", INT64_MAX, NULL },
	};
	char text[64] = "";

	for (size_t i = 0; i < ELEMENTS(cases); i++) {
		FILE *out = fmemopen(text, sizeof(text), "w");
		bool is = value_date(out, cases[i].dtype, cases[i].value);

		fclose(out);
		ck_assert_msg(is == (cases[i].text != NULL), "%s",
			      cases[i].dtype);
		if (is)
			ck_assert_str_eq(text, cases[i].text);
	}
}
END_TEST

/* Of what is cut off nothing is printed, and the cut is shown. */
START_TEST(limits)
{
	static const char dots[] = "\xe2\x80\xa6";
	static const char *const kinds[] = { "|S1000", "|V1000", "*|S1" };
	struct cute_shm_array a = {
		.item_size = 1000,
		.element_count = 1,
		.data_size = 1000,
	};
	char data[1024];
	uint64_t offsets[] = { 0, 1000 };
	struct text_buffer b;
	char *s;

	memset(data, 1, sizeof(data));
	a.data = data;
	a.dtype = kinds[_i];
	if (a.dtype[0] == '*') {
		a.item_size = 1;
		a.offsets = offsets;
		a.values = data;
		a.value_count = 1000;
	}
	text_buffer_begin(&b);
	value_text(b.out, &a, 40);
	s = text_buffer_end(&b);
	ck_assert_uint_lt(strlen(s), 200);
	ck_assert_ptr_nonnull(strstr(s, dots));
	free(s);
	text_buffer_begin(&b);
	value_text(b.out, &a, 0);
	s = text_buffer_end(&b);
	ck_assert_uint_ge(strlen(s), 2000);
	ck_assert_ptr_null(strstr(s, dots));
	free(s);
}
END_TEST

#ifndef SANITIZED
/* A text that found no memory ends the program, whatever fclose() returns. */
START_TEST(no_memory)
{
	struct rlimit limit = { 64 << 20, 64 << 20 };
	struct text_buffer b;
	int i;

	text_buffer_begin(&b);
	setrlimit(RLIMIT_AS, &limit);
	for (i = 0; i < 1 << 20; i++)
		fprintf(b.out, "%100d", i);
	text_buffer_end(&b);
	_exit(0);
}
END_TEST
#endif

int
main(void)
{
	Suite *suite = suite_create("text");
	TCase *tc = tcase_create("text");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_unchecked_fixture(tc, setup, NULL);
	tcase_add_loop_test(tc, escapes, 0, 21);
	tcase_add_loop_test(tc, shortens, 0, 9);
	tcase_add_loop_test(tc, json_strings, 0, 5);
	tcase_add_test(tc, sizes);
	tcase_add_test(tc, times);
	tcase_add_loop_test(tc, dtypes, 0, 14);
	tcase_add_loop_test(tc, values, 0, 12);
	tcase_add_test(tc, brackets);
	tcase_add_test(tc, dates);
	tcase_add_loop_test(tc, limits, 0, 3);
#ifndef SANITIZED
	tcase_add_exit_test(tc, no_memory, 1);
#endif
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
