/* SPDX-License-Identifier: MIT */
/*
 * The kernel's locks on byte ranges of a segment: try them, wait for them in
 * turn, keep the threads of a handle apart, and reopen segments in a forked
 * child.  Uses base.
 */
#ifndef LIB_LOCK_LOCK_H
#define LIB_LOCK_LOCK_H

#include "base/base.h"

/* ranges.c: a search tree of ranges */

struct range {
	uint64_t start;
	uint64_t end; /* greater than start */
	bool exclusive;
	/* private */
	uint32_t priority;
	uint64_t max_end;	/* of this subtree */
	uint64_t max_exclusive; /* of its exclusive ranges; or 0 */
	struct range *left, *right;
};

/* 'range' must keep its address until it is removed. */
void ranges_insert(struct range **root, struct range *range);
void ranges_remove(struct range **root, struct range *range);

/*
 * The range with the lowest start that overlaps [start, end), or NULL.  If
 * 'exclusive' is true, only exclusive ranges count.
 */
const struct range *ranges_overlap(const struct range *root, uint64_t start,
				   uint64_t end, bool exclusive);

/*
 * Find the first part of [*start, end) that no range covers, and set it to
 * [*start, *stop); false if there is none.  For the next part, set *start to
 * *stop and call it again.
 */
bool ranges_gap(const struct range *root, uint64_t *start, uint64_t end,
		uint64_t *stop);

struct cute_shm_lock;
struct presence;

/*
 * range_lock.c: locks of the kernel, without a table.  range_locked() is true
 * if a lock of another description conflicts with the one asked for.
 * range_try() does not wait: 0, or -1 and errno.  An 'end' of 0 is the end of
 * the file.
 */
bool range_locked(int fd, uint64_t start, uint64_t end, bool exclusive);
int range_try(int fd, uint64_t start, uint64_t end, bool exclusive);
void range_release(int fd, uint64_t start, uint64_t end);
struct flock range_flock(uint64_t start, uint64_t end, int type);

/* fork.c: what the library does around a fork of its process */

/*
 * Functions of a file for the time around a fork: hold() locks its state
 * before, release() unlocks it in parent and child.  In the child forked() is
 * called first; it must be async-signal-safe.  Each place in the order has one
 * set; later ones hold first, and are forked last.
 */
struct fork_hooks {
	void (*hold)(void);
	void (*release)(void);
	void (*forked)(void);
};
enum fork_hook {
	FORK_LOCKS,
	FORK_OWNERS,
	FORK_HOOKS
};
int fork_hook(enum fork_hook order, const struct fork_hooks *hooks) must_check;

/*
 * A descriptor that a forked child closes, for as long as *fd is not negative.
 * Call both, and change *fd, between fork_hold() and fork_release().
 */
struct fork_private {
	int *fd;
	struct fork_private *next, **at;
};
int fork_keep(struct fork_private *p, int *fd) must_check;
void fork_keep_no_more(struct fork_private *p);

/* Between these two no fork and no cancellation happens.  Keep it short. */
void fork_hold(void);
void fork_release(void);

/*
 * Open the file of 'fd' again in the same mode, with an open file description
 * of its own.  -1 and errno if there is no /proc, no free descriptor or no
 * permission.  Async-signal-safe.
 */
int fd_reopen(int fd);

/* As fd_reopen(), for O_RDONLY or O_RDWR. */
int fd_reopen_for(int fd, int mode);

/* lock_table.c */

/* The locks that the threads of one handle hold or wait for. */
struct lock_table {
	int *fd;			 /* the handle's; -1: it has none */
	struct range *held;		 /* locks on *fd */
	int64_t released_ns;		 /* time of last exclusive; atomic */
	struct cute_shm_lock *apart;	 /* locks on descriptors of their own */
	struct cute_shm_lock *inherited; /* the parent's, at a fork */
	struct lock_table *next, **at;	 /* table_list.c */
	struct presence *presence;	 /* presence.c; NULL: not begun */
	struct lock_table *next_present, **at_present;
};

/* Bytes of the header that are locked by convention, see cute-shm(5). */
#define LOCK_OWNER  0 /* exclusive: the owner, for format 1.0 */
#define LOCK_READER 1 /* shared: each process that has it open */

/*
 * A thread that waits for a range marks it by a shared lock on the range that
 * lies this many bytes further on.
 */
#define LOCK_WAITING (UINT64_C(1) << 61)

/*
 * Each owner of an ephemeral segment has an exclusive lock on one byte of
 * [LOCK_OWNERS, LOCK_NAME).  A process that removes or replaces the segment's
 * name locks LOCK_NAME; a process that removes an orphan locks all these bytes.
 */
#define LOCK_OWNERS	(UINT64_C(1) << 62)
#define LOCK_OWNERS_END (LOCK_OWNERS + (UINT64_C(1) << 31))
#define LOCK_NAME	(LOCK_OWNERS_END - 1)

/*
 * Lock [start, end) for the calling thread.  It waits up to 'timeout_ns', or
 * without limit if that is negative.  CUTE_SHM_ERR_TIMEOUT, without a message:
 * another thread or process still holds it.  CUTE_SHM_ERR_STATE: the handle has
 * no descriptor, because a forked child could not reopen it.  An exclusive lock
 * needs a writable descriptor.  A cancellation point, unless 'timeout_ns' is 0.
 */
int lock_range(struct lock_table *table, uint64_t start, uint64_t end,
	       bool exclusive, int64_t timeout_ns, struct cute_shm_lock **ret);

/*
 * True if a thread of this handle has an exclusive lock on a part of [start,
 * end).  range_locked() does not report these, because the kernel sees locks of
 * other descriptions only.
 */
bool table_holds(struct lock_table *table, uint64_t start, uint64_t end);

/*
 * True if 'lock' is an exclusive one of this table, and covers [start, end).
 * The lock of a parent that forked does not count.
 */
bool lock_covers(const struct cute_shm_lock *lock,
		 const struct lock_table *table, uint64_t start, uint64_t end);

/* True in a forked child if the lock is a copy of one of its parent's. */
bool lock_inherited(const struct cute_shm_lock *lock);

/*
 * For table_list.c: no table changes between lock_tables_hold() and its
 * release.  lock_table_forked() marks the locks in a forked child's table as
 * inherited; lock_table_clear() releases all locks and frees those.
 */
void lock_tables_hold(void);
void lock_tables_release(void);
void lock_table_forked(struct lock_table *table);
void lock_table_clear(struct lock_table *table);

/*
 * range_wait.c: wait in the kernel's queue, without limit if 'deadline' is
 * NULL.  The open file description of 'fd' must have no other use.  0 or an
 * errno: ETIMEDOUT; EAGAIN if no thread could be started to wait.  A
 * cancellation point.
 */
int range_wait(int fd, uint64_t start, uint64_t end, bool exclusive,
	       const struct timespec *deadline);

/* Deadlines on CLOCK_MONOTONIC.  The nanoseconds left may be negative. */
struct timespec deadline_after(int64_t timeout_ns);
int64_t time_left(const struct timespec *deadline);

/*
 * What is left of 'timeout_ns', whose end is the deadline: 0 if it is over, and
 * a negative timeout, which has no limit, as it is.
 */
int64_t left_of(int64_t timeout_ns, const struct timespec *deadline);

/* presence.c: one lock shows that this process has a segment open */

/*
 * The table's handle has opened the segment of *st.  Call presence_end() before
 * *fd is closed.
 */
int presence_begin(struct lock_table *table, const struct stat *st);
void presence_end(struct lock_table *table);

/* True if this process has the segment open in other handles, too. */
bool presence_shared(struct lock_table *table);

/*
 * For table_list.c, in the child: call presence_forget() for all tables first,
 * then presence_forked() for each that has a descriptor, to take the lock
 * again.
 */
void presence_forget(struct lock_table *table);
void presence_forked(struct lock_table *table);

/* table_list.c: the tables of all handles; a forked child can use them */

/*
 * *fd is the handle's descriptor; 'fd' must stay valid as long as the table.  A
 * forked child reopens the file under the same number, so that it has an open
 * file description of its own, or sets *fd to -1.  lock_table_free() releases
 * all locks on *fd; the caller closes it.
 */
int lock_table_new(int *fd, struct lock_table **ret);
void lock_table_free(struct lock_table *table);

#endif
