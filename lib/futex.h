/* SPDX-License-Identifier: MIT */
/* Sleeping until a word in shared memory changes, across processes. */
#ifndef CUTE_SHM_FUTEX_H
#define CUTE_SHM_FUTEX_H

#include <limits.h>
#include <linux/futex.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Sleep while *word is 'value', for at most 'ns'; may return for no reason. */
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

#endif
