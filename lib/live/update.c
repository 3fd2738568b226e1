/* SPDX-License-Identifier: MIT */
/*
 * Updates in place, under a lock and a sequence counter; see "Live slots" in
 * cute-shm(5).  The sequence is odd only while a writer holds the exclusive
 * lock.  If it is odd and nobody holds the lock, the writer has died.
 */

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "live/live.h"

/* After this many copies that an update spoiled, queue for the lock. */
#define SNAPSHOT_TRIES 16

int
live_get(const struct cute_shm_array *array, struct live *ret)
{
	const struct cute_shm *shm = array->shm;
	const struct format_header *h = &shm->header;
	const struct format_array *record;
	const void *slot;

	record = array->record ? segment_at(shm, array->record, sizeof(*record))
			       : NULL;
	if (!record)
		return cute_shm_fail(CUTE_SHM_ERR_TYPE,
				     "\"%s\" is an attribute, these never "
				     "change",
				     array->path);
	if (record->live_slot >= h->array_count)
		return cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
				     "/%s: live slot outside", array->path);
	slot = segment_at(shm,
			  h->live_offset + sizeof(struct format_live) *
						   record->live_slot,
			  sizeof(struct format_live));
	if (!slot)
		return cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
				     "/%s: live slot outside", array->path);
	ret->shm = shm;
	ret->slot = (struct format_live *)(uintptr_t)slot;
	/* Of an empty array, data_offset is 0: use any valid pointer. */
	ret->data = (uint8_t *)(uintptr_t)shared_data(array);
	ret->start = (uint64_t)(ret->data - shm->base);
	ret->end = ret->start + array->data_size;
	return 0;
}

int
check_updatable(const struct cute_shm_array *array)
{
	if (array->dtype[0] != '*')
		return 0;
	return cute_shm_fail(CUTE_SHM_ERR_TYPE,
			     "/%s is ragged, and ragged "
			     "arrays are not updated in place: publish the "
			     "project again with CUTE_SHM_OVERWRITE, or keep "
			     "the items in an array of fixed size and their "
			     "number in another",
			     array->path);
}

static int
check_writable(const struct live *live, const struct cute_shm_array *array)
{
	if (!live->shm->writable)
		return cute_shm_fail(CUTE_SHM_ERR_PERMISSION,
				     "/%s: the handle "
				     "was opened for reading; open it with "
				     "CUTE_SHM_WRITE",
				     array->path);
	if (live->start == live->end)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "/%s has no data to update", array->path);
	return 0;
}

uint32_t
sequence_of(const struct live *live)
{
	return __atomic_load_n(&live->slot->sequence, __ATOMIC_ACQUIRE);
}

bool
left_torn(const struct live *live, uint32_t s)
{
	return s % 2 != 0 && live->shm->fd >= 0 &&
	       !table_holds(live->shm->locks, live->start, live->end) &&
	       !range_locked(live->shm->fd, live->start, live->end, false) &&
	       sequence_of(live) == s;
}

static int
fail_timeout(const struct cute_shm_array *array)
{
	return cute_shm_fail(CUTE_SHM_ERR_TIMEOUT,
			     "/%s: still held by another "
			     "one when the time was up",
			     array->path);
}

/*
 * Any process that may read the segment can lock out writers (see README), so
 * the message for a writer says whether a reader held the lock.
 */
static int
fail_locked(const struct live *live, const struct cute_shm_array *array,
	    bool exclusive)
{
	if (exclusive &&
	    range_locked(live->shm->fd, live->start, live->end, true) &&
	    !range_locked(live->shm->fd, live->start, live->end, false))
		return cute_shm_fail(CUTE_SHM_ERR_TIMEOUT,
				     "/%s: still held by "
				     "a reader, by a shared lock, when the "
				     "time was up",
				     array->path);
	return fail_timeout(array);
}

int
fail_torn(const struct cute_shm_array *array)
{
	return cute_shm_fail(CUTE_SHM_ERR_TORN,
			     "/%s is torn: its writer died "
			     "in the middle; an update of the whole array "
			     "heals it",
			     array->path);
}

static int
lock_live(const struct live *live, const struct cute_shm_array *array,
	  bool exclusive, int64_t timeout_ns, struct cute_shm_lock **ret)
{
	int rc = lock_range(live->shm->locks, live->start, live->end, exclusive,
			    timeout_ns, ret);

	return rc == CUTE_SHM_ERR_TIMEOUT ? fail_locked(live, array, exclusive)
					  : rc;
}

/* The first step of every writer: find the slot, take the exclusive lock. */
static int
lock_writable(const struct cute_shm_array *array, int64_t timeout_ns,
	      struct live *live, struct cute_shm_lock **ret)
{
	int rc = live_get(array, live);

	if (rc == 0)
		rc = check_updatable(array);
	if (rc == 0)
		rc = check_writable(live, array);
	if (rc == 0)
		rc = lock_live(live, array, true, timeout_ns, ret);
	return rc;
}

/* CUTE_SHM_ERR_INVALID unless [offset, offset + size) lies in the data. */
static int
check_range(const struct cute_shm_array *array, uint64_t offset, size_t size)
{
	if (offset <= array->data_size && size <= array->data_size - offset)
		return 0;
	return cute_shm_fail(CUTE_SHM_ERR_INVALID,
			     "/%s: %zu bytes at %ju, the "
			     "array has %ju",
			     array->path, size, (uintmax_t)offset,
			     (uintmax_t)array->data_size);
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
	if (sequence_of(&live) % 2 != 0 && size < array->data_size) {
		rc = fail_torn(array);
	} else {
		sequence_begin(live.slot);
		copy_in(live.data + offset, src, size);
		sequence_end(live.slot);
	}
	cute_shm_unlock(lock);
	return rc;
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

int64_t
left_of(int64_t timeout_ns, const struct timespec *deadline)
{
	int64_t left = timeout_ns > 0 ? time_left(deadline) : timeout_ns;

	return timeout_ns > 0 && left < 0 ? 0 : left;
}

/*
 * Too many updates have spoiled the copies.  Queue for the lock: waiters get it
 * in order, so fast writers cannot keep a reader out for ever.
 */
static int
snapshot_slowly(const struct live *live, const struct cute_shm_array *array,
		uint64_t offset, void *dst, size_t size, int64_t timeout_ns,
		uint32_t *sequence)
{
	int rc;

	rc = snapshot_locked(live, array, offset, dst, size, timeout_ns,
			     sequence);
	if (rc == CUTE_SHM_ERR_TIMEOUT &&
	    snapshot_once(live, offset, dst, size, sequence))
		return 0;
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
	return snapshot_slowly(live, array, offset, dst, size,
			       left_of(timeout_ns, &deadline), sequence);
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

int
cute_shm_state(const struct cute_shm_array *array, struct cute_shm_state *ret)
{
	struct format_live *slot;
	struct cute_shm_state state = { 0 };
	struct live live;
	uint32_t again;
	int rc;

	rc = live_get(array, &live);
	if (rc != 0)
		return rc;
	slot = live.slot;
	do {
		state.sequence = sequence_of(&live);
		state.writer_pid =
			__atomic_load_n(&slot->writer_pid, __ATOMIC_RELAXED);
		state.updated_ns =
			__atomic_load_n(&slot->updated_ns, __ATOMIC_RELAXED);
		state.sealed =
			__atomic_load_n(&slot->digest_sequence,
					__ATOMIC_ACQUIRE) == state.sequence;
		state.digest = __atomic_load_n(&slot->digest, __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		again = __atomic_load_n(&slot->sequence, __ATOMIC_RELAXED);
	} while (again != state.sequence);
	if (state.sequence == 0)
		state.digest = array->digest;
	else if (!state.sealed)
		state.digest = 0;
	state.torn = left_torn(&live, state.sequence);
	*ret = state;
	return 0;
}

int
cute_shm_lock(const struct cute_shm_array *array, int64_t timeout_ns,
	      struct cute_shm_lock **ret)
{
	struct live live;
	int rc;

	rc = live_get(array, &live);
	if (rc != 0)
		return rc;
	return lock_live(&live, array, false, timeout_ns, ret);
}

int
cute_shm_lock_all(const struct cute_shm *shm, int exclusive, int64_t timeout_ns,
		  struct cute_shm_lock **ret)
{
	const struct format_header *h = &shm->header;
	int rc;

	if (exclusive && !shm->writable)
		return cute_shm_fail(CUTE_SHM_ERR_PERMISSION,
				     "%s: the handle "
				     "was opened for reading; open it with "
				     "CUTE_SHM_WRITE",
				     shm->path);
	rc = lock_range(shm->locks, h->data_offset,
			h->data_offset + h->data_size, exclusive, timeout_ns,
			ret);
	if (rc == CUTE_SHM_ERR_TIMEOUT)
		return cute_shm_fail(rc,
				     "%s: arrays still held by others when "
				     "the time was up",
				     shm->path);
	return rc;
}
