/* SPDX-License-Identifier: MIT */
/* The time since a fixed moment; setting the date does not change it. */
#ifndef NOW_H
#define NOW_H

#include <time.h>

/* In seconds. */
static inline double
clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

#endif
