/* SPDX-License-Identifier: MIT */
/* How much fits into a root, found out before anything is written. */

#include <errno.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "root/root.h"

static const char limit_file_system[] = "free space of its file system";
static const char limit_memory[] = "available memory (MemAvailable)";
static const char limit_cgroup[] = "memory limit of the control group";

/* Free bytes of the root's file system; UINT64_MAX if it has no limit. */
static int
file_system_available(const char *root, uint64_t *ret)
{
	struct statvfs fs;
	uint64_t bytes;

	if (statvfs(root, &fs) != 0)
		return fail_errno("cannot examine the root %s", root);
	if (fs.f_blocks == 0 ||
	    __builtin_mul_overflow(fs.f_bavail, fs.f_frsize, &bytes))
		bytes = UINT64_MAX;
	*ret = bytes;
	return 0;
}

/* True if the root's files take memory that the kernel cannot drop. */
static bool
is_memory(const char *root)
{
	struct statfs fs;

	if (statfs(root, &fs) != 0)
		return false;
	return fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC;
}

/* MemAvailable in bytes; UINT64_MAX if the kernel does not report it. */
static uint64_t
memory_available(void)
{
	uint64_t kib, bytes = UINT64_MAX;
	char line[256];
	FILE *file;

	file = file_above_stdio("/proc/meminfo");
	if (!file)
		return UINT64_MAX;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %" SCNu64 " kB", &kib) == 1 &&
		    !__builtin_mul_overflow(kib, 1024, &bytes))
			break;
	fclose(file);
	return bytes;
}

/*
 * Memory to leave for the process itself: stacks, tables, decoded data.  Most
 * of it is in use by the time the first pages of a segment are written, so that
 * later checks of the available memory have counted it.
 */
#define OWN_MEMORY ((uint64_t)16 << 20)

static uint64_t
beside_own(uint64_t bytes)
{
	if (bytes == UINT64_MAX)
		return bytes;
	return bytes > OWN_MEMORY ? bytes - OWN_MEMORY : 0;
}

static void
bound(struct cute_shm_space *space, uint64_t available, const char *limit)
{
	if (available >= space->available)
		return;
	space->available = available;
	space->limit = limit;
}

int
cute_shm_available(const char *root, struct cute_shm_space *ret)
{
	struct cute_shm_space space = { .limit = limit_file_system };
	int err;

	root = root_or_default(root);
	err = file_system_available(root, &space.available);
	if (err != 0)
		return err;
	if (is_memory(root)) {
		bound(&space, beside_own(memory_available()), limit_memory);
		bound(&space,
		      beside_own(cgroup_available("/proc/self/cgroup",
						  "/proc/self/mountinfo")),
		      limit_cgroup);
	}
	*ret = space;
	return 0;
}

/* The remedy to suggest for this limit. */
static const char *
remedy(const struct cute_shm_space *space)
{
	if (space->limit == limit_cgroup)
		return "raise that limit (systemd: MemoryMax=, MemoryHigh=; "
		       "container: --memory=)";
	if (space->limit == limit_memory)
		return "end other programs or unlink projects";
	return "enlarge it (mount -o remount,size=; container: --shm-size=), "
	       "unlink projects";
}

int
space_ran_out(const char *root, uint64_t need, uint64_t given)
{
	static const struct cute_shm_space space = {
		.limit = limit_file_system,
	};
	char needed[SIZE_TEXT], had[SIZE_TEXT];

	return cute_shm_fail(CUTE_SHM_ERR_NO_SPACE,
			     "%s gave %s, needed are %s; others have taken the "
			     "rest meanwhile, or there is a quota: %s, or "
			     "choose another root (CUTE_SHM_ROOT)",
			     root_or_default(root), size_text(given, had),
			     size_text(need, needed), remedy(&space));
}

int
space_check(const char *root, uint64_t need, uint64_t *spare)
{
	char needed[SIZE_TEXT], available[SIZE_TEXT];
	struct cute_shm_space space;
	int err;

	root = root_or_default(root);
	err = cute_shm_available(root, &space);
	if (err != 0)
		return err;
	if (need <= space.available) {
		if (spare)
			*spare = space.available - need;
		return 0;
	}
	return cute_shm_fail(CUTE_SHM_ERR_NO_SPACE,
			     "%s has room for %s, needed are %s; the bound is "
			     "the %s: %s, or choose another root "
			     "(CUTE_SHM_ROOT)",
			     root, size_text(space.available, available),
			     size_text(need, needed), space.limit,
			     remedy(&space));
}

/*
 * Check the limit first: a write beyond it raises SIGXFSZ, which ends the
 * process.
 */
int
space_file_limit(const char *kind, const char *name, uint64_t need)
{
	char needed[SIZE_TEXT], most[SIZE_TEXT];
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) != 0 ||
	    limit.rlim_cur == RLIM_INFINITY || need <= limit.rlim_cur)
		return 0;
	return cute_shm_fail(CUTE_SHM_ERR_NO_SPACE,
			     "%s %s needs %s, a file of this process may have "
			     "%s: raise that limit (ulimit -f)",
			     kind, name, size_text(need, needed),
			     size_text((uint64_t)limit.rlim_cur, most));
}
