/* SPDX-License-Identifier: MIT */
/* A project "live", open by a writer and by a reader. */
#ifndef CUTE_SHM_TESTS_LIVE_UTIL_H
#define CUTE_SHM_TESTS_LIVE_UTIL_H

#include "cute_shm.h"
#include "util.h"

#define COUNT	 1000 /* elements of "state" and "other", <u8 */
#define SHORT_NS INT64_C(20000000)

extern const char *root;
extern struct cute_shm *writer, *reader;
extern struct cute_shm_array wa, ra; /* the array "state" in each */

/* A checked fixture around each test; also "empty" and "lists" (ragged). */
void live_setup(void);
void live_teardown(void);

struct cute_shm *attach(unsigned flags);

/* Make all elements 'value': of a copy, and in one update. */
void fill(uint64_t *values, uint64_t value);
void put(uint64_t value);

/* The value that all elements have, by a snapshot; sequence may be NULL. */
uint64_t get(uint32_t *sequence);

/* A child begins an update of "state", writes half of it, and is killed. */
void die_in_the_middle(void);

#endif
