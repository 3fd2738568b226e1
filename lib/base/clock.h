/* SPDX-License-Identifier: MIT */
#ifndef LIB_BASE_CLOCK_H
#define LIB_BASE_CLOCK_H

#include <time.h>

/* What a clock shows, in seconds; 0 if there is no such clock, or no longer. */
static inline double
clock_seconds(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t) != 0)
		return 0;
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Seconds since some moment, whatever the time of day. */
static inline double
clock_now(void)
{
	return clock_seconds(CLOCK_MONOTONIC);
}

#endif
