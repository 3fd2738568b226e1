/* SPDX-License-Identifier: MIT */
/* What the tests of the builder share. */
#ifndef CUTE_SHM_TESTS_BUILD_UTIL_H
#define CUTE_SHM_TESTS_BUILD_UTIL_H

#include <stdint.h>

#include "util.h"

/* A builder that uses three threads. */
struct cute_shm_builder *build_new(const char *project, uint64_t block_size);

/* Publish the project, and free the builder. */
struct cute_shm *build_publish(struct cute_shm_builder *b);

/* The digest of the metadata, and so of the data's digests. */
uint64_t content_digest(const struct cute_shm *shm);

#endif
