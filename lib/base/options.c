/* SPDX-License-Identifier: MIT */
/* Option structs of older and newer programs; the number of threads. */

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/base.h"

/* True if the 'size' bytes at 'p' are all zero. */
static bool
zeros(const uint8_t *p, size_t size)
{
	while (size > 0)
		if (p[--size] != 0)
			return false;
	return true;
}

int
options_copy(void *opt, size_t size, const void *from)
{
	size_t given;

	if (!from)
		return 0;
	memcpy(&given, from, sizeof(given));
	if (given < sizeof(given))
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "options: their size is not set");
	if (given > size && !zeros((const uint8_t *)from + size, given - size))
		return cute_shm_fail(CUTE_SHM_ERR_UNSUPPORTED,
				     "options of %zu bytes: this library knows "
				     "the first %zu",
				     given, size);
	memcpy(opt, from, given < size ? given : size);
	return 0;
}

unsigned
jobs_or_cpus(unsigned jobs)
{
	cpu_set_t set;

	if (jobs > 0)
		return jobs;
	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}
