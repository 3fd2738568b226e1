/* SPDX-License-Identifier: MIT */
/* Verification: each damage is found, named, and told in a stable order. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "verify_util.h"

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
		ck_assert_ptr_nonnull(
			strstr(seen.damage[i + 1].message, "/big"));
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
		.size = sizeof(opt),
		.progress = step,
		.arg = &steps,
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

/* What is behind the damage is still hashed, as the index leads to it. */
START_TEST(data_behind_a_damaged_record)
{
	struct cute_shm_verify_result r;

	put32(&sample,
	      segment_node(&sample, "scalar") +
		      offsetof(struct format_record, record_size),
	      0);
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
	slot->sequence = 3; /* and nobody holds the lock */
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

/* Update and seal, by a handle of its own, until the pipe is closed. */
static _Noreturn void
write_on(int stop)
{
	const struct cute_shm_open_options opt = { .size = sizeof(opt),
						   .flags = CUTE_SHM_WRITE };
	struct cute_shm_array a;
	struct cute_shm *shm;
	unsigned i = 0;
	char c;

	if (fcntl(stop, F_SETFL, O_NONBLOCK) != 0 ||
	    cute_shm_open("updated", &opt, &shm) != 0 ||
	    cute_shm_get(shm, "big", &a) != 0)
		_exit(1);
	for (; read(stop, &c, 1) != 0; i++)
		if (cute_shm_update(&a, 0, &i, sizeof(i), CUTE_SHM_FOREVER) !=
			    0 ||
		    (i % 2 && cute_shm_seal(&a, CUTE_SHM_FOREVER) != 0))
			_exit(1);
	cute_shm_close(shm);
	_exit(0);
}

/* A writer at work is no damage, whatever it has just done. */
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
	struct cute_shm_build_options opt = { .size = sizeof(opt),
					      .block_size = 64,
					      .jobs = 2 };
	static const uint64_t size = sizeof(data);
	struct cute_shm_verify_result r;
	struct cute_shm_builder *b;
	char path[16];
	unsigned i;

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
	sample_replace("much");
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

	tcase_add_checked_fixture(tc, verify_setup, verify_teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, a_sound_segment, 0, 5);
	tcase_add_loop_test(tc, each_damaged_block_is_named, 0, 4);
	tcase_add_test(tc, a_report_may_end_it);
	tcase_add_test(tc, progress_is_told);
	tcase_add_loop_test(tc, every_flipped_byte_is_found, 0, 16);
	tcase_add_test(tc, data_behind_a_damaged_record);
	tcase_add_test(tc, arrays_that_were_updated);
	tcase_add_test(tc, beside_a_writer);
	tcase_add_test(tc, options_that_make_no_sense);
	tcase_add_loop_test(tc, much_data, 1, 3);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
