/* SPDX-License-Identifier: MIT */
/*
 * What reader_prefetch shares with test_hdf5_prefetch.c and
 * test_hdf5_page_cache.c.
 */
#ifndef CUTE_SHM_TESTS_READER_PREFETCH_H
#define CUTE_SHM_TESTS_READER_PREFETCH_H

#include <stdatomic.h>
#include <stdint.h>

#define DROPS_MOST 128

/* What the reader asks for. */
struct seen {
	atomic_uint requests;
	_Atomic uint64_t first, end; /* of the file */
	atomic_bool older;	     /* be a kernel without cachestat() */
	atomic_uint drops;	     /* requests to drop bytes */
	struct {
		uint64_t at, size;
	} drop[DROPS_MOST];
};

#endif
