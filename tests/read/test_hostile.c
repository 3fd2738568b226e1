/* SPDX-License-Identifier: MIT */
/* Segments that mean harm: they would take forever, or lead astray. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sample.h"

static struct segment sample;

static void
setup(void)
{
	test_root();
	sample = sample_new();
}

static void
teardown(void)
{
	segment_free(&sample);
}

START_TEST(every_shorter_file)
{
	struct cute_shm *shm;
	size_t size = sample.size;

	for (sample.size = 0; sample.size < size; sample.size++) {
		if (sample.size > 1100 && sample.size + 100 < size)
			sample.size += 61;
		ck_err(segment_open(&sample, &shm),
		       sample.size < 512 ? CUTE_SHM_ERR_FORMAT
					 : CUTE_SHM_ERR_CORRUPT);
	}
}
END_TEST

/* A chain of groups within each other, and the offsets of their records. */
#define DEPTH 64

static void
nest(uint64_t *offsets)
{
	struct cute_shm_builder *b;
	char path[2 * DEPTH + 1] = "";
	const char *root = test_root();
	unsigned i;

	for (i = 0; i < DEPTH; i++)
		strcat(path, i == 0 ? "g" : "/g");
	ck_ok(cute_shm_builder_new("nest", NULL, &b));
	ck_ok(cute_shm_builder_group(b, path));
	ck_ok(cute_shm_builder_publish(b, NULL));
	cute_shm_builder_free(b);
	segment_free(&sample);
	sample = segment_read(test_path(root, PROJECT_PREFIX "nest"));
	for (i = 0; i < DEPTH; i++) {
		path[2 * i + 1] = '\0';
		offsets[i] = segment_node(&sample, path);
		path[2 * i + 1] = '/';
	}
}

static unsigned steps;

static void
go_down(const struct cute_shm_node *group)
{
	struct cute_shm_node child;
	int rc;

	ck_assert_uint_lt(steps++, 10000);
	for (rc = cute_shm_first_child(group, &child); rc == 0;
	     rc = cute_shm_next_sibling(&child, &child))
		go_down(&child);
}

/*
 * Each group seems to be a child of the root, and the one after the next its
 * sibling: going down and along would take as many steps as Fibonacci's
 * rabbits.
 */
START_TEST(subtrees_that_overlap)
{
	uint64_t at[DEPTH];
	struct cute_shm_node root;
	struct cute_shm *shm;
	unsigned i;

	nest(at);
	for (i = 0; i < DEPTH; i++) {
		put64(&sample, at[i] + offsetof(struct format_node, parent),
		      segment_header(&sample)->records_offset);
		if (i + 2 < DEPTH)
			put64(&sample,
			      at[i] + offsetof(struct format_node, next),
			      at[i + 2]);
	}
	segment_seal(&sample);
	shm = segment_attach(&sample);
	ck_ok(cute_shm_find(shm, "", &root));
	go_down(&root);
	ck_assert_uint_le(steps, DEPTH + 1);
	ck_err(cute_shm_verify(shm, NULL, NULL), CUTE_SHM_ERR_CORRUPT);
	cute_shm_close(shm);
}
END_TEST

/* Some arrays are all of "big": it is hashed once. */
START_TEST(data_that_overlap)
{
	static const char *const paths[] = { "color", "table/id", "table/x" };
	const size_t from = offsetof(struct format_array, element_count);
	const size_t to = offsetof(struct format_array, live_slot);
	uint64_t big = segment_node(&sample, "big"), at;
	struct cute_shm_verify_result result;
	struct cute_shm *shm;
	size_t i;

	for (i = 0; i < ELEMENTS(paths); i++) {
		at = segment_node(&sample, paths[i]);
		memcpy(sample.bytes + at + from, sample.bytes + big + from,
		       to - from);
		put64(&sample, at + sizeof(struct format_array), SAMPLE_BIG);
	}
	segment_seal(&sample);
	shm = segment_attach(&sample);
	ck_err(cute_shm_verify(shm, NULL, &result), CUTE_SHM_ERR_CORRUPT);
	ck_assert_uint_le(result.bytes, segment_header(&sample)->data_size);
	ck_assert_uint_ge(result.damaged, ELEMENTS(paths));
	cute_shm_close(shm);
}
END_TEST

/* Hashes that are not spread at all: halving finds the row. */
START_TEST(hashes_in_heaps)
{
	const uint64_t hash = path_hash("500/x", 5);
	struct format_index_row *rows;
	struct cute_shm_builder *b;
	struct cute_shm_array a;
	struct cute_shm *shm;
	uint64_t i, count;
	char path[16];

	ck_ok(cute_shm_builder_new("heaps", NULL, &b));
	for (i = 0; i < 1000; i++) {
		snprintf(path, sizeof(path), "%u/x", (unsigned)i);
		ck_ok(cute_shm_builder_array(b, path, "|u1", 0, NULL, "\1"));
	}
	ck_ok(cute_shm_builder_publish(b, NULL));
	cute_shm_builder_free(b);
	segment_free(&sample);
	sample = segment_read(
		test_path(getenv("CUTE_SHM_ROOT"), PROJECT_PREFIX "heaps"));
	count = segment_header(&sample)->node_count;
	rows = (void *)(sample.bytes + segment_header(&sample)->index_offset);
	for (i = 0; i < count; i++)
		if (rows[i].hash != hash)
			rows[i].hash =
				rows[i].hash < hash ? hash - 1 : hash + 1;
	segment_seal(&sample);
	shm = segment_attach(&sample);
	ck_ok(cute_shm_get(shm, "500/x", &a));
	ck_assert_str_eq(a.path, "500/x");
	ck_err(cute_shm_get(shm, "501/x", &a), CUTE_SHM_ERR_NOT_FOUND);
	cute_shm_close(shm);
}
END_TEST

/* Rows that all lead to one node: neither its path nor its data twice. */
START_TEST(rows_that_are_the_same)
{
	const struct format_header *h = segment_header(&sample);
	uint64_t big = segment_node(&sample, "big"), i;
	struct cute_shm_verify_result result;
	struct cute_shm *shm;

	for (i = 0; i < h->node_count; i++) {
		put64(&sample, h->index_offset + 16 * i, path_hash("big", 3));
		put64(&sample, h->index_offset + 16 * i + 8, big);
	}
	/* With all records, and with none but those of the index. */
	for (i = 0; i < 2; i++) {
		segment_seal(&sample);
		shm = segment_attach(&sample);
		ck_err(cute_shm_verify(shm, NULL, &result),
		       CUTE_SHM_ERR_CORRUPT);
		ck_assert_uint_le(result.bytes, h->data_size);
		cute_shm_close(shm);
		put32(&sample,
		      h->records_offset +
			      offsetof(struct format_record, record_size),
		      0);
	}
}
END_TEST

/* The parent's subtree says where siblings end: it must be a group. */
START_TEST(parents_that_are_none)
{
	struct cute_shm_node node, ret;
	struct cute_shm *shm;

	put64(&sample,
	      segment_node(&sample, "a/deep") +
		      offsetof(struct format_node, parent),
	      segment_node(&sample, "a/x"));
	segment_seal(&sample);
	shm = segment_attach(&sample);
	ck_ok(cute_shm_find(shm, "a/deep", &node));
	ck_err(cute_shm_parent(&node, &ret), CUTE_SHM_ERR_CORRUPT);
	ck_err(cute_shm_next_sibling(&node, &ret), CUTE_SHM_ERR_CORRUPT);
	ck_ok(cute_shm_find(shm, "a/x", &node));
	ck_err(cute_shm_next_sibling(&node, &ret), CUTE_SHM_ERR_CORRUPT);
	cute_shm_close(shm);
}
END_TEST

/* All of a null but for its dimension. */
START_TEST(null_with_a_dimension)
{
	const uint64_t at = segment_node(&sample, "color");
	struct format_array *f = (void *)(sample.bytes + at);
	struct cute_shm_array a;
	struct cute_shm *shm;

	memset(f->dtype, 0, sizeof(f->dtype));
	memcpy(f->dtype, "null", 4);
	f->element_count = f->item_size = 0;
	f->data_size = 0;
	put64(&sample, at + sizeof(*f), 0);
	segment_seal(&sample);
	shm = segment_attach(&sample);
	ck_err(cute_shm_get(shm, "color", &a), CUTE_SHM_ERR_CORRUPT);
	ck_errmsg_has("a null with dimensions");
	cute_shm_close(shm);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hostile");
	TCase *tc = tcase_create("hostile");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, every_shorter_file);
	tcase_add_test(tc, subtrees_that_overlap);
	tcase_add_test(tc, data_that_overlap);
	tcase_add_test(tc, hashes_in_heaps);
	tcase_add_test(tc, null_with_a_dimension);
	tcase_add_test(tc, rows_that_are_the_same);
	tcase_add_test(tc, parents_that_are_none);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
