/* SPDX-License-Identifier: MIT */
/*
 * How much of what was read while its object was open may be held until the
 * builder seals.  It is held until the process ends, which is soon after.
 */

#include "hdf5/dataset/dataset.h"

/* A part of the 64 MiB that a load may use. */
#define KEEP_MAX (UINT64_C(16) << 20)

/*
 * Lists have to be read before their sizes are known; to read them again takes
 * as long as the first time, but less memory.
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
