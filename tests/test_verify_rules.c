/* SPDX-License-Identifier: MIT */
/*
 * Segments whose digests are right, and that break a rule of cute-shm(5) all
 * the same: verification says which.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify_util.h"

/* Bytes of a sealed segment that belong to nothing must be zero. */
START_TEST(padding_is_zero)
{
	const struct format_header *h = segment_header(&sample);
	const uint64_t places[] = {
		offsetof(struct format_header, view_offset),
		offsetof(struct format_header, creator) + 31,
		offsetof(struct format_header, source) + 239,
		512, 1023,
		h->metadata_size, h->live_offset - 1,
		h->live_offset + 64 * h->array_count, h->data_offset - 1,
		data_of("a/x") + 24, data_of("big") - 1,
	};
	size_t i;

	for (i = 0; i < ELEMENTS(places); i++) {
		ck_assert_uint_eq(sample.bytes[places[i]], 0);
		sample.bytes[places[i]] = 1;
		segment_seal(&sample);
		ck_err(verify(0, 1, NULL), CUTE_SHM_ERR_CORRUPT);
		ck_assert_uint_eq(seen.damage[0].offset, places[i]);
		ck_assert_msg(seen.count == 1, "place %zu: %s, %s", i,
			      seen.damage[0].message, seen.damage[1].message);
		sample.bytes[places[i]] = 0;
	}
	segment_seal(&sample);
	ck_ok(verify(0, 1, NULL));
}
END_TEST

static const struct {
	size_t at;
	uint64_t value;
} headers[] = {
	{ offsetof(struct format_header, node_count), 19 },
	{ offsetof(struct format_header, array_count), 10 },
	{ offsetof(struct format_header, block_size), 1024 },
	{ offsetof(struct format_header, array_bytes), 1 },
	{ offsetof(struct format_header, uuid), 0 },
	{ offsetof(struct format_header, creator), 0 },
	{ offsetof(struct format_header, creator), 0xff },
	{ offsetof(struct format_header, source), 0x2e },
	{ offsetof(struct format_header, source), 0 },
	{ offsetof(struct format_header, metadata_digest), 0 },
};

START_TEST(headers_that_do_not_fit)
{
	struct format_header *h = segment_header(&sample);

	put64(&sample, headers[_i].at, headers[_i].value);
	if (headers[_i].at != offsetof(struct format_header, metadata_digest))
		segment_seal(&sample);
	h->header_digest = digest_header(h);
	ck_err(verify(0, 1, NULL), CUTE_SHM_ERR_CORRUPT);
	if (headers[_i].at == offsetof(struct format_header, metadata_digest))
		ck_err(verify(CUTE_SHM_VERIFY_METADATA, 1, NULL),
		       CUTE_SHM_ERR_CORRUPT);
}
END_TEST

static void
put_version(const char *version)
{
	memcpy(segment_header(&sample)->version, version, 4);
	segment_seal(&sample);
}

/* Of format 1.1: what is in the second superblock, and its digest. */
START_TEST(second_superblock)
{
	static const struct {
		uint64_t at;
		bool ephemeral, damaged;
	} places[] = {
		{ 0x200, true, true }, { 0x230, true, true },
		{ 0x3d8, true, true }, { 0xc8, true, true },
		{ 0xd0, true, true }, { 0x3e0, false, false },
		{ 0x3e8, false, false }, { 0x3f0, true, false },
		{ 0x3f8, true, false }, { 0x3f0, false, true },
		{ 0x3f8, false, true },
	};
	struct format_header *h = segment_header(&sample);
	size_t i;

	for (i = 0; i < ELEMENTS(places); i++) {
		h->compatible = places[i].ephemeral ?
				FORMAT_COMPATIBLE_EPHEMERAL : 0;
		put64(&sample, places[i].at, 7);
		put_version("1.1");
		ck_assert_int_eq(verify(0, 1, NULL), places[i].damaged ?
				 CUTE_SHM_ERR_CORRUPT : 0);
		if (places[i].damaged)
			ck_assert_uint_eq(seen.damage[0].offset, places[i].at);
		/* A later version may have these bytes for itself. */
		put_version("1.2");
		ck_ok(verify(0, 1, NULL));
		put_version("1.0");
		ck_err(verify(0, 1, NULL), CUTE_SHM_ERR_CORRUPT);
		put64(&sample, places[i].at, 0);
		h->view_digest = 0;
	}
	h->compatible = 0;
	put_version("1.1");
	h->view_digest++;
	h->header_digest = digest_header(h);
	ck_err(verify(0, 1, NULL), CUTE_SHM_ERR_CORRUPT);
	ck_errmsg_has("second superblock");
}
END_TEST

START_TEST(a_path_that_is_there_twice)
{
	struct format_header *h = segment_header(&sample);
	uint64_t id = segment_node(&sample, "table/id");
	uint64_t row, hash = path_hash("table/x", 7), other = 0, i;

	/* "table/id" is renamed to "table/x" in its place: same size of row. */
	memcpy(sample.bytes + id + sizeof(struct format_array) + 16,
	       "table/x\0", 9);
	put32(&sample, id + offsetof(struct format_record, name_size), 7);
	for (i = 0; i < h->node_count; i++) {
		row = h->index_offset + 16 * i;
		if (get64(&sample, row + 8) == id)
			other = row;
	}
	put64(&sample, other, hash);
	segment_seal(&sample);
	ck_err(verify(0, 1, NULL), CUTE_SHM_ERR_CORRUPT);
	for (i = 0; i < seen.count; i++)
		if (strstr(seen.damage[i].message, "field 0"))
			break;
	ck_assert_uint_lt(i, seen.count);
}
END_TEST

START_TEST(two_nodes_of_one_path)
{
	struct cute_shm_builder *b;
	struct format_header *h;
	uint64_t first, at[2], i;

	ck_ok(cute_shm_builder_new("two", NULL, &b));
	ck_ok(cute_shm_builder_group(b, "p"));
	ck_ok(cute_shm_builder_group(b, "q"));
	ck_ok(cute_shm_builder_publish(b, NULL));
	cute_shm_builder_free(b);
	sample_replace("two");
	h = segment_header(&sample);
	at[0] = segment_node(&sample, "p");
	at[1] = segment_node(&sample, "q");
	sample.bytes[at[1] + sizeof(struct format_node)] = 'p';
	/* The rows: the root's hash, then twice that of "p", or vice versa. */
	first = path_hash("p", 1) < path_hash("", 0) ? 0 : 1;
	for (i = 0; i < 2; i++) {
		put64(&sample, h->index_offset + 16 * (first + i),
		      path_hash("p", 1));
		put64(&sample, h->index_offset + 16 * (first + i) + 8, at[i]);
	}
	i = first == 0 ? 2 : 0;
	put64(&sample, h->index_offset + 16 * i, path_hash("", 0));
	put64(&sample, h->index_offset + 16 * i + 8, h->records_offset);
	segment_seal(&sample);
	ck_err(verify(0, 1, NULL), CUTE_SHM_ERR_CORRUPT);
	ck_assert_uint_eq(seen.count, 1);
	ck_assert_ptr_nonnull(strstr(seen.damage[0].message, "two nodes /p"));
}
END_TEST

/* An attribute of "g", a group with the child "c", or of "v", two |u1. */
struct attribute {
	const char *path, *name, *dtype;
	uint64_t count;
};

#define NAMES "cute-shm:enum-names", "*|S1"
#define VALUES "cute-shm:enum-values"
#define COMPOUND "cute-shm:compound"

static const struct {
	struct attribute attrs[2];
	const char *message;	/* NULL: sound */
} conventions[] = {
	{ { { "v", NAMES, 2 }, { "v", VALUES, "|u1", 2 } }, NULL },
	{ { { "n", NAMES, 2 }, { "n", VALUES, "|u1", 2 } }, NULL },
	{ { { "v", NAMES, 2 } }, "go together" },
	{ { { "v", VALUES, "|u1", 2 } }, "go together" },
	{ { { "g", NAMES, 2 }, { "g", VALUES, "|u1", 2 } }, "on an array" },
	{ { { "v", NAMES, 1 }, { "v", VALUES, "|u1", 2 } }, "one per value" },
	{ { { "v", NAMES, 2 }, { "v", VALUES, "<i4", 2 } }, "values of an" },
	{ { { "n", NAMES, 2 }, { "n", VALUES, "<f4", 2 } }, "values of an" },
	{ { { "v", "cute-shm:enum-names", "|S4", 2 },
	    { "v", VALUES, "|u1", 2 } }, "names of an enum are |S4" },
	{ { { "g", COMPOUND, "*|S1", 1 } }, NULL },
	{ { { "g", COMPOUND, "*|S1", 2 } }, "2 fields with 1 children" },
	{ { { "g", COMPOUND, "|S1", 1 } }, "list of texts, on a group" },
	{ { { "v", COMPOUND, "*|S1", 1 } }, "list of texts, on a group" },
};

static void
put_attr(struct cute_shm_builder *b, const struct attribute *a)
{
	static const uint64_t offsets[] = { 0, 1, 2 };

	if (!a->path)
		return;
	if (a->dtype[0] == '*')
		ck_ok(cute_shm_builder_attr_ragged(b, a->path, a->name,
						   a->dtype, 1, &a->count,
						   offsets, "cd"));
	else
		ck_ok(cute_shm_builder_attr(b, a->path, a->name, a->dtype, 1,
					    &a->count, "\0\1\2\3\4\5\6\7"));
}

START_TEST(conventions_of_attributes)
{
	static const uint64_t two = 2;
	struct cute_shm_builder *b;

	ck_ok(cute_shm_builder_new("attrs", NULL, &b));
	ck_ok(cute_shm_builder_array(b, "v", "|u1", 1, &two, "\0\1"));
	ck_ok(cute_shm_builder_array(b, "g/c", "|u1", 1, &two, "\0\1"));
	ck_ok(cute_shm_builder_array(b, "n", "null", 0, NULL, NULL));
	put_attr(b, &conventions[_i].attrs[0]);
	put_attr(b, &conventions[_i].attrs[1]);
	ck_ok(cute_shm_builder_publish(b, NULL));
	cute_shm_builder_free(b);
	sample_replace("attrs");
	if (!conventions[_i].message) {
		ck_ok(verify(0, 1, NULL));
		return;
	}
	ck_err(verify(0, 1, NULL), CUTE_SHM_ERR_CORRUPT);
	ck_assert_uint_eq(seen.count, 1);
	ck_errmsg_has(conventions[_i].message);
}
END_TEST

START_TEST(two_attributes_of_one_name)
{
	uint64_t at = segment_attr(&sample, "a/x", "flag");

	memcpy(sample.bytes + at + sizeof(struct format_attr), "units", 6);
	put32(&sample, at + offsetof(struct format_record, name_size), 5);
	segment_seal(&sample);
	ck_err(verify(0, 1, NULL), CUTE_SHM_ERR_CORRUPT);
	ck_assert_uint_eq(seen.count, 1);
	ck_errmsg_has("/a/x: two attributes \"units\"");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("verify_rules");
	TCase *tc = tcase_create("verify_rules");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, padding_is_zero);
	tcase_add_test(tc, second_superblock);
	tcase_add_loop_test(tc, headers_that_do_not_fit, 0, ELEMENTS(headers));
	tcase_add_test(tc, a_path_that_is_there_twice);
	tcase_add_test(tc, two_nodes_of_one_path);
	tcase_add_loop_test(tc, conventions_of_attributes, 0,
			    ELEMENTS(conventions));
	tcase_add_test(tc, two_attributes_of_one_name);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
