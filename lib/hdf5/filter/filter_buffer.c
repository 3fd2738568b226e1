/* SPDX-License-Identifier: MIT */
/* Buffers that are used again. */

#include <stdlib.h>
#include <sys/mman.h>

#include "hdf5/filter/filter.h"

#define HUGE_PAGE ((size_t)2 << 20)

/*
 * Large buffers live as long as one load.  Without huge pages, page faults
 * would cost up to a fifth of its time.
 */
static uint8_t *
get_huge(size_t *size)
{
	uint8_t *data;

	if (*size > SIZE_MAX - HUGE_PAGE)
		return NULL;
	*size = (*size + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
	data = aligned_alloc(HUGE_PAGE, *size);
	/*
	 * Without huge pages, madvise() fails and the buffer has small pages.
	 */
	if (data)
		madvise(data, *size, MADV_HUGEPAGE);
	return data;
}

int
filter_grow(uint8_t **buffer, size_t *capacity, size_t size)
{
	uint8_t *grown;

	if (*buffer && size <= *capacity)
		return 0;
	free(*buffer);
	*buffer = NULL;
	*capacity = 0;
	grown = size < HUGE_PAGE ? malloc(size ? size : 1) : get_huge(&size);
	if (!grown)
		return cute_shm_fail(CUTE_SHM_ERR_NOMEM,
				     "no memory for %zu bytes of a chunk",
				     size);
	*buffer = grown;
	*capacity = size;
	return 0;
}
