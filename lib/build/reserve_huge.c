/* SPDX-License-Identifier: MIT */
/*
 * Large pages for a segment that is being built.  Unless a tmpfs is mounted
 * with huge=, the kernel allocates small pages for it, one at a time, which
 * costs more than copying data into them.  MADV_COLLAPSE (Linux 6.1) makes one
 * large page of a range, whatever the mount options, in a third of the time.
 * Readers map the same large page.  Storing to it through a mapping also avoids
 * the inode lock of write(), and data can be read to their place.
 *
 * This is only an optimisation: if it fails, small pages are used.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/vfs.h>

#include "build/build.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#define TMPFS 0x01021994 /* TMPFS_MAGIC of <linux/magic.h> */

/* The large page of x86-64 and of other systems with pages of 4 KiB. */
#define LARGE ((uint64_t)2 << 20)

/*
 * Bytes per request.  Each request also waits until all CPUs have drained their
 * lists of new pages, so large requests are best; but a slow one can be noticed
 * only after it has ended, so they start small.
 */
#define STEP	  LARGE
#define MOST_STEP (2 * LARGE)

/*
 * Below 1 GB/s small pages are faster.  Then memory is fragmented, or the host
 * of a virtual machine must allocate it first.  Both vary: skip REST bytes, and
 * try again; after each slow attempt skip twice as many.
 */
#define BYTES_PER_NS 1
#define REST	     (32 * LARGE)

#define RETRIES 3

/* The CPU time of this thread: wall time includes other processes. */
static uint64_t
worked_ns(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
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
	if (!h->taken ||
	    map_new(b->fd, (size_t)size, PROT_READ | PROT_WRITE, &h->map) !=
		    0 ||
	    (uintptr_t)h->map.base % LARGE != 0) {
		huge_end(b);
		return;
	}
	/* With the mount option huge=advise this suffices. */
	madvise(h->map.base, (size_t)size, MADV_HUGEPAGE);
	h->step = STEP;
	h->rest = REST;
	h->over = false;
}

/* Allocate one page of each range: an empty range cannot be collapsed. */
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

/* Take [at, at + size); false if that was slow or failed. */
static bool
take_step(struct huge *h, uint64_t at, uint64_t size)
{
	uint64_t before = worked_ns();

	if (!touch(h->map.base + at, (size_t)size)) {
		h->over = true;
		return false;
	}
	if (!collapse(h->map.base + at, (size_t)size)) {
		/* EINVAL: the kernel has no MADV_COLLAPSE. */
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

uint8_t *
huge_place(const struct cute_shm_builder *b, size_t size, uint64_t offset)
{
	const struct huge *h = &b->huge;
	uint64_t end = offset + size, whole = b->header.segment_size / LARGE;

	if (!h->taken || end > whole * LARGE)
		return NULL;
	for (uint64_t i = offset / LARGE; i * LARGE < end; i++)
		if (!atomic_load_explicit(&h->taken[i], memory_order_acquire))
			return NULL;
	return h->map.base + offset;
}

void
huge_end(struct cute_shm_builder *b)
{
	map_free(&b->huge.map);
	free(b->huge.taken);
	b->huge = (struct huge){ .over = true };
}
