/* SPDX-License-Identifier: MIT */
/* Segments that come in parts: any order, hostile ones, and the end of each. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "copy/copy.h"
#include "sample.h"

static struct segment whole;
static unsigned descriptors;

static void
setup(void)
{
	test_root();
	whole = sample_new();
	test_root();
	descriptors = test_descriptors();
}

static void
teardown(void)
{
	segment_free(&whole);
}

static void
ck_left(unsigned files)
{
	ck_assert_uint_eq(test_count(getenv("CUTE_SHM_ROOT")), files);
	ck_assert_uint_eq(test_descriptors(), descriptors);
}

static struct cute_shm_receiver *
begin(uint64_t size)
{
	struct cute_shm_receiver *r = NULL;

	ck_ok(cute_shm_receive_begin("p", size, NULL, &r));
	return r;
}

/* Bytes [from, to) come, as the segment has them. */
static int
part(struct cute_shm_receiver *r, uint64_t from, uint64_t to)
{
	void *at;
	int err = cute_shm_receive_at(r, from, to - from, &at);

	if (err != 0)
		return err;
	memcpy(at, whole.bytes + from, to - from);
	return cute_shm_receive_done(r, from, to - from,
				     digest(whole.bytes + from, to - from));
}

/* The project is there, sound, and has the bytes of the segment. */
static void
ck_same(void)
{
	struct segment got =
		segment_read(test_path(getenv("CUTE_SHM_ROOT"), "cute-shm.p"));
	struct cute_shm *shm;

	ck_assert_uint_eq(got.size, whole.size);
	ck_assert_mem_eq(got.bytes, whole.bytes, whole.size);
	segment_free(&got);
	ck_ok(cute_shm_open("p", NULL, &shm));
	ck_ok(cute_shm_verify(shm, NULL, NULL));
	cute_shm_close(shm);
	ck_left(1);
}

/* ------------------------------------------------------------------- orders */

#define STEP 700

/* Forwards, backwards, every second one first, and all of it twice. */
START_TEST(any_order)
{
	struct cute_shm_receiver *r = begin(whole.size + (_i == 2 ? 9999 : 0));
	uint64_t parts = (whole.size + STEP - 1) / STEP, i, k, from, to;

	for (i = 0; i < parts * (_i == 3 ? 2 : 1); i++) {
		k = i % parts;
		if (_i == 1)
			k = parts - 1 - k;
		if (_i == 2)
			k = 2 * k < parts ? 2 * k : 2 * (parts - 1 - k) + 1;
		from = k * STEP;
		/* Parts may overlap. */
		to = from + STEP + (_i == 3 ? 333 : 0);
		ck_ok(part(r, from, to < whole.size ? to : whole.size));
	}
	ck_ok(cute_shm_receive_seal(r));
	ck_assert_uint_eq(test_count(getenv("CUTE_SHM_ROOT")), 0);
	ck_ok(cute_shm_receive_publish(r, NULL));
	cute_shm_receive_free(r);
	ck_same();
}
END_TEST

/* Random parts, compared with a map of the bytes. */
START_TEST(what_has_come)
{
	struct received r = { .count = 0 };
	struct received_span gap;
	bool has[200] = { false };
	unsigned i, k, from, to;

	srandom((unsigned)_i);
	for (i = 0; i < 60; i++) {
		from = (unsigned)random() % 200;
		to = from + (unsigned)random() % 12;
		if (to > 200)
			to = 200;
		ck_ok(received_add(&r, from, to));
		for (k = from; k < to; k++)
			has[k] = true;
		for (from = 0; from < 200 && has[from]; from++)
			;
		for (to = from; to < 200 && !has[to]; to++)
			;
		ck_assert(received_gap(&r, 200, &gap) == (from < 200));
		ck_assert_uint_eq(gap.begin, from);
		ck_assert_uint_eq(gap.end, from < 200 ? to : 200);
		for (k = 1; k < r.count; k++)
			ck_assert_uint_lt(r.of[k - 1].end, r.of[k].begin);
	}
	received_free(&r);
}
END_TEST

/* Two threads at once, each a half of the parts. */
struct half {
	struct cute_shm_receiver *r;
	uint64_t first;
	int err;
};

static void *
receive_half(void *arg)
{
	struct half *h = arg;
	uint64_t from, to;

	for (from = h->first * STEP; from < whole.size && h->err == 0;
	     from += 2 * STEP) {
		to = from + STEP < whole.size ? from + STEP : whole.size;
		h->err = part(h->r, from, to);
	}
	return NULL;
}

START_TEST(two_threads)
{
	struct cute_shm_receiver *r = begin(whole.size);
	struct half a = { r, 0, 0 }, b = { r, 1, 0 };
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, receive_half, &a), 0);
	receive_half(&b);
	pthread_join(thread, NULL);
	ck_assert_int_eq(a.err, 0);
	ck_assert_int_eq(b.err, 0);
	ck_ok(cute_shm_receive_seal(r));
	ck_ok(cute_shm_receive_publish(r, NULL));
	cute_shm_receive_free(r);
	ck_same();
}
END_TEST

/* ----------------------------------------------------------------- failures */

START_TEST(missing_parts)
{
	static const struct {
		uint64_t from, to;
		const char *message;
	} missing[] = {
		{ 0, 512, "its header has not come" },
		{ 511, 512, "its header has not come" },
		{ 512, 513, "the 1 bytes from 512 have not come" },
		{ 5000, 9000, "the 4000 bytes from 5000 have not come" },
	};
	struct cute_shm_receiver *r = begin(whole.size);
	uint64_t from = missing[_i % 4].from, to = missing[_i % 4].to;

	if (_i == 4)
		from = whole.size - 1, to = whole.size;
	if (from > 0)
		ck_ok(part(r, 0, from));
	if (to < whole.size)
		ck_ok(part(r, to, whole.size));
	ck_err(cute_shm_receive_seal(r), CUTE_SHM_ERR_CORRUPT);
	ck_errmsg_has(_i == 4 ? "the 1 bytes from" : missing[_i].message);
	ck_err(cute_shm_receive_publish(r, NULL), CUTE_SHM_ERR_STATE);
	cute_shm_receive_free(r);
	ck_left(0);
}
END_TEST

/* A part whose bytes are not those that were sent counts as missing. */
START_TEST(wrong_digest)
{
	struct cute_shm_receiver *r = begin(whole.size);
	uint64_t right = digest(whole.bytes + 4096, 4096);
	void *at;

	ck_ok(part(r, 0, 4096));
	ck_ok(part(r, 8192, whole.size));
	ck_ok(cute_shm_receive_at(r, 4096, 4096, &at));
	memcpy(at, whole.bytes + 4096, 4095);
	((uint8_t *)at)[4095] = (uint8_t)~whole.bytes[8191];
	ck_err(cute_shm_receive_done(r, 4096, 4096, right),
	       CUTE_SHM_ERR_CORRUPT);
	ck_errmsg_has("the 4096 bytes received for 4096");
	if (_i == 0) {
		ck_err(cute_shm_receive_seal(r), CUTE_SHM_ERR_CORRUPT);
		cute_shm_receive_free(r);
		ck_left(0);
		return;
	}
	/* It comes again, and is right. */
	ck_ok(part(r, 4096, 8192));
	ck_ok(cute_shm_receive_seal(r));
	ck_ok(cute_shm_receive_publish(r, NULL));
	cute_shm_receive_free(r);
	ck_same();
}
END_TEST

/* A sender that lies, with digests that fit what it sends. */
START_TEST(hostile)
{
	struct format_header *h = (struct format_header *)whole.bytes;
	uint64_t size = whole.size;
	int expected = CUTE_SHM_ERR_CORRUPT;
	struct cute_shm_receiver *r;

	switch (_i) {
	case 0: /* no segment */
		memset(whole.bytes, 'x', 512);
		expected = CUTE_SHM_ERR_FORMAT;
		break;
	case 1: /* a header that was changed */ h->node_count++; break;
	case 2: /* metadata that were changed */
		whole.bytes[h->records_offset + 40] ^= 1;
		break;
	case 3: /* records that break the rules, under right digests */
		put32(&whole, h->records_offset + 4, 0xfffffff0);
		segment_seal(&whole);
		break;
	default: /* it is larger than was announced */ size -= 64;
	}
	r = begin(size);
	ck_ok(part(r, 0, size));
	ck_err(cute_shm_receive_seal(r), expected);
	cute_shm_receive_free(r);
	ck_left(0);
}
END_TEST

START_TEST(outside)
{
	struct cute_shm_receiver *r = begin(whole.size);
	void *at = &at;

	ck_err(cute_shm_receive_at(r, whole.size, 1, &at),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_receive_at(r, 1, whole.size, &at),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_receive_at(r, UINT64_MAX, 2, &at),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_receive_at(r, 2, UINT64_MAX, &at),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_receive_done(r, 2, UINT64_MAX, 0),
	       CUTE_SHM_ERR_INVALID);
	ck_assert_ptr_eq(at, &at);
	ck_ok(cute_shm_receive_at(r, whole.size, 0, &at));
	cute_shm_receive_free(r);
	ck_left(0);
}
END_TEST

START_TEST(out_of_order)
{
	struct cute_shm_receiver *r = begin(whole.size);
	void *at;

	ck_err(cute_shm_receive_publish(r, NULL), CUTE_SHM_ERR_STATE);
	ck_ok(part(r, 0, whole.size));
	ck_ok(cute_shm_receive_seal(r));
	ck_err(cute_shm_receive_seal(r), CUTE_SHM_ERR_STATE);
	ck_err(cute_shm_receive_at(r, 0, 1, &at), CUTE_SHM_ERR_STATE);
	ck_err(part(r, 0, 1), CUTE_SHM_ERR_STATE);
	ck_ok(cute_shm_receive_publish(r, NULL));
	ck_err(cute_shm_receive_publish(r, NULL), CUTE_SHM_ERR_STATE);
	cute_shm_receive_free(r);
	ck_same();
	cute_shm_receive_free(NULL);
}
END_TEST

START_TEST(refused_at_once)
{
	struct cute_shm_receive_options opt = { .size = sizeof(opt) };
	struct cute_shm_receiver *r = NULL;

	ck_err(cute_shm_receive_begin("p", 100, &opt, &r),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_receive_begin("p", UINT64_MAX, &opt, &r),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_receive_begin("p/q", whole.size, &opt, &r),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_receive_begin("p", (uint64_t)1 << 60, &opt, &r),
	       CUTE_SHM_ERR_NO_SPACE);
	opt.max_size = whole.size - 1;
	ck_err(cute_shm_receive_begin("p", whole.size, &opt, &r),
	       CUTE_SHM_ERR_LIMIT);
	opt.max_size = 0;
	opt.flags = CUTE_SHM_RESERVE_AHEAD;
	ck_err(cute_shm_receive_begin("p", whole.size, &opt, &r),
	       CUTE_SHM_ERR_UNSUPPORTED);
	ck_assert_ptr_null(r);
	ck_left(0);
	sample_publish("p");
	ck_err(cute_shm_receive_begin("p", whole.size, NULL, &r),
	       CUTE_SHM_ERR_EXISTS);
	ck_assert_ptr_null(r);
	ck_left(1);
}
END_TEST

/* ----------------------------------------------------------------- the end */

/* A project that comes meanwhile stays, or is replaced, as was wanted. */
START_TEST(name_taken_meanwhile)
{
	struct cute_shm_receive_options opt = {
		.size = sizeof(opt),
		.flags = _i ? CUTE_SHM_OVERWRITE : 0,
	};
	struct cute_shm_receiver *r;

	ck_ok(cute_shm_receive_begin("p", whole.size, &opt, &r));
	ck_ok(part(r, 0, whole.size));
	ck_ok(cute_shm_receive_seal(r));
	sample_publish("p");
	if (_i)
		ck_ok(cute_shm_receive_publish(r, NULL));
	else
		ck_err(cute_shm_receive_publish(r, NULL), CUTE_SHM_ERR_EXISTS);
	cute_shm_receive_free(r);
	if (_i)
		ck_same();
	ck_left(1);
}
END_TEST

START_TEST(ephemeral_and_without_view)
{
	struct cute_shm_receive_options opt = {
		.size = sizeof(opt),
		.flags = CUTE_SHM_EPHEMERAL | CUTE_SHM_NO_VIEW,
		.mode = 0640,
	};
	struct cute_shm_receiver *r;
	struct cute_shm_info info;
	struct cute_shm *shm;

	ck_ok(cute_shm_receive_begin("p", whole.size, &opt, &r));
	ck_ok(part(r, 0, whole.size));
	ck_ok(cute_shm_receive_seal(r));
	ck_ok(cute_shm_receive_publish(r, &shm));
	cute_shm_receive_free(r);
	ck_ok(cute_shm_info(shm, &info));
	ck_assert_uint_eq(info.mode & 0777, 0640);
	ck_assert_uint_lt(info.size, whole.size);
	ck_ok(cute_shm_verify(shm, NULL, NULL));
	cute_shm_close(shm);
	ck_left(0);
}
END_TEST

/* Nothing is left of a process that dies in the middle. */
START_TEST(killed)
{
	struct cute_shm_receiver *r;
	int ends[2], status;
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	pid = test_fork();
	if (pid == 0) {
		if (cute_shm_receive_begin("p", whole.size, NULL, &r) == 0 &&
		    part(r, 0, 5000) == 0 && write(ends[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	ck_assert_int_eq(read(ends[0], &byte, 1), 1);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	close(ends[0]);
	close(ends[1]);
	ck_left(0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("receive");
	TCase *t = tcase_create("receive");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, any_order, 0, 4);
	tcase_add_loop_test(t, what_has_come, 0, 20);
	tcase_add_test(t, two_threads);
	tcase_add_loop_test(t, missing_parts, 0, 5);
	tcase_add_loop_test(t, wrong_digest, 0, 2);
	tcase_add_loop_test(t, hostile, 0, 5);
	tcase_add_test(t, outside);
	tcase_add_test(t, out_of_order);
	tcase_add_test(t, refused_at_once);
	tcase_add_loop_test(t, name_taken_meanwhile, 0, 2);
	tcase_add_test(t, ephemeral_and_without_view);
	tcase_add_test(t, killed);
	suite_add_tcase(s, t);
	return test_run(s);
}
