/* SPDX-License-Identifier: MIT */
/* The HDF5 view of a segment, row by row, with what each structure means. */
#ifndef HEX_VIEW_H
#define HEX_VIEW_H

#include <cute_shm.h>

#include "hex_rows.h"

/*
 * The view at [at, end), which may be anything: what is not understood is shown
 * without notes.  Its objects are those of the nodes of 'shm', in their order.
 */
void hex_put_view(struct hex_rows *rows, const struct cute_shm *shm,
		  uint64_t at, uint64_t end);

#endif
