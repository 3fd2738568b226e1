/* SPDX-License-Identifier: MIT */
/*
 * Segments of another encoder, taken apart by the reader and put together
 * again by the builder, have the same content digest: there is one way to lay
 * out a tree.  They are in $CUTE_SHM_GOLDEN; without it, this is skipped.
 */
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

static glob_t files;

static void
put_attrs(struct cute_shm_builder *b, const struct cute_shm_node *node)
{
	const struct cute_shm_attr *prev = NULL;
	struct cute_shm_attr attr;
	const struct cute_shm_array *v = &attr.value;
	int err;

	while ((err = cute_shm_next_attr(node, prev, &attr)) == 0) {
		prev = &attr;
		if (v->offsets)
			ck_ok(cute_shm_builder_attr_ragged(
				b, node->path, attr.name, v->dtype, v->ndim,
				v->shape, v->offsets, v->values));
		else
			ck_ok(cute_shm_builder_attr(b, node->path, attr.name,
						    v->dtype, v->ndim, v->shape,
						    v->data));
	}
	ck_err(err, CUTE_SHM_ERR_END);
}

static void
put_node(struct cute_shm_builder *b, const struct cute_shm_node *node,
	 bool pointers)
{
	struct cute_shm_array a;
	struct cute_shm_node target;

	if (node->kind == CUTE_SHM_LINK) {
		ck_ok(cute_shm_follow(node, &target));
		ck_ok(cute_shm_builder_link(b, node->path, target.path));
		return;
	}
	if (node->kind == CUTE_SHM_GROUP) {
		ck_ok(cute_shm_builder_group(b, node->path));
	} else {
		ck_ok(cute_shm_node_array(node, &a));
		if (a.offsets)
			ck_ok(cute_shm_builder_ragged(
				b, a.path, a.dtype, a.ndim, a.shape,
				a.value_count, pointers ? a.offsets : NULL,
				pointers ? a.values : NULL));
		else
			ck_ok(cute_shm_builder_array(b, a.path, a.dtype, a.ndim,
						     a.shape,
						     pointers ? a.data : NULL));
	}
	put_attrs(b, node);
}

/* Pieces of 'step' bytes: whole blocks, parts of them, or all at once. */
static void
write_array(struct cute_shm_builder *b, const struct cute_shm_array *a,
	    uint64_t step)
{
	const uint8_t *data = a->data;
	uint64_t at, n;

	for (at = 0; at < a->data_size; at += n) {
		n = a->data_size - at < step ? a->data_size - at : step;
		ck_ok(cute_shm_builder_write(b, a->path, at, data + at, n));
	}
}

static void
describe(struct cute_shm_builder *b, const struct cute_shm *shm, bool pointers)
{
	struct cute_shm_node root, node;

	ck_ok(cute_shm_find(shm, "", &root));
	node = root;
	do
		put_node(b, &node, pointers);
	while (cute_shm_next(&root, &node, &node) == 0);
}

static void
write_arrays(struct cute_shm_builder *b, const struct cute_shm *shm,
	     uint64_t step)
{
	struct cute_shm_node root, node;
	struct cute_shm_array a;

	ck_ok(cute_shm_find(shm, "", &root));
	node = root;
	do
		if (cute_shm_node_array(&node, &a) == 0)
			write_array(b, &a, step);
	while (cute_shm_next(&root, &node, &node) == 0);
}

/* 0: by pointer; else written in pieces of so many bytes. */
static const uint64_t steps[] = { 0, UINT64_MAX, 512, 1536, 100, 7 };

START_TEST(same_digest)
{
	const char *file = files.gl_pathv[(size_t)_i / ELEMENTS(steps)];
	uint64_t step = steps[(size_t)_i % ELEMENTS(steps)];
	struct cute_shm_open_options open = {
		.size = sizeof(open),
		.flags = CUTE_SHM_ANY_OWNER,
	};
	/* The files are of format 1.0. */
	struct cute_shm_build_options opt = { .size = sizeof(opt),
					      .flags = CUTE_SHM_NO_VIEW,
					      .jobs = 2 };
	struct cute_shm_info old, new;
	struct cute_shm_builder *b;
	struct cute_shm *shm, *copy;

	test_root();
	ck_ok(cute_shm_open_file(file, &open, &shm));
	ck_ok(cute_shm_info(shm, &old));
	opt.block_size = old.block_size;
	ck_ok(cute_shm_builder_new("copy", &opt, &b));
	describe(b, shm, step == 0);
	if (step > 0) {
		ck_ok(cute_shm_builder_reserve(b));
		write_arrays(b, shm, step);
	}
	ck_ok(cute_shm_builder_publish(b, &copy));
	cute_shm_builder_free(b);
	ck_ok(cute_shm_info(copy, &new));
	ck_assert_msg(old.metadata_digest == new.metadata_digest &&old.size ==
			      new.size &&old.node_count == new.node_count,
		      "%s is another after rebuilding", file);
	ck_ok(cute_shm_verify(copy, NULL, NULL));
	cute_shm_close(copy);
	cute_shm_close(shm);
}
END_TEST

int
main(void)
{
	const char *folder = getenv("CUTE_SHM_GOLDEN");
	char pattern[4096];
	Suite *suite;
	TCase *tc;
	int result;

	if (!folder || !folder[0]) {
		puts("skipped: CUTE_SHM_GOLDEN is not set");
		return 77;
	}
	suite = suite_create("rebuild");
	tc = tcase_create("rebuild");
	snprintf(pattern, sizeof(pattern), "%s/good-*.seg", folder);
	if (glob(pattern, 0, NULL, &files) != 0) {
		printf("no %s\n", pattern);
		return EXIT_FAILURE;
	}
	tcase_add_loop_test(tc, same_digest, 0,
			    (int)(files.gl_pathc * ELEMENTS(steps)));
	suite_add_tcase(suite, tc);
	result = test_run(suite);
	globfree(&files);
	return result;
}
