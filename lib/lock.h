/* SPDX-License-Identifier: MIT */
/* Locks on ranges of a segment, for live.c and those who give it names. */
#ifndef CUTE_SHM_LOCK_H
#define CUTE_SHM_LOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct cute_shm_lock;
struct lock_table;

/* Bytes of the header that are locked by convention, see cute-shm(5). */
#define LOCK_OWNER	0	/* exclusive: the owner of an ephemeral one */
#define LOCK_READER	1	/* shared: whoever has the segment open */

int lock_table_new(int fd, struct lock_table **ret);
void lock_table_free(struct lock_table *table);

/*
 * Lock [start, end) for the calling thread: CUTE_SHM_ERR_TIMEOUT, without a
 * message, when others have it.  An exclusive lock needs a writable descriptor.
 */
int lock_range(struct lock_table *table, uint64_t start, uint64_t end,
	       bool exclusive, int64_t timeout_ns, struct cute_shm_lock **ret);

/* Whether a thread of this handle has an exclusive lock in [start, end). */
bool table_holds(struct lock_table *table, uint64_t start, uint64_t end);

/* The kernel's locks alone, without a table; 'exclusive' as asked for. */
bool range_locked(int fd, uint64_t start, uint64_t end, bool exclusive);
int range_try(int fd, uint64_t start, uint64_t end, bool exclusive);
void range_release(int fd, uint64_t start, uint64_t end);

/* CLOCK_MONOTONIC. */
struct timespec deadline_after(int64_t timeout_ns);
int64_t time_left(const struct timespec *deadline);

#endif
