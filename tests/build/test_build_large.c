/* SPDX-License-Identifier: MIT */
/* Builders with many threads, many nodes, many bytes. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build_util.h"
#include "read/read.h"

struct part {
	struct cute_shm_builder *b;
	const uint64_t *data;
	size_t from, to, step; /* bytes */
	int err;
};

static void *
write_part(void *arg)
{
	struct part *p = arg;
	size_t at, n;

	for (at = p->from; at < p->to && p->err == 0; at += n) {
		n = p->to - at < p->step ? p->to - at : p->step;
		p->err = cute_shm_builder_write(p->b, "a/b", at,
						(const uint8_t *)p->data + at,
						n);
	}
	return NULL;
}

/* Threads that share blocks, with the digest of one write by one thread. */
START_TEST(threads)
{
	enum {
		ITEMS = 300000,
		COUNT = 4
	};
	static uint64_t data[ITEMS];
	static const uint64_t shape = ITEMS;
	struct part parts[COUNT] = { 0 };
	struct cute_shm_builder *b;
	struct cute_shm *one, *many;
	pthread_t ids[COUNT];
	size_t i, part = sizeof(data) / COUNT + 40;

	test_root();
	for (i = 0; i < ITEMS; i++)
		data[i] = i * UINT64_C(0x9e3779b97f4a7c15);
	b = build_new("one", 4096);
	ck_ok(cute_shm_builder_array(b, "a/b", "<u8", 1, &shape, data));
	one = build_publish(b);
	b = build_new("many", 4096);
	ck_ok(cute_shm_builder_array(b, "a/b", "<u8", 1, &shape, NULL));
	ck_ok(cute_shm_builder_reserve(b));
	for (i = 0; i < COUNT; i++) {
		parts[i] = (struct part){ b,	 data, i * part, (i + 1) * part,
					  10000, 0 };
		if (parts[i].to > sizeof(data))
			parts[i].to = sizeof(data);
		ck_assert_int_eq(pthread_create(&ids[i], NULL, write_part,
						&parts[i]),
				 0);
	}
	for (i = 0; i < COUNT; i++) {
		pthread_join(ids[i], NULL);
		ck_ok(parts[i].err);
	}
	many = build_publish(b);
	ck_assert_uint_eq(content_digest(one), content_digest(many));
	cute_shm_close(one);
	cute_shm_close(many);
}
END_TEST

/* Many nodes in no more than the time and memory that they are worth. */
START_TEST(many)
{
	enum {
		COUNT = 100000,
		DEPTH = 3000
	};
	static const uint64_t shape = 1;
	struct cute_shm_builder *b;
	struct cute_shm_array a;
	struct cute_shm *shm;
	char *deep = malloc(2 * DEPTH + 1);
	char path[64];
	double value;
	int i;

	test_root();
	ck_assert_ptr_nonnull(deep);
	b = build_new("many", 0);
	for (i = 0; i < COUNT; i++) {
		snprintf(path, sizeof(path), "g%d/a%d", i % 100, i);
		ck_ok(cute_shm_builder_array(b, path, "<f8", 1, &shape, NULL));
	}
	for (i = 0; i < 1000; i++) {
		snprintf(path, sizeof(path), "attribute %d", i);
		ck_ok(cute_shm_builder_attr_text(b, "g1", path, path));
	}
	for (i = 0; i < DEPTH; i++)
		memcpy(deep + 2 * i, "d/", 2);
	deep[2 * DEPTH - 1] = '\0';
	ck_ok(cute_shm_builder_array(b, deep, "<f8", 1, &shape, NULL));
	ck_ok(cute_shm_builder_reserve(b));
	for (i = 0; i < COUNT; i++) {
		snprintf(path, sizeof(path), "g%d/a%d", i % 100, i);
		value = i;
		ck_ok(cute_shm_builder_write(b, path, 0, &value,
					     sizeof(value)));
	}
	shm = build_publish(b);
	ck_ok(cute_shm_get(shm, "g77/a777", &a));
	ck_assert(*(const double *)a.data == 777);
	ck_ok(cute_shm_get(shm, deep, &a));
	cute_shm_close(shm);
	free(deep);
}
END_TEST

/* Larger than what one job does, by pointer, in parallel, and ragged. */
START_TEST(large_given)
{
	enum {
		ITEMS = 7000000
	};
	static const uint64_t shape = ITEMS;
	uint32_t *data = malloc(ITEMS * sizeof(*data));
	uint64_t *offsets = malloc((ITEMS + 1) * sizeof(*offsets));
	struct cute_shm_builder *b;
	struct cute_shm_array a;
	struct cute_shm *one, *two;
	uint64_t i;

	test_root();
	ck_assert(data && offsets);
	for (i = 0; i < ITEMS; i++) {
		data[i] = (uint32_t)(i * 2654435761u);
		offsets[i] = i;
	}
	offsets[ITEMS] = ITEMS;
	b = build_new("given", 0);
	ck_ok(cute_shm_builder_array(b, "a", "<u4", 1, &shape, data));
	ck_ok(cute_shm_builder_ragged(b, "r", "*<u4", 1, &shape, ITEMS, offsets,
				      data));
	one = build_publish(b);
	b = build_new("written", 0);
	ck_ok(cute_shm_builder_array(b, "a", "<u4", 1, &shape, NULL));
	ck_ok(cute_shm_builder_ragged(b, "r", "*<u4", 1, &shape, ITEMS, NULL,
				      NULL));
	ck_ok(cute_shm_builder_reserve(b));
	ck_ok(cute_shm_builder_write(b, "a", 0, data, ITEMS * 4));
	ck_ok(cute_shm_builder_write(b, "r", 0, offsets, (ITEMS + 1) * 8));
	ck_ok(cute_shm_builder_write(b, "r", cute_shm_values_at(ITEMS), data,
				     ITEMS * 4));
	two = build_publish(b);
	ck_assert_uint_eq(content_digest(one), content_digest(two));
	ck_ok(cute_shm_get(one, "a", &a));
	ck_assert(memcmp(a.data, data, ITEMS * 4) == 0);
	ck_ok(cute_shm_get(one, "r", &a));
	ck_assert(memcmp(a.values, data, ITEMS * 4) == 0);
	cute_shm_close(one);
	cute_shm_close(two);
	free(offsets);
	free(data);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("build_large");
	TCase *tc = tcase_create("build_large");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, threads);
	tcase_add_test(tc, many);
	tcase_add_test(tc, large_given);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
