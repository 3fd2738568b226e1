/* SPDX-License-Identifier: MIT */
/* One file, two descriptions of it, and the table of locks of each. */
#ifndef CUTE_SHM_TESTS_LOCK_UTIL_H
#define CUTE_SHM_TESTS_LOCK_UTIL_H

#include "read/read.h"
#include "lock/lock.h"
#include "util.h"

extern int fd[2];
extern struct lock_table *table[2];

/* A checked fixture around each test. */
void lock_setup(void);
void lock_teardown(void);

/* Whether a lock on [start, end) is to be had at once. */
bool free_now(int i, uint64_t start, uint64_t end, bool exclusive);

#endif
