/* SPDX-License-Identifier: MIT */
#include "root_dir.h"

#include <stdlib.h>
#include <sys/statvfs.h>

const char *
root_dir(const char *opt_root)
{
	const char *env = getenv("CUTE_SHM_ROOT");

	if (opt_root && *opt_root)
		return opt_root;
	return env && *env ? env : "/dev/shm";
}

bool
root_space(const char *opt_root, uint64_t *size, uint64_t *available)
{
	struct statvfs fs;

	return statvfs(root_dir(opt_root), &fs) == 0 &&
	       !__builtin_mul_overflow(fs.f_blocks, fs.f_frsize, size) &&
	       !__builtin_mul_overflow(fs.f_bavail, fs.f_frsize, available);
}
