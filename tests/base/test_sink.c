/* SPDX-License-Identifier: MIT */
/* A writer that gathers bytes. */

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "util.h"

#define MIB ((size_t)1 << 20)

/* What was handed over, at most so many times. */
struct taken {
	uint8_t bytes[4 * MIB];
	size_t size;
	unsigned calls, most;
};

static int
take(void *arg, const void *data, size_t size)
{
	struct taken *t = arg;

	if (t->calls++ == t->most)
		return cute_shm_fail(CUTE_SHM_ERR_NO_SPACE, "no more");
	ck_assert_uint_le(size, sizeof(t->bytes) - t->size);
	memcpy(t->bytes + t->size, data, size);
	t->size += size;
	return 0;
}

START_TEST(all_comes_in_order)
{
	static struct taken t = { .most = UINT32_MAX };
	uint8_t *data = malloc(3 * MIB), zeros[100] = { 0 };
	struct sink s;

	ck_assert_ptr_nonnull(data);
	for (size_t i = 0; i < 3 * MIB; i++)
		data[i] = (uint8_t)(i * 31 + i / 251);
	ck_ok(sink_begin(&s, take, &t, 512));
	sink_put(&s, data, 3);
	ck_assert_uint_eq(t.calls, 0);
	sink_put(&s, NULL, 100);
	sink_put(&s, data + 3, 3 * MIB - 3);
	ck_assert_uint_eq(s.at, 512 + 3 * MIB + 100);
	ck_ok(sink_flush(&s));
	ck_ok(sink_flush(&s)); /* nothing is left to hand over */
	ck_assert_uint_eq(t.calls, 3 * MIB / SINK_SIZE + 1);
	ck_assert_uint_eq(t.size, 3 * MIB + 100);
	ck_assert_mem_eq(t.bytes, data, 3);
	ck_assert_mem_eq(t.bytes + 3, zeros, sizeof(zeros));
	ck_assert(memcmp(t.bytes + 103, data + 3, 3 * MIB - 3) == 0);
	sink_free(&s);
	free(data);
}
END_TEST

/* Bytes that the caller writes, and takes back in part. */
START_TEST(room_for_bytes)
{
	static struct taken t = { .most = UINT32_MAX };
	struct sink s;
	uint8_t *to;

	ck_ok(sink_begin(&s, take, &t, 7));
	to = sink_room(&s, 8);
	ck_assert_ptr_nonnull(to);
	memcpy(to, "abcdefgh", 8);
	sink_take_back(&s, 3);
	ck_assert_uint_eq(s.at, 7 + 5);
	sink_put(&s, "xyz", 3);
	ck_assert_ptr_null(sink_room(&s, SINK_SIZE - 8));
	ck_assert_ptr_nonnull(sink_room(&s, SINK_SIZE - 9));
	ck_assert_uint_eq(t.calls, 0);
	ck_ok(sink_flush(&s));
	ck_assert_uint_eq(t.size, SINK_SIZE - 1);
	ck_assert_mem_eq(t.bytes, "abcdexyz", 8);
	sink_free(&s);
}
END_TEST

START_TEST(nothing_after_an_error)
{
	static struct taken t = { .most = 1 };
	struct sink s;

	ck_ok(sink_begin(&s, take, &t, 0));
	sink_put(&s, NULL, 2 * MIB);
	ck_assert_int_eq(s.err, CUTE_SHM_ERR_NO_SPACE);
	sink_put(&s, NULL, 2 * MIB);
	ck_err(sink_flush(&s), CUTE_SHM_ERR_NO_SPACE);
	ck_assert_uint_eq(t.calls, 2);
	ck_assert_uint_eq(t.size, SINK_SIZE);
	ck_assert_ptr_null(sink_room(&s, 1));
	sink_free(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sink");
	TCase *tcase = tcase_create("all");

	tcase_add_test(tcase, all_comes_in_order);
	tcase_add_test(tcase, room_for_bytes);
	tcase_add_test(tcase, nothing_after_an_error);
	suite_add_tcase(suite, tcase);
	return test_run(suite);
}
