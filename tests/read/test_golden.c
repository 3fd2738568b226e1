/* SPDX-License-Identifier: MIT */
/*
 * Segments that another encoder wrote, good ones and such with one defect: the
 * call that must refuse each, and how.  They are in $CUTE_SHM_GOLDEN; without
 * it, this is skipped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sample.h"

enum call {
	NONE,
	OPEN,
	READ,
	VERIFY
};

static const struct {
	const char *file;
	enum call refused; /* by the first of these that does */
	int err;
	uint64_t digest; /* of the good ones' content */
} files[] = {
	{ "good-attributes.seg", NONE, 0, UINT64_C(0x801170305901691f) },
	{ "good-dtypes.seg", NONE, 0, UINT64_C(0xc5863bf7234d7827) },
	{ "good-empty.seg", NONE, 0, UINT64_C(0x94f28d81661795f5) },
	{ "good-names.seg", NONE, 0, UINT64_C(0x78644d16da2fb3e9) },
	{ "good-nested-links.seg", NONE, 0, UINT64_C(0x05bdfa6790cfae57) },
	{ "good-ragged.seg", NONE, 0, UINT64_C(0xf38bd511cdefcb0a) },
	{ "good-shapes.seg", NONE, 0, UINT64_C(0x293c5134bd1c040e) },
	{ "bad-attr-overrun.seg", READ, CUTE_SHM_ERR_CORRUPT, 0 },
	{ "bad-data-outside.seg", READ, CUTE_SHM_ERR_CORRUPT, 0 },
	{ "bad-header-digest.seg", OPEN, CUTE_SHM_ERR_CORRUPT, 0 },
	{ "bad-index-unsorted.seg", VERIFY, CUTE_SHM_ERR_CORRUPT, 0 },
	{ "bad-link-cycle.seg", READ, CUTE_SHM_ERR_CORRUPT, 0 },
	{ "bad-magic.seg", OPEN, CUTE_SHM_ERR_FORMAT, 0 },
	{ "bad-name-nul.seg", READ, CUTE_SHM_ERR_CORRUPT, 0 },
	{ "bad-next-backwards.seg", READ, CUTE_SHM_ERR_CORRUPT, 0 },
	{ "bad-record-size-0.seg", READ, CUTE_SHM_ERR_CORRUPT, 0 },
	{ "bad-section-outside.seg", OPEN, CUTE_SHM_ERR_CORRUPT, 0 },
	{ "bad-shape-overflow.seg", READ, CUTE_SHM_ERR_CORRUPT, 0 },
	{ "bad-truncated.seg", OPEN, CUTE_SHM_ERR_CORRUPT, 0 },
	{ "bad-version.seg", OPEN, CUTE_SHM_ERR_UNSUPPORTED, 0 },
};

static int
read_elements(const struct cute_shm_array *a)
{
	const void *item;
	uint64_t i, n;
	int rc = 0;

	for (i = 0; a->offsets && i < a->element_count && rc == 0; i++)
		rc = cute_shm_element(a, i, &item, &n);
	return rc;
}

/* What the node leads to, and all of its attributes. */
static int
read_node(const struct cute_shm_node *node)
{
	const struct cute_shm_attr *prev = NULL;
	struct cute_shm_node target;
	struct cute_shm_array array;
	struct cute_shm_attr attr;
	int rc;

	rc = cute_shm_follow(node, &target);
	if (rc == 0 && target.kind == CUTE_SHM_ARRAY)
		rc = cute_shm_node_array(&target, &array);
	if (rc == 0 && target.kind == CUTE_SHM_ARRAY)
		rc = read_elements(&array);
	while (rc == 0) {
		rc = cute_shm_next_attr(node, prev, &attr);
		prev = &attr;
		if (rc == 0)
			rc = read_elements(&attr.value);
	}
	return rc == CUTE_SHM_ERR_END ? 0 : rc;
}

/* The first failure of a whole walk; *count is the number of its nodes. */
static int
read_tree(const struct cute_shm *shm, uint64_t *count)
{
	struct cute_shm_node top, node;
	int rc;

	*count = 0;
	rc = cute_shm_find(shm, "", &top);
	for (node = top; rc == 0; rc = cute_shm_next(&top, &node, &node)) {
		++*count;
		rc = read_node(&node);
		if (rc != 0)
			return rc;
	}
	return rc == CUTE_SHM_ERR_END ? 0 : rc;
}

static int
open_golden(const char *name, struct cute_shm **ret)
{
	struct cute_shm_open_options opt = { .size = sizeof(opt),
					     .flags = CUTE_SHM_ANY_OWNER };

	return cute_shm_open_file(test_path(getenv("CUTE_SHM_GOLDEN"), name),
				  &opt, ret);
}

START_TEST(golden)
{
	const int err = files[_i].err;
	struct cute_shm_info info;
	struct cute_shm *shm = NULL;
	uint64_t count;

	ck_err(open_golden(files[_i].file, &shm),
	       files[_i].refused == OPEN ? err : 0);
	if (files[_i].refused == OPEN) {
		ck_assert_ptr_null(shm);
		ck_errmsg_has(files[_i].file);
		return;
	}
	ck_ok(cute_shm_info(shm, &info));
	ck_err(read_tree(shm, &count), files[_i].refused == READ ? err : 0);
	if (files[_i].refused == READ)
		ck_errmsg_has(files[_i].file);
	else
		ck_assert_uint_eq(count, info.node_count);
	/* All but the data must be said by the digests, or by a walk. */
	ck_err(cute_shm_verify(shm, NULL, NULL), err);
	if (err == 0)
		ck_assert_uint_eq(info.metadata_digest, files[_i].digest);
	segment_read_all(shm);
	cute_shm_close(shm);
}
END_TEST

/* What is in one of them, to the last bit. */
START_TEST(content)
{
	struct cute_shm *shm;
	struct cute_shm_array a;
	struct cute_shm_info info;
	uint64_t n;

	ck_ok(open_golden("good-shapes.seg", &shm));
	ck_ok(cute_shm_info(shm, &info));
	ck_assert_uint_eq(info.block_size, 512);
	ck_assert_uint_eq(info.array_count, 13);
	cute_shm_close(shm);
	ck_ok(open_golden("good-names.seg", &shm));
	ck_ok(cute_shm_info(shm, &info));
	ck_assert_int_eq(info.ephemeral, 1);
	cute_shm_close(shm);
	ck_ok(open_golden("good-dtypes.seg", &shm));
	ck_ok(cute_shm_get(shm, "scalar", &a));
	ck_assert(*cute_shm_f64(&a, &n) == 3.25);
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(a.ndim, 0);
	cute_shm_close(shm);
}
END_TEST

int
main(void)
{
	Suite *suite;
	TCase *tc;

	if (!getenv("CUTE_SHM_GOLDEN")) {
		puts("skipped: CUTE_SHM_GOLDEN is not set");
		return 77;
	}
	suite = suite_create("golden");
	tc = tcase_create("golden");
	tcase_add_loop_test(tc, golden, 0, ELEMENTS(files));
	tcase_add_test(tc, content);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
