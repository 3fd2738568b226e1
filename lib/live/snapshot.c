/* SPDX-License-Identifier: MIT */
/*
 * Copies of arrays that others update meanwhile: without a lock, and whole all
 * the same.
 */

#include <pthread.h>

#include "live/live.h"

/* After this many copies that an update spoiled, queue for the lock. */
#define SNAPSHOT_TRIES 16

/* Copy while the shared lock excludes writers. */
static int
snapshot_locked(const struct live *live, const struct cute_shm_array *array,
		uint64_t offset, void *dst, size_t size, int64_t timeout_ns,
		uint32_t *sequence)
{
	struct cute_shm_lock *lock;
	int rc;

	rc = lock_live(live, array, false, timeout_ns, &lock);
	if (rc != 0)
		return rc;
	*sequence = sequence_of(live);
	if (*sequence % 2 == 0)
		copy_out(dst, live->data + offset, size);
	else
		rc = fail_torn(array);
	cute_shm_unlock(lock);
	return rc;
}

/* Try to copy without a lock; true if no update came in between. */
static bool
snapshot_once(const struct live *live, uint64_t offset, void *dst, size_t size,
	      uint32_t *sequence)
{
	*sequence = sequence_of(live);
	if (*sequence % 2 != 0)
		return false;
	copy_out(dst, live->data + offset, size);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&live->slot->sequence, __ATOMIC_RELAXED) ==
	       *sequence;
}

/*
 * Too many updates have spoiled the copies.  Queue for the lock: waiters get it
 * in order, so fast writers cannot keep a reader out for ever.  A writer that
 * keeps the lock over many updates can, so look between them now and then.
 */
static int
snapshot_slowly(const struct live *live, const struct cute_shm_array *array,
		uint64_t offset, void *dst, size_t size, int64_t timeout_ns,
		const struct timespec *deadline, uint32_t *sequence)
{
	int64_t left, turn;
	int rc;

	do {
		left = left_of(timeout_ns, deadline);
		turn = left >= 0 && left < NAP_REST_NS ? left : NAP_REST_NS;
		rc = snapshot_locked(live, array, offset, dst, size, turn,
				     sequence);
		if (rc == CUTE_SHM_ERR_TIMEOUT &&
		    snapshot_once(live, offset, dst, size, sequence))
			rc = 0;
	} while (rc == CUTE_SHM_ERR_TIMEOUT && left != turn);
	return rc;
}

/*
 * Sleep while a writer is at work, instead of queueing for the lock: a reader
 * in the queue delays the next writer, without limit if it is stopped.
 */
static int
snapshot(const struct live *live, const struct cute_shm_array *array,
	 uint64_t offset, void *dst, size_t size, int64_t timeout_ns,
	 uint32_t *sequence)
{
	struct timespec deadline = { 0 };
	int64_t left = timeout_ns;
	uint32_t last = sequence_of(live);
	int spoiled = 0;

	if (timeout_ns > 0)
		deadline = deadline_after(timeout_ns);
	for (; spoiled < SNAPSHOT_TRIES; last = *sequence) {
		if (snapshot_once(live, offset, dst, size, sequence))
			return 0;
		/* Count spoiled copies and missed updates, not one long one. */
		spoiled += *sequence % 2 == 0 || *sequence != last;
		if (*sequence % 2 == 0)
			continue;
		if (left_torn(live, *sequence))
			return fail_torn(array);
		left = left_of(timeout_ns, &deadline);
		if (left == 0)
			return fail_timeout(array);
		futex_wait(&live->slot->sequence, *sequence,
			   left > 0 && left < NAP_SNAPSHOT_NS
				   ? left
				   : NAP_SNAPSHOT_NS);
		pthread_testcancel();
		/* Without a descriptor left_torn() is always false. */
		spoiled += live->shm->fd < 0;
	}
	return snapshot_slowly(live, array, offset, dst, size, timeout_ns,
			       &deadline, sequence);
}

int
cute_shm_snapshot(const struct cute_shm_array *array, uint64_t offset,
		  void *dst, size_t size, int64_t timeout_ns,
		  uint32_t *sequence)
{
	struct live live;
	uint32_t s;
	int rc;

	rc = check_range(array, offset, size);
	if (rc == 0)
		rc = live_get(array, &live);
	if (rc == 0)
		rc = snapshot(&live, array, offset, dst, size, timeout_ns, &s);
	if (rc == 0 && sequence)
		*sequence = s;
	return rc;
}
