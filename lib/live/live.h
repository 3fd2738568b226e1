/* SPDX-License-Identifier: MIT */
/*
 * Arrays that change in place: update, seal, snapshot, wait, state.  Each array
 * has a slot in the segment (live_slot.c) and is locked by the range of its
 * data (live_lock.c).  update.c is what writers do, snapshot.c and wait.c what
 * readers do, shared_copy.c the copies of both; update_summary.c counts the
 * arrays of a project.
 * Uses base, format, lock and read.
 */
#ifndef LIB_LIVE_LIVE_H
#define LIB_LIVE_LIVE_H

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "read/read.h"

/*
 * A waiter wakes up this often by itself: a writer that was killed during the
 * update, or between its last store and futex_wake_all(), does not wake it.
 */
#define NAP_REST_NS	INT64_C(1000000000)
#define NAP_WRITING_NS	INT64_C(20000000)
#define NAP_SNAPSHOT_NS INT64_C(1000000)

/*
 * Sleep while *word is 'value', for at most 'ns'; may return early.  -1 and
 * EINTR: a signal has ended it.
 */
static inline int
futex_wait(const uint32_t *word, uint32_t value, int64_t ns)
{
	struct timespec t = {
		.tv_sec = (time_t)(ns / 1000000000),
		.tv_nsec = (long)(ns % 1000000000),
	};

	return (int)syscall(SYS_futex, word, FUTEX_WAIT, value, &t, NULL, 0);
}

static inline void
futex_wake_all(const uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* live_slot.c */

/* The live slot of an array, and [start, end) of its data in the segment. */
struct live {
	const struct cute_shm *shm;
	struct format_live *slot;
	uint8_t *data;
	uint64_t start;
	uint64_t end;
};

int live_get(const struct cute_shm_array *array, struct live *ret) must_check;

/* The same for a writer: the errors of cute_shm_update_begin(). */
int live_get_writable(const struct cute_shm_array *array,
		      struct live *ret) must_check;

/* CUTE_SHM_ERR_INVALID unless [offset, offset + size) lies in the data. */
int check_range(const struct cute_shm_array *array, uint64_t offset,
		size_t size) must_check;

uint32_t sequence_of(const struct live *live);

/*
 * CUTE_SHM_ERR_TYPE for a ragged array: readers use its offsets unlocked, so
 * they must not change.
 */
int check_updatable(const struct cute_shm_array *array) must_check;

/*
 * True if sequence 's', as just read, is odd and its writer has died.  A forked
 * child without a descriptor cannot test locks, and gets false.
 */
bool left_torn(const struct live *live, uint32_t s);
int fail_torn(const struct cute_shm_array *array);

/* live_lock.c */

/* Lock the data; CUTE_SHM_ERR_TIMEOUT with a message that says who holds it. */
int lock_live(const struct live *live, const struct cute_shm_array *array,
	      bool exclusive, int64_t timeout_ns,
	      struct cute_shm_lock **ret) must_check;
int fail_timeout(const struct cute_shm_array *array);

/* shared_copy.c */

/* Copy from memory that other threads or processes may write to. */
void copy_out(void *to, const uint8_t *shared, size_t size);

/* Copy to memory that others may read; 'from' may overlap, as for memmove(). */
void copy_in(uint8_t *shared, const void *from, size_t size);

#endif
