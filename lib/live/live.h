/* SPDX-License-Identifier: MIT */
/*
 * Arrays that change in place: update, seal, snapshot, wait, state.  update.c
 * has the calls for one array, update_summary.c counts the arrays of a project.
 * Uses base, format, lock and read.
 */
#ifndef LIB_LIVE_LIVE_H
#define LIB_LIVE_LIVE_H

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "read/read.h"

/* Sleep while *word is 'value', for at most 'ns'; may return early. */
static inline void
futex_wait(const uint32_t *word, uint32_t value, int64_t ns)
{
	struct timespec t = {
		.tv_sec = (time_t)(ns / 1000000000),
		.tv_nsec = (long)(ns % 1000000000),
	};

	syscall(SYS_futex, word, FUTEX_WAIT, value, &t, NULL, 0);
}

static inline void
futex_wake_all(const uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* shared_copy.c */

/* Copy from memory that other threads or processes may write to. */
void copy_out(void *to, const uint8_t *shared, size_t size);

/* Copy to memory that others may read; 'from' may overlap, as for memmove(). */
void copy_in(uint8_t *shared, const void *from, size_t size);

#endif
