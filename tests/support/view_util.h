/* SPDX-License-Identifier: MIT */
/* Segments with an HDF5 view, and their bytes. */
#ifndef CUTE_SHM_TESTS_VIEW_UTIL_H
#define CUTE_SHM_TESTS_VIEW_UTIL_H

#include "sample.h"

/* A builder that replaces the project; flags are those of builders. */
struct cute_shm_builder *view_begin(const char *project, unsigned flags);

/* Describe something of each kind. */
void view_describe(struct cute_shm_builder *b);

/* Publish, verify, and read the bytes of the segment, for segment_free(). */
struct segment view_finish(struct cute_shm_builder *b);

static inline uint64_t
view_of(const struct segment *s)
{
	return segment_header(s)->view_offset;
}

#endif
