/* SPDX-License-Identifier: MIT */
/*
 * Take small pages for a segment, after a look at whether there is memory for
 * the rest of it.
 */

#include <errno.h>
#include <fcntl.h>

#include "build/build.h"

/*
 * Bytes per posix_fallocate().  Writers of the file spin on its lock until the
 * call ends.  A signal makes the call undo its work and fail with EINTR, so
 * with a periodic timer a call for many gigabytes would never succeed.
 */
#define CALL ((uint64_t)1 << 20)

#define SPARE_PARTS 256 /* see RESERVE_STEP */

/* Add to the message that other processes took memory during the build. */
static int
others_took(const struct cute_shm_builder *b, uint64_t at, int err)
{
	char had[SIZE_TEXT], need[SIZE_TEXT];

	return cute_shm_fail(err, "project %s: with %s of %s in memory, %s",
			     b->project, size_text(at, had),
			     size_text(b->header.segment_size, need),
			     cute_shm_errmsg());
}

int
reserve_failed(const struct cute_shm_builder *b, uint64_t had, int number)
{
	char need[SIZE_TEXT];
	uint64_t none;

	errno = number;
	/* A file system in memory may also report ENOMEM. */
	if (number == ENOSPC || number == EDQUOT || number == ENOMEM) {
		if (b->lender.ask)
			return builder_ask(b, CUTE_SHM_ASK_FULL,
					   b->header.segment_size, had, &none);
		return space_ran_out(b->root, b->header.segment_size, had);
	}
	return fail_errno("project %s: cannot reserve %s in %s", b->project,
			  size_text(b->header.segment_size, need), b->root);
}

int
reserve_allocate(const struct cute_shm_builder *b, uint64_t at, uint64_t size,
		 uint64_t had)
{
	uint64_t end = at + size, n;
	int number;

	for (; at < end; at += n, had += n) {
		n = end - at < CALL ? end - at : CALL;
		do
			number = posix_fallocate(b->fd, (off_t)at, (off_t)n);
		while (number == EINTR);
		if (number != 0)
			return reserve_failed(b, had, number);
	}
	return 0;
}

/* Other processes may take memory, too. */
int
reserve_look(const struct cute_shm_builder *b, struct taking *t)
{
	uint64_t spare = 0;
	int err;

	if (t->at < t->look)
		return 0;
	if (b->lender.ask)
		err = builder_ask(b, CUTE_SHM_ASK_LOOK,
				  b->header.segment_size - t->at, 0, &spare);
	else
		err = space_check(b->root, b->header.segment_size - t->at,
				  &spare);
	if (err == CUTE_SHM_ERR_NO_SPACE)
		return others_took(b, t->at, err);
	spare /= SPARE_PARTS;
	t->look = t->at + (spare > RESERVE_STEP ? spare : RESERVE_STEP);
	return 0;
}
