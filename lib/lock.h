/* SPDX-License-Identifier: MIT */
/* Locks on ranges of a segment, for live.c and those who give it names. */
#ifndef CUTE_SHM_LOCK_H
#define CUTE_SHM_LOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct cute_shm_lock;

/* What the threads of one handle hold. */
struct lock_table {
	pthread_cond_t changed;
	int *fd;			/* the handle's; -1: it has none */
	struct cute_shm_lock *held;	/* or being waited for in the kernel */
	struct cute_shm_lock *inherited;	/* the parent's, at a fork */
	struct lock_table *next, **at;	/* fork.c */
};

/* Bytes of the header that are locked by convention, see cute-shm(5). */
#define LOCK_OWNER	0	/* exclusive: the owner, as format 1.0 has it */
#define LOCK_READER	1	/* shared: whoever has the segment open */

/*
 * Each owner of an ephemeral segment has an exclusive lock on one byte of
 * [LOCK_OWNERS, LOCK_NAME).  A process that changes where the segment's name
 * leads has LOCK_NAME; one that removes an orphan has all of them.
 */
#define LOCK_OWNERS	(UINT64_C(1) << 62)
#define LOCK_OWNERS_END	(LOCK_OWNERS + (UINT64_C(1) << 31))
#define LOCK_NAME	(LOCK_OWNERS_END - 1)

/*
 * *fd is the handle's descriptor, for as long as the table lives: in a forked
 * child it gets a description of its own, or becomes -1.  What is locked on it
 * is unlocked with the table's end; who opened it closes it.
 */
int lock_table_new(int *fd, struct lock_table **ret);
void lock_table_free(struct lock_table *table);

/*
 * Lock [start, end) for the calling thread: CUTE_SHM_ERR_TIMEOUT, without a
 * message, when others have it.  An exclusive lock needs a writable descriptor.
 * CUTE_SHM_ERR_STATE: the handle is one that a fork has left without.
 */
int lock_range(struct lock_table *table, uint64_t start, uint64_t end,
	       bool exclusive, int64_t timeout_ns, struct cute_shm_lock **ret);

/* Whether a thread of this handle has an exclusive lock in [start, end). */
bool table_holds(struct lock_table *table, uint64_t start, uint64_t end);

/* Whether the lock is the parent's, whose copy a forked child has. */
bool lock_inherited(const struct cute_shm_lock *lock);

/*
 * For fork.c: no table changes between these two.  In a forked child the locks
 * in a table are the parent's, not ours.
 */
void lock_tables_hold(void);
void lock_tables_release(void);
void lock_table_forked(struct lock_table *table);

/* The kernel's locks alone, without a table; 'exclusive' as asked for. */
bool range_locked(int fd, uint64_t start, uint64_t end, bool exclusive);
int range_try(int fd, uint64_t start, uint64_t end, bool exclusive);
void range_release(int fd, uint64_t start, uint64_t end);

/* CLOCK_MONOTONIC; what is left may be negative. */
struct timespec deadline_after(int64_t timeout_ns);
int64_t time_left(const struct timespec *deadline);

/* fork.c: a forked child uses what its parent has opened */

int fork_watch(struct lock_table *table);
void fork_forget(struct lock_table *table);

/* No fork comes between these two; not for long. */
void fork_hold(void);
void fork_release(void);

#endif
