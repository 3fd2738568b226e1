/* SPDX-License-Identifier: MIT */
/* A segment with everything in it, as bytes for the tests to damage. */
#ifndef CUTE_SHM_TESTS_SAMPLE_H
#define CUTE_SHM_TESTS_SAMPLE_H

#include "read/read.h"
#include "read_all.h"
#include "util.h"

#define SAMPLE_BLOCK 512   /* its block_size */
#define SAMPLE_BIG   10000 /* bytes of "big", in 20 blocks */

struct segment {
	uint8_t *bytes;
	size_t size;
};

/* More flags for its builder, such as CUTE_SHM_NO_VIEW; set by main(). */
extern unsigned sample_flags;

/* Publish it under that name in $CUTE_SHM_ROOT. */
void sample_publish(const char *project);

/* Its bytes, for segment_free(); needs test_root(). */
struct segment sample_new(void);
struct segment segment_read(const char *path);
void segment_free(struct segment *segment);

struct format_header *segment_header(const struct segment *segment);
/* Make the digests of metadata and header right again. */
void segment_seal(const struct segment *segment);

/* Open it as it stands now, in a file without a name; what open returns. */
int segment_open(const struct segment *segment, struct cute_shm **ret);
/* The same, and it must open. */
struct cute_shm *segment_attach(const struct segment *segment);

/* Offsets of records. */
uint64_t segment_node(const struct segment *segment, const char *path);
uint64_t segment_attr(const struct segment *segment, const char *path,
		      const char *name);

void put32(const struct segment *segment, uint64_t at, uint32_t value);
void put64(const struct segment *segment, uint64_t at, uint64_t value);
uint64_t get64(const struct segment *segment, uint64_t at);

#endif
