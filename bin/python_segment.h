/* SPDX-License-Identifier: MIT */
/* Segments of the Python package cute-shm, which is another program. */
#ifndef PYTHON_SEGMENT_H
#define PYTHON_SEGMENT_H

#include <stdbool.h>

#include <cute_shm.h>

/*
 * Whether what cute_shm_list() found is such a segment.  The Python package
 * keeps each array in one of its own, the bare bytes, under a name that looks
 * like that of a project: cute-shm.PROJECT. and ten letters or digits.
 */
bool python_segment(const struct cute_shm_info *info);

#endif
