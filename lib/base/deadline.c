/* SPDX-License-Identifier: MIT */
/* Time limits of calls. */

#include "base/base.h"

int
deadline_begin(struct deadline *d, double seconds)
{
	/* NaN is not >= 0. */
	if (!(seconds >= 0))
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "max_seconds: %g is "
				     "no number of seconds",
				     seconds);
	d->seconds = seconds;
	d->end = clock_now() + seconds;
	return 0;
}

bool
deadline_over(const struct deadline *d)
{
	return d->seconds > 0 && clock_now() >= d->end;
}

int
deadline_fail(const struct deadline *d, const char *what, const char *state)
{
	return cute_shm_fail(CUTE_SHM_ERR_LIMIT,
			     "%s: %s after %g s, the bound "
			     "of the time (--max-time): raise it, or see what "
			     "takes so long",
			     what, state, d->seconds);
}
