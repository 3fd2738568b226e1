/* SPDX-License-Identifier: MIT */
/* Chunks that libhdf5 must read, mostly because they are not stored. */

#include <string.h>

#include "hdf5/engine/engine.h"

/* Read elements from 'at' on into memory of shape 'dims'. */
static int
read_box(const struct strategy_source *s, unsigned ndim, const hsize_t *at,
	 const hsize_t *count, const hsize_t *dims, uint8_t *data)
{
	hsize_t zero[PLAN_DIMS] = { 0 };
	hid_t type = H5Dget_type(s->dset), space = H5Dget_space(s->dset);
	hid_t mem = H5Screate_simple((int)ndim, dims, NULL);
	bool ok;

	ok = type >= 0 && space >= 0 && mem >= 0 &&
	     H5Sselect_hyperslab(space, H5S_SELECT_SET, at, NULL, count,
				 NULL) >= 0 &&
	     H5Sselect_hyperslab(mem, H5S_SELECT_SET, zero, NULL, count,
				 NULL) >= 0 &&
	     filters_read(s->dset, type, mem, space, H5P_DEFAULT, data) >= 0;
	if (mem >= 0)
		H5Sclose(mem);
	if (space >= 0)
		H5Sclose(space);
	if (type >= 0)
		H5Tclose(type);
	return ok ? 0
		  : cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				  "libhdf5 cannot read it");
}

int
missing_read(const struct strategy_source *s, const struct task *t,
	     const hsize_t *at, uint8_t *data)
{
	hsize_t count[PLAN_DIMS], dims[PLAN_DIMS];

	for (unsigned i = 0; i < t->ndim; i++) {
		dims[i] = t->used[i];
		count[i] = t->shape[i] - at[i];
		if (count[i] > dims[i])
			count[i] = dims[i];
	}
	/*
	 * With a fill time of "never", H5Dread does not write missing elements.
	 */
	memset(data, 0, t->plan.chunk_size);
	return read_box(s, t->ndim, at, count, dims, data);
}
