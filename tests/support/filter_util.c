/* SPDX-License-Identifier: MIT */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cute_shm.h"
#include "filter_util.h"

/* The same in each run, so that a failure comes back. */
static uint32_t
noise(void)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 16);
}

struct bytes
sample_bytes(size_t size)
{
	struct bytes b = { size, malloc(size + 1) };

	ck_assert_ptr_nonnull(b.data);
	for (size_t i = 0; i < size; i++)
		b.data[i] = (uint8_t)(i % 7 == 0 ? noise() : i / 64);
	return b;
}

struct bytes
bytes_of(const void *data, size_t size)
{
	struct bytes b = { size, malloc(size + 1) };

	ck_assert_ptr_nonnull(b.data);
	memcpy(b.data, data, size);
	return b;
}

void
put_be(uint8_t *p, uint64_t value, unsigned bytes)
{
	while (bytes-- > 0) {
		p[bytes] = (uint8_t)value;
		value >>= 8;
	}
}

struct filter_pipeline
one_filter(int id, size_t chunk_size, unsigned params, const unsigned *param)
{
	struct filter_pipeline p = { .chunk_size = chunk_size, .count = 1 };

	p.filter[0].id = id;
	p.filter[0].param_count = params;
	for (unsigned i = 0; i < params; i++)
		p.filter[0].param[i] = param[i];
	return p;
}

bool
filters_are_ours(const char *filters)
{
	return filter_inflate || !strchr(filters, 'd');
}

void
check_decodes(const struct filter_pipeline *p, uint32_t mask,
	      struct bytes packed, struct bytes expected)
{
	struct filter_scratch scratch = { 0 };
	uint8_t *dst = malloc(p->chunk_size), *data = NULL;

	ck_assert_ptr_nonnull(dst);
	/* Twice: the second time with what the first left in the scratch. */
	for (int i = 0; i < 2; i++) {
		int err = filter_decode(p, mask, &scratch, packed.data,
					packed.size, dst, &data);

		ck_assert_msg(err == 0, "%s", cute_shm_errmsg());
		ck_assert_uint_eq(p->chunk_size, expected.size);
		ck_assert_mem_eq(data, expected.data, expected.size);
	}
	free(dst);
	filter_scratch_free(&scratch);
}

void
check_begins(const struct filter_pipeline *p, struct bytes packed,
	     struct bytes whole)
{
	struct bytes begin = whole;
	struct filter_pipeline q = *p;

	for (size_t i = 1; i < 64 && i < whole.size; i++) {
		q.chunk_size = begin.size = i % 2 ? whole.size - i : i;
		check_decodes(&q, 0, packed, begin);
	}
}

void
check_damaged(const struct filter_pipeline *p, uint32_t mask,
	      struct bytes packed, const char *text)
{
	struct filter_scratch scratch = { 0 };
	uint8_t *dst = malloc(p->chunk_size), *data = NULL;
	int err = filter_decode(p, mask, &scratch, packed.data, packed.size,
				dst, &data);

	ck_assert_int_eq(err, CUTE_SHM_ERR_SOURCE);
	ck_assert_ptr_null(data);
	ck_assert_msg(strstr(cute_shm_errmsg(), text) != NULL,
		      "'%s' is not "
		      "in '%s'",
		      text, cute_shm_errmsg());
	free(dst);
	filter_scratch_free(&scratch);
}

static void
try_one(const struct filter_pipeline *p, struct filter_scratch *scratch,
	struct bytes damaged, struct bytes expected, bool detects)
{
	uint8_t *exact = malloc(damaged.size ? damaged.size : 1);
	uint8_t *dst = malloc(p->chunk_size), *data = NULL;
	int err;

	ck_assert_ptr_nonnull(exact);
	ck_assert_ptr_nonnull(dst);
	memcpy(exact, damaged.data, damaged.size);
	err = filter_decode(p, 0, scratch, exact, damaged.size, dst, &data);
	if (err)
		ck_assert_int_eq(err, CUTE_SHM_ERR_SOURCE);
	else if (detects)
		ck_assert_mem_eq(data, expected.data, expected.size);
	free(dst);
	free(exact);
}

void
check_robust(const struct filter_pipeline *p, struct bytes packed,
	     struct bytes expected, bool detects)
{
	struct filter_scratch scratch = { 0 };
	struct bytes copy = bytes_of(packed.data, packed.size);

	for (copy.size = 0; copy.size < packed.size; copy.size++)
		try_one(p, &scratch, copy, expected, detects);
	for (int i = 0; i < 5000; i++) {
		size_t at = noise() % (i % 2		  ? packed.size
				       : packed.size < 32 ? packed.size
							  : 32);

		copy.data[at] =
			(uint8_t)(i % 3 ? copy.data[at] ^ 1u << noise() % 8
					: noise());
		try_one(p, &scratch, copy, expected, detects);
		copy.data[at] = packed.data[at];
	}
	free(copy.data);
	filter_scratch_free(&scratch);
}
