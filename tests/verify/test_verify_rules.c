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
		512,
		1023,
		h->metadata_size,
		h->live_offset - 1,
		h->live_offset + 64 * h->array_count,
		h->data_offset - 1,
		data_of("a/x") + 24,
		data_of("big") - 1,
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
		{ 0x200, true, true },	 { 0x230, true, true },
		{ 0x3d8, true, true },	 { 0xc8, true, true },
		{ 0xd0, true, true },	 { 0x3e0, false, false },
		{ 0x3e8, false, false }, { 0x3f0, true, false },
		{ 0x3f8, true, false },	 { 0x3f0, false, true },
		{ 0x3f8, false, true },
	};
	struct format_header *h = segment_header(&sample);
	size_t i;

	for (i = 0; i < ELEMENTS(places); i++) {
		h->compatible =
			places[i].ephemeral ? FORMAT_COMPATIBLE_EPHEMERAL : 0;
		put64(&sample, places[i].at, 7);
		put_version("1.1");
		ck_assert_int_eq(verify(0, 1, NULL),
				 places[i].damaged ? CUTE_SHM_ERR_CORRUPT : 0);
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

/*
 * An attribute of "g", a group with the child "c"; of "e", an empty one; of
 * "v", two |u1; of "n", of no data; or of "t", two texts.
 */
struct attribute {
	const char *path, *name, *dtype;
	unsigned ndim;
	uint64_t count;
	const char *text; /* NULL: items that do not matter */
};

#define LIST(n)		1, n, NULL
#define SCALAR		0, 1, NULL
#define NAMES(n)	"cute-shm:enum-names", "*|S1", LIST(n)
#define VALUES		"cute-shm:enum-values"
#define COMPOUND	"cute-shm:compound"
#define DATATYPE	"cute-shm:datatype"
#define UNICODE		"cute-shm:unicode"
#define SOURCE		"cute-shm:source"
#define SIZE		"cute-shm:source-size"
#define MTIME		"cute-shm:source-mtime-ns"
#define PARTS		"cute-shm:source-parts"
#define PARTS_SIZE	"cute-shm:source-parts-size"
#define PARTS_MTIME	"cute-shm:source-parts-mtime-ns"
#define SELECTION	"cute-shm:selection"
#define SHARE		"cute-shm:share"
#define FIELDS(n, text) "*|S1", 1, n, text
#define TEXT(text)	"*|S1", 0, 1, text

static const struct {
	struct attribute attrs[3];
	const char *message; /* NULL: sound; "stands after" is put right */
} conventions[] = {
	{ { { "v", NAMES(2) }, { "v", VALUES, "|u1", LIST(2) } }, NULL },
	{ { { "n", NAMES(2) }, { "n", VALUES, "|u1", LIST(2) } }, NULL },
	{ { { "v", NAMES(2) } }, "go together" },
	{ { { "v", VALUES, "|u1", LIST(2) } }, "go together" },
	{ { { "g", NAMES(2) }, { "g", VALUES, "|u1", LIST(2) } },
	  "on an array" },
	{ { { "v", NAMES(1) }, { "v", VALUES, "|u1", LIST(2) } },
	  "one per value" },
	{ { { "v", NAMES(2) }, { "v", VALUES, "<i4", LIST(2) } },
	  "values of an" },
	{ { { "n", NAMES(2) }, { "n", VALUES, "<f4", LIST(2) } },
	  "values of an" },
	{ { { "v", "cute-shm:enum-names", "|S4", LIST(2) },
	    { "v", VALUES, "|u1", LIST(2) } },
	  "names of an enum are |S4" },
	{ { { "v", "cute-shm:enum-names", "*|S1", SCALAR },
	    { "v", VALUES, "|u1", SCALAR } },
	  "one per value" },
	{ { { "g", COMPOUND, FIELDS(1, NULL) } }, NULL },
	{ { { "e", COMPOUND, FIELDS(0, NULL) } }, NULL },
	{ { { "g", COMPOUND, FIELDS(1, "x") } }, "is \"x\", its child \"c\"" },
	{ { { "g", COMPOUND, FIELDS(1, "/") } }, NULL },
	{ { { "g", COMPOUND, FIELDS(2, NULL) } }, "2 fields with 1 children" },
	{ { { "g", COMPOUND, FIELDS(0, NULL) } }, "0 fields with 1 children" },
	{ { { "g", COMPOUND, "|S1", LIST(1) } }, "not |S1 of 1 dimensions" },
	{ { { "g", COMPOUND, "*|S1", SCALAR } }, "not *|S1 of 0 dimensions" },
	{ { { "v", COMPOUND, FIELDS(1, NULL) } }, "list of texts, on a group" },
	{ { { "e", DATATYPE, TEXT("<f8") } }, NULL },
	{ { { "e", DATATYPE, TEXT("*|S1") } }, NULL },
	{ { { "e", DATATYPE, TEXT("compound") } }, NULL },
	{ { { "e", DATATYPE, TEXT("") } }, NULL },
	{ { { "e", DATATYPE, TEXT("float") } }, "is a dtype" },
	{ { { "e", DATATYPE, TEXT("null") } }, "is a dtype" },
	{ { { "e", DATATYPE, TEXT("<f8 and more than fits") } }, "is a dtype" },
	{ { { "g", DATATYPE, TEXT("<f8") } }, "with 1 children" },
	{ { { "v", DATATYPE, TEXT("<f8") } }, "on a group" },
	{ { { "e", DATATYPE, "|S3", SCALAR } }, "is a text, not |S3" },
	{ { { "t", UNICODE, "<u8", SCALAR } }, NULL },
	{ { { "t", UNICODE, "<u8", LIST(1) } }, "is a <u8 scalar" },
	{ { { "t", UNICODE, "<i8", SCALAR } }, "is a <u8 scalar" },
	{ { { "v", UNICODE, "<u8", SCALAR } }, "not of |u1" },
	{ { { "g", UNICODE, "<u8", SCALAR } }, "on an array" },
	{ { { "", SOURCE, TEXT("/f.h5") },
	    { "", SIZE, "<u8", SCALAR },
	    { "", MTIME, "<u8", SCALAR } },
	  NULL },
	{ { { "g", SOURCE, TEXT("/f.h5") },
	    { "g", SIZE, "<u8", SCALAR },
	    { "g", MTIME, "<u8", SCALAR } },
	  NULL },
	{ { { "v", SOURCE, TEXT("/f.h5") } }, "on a group" },
	{ { { "", SOURCE, "|S5", SCALAR } }, "is a text, not |S5" },
	{ { { "", SIZE, "<u4", SCALAR } }, "is a <u8 scalar" },
	{ { { "", MTIME, "<f8", SCALAR } }, "is a <u8 scalar" },
	{ { { "", PARTS, FIELDS(2, NULL) },
	    { "", PARTS_SIZE, "<u8", LIST(2) },
	    { "", PARTS_MTIME, "<u8", LIST(2) } },
	  NULL },
	{ { { "g", PARTS, FIELDS(1, NULL) },
	    { "g", PARTS_SIZE, "<u8", LIST(1) },
	    { "g", PARTS_MTIME, "<u8", LIST(1) } },
	  NULL },
	{ { { "g", PARTS, FIELDS(2, NULL) },
	    { "g", PARTS_SIZE, "<u8", LIST(2) },
	    { "g", PARTS_MTIME, "<u8", LIST(1) } },
	  "as many of each" },
	{ { { "", PARTS, FIELDS(2, NULL) } }, "go together" },
	{ { { "", PARTS_SIZE, "<u8", LIST(2) } }, "go together" },
	{ { { "", PARTS_MTIME, "<u8", LIST(2) } }, "go together" },
	{ { { "v", PARTS, FIELDS(2, NULL) } }, "on a group" },
	{ { { "", PARTS_SIZE, "<u4", LIST(2) } }, "list of <u8" },
	{ { { "", SELECTION, FIELDS(2, NULL) } }, NULL },
	{ { { "g", SELECTION, FIELDS(2, NULL) } }, "on the root" },
	{ { { "", SELECTION, TEXT("a") } }, "list of texts" },
	{ { { "", SHARE, "<u8", LIST(2) } }, NULL },
	{ { { "g", SHARE, "<u8", LIST(2) } }, "on the root" },
	{ { { "", SHARE, "<u8", LIST(1) } }, "two elements" },
	{ { { "", "cute-shm:omitted", FIELDS(1, NULL) } },
	  "no reserved attribute" },
	{ { { "v", "cute-shm:", "<u8", SCALAR } }, "no reserved attribute" },
	{ { { "v", "cute-shm:no-such", "<u8", SCALAR } },
	  "no reserved attribute" },
	{ { { "g", COMPOUND, FIELDS(1, NULL) }, { "g", "z", "<u8", SCALAR } },
	  "attribute \"z\" stands after" },
	{ { { "v", VALUES, "|u1", LIST(2) }, { "v", NAMES(2) } },
	  "attribute \"cute-shm:enum-names\" stands after" },
	{ { { "e", DATATYPE, TEXT("<f8") },
	    { "e", COMPOUND, FIELDS(0, NULL) } },
	  "attribute \"cute-shm:compound\" stands after" },
};

static int
put_attr(struct cute_shm_builder *b, const struct attribute *a,
	 const char *name)
{
	static const uint8_t zeros[16] = { 0, 1 };
	const char *text = a->text ? a->text : "cd";
	const uint64_t size = a->count == 2 ? 1 : a->text ? strlen(text) : 1;
	const uint64_t offsets[] = { 0, size, 2 * size };

	if (a->dtype[0] == '*')
		return cute_shm_builder_attr_ragged(b, a->path, name, a->dtype,
						    a->ndim, &a->count, offsets,
						    text);
	return cute_shm_builder_attr(b, a->path, name, a->dtype, a->ndim,
				     &a->count, zeros);
}

/* With 'mark' for the dash of "cute-shm:". */
static int
describe(const struct attribute *attrs, size_t count, char mark,
	 struct cute_shm_builder **ret)
{
	static const uint64_t two = 2, texts[] = { 0, 1, 2 };
	struct cute_shm_build_options opt = { .size = sizeof(opt),
					      .flags = CUTE_SHM_NO_VIEW };
	struct cute_shm_builder *b;
	char name[64];
	size_t i;
	int err = 0;

	ck_ok(cute_shm_builder_new("attrs", &opt, &b));
	ck_ok(cute_shm_builder_array(b, "v", "|u1", 1, &two, "\0\1"));
	ck_ok(cute_shm_builder_array(b, "g/c", "|u1", 1, &two, "\0\1"));
	ck_ok(cute_shm_builder_array(b, "n", "null", 0, NULL, NULL));
	ck_ok(cute_shm_builder_group(b, "e"));
	ck_ok(cute_shm_builder_ragged(b, "t", "*|S1", 1, &two, 2, texts, "ab"));
	for (i = 0; i < count && attrs[i].path && err == 0; i++) {
		snprintf(name, sizeof(name), "%s", attrs[i].name);
		if (strlen(name) > 4)
			name[4] = mark;
		err = put_attr(b, &attrs[i], name);
	}
	*ret = b;
	return err;
}

/* The builder does not let such attributes through: they are forged. */
START_TEST(conventions_of_attributes)
{
	const struct attribute *attrs = conventions[_i].attrs;
	struct cute_shm_builder *b;
	char *name;

	ck_ok(describe(attrs, 3, '+', &b));
	ck_ok(cute_shm_builder_publish(b, NULL));
	cute_shm_builder_free(b);
	sample_replace("attrs");
	while ((name = memmem(sample.bytes, sample.size, "cute+shm:", 9)))
		name[4] = '-';
	segment_seal(&sample);
	if (!conventions[_i].message) {
		ck_ok(verify(0, 1, NULL));
		return;
	}
	ck_err(verify(0, 1, NULL), CUTE_SHM_ERR_CORRUPT);
	ck_assert_uint_eq(seen.count, 1);
	ck_errmsg_has(conventions[_i].message);
}
END_TEST

/* It refuses them, with the same words, or publishes what is sound. */
START_TEST(builders_know_the_conventions)
{
	const char *message = conventions[_i].message;
	struct cute_shm_builder *b;
	struct cute_shm *shm;
	int err;

	err = describe(conventions[_i].attrs, 3, '-', &b);
	if (err == 0)
		err = cute_shm_builder_publish(b, &shm);
	if (message && !strstr(message, "stands after")) {
		ck_err(err, CUTE_SHM_ERR_INVALID);
		ck_errmsg_has(strcmp(message, "no reserved attribute") == 0
				      ? "are reserved"
				      : message);
	} else {
		ck_ok(err);
		ck_ok(cute_shm_verify(shm, NULL, NULL));
		cute_shm_close(shm);
	}
	cute_shm_builder_free(b);
}
END_TEST

/* What comes with a later version is not this one's to judge. */
START_TEST(names_of_a_later_version)
{
	const struct attribute later = { "v", "cute-shm:no-such", "<u8",
					 SCALAR };
	struct format_header *h;
	struct cute_shm_builder *b;
	char *name;

	ck_ok(describe(&later, 1, '+', &b));
	ck_ok(cute_shm_builder_publish(b, NULL));
	cute_shm_builder_free(b);
	sample_replace("attrs");
	h = segment_header(&sample);
	name = memmem(sample.bytes, sample.size, "cute+shm:", 9);
	ck_assert_ptr_nonnull(name);
	name[4] = '-';
	memcpy(h->version, "1.9", 4);
	segment_seal(&sample);
	ck_ok(verify(0, 1, NULL));
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

/* Ragged arrays are never updated in place, whatever their slot says. */
START_TEST(a_ragged_array_that_was_updated)
{
	static const char *const paths[] = { "ragged/lists", "ragged/words" };
	struct format_live *slot =
		(struct format_live *)(void *)(sample.bytes +
					       slot_of(paths[_i / 4]));
	uint32_t sequences[] = { 1, 2, 3, UINT32_C(0xfffffffe) };

	slot->sequence = sequences[_i % 4];
	slot->writer_pid = 1;
	slot->updated_ns = 1;
	ck_err(verify(0, 1, NULL), CUTE_SHM_ERR_CORRUPT);
	ck_assert_uint_eq(seen.count, 1);
	ck_assert_str_eq(seen.damage[0].path, paths[_i / 4]);
	ck_assert_uint_eq(seen.damage[0].offset, slot_of(paths[_i / 4]));
	ck_errmsg_has("as a ragged array must not be");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("verify_rules");
	TCase *tc = tcase_create("verify_rules");

	tcase_add_checked_fixture(tc, verify_setup, verify_teardown);
	tcase_set_timeout(tc, 120);
	/* The rules of the view have tests of their own. */
	sample_flags = CUTE_SHM_NO_VIEW;
	tcase_add_test(tc, padding_is_zero);
	tcase_add_test(tc, second_superblock);
	tcase_add_loop_test(tc, headers_that_do_not_fit, 0, ELEMENTS(headers));
	tcase_add_test(tc, a_path_that_is_there_twice);
	tcase_add_test(tc, two_nodes_of_one_path);
	tcase_add_loop_test(tc, conventions_of_attributes, 0,
			    ELEMENTS(conventions));
	tcase_add_loop_test(tc, builders_know_the_conventions, 0,
			    ELEMENTS(conventions));
	tcase_add_test(tc, names_of_a_later_version);
	tcase_add_test(tc, two_attributes_of_one_name);
	tcase_add_loop_test(tc, a_ragged_array_that_was_updated, 0, 8);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
