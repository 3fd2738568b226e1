/* SPDX-License-Identifier: MIT */
/* The syntax and the hash of paths: pure functions. */

#include <string.h>

#include "format/format.h"

int
path_check(const char *path, const char **ret)
{
	const char *p, *slash;
	size_t size;

	if (!path)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID, "no path given");
	if (path[0] == '/')
		path++;
	for (p = path; *path; p += size + 1) {
		slash = strchrnul(p, '/');
		size = (size_t)(slash - p);
		if (!component_ok(p, size))
			return cute_shm_fail(CUTE_SHM_ERR_INVALID,
					     "path \"%.*s\": component "
					     "\"%.*s\" is empty, \".\", "
					     "\"..\" or not UTF-8",
					     1024, path,
					     size < 256 ? (int)size : 256, p);
		if (*slash == '\0')
			break;
	}
	*ret = path;
	return 0;
}

uint64_t
path_hash(const char *path, size_t size)
{
	return digest(path, size);
}
