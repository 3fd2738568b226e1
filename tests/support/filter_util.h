/* SPDX-License-Identifier: MIT */
/* Data, encoders and checks that the tests of chunk filters share. */
#ifndef CUTE_SHM_TESTS_FILTER_UTIL_H
#define CUTE_SHM_TESTS_FILTER_UTIL_H

#include "hdf5/filter/filter.h"

/* Of "s", "d" and "f" for filters, deflate may be left out of the library. */
bool filters_are_ours(const char *filters);

struct bytes {
	size_t size;
	uint8_t *data; /* for free() */
};

/* 'size' bytes of counting and noise, which pack but not too well. */
struct bytes sample_bytes(size_t size);

struct bytes bytes_of(const void *data, size_t size);

/* Write the low bytes of a number in big-endian order. */
void put_be(uint8_t *p, uint64_t value, unsigned bytes);

/* A pipeline of one filter with up to five parameters. */
struct filter_pipeline one_filter(int id, size_t chunk_size, unsigned params,
				  const unsigned *param);

/* Fail unless 'packed' decodes to 'expected'. */
void check_decodes(const struct filter_pipeline *p, uint32_t mask,
		   struct bytes packed, struct bytes expected);

/*
 * Fail unless smaller chunks get the beginning of what 'packed' holds, which is
 * p->chunk_size bytes.
 */
void check_begins(const struct filter_pipeline *p, struct bytes packed,
		  struct bytes whole);

/* Fail unless it gives CUTE_SHM_ERR_SOURCE with 'text' in the message. */
void check_damaged(const struct filter_pipeline *p, uint32_t mask,
		   struct bytes packed, const char *text);

/*
 * Decode every truncation and thousands of damaged copies, each in a block of
 * memory of just its size, so that sanitizers see what is read beyond.  With
 * 'detects' none may decode to something else than 'expected'.
 */
void check_robust(const struct filter_pipeline *p, struct bytes packed,
		  struct bytes expected, bool detects);

#endif
