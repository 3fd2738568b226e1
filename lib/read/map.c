/* SPDX-License-Identifier: MIT */
/*
 * Mappings of segments, aligned so that the kernel can use large pages.  The
 * kernel itself aligns anonymous memory, but not the files of most roots.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "read/read.h"

/* The size of large pages on x86-64 and on most other machines. */
#define ALIGNMENT ((size_t)2 << 20)

/* The address to try for the next mapping: that of a freed one, or below. */
static _Atomic uintptr_t place;

static bool
is_aligned(const uint8_t *base)
{
	return (uintptr_t)base % ALIGNMENT == 0;
}

/* Map at 'hint' if that is free, and otherwise anywhere. */
static uint8_t *
map_at(uintptr_t hint, int fd, size_t size, int prot)
{
	uint8_t *base = mmap((void *)hint, size, prot, MAP_SHARED, fd, 0);

	return base == MAP_FAILED ? NULL : base;
}

/* An aligned address with so many free bytes behind it just now, or 0. */
static uintptr_t
find_place(size_t size)
{
	void *room = mmap(NULL, size + ALIGNMENT, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (room == MAP_FAILED)
		return 0;
	munmap(room, size + ALIGNMENT);
	return (uintptr_t)align_up((uintptr_t)room, ALIGNMENT);
}

static uint8_t *
map_aligned(int fd, size_t size, int prot)
{
	uint8_t *base = map_at(atomic_load(&place), fd, size, prot);
	uintptr_t found;

	if (!base || is_aligned(base))
		return base;
	found = find_place(size);
	if (found == 0)
		return base;
	munmap(base, size);
	return map_at(found, fd, size, prot);
}

int
map_new(int fd, size_t size, int prot, struct mapping *ret)
{
	uint8_t *base;

	if (size < ALIGNMENT || size > SIZE_MAX - 2 * ALIGNMENT) {
		base = map_at(0, fd, size, prot);
	} else {
		base = map_aligned(fd, size, prot);
		/* Otherwise core dumps would be as large as the data. */
		if (base)
			madvise(base, size, MADV_DONTDUMP);
	}
	if (!base)
		return -1;
	if (size >= ALIGNMENT && is_aligned(base))
		atomic_store(&place,
			     (uintptr_t)base -
				     (uintptr_t)align_up(size, ALIGNMENT));
	*ret = (struct mapping){ base, size };
	return 0;
}

int
map_private(int fd, uint64_t offset, size_t size, struct mapping *ret)
{
	uint8_t *base = mmap(NULL, size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_NORESERVE, fd, (off_t)offset);

	if (base == MAP_FAILED)
		return -1;
	*ret = (struct mapping){ base, size };
	return 0;
}

void
map_free(struct mapping *m)
{
	if (m->base)
		munmap(m->base, m->size);
	if (m->size >= ALIGNMENT && is_aligned(m->base))
		atomic_store(&place, (uintptr_t)m->base);
	*m = (struct mapping){ NULL, 0 };
}
