/* SPDX-License-Identifier: MIT */
/* What other rooms use of a builder beside its public calls. */
#ifndef LIB_BUILD_FILL_H
#define LIB_BUILD_FILL_H

#include "base/base.h"
#include "cute_shm_build.h"

/*
 * write.c: like cute_shm_builder_write(), but fill() puts the bytes where they
 * belong, which saves a copy.  That is possible for large pages only: else
 * *done is false, and nothing was done.  After an error of fill() the bytes are
 * not defined.
 */
int builder_fill(struct cute_shm_builder *b, const char *path, uint64_t offset,
		 size_t size, int (*fill)(void *arg, uint8_t *to), void *arg,
		 bool *done) must_check;

/* seal.c: the digest of the array at 'path' of a sealed builder. */
int builder_digest(const struct cute_shm_builder *b, const char *path,
		   uint64_t *ret) must_check;

/* seal_data.c: see the member of the options to build with. */
void builder_show(struct cute_shm_builder *b,
		  int (*progress)(uint64_t done, uint64_t total, void *arg),
		  void *arg);

#endif
