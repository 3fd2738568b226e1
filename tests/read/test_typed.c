/* SPDX-License-Identifier: MIT */
/* Typed access and ragged elements. */
#include <string.h>

#include "sample.h"

static struct cute_shm *shm;

static void
setup(void)
{
	test_root();
	sample_publish("typed");
	ck_ok(cute_shm_open("typed", NULL, &shm));
}

static void
teardown(void)
{
	cute_shm_close(shm);
	shm = NULL;
}

/* How many of the typed calls give data, as a bit for each. */
static unsigned
fitting(const struct cute_shm_array *a)
{
	uint64_t n = 99;

	return (unsigned)(cute_shm_i8(a, &n) != NULL) << 0 |
	       (unsigned)(cute_shm_i16(a, &n) != NULL) << 1 |
	       (unsigned)(cute_shm_i32(a, &n) != NULL) << 2 |
	       (unsigned)(cute_shm_i64(a, &n) != NULL) << 3 |
	       (unsigned)(cute_shm_u8(a, &n) != NULL) << 4 |
	       (unsigned)(cute_shm_u16(a, &n) != NULL) << 5 |
	       (unsigned)(cute_shm_u32(a, &n) != NULL) << 6 |
	       (unsigned)(cute_shm_u64(a, &n) != NULL) << 7 |
	       (unsigned)(cute_shm_f32(a, &n) != NULL) << 8 |
	       (unsigned)(cute_shm_f64(a, &n) != NULL) << 9;
}

static const struct {
	const char *dtype;
	unsigned fits;
} types[] = {
	{ "|i1", 1 << 0 }, { "<i2", 1 << 1 }, { "<i4", 1 << 2 },
	{ "<i8", 1 << 3 }, { "|u1", 1 << 4 }, { "|b1", 1 << 4 },
	{ "<u2", 1 << 5 }, { "<u4", 1 << 6 }, { "<u8", 1 << 7 },
	{ "<f4", 1 << 8 }, { "<f8", 1 << 9 }, { "<f2", 0 },
	{ "<c8", 0 },	   { "<M8[ns]", 0 },  { "|S8", 0 },
	{ "null", 0 },
};

START_TEST(each_dtype_has_one_access)
{
	struct cute_shm_array a = { .dtype = types[_i].dtype,
				    .data = "12345678" };

	ck_assert_uint_eq(fitting(&a), types[_i].fits);
	ck_assert_ptr_eq(cute_shm_typed(&a, types[_i].dtype, NULL), a.data);
}
END_TEST

START_TEST(counts_are_of_elements)
{
	struct cute_shm_array a;
	const double *x;
	uint64_t n = 99;

	ck_ok(cute_shm_get(shm, "a/x", &a));
	x = cute_shm_f64(&a, &n);
	ck_assert_ptr_eq(x, a.data);
	ck_assert_uint_eq(n, 3);
	ck_assert_double_eq(x[2], 3);
	n = 99;
	ck_assert_ptr_null(cute_shm_f32(&a, &n));
	ck_assert_uint_eq(n, 99);
	ck_errmsg_has("\"a/x\" is float64, not float32");
	ck_assert_ptr_nonnull(cute_shm_f64(&a, NULL));
	ck_assert_ptr_eq(cute_shm_typed(&a, "float64", NULL), a.data);
	ck_assert_ptr_null(cute_shm_typed(&a, "complex64", NULL));
	ck_errmsg_has("\"a/x\" is float64, not complex64");
	ck_assert_ptr_null(cute_shm_typed(&a, "float65", NULL));
	ck_errmsg_has("\"float65\" is no dtype");
	ck_assert_ptr_null(cute_shm_u8(&a, NULL));
	ck_errmsg_has("\"a/x\" is float64, not uint8");
}
END_TEST

/* Fixed and variable strings come out the same. */
START_TEST(strings_one_by_one)
{
	static const uint64_t offsets[] = { 0, 3, 8, 8, 12 };
	static const char *const expect[] = { "abc", "defgh", "", "\0x\0y" };
	static const uint64_t sizes[] = { 3, 5, 0, 4 };
	static const char values[] = "abcdefgh\0x\0y";
	struct cute_shm_array a[] = {
		{ .path = "f",
		  .dtype = "|S5",
		  .item_size = 5,
		  .element_count = 4,
		  .data = "abc\0\0defgh\0\0\0\0\0\0x\0y" },
		{ .path = "v",
		  .dtype = "*|S1",
		  .item_size = 1,
		  .element_count = 4,
		  .offsets = offsets,
		  .values = values,
		  .value_count = 12 },
	};
	const char *text;
	uint64_t n, i;

	for (i = 0; i < 4; i++) {
		ck_ok(cute_shm_string(&a[_i], i, &text, &n));
		ck_assert_uint_eq(n, sizes[i]);
		ck_assert_mem_eq(text, expect[i], n);
	}
	ck_err(cute_shm_string(&a[_i], 4, &text, &n), CUTE_SHM_ERR_INVALID);
	ck_errmsg_has("element 4 of 4");
	ck_err(cute_shm_string(&a[_i], 0, NULL, &n), CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_string(&a[_i], 0, &text, NULL), CUTE_SHM_ERR_INVALID);
	a[0].dtype = "|V5";
	a[1].dtype = "*|i1";
	ck_err(cute_shm_string(&a[_i], 0, &text, &n), CUTE_SHM_ERR_TYPE);
	ck_errmsg_has(_i ? "\"v\" is list of int8, not strings"
			 : "\"f\" is V5, not strings");
}
END_TEST

/* No call takes NULL as the place for what it finds. */
START_TEST(no_place_for_a_result)
{
	struct cute_shm_node node;

	ck_ok(cute_shm_find(shm, "a", &node));
	ck_err(cute_shm_open("typed", NULL, NULL), CUTE_SHM_ERR_INVALID);
	ck_errmsg_has("cute_shm_open: NULL is no place for a result");
	ck_err(cute_shm_open_file("typed", NULL, NULL), CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_get(shm, "a/x", NULL), CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_find(shm, "a/x", NULL), CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_follow(&node, NULL), CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_node_array(&node, NULL), CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_first_child(&node, NULL), CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_next_sibling(&node, NULL), CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_next(&node, &node, NULL), CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_parent(&node, NULL), CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_attr(&node, "x", NULL), CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_next_attr(&node, NULL, NULL), CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_dtype_size("<f8", NULL), CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_builder_new("p", NULL, NULL), CUTE_SHM_ERR_INVALID);
}
END_TEST

START_TEST(an_empty_array_gives_a_pointer)
{
	struct cute_shm_array a;
	uint64_t n = 99;

	ck_ok(cute_shm_get(shm, "empty", &a));
	ck_assert_ptr_null(a.data);
	ck_assert_ptr_nonnull(cute_shm_i64(&a, &n));
	ck_assert_uint_eq(n, 0);
	ck_ok(cute_shm_get(shm, "null", &a));
	ck_assert_ptr_null(cute_shm_i64(&a, &n));
}
END_TEST

START_TEST(ragged_lists)
{
	struct cute_shm_array a;
	const void *data;
	const float *f;
	uint64_t n;

	ck_ok(cute_shm_get(shm, "ragged/lists", &a));
	ck_assert_uint_eq(a.value_count, 5);
	ck_assert_uint_eq((uintptr_t)a.values % 64, 0);
	ck_ok(cute_shm_element(&a, 0, &data, &n));
	ck_assert_uint_eq(n, 2);
	ck_assert_ptr_eq(data, a.values);
	ck_ok(cute_shm_element(&a, 1, &data, &n));
	ck_assert_uint_eq(n, 0);
	ck_assert_ptr_nonnull(data);
	ck_ok(cute_shm_element(&a, 2, &data, &n));
	ck_assert_uint_eq(n, 3);
	f = data;
	ck_assert_float_eq(f[2], 5);
	ck_assert_ptr_null(cute_shm_f32(&a, &n));
}
END_TEST

START_TEST(elements_that_are_not_there)
{
	struct cute_shm_array a;
	const void *data = NULL;
	uint64_t n = 99;

	ck_ok(cute_shm_get(shm, "ragged/lists", &a));
	ck_err(cute_shm_element(&a, 3, &data, &n), CUTE_SHM_ERR_INVALID);
	ck_errmsg_has("element 3 of 3");
	ck_err(cute_shm_element(&a, UINT64_MAX, &data, &n),
	       CUTE_SHM_ERR_INVALID);
	ck_ok(cute_shm_get(shm, "a/x", &a));
	ck_err(cute_shm_element(&a, 0, &data, &n), CUTE_SHM_ERR_TYPE);
	ck_assert_ptr_null(data);
	ck_assert_uint_eq(n, 99);
}
END_TEST

/* The offsets of a segment are as trustworthy as it is. */
static const uint64_t wrong[][2] = {
	{ 6, 2 },
	{ UINT64_MAX, 1 },
	{ 3, 1 },
	{ UINT64_MAX / 4, 2 },
};

START_TEST(elements_outside_the_items)
{
	struct segment s = sample_new();
	struct cute_shm *bad;
	struct cute_shm_array a;
	const void *data;
	uint64_t n, at, i;
	bool found = false;

	at = get64(&s, segment_node(&s, "ragged/lists") +
			       offsetof(struct format_array, data_offset));
	put64(&s, at + 8 * wrong[_i][1], wrong[_i][0]);
	bad = segment_attach(&s);
	ck_ok(cute_shm_get(bad, "ragged/lists", &a));
	for (i = 0; i < 3; i++)
		found |= cute_shm_element(&a, i, &data, &n) ==
			 CUTE_SHM_ERR_CORRUPT;
	ck_assert(found);
	cute_shm_close(bad);
	segment_free(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("typed");
	TCase *tc = tcase_create("typed");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, each_dtype_has_one_access, 0, ELEMENTS(types));
	tcase_add_test(tc, counts_are_of_elements);
	tcase_add_loop_test(tc, strings_one_by_one, 0, 2);
	tcase_add_test(tc, no_place_for_a_result);
	tcase_add_test(tc, an_empty_array_gives_a_pointer);
	tcase_add_test(tc, ragged_lists);
	tcase_add_test(tc, elements_that_are_not_there);
	tcase_add_loop_test(tc, elements_outside_the_items, 0, ELEMENTS(wrong));
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
