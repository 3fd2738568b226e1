/* SPDX-License-Identifier: MIT */
/*
 * How much private memory the reader may use.  A few bytes of a damaged file
 * can claim sizes of gigabytes.  With a limit the kernel refuses such an
 * allocation before the memory is used, and the failure is an ordinary error.
 */

#include "hdf5/report/report.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Describes the limit in messages; "" while no limit is set. */
static char note[96];
static bool by_caller; /* max_memory is the limit, not free memory */

/* The number of KiB after 'key' in a file of /proc, in bytes; 0 if absent. */
static uint64_t
proc_bytes(const char *name, const char *key)
{
	uint64_t n = 0;
	FILE *file = file_above_stdio(name);
	char line[256];

	while (file && n == 0 && fgets(line, sizeof(line), file))
		if (strncmp(line, key, strlen(key)) == 0)
			n = strtoull(line + strlen(key), NULL, 10);
	if (file)
		fclose(file);
	return n < UINT64_MAX / 1024 ? n * 1024 : UINT64_MAX;
}

/*
 * Stacks of readers, writers and a few single threads.  The kernel provides
 * only the pages that a stack uses.
 */
static uint64_t
stacks(unsigned jobs)
{
	size_t size = (size_t)8 << 20;
	pthread_attr_t attr;

	if (pthread_getattr_default_np(&attr) == 0) {
		pthread_attr_getstacksize(&attr, &size);
		pthread_attr_destroy(&attr);
	}
	return (uint64_t)size * (2 * (uint64_t)jobs + 4);
}

static void
set_note(uint64_t bound, bool available)
{
	const char *unit = bound >= UINT64_C(1) << 30 ? "GiB" : "MiB";
	double n = (double)bound / (*unit == 'G' ? 1 << 30 : 1 << 20);

	snprintf(note, sizeof(note),
		 available ? "over the %.1f %s of memory that are available"
			   : "over the bound of %.1f %s of private memory "
			     "(--max-memory)",
		 n, unit);
	by_caller = !available;
}

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void
limit_memory(uint64_t bound, uint64_t library, unsigned jobs)
{
	uint64_t has = proc_bytes("/proc/self/status", "VmData:");
	uint64_t free = proc_bytes("/proc/meminfo", "MemAvailable:");
	struct rlimit limit;
	bool available;

	free = free > 0 ? free - free / 8 : UINT64_MAX;
	/* ulimit -v may leave less than that. */
	if (getrlimit(RLIMIT_AS, &limit) == 0 &&
	    limit.rlim_cur != RLIM_INFINITY)
		free = least(free, limit.rlim_cur -
					   least(limit.rlim_cur,
						 proc_bytes("/proc/self/status",
							    "VmSize:")));
	available = free < bound;
	if (available)
		bound = free;
	if (bound > UINT64_MAX / 2 || getrlimit(RLIMIT_DATA, &limit) != 0)
		return;
	set_note(bound, available);
	bound += has + library + stacks(jobs);
	if (bound < limit.rlim_cur) {
		limit.rlim_cur = bound;
		setrlimit(RLIMIT_DATA, &limit);
	}
}

/*
 * If memory runs out anyway, let the kernel kill this process first.  Also
 * raise the limit of descriptors: each file behind an external link stays open.
 */
void
limits_set(uint64_t bound, uint64_t library, unsigned jobs)
{
	struct rlimit limit;
	int fd;

	limit_memory(bound, library, jobs);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	fd = fd_above_stdio(
		open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
	if (fd >= 0) {
		if (write(fd, "1000", 4) < 0)
			errno = 0; /* this is only a hint to the kernel */
		close(fd);
	}
}

void
limits_note(char *text, size_t size)
{
	size_t used = strlen(text);

	if (note[0] && used < size)
		snprintf(text + used, size - used, ": %s", note);
}

bool
limits_exceeded(int err, const char *text)
{
	return by_caller && (err == CUTE_SHM_ERR_NOMEM || strstr(text, note));
}

int
limits_fail(const char *file, const char *path, const char *text)
{
	static const char advice[] = "; raise it, or leave the object out "
				     "(--exclude)";

	if (strstr(text, note))
		return cute_shm_fail(CUTE_SHM_ERR_LIMIT, "%s%s", text, advice);
	return cute_shm_fail(CUTE_SHM_ERR_LIMIT, "%s: at /%s: %s: %s%s", file,
			     path, text, note, advice);
}
