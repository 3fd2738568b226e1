/* SPDX-License-Identifier: MIT */
/* All that reads a segment, for tests and fuzzers of those that lie. */
#ifndef CUTE_SHM_TESTS_READ_ALL_H
#define CUTE_SHM_TESTS_READ_ALL_H

#include "cute_shm.h"

/* Call all that reads; the number of nodes that a walk found. */
unsigned segment_read_all(const struct cute_shm *shm);

#endif
