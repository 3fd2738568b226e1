/* SPDX-License-Identifier: MIT */
/* Verification: each damage is found, named, and told in a stable order. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sample.h"

#define MAX_DAMAGES 64

static struct segment sample;

static struct {
	unsigned count;
	unsigned stop_at;
	struct {
		int err;
		char path[32];
		uint64_t offset, block, begin, end;
		char message[256];
	} damage[MAX_DAMAGES];
} seen;

static int
note(const struct cute_shm_damage *d, void *arg)
{
	ck_assert_ptr_eq(arg, &seen);
	ck_assert_uint_lt(seen.count, MAX_DAMAGES);
	seen.damage[seen.count].err = d->err;
	snprintf(seen.damage[seen.count].path, 32, "%s",
		 d->path ? d->path : "-");
	seen.damage[seen.count].offset = d->offset;
	seen.damage[seen.count].block = d->block;
	seen.damage[seen.count].begin = d->begin;
	seen.damage[seen.count].end = d->end;
	snprintf(seen.damage[seen.count].message, 256, "%.255s", d->message);
	return ++seen.count == seen.stop_at;
}

static int
verify(unsigned flags, unsigned jobs, struct cute_shm_verify_result *ret)
{
	struct cute_shm_verify_options opt = {
		.size = sizeof(opt), .flags = flags, .jobs = jobs,
		.report = note, .arg = &seen,
	};
	struct cute_shm *shm = segment_attach(&sample);
	int rc;

	seen.count = 0;
	rc = cute_shm_verify(shm, &opt, ret);
	cute_shm_close(shm);
	return rc;
}

static void
setup(void)
{
	memset(&seen, 0, sizeof(seen));
	test_root();
	sample = sample_new();
}

static void
teardown(void)
{
	segment_free(&sample);
}

static uint64_t
array_field(const char *path, size_t at)
{
	return get64(&sample, segment_node(&sample, path) + at);
}

static uint64_t
data_of(const char *path)
{
	return array_field(path, offsetof(struct format_array, data_offset));
}

static uint64_t
slot_of(const char *path)
{
	return segment_header(&sample)->live_offset + sizeof(struct format_live)
	       * array_field(path, offsetof(struct format_array, live_slot));
}

START_TEST(a_sound_segment)
{
	struct cute_shm_verify_result r;

	ck_ok(verify(0, (unsigned)_i, &r));
	ck_assert_uint_eq(seen.count, 0);
	ck_assert_uint_eq(r.arrays, 11);
	ck_assert_uint_eq(r.bytes, segment_header(&sample)->array_bytes);
	ck_assert_uint_eq(r.damaged, 0);
	ck_ok(verify(CUTE_SHM_VERIFY_METADATA, 1, &r));
	ck_assert_uint_eq(r.arrays, 0);
	ck_assert_uint_eq(r.bytes, 0);
}
END_TEST

START_TEST(each_damaged_block_is_named)
{
	static const unsigned blocks[] = { 0, 7, 19 };
	uint64_t data = data_of("big");
	struct cute_shm_verify_result r;
	size_t i;

	for (i = 0; i < ELEMENTS(blocks); i++)
		sample.bytes[data + blocks[i] * SAMPLE_BLOCK + 5] ^= 1;
	sample.bytes[data_of("scalar")] ^= 0x80;
	ck_err(verify(0, (unsigned)_i, &r), CUTE_SHM_ERR_CORRUPT);
	ck_errmsg_has("and 3 more damages");
	ck_assert_uint_eq(seen.count, 4);
	ck_assert_uint_eq(r.damaged, 4);
	ck_assert_uint_eq(r.arrays, 11);
	ck_assert_str_eq(seen.damage[0].path, "scalar");
	ck_assert_uint_eq(seen.damage[0].offset, data_of("scalar"));
	ck_assert_uint_eq(seen.damage[0].begin, 0);
	ck_assert_uint_eq(seen.damage[0].end, 4);
	for (i = 0; i < ELEMENTS(blocks); i++) {
		ck_assert_str_eq(seen.damage[i + 1].path, "big");
		ck_assert_int_eq(seen.damage[i + 1].err, CUTE_SHM_ERR_CORRUPT);
		ck_assert_uint_eq(seen.damage[i + 1].block, blocks[i]);
		ck_assert_uint_eq(seen.damage[i + 1].offset,
				  data + blocks[i] * SAMPLE_BLOCK);
		ck_assert_uint_eq(seen.damage[i + 1].begin,
				  blocks[i] * SAMPLE_BLOCK);
		ck_assert_uint_le(seen.damage[i + 1].end,
				  (blocks[i] + 1) * SAMPLE_BLOCK);
		ck_assert_uint_gt(seen.damage[i + 1].end,
				  seen.damage[i + 1].begin);
		ck_assert_ptr_nonnull(strstr(seen.damage[i + 1].message,
					     "/big"));
	}
	ck_ok(verify(CUTE_SHM_VERIFY_METADATA, 1, NULL));
}
END_TEST

struct steps {
	unsigned count, stop_at;
	uint64_t done, total;
};

static int
step(uint64_t done, uint64_t total, void *arg)
{
	struct steps *s = arg;

	ck_assert_uint_ge(done, s->done);
	ck_assert_uint_le(done, total);
	s->done = done;
	s->total = total;
	return ++s->count == s->stop_at;
}

START_TEST(progress_is_told)
{
	struct steps steps = { .count = 0 };
	struct cute_shm_verify_options opt = {
		.size = sizeof(opt), .progress = step, .arg = &steps,
	};
	struct cute_shm *shm = segment_attach(&sample);
	struct cute_shm_verify_result r;

	ck_ok(cute_shm_verify(shm, &opt, &r));
	ck_assert_uint_ge(steps.count, 1);
	ck_assert_uint_eq(steps.done, r.bytes);
	ck_assert_uint_eq(steps.total, r.bytes);
	steps = (struct steps){ .stop_at = 1 };
	ck_err(cute_shm_verify(shm, &opt, NULL), CUTE_SHM_ERR_CANCELLED);
	cute_shm_close(shm);
}
END_TEST

START_TEST(a_report_may_end_it)
{
	sample.bytes[data_of("scalar")] ^= 1;
	sample.bytes[data_of("big")] ^= 1;
	seen.stop_at = 1;
	ck_err(verify(0, 0, NULL), CUTE_SHM_ERR_CANCELLED);
	ck_assert_uint_eq(seen.count, 1);
	seen.stop_at = 0;
	ck_err(verify(0, 0, NULL), CUTE_SHM_ERR_CORRUPT);
	ck_assert_uint_eq(seen.count, 2);
}
END_TEST

/* Where a slot says that its array is being updated, data may be anything. */
static bool
is_sequence(uint64_t at)
{
	const struct format_header *h = segment_header(&sample);

	return at >= h->live_offset && (at - h->live_offset) % 64 == 0 &&
	       (at - h->live_offset) / 64 < h->array_count;
}

START_TEST(every_flipped_byte_is_found)
{
	struct cute_shm *shm;
	size_t i;
	int rc;

	for (i = (size_t)_i; i < sample.size; i += 16) {
		if (is_sequence(i))
			continue;
		sample.bytes[i] ^= (uint8_t)(1 << (i / 16) % 8);
		rc = segment_open(&sample, &shm);
		if (rc == 0) {
			rc = cute_shm_verify(shm, NULL, NULL);
			cute_shm_close(shm);
		}
		ck_assert_msg(rc < 0, "a flip at %#zx is not found", i);
		sample.bytes[i] ^= (uint8_t)(1 << (i / 16) % 8);
	}
}
END_TEST

/* Bytes of a sealed segment that belong to nothing must be zero. */
START_TEST(padding_is_zero)
{
	const struct format_header *h = segment_header(&sample);
	const uint64_t places[] = {
		offsetof(struct format_header, zero),
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

/* What is behind the damage is still hashed, as the index leads to it. */
START_TEST(data_behind_a_damaged_record)
{
	struct cute_shm_verify_result r;

	put32(&sample, segment_node(&sample, "scalar") +
	      offsetof(struct format_record, record_size), 0);
	sample.bytes[data_of("big") + 3 * SAMPLE_BLOCK] ^= 1;
	segment_seal(&sample);
	ck_err(verify(0, 2, &r), CUTE_SHM_ERR_CORRUPT);
	ck_assert_uint_eq(r.arrays, 10);
	ck_assert_uint_eq(seen.count, 2);
	ck_assert_str_eq(seen.damage[1].path, "big");
	ck_assert_uint_eq(seen.damage[1].block, 3);
}
END_TEST

static struct format_live *
live(const char *path)
{
	return (struct format_live *)(void *)(sample.bytes + slot_of(path));
}

/* As a writer leaves an array: changed, and sealed or not. */
START_TEST(arrays_that_were_updated)
{
	uint64_t rows[SAMPLE_BIG / SAMPLE_BLOCK + 1], at, size, i = 0;
	struct cute_shm_verify_result r;
	struct format_live *slot = live("big");
	uint64_t data = data_of("big");

	sample.bytes[data + 600] ^= 0xff;
	ck_err(verify(0, 2, &r), CUTE_SHM_ERR_CORRUPT);
	slot->sequence = 2;
	slot->writer_pid = 1;
	slot->updated_ns = 1;
	ck_ok(verify(0, 2, &r));
	ck_assert_uint_eq(r.arrays, 10);
	ck_assert_uint_eq(r.unsealed, 1);
	slot->sequence = 3;	/* and nobody holds the lock */
	ck_err(verify(0, 2, &r), CUTE_SHM_ERR_TORN);
	ck_assert_uint_eq(r.damaged, 1);
	slot->sequence = slot->digest_sequence = 4;
	ck_err(verify(0, 2, &r), CUTE_SHM_ERR_CORRUPT);
	for (at = 0; at < SAMPLE_BIG; at += size) {
		size = SAMPLE_BIG - at < SAMPLE_BLOCK ? SAMPLE_BIG - at
						      : SAMPLE_BLOCK;
		rows[i++] = digest(sample.bytes + data + at, size);
	}
	slot->digest = digest(rows, sizeof(rows));
	ck_ok(verify(0, 2, &r));
	ck_assert_uint_eq(r.arrays, 11);
	slot->digest_sequence = 3;
	ck_err(verify(0, 2, &r), CUTE_SHM_ERR_CORRUPT);
	slot->digest_sequence = 4;
	slot->zero[35] = 1;
	ck_err(verify(0, 2, &r), CUTE_SHM_ERR_CORRUPT);
	slot->zero[35] = 0;
	slot->writer_pid = 0;
	ck_err(verify(0, 2, &r), CUTE_SHM_ERR_CORRUPT);
}
END_TEST

/* A writer at work is no damage, whatever it has just done. */
/* Update and seal, by a handle of its own, until the pipe is closed. */
static _Noreturn void
write_on(int stop)
{
	const struct cute_shm_open_options opt = {
		.size = sizeof(opt), .flags = CUTE_SHM_WRITE
	};
	struct cute_shm_array a;
	struct cute_shm *shm;
	unsigned i = 0;
	char c;

	if (fcntl(stop, F_SETFL, O_NONBLOCK) != 0 ||
	    cute_shm_open("updated", &opt, &shm) != 0 ||
	    cute_shm_get(shm, "big", &a) != 0)
		_exit(1);
	for (; read(stop, &c, 1) != 0; i++)
		if (cute_shm_update(&a, 0, &i, sizeof(i),
				    CUTE_SHM_FOREVER) != 0 ||
		    (i % 2 && cute_shm_seal(&a, CUTE_SHM_FOREVER) != 0))
			_exit(1);
	cute_shm_close(shm);
	_exit(0);
}

START_TEST(beside_a_writer)
{
	struct cute_shm *shm;
	int stop[2], status, i;
	pid_t writer;

	sample_publish("updated");
	ck_ok(cute_shm_open("updated", NULL, &shm));
	ck_assert_int_eq(pipe(stop), 0);
	writer = fork();
	ck_assert_int_ge(writer, 0);
	if (writer == 0) {
		close(stop[1]);
		write_on(stop[0]);
	}
	close(stop[0]);
	for (i = 0; i < 200; i++)
		ck_ok(cute_shm_verify(shm, NULL, NULL));
	close(stop[1]);
	ck_assert_int_eq(waitpid(writer, &status, 0), writer);
	ck_assert_int_eq(status, 0);
	ck_ok(cute_shm_verify(shm, NULL, NULL));
	cute_shm_close(shm);
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

	segment_free(&sample);
	ck_ok(cute_shm_builder_new("two", NULL, &b));
	ck_ok(cute_shm_builder_group(b, "p"));
	ck_ok(cute_shm_builder_group(b, "q"));
	ck_ok(cute_shm_builder_publish(b, NULL));
	cute_shm_builder_free(b);
	sample = segment_read(test_path(getenv("CUTE_SHM_ROOT"),
					PROJECT_PREFIX "two"));
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

	segment_free(&sample);
	ck_ok(cute_shm_builder_new("attrs", NULL, &b));
	ck_ok(cute_shm_builder_array(b, "v", "|u1", 1, &two, "\0\1"));
	ck_ok(cute_shm_builder_array(b, "g/c", "|u1", 1, &two, "\0\1"));
	ck_ok(cute_shm_builder_array(b, "n", "null", 0, NULL, NULL));
	put_attr(b, &conventions[_i].attrs[0]);
	put_attr(b, &conventions[_i].attrs[1]);
	ck_ok(cute_shm_builder_publish(b, NULL));
	cute_shm_builder_free(b);
	sample = segment_read(test_path(getenv("CUTE_SHM_ROOT"),
					PROJECT_PREFIX "attrs"));
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

START_TEST(options_that_make_no_sense)
{
	struct cute_shm_verify_options opt = { .size = 0 };
	struct cute_shm *shm = segment_attach(&sample);

	ck_err(cute_shm_verify(shm, &opt, NULL), CUTE_SHM_ERR_INVALID);
	opt.size = sizeof(opt);
	opt.flags = 1U << 31;
	ck_err(cute_shm_verify(shm, &opt, NULL), CUTE_SHM_ERR_INVALID);
	cute_shm_close(shm);
}
END_TEST

/* More blocks than one batch of jobs takes, and arrays without number. */
START_TEST(much_data)
{
	static uint8_t data[1000000];
	struct cute_shm_build_options opt = {
		.size = sizeof(opt), .block_size = 64, .jobs = 2
	};
	static const uint64_t size = sizeof(data);
	struct cute_shm_verify_result r;
	struct cute_shm_builder *b;
	char path[16];
	unsigned i;

	segment_free(&sample);
	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i >> 3);
	ck_ok(cute_shm_builder_new("much", &opt, &b));
	for (i = 0; i < 20; i++) {
		snprintf(path, sizeof(path), "%u", i);
		ck_ok(cute_shm_builder_array(b, path, "|u1", 1, &size, data));
	}
	for (; i < 3000; i++) {
		snprintf(path, sizeof(path), "%u", i);
		ck_ok(cute_shm_builder_array(b, path, "|u1", 0, NULL, data));
	}
	ck_ok(cute_shm_builder_publish(b, NULL));
	cute_shm_builder_free(b);
	sample = segment_read(test_path(getenv("CUTE_SHM_ROOT"),
					PROJECT_PREFIX "much"));
	ck_ok(verify(0, (unsigned)_i, &r));
	ck_assert_uint_eq(r.arrays, 3000);
	ck_assert_uint_eq(r.bytes, 20 * size + 2980);
	sample.bytes[data_of("19") + size - 1] ^= 1;
	sample.bytes[data_of("2999")] ^= 1;
	ck_err(verify(0, (unsigned)_i, &r), CUTE_SHM_ERR_CORRUPT);
	ck_assert_uint_eq(seen.count, 2);
	ck_assert_uint_eq(seen.damage[0].block, size / 64 - 1);
	ck_assert_str_eq(seen.damage[1].path, "2999");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("verify");
	TCase *tc = tcase_create("verify");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, a_sound_segment, 0, 5);
	tcase_add_loop_test(tc, each_damaged_block_is_named, 0, 4);
	tcase_add_test(tc, a_report_may_end_it);
	tcase_add_test(tc, progress_is_told);
	tcase_add_loop_test(tc, every_flipped_byte_is_found, 0, 16);
	tcase_add_test(tc, padding_is_zero);
	tcase_add_loop_test(tc, headers_that_do_not_fit, 0, ELEMENTS(headers));
	tcase_add_test(tc, data_behind_a_damaged_record);
	tcase_add_test(tc, arrays_that_were_updated);
	tcase_add_test(tc, beside_a_writer);
	tcase_add_test(tc, a_path_that_is_there_twice);
	tcase_add_test(tc, two_nodes_of_one_path);
	tcase_add_loop_test(tc, conventions_of_attributes, 0,
			    ELEMENTS(conventions));
	tcase_add_test(tc, two_attributes_of_one_name);
	tcase_add_test(tc, options_that_make_no_sense);
	tcase_add_loop_test(tc, much_data, 1, 3);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
