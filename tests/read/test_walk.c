/* SPDX-License-Identifier: MIT */
/* Children, siblings, parents, pre-order; attributes by order and by name. */
#include <string.h>

#include "sample.h"

static struct cute_shm *shm;
static struct cute_shm_node root;

static void
setup(void)
{
	test_root();
	sample_publish("walk");
	ck_ok(cute_shm_open("walk", NULL, &shm));
	ck_ok(cute_shm_find(shm, "", &root));
}

static void
teardown(void)
{
	cute_shm_close(shm);
	shm = NULL;
}

static const char *const all[] = {
	"",	    "a",       "a/x",	       "a/deep",
	"a/deep/y", "scalar",  "big",	       "empty",
	"null",	    "ragged",  "ragged/lists", "ragged/words",
	"color",    "table",   "table/id",     "table/x",
	"links",    "links/x", "links/a",      "links/root",
};

START_TEST(next_walks_in_pre_order)
{
	struct cute_shm_node node = root;
	size_t i;

	for (i = 1; i < ELEMENTS(all); i++) {
		ck_ok(cute_shm_next(&root, &node, &node));
		ck_assert_str_eq(node.path, all[i]);
		ck_assert_str_eq(node.name, strrchr(all[i], '/')
						    ? strrchr(all[i], '/') + 1
						    : all[i]);
	}
	ck_err(cute_shm_next(&root, &node, &node), CUTE_SHM_ERR_END);
	ck_assert_str_eq(node.path, "links/root");
}
END_TEST

START_TEST(next_stays_in_the_subtree)
{
	struct cute_shm_node a, node;

	ck_ok(cute_shm_find(shm, "a", &a));
	ck_ok(cute_shm_next(&a, &a, &node));
	ck_assert_str_eq(node.path, "a/x");
	ck_ok(cute_shm_next(&a, &node, &node));
	ck_ok(cute_shm_next(&a, &node, &node));
	ck_assert_str_eq(node.path, "a/deep/y");
	ck_err(cute_shm_next(&a, &node, &node), CUTE_SHM_ERR_END);
	ck_ok(cute_shm_find(shm, "a/x", &a));
	ck_err(cute_shm_next(&a, &a, &node), CUTE_SHM_ERR_END);
}
END_TEST

START_TEST(children_in_order)
{
	static const char *const names[] = {
		"a",	  "scalar", "big",   "empty", "null",
		"ragged", "color",  "table", "links",
	};
	struct cute_shm_node node, parent;
	size_t i;

	ck_assert_uint_eq(root.child_count, ELEMENTS(names));
	ck_ok(cute_shm_first_child(&root, &node));
	for (i = 0; i < ELEMENTS(names); i++) {
		ck_assert_str_eq(node.name, names[i]);
		ck_ok(cute_shm_parent(&node, &parent));
		ck_assert_str_eq(parent.path, "");
		if (i + 1 < ELEMENTS(names))
			ck_ok(cute_shm_next_sibling(&node, &node));
	}
	ck_err(cute_shm_next_sibling(&node, &node), CUTE_SHM_ERR_END);
	ck_err(cute_shm_next_sibling(&root, &node), CUTE_SHM_ERR_END);
}
END_TEST

START_TEST(parents)
{
	struct cute_shm_node node;

	ck_ok(cute_shm_find(shm, "a/deep/y", &node));
	ck_ok(cute_shm_parent(&node, &node));
	ck_assert_str_eq(node.path, "a/deep");
	ck_ok(cute_shm_parent(&node, &node));
	ck_ok(cute_shm_parent(&node, &node));
	ck_assert_str_eq(node.path, "");
	ck_ok(cute_shm_parent(&node, &node));
	ck_assert_str_eq(node.path, "");
}
END_TEST

START_TEST(only_groups_have_children)
{
	struct cute_shm_node node;
	struct cute_shm_array array;

	ck_ok(cute_shm_find(shm, "scalar", &node));
	ck_err(cute_shm_first_child(&node, &node), CUTE_SHM_ERR_TYPE);
	ck_errmsg_has("/scalar");
	ck_ok(cute_shm_node_array(&node, &array));
	ck_assert_str_eq(array.dtype, "<i4");
	ck_err(cute_shm_node_array(&root, &array), CUTE_SHM_ERR_TYPE);
	ck_ok(cute_shm_find(shm, "links/a", &node));
	ck_assert_int_eq(node.kind, CUTE_SHM_LINK);
	ck_err(cute_shm_first_child(&node, &node), CUTE_SHM_ERR_TYPE);
	ck_err(cute_shm_node_array(&node, &array), CUTE_SHM_ERR_TYPE);
}
END_TEST

START_TEST(links_are_followed_when_asked)
{
	struct cute_shm_node node, target;

	ck_ok(cute_shm_find(shm, "links/a", &node));
	ck_ok(cute_shm_follow(&node, &target));
	ck_assert_str_eq(target.path, "a");
	ck_assert_int_eq(target.kind, CUTE_SHM_GROUP);
	ck_ok(cute_shm_follow(&target, &target));
	ck_assert_str_eq(target.path, "a");
	ck_ok(cute_shm_find(shm, "links/root", &node));
	ck_ok(cute_shm_follow(&node, &node));
	ck_assert_str_eq(node.path, "");
}
END_TEST

START_TEST(attributes_in_order)
{
	static const char *const names[] = { "values", "units", "flag" };
	struct cute_shm_node node;
	struct cute_shm_attr attr;
	size_t i;

	ck_ok(cute_shm_find(shm, "a/x", &node));
	ck_assert_uint_eq(node.attr_count, ELEMENTS(names));
	ck_ok(cute_shm_next_attr(&node, NULL, &attr));
	for (i = 0; i < ELEMENTS(names); i++) {
		ck_assert_str_eq(attr.name, names[i]);
		ck_assert_str_eq(attr.value.path, names[i]);
		if (i + 1 < ELEMENTS(names))
			ck_ok(cute_shm_next_attr(&node, &attr, &attr));
	}
	ck_err(cute_shm_next_attr(&node, &attr, &attr), CUTE_SHM_ERR_END);
}
END_TEST

/* The last attribute of a group is followed by its child, not by more. */
START_TEST(attributes_of_a_group_end_before_its_children)
{
	struct cute_shm_attr attr;

	ck_ok(cute_shm_next_attr(&root, NULL, &attr));
	ck_assert_str_eq(attr.name, "title");
	ck_ok(cute_shm_next_attr(&root, &attr, &attr));
	ck_assert_str_eq(attr.name, "none");
	ck_assert_str_eq(attr.value.dtype, "null");
	ck_err(cute_shm_next_attr(&root, &attr, &attr), CUTE_SHM_ERR_END);
}
END_TEST

START_TEST(attributes_by_name)
{
	struct cute_shm_node node;
	struct cute_shm_attr attr;
	const double *values;
	uint64_t n;

	ck_ok(cute_shm_find(shm, "a/x", &node));
	ck_ok(cute_shm_attr(&node, "values", &attr));
	values = cute_shm_f64(&attr.value, &n);
	ck_assert_ptr_nonnull(values);
	ck_assert_uint_eq(n, 3);
	ck_assert_double_eq(values[1], 2.5);
	ck_assert_uint_eq((uintptr_t)values % 16, 0);
	ck_err(cute_shm_attr(&node, "value", &attr), CUTE_SHM_ERR_NOT_FOUND);
	ck_errmsg_has("\"value\"");
	ck_errmsg_has("/a/x");
	ck_err(cute_shm_attr(&node, "", &attr), CUTE_SHM_ERR_NOT_FOUND);
	ck_err(cute_shm_attr(&node, NULL, &attr), CUTE_SHM_ERR_INVALID);
	ck_assert_str_eq(attr.name, "values");
}
END_TEST

START_TEST(links_have_no_attributes)
{
	struct cute_shm_node node;
	struct cute_shm_attr attr;

	ck_ok(cute_shm_find(shm, "links/x", &node));
	ck_err(cute_shm_next_attr(&node, NULL, &attr), CUTE_SHM_ERR_END);
	ck_err(cute_shm_attr(&node, "units", &attr), CUTE_SHM_ERR_NOT_FOUND);
	ck_ok(cute_shm_find(shm, "scalar", &node));
	ck_err(cute_shm_next_attr(&node, NULL, &attr), CUTE_SHM_ERR_END);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("walk");
	TCase *tc = tcase_create("nodes");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, next_walks_in_pre_order);
	tcase_add_test(tc, next_stays_in_the_subtree);
	tcase_add_test(tc, children_in_order);
	tcase_add_test(tc, parents);
	tcase_add_test(tc, only_groups_have_children);
	tcase_add_test(tc, links_are_followed_when_asked);
	suite_add_tcase(suite, tc);
	tc = tcase_create("attributes");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, attributes_in_order);
	tcase_add_test(tc, attributes_of_a_group_end_before_its_children);
	tcase_add_test(tc, attributes_by_name);
	tcase_add_test(tc, links_have_no_attributes);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
