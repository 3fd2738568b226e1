/* SPDX-License-Identifier: MIT */
/* How much private memory the child may have. */
#ifndef CUTE_SHM_HDF5_LIMITS_H
#define CUTE_SHM_HDF5_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The bound for loading 'file': 'wanted' bytes, or, if that is 0, 1 GiB or four
 * times the bytes that the file has on its disk, whichever is more.  A large
 * chunk or a large tree needs memory, but then the file is large, too.
 */
uint64_t memory_bound(const char *file, uint64_t wanted);

/*
 * Of the calling process: at most so many bytes more than it has, and not more
 * than is available; the stacks of its threads are added.  Further limits that
 * suit a child which reads strange files.
 */
void limits_set(uint64_t bound, unsigned jobs);

/* Add to a text of 'size' bytes that it was the bound which made it fail. */
void limits_note(char *text, size_t size);

/* Whether that was added, or the bound is why 'err' is "no memory". */
bool limits_exceeded(int err, const char *text);

/* CUTE_SHM_ERR_LIMIT for this error in 'file' at 'path'; 'text' tells of it. */
int limits_fail(const char *file, const char *path, const char *text);

#endif
