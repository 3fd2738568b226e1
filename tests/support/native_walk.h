/* SPDX-License-Identifier: MIT */
/* Look at all that the native index of a file describes. */
#ifndef CUTE_SHM_TESTS_NATIVE_WALK_H
#define CUTE_SHM_TESTS_NATIVE_WALK_H

#include "hdf5/native/native.h"

/*
 * Read every byte of every description, every chunk table, and all lists of
 * attributes, so that sanitizers and guard pages notice what is out of bounds.
 * Returns a sum of all that, which depends on nothing else.
 */
uint64_t native_walk(struct native *n);

#endif
