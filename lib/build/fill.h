/* SPDX-License-Identifier: MIT */
/* What other rooms use of a builder beside its public calls: write.c. */
#ifndef LIB_BUILD_FILL_H
#define LIB_BUILD_FILL_H

#include "base/base.h"
#include "cute_shm_build.h"

/*
 * So many threads will write; call it before cute_shm_builder_reserve().  With
 * CUTE_SHM_RESERVE_AHEAD many of them reserve the memory themselves.
 */
void builder_writers(struct cute_shm_builder *b, unsigned count);

/*
 * Like cute_shm_builder_write(), but fill() puts the bytes where they belong,
 * which saves a copy.  That is possible where pages are mapped only: else *done
 * is false, and nothing was done.  After an error of fill() the bytes are not
 * defined.
 */
int builder_fill(struct cute_shm_builder *b, const char *path, uint64_t offset,
		 size_t size, int (*fill)(void *arg, uint8_t *to), void *arg,
		 bool *done) must_check;

#endif
