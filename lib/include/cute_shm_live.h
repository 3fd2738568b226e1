/* SPDX-License-Identifier: MIT */
/*
 * Updates of arrays in place; readers never get half of an update.
 * <cute_shm.h> includes this header, and its rules hold here, too.
 *
 * Each array has a sequence number: 0 before the first update, odd while a
 * writer is at work, and 2 higher after each update.  A writer holds an
 * exclusive lock on the array, which excludes the writers of other processes
 * and the other threads that use the same handle.  When a process dies, its
 * locks are released.  If it dies during an update, the array is torn: calls
 * return CUTE_SHM_ERR_TORN until an update of the whole array repairs it.
 *
 * Ragged arrays are not updated in place: the calls that update, seal or wait
 * return CUTE_SHM_ERR_TYPE.  To change one, publish the project again.
 *
 * Timeouts are in nanoseconds: 0 tries once, CUTE_SHM_FOREVER has no limit.
 * Signals end cute_shm_wait_any() only; of the other calls, a caller that must
 * be able to stop calls again and again with a short timeout.  All waiters for
 * a lock stand in one queue, whatever their timeouts.  The calls that wait are
 * cancellation points; a thread that is cancelled there keeps no lock and leaks
 * nothing.
 *
 * A forked child may use the handles of its parent, but holds none of the
 * parent's locks.  If it cannot open the segment again (/proc is missing), it
 * can read and take snapshots; calls that lock return CUTE_SHM_ERR_STATE.
 */
#ifndef CUTE_SHM_LIVE_H
#define CUTE_SHM_LIVE_H

#ifndef CUTE_SHM_H
#error "include <cute_shm.h>"
#endif

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

#define CUTE_SHM_FOREVER INT64_C(-1)

struct cute_shm_lock;

/* An update that has begun; see cute_shm_update_begin(). */
struct cute_shm_update {
	void *data;		    /* write here: the data of the array */
	uint64_t size;		    /* bytes */
	int torn;		    /* the last writer died: write all of it */
	void *slot;		    /* private */
	struct cute_shm_lock *lock; /* private */
	uint64_t digest;	    /* private: of the data from before */
	uint32_t writer_pid;	    /* private: the one from before */
	uint16_t sealed, was_torn;  /* private: before */
	uint64_t reserved[2];
};

/*
 * Begin an update in place: take the exclusive lock, make the sequence odd.
 * The handle must have been opened with CUTE_SHM_WRITE.  The caller then writes
 * to ret->data and calls cute_shm_update_end(); no other writer can come
 * between.
 *
 * CUTE_SHM_ERR_PERMISSION  the handle was opened without CUTE_SHM_WRITE
 * CUTE_SHM_ERR_TIMEOUT     another process or thread kept the array locked
 * CUTE_SHM_ERR_INVALID     the array has no data
 * CUTE_SHM_ERR_TYPE        the array is ragged, or an attribute
 */
int cute_shm_update_begin(const struct cute_shm_array *array,
			  int64_t timeout_ns, struct cute_shm_update *ret);

/*
 * Complete an update: make the sequence even, wake waiting readers, release the
 * lock.  NULL is allowed.
 */
void cute_shm_update_end(struct cute_shm_update *update);

/*
 * Give up an update in which nothing was written, and release the lock.  The
 * sequence becomes even, 2 higher than before, because no number may stand for
 * two updates; but data, digest, writer and time are those from before (if
 * there was an update before), so that a sealed array stays sealed.  An array
 * that was torn stays torn, and any part of it may have been written.
 * Otherwise a caller that has written anything must call cute_shm_update_end().
 * NULL is allowed.
 */
void cute_shm_update_abandon(struct cute_shm_update *update);

/*
 * A whole update: begin, copy 'size' bytes to byte 'offset' of the data, end.
 * 'src' may overlap with the destination if it is in the same mapping.  Errors
 * are those of cute_shm_update_begin(), and:
 *
 * CUTE_SHM_ERR_TORN     the array is torn, and the update is not of all of it
 * CUTE_SHM_ERR_INVALID  the range is not within the data
 */
int cute_shm_update(const struct cute_shm_array *array, uint64_t offset,
		    const void *src, size_t size, int64_t timeout_ns);

/*
 * Store the digest of the present data, so that cute_shm_verify() can check an
 * array that was updated.  Locks the array exclusively meanwhile.  Errors are
 * those of cute_shm_update_begin(), and CUTE_SHM_ERR_TORN.
 */
int cute_shm_seal(const struct cute_shm_array *array, int64_t timeout_ns);

/*
 * Copy [offset, offset + size) of the data to 'dst', all of it from between the
 * same two updates.  *sequence (may be NULL) is the sequence of that value.
 * The call takes no lock and does not slow writers down, unless 16 updates in a
 * row came in between: then it takes the shared lock and copies under it.
 *
 * CUTE_SHM_ERR_TORN     a writer died during an update; 'dst' is undefined
 * CUTE_SHM_ERR_TIMEOUT  updates left no time for a copy; 'dst' is undefined
 * CUTE_SHM_ERR_INVALID  the range is not within the data
 */
int cute_shm_snapshot(const struct cute_shm_array *array, uint64_t offset,
		      void *dst, size_t size, int64_t timeout_ns,
		      uint32_t *sequence);

/*
 * Sleep until the sequence of the array is even and not 'since', and store it
 * in *sequence.  The call does not poll and needs no write access.
 *
 * CUTE_SHM_ERR_TIMEOUT  no such update in time; *sequence is untouched
 * CUTE_SHM_ERR_TORN     a writer died during an update; *sequence is the odd
 *			 number, which as 'since' waits until it is repaired
 * CUTE_SHM_ERR_TYPE     the array is ragged, or an attribute
 */
int cute_shm_wait(const struct cute_shm_array *array, uint32_t since,
		  int64_t timeout_ns, uint32_t *sequence);

/* For cute_shm_wait_any(): an array, and the sequence that is known of it. */
struct cute_shm_watch {
	const struct cute_shm_array *array;
	uint32_t since;
	uint32_t sequence; /* set by the call if this array ends the wait */
	uint64_t reserved[2];
};

#define CUTE_SHM_WATCHES 127 /* arrays that one call can wait for */

/*
 * Ends a wait from another thread or from a signal handler.  *ret is for
 * cute_shm_waker_free(), which must not be called during a wait.
 */
struct cute_shm_waker;
int cute_shm_waker_new(struct cute_shm_waker **ret) CUTE_SHM_CHECKED;

/* NULL is allowed. */
void cute_shm_waker_free(struct cute_shm_waker *waker);

/*
 * End the present wait with this waker, or the next one if there is none.
 * Calls before that wait returns count as one.  Async-signal-safe; NULL is
 * allowed.
 */
void cute_shm_waker_wake(struct cute_shm_waker *waker);

/*
 * As cute_shm_wait(), for the first of 'count' arrays, of any projects: *ret is
 * the number of its watch, and 'sequence' in that watch is set.  The wait ends
 * early when a signal handler has run during the sleep, or by the waker, which
 * may be NULL.  With count 0 only these end it.  A waker serves one wait at a
 * time.
 *
 * CUTE_SHM_ERR_CANCELLED  a signal or the waker ended the wait
 * CUTE_SHM_ERR_INVALID    more than CUTE_SHM_WATCHES arrays
 * CUTE_SHM_ERR_TORN       as of cute_shm_wait(), for the array of watch *ret
 * CUTE_SHM_ERR_TIMEOUT    no update in time
 */
int cute_shm_wait_any(struct cute_shm_watch *watches, size_t count,
		      int64_t timeout_ns, struct cute_shm_waker *waker,
		      size_t *ret);

struct cute_shm_state {
	uint32_t sequence;
	uint32_t writer_pid; /* of the last or current update; 0: none */
	uint64_t updated_ns; /* Unix time of the last update; 0: none */
	int torn;	     /* the writer died during an update */
	int sealed;	     /* 'digest' is that of the present data */
	uint64_t digest;     /* XXH3-64; 0 unless sealed */
	uint64_t reserved[4];
};

/* The present state of an array, ragged ones included; takes no lock. */
int cute_shm_state(const struct cute_shm_array *array,
		   struct cute_shm_state *ret);

/* The number of arrays of a project, by the state of their updates. */
struct cute_shm_update_summary {
	uint64_t updated;  /* updated at least once */
	uint64_t unsealed; /* of these: no digest of the present data */
	uint64_t torn;	   /* of these: the writer died during an update */
	uint64_t reserved[4];
};

/* Count the arrays; fast if no array was ever updated. */
int cute_shm_update_summary(const struct cute_shm *shm,
			    struct cute_shm_update_summary *ret);

/*
 * Take a shared lock on an array, to read its data in place: while it is held,
 * no writer begins an update.  Any process that may read the segment can take
 * it, and so delay writers.  *ret is for cute_shm_unlock().  For an array
 * without data the call succeeds at once.  CUTE_SHM_ERR_TIMEOUT.
 */
int cute_shm_lock(const struct cute_shm_array *array, int64_t timeout_ns,
		  struct cute_shm_lock **ret);

/*
 * Take the exclusive lock on an array, to update it several times: while it is
 * held, nobody else updates, seals or locks it.  *ret is for
 * cute_shm_update_locked() and cute_shm_unlock().  Errors are those of
 * cute_shm_update_begin().
 */
int cute_shm_lock_exclusive(const struct cute_shm_array *array,
			    int64_t timeout_ns, struct cute_shm_lock **ret);

/*
 * As cute_shm_update(), under a lock that the caller has: cute_shm_lock_all(),
 * exclusive, or cute_shm_lock_exclusive() of this array, with the same handle.
 * One thread at a time may update an array so.  The kernel is not asked for a
 * lock, which is most of what a small update costs.
 *
 * CUTE_SHM_ERR_STATE  the lock is none of these, or the parent's after a fork
 * CUTE_SHM_ERR_PERMISSION, _INVALID, _TYPE, _TORN  as of cute_shm_update()
 */
int cute_shm_update_locked(const struct cute_shm_lock *lock,
			   const struct cute_shm_array *array, uint64_t offset,
			   const void *src, size_t size);

/*
 * Take a lock on all arrays of the project: a shared one or, if 'exclusive' is
 * not 0, one that also excludes the locks of others.  *ret is for
 * cute_shm_unlock().
 *
 * CUTE_SHM_ERR_PERMISSION  'exclusive', and opened without CUTE_SHM_WRITE
 * CUTE_SHM_ERR_TIMEOUT     others kept an array locked
 */
int cute_shm_lock_all(const struct cute_shm *shm, int exclusive,
		      int64_t timeout_ns, struct cute_shm_lock **ret);

/* Release and free a lock.  NULL is allowed. */
void cute_shm_unlock(struct cute_shm_lock *lock);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
