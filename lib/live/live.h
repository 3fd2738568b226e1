/* SPDX-License-Identifier: MIT */
/*
 * Arrays that change in place: update, seal, snapshot, wait, state.  update.c
 * has the calls for one array, wait.c those that wait for updates of others,
 * update_summary.c counts the arrays of a project.
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

/* update.c */

/* The live slot of an array, and [start, end) of its data in the segment. */
struct live {
	const struct cute_shm *shm;
	struct format_live *slot;
	uint8_t *data;
	uint64_t start;
	uint64_t end;
};

int live_get(const struct cute_shm_array *array, struct live *ret) must_check;
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

/* The rest of 'timeout_ns'; a negative timeout has no limit. */
int64_t left_of(int64_t timeout_ns, const struct timespec *deadline);

/* shared_copy.c */

/* Copy from memory that other threads or processes may write to. */
void copy_out(void *to, const uint8_t *shared, size_t size);

/* Copy to memory that others may read; 'from' may overlap, as for memmove(). */
void copy_in(uint8_t *shared, const void *from, size_t size);

#endif
