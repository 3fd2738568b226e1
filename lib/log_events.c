/* SPDX-License-Identifier: MIT */
/* What the library does, for the hook at level DEBUG. */

#include "log_events.h"

#include <unistd.h>

#include "clock.h"

static bool
wanted(void)
{
	return cute_shm_log_wants(CUTE_SHM_LOG_DEBUG);
}

void
log_building(const struct cute_shm_builder *b)
{
	if (wanted())
		cute_shm_log(CUTE_SHM_LOG_DEBUG, "project %s: created a file "
			     "for it in %s, %s", b->project, b->root,
			     b->temporary ? b->temporary : "without a name");
}

void
log_reserved(const struct cute_shm_builder *b, double since)
{
	char size[SIZE_TEXT];

	if (wanted())
		cute_shm_log(CUTE_SHM_LOG_DEBUG, "project %s: %s %s in %.3f s",
			     b->project, b->ahead ? "reserves, ahead of its "
			     "data," : "reserved",
			     size_text(b->header.segment_size, size),
			     clock_now() - since);
}

void
log_sealed(const struct cute_shm_builder *b, double since)
{
	if (wanted())
		cute_shm_log(CUTE_SHM_LOG_DEBUG, "project %s: completed "
			     "digests and metadata in %.3f s", b->project,
			     clock_now() - since);
}

void
log_published(const struct cute_shm_builder *b)
{
	char size[SIZE_TEXT];

	if (wanted())
		cute_shm_log(CUTE_SHM_LOG_DEBUG, "project %s: published as %s, "
			     "%s, %.3f s after it was begun", b->project,
			     b->path, size_text(b->header.segment_size, size),
			     clock_now() - b->begun);
}

/* Also what a failed start has of it. */
void
log_abandoned(const struct cute_shm_builder *b)
{
	if (b->fd >= 0 && b->state != BUILD_OVER && b->pid == getpid() &&
	    wanted())
		cute_shm_log(CUTE_SHM_LOG_DEBUG, "project %s: removed its "
			     "unfinished file from %s", b->project, b->root);
}

void
log_opened(const struct cute_shm *shm)
{
	uint64_t held = (uint64_t)shm->stat.st_blocks * 512;
	char size[SIZE_TEXT], has[SIZE_TEXT];

	if (!wanted())
		return;
	cute_shm_log(CUTE_SHM_LOG_DEBUG, "opened and mapped %s for %s, %s%s%s",
		     shm->path, shm->writable ? "writing" : "reading",
		     size_text(shm->size, size), held < shm->size ?
		     ", of which its file system holds " : "",
		     held < shm->size ? size_text(held, has) : "");
}

void
log_closed(const struct cute_shm *shm)
{
	if (shm->base && wanted())
		cute_shm_log(CUTE_SHM_LOG_DEBUG, "unmapped and closed %s",
			     shm->path);
}

void
log_removed(const char *path, uint64_t bytes)
{
	char size[SIZE_TEXT];

	if (wanted())
		cute_shm_log(CUTE_SHM_LOG_DEBUG, "removed %s, %s", path,
			     size_text(bytes, size));
}

void
log_copied(const char *from, const char *to, uint64_t bytes, double since)
{
	char size[SIZE_TEXT];

	if (wanted())
		cute_shm_log(CUTE_SHM_LOG_DEBUG, "wrote %s to %s, %s in %.3f s",
			     from, to, size_text(bytes, size),
			     clock_now() - since);
}
