/* SPDX-License-Identifier: MIT */
/* The users whose files are trusted. */

#include <inttypes.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "file/file.h"

#define DEFAULT_OVERFLOW 65534

/* The number that the kernel shows for users the namespace does not map. */
static uid_t
overflow_uid(void)
{
	static _Atomic int64_t known = -1;
	intmax_t number = atomic_load(&known);
	FILE *f;

	if (number >= 0)
		return (uid_t)number;
	f = file_above_stdio("/proc/sys/kernel/overflowuid");
	if (!f || fscanf(f, "%jd", &number) != 1 || number < 0)
		number = DEFAULT_OVERFLOW;
	if (f)
		fclose(f);
	atomic_store(&known, number);
	return (uid_t)number;
}

/*
 * Sum the lines of 'map', which is like /proc/self/uid_map: it is complete if
 * it maps all numbers but (uid_t)-1, which is no user.
 */
bool
uid_map_complete(const char *map)
{
	uint64_t inside, outside, count, sum = 0;
	FILE *f = file_above_stdio(map);

	if (!f)
		return false;
	while (fscanf(f, "%" SCNu64 " %" SCNu64 " %" SCNu64, &inside, &outside,
		      &count) == 3)
		sum += count;
	fclose(f);
	return sum >= UINT32_MAX;
}

/* Read the map each time, because a process may enter another namespace. */
bool
user_unmapped(uid_t uid)
{
	return uid == overflow_uid() && !uid_map_complete("/proc/self/uid_map");
}

bool
user_trusted(uid_t uid)
{
	return (uid == 0 || uid == geteuid()) && !user_unmapped(uid);
}
