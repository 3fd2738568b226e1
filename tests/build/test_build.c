/* SPDX-License-Identifier: MIT */
/* Describing, reserving, writing: build.c to write.c, and complete.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build_util.h"
#include "read/read.h"

/* Of the tree of make_tree() and of an empty one, by another encoder. */
#define TREE_DIGEST  UINT64_C(0xb81329ddfcfa1b29)
#define EMPTY_DIGEST UINT64_C(0x94f28d81661795f5)

static const double b1[] = { 0, 1, 2, 3, 4, 5 };
static const uint64_t b1_shape[] = { 2, 3 };
static uint8_t big[5000];

static void
fill_big(void)
{
	size_t i;

	for (i = 0; i < sizeof(big); i++)
		big[i] = (uint8_t)(i % 251);
}

static void
make_attrs(struct cute_shm_builder *b)
{
	static const uint16_t n[] = { 1, 2, 3 };
	static const uint64_t offsets[] = { 0, 2, 2, 3 };
	static const int32_t lists[] = { 1, 2, 3 };
	static const uint64_t three = 3;

	ck_ok(cute_shm_builder_attr_text(b, "b/b1", "units", "mm"));
	ck_ok(cute_shm_builder_attr(b, "b/b1", "n", "<u2", 1, &three, n));
	ck_ok(cute_shm_builder_attr(b, "/b", "none", "null", 0, NULL, NULL));
	ck_ok(cute_shm_builder_attr_text(b, "", "title", "a tree"));
	ck_ok(cute_shm_builder_attr_ragged(b, "/", "lists", "*<i4", 1, &three,
					   offsets, lists));
}

/* All kinds; 'b' is made implicitly, and children are in order of creation. */
static void
make_tree(struct cute_shm_builder *b, bool pointers)
{
	static const uint64_t offsets[] = { 0, 1, 1, 3 };
	static const float values[] = { 1.5f, 2.5f, -3.5f };
	static const uint64_t three = 3, empty[] = { 3, 0 }, two = 2;
	static const uint64_t big_shape = sizeof(big);
	static const char text[] = "abc\0\0\0\0\0\0\0\0\0de\0\0\0\0\0\0\0\0\0";
	static const uint8_t seven = 7;

	ck_ok(cute_shm_builder_array(b, "b/b1", "<f8", 2, b1_shape,
				     pointers ? b1 : NULL));
	ck_ok(cute_shm_builder_array(b, "b/deep/x", "|u1", 0, NULL, &seven));
	ck_ok(cute_shm_builder_ragged(b, "r", "*<f4", 1, &three, 3, offsets,
				      values));
	ck_ok(cute_shm_builder_link(b, "l", "/b/b1"));
	ck_ok(cute_shm_builder_link(b, "root", "/"));
	ck_ok(cute_shm_builder_array(b, "null", "null", 0, NULL, NULL));
	ck_ok(cute_shm_builder_array(b, "empty", "<i4", 2, empty, NULL));
	ck_ok(cute_shm_builder_array(b, "/big", "|u1", 1, &big_shape,
				     pointers ? big : NULL));
	ck_ok(cute_shm_builder_array(b, "s", "|S12", 1, &two, text));
	ck_ok(cute_shm_builder_group(b, "/b"));
	make_attrs(b);
}

START_TEST(known_digest)
{
	struct cute_shm_builder *b;
	struct cute_shm *shm;

	test_root();
	b = build_new("tree", 512);
	make_tree(b, true);
	shm = build_publish(b);
	ck_assert_uint_eq(content_digest(shm), TREE_DIGEST);
	cute_shm_close(shm);
	shm = build_publish(build_new("empty", 0));
	ck_assert_uint_eq(content_digest(shm), EMPTY_DIGEST);
	cute_shm_close(shm);
}
END_TEST

/* In blocks, in parts, twice, out of order: the content is the same. */
START_TEST(written)
{
	static const size_t steps[] = { 5000, 512, 1024, 100, 1, 4999 };
	struct cute_shm_builder *b;
	struct cute_shm *shm;
	uint8_t junk[1024];
	size_t at, n, step = steps[_i];

	test_root();
	memset(junk, 0xa5, sizeof(junk));
	b = build_new("tree", 512);
	make_tree(b, false);
	ck_ok(cute_shm_builder_reserve(b));
	ck_ok(cute_shm_builder_write(b, "b/b1", 0, b1, sizeof(b1)));
	/* Whole blocks and parts of others, hashed, that do not last. */
	ck_ok(cute_shm_builder_write(b, "big", 0, junk, 1024));
	ck_ok(cute_shm_builder_write(b, "big", 4096 + 512, junk, 5000 - 4608));
	for (at = (sizeof(big) - 1) / step * step;; at -= step) {
		n = sizeof(big) - at < step ? sizeof(big) - at : step;
		ck_ok(cute_shm_builder_write(b, "/big", at, big + at, n));
		if (at == 0)
			break;
	}
	/* One byte there and back: the block's digest must not survive it. */
	ck_ok(cute_shm_builder_write(b, "big", 700, junk, 1));
	ck_ok(cute_shm_builder_write(b, "big", 700, big + 700, 1));
	ck_ok(cute_shm_builder_write(b, "big", 5000, NULL, 0));
	shm = build_publish(b);
	ck_assert_uint_eq(content_digest(shm), TREE_DIGEST);
	cute_shm_close(shm);
}
END_TEST

START_TEST(unwritten_is_zero)
{
	static const uint64_t shape = 3000000;
	struct cute_shm_builder *b;
	struct cute_shm_array a;
	struct cute_shm *shm;
	const uint8_t *p;

	test_root();
	b = build_new("zero", 0);
	ck_ok(cute_shm_builder_array(b, "z", "|u1", 1, &shape, NULL));
	ck_ok(cute_shm_builder_reserve(b));
	ck_ok(cute_shm_builder_write(b, "z", 1234567, "x", 1));
	shm = build_publish(b);
	ck_ok(cute_shm_get(shm, "z", &a));
	p = a.data;
	ck_assert(p[1234567] == 'x');
	ck_assert(p[0] == 0 && memcmp(p, p + 1, 1234566) == 0);
	ck_assert(p[1234568] == 0 &&
		  memcmp(p + 1234568, p + 1234569, 3000000 - 1234569) == 0);
	cute_shm_close(shm);
}
END_TEST

START_TEST(wrong_nodes)
{
	static const uint64_t shape[] = { UINT64_MAX, 3 };
	struct cute_shm_builder *b;
	struct cute_shm *shm;
	uint64_t ones[33];
	size_t i;

	for (i = 0; i < ELEMENTS(ones); i++)
		ones[i] = 1;
	test_root();
	b = build_new("wrong", 512);
	make_tree(b, true);
	ck_err(cute_shm_builder_array(b, "b/b1/c", "<f8", 0, NULL, NULL),
	       CUTE_SHM_ERR_TYPE);
	ck_errmsg_has("b/b1");
	ck_err(cute_shm_builder_group(b, "l/c/d"), CUTE_SHM_ERR_TYPE);
	ck_err(cute_shm_builder_group(b, "big"), CUTE_SHM_ERR_EXISTS);
	ck_err(cute_shm_builder_array(b, "/b", "<f8", 0, NULL, NULL),
	       CUTE_SHM_ERR_EXISTS);
	ck_err(cute_shm_builder_array(b, "", "<f8", 0, NULL, NULL),
	       CUTE_SHM_ERR_EXISTS);
	ck_err(cute_shm_builder_link(b, "l", "b"), CUTE_SHM_ERR_EXISTS);
	ck_err(cute_shm_builder_array(b, "a//b", "<f8", 0, NULL, NULL),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_builder_array(b, NULL, "*<f8", 0, NULL, NULL),
	       CUTE_SHM_ERR_TYPE);
	ck_err(cute_shm_builder_array(b, "a", "<f7", 0, NULL, NULL),
	       CUTE_SHM_ERR_TYPE);
	ck_err(cute_shm_builder_array(b, "a", "null", 1, ones, NULL),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_builder_array(b, "a", "<f8", 33, ones, NULL),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_builder_array(b, "a", "|u1", 2, shape, NULL),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_builder_array(b, "a", "<f8", 1, shape, NULL),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_builder_link(b, "a", "x//y"), CUTE_SHM_ERR_INVALID);
	/* None of that has left a trace. */
	shm = build_publish(b);
	ck_assert_uint_eq(content_digest(shm), TREE_DIGEST);
	cute_shm_close(shm);
}
END_TEST

START_TEST(wrong_ragged)
{
	static const uint64_t two = 2, huge = UINT64_MAX / 8;
	static const uint64_t good[] = { 0, 1, 3 }, falls[] = { 0, 4, 3 },
			      begins[] = { 1, 1, 3 };
	static const uint8_t values[4];
	struct cute_shm_builder *b;

	test_root();
	b = build_new("ragged", 0);
	ck_err(cute_shm_builder_ragged(b, "a", "|u1", 1, &two, 3, good, values),
	       CUTE_SHM_ERR_TYPE);
	ck_err(cute_shm_builder_ragged(b, "a", "*|u1", 1, &two, 2, good,
				       values),
	       CUTE_SHM_ERR_INVALID);
	ck_errmsg_has("a: its last offset is 3, of 2 items");
	ck_err(cute_shm_builder_ragged(b, "a", "*|u1", 1, &two, 3, falls,
				       values),
	       CUTE_SHM_ERR_INVALID);
	ck_errmsg_has("falls from 4 to 3");
	ck_err(cute_shm_builder_ragged(b, "a", "*|u1", 1, &two, 3, begins,
				       values),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_builder_ragged(b, "a", "*|u1", 1, &two, 3, good, NULL),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_builder_ragged(b, "a", "*|u1", 1, &two, 3, NULL,
				       values),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_builder_ragged(b, "a", "*|u1", 1, &huge, 0, NULL, NULL),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_builder_ragged(b, "a", "*<u8", 1, &two, huge + 1, NULL,
				       NULL),
	       CUTE_SHM_ERR_INVALID);
	ck_ok(cute_shm_builder_ragged(b, "a", "*|u1", 1, &two, 3, good,
				      values));
	ck_assert_uint_eq(cute_shm_values_at(0), 64);
	ck_assert_uint_eq(cute_shm_values_at(7), 64);
	ck_assert_uint_eq(cute_shm_values_at(8), 128);
	ck_assert_uint_eq(cute_shm_values_at(UINT64_MAX), UINT64_MAX);
	cute_shm_builder_free(b);
}
END_TEST

/* Offsets that were written as bytes are judged before they are published. */
START_TEST(ragged_written)
{
	static const struct {
		uint64_t offsets[9];
		const char *message;
	} cases[] = {
		{ { 0, 1, 3 }, NULL },
		{ { 0, 0, 3 }, NULL },
		{ { 0, 1, 2 }, "its last offset is 2, of 3 items" },
		{ { 1, 1, 3 }, "offset 0 is 1" },
		{ { 0, 4, 3 }, "offset 2 is 3 after 4" },
		{ { 0, 1, 3, 7 }, "not zero" },
	};
	static const uint64_t two = 2;
	struct cute_shm_builder *b;
	int err;

	test_root();
	b = build_new("written", 64);
	ck_ok(cute_shm_builder_ragged(b, "g/a", "*|u1", 1, &two, 3, NULL,
				      NULL));
	ck_ok(cute_shm_builder_reserve(b));
	ck_ok(cute_shm_builder_write(b, "g/a", 0, cases[_i].offsets, 64));
	ck_ok(cute_shm_builder_write(b, "g/a", 64, "abc", 3));
	err = cute_shm_builder_publish(b, NULL);
	if (cases[_i].message) {
		ck_err(err, CUTE_SHM_ERR_INVALID);
		ck_errmsg_has("array /g/a: ");
		ck_errmsg_has(cases[_i].message);
	} else {
		ck_ok(err);
	}
	cute_shm_builder_free(b);
	ck_assert_uint_eq(test_count(getenv("CUTE_SHM_ROOT")),
			  cases[_i].message ? 0 : 1);
}
END_TEST

START_TEST(wrong_attrs)
{
	static const uint64_t many = UINT32_MAX, two = 2;
	static const uint64_t falls[] = { 0, 4, 3 };
	static const uint64_t far[] = { 0, 1, UINT64_MAX };
	struct cute_shm_builder *b;

	test_root();
	b = build_new("attrs", 0);
	make_tree(b, true);
	ck_err(cute_shm_builder_attr_text(b, "nowhere", "a", "b"),
	       CUTE_SHM_ERR_NOT_FOUND);
	ck_err(cute_shm_builder_attr_text(b, "l", "a", "b"), CUTE_SHM_ERR_TYPE);
	ck_err(cute_shm_builder_attr_text(b, "b/b1", "units", "m"),
	       CUTE_SHM_ERR_EXISTS);
	ck_ok(cute_shm_builder_attr_text(b, "b", "units", "m"));
	ck_err(cute_shm_builder_attr_text(b, "b", "", "m"),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_builder_attr_text(b, "b", "\xff", "m"),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_builder_attr_text(b, "b", NULL, "m"),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_builder_attr_text(b, "b", "t", NULL),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_builder_attr(b, "b", "t", "<f8", 0, NULL, NULL),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_builder_attr(b, "b", "t", "*<f8", 0, NULL, b1),
	       CUTE_SHM_ERR_TYPE);
	ck_err(cute_shm_builder_attr(b, "b", "t", "null", 1, &two, NULL),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_builder_attr(b, "b", "t", "|u1", 1, &many, b1),
	       CUTE_SHM_ERR_INVALID);
	ck_errmsg_has("4 GiB");
	ck_err(cute_shm_builder_attr_ragged(b, "b", "t", "*|u1", 1, &many, far,
					    b1),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_builder_attr_ragged(b, "b", "t", "*<f8", 1, &two, far,
					    b1),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_builder_attr_ragged(b, "b", "t", "*|u1", 1, &two, falls,
					    b1),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_builder_attr_ragged(b, "b", "t", "*|u1", 1, &two, NULL,
					    b1),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_builder_attr_ragged(b, "b", "t", "|u1", 1, &two, far,
					    b1),
	       CUTE_SHM_ERR_TYPE);
	cute_shm_builder_free(b);
}
END_TEST

START_TEST(links)
{
	struct cute_shm_node node;
	struct cute_shm_builder *b;
	struct cute_shm *shm;
	char from[32], to[32];
	int i;

	test_root();
	b = build_new("links", 0);
	ck_ok(cute_shm_builder_link(b, "a", "nowhere"));
	ck_err(cute_shm_builder_reserve(b), CUTE_SHM_ERR_NOT_FOUND);
	ck_errmsg_has("link /a: there is no /nowhere");
	/* That can still be helped. */
	ck_ok(cute_shm_builder_link(b, "nowhere", "b"));
	ck_ok(cute_shm_builder_link(b, "b", "a"));
	ck_err(cute_shm_builder_reserve(b), CUTE_SHM_ERR_INVALID);
	ck_errmsg_has("leads back to itself");
	cute_shm_builder_free(b);

	/* A long chain, its end last. */
	b = build_new("links", 0);
	for (i = 0; i < 20000; i++) {
		snprintf(from, sizeof(from), "l%d", i);
		snprintf(to, sizeof(to), "l%d", i + 1);
		ck_ok(cute_shm_builder_link(b, from, to));
	}
	ck_ok(cute_shm_builder_group(b, "l20000"));
	shm = build_publish(b);
	ck_ok(cute_shm_find(shm, "l7", &node));
	ck_assert_int_eq(node.kind, CUTE_SHM_LINK);
	ck_ok(cute_shm_follow(&node, &node));
	ck_assert_str_eq(node.path, "l20000");
	cute_shm_close(shm);
}
END_TEST

START_TEST(stages)
{
	static const uint64_t shape = 10;
	struct cute_shm_builder *b;

	test_root();
	b = build_new("stages", 0);
	ck_ok(cute_shm_builder_array(b, "a", "<f8", 1, &shape, NULL));
	ck_ok(cute_shm_builder_array(b, "p", "<f8", 2, b1_shape, b1));
	ck_err(cute_shm_builder_write(b, "a", 0, b1, 8), CUTE_SHM_ERR_STATE);
	ck_err(cute_shm_builder_adopt(b), CUTE_SHM_ERR_STATE);
	ck_ok(cute_shm_builder_reserve(b));
	ck_err(cute_shm_builder_reserve(b), CUTE_SHM_ERR_STATE);
	ck_err(cute_shm_builder_group(b, "g"), CUTE_SHM_ERR_STATE);
	ck_err(cute_shm_builder_array(b, "g", "<f8", 0, NULL, NULL),
	       CUTE_SHM_ERR_STATE);
	ck_err(cute_shm_builder_link(b, "g", "a"), CUTE_SHM_ERR_STATE);
	ck_err(cute_shm_builder_attr_text(b, "a", "g", "a"),
	       CUTE_SHM_ERR_STATE);
	ck_err(cute_shm_builder_adopt(b), CUTE_SHM_ERR_STATE);
	ck_errmsg_has("nobody has sealed");
	ck_err(cute_shm_builder_write(b, "a", 80, b1, 1), CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_builder_write(b, "a", 79, b1, 2), CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_builder_write(b, "a", UINT64_MAX, b1, 2),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_builder_write(b, "a", 0, b1, SIZE_MAX),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_builder_write(b, "a", 0, NULL, 1),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_builder_write(b, "p", 0, b1, 8), CUTE_SHM_ERR_STATE);
	ck_err(cute_shm_builder_write(b, "", 0, b1, 8), CUTE_SHM_ERR_TYPE);
	ck_err(cute_shm_builder_write(b, "x", 0, b1, 8),
	       CUTE_SHM_ERR_NOT_FOUND);
	ck_ok(cute_shm_builder_seal(b));
	ck_err(cute_shm_builder_seal(b), CUTE_SHM_ERR_STATE);
	ck_err(cute_shm_builder_write(b, "a", 0, b1, 8), CUTE_SHM_ERR_STATE);
	ck_ok(cute_shm_builder_publish(b, NULL));
	ck_err(cute_shm_builder_publish(b, NULL), CUTE_SHM_ERR_STATE);
	cute_shm_builder_free(b);
	cute_shm_builder_free(NULL);
}
END_TEST

/* No stage of a builder that is given up leaves memory, files or names. */
START_TEST(given_up)
{
	unsigned before = test_descriptors();
	const char *root = test_root();
	struct cute_shm_builder *b;
	int stage;

	for (stage = 0; stage < 4; stage++) {
		b = build_new("given_up", 512);
		if (stage > 0)
			make_tree(b, true);
		if (stage > 1)
			ck_ok(cute_shm_builder_reserve(b));
		if (stage > 2)
			ck_ok(cute_shm_builder_seal(b));
		cute_shm_builder_free(b);
		ck_assert_uint_eq(test_count(root), 0);
		ck_assert_uint_eq(test_descriptors(), before);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("build");
	TCase *tc = tcase_create("build");

	fill_big();
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, known_digest);
	tcase_add_loop_test(tc, written, 0, 6);
	tcase_add_test(tc, unwritten_is_zero);
	tcase_add_test(tc, wrong_nodes);
	tcase_add_test(tc, wrong_ragged);
	tcase_add_loop_test(tc, ragged_written, 0, 6);
	tcase_add_test(tc, wrong_attrs);
	tcase_add_test(tc, links);
	tcase_add_test(tc, stages);
	tcase_add_test(tc, given_up);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
