/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a segment, row by row, with the name and the meaning of each
 * field: cute-shm(5) on a living example.
 */
#ifndef HEX_H
#define HEX_H

#include <stdbool.h>
#include <stdio.h>

#include <cute_shm.h>

/*
 * All of the segment but the data, of which, unless 'all', the first row of
 * each array stands for the rest; with 'node', only what belongs to that.  0,
 * or -1 after a message.
 */
int hex_dump(FILE *out, const struct cute_shm *shm,
	     const struct cute_shm_node *node, bool all);

#endif
