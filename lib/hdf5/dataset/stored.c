/* SPDX-License-Identifier: MIT */
/* How a dataset is stored, and which of its chunks cannot be read. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/dataset/dataset.h"

static uint64_t
step_of(const struct dataset *d, unsigned i)
{
	return d->slice ? (uint64_t)d->slice->dims[i].step : 1;
}

/* The index in the file's dataset of selected element 'at' of dimension i. */
static uint64_t
index_of(const struct dataset *d, unsigned i, uint64_t at)
{
	return d->slice ? d->slice->dims[i].first + at * step_of(d, i) : at;
}

/* How many selected elements lie along dimension i in 'size' of the dataset. */
static uint64_t
selected_of(const struct dataset *d, unsigned i, uint64_t size)
{
	uint64_t step = step_of(d, i);

	return size > step ? size / step : 1;
}

static void
native_stored(const struct dataset *d, struct stored_as *ret)
{
	const struct native_layout *l = &d->native->layout;

	*ret = (struct stored_as){ .filtered = d->native->filter_count > 0 };
	ret->chunked = l->kind == NATIVE_CHUNKED;
	for (unsigned i = 0; i < d->rank && ret->chunked; i++) {
		ret->chunk[i] = l->dims[i];
		ret->part[i] = selected_of(d, i, l->dims[i]);
	}
}

void
stored_get(const struct dataset *d, struct stored_as *ret)
{
	hid_t dcpl;
	hsize_t dims[H5S_MAX_RANK];
	H5D_layout_t layout;
	unsigned i;

	if (d->native) {
		native_stored(d, ret);
		return;
	}
	dcpl = H5Dget_create_plist(dataset_id(d));
	*ret = (struct stored_as){ .chunked = false };
	if (dcpl < 0)
		return;
	layout = H5Pget_layout(dcpl);
	ret->is_virtual = layout == H5D_VIRTUAL;
	ret->filtered = H5Pget_nfilters(dcpl) != 0;
	if (layout == H5D_CHUNKED &&
	    H5Pget_chunk(dcpl, H5S_MAX_RANK, dims) == (int)d->rank) {
		for (i = 0; i < d->rank; i++) {
			ret->chunk[i] = dims[i];
			ret->part[i] = selected_of(d, i, dims[i]);
		}
		ret->chunked = d->rank > 0;
	}
	H5Pclose(dcpl);
}

int
stored_read(const struct dataset *d, enum part part, struct heap *heap,
	    const struct block *block, void *elements)
{
	hid_t space, mem, id, dxpl;
	hsize_t start[MAX_NDIM], step[MAX_NDIM], shape[MAX_NDIM];
	uint64_t first[MAX_NDIM], steps[MAX_NDIM];
	herr_t rc = -1;
	unsigned i;
	int err;

	if (heap)
		heap_reset(heap);
	for (i = 0; i < d->rank; i++) {
		start[i] = first[i] = index_of(d, i, block->start[i]);
		step[i] = steps[i] = step_of(d, i);
		shape[i] = block->shape[i];
	}
	if (d->native && native_read((struct dataset *)(uintptr_t)d, part,
				     first, steps, block->shape, block->count,
				     heap ? &heap->lists : NULL, elements))
		return 0;
	if (heap && heap->lists.full) {
		heap->full = true;
		return CUTE_SHM_ERR_SOURCE;
	}
	id = dataset_id(d);
	dxpl = heap ? heap_dxpl(heap) : H5P_DEFAULT;
	if (id < 0 || dxpl < 0)
		return unreadable();
	err = stored_check(id, first, block->shape, steps);
	if (err)
		return err;
	space = H5Dget_space(id);
	/* Use the dataset's rank: with another, 32 dimensions crash libhdf5. */
	mem = H5Screate_simple((int)d->rank, shape, NULL);
	if (space >= 0 && mem >= 0 &&
	    (d->rank == 0 || H5Sselect_hyperslab(space, H5S_SELECT_SET, start,
						 step, shape, NULL) >= 0))
		rc = elements_read(id, type_mem(d->type, part), mem, space,
				   dxpl, elements);
	/* Get the cause first: closing clears libhdf5's error. */
	if (rc < 0)
		unreadable_data(id);
	if (mem >= 0)
		H5Sclose(mem);
	if (space >= 0)
		H5Sclose(space);
	return rc < 0 ? CUTE_SHM_ERR_SOURCE : 0;
}

bool
stored_native(const struct dataset *d, const struct block *block,
	      uint8_t *elements)
{
	uint64_t first[MAX_NDIM], steps[MAX_NDIM];

	for (unsigned i = 0; i < d->rank; i++) {
		first[i] = index_of(d, i, block->start[i]);
		steps[i] = step_of(d, i);
	}
	return native_elements((struct dataset *)(uintptr_t)d, first, steps,
			       block->shape, block->count, elements);
}

/* ------------------------------------------------- which chunk is damaged */

/* The part of the block that lies in the chunk that contains 'at'. */
static void
clip(const struct dataset *d, const uint64_t *chunk, const struct block *whole,
     const uint64_t *at, struct block *ret)
{
	unsigned i;

	ret->count = 1;
	for (i = 0; i < d->rank; i++) {
		uint64_t left = whole->start[i] + whole->shape[i] - at[i];
		uint64_t in_chunk = chunk[i] - index_of(d, i, at[i]) % chunk[i];
		uint64_t step = step_of(d, i);
		uint64_t n = in_chunk / step + (in_chunk % step != 0);

		ret->start[i] = at[i];
		ret->shape[i] = n < left ? n : left;
		ret->count *= ret->shape[i];
	}
}

static bool
next_chunk(const struct dataset *d, const struct block *whole,
	   const struct block *part, uint64_t *at)
{
	unsigned i;

	for (i = d->rank; i-- > 0;) {
		at[i] += part->shape[i];
		if (at[i] < whole->start[i] + whole->shape[i])
			return true;
		at[i] = whole->start[i];
	}
	return false;
}

/* Report a failure of the chunk that contains 'at'. */
static int
fail_around(const struct dataset *d, const uint64_t *chunk, uint64_t *at,
	    int err)
{
	unsigned i;

	for (i = 0; i < d->rank; i++) {
		at[i] = index_of(d, i, at[i]);
		at[i] -= at[i] % chunk[i];
	}
	return fail_in_chunk(d->rank, at, err);
}

/* If a filter is missing, no single chunk is damaged. */
static bool
lacks_filter(const struct dataset *d)
{
	hid_t dcpl = H5Dget_create_plist(dataset_id(d));
	bool ret = dcpl >= 0 && missing_filter(dcpl, NULL, 0) >= 0;

	if (dcpl >= 0)
		H5Pclose(dcpl);
	H5Eclear2(H5E_DEFAULT);
	return ret;
}

int
stored_culprit(const struct dataset *d, enum part part, struct heap *heap,
	       const struct block *whole)
{
	size_t stride = d->type->size[part];
	struct stored_as s;
	uint64_t at[MAX_NDIM];
	struct block block;
	uint8_t *elements;
	char *cause;
	int rc = 0;

	stored_get(d, &s);
	cause = s.chunked && !lacks_filter(d) ? strdup(cute_shm_errmsg())
					      : NULL;
	/* Each chunk has at most as many elements of the block as the block. */
	elements = cause ? malloc(whole->count * stride) : NULL;
	memcpy(at, whole->start, sizeof(at));
	if (elements)
		do {
			clip(d, s.chunk, whole, at, &block);
			rc = stored_read(d, part, heap, &block, elements);
		} while (rc == 0 && next_chunk(d, whole, &block, at));
	if (rc != 0 && !(heap && heap->full))
		rc = fail_around(d, s.chunk, at, rc);
	else if (cause)
		rc = cute_shm_fail(CUTE_SHM_ERR_SOURCE, "%s", cause);
	else
		rc = CUTE_SHM_ERR_SOURCE;
	free(elements);
	free(cause);
	return rc;
}

int
unreadable_data(hid_t dset)
{
	char cause[200], name[64] = "";
	hid_t dcpl;
	int id = -1;

	/* Do this first: every other call clears libhdf5's error. */
	hdf5_cause(cause, sizeof(cause));
	dcpl = H5Dget_create_plist(dset);
	if (dcpl >= 0) {
		id = missing_filter(dcpl, name, sizeof(name) - 1);
		H5Pclose(dcpl);
	}
	H5Eclear2(H5E_DEFAULT);
	if (id >= 0)
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "filter %d%s%s%s is "
				     "not installed; install its HDF5 plugin, "
				     "or name its folder in HDF5_PLUGIN_PATH",
				     id, name[0] ? " (" : "", name,
				     name[0] ? ")" : "");
	return cute_shm_fail(CUTE_SHM_ERR_SOURCE, "%s", cause);
}
