/* SPDX-License-Identifier: MIT */
/* What other rooms use of a builder beside its public calls. */
#ifndef LIB_BUILD_FILL_H
#define LIB_BUILD_FILL_H

#include "base/base.h"
#include "cute_shm_build.h"

/*
 * write.c: so many threads will write; call it before
 * cute_shm_builder_reserve().  With CUTE_SHM_RESERVE_AHEAD many of them reserve
 * the memory themselves.
 */
void builder_writers(struct cute_shm_builder *b, unsigned count);

/*
 * Write without a copy, where pages are mapped: *ret is the place of 'size'
 * bytes at 'offset' of an array's data, or NULL if they are not mapped; then
 * use cute_shm_builder_write().  Any number of threads may ask for the same
 * bytes, and get the same answer.  When they all are stored, one calls
 * builder_placed().
 */
int builder_place(struct cute_shm_builder *b, const char *path, uint64_t offset,
		  size_t size, uint8_t **ret) must_check;

/* The bytes are stored; hash the blocks that they fill. */
int builder_placed(struct cute_shm_builder *b, const char *path,
		   uint64_t offset, size_t size) must_check;

/* seal.c: the digest of the array at 'path' of a sealed builder. */
int builder_digest(const struct cute_shm_builder *b, const char *path,
		   uint64_t *ret) must_check;

/* seal_data.c: see the member of the options to build with. */
void builder_show(struct cute_shm_builder *b,
		  int (*progress)(uint64_t done, uint64_t total, void *arg),
		  void *arg);

#endif
