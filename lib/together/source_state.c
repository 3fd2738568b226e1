/* SPDX-License-Identifier: MIT */
/* Whether the file that a project was loaded from is still the same. */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "together/together.h"

enum cute_shm_source
cute_shm_source_state(const struct cute_shm_info *info, uint64_t *modified_ns)
{
	const struct format_header *header;
	struct stat st;

	*modified_ns = 0;
	if (!info->source[0])
		return CUTE_SHM_SOURCE_NONE;
	/* A path that is too long for the header has lost its beginning. */
	if (info->source[0] != '/' ||
	    strlen(info->source) >= sizeof(header->source) - 1)
		return CUTE_SHM_SOURCE_UNKNOWN;
	if (stat(info->source, &st) != 0)
		return errno == ENOENT || errno == ENOTDIR
			       ? CUTE_SHM_SOURCE_GONE
			       : CUTE_SHM_SOURCE_UNKNOWN;
	/* What came through a pipe has no size and no time to compare. */
	if (!S_ISREG(st.st_mode))
		return CUTE_SHM_SOURCE_UNKNOWN;
	*modified_ns = mtime_ns(&st);
	return (uint64_t)st.st_size == info->source_size &&
			       *modified_ns == info->source_mtime_ns
		       ? CUTE_SHM_SOURCE_CURRENT
		       : CUTE_SHM_SOURCE_CHANGED;
}
