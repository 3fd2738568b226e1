/* SPDX-License-Identifier: MIT */
/* path.c: the syntax of paths. */
#include <stdlib.h>
#include <string.h>

#include "read/read.h"
#include "util.h"

static const struct {
	const char *path, *plain;
} good[] = {
	{ "", "" },
	{ "/", "" },
	{ "a", "a" },
	{ "/a", "a" },
	{ "b/b1", "b/b1" },
	{ "/b/b1/c", "b/b1/c" },
	{ ".hidden", ".hidden" },
	{ "...", "..." },
	{ "a/.../b", "a/.../b" },
	{ " ", " " },
	{ "a\tb\nc", "a\tb\nc" },
	{ "\x7f", "\x7f" },
	{ "\xc2\x80", "\xc2\x80" },
	{ "\xe2\x82\xac/\xf0\x9f\x98\x80", "\xe2\x82\xac/\xf0\x9f\x98\x80" },
	{ "\xed\x9f\xbf", "\xed\x9f\xbf" },
	{ "\xee\x80\x80", "\xee\x80\x80" },
	{ "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf" },
};

static const char *const bad[] = {
	"//",
	"//a",
	"a/",
	"a//b",
	"/a/",
	".",
	"..",
	"a/.",
	"a/../b",
	"./a",
	/* lone, overlong, surrogate, above U+10FFFF, cut short */
	"\x80",
	"\xff",
	"a\xc2",
	"\xc0\xaf",
	"\xc1\xbf",
	"\xe0\x80\x80",
	"\xe0\x9f\xbf",
	"\xed\xa0\x80",
	"\xed\xbf\xbf",
	"\xf0\x80\x80\x80",
	"\xf0\x8f\xbf\xbf",
	"\xf4\x90\x80\x80",
	"\xf5\x80\x80\x80",
	"\xe2\x82",
	"\xe2\x82/a",
	"\xf0\x9f\x98",
	"\xc2\x41",
	"\xe2\x41\x80",
	"\xe2\x82\x41",
	"\xf0\x9f\x98\x41",
};

START_TEST(accepts)
{
	const char *plain = NULL;

	ck_ok(path_check(good[_i].path, &plain));
	ck_assert_str_eq(plain, good[_i].plain);
}
END_TEST

START_TEST(refuses)
{
	const char *plain = "untouched";

	ck_err(path_check(bad[_i], &plain), CUTE_SHM_ERR_INVALID);
	ck_assert_str_eq(plain, "untouched");
	ck_assert(!component_ok(bad[_i], strlen(bad[_i])));
}
END_TEST

START_TEST(components)
{
	const char *plain;

	ck_err(path_check(NULL, &plain), CUTE_SHM_ERR_INVALID);
	ck_assert(component_ok("ab", 2));
	ck_assert(!component_ok("a\0b", 3));
	ck_assert(!component_ok("a/b", 3));
	ck_assert(!component_ok("", 0));
	/* What follows does not count. */
	ck_assert(component_ok("a/b", 1));
	ck_assert(!component_ok("\xe2\x82\xac", 2));
	ck_assert(utf8_ok("", 0));
	ck_assert(utf8_ok("a/b\0c", 5));
}
END_TEST

/* Long paths are named in messages, but not at any length. */
START_TEST(long_paths)
{
	const char *plain;
	char *path;

	path = malloc(1 << 20);
	ck_assert_ptr_nonnull(path);
	memset(path, 'x', (1 << 20) - 1);
	path[(1 << 20) - 1] = '\0';
	ck_ok(path_check(path, &plain));
	ck_assert_ptr_eq(plain, path);
	path[(1 << 20) - 2] = '/';
	ck_err(path_check(path, &plain), CUTE_SHM_ERR_INVALID);
	path[1000] = '\xff';
	ck_err(path_check(path, &plain), CUTE_SHM_ERR_INVALID);
	ck_assert_uint_lt(strlen(cute_shm_errmsg()), 2048);
	free(path);
}
END_TEST

/* As other implementations of XXH3 say. */
START_TEST(hashes)
{
	ck_assert_uint_eq(path_hash("", 0), UINT64_C(0x2d06800538d394c2));
	ck_assert_uint_eq(path_hash("b/b1", 4), UINT64_C(0xb3c729fb431c5adf));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("path");
	TCase *tc = tcase_create("path");

	tcase_add_loop_test(tc, accepts, 0, ELEMENTS(good));
	tcase_add_loop_test(tc, refuses, 0, ELEMENTS(bad));
	tcase_add_test(tc, components);
	tcase_add_test(tc, long_paths);
	tcase_add_test(tc, hashes);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
