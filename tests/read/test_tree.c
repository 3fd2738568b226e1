/* SPDX-License-Identifier: MIT */
/*
 * Records that lie: each is refused when it is reached, by the calls that read
 * and by verification, and nothing is read outside the mapping.
 */
#include <string.h>

#include "sample.h"

#define ROW(member)   offsetof(struct format_record, member)
#define NODE(member)  offsetof(struct format_node, member)
#define ARRAY(member) offsetof(struct format_array, member)
#define ATTR(member)  offsetof(struct format_attr, member)
#define SHAPE	      sizeof(struct format_array)

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

/* A field of 'size' bytes of that node, or of its attribute, is changed. */
struct lie {
	const char *path;
	const char *attr;
	size_t at;
	unsigned size;
	uint64_t value;
};

static void
tell(const struct lie *lie)
{
	uint64_t at = lie->attr ? segment_attr(&sample, lie->path, lie->attr)
				: segment_node(&sample, lie->path);

	memcpy(sample.bytes + at + lie->at, &lie->value, lie->size);
	segment_seal(&sample);
}

/* What makes a record unreadable at once. */
static const struct lie array_lies[] = {
	{ "a/x", NULL, ROW(tag), 4, 0x21212121 },
	{ "a/x", NULL, ROW(tag), 4, 0x52545441 }, /* ATTR */
	{ "a/x", NULL, ROW(record_size), 4, 0 },
	{ "a/x", NULL, ROW(record_size), 4, 16 },
	{ "a/x", NULL, ROW(record_size), 4, 0x51 },
	{ "a/x", NULL, ROW(record_size), 4, 0x70 },
	{ "a/x", NULL, ROW(record_size), 4, 0xfffffff0 },
	{ "a/x", NULL, ROW(name_size), 4, UINT32_MAX },
	{ "a/x", NULL, ROW(name_size), 4, 2 },
	{ "a/x", NULL, ROW(name_size), 4, 4 },
	{ "a/x", NULL, ROW(name_size), 4, 16 },
	{ "a/x", NULL, NODE(parent), 8, 0 },
	{ "a/x", NULL, NODE(parent), 8, UINT64_MAX },
	{ "a/x", NULL, NODE(next), 8, 0 },
	{ "a/x", NULL, NODE(next), 8, UINT64_MAX },
	{ "a/x", NULL, ARRAY(element_count), 8, 4 },
	{ "a/x", NULL, ARRAY(item_size), 4, 4 },
	{ "a/x", NULL, ARRAY(item_size), 4, 0 },
	{ "a/x", NULL, ARRAY(ndim), 4, 33 },
	{ "a/x", NULL, ARRAY(ndim), 4, UINT32_MAX },
	{ "a/x", NULL, ARRAY(ndim), 4, 2 },
	{ "a/x", NULL, ARRAY(ndim), 4, 0 },
	{ "a/x", NULL, ARRAY(dtype), 8, 0x78783e },
	{ "a/x", NULL, ARRAY(dtype), 8, 0 },
	{ "a/x", NULL, ARRAY(dtype), 8, 0x34663c },   /* <f4 */
	{ "a/x", NULL, ARRAY(dtype), 8, 0x38663c2a }, /* *<f8 */
	{ "a/x", NULL, ARRAY(dtype), 8, 0x6c6c756e }, /* null */
	{ "a/x", NULL, ARRAY(data_offset), 8, 0 },
	{ "a/x", NULL, ARRAY(data_offset), 8, UINT64_MAX - 63 },
	{ "a/x", NULL, ARRAY(data_size), 8, 23 },
	{ "a/x", NULL, ARRAY(data_size), 8, UINT64_MAX },
	{ "a/x", NULL, ARRAY(live_slot), 8, 11 },
	{ "a/x", NULL, ARRAY(live_slot), 8, UINT64_MAX },
	{ "a/x", NULL, SHAPE, 8, 4 },
	{ "a/x", NULL, SHAPE, 8, UINT64_MAX },
	{ "a/x", NULL, SHAPE, 8, (UINT64_C(1) << 61) + 3 },
	{ "a/x", NULL, SHAPE + 16, 3, 0x610061 }, /* NUL in the path */
	{ "a/x", NULL, SHAPE + 16 + 3, 1, 'x' },  /* no NUL */
	{ "big", NULL, ARRAY(data_offset), 8, 4096 },
	{ "null", NULL, ARRAY(element_count), 8, 1 },
	{ "null", NULL, ARRAY(item_size), 4, 1 },
	{ "null", NULL, ARRAY(data_size), 8, 1 },
	{ "empty", NULL, ARRAY(data_size), 8, 8 },
	{ "ragged/lists", NULL, ARRAY(values_offset), 8, 0 },
	{ "ragged/lists", NULL, ARRAY(values_offset), 8, UINT64_MAX },
	{ "ragged/lists", NULL, ARRAY(data_size), 8, 8 },
	{ "ragged/lists", NULL, ARRAY(data_size), 8, 83 },
	{ "ragged/lists", NULL, ARRAY(data_size), 8, 0 },
	{ "ragged/lists", NULL, ARRAY(element_count), 8, UINT64_MAX },
	{ "ragged/lists", NULL, SHAPE, 8, UINT64_MAX },
	{ "ragged/lists", NULL, SHAPE, 8, UINT64_MAX / 8 },
	{ "ragged/lists", NULL, SHAPE, 8, 4 },
};

START_TEST(arrays_that_lie)
{
	struct cute_shm_array a = { .ndim = 77 };
	struct cute_shm *shm;

	tell(&array_lies[_i]);
	shm = segment_attach(&sample);
	ck_err(cute_shm_get(shm, array_lies[_i].path, &a),
	       CUTE_SHM_ERR_CORRUPT);
	ck_assert_uint_eq(a.ndim, 77);
	ck_err(cute_shm_verify(shm, NULL, NULL), CUTE_SHM_ERR_CORRUPT);
	segment_read_all(shm);
	cute_shm_close(shm);
}
END_TEST

static const struct lie attr_lies[] = {
	{ "a/x", "values", ROW(tag), 4, 0x50555247 }, /* GRUP */
	{ "a/x", "values", ROW(record_size), 4, 0 },
	{ "a/x", "values", ROW(record_size), 4, 0x60 },
	{ "a/x", "values", ROW(record_size), 4, 0xfffffff0 },
	{ "a/x", "values", ROW(name_size), 4, UINT32_MAX },
	{ "a/x", "values", ROW(name_size), 4, 5 },
	{ "a/x", "values", ROW(name_size), 4, 7 },
	{ "a/x", "values", ROW(count), 4, 33 },
	{ "a/x", "values", ROW(count), 4, UINT32_MAX },
	{ "a/x", "values", ROW(count), 4, 0 },
	{ "a/x", "values", ROW(count), 4, 4 },
	{ "a/x", "values", ATTR(dtype), 8, 0x397a3c },
	{ "a/x", "values", ATTR(dtype), 8, 0x38663c2a },
	{ "a/x", "values", ATTR(value_size), 8, 25 },
	{ "a/x", "values", ATTR(value_size), 8, 0 },
	{ "a/x", "values", ATTR(value_size), 8, UINT64_MAX },
	{ "a/x", "values", ATTR(item_size), 4, 4 },
	{ "a/x", "values", sizeof(struct format_attr) + 16, 8, UINT64_MAX },
	{ "a/x", "values", sizeof(struct format_attr) + 16, 8, 2 },
	{ "a/x", "values", sizeof(struct format_attr), 1, 0 },
	{ "ragged", "lists", sizeof(struct format_attr) + 16, 8, 2 },
	{ "ragged", "lists", sizeof(struct format_attr) + 32 + 24, 8, 4 },
	{ "ragged", "lists", sizeof(struct format_attr) + 32 + 24, 8,
	  UINT64_MAX },
};

START_TEST(attributes_that_lie)
{
	const struct lie *lie = &attr_lies[_i];
	struct cute_shm_attr attr;
	struct cute_shm_node node;
	struct cute_shm *shm;

	tell(lie);
	shm = segment_attach(&sample);
	ck_ok(cute_shm_find(shm, lie->path, &node));
	ck_err(cute_shm_attr(&node, lie->attr, &attr), CUTE_SHM_ERR_CORRUPT);
	ck_err(cute_shm_verify(shm, NULL, NULL), CUTE_SHM_ERR_CORRUPT);
	segment_read_all(shm);
	cute_shm_close(shm);
}
END_TEST

/* The links stand last: another's record is at hand. */
START_TEST(links_that_lead_nowhere)
{
	const uint64_t link = segment_node(&sample, "links/x");
	const uint64_t targets[] = {
		0,
		1,
		UINT64_MAX,
		link,
		segment_node(&sample, "links/a"),
		segment_attr(&sample, "a/x", "units"),
		segment_header(&sample)->records_offset - 16,
		segment_header(&sample)->records_offset +
			segment_header(&sample)->records_size,
	};
	struct cute_shm_array a;
	struct cute_shm *shm;
	size_t i;

	for (i = 0; i < ELEMENTS(targets); i++) {
		put64(&sample, link + NODE(child_or_target), targets[i]);
		segment_seal(&sample);
		shm = segment_attach(&sample);
		ck_err(cute_shm_get(shm, "links/x", &a), CUTE_SHM_ERR_CORRUPT);
		ck_err(cute_shm_get(shm, "links/x/y", &a),
		       CUTE_SHM_ERR_CORRUPT);
		ck_err(cute_shm_verify(shm, NULL, NULL), CUTE_SHM_ERR_CORRUPT);
		segment_read_all(shm);
		cute_shm_close(shm);
	}
}
END_TEST

/* Lies that only a look at the whole tree can find. */
static const struct lie tree_lies[] = {
	{ "", NULL, NODE(child_or_target), 8, 8 },
	{ "", NULL, NODE(next), 8, 0x800 },
	{ "", NULL, ROW(count), 4, 1 },
	{ "", NULL, ROW(count), 4, 3 },
	{ "", NULL, ROW(count), 4, UINT32_MAX },
	{ "a", NULL, NODE(child_or_target), 8, 0 },
	{ "a/x", NULL, ROW(count), 4, 0 },
	{ "a/x", NULL, ROW(count), 4, 2 },
	{ "a/x", NULL, ROW(count), 4, 4 },
	{ "links/x", NULL, ROW(count), 4, 1 },
	{ "links/x", NULL, NODE(zero), 8, 1 },
	{ "a", NULL, NODE(zero), 1, 1 },
	{ "a/x", NULL, ARRAY(live_slot), 8, 1 },
	{ "a/x", NULL, ARRAY(first_block), 8, 1 },
	{ "a/x", NULL, ARRAY(values_offset), 8, 64 },
	{ "a/x", NULL, ARRAY(digest), 8, 1 },
	{ "a/x", NULL, ARRAY(dtype) + 15, 1, 'x' },
	{ "a/x", NULL, ARRAY(dtype) + 8, 1, 'x' },
	{ "a/x", NULL, SHAPE + 8, 1, 1 },
	{ "a/x", NULL, SHAPE + 16 + 15, 1, 1 },
	{ "a/x", NULL, SHAPE + 16, 1, 'b' },
	{ "a/deep", NULL, sizeof(struct format_node) + 2, 4, 0x702f2e },
	{ "big", NULL, ARRAY(digest), 8, 1 },
	{ "big", NULL, ARRAY(first_block), 8, 1 },
	{ "big", NULL, ARRAY(first_block), 8, UINT64_MAX },
	{ "a/x", "values", ATTR(zero), 4, 1 },
	{ "a/x", "values", ATTR(dtype) + 9, 1, 1 },
	{ "a/x", "values", sizeof(struct format_attr) + 15, 1, 1 },
	{ "a/x", "values", sizeof(struct format_attr), 1, 0xff },
	{ "a/x", "values", sizeof(struct format_attr) + 16 + 8, 1, 1 },
	{ "a/x", "values", sizeof(struct format_attr) + 32 + 24, 1, 1 },
	{ "ragged", "lists", sizeof(struct format_attr) + 32, 8, 1 },
	{ "ragged", "lists", sizeof(struct format_attr) + 32 + 8, 8, 9 },
	{ "color", "cute-shm:enum-names", sizeof(struct format_attr) + 9, 1,
	  'E' },
	{ "table", "cute-shm:compound",
	  sizeof(struct format_attr) + 32 + 16 + 24, 1, 'j' },
};

START_TEST(trees_that_lie)
{
	struct cute_shm_verify_options meta = {
		.size = sizeof(meta), .flags = CUTE_SHM_VERIFY_METADATA
	};
	struct cute_shm *shm;

	tell(&tree_lies[_i]);
	shm = segment_attach(&sample);
	ck_ok(cute_shm_verify(shm, &meta, NULL));
	ck_err(cute_shm_verify(shm, NULL, NULL), CUTE_SHM_ERR_CORRUPT);
	segment_read_all(shm);
	cute_shm_close(shm);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tree");
	TCase *tc = tcase_create("records");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, arrays_that_lie, 0, ELEMENTS(array_lies));
	tcase_add_loop_test(tc, attributes_that_lie, 0, ELEMENTS(attr_lies));
	tcase_add_test(tc, links_that_lead_nowhere);
	tcase_add_loop_test(tc, trees_that_lie, 0, ELEMENTS(tree_lies));
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
