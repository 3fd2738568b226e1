/* SPDX-License-Identifier: MIT */
/* How long a call may take.  Compiled into both libraries, exported by none. */
#ifndef CUTE_SHM_DEADLINE_H
#define CUTE_SHM_DEADLINE_H

#include <stdbool.h>

struct deadline {
	double seconds;		/* of wall time that were given; 0: no bound */
	double end;		/* on the monotonic clock */
};

/* CUTE_SHM_ERR_INVALID if 'seconds' is negative or no number. */
int deadline_begin(struct deadline *d, double seconds)
	__attribute__((warn_unused_result));

bool deadline_over(const struct deadline *d);

/* CUTE_SHM_ERR_LIMIT: which bound, its value, and what was done ('state'). */
int deadline_fail(const struct deadline *d, const char *what,
		  const char *state);

#endif
