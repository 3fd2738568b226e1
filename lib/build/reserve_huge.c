/* SPDX-License-Identifier: MIT */
/*
 * Large pages for a segment that is being built.  The kernel gives a file of a
 * tmpfs small pages, one at a time, unless the mount says otherwise; taking
 * them costs more than what is copied into them.  A range that is asked to be
 * one large page (MADV_COLLAPSE, Linux 6.1) is one, whatever the mount says, in
 * a third of the time, and stays one for the readers.  It can be stored to
 * through a mapping, without the lock that writing to a file takes.
 *
 * Nothing depends on it: where the system does not want large pages, or has
 * none, small ones are taken as ever.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <time.h>

#include "build/build.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#define TMPFS 0x01021994	/* TMPFS_MAGIC of <linux/magic.h> */

/* Of x86-64, and of others with pages of 4 KiB. */
#define LARGE		((uint64_t)2 << 20)

/*
 * Each request also waits until all CPUs have put their new pages into the
 * common list, so few are best; but how long one takes shows only afterwards.
 */
#define STEP		LARGE
#define MOST_STEP	(2 * LARGE)

/*
 * Below a GB/s small pages are faster.  Then memory lies in small pieces, or
 * the host of a virtual machine has taken back what was free and has to find
 * it anew.  Both differ from place to place: later ones are tried again, after
 * longer and longer stretches of small pages.
 */
#define BYTES_PER_NS	1
#define REST		(32 * LARGE)

#define RETRIES		3

static uint64_t
worked_ns(void)
{
	struct timespec t;

	/* Of this thread alone, as others may be kept busy meanwhile. */
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void
huge_begin(struct cute_shm_builder *b)
{
	struct huge *h = &b->huge;
	uint64_t size = b->header.segment_size;
	struct statfs root;

	huge_end(b);
	if (size < LARGE || size > SIZE_MAX || fstatfs(b->fd, &root) != 0 ||
	    root.f_type != TMPFS)
		return;
	h->taken = calloc((size_t)(size / LARGE), sizeof(*h->taken));
	if (!h->taken || map_new(b->fd, (size_t)size, PROT_READ | PROT_WRITE,
				 &h->map) != 0 ||
	    (uintptr_t)h->map.base % LARGE != 0) {
		huge_end(b);
		return;
	}
	/* With huge=advise, the first touch is enough. */
	madvise(h->map.base, (size_t)size, MADV_HUGEPAGE);
	h->step = STEP;
	h->rest = REST;
	h->over = false;
}

/* One page in each of the ranges: an empty one cannot be made a large page. */
static bool
touch(uint8_t *at, size_t size)
{
	for (size_t i = 0; i < size; i += LARGE)
		if (madvise(at + i, 1, MADV_POPULATE_WRITE) != 0)
			return false;
	return true;
}

static bool
collapse(uint8_t *at, size_t size)
{
	int tries = 0;

	while (madvise(at, size, MADV_COLLAPSE) != 0)
		if ((errno != EAGAIN && errno != EINTR) || ++tries > RETRIES)
			return false;
	return true;
}

/* False: it took long, or cannot be done here. */
static bool
take_step(struct huge *h, uint64_t at, uint64_t size)
{
	uint64_t before = worked_ns();

	if (!touch(h->map.base + at, (size_t)size)) {
		h->over = true;
		return false;
	}
	if (!collapse(h->map.base + at, (size_t)size)) {
		/* No such call; the mount may still give them. */
		h->over = errno == EINVAL;
		return false;
	}
	for (uint64_t i = at / LARGE; i < (at + size) / LARGE; i++)
		atomic_store_explicit(&h->taken[i], 1, memory_order_release);
	return worked_ns() - before <= size / BYTES_PER_NS;
}

void
huge_take(struct cute_shm_builder *b, uint64_t at, uint64_t size)
{
	struct huge *h = &b->huge;
	uint64_t end = at + size - size % LARGE, step;

	if (at < h->next)
		at = h->next;
	for (; at < end && !h->over; at = h->next) {
		step = h->step < end - at ? h->step : end - at;
		h->next = at + step;
		if (!take_step(h, at, step)) {
			h->next += h->rest;
			h->rest *= 2;
			h->step = STEP;
		} else if (h->step < MOST_STEP) {
			h->step *= 2;
		} else if (h->rest > REST) {
			h->rest /= 2;
		}
	}
}

bool
huge_put(const struct cute_shm_builder *b, const void *data, size_t size,
	 uint64_t offset)
{
	const struct huge *h = &b->huge;
	uint64_t end = offset + size, whole = b->header.segment_size / LARGE;

	if (!h->taken || end > whole * LARGE)
		return false;
	for (uint64_t i = offset / LARGE; i * LARGE < end; i++)
		if (!atomic_load_explicit(&h->taken[i], memory_order_acquire))
			return false;
	memcpy(h->map.base + offset, data, size);
	return true;
}

void
huge_end(struct cute_shm_builder *b)
{
	map_free(&b->huge.map);
	free(b->huge.taken);
	b->huge = (struct huge){ .over = true };
}
