/* SPDX-License-Identifier: MIT */
/* Option structs that may grow, and the number of threads. */
#ifndef CUTE_SHM_OPTIONS_H
#define CUTE_SHM_OPTIONS_H

#include <stddef.h>

/*
 * Copy the caller's option struct over 'opt', which holds the defaults and has
 * 'size' bytes.  NULL leaves them.  A smaller one comes from an older program,
 * a larger one must have zeros where this library knows nothing.
 */
int options_copy(void *opt, size_t size, const void *from)
	__attribute__((warn_unused_result));

/* Threads to use: 'jobs', or as many as CPUs that this process may use. */
unsigned jobs_or_cpus(unsigned jobs);

#endif
