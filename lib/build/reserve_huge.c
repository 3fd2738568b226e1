/* SPDX-License-Identifier: MIT */
/*
 * Mapped pages, large ones if possible, for a segment that is being built.
 * Unless a tmpfs is mounted with huge=, the kernel allocates small pages for
 * it, one at a time, which costs more than copying data into them.
 * MADV_COLLAPSE (Linux 6.1) makes one large page of a range, whatever the mount
 * options, in a third of the time.  Readers map the same large page.  Storing
 * to it through a mapping also avoids the inode lock of write(), and data can
 * be read to their place.
 *
 * Large pages are only an optimisation: without them, small ones are used.  One
 * thread gets these faster by posix_fallocate(), which does not clear them; but
 * many threads can map small pages at once, and allocate under the file's lock
 * only one after the other.
 */

#include <errno.h>
#include <pthread.h>
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

/*
 * The large page of x86-64 and of other systems with pages of 4 KiB.  A grain
 * is the part of the segment that one would hold, or the rest of it.
 */
#define LARGE ((uint64_t)2 << 20)

enum grain {
	EMPTY,
	BUSY,  /* a writer takes its pages */
	FILED, /* has small pages: write to the file */
	MAPPED /* has pages that are mapped: store to them */
};

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

#define DROP ((size_t)16 * LARGE) /* bytes to unmap at once */

/* The state of grains that the writers take. */
struct shared {
	pthread_mutex_t mutex;
	pthread_cond_t moved; /* no longer BUSY */
	struct taking taking;
	uint64_t skip; /* bytes that still get small pages */
};

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
	h->grains = calloc((size_t)(size / LARGE + 1), sizeof(*h->grains));
	if (!h->grains ||
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

/* Allocate one page of each grain: an empty one cannot be collapsed. */
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

/* What became of an attempt to make large pages. */
struct attempt {
	bool made, fast;
	bool over; /* another one will not do better */
};

static struct attempt
make_large(const struct huge *h, uint64_t at, uint64_t size)
{
	uint64_t before = worked_ns();
	struct attempt ret = { 0 };

	if (!touch(h->map.base + at, (size_t)size)) {
		ret.over = true;
		return ret;
	}
	ret.made = collapse(h->map.base + at, (size_t)size);
	/* EINVAL: the kernel has no MADV_COLLAPSE. */
	ret.over = !ret.made && errno == EINVAL;
	ret.fast = ret.made && worked_ns() - before <= size / BYTES_PER_NS;
	return ret;
}

static void
set_grain(struct huge *h, uint64_t i, enum grain grain)
{
	atomic_store_explicit(&h->grains[i], grain, memory_order_release);
}

/* Take [at, at + size); false if that was slow or failed. */
static bool
take_step(struct huge *h, uint64_t at, uint64_t size)
{
	struct attempt made = make_large(h, at, size);

	h->over |= made.over;
	for (uint64_t i = at / LARGE; made.made && i < (at + size) / LARGE; i++)
		set_grain(h, i, MAPPED);
	return made.fast;
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

/* -------------------------------------------------- grains of the writers */

bool
huge_share(struct cute_shm_builder *b)
{
	struct shared *s;

	if (!b->huge.grains)
		return false;
	s = calloc(1, sizeof(*s));
	if (!s)
		return false;
	pthread_mutex_init(&s->mutex, NULL);
	pthread_cond_init(&s->moved, NULL);
	b->huge.shared = s;
	return true;
}

static void
share_no_more(struct huge *h)
{
	if (!h->shared)
		return;
	pthread_cond_destroy(&h->shared->moved);
	pthread_mutex_destroy(&h->shared->mutex);
	free(h->shared);
}

/*
 * Count the bytes that are taken now, and check whether there is memory for
 * them.  *large: a large page may be tried.
 */
static int
begin_grain(const struct cute_shm_builder *b, uint64_t size, uint64_t *had,
	    bool *large)
{
	struct shared *s = b->huge.shared;
	int err;

	pthread_mutex_lock(&s->mutex);
	err = reserve_look(b, &s->taking);
	*had = s->taking.at;
	s->taking.at += size;
	*large = size == LARGE && !b->huge.over && s->skip == 0;
	s->skip -= s->skip < size ? s->skip : size;
	pthread_mutex_unlock(&s->mutex);
	return err;
}

/* As huge_take() does, for attempts of many threads at once. */
static void
end_attempt(struct huge *h, const struct attempt *made)
{
	struct shared *s = h->shared;

	pthread_mutex_lock(&s->mutex);
	h->over |= made->over;
	if (made->fast) {
		h->rest /= h->rest > REST ? 2 : 1;
	} else if (s->skip == 0) {
		s->skip = h->rest;
		h->rest *= 2;
	}
	pthread_mutex_unlock(&s->mutex);
}

/* Take the pages of the grain at 'at', which is BUSY by this thread. */
static int
take_grain(struct cute_shm_builder *b, uint64_t at, uint64_t size,
	   enum grain *ret)
{
	struct huge *h = &b->huge;
	struct attempt made = { 0 };
	uint64_t had = 0;
	bool large;
	int err = begin_grain(b, size, &had, &large);

	if (err != 0)
		return err;
	if (large) {
		made = make_large(h, at, size);
		end_attempt(h, &made);
	}
	*ret = MAPPED;
	if (made.made ||
	    madvise(h->map.base + at, (size_t)size, MADV_POPULATE_WRITE) == 0)
		return 0;
	/* This also says why there are no pages. */
	*ret = FILED;
	return reserve_allocate(b, at, size, had);
}

/* Take grain i if it is empty. */
static int
claim_grain(struct cute_shm_builder *b, uint64_t i)
{
	uint64_t at = i * LARGE, size = b->header.segment_size - at;
	struct shared *s = b->huge.shared;
	uint8_t empty = EMPTY;
	enum grain grain = EMPTY;
	int err;

	size = size < LARGE ? size : LARGE;
	if (!atomic_compare_exchange_strong(&b->huge.grains[i], &empty, BUSY))
		return 0;
	err = take_grain(b, at, size, &grain);
	pthread_mutex_lock(&s->mutex);
	s->taking.at -= err == 0 ? 0 : size;
	set_grain(&b->huge, i, err == 0 ? grain : EMPTY);
	pthread_cond_broadcast(&s->moved);
	pthread_mutex_unlock(&s->mutex);
	return err;
}

static enum grain
grain_at(const struct huge *h, uint64_t i)
{
	return atomic_load_explicit(&h->grains[i], memory_order_acquire);
}

/* Wait for the thread that takes grain i; true if it could. */
static bool
await_grain(struct huge *h, uint64_t i)
{
	struct shared *s = h->shared;

	if (grain_at(h, i) > BUSY)
		return true;
	pthread_mutex_lock(&s->mutex);
	while (grain_at(h, i) == BUSY)
		pthread_cond_wait(&s->moved, &s->mutex);
	pthread_mutex_unlock(&s->mutex);
	return grain_at(h, i) > BUSY;
}

int
huge_reserve(struct cute_shm_builder *b, uint64_t begin, uint64_t end)
{
	uint64_t first = begin / LARGE, last = (end + LARGE - 1) / LARGE;
	int err = 0;

	/* Take what is free before waiting for others. */
	for (uint64_t i = first; i < last && err == 0; i++)
		err = claim_grain(b, i);
	for (uint64_t i = first; i < last && err == 0; i++)
		while (err == 0 && !await_grain(&b->huge, i))
			err = claim_grain(b, i);
	return err;
}

uint8_t *
huge_place(const struct cute_shm_builder *b, size_t size, uint64_t offset)
{
	const struct huge *h = &b->huge;
	uint64_t end = offset + size;

	if (!h->grains)
		return NULL;
	for (uint64_t i = offset / LARGE; i * LARGE < end; i++)
		if (grain_at(h, i) != MAPPED)
			return NULL;
	return h->map.base + offset;
}

static int
drop_job(void *arg, bool drop)
{
	struct mapping *part = arg;

	if (!drop)
		madvise(part->base, part->size, MADV_DONTNEED);
	free(part);
	return 0;
}

/*
 * To unmap a gigabyte of small pages takes a thread up to 0.1 s: share that, as
 * far as possible.  The file keeps the pages.
 */
static void
drop_pages(const struct cute_shm_builder *b)
{
	const struct mapping *all = &b->huge.map;
	struct mapping *part;
	struct pool *pool;
	size_t at, size;

	if (!b->huge.shared || pool_new(b->writers, b->writers, &pool) != 0)
		return;
	for (at = 0; at < all->size; at += size) {
		size = all->size - at < DROP ? all->size - at : DROP;
		part = malloc(sizeof(*part));
		if (!part)
			break;
		*part = (struct mapping){ .base = all->base + at,
					  .size = size };
		if (pool_push(pool, drop_job, part) != 0)
			break;
	}
	pool_wait(pool);
	pool_free(pool);
}

void
huge_end(struct cute_shm_builder *b)
{
	drop_pages(b);
	map_free(&b->huge.map);
	free(b->huge.grains);
	share_no_more(&b->huge);
	b->huge = (struct huge){ .over = true };
}
