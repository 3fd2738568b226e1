/* SPDX-License-Identifier: MIT */
#ifndef CUTE_SHM_TESTS_READER_BOUNDS_H
#define CUTE_SHM_TESTS_READER_BOUNDS_H

#include <stdatomic.h>

struct endless {
	atomic_uint opened; /* objects without end */
	atomic_bool saving; /* creating a file has no end */
};

#endif
