/* SPDX-License-Identifier: MIT */
/* Log the steps of a builder at level DEBUG. */

#include <unistd.h>

#include "build/build.h"

void
log_building(const struct cute_shm_builder *b)
{
	if (log_debug())
		cute_shm_log(CUTE_SHM_LOG_DEBUG,
			     "project %s: created a file "
			     "for it in %s, %s",
			     b->project, b->root,
			     b->temporary ? b->temporary : "without a name");
}

void
log_reserved(const struct cute_shm_builder *b, double since)
{
	char size[SIZE_TEXT];

	if (log_debug())
		cute_shm_log(CUTE_SHM_LOG_DEBUG, "project %s: %s %s in %.3f s",
			     b->project,
			     b->ahead || b->huge.shared
				     ? "reserves, ahead of its "
				       "data,"
				     : "reserved",
			     size_text(b->header.segment_size, size),
			     clock_now() - since);
}

void
log_sealed(const struct cute_shm_builder *b, double since)
{
	if (log_debug())
		cute_shm_log(CUTE_SHM_LOG_DEBUG,
			     "project %s: completed "
			     "digests and metadata in %.3f s",
			     b->project, clock_now() - since);
}

void
log_published(const struct cute_shm_builder *b)
{
	char size[SIZE_TEXT];

	if (log_debug())
		cute_shm_log(CUTE_SHM_LOG_DEBUG,
			     "project %s: published as %s, "
			     "%s, %.3f s after it was begun",
			     b->project, b->path,
			     size_text(b->header.segment_size, size),
			     clock_now() - b->begun);
}

/* Also for a builder that failed in cute_shm_builder_new(). */
void
log_abandoned(const struct cute_shm_builder *b)
{
	if (b->fd >= 0 && b->state != BUILD_OVER && b->pid == getpid() &&
	    log_debug())
		cute_shm_log(CUTE_SHM_LOG_DEBUG,
			     "project %s: removed its "
			     "unfinished file from %s",
			     b->project, b->root);
}
