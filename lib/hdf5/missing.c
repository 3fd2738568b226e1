/* SPDX-License-Identifier: MIT */
/* Chunks that libhdf5 must be asked for: mostly those that are not stored. */

#include <stdlib.h>
#include <string.h>

#include "strategy.h"

/* Elements from 'at' on, to memory that has as many. */
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
	     H5Dread(s->dset, type, mem, space, H5P_DEFAULT, data) >= 0;
	if (mem >= 0)
		H5Sclose(mem);
	if (space >= 0)
		H5Sclose(space);
	if (type >= 0)
		H5Tclose(type);
	return ok ? 0 : cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				      "libhdf5 cannot read it");
}

/*
 * Whether the chunk is surely not stored.  Then all of it is the fill value, of
 * which H5Dread would make a whole chunk.
 */
static bool
is_absent(hid_t dset, const hsize_t *at)
{
#ifdef HAVE_H5DGET_CHUNK_INFO_BY_COORD
	haddr_t address = 0;
	hsize_t size = 0;
	unsigned mask;

	return H5Dget_chunk_info_by_coord(dset, at, &mask, &address,
					  &size) >= 0 &&
	       address == HADDR_UNDEF && size == 0;
#else
	(void)dset, (void)at;
	return false;
#endif
}

/* The element that libhdf5 puts in place of those that are not stored. */
static int
fill_get(const struct strategy_source *s, struct task *t, const hsize_t *at)
{
	hsize_t one[PLAN_DIMS];
	int err;

	for (unsigned i = 0; i < t->ndim; i++)
		one[i] = 1;
	t->fill = calloc(1, t->item);
	if (!t->fill)
		return cute_shm_fail(CUTE_SHM_ERR_NOMEM,
				     "no memory for a fill value");
	err = read_box(s, t->ndim, at, one, one, t->fill);
	t->fill_is_zero = t->fill[0] == 0 &&
			  memcmp(t->fill, t->fill + 1, t->item - 1) == 0;
	return err;
}

static int
fill_chunk(const struct strategy_source *s, struct task *t, const hsize_t *at,
	   uint8_t *data)
{
	size_t done = t->item, size = t->plan.chunk_size, n;
	int err = t->fill ? 0 : fill_get(s, t, at);

	if (err)
		return err;
	if (t->fill_is_zero) {
		memset(data, 0, size);
		return 0;
	}
	memcpy(data, t->fill, t->item);
	for (; done < size; done += n) {
		n = done < size - done ? done : size - done;
		memcpy(data + done, data, n);
	}
	return 0;
}

int
missing_read(const struct strategy_source *s, struct task *t, const hsize_t *at,
	     uint8_t *data)
{
	hsize_t count[PLAN_DIMS], dims[PLAN_DIMS];

	if (is_absent(s->dset, at))
		return fill_chunk(s, t, at, data);
	for (unsigned i = 0; i < t->ndim; i++) {
		dims[i] = t->used[i];
		count[i] = t->shape[i] - at[i];
		if (count[i] > dims[i])
			count[i] = dims[i];
	}
	/* With a fill time of "never", H5Dread leaves alone what is missing. */
	memset(data, 0, t->plan.chunk_size);
	return read_box(s, t->ndim, at, count, dims, data);
}
