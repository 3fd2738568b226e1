/* SPDX-License-Identifier: MIT */
#ifndef CUTE_SHM_TESTS_READER_PREFETCH_H
#define CUTE_SHM_TESTS_READER_PREFETCH_H

#include <stdatomic.h>
#include <stdint.h>

/* What the reader asks for. */
struct seen {
	atomic_uint requests;
	_Atomic uint64_t first, end; /* of the file */
};

#endif
