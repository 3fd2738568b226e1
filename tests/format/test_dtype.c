/* SPDX-License-Identifier: MIT */
/* dtype.c: the texts of dtypes, and shapes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "read/read.h"
#include "util.h"

static const struct {
	const char *text;
	uint32_t item_size;
} good[] = {
	{ "|b1", 1 },
	{ "|i1", 1 },
	{ "|u1", 1 },
	{ "<i2", 2 },
	{ "<u2", 2 },
	{ "<i4", 4 },
	{ "<u4", 4 },
	{ "<i8", 8 },
	{ "<u8", 8 },
	{ "<f2", 2 },
	{ "<f4", 4 },
	{ "<f8", 8 },
	{ "<f16", 16 },
	{ "<c8", 8 },
	{ "<c16", 16 },
	{ "|S1", 1 },
	{ "|S12", 12 },
	{ "|V16", 16 },
	{ "|S4294967295", UINT32_MAX },
	{ "|V4294967295", UINT32_MAX },
	{ "<M8[Y]", 8 },
	{ "<M8[M]", 8 },
	{ "<M8[W]", 8 },
	{ "<M8[D]", 8 },
	{ "<m8[h]", 8 },
	{ "<m8[m]", 8 },
	{ "<m8[s]", 8 },
	{ "<M8[ms]", 8 },
	{ "<M8[us]", 8 },
	{ "<M8[ns]", 8 },
	{ "<M8[ps]", 8 },
	{ "<M8[fs]", 8 },
	{ "<M8[as]", 8 },
	{ "<m8[25us]", 8 },
	{ "<m8[2D]", 8 },
	{ "<M8[1000000ns]", 8 },
	{ "<M8[99999999s]", 8 },
};

static const char *const bad[] = {
	"",
	" <f8",
	"<f8 ",
	"f8",
	">f8",
	"=f8",
	"<f3",
	"<i1",
	"|i2",
	"<b1",
	"|f8",
	"<c4",
	"<c32",
	"<f12",
	"<f08",
	"|S",
	"|S0",
	"|S01",
	"|S-1",
	"|S 1",
	"|S4294967296",
	"|V0",
	"|V",
	"<S4",
	"<U4",
	"|O",
	"<M8",
	"<M8[]",
	"<M8[ns",
	"<M8ns]",
	"<M8[xs]",
	"<M8[1ns]",
	"<M8[0ns]",
	"<M8[01ns]",
	"<M8[02ns]",
	"<M8[ns]]",
	"<M8[nss]",
	"<M8[-2ns]",
	"<m8[2147483648s]",
	"<M4[ns]",
	"|M8[ns]",
	"null ",
	"Null",
	"*",
	"*null",
	"**<f8",
	"*",
	"<f8*",
	"|S12345678901234",
	"[('a', '<f8')]",
	"a dtype of no format at all",
};

START_TEST(parses)
{
	struct dtype d;
	char text[32];

	ck_ok(dtype_parse(good[_i].text, &d));
	ck_assert_str_eq(d.text, good[_i].text);
	ck_assert_uint_eq(d.item_size, good[_i].item_size);
	ck_assert(!d.ragged && !d.null);

	snprintf(text, sizeof(text), "*%s", good[_i].text);
	if (strlen(text) >= FORMAT_DTYPE_SIZE) {
		ck_err(dtype_parse(text, &d), CUTE_SHM_ERR_TYPE);
		return;
	}
	ck_ok(dtype_parse(text, &d));
	ck_assert_str_eq(d.text, text);
	ck_assert_uint_eq(d.item_size, good[_i].item_size);
	ck_assert(d.ragged && !d.null);
}
END_TEST

START_TEST(refuses)
{
	struct dtype d = { .item_size = 77 };

	ck_err(dtype_parse(bad[_i], &d), CUTE_SHM_ERR_TYPE);
	ck_assert_uint_eq(d.item_size, 77);
	ck_err(dtype_parse(NULL, &d), CUTE_SHM_ERR_TYPE);
}
END_TEST

START_TEST(null)
{
	struct dtype d;

	ck_ok(dtype_parse("null", &d));
	ck_assert_str_eq(d.text, "null");
	ck_assert(d.null && !d.ragged && d.item_size == 0);
}
END_TEST

/* Fifteen characters are possible, and the rest of the row is zero. */
START_TEST(longest)
{
	static const char zeros[FORMAT_DTYPE_SIZE];
	struct dtype d;

	ck_ok(dtype_parse("<M8[100000000s]", &d));
	ck_assert_str_eq(d.text, "<M8[100000000s]");
	ck_err(dtype_parse("<M8[1000000000s]", &d), CUTE_SHM_ERR_TYPE);
	ck_errmsg_has("longer than 15");
	ck_ok(dtype_parse("<f8", &d));
	ck_assert_mem_eq(d.text + 3, zeros, sizeof(d.text) - 3);
}
END_TEST

/* What lists print is what builders take. */
static const struct {
	const char *text, *name;
} named[] = {
	{ "|b1", "bool" },
	{ "|i1", "int8" },
	{ "<u4", "uint32" },
	{ "<f2", "float16" },
	{ "<f8", "float64" },
	{ "<f16", "float128" },
	{ "<c8", "complex64" },
	{ "<c16", "complex128" },
	{ "|S12", "S12" },
	{ "|V4294967295", "V4294967295" },
	{ "<M8[ns]", "datetime64[ns]" },
	{ "<m8[25us]", "timedelta64[25us]" },
	{ "*|S1", "string" },
	{ "*<f4", "list of float32" },
	{ "*|S2", "list of S2" },
	{ "null", "null" },
};

START_TEST(names)
{
	char name[CUTE_SHM_DTYPE_NAME_SIZE];
	struct dtype d;

	ck_assert_str_eq(cute_shm_dtype_name(named[_i].text, name,
					     sizeof(name)),
			 named[_i].name);
	if (strcmp(named[_i].text, named[_i].name) != 0) {
		ck_ok(dtype_read(named[_i].name, &d));
		ck_assert_str_eq(d.text, named[_i].text);
		ck_err(dtype_parse(named[_i].name, &d), CUTE_SHM_ERR_TYPE);
	}
}
END_TEST

static const char *const no_names[] = {
	"",
	"float",
	"Float64",
	"float64 ",
	" float64",
	"S",
	"S0",
	"S012",
	"S99999999999999999999",
	"datetime64",
	"datetime64[",
	"datetime64[xs]",
	"datetime64[123456789012ns]",
	"list of ",
	"list of string",
	"list of list of int8",
	"strings",
};

START_TEST(no_dtypes)
{
	struct dtype d;

	ck_err(dtype_read(no_names[_i], &d), CUTE_SHM_ERR_TYPE);
}
END_TEST

START_TEST(shapes)
{
	uint64_t shape[40] = { 3, 4, 5 };
	uint64_t huge[] = { UINT64_C(1) << 32, UINT64_C(1) << 32, 0 };
	uint64_t n = 77;
	unsigned i;

	ck_ok(shape_count(0, NULL, &n));
	ck_assert_uint_eq(n, 1);
	ck_ok(shape_count(3, shape, &n));
	ck_assert_uint_eq(n, 60);
	ck_ok(shape_count(4, shape, &n));
	ck_assert_uint_eq(n, 0);
	ck_ok(shape_count(1, huge, &n));
	ck_assert_uint_eq(n, UINT64_C(1) << 32);
	ck_err(shape_count(2, huge, &n), CUTE_SHM_ERR_INVALID);
	ck_assert_uint_eq(n, UINT64_C(1) << 32);
	ck_ok(shape_count(3, huge, &n));
	ck_assert_uint_eq(n, 0);
	for (i = 0; i < ELEMENTS(shape); i++)
		shape[i] = 1;
	ck_ok(shape_count(32, shape, &n));
	ck_assert_uint_eq(n, 1);
	ck_err(shape_count(33, shape, &n), CUTE_SHM_ERR_INVALID);
	ck_err(shape_count(1, NULL, &n), CUTE_SHM_ERR_INVALID);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("dtype");
	TCase *tc = tcase_create("dtype");

	tcase_add_loop_test(tc, parses, 0, ELEMENTS(good));
	tcase_add_loop_test(tc, refuses, 0, ELEMENTS(bad));
	tcase_add_test(tc, null);
	tcase_add_test(tc, longest);
	tcase_add_loop_test(tc, names, 0, ELEMENTS(named));
	tcase_add_loop_test(tc, no_dtypes, 0, ELEMENTS(no_names));
	tcase_add_test(tc, shapes);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
