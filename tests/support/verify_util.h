/* SPDX-License-Identifier: MIT */
/* A segment to be damaged, and what verification says of it. */
#ifndef VERIFY_UTIL_H
#define VERIFY_UTIL_H

#include "sample.h"

#define MAX_DAMAGES 64

/* The one of sample.h, anew for each test: see verify_setup(). */
extern struct segment sample;

/* The damages that the last verify() has told. */
struct seen {
	unsigned count;
	unsigned stop_at; /* after so many the report ends it; 0: never */
	struct {
		int err;
		char path[32]; /* "-": of none */
		uint64_t offset, block, begin, end;
		char message[256];
	} damage[MAX_DAMAGES];
};

extern struct seen seen;

/* A checked fixture around each test. */
void verify_setup(void);
void verify_teardown(void);

/* Attach the sample as it now is, and verify it. */
int verify(unsigned flags, unsigned jobs, struct cute_shm_verify_result *ret);

/* Where the data of an array, and its slot begin. */
uint64_t data_of(const char *path);
uint64_t slot_of(const char *path);

/* The sample becomes a segment of another project. */
void sample_replace(const char *project);

#endif
