/* SPDX-License-Identifier: MIT */
/*
 * Updates in place, under a lock and a sequence counter; see "Live slots" in
 * cute-shm(5).  The sequence is odd only while a writer holds the exclusive
 * lock.  If it is odd and nobody holds the lock, the writer has died.
 */

#include <unistd.h>

#include "live/live.h"

/* The first step of every writer: find the slot, take the exclusive lock. */
static int
lock_writable(const struct cute_shm_array *array, int64_t timeout_ns,
	      struct live *live, struct cute_shm_lock **ret)
{
	int rc = live_get_writable(array, live);

	if (rc == 0)
		rc = lock_live(live, array, true, timeout_ns, ret);
	return rc;
}

/*
 * Make the sequence odd, before any store to the data becomes visible.  After a
 * torn update it is odd already: take the next odd number.
 */
static void
sequence_begin(struct format_live *slot)
{
	uint32_t s = __atomic_load_n(&slot->sequence, __ATOMIC_RELAXED);

	__atomic_store_n(&slot->sequence, s + (s % 2 ? 2 : 1),
			 __ATOMIC_RELAXED);
	__atomic_store_n(&slot->writer_pid, (uint32_t)getpid(),
			 __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

/* 0 means "no update yet", so the number that follows UINT32_MAX is 2. */
static uint32_t
next_even(const struct format_live *slot)
{
	uint32_t s = __atomic_load_n(&slot->sequence, __ATOMIC_RELAXED) + 1;

	return s ? s : 2;
}

static void
store_time(struct format_live *slot)
{
	__atomic_store_n(&slot->updated_ns, clock_ns(CLOCK_REALTIME),
			 __ATOMIC_RELAXED);
}

/* Make the sequence even, after all stores to the data. */
static void
sequence_end(struct format_live *slot)
{
	store_time(slot);
	__atomic_store_n(&slot->sequence, next_even(slot), __ATOMIC_RELEASE);
	futex_wake_all(&slot->sequence);
}

/* True if the digest of the present data is known: store it in *ret. */
static bool
sealed_now(const struct cute_shm_array *array, const struct live *live,
	   uint64_t *ret)
{
	uint32_t s = sequence_of(live);

	if (s == 0) {
		*ret = array->digest;
		return true;
	}
	*ret = __atomic_load_n(&live->slot->digest, __ATOMIC_RELAXED);
	return s % 2 == 0 && __atomic_load_n(&live->slot->digest_sequence,
					     __ATOMIC_ACQUIRE) == s;
}

int
cute_shm_update_begin(const struct cute_shm_array *array, int64_t timeout_ns,
		      struct cute_shm_update *ret)
{
	struct cute_shm_lock *lock;
	uint64_t digest = 0;
	struct live live;
	int rc;

	rc = lock_writable(array, timeout_ns, &live, &lock);
	if (rc != 0)
		return rc;
	*ret = (struct cute_shm_update){
		.data = live.data,
		.size = array->data_size,
		.torn = sequence_of(&live) % 2 != 0,
		.was_torn = sequence_of(&live) % 2 != 0,
		.slot = live.slot,
		.lock = lock,
		.sealed = sealed_now(array, &live, &digest),
		.writer_pid = __atomic_load_n(&live.slot->writer_pid,
					      __ATOMIC_RELAXED),
	};
	ret->digest = digest;
	sequence_begin(live.slot);
	return 0;
}

void
cute_shm_update_end(struct cute_shm_update *update)
{
	if (!update || !update->lock)
		return;
	/* In a forked child the update is a copy of the parent's. */
	if (!lock_inherited(update->lock))
		sequence_end(update->slot);
	cute_shm_unlock(update->lock);
	update->lock = NULL;
	update->data = NULL;
}

/*
 * Store the digest and its sequence.  digest_sequence is 0 in between, so that
 * a reader does not combine the new digest with the old sequence.
 */
static void
seal(struct format_live *slot, uint32_t sequence, uint64_t hash)
{
	__atomic_store_n(&slot->digest_sequence, 0, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	__atomic_store_n(&slot->digest, hash, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->digest_sequence, sequence, __ATOMIC_RELEASE);
}

/*
 * End an update in which nothing was written.  The sequence goes on all the
 * same: if an odd number came twice, a reader could see it before and after it
 * finds no lock, and take the second writer for dead.  A torn array keeps its
 * odd number.  The digest is stored before the sequence that it is for.
 */
static void
sequence_abandon(const struct cute_shm_update *u)
{
	struct format_live *slot = u->slot;

	/* The first update has a writer and a time, whatever became of it. */
	if (u->writer_pid == 0)
		store_time(slot);
	else
		__atomic_store_n(&slot->writer_pid, u->writer_pid,
				 __ATOMIC_RELAXED);
	if (u->was_torn)
		return;
	if (u->sealed)
		seal(slot, next_even(slot), u->digest);
	__atomic_store_n(&slot->sequence, next_even(slot), __ATOMIC_RELEASE);
	futex_wake_all(&slot->sequence);
}

void
cute_shm_update_abandon(struct cute_shm_update *update)
{
	if (!update || !update->lock)
		return;
	if (!lock_inherited(update->lock))
		sequence_abandon(update);
	cute_shm_unlock(update->lock);
	update->lock = NULL;
	update->data = NULL;
}

/* With the lock in the caller's hands. */
static int
update_part(const struct cute_shm_array *array, const struct live *live,
	    uint64_t offset, const void *src, size_t size)
{
	if (sequence_of(live) % 2 != 0 && size < array->data_size)
		return fail_torn(array);
	sequence_begin(live->slot);
	copy_in(live->data + offset, src, size);
	sequence_end(live->slot);
	return 0;
}

int
cute_shm_update(const struct cute_shm_array *array, uint64_t offset,
		const void *src, size_t size, int64_t timeout_ns)
{
	struct cute_shm_lock *lock;
	struct live live;
	int rc;

	rc = check_range(array, offset, size);
	if (rc == 0)
		rc = lock_writable(array, timeout_ns, &live, &lock);
	if (rc != 0)
		return rc;
	rc = update_part(array, &live, offset, src, size);
	cute_shm_unlock(lock);
	return rc;
}

int
cute_shm_update_locked(const struct cute_shm_lock *lock,
		       const struct cute_shm_array *array, uint64_t offset,
		       const void *src, size_t size)
{
	struct live live;
	int rc;

	rc = check_range(array, offset, size);
	if (rc == 0)
		rc = live_get_writable(array, &live);
	if (rc != 0)
		return rc;
	if (!lock_covers(lock, live.shm->locks, live.start, live.end))
		return cute_shm_fail(CUTE_SHM_ERR_STATE,
				     "/%s: the lock is not an exclusive one on "
				     "this array, taken with this handle by "
				     "this process",
				     array->path);
	return update_part(array, &live, offset, src, size);
}

int
cute_shm_seal(const struct cute_shm_array *array, int64_t timeout_ns)
{
	struct cute_shm_lock *lock;
	uint64_t hash = 0;
	struct live live;
	uint32_t s;
	int rc;

	rc = lock_writable(array, timeout_ns, &live, &lock);
	if (rc != 0)
		return rc;
	s = sequence_of(&live);
	if (s % 2 != 0)
		rc = fail_torn(array);
	else if (s != 0) /* else the record has the digest */
		rc = digest_data(live.data, array->data_size,
				 live.shm->header.block_size, &hash);
	if (rc == 0 && s != 0)
		seal(live.slot, s, hash);
	cute_shm_unlock(lock);
	return rc;
}
