/* SPDX-License-Identifier: MIT */
/* Locks on the data of arrays, and what is said if they are not to be had. */

#include "live/live.h"

int
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
lock_live(const struct live *live, const struct cute_shm_array *array,
	  bool exclusive, int64_t timeout_ns, struct cute_shm_lock **ret)
{
	int rc = lock_range(live->shm->locks, live->start, live->end, exclusive,
			    timeout_ns, ret);

	return rc == CUTE_SHM_ERR_TIMEOUT ? fail_locked(live, array, exclusive)
					  : rc;
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
cute_shm_lock_exclusive(const struct cute_shm_array *array, int64_t timeout_ns,
			struct cute_shm_lock **ret)
{
	struct live live;
	int rc;

	rc = live_get_writable(array, &live);
	if (rc != 0)
		return rc;
	return lock_live(&live, array, true, timeout_ns, ret);
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
