/* SPDX-License-Identifier: MIT */
/*
 * Arrays that live: updates in place, and readers that never see half of one.
 * Part of <cute_shm.h>, which includes it; its rules hold here too.
 *
 * Every array has a sequence: even at rest, odd while it is being written, two
 * more after each update, 0 if there was never one.  A writer holds an
 * exclusive lock on the array, so writers exclude each other: those of other
 * processes, and the threads that share a handle.  Locks die with the process
 * that holds them.  An update whose writer died in the middle leaves the array
 * torn; that is reported until an update of the whole array heals it.
 *
 * Ragged arrays are never updated in place: what would do so, or wait for it,
 * gives CUTE_SHM_ERR_TYPE.  Publish the project again to change one.
 *
 * Timeouts are in nanoseconds: 0 tries once, CUTE_SHM_FOREVER waits, signals or
 * not: who must be able to stop waits for a limited time, again and again.  All
 * who wait for a lock stand in one queue, with a limit or without.  The calls
 * that wait are cancellation points; a thread that is cancelled there holds and
 * leaves nothing.
 *
 * A forked child uses the handles of its parent, and holds none of its locks.
 * Where it cannot open the segment again (no /proc) it reads and takes
 * snapshots, and what needs a lock gives CUTE_SHM_ERR_STATE.
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

/* An update under way; see cute_shm_update_begin(). */
struct cute_shm_update {
	void *data;		/* the array's data, to be written */
	uint64_t size;		/* bytes */
	int torn;		/* the last writer died: write everything */
	void *slot;		/* private */
	struct cute_shm_lock *lock;	/* private */
	uint64_t reserved[4];
};

/*
 * Begin an update in place: take the exclusive lock, make the sequence odd.
 * The handle must have been opened with CUTE_SHM_WRITE.  Until
 * cute_shm_update_end() only this thread may write to ret->data.
 *
 * CUTE_SHM_ERR_PERMISSION  the handle is for reading
 * CUTE_SHM_ERR_TIMEOUT     others hold the array
 * CUTE_SHM_ERR_INVALID     an array without data
 * CUTE_SHM_ERR_TYPE        a ragged array, or an attribute
 */
int cute_shm_update_begin(const struct cute_shm_array *array,
			  int64_t timeout_ns, struct cute_shm_update *ret);

/* Complete it: sequence even, lock released, waiting readers woken. */
void cute_shm_update_end(struct cute_shm_update *update);

/*
 * Begin, copy 'size' bytes to 'offset' of the array's data, end.  'src' may
 * overlap with where it goes, in the same handle.  A part of a torn array is
 * refused (CUTE_SHM_ERR_TORN): only the whole can heal it.
 */
int cute_shm_update(const struct cute_shm_array *array, uint64_t offset,
		    const void *src, size_t size, int64_t timeout_ns);

/*
 * Compute the digest of the data as it is now, so that cute_shm_verify() can
 * check an array that was updated.  Needs CUTE_SHM_WRITE.
 */
int cute_shm_seal(const struct cute_shm_array *array, int64_t timeout_ns);

/*
 * A copy of [offset, offset + size) of the data that no update has torn, and
 * the sequence it belongs to (may be NULL).  Takes no lock, and does not slow
 * writers, unless 16 updates in a row have spoiled a copy or left no time for
 * one: it then takes the shared lock for one.  CUTE_SHM_ERR_TORN: no whole
 * value; CUTE_SHM_ERR_TIMEOUT.
 */
int cute_shm_snapshot(const struct cute_shm_array *array, uint64_t offset,
		      void *dst, size_t size, int64_t timeout_ns,
		      uint32_t *sequence);

/*
 * Sleep until the array has a complete update whose sequence is not 'since',
 * and give that sequence.  No polling, and no write access needed.
 * CUTE_SHM_ERR_TIMEOUT, with *sequence as it was; CUTE_SHM_ERR_TORN when the
 * array is torn, with the odd sequence in *sequence: passed as 'since' it waits
 * for the healing.
 */
int cute_shm_wait(const struct cute_shm_array *array, uint32_t since,
		  int64_t timeout_ns, uint32_t *sequence);

struct cute_shm_state {
	uint32_t sequence;
	uint32_t writer_pid;	/* of the last or current update; 0: none */
	uint64_t updated_ns;	/* Unix time of it */
	int torn;		/* its writer died in the middle */
	int sealed;		/* 'digest' is that of the data */
	uint64_t digest;	/* XXH3-64; 0 unless sealed */
	uint64_t reserved[4];
};

/* How an array stands, at this moment. */
int cute_shm_state(const struct cute_shm_array *array,
		   struct cute_shm_state *ret);

/* Arrays of a project, by how they stand. */
struct cute_shm_update_summary {
	uint64_t updated;	/* at least once */
	uint64_t unsealed;	/* of them: without a digest of their data */
	uint64_t torn;		/* of them: their writers died in the middle */
	uint64_t reserved[4];
};

/* All at once; quick where no array was ever updated. */
int cute_shm_update_summary(const struct cute_shm *shm,
			    struct cute_shm_update_summary *ret);

/*
 * Locks for looking at data in place.  A shared lock keeps writers away from
 * the array, whoever takes it: to read a segment is to be able to hold them up.
 * cute_shm_lock_all() is for all arrays of the project, shared or,
 * with 'exclusive' (CUTE_SHM_WRITE needed), keeping everybody else away.  An
 * array without data needs none: locking it succeeds at once.
 */
int cute_shm_lock(const struct cute_shm_array *array, int64_t timeout_ns,
		  struct cute_shm_lock **ret);
int cute_shm_lock_all(const struct cute_shm *shm, int exclusive,
		      int64_t timeout_ns, struct cute_shm_lock **ret);
void cute_shm_unlock(struct cute_shm_lock *lock);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
