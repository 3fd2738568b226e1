/* SPDX-License-Identifier: MIT */
/*
 * Limits for data that are read while their object is open, and kept until the
 * builder seals.  They are not freed: the process ends soon after.
 */

#include "hdf5/dataset/dataset.h"

/* A part of the 64 MiB of private memory that a load may use. */
#define KEEP_MAX (UINT64_C(16) << 20)

/*
 * Lists are read to find out their sizes.  Keeping them saves a second read,
 * which takes as long as the first, but it costs memory.
 */
uint64_t keep_lists_max = UINT64_C(16) << 20;

bool
keep_lists_room(const struct loader *l, uint64_t bytes)
{
	return l->kept_lists <= keep_lists_max &&
	       bytes <= keep_lists_max - l->kept_lists;
}

bool
keep_room(const struct loader *l, uint64_t bytes)
{
	return l->kept <= KEEP_MAX && bytes <= KEEP_MAX - l->kept;
}
