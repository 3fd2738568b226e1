/* SPDX-License-Identifier: MIT */
/*
 * Buffers that end at a page without access.  libhdf5 copies as many bytes of a
 * chunk as the index of the file says, and for unfiltered chunks it does not
 * report that size in advance: in a damaged file it may exceed the buffer.
 * When read() meets the guard page, it fails, and libhdf5 reports an error.
 */

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hdf5/engine/engine.h"

static size_t
page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

int
guarded_grow(uint8_t **data, size_t *capacity, size_t used, size_t need)
{
	size_t page = page_size(), size;
	uint8_t *grown;

	if (need <= *capacity)
		return 0;
	size = need < 2 * *capacity ? 2 * *capacity : need;
	size = (size + page - 1) & ~(page - 1);
	grown = size < need ? MAP_FAILED
			    : mmap(NULL, size + page, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (grown == MAP_FAILED || mprotect(grown + size, page, PROT_NONE)) {
		if (grown != MAP_FAILED)
			munmap(grown, size + page);
		return fail_memory("for %zu bytes of chunks", need);
	}
	if (used > 0)
		memcpy(grown, *data, used);
	guarded_free(*data, *capacity);
	*data = grown;
	*capacity = size;
	return 0;
}

void
guarded_free(uint8_t *data, size_t capacity)
{
	if (data)
		munmap(data, capacity + page_size());
}
