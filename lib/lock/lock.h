/* SPDX-License-Identifier: MIT */
/*
 * Locks of the kernel on ranges of a segment: held, waited for, shared out among
 * threads, and kept apart when a process forks.  Uses base.
 */
#ifndef LIB_LOCK_LOCK_H
#define LIB_LOCK_LOCK_H

#include "base/base.h"

struct range {
	uint64_t start;
	uint64_t end;			/* greater than start */
	bool exclusive;
	/* private */
	uint32_t priority;
	uint64_t max_end;		/* of this subtree */
	uint64_t max_exclusive;		/* the same of exclusive ones; or 0 */
	struct range *left, *right;
};

/* 'range' must stay where it is until it is removed. */
void ranges_insert(struct range **root, struct range *range);
void ranges_remove(struct range **root, struct range *range);

/*
 * A range that overlaps [start, end), the one that starts first; with
 * 'exclusive' only exclusive ones count.  NULL if there is none.
 */
const struct range *ranges_overlap(const struct range *root, uint64_t start,
				   uint64_t end, bool exclusive);

/*
 * The first part of [*start, end) that no range covers, in [*start, *stop);
 * false if there is none.  To go on, call it again with *start = *stop.
 */
bool ranges_gap(const struct range *root, uint64_t *start, uint64_t end,
		uint64_t *stop);

struct cute_shm_lock;
struct presence;

/* What the threads of one handle hold. */
struct lock_table {
	int *fd;			/* the handle's; -1: it has none */
	struct range *held;		/* on *fd */
	int64_t released_ns;		/* the last exclusive lock; atomic */
	struct cute_shm_lock *apart;	/* held or awaited, each on its own */
	struct cute_shm_lock *inherited;	/* the parent's, at a fork */
	struct lock_table *next, **at;	/* fork.c */
	struct presence *presence;	/* presence.c; NULL: not begun */
	struct lock_table *next_present, **at_present;
};

/* Bytes of the header that are locked by convention, see cute-shm(5). */
#define LOCK_OWNER	0	/* exclusive: the owner, as format 1.0 has it */
#define LOCK_READER	1	/* shared: whoever has the segment open */

/* Added to the bytes that are waited for.  Shared: whoever waits for them. */
#define LOCK_WAITING	(UINT64_C(1) << 61)

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
 * CUTE_SHM_ERR_STATE: the handle is one that a fork has left without.  A
 * cancellation point, unless 'timeout_ns' is 0.
 */
int lock_range(struct lock_table *table, uint64_t start, uint64_t end,
	       bool exclusive, int64_t timeout_ns, struct cute_shm_lock **ret);

/*
 * Whether a thread of this handle has an exclusive lock in [start, end) that
 * range_locked() does not see, as it is the handle's own.
 */
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
struct flock range_flock(uint64_t start, uint64_t end, int type);

/*
 * range_wait.c: stand in the kernel's queue, for ever where 'deadline' is NULL.
 * 'fd' has a description that is used for this alone.  0 or an errno:
 * ETIMEDOUT; EAGAIN, no thread to wait by.  A cancellation point.
 */
int range_wait(int fd, uint64_t start, uint64_t end, bool exclusive,
	       const struct timespec *deadline);

/* CLOCK_MONOTONIC; what is left may be negative. */
struct timespec deadline_after(int64_t timeout_ns);
int64_t time_left(const struct timespec *deadline);

/* fork.c: a forked child uses what its parent has opened */

int fork_watch(struct lock_table *table);
void fork_forget(struct lock_table *table);

/*
 * What a room below does around a fork: hold its state, and release it in
 * parent and child; 'forked' comes before that in the child, where it may only
 * do what a signal handler may.  There is one set of them.
 */
struct fork_hooks {
	void (*hold)(void);
	void (*release)(void);
	void (*forked)(void);
};
void fork_hook(const struct fork_hooks *hooks);

/* No fork and no cancellation comes between these two; not for long. */
void fork_hold(void);
void fork_release(void);

/*
 * Another description of the file that 'fd' leads to, in the same mode; -1
 * without /proc, without a free descriptor, without permission.
 * Async-signal-safe.
 */
int fd_reopen(int fd);

/* presence.c: a process that has a segment open is seen by one lock */

/* The table's handle has the segment of *st open; it ends before *fd does. */
int presence_begin(struct lock_table *table, const struct stat *st);
void presence_end(struct lock_table *table);

/* Whether this process has the segment open by other handles, too. */
bool presence_shared(struct lock_table *table);

/* For fork.c: first for all tables, then for each that has a descriptor. */
void presence_forget(struct lock_table *table);
void presence_forked(struct lock_table *table);

#endif
