/* SPDX-License-Identifier: MIT */
/* Times of clocks. */
#ifndef LIB_BASE_CLOCK_H
#define LIB_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* The clock's time; 0 if the clock does not exist or no longer exists. */
static inline double
clock_seconds(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t) != 0)
		return 0;
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Time since a fixed moment; setting the date does not change it. */
static inline double
clock_now(void)
{
	return clock_seconds(CLOCK_MONOTONIC);
}

/* The clock's time in nanoseconds; of CLOCK_REALTIME: Unix time. */
static inline uint64_t
clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

#endif
