/* SPDX-License-Identifier: MIT */
/*
 * Mappings of segments.  They begin where a large page may, which the kernel
 * sees to for anonymous memory, but not for the files of most roots.
 */

#include <sys/mman.h>

#include "internal.h"

/* Large pages of x86-64, and of most others. */
#define ALIGNMENT	((size_t)2 << 20)

int
map_new(int fd, size_t size, int prot, struct mapping *ret)
{
	struct mapping m = { .room_size = size };
	int flags = MAP_SHARED;

	if (size >= ALIGNMENT && size <= SIZE_MAX - ALIGNMENT) {
		/* What is left on both sides stays out of everybody's reach. */
		m.room_size = size + ALIGNMENT;
		m.room = mmap(NULL, m.room_size, PROT_NONE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			      -1, 0);
		if (m.room == MAP_FAILED)
			return -1;
		flags |= MAP_FIXED;
		m.base = (uint8_t *)m.room +
			 (-(uintptr_t)m.room & (ALIGNMENT - 1));
	}
	m.base = mmap(m.base, size, prot, flags, fd, 0);
	if (m.base == MAP_FAILED) {
		m.base = NULL;
		map_free(&m);
		return -1;
	}
	if (!m.room)
		m.room = m.base;
	/* Core dumps would be as large as the data; failing is harmless. */
	madvise(m.base, size, MADV_DONTDUMP);
	*ret = m;
	return 0;
}

void
map_free(struct mapping *m)
{
	if (m->room)
		munmap(m->room, m->room_size);
	*m = (struct mapping){ .base = NULL };
}
