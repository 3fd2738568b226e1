/* SPDX-License-Identifier: MIT */
/* Attributes of one value, by path. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

static struct cute_shm *shm;

static void
put(struct cute_shm_builder *b, const char *name, const char *dtype,
    const void *value)
{
	ck_ok(cute_shm_builder_attr(b, "g", name, dtype, 0, NULL, value));
}

static void
put_integers(struct cute_shm_builder *b)
{
	static const int64_t low = INT64_MIN;
	static const uint64_t high = UINT64_MAX;

	put(b, "i1", "int8", "\xfe");
	put(b, "i2", "int16", "\xfe\xff");
	put(b, "u1", "uint8", "\xfe");
	put(b, "b1", "bool", "\1");
	put(b, "i8", "int64", &low);
	put(b, "u8", "uint64", &high);
}

static void
put_floats(struct cute_shm_builder *b)
{
	static const float single = 0.1f;
	static const double number = -1e300;

	put(b, "f2", "float16", "\x00\xbe"); /* -1.5 */
	put(b, "f2tiny", "float16", "\x01\x00");
	put(b, "f2inf", "float16", "\x00\xfc");
	put(b, "f2nan", "float16", "\x01\x7c");
	put(b, "f4", "float32", &single);
	put(b, "f8", "float64", &number);
	put(b, "c8", "complex64", "12345678");
}

static void
setup(void)
{
	const uint64_t three = 3, one = 1;
	struct cute_shm_builder *b;

	test_root();
	ck_ok(cute_shm_builder_new("values", NULL, &b));
	ck_ok(cute_shm_builder_group(b, "g"));
	put_integers(b);
	put_floats(b);
	put(b, "fixed", "S8", "rob\xc3\xb6t\0\0");
	put(b, "cut", "S8", "a\0b\0\0\0\0\0");
	put(b, "bytes", "V8", "12345678");
	ck_ok(cute_shm_builder_attr_text(b, "g", "text", "robot"));
	ck_ok(cute_shm_builder_attr_text(b, "g", "empty", ""));
	ck_ok(cute_shm_builder_attr(b, "g", "three", "uint8", 1, &three,
				    "abc"));
	ck_ok(cute_shm_builder_attr(b, "g", "one", "uint8", 1, &one, "a"));
	ck_ok(cute_shm_builder_link(b, "l", "g"));
	ck_ok(cute_shm_builder_publish(b, &shm));
	cute_shm_builder_free(b);
}

static void
teardown(void)
{
	cute_shm_close(shm);
}

static const struct {
	const char *name;
	int64_t value;
} integers[] = {
	{ "i1", -2 }, { "i2", -2 },	   { "u1", 254 },
	{ "b1", 1 },  { "i8", INT64_MIN }, { "one", 'a' },
};

START_TEST(integers_are_read)
{
	int64_t value = 77;
	double number;

	ck_ok(cute_shm_attr_i64(shm, "/g", integers[_i].name, &value));
	ck_assert_int_eq(value, integers[_i].value);
	ck_ok(cute_shm_attr_f64(shm, "l", integers[_i].name, &number));
	ck_assert_double_eq(number, (double)value);
}
END_TEST

START_TEST(floats_are_read)
{
	double value;

	ck_ok(cute_shm_attr_f64(shm, "g", "f2", &value));
	ck_assert_double_eq(value, -1.5);
	ck_ok(cute_shm_attr_f64(shm, "g", "f2tiny", &value));
	ck_assert_double_eq(value, 0x1p-24);
	ck_ok(cute_shm_attr_f64(shm, "g", "f2inf", &value));
	ck_assert(isinf(value) && value < 0);
	ck_ok(cute_shm_attr_f64(shm, "g", "f2nan", &value));
	ck_assert(isnan(value));
	ck_ok(cute_shm_attr_f64(shm, "g", "f4", &value));
	ck_assert_double_eq(value, (double)0.1f);
	ck_ok(cute_shm_attr_f64(shm, "g", "f8", &value));
	ck_assert_double_eq(value, -1e300);
	ck_ok(cute_shm_attr_f64(shm, "g", "u8", &value));
	ck_assert_double_eq(value, 0x1p64);
}
END_TEST

START_TEST(texts_of_both_kinds)
{
	char *text;

	ck_ok(cute_shm_attr_text(shm, "g", "text", &text));
	ck_assert_str_eq(text, "robot");
	free(text);
	ck_ok(cute_shm_attr_text(shm, "g", "fixed", &text));
	ck_assert_str_eq(text, "rob\xc3\xb6t");
	free(text);
	ck_ok(cute_shm_attr_text(shm, "g", "empty", &text));
	ck_assert_str_eq(text, "");
	free(text);
}
END_TEST

START_TEST(other_types_are_named)
{
	int64_t integer = 77;
	double number = 77;
	char *text = NULL;

	ck_err(cute_shm_attr_i64(shm, "g", "f4", &integer), CUTE_SHM_ERR_TYPE);
	ck_errmsg_has("/g: attribute \"f4\" is float32, not an integer");
	ck_err(cute_shm_attr_i64(shm, "g", "u8", &integer), CUTE_SHM_ERR_TYPE);
	ck_errmsg_has("18446744073709551615");
	ck_err(cute_shm_attr_i64(shm, "g", "text", &integer),
	       CUTE_SHM_ERR_TYPE);
	ck_errmsg_has("is string, not an integer");
	ck_err(cute_shm_attr_f64(shm, "g", "c8", &number), CUTE_SHM_ERR_TYPE);
	ck_errmsg_has("is complex64, not a number");
	ck_err(cute_shm_attr_f64(shm, "g", "fixed", &number),
	       CUTE_SHM_ERR_TYPE);
	ck_err(cute_shm_attr_text(shm, "g", "cut", &text), CUTE_SHM_ERR_TYPE);
	ck_err(cute_shm_attr_text(shm, "g", "bytes", &text), CUTE_SHM_ERR_TYPE);
	ck_errmsg_has("is V8, not a text");
	ck_err(cute_shm_attr_i64(shm, "g", "three", &integer),
	       CUTE_SHM_ERR_TYPE);
	ck_errmsg_has("has 3 elements, not one");
	ck_assert(integer == 77 && number >= 77 && !text);
}
END_TEST

START_TEST(what_is_not_there)
{
	int64_t integer;
	double number;
	char *text;

	ck_err(cute_shm_attr_i64(shm, "h", "i1", &integer),
	       CUTE_SHM_ERR_NOT_FOUND);
	ck_err(cute_shm_attr_f64(shm, "g", "i9", &number),
	       CUTE_SHM_ERR_NOT_FOUND);
	ck_errmsg_has("/g has no attribute \"i9\"");
	ck_err(cute_shm_attr_text(shm, "g", NULL, &text), CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_attr_text(shm, "g", "text", NULL),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_attr_i64(shm, "g", "i1", NULL), CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_attr_f64(shm, "g", "i1", NULL), CUTE_SHM_ERR_INVALID);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("attr_value");
	TCase *tc = tcase_create("attr_value");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, integers_are_read, 0, ELEMENTS(integers));
	tcase_add_test(tc, floats_are_read);
	tcase_add_test(tc, texts_of_both_kinds);
	tcase_add_test(tc, other_types_are_named);
	tcase_add_test(tc, what_is_not_there);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
