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
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <time.h>

#include "builder.h"

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
 * Finding room for them can take long where memory lies in small pieces.  Below
 * a GB/s, after some patience, small pages are faster.
 */
#define PATIENCE_NS	50000000
#define BYTES_PER_NS	1

/*
 * Each request also waits until all CPUs have put their new pages into the
 * common list, so few large ones are best; but not to begin with.
 */
#define STEP		((uint64_t)4 << 20)
#define MOST_STEP	((uint64_t)32 << 20)

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
	struct statfs root;

	huge_end(b);
	h->over = true;
	if (b->header.segment_size < LARGE ||
	    b->header.segment_size > SIZE_MAX ||
	    fstatfs(b->fd, &root) != 0 || root.f_type != TMPFS ||
	    map_new(b->fd, (size_t)b->header.segment_size,
		    PROT_READ | PROT_WRITE, &h->map) != 0)
		return;
	/* With huge=advise, the first touch is enough. */
	madvise(h->map.base, (size_t)b->header.segment_size, MADV_HUGEPAGE);
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

static void
take_step(struct huge *h, uint64_t at, uint64_t size)
{
	uint64_t before = worked_ns();

	if (!touch(h->map.base + at, (size_t)size)) {
		h->over = true;
		return;
	}
	/* Where it did not do so before, the mount may still give them. */
	if (atomic_load(&h->end) != at ||
	    !collapse(h->map.base + at, (size_t)size))
		return;
	atomic_store_explicit(&h->end, at + size, memory_order_release);
	h->spent_ns += worked_ns() - before;
	if (h->spent_ns > PATIENCE_NS + (at + size) / BYTES_PER_NS)
		h->over = true;
}

void
huge_take(struct cute_shm_builder *b, uint64_t at, uint64_t size)
{
	uint64_t end = at + size - size % LARGE, step;

	for (; at < end && !b->huge.over; at += step) {
		step = at < STEP ? STEP : at > MOST_STEP ? MOST_STEP :
		       at - at % LARGE;
		if (step > end - at)
			step = end - at;
		take_step(&b->huge, at, step);
	}
}

bool
huge_put(const struct cute_shm_builder *b, const void *data, size_t size,
	 uint64_t offset)
{
	uint64_t end = atomic_load_explicit(&b->huge.end,
					    memory_order_acquire);

	if (offset > end || size > end - offset)
		return false;
	memcpy(b->huge.map.base + offset, data, size);
	return true;
}

void
huge_end(struct cute_shm_builder *b)
{
	struct huge *h = &b->huge;

	map_free(&h->map);
	atomic_store(&h->end, 0);
	h->spent_ns = 0;
}
