/* SPDX-License-Identifier: MIT */
/*
 * libhdf5 copies elements out of a chunk without checking that so many bytes
 * were stored, or came out of the filters: in a damaged file it copies whatever
 * memory lies behind the chunk.  Therefore check the sizes before H5Dread.
 */

#include <inttypes.h>
#include <stdlib.h>

#include "hdf5/engine/engine.h"

/* The layout of a dataset that H5Dread will read. */
struct checked {
	hid_t dset;
	unsigned rank;
	uint64_t dims[MAX_NDIM];
	uint64_t chunk[MAX_NDIM];
	uint64_t item;	    /* bytes of an element in the file */
	uint64_t whole;	    /* bytes of a chunk */
	bool partial_plain; /* no filters on chunks at the edges */
	bool ours;	    /* filter.h can undo all filters */
	struct filter_pipeline pipeline;
};

/* Reused memory: only one thread of the process calls libhdf5. */
static struct filter_scratch scratch;
static uint8_t *raw; /* guarded */
static size_t raw_capacity;
static uint8_t *data;
static size_t data_capacity;

/* Larger buffers are freed at once. */
#define KEEP ((size_t)1 << 20)

/* ------------------------------------------------------------ one chunk */

uint64_t
chunk_needed(unsigned ndim, const uint64_t *dims, const uint64_t *chunk,
	     const hsize_t *at, uint64_t item)
{
	uint64_t last = 0;

	for (unsigned i = 0; i < ndim; i++) {
		uint64_t left = dims[i] - at[i];

		last = last * chunk[i] + (left < chunk[i] ? left : chunk[i]) -
		       1;
	}
	return (last + 1) * item;
}

int
chunk_fetch(hid_t dset, const hsize_t *at, uint8_t *to, uint64_t size,
	    uint32_t *mask, bool *readable)
{
	static const uint8_t marks[] = { 0x5a, 0xa5 };

	for (unsigned i = 0; i < 2; i++) {
		to[size - 1] = marks[i];
		file_driver_data(true);
		*readable = H5Dread_chunk(dset, H5P_DEFAULT, at, mask, to) >= 0;
		file_driver_data(false);
		if (!*readable || to[size - 1] != marks[i])
			return 0;
	}
	return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
			     "fewer than %" PRIu64 " bytes are stored", size);
}

/* The file may store chunks at the edges without filters. */
static bool
filters_apply(const struct checked *c, const hsize_t *at)
{
	bool partial = false;

	for (unsigned i = 0; c->partial_plain && i < c->rank; i++)
		partial |= c->dims[i] - at[i] < c->chunk[i];
	return c->pipeline.count > 0 && !partial;
}

/* If the chunk cannot be read, H5Dread will report why. */
static int
check_plain(struct checked *c, const hsize_t *at, uint64_t need)
{
	uint32_t mask;
	bool readable;
	int err = guarded_grow(&raw, &raw_capacity, 0, c->whole);

	return err ? err
		   : chunk_fetch(c->dset, at, raw, need, &mask, &readable);
}

/* Check the size that comes out of the filters. */
static int
check_filtered(struct checked *c, const hsize_t *at, uint64_t size,
	       uint64_t need)
{
	uint32_t mask = 0;
	bool readable = false;
	uint8_t *out;
	int err;

	if (size / MOST_GROWTH > c->whole + 65536)
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "stored in %" PRIu64
				     " bytes, though it has %" PRIu64,
				     size, c->whole);
	err = guarded_grow(&raw, &raw_capacity, 0, size);
	if (!err)
		err = chunk_fetch(c->dset, at, raw, size, &mask, &readable);
	if (err || !readable)
		return err;
	err = filter_grow(&data, &data_capacity, c->whole);
	if (!err)
		err = filter_decode(&c->pipeline, mask, &scratch, raw, size,
				    data, &out);
	if (!err && scratch.decoded < need)
		err = cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				    "%zu bytes instead of "
				    "%" PRIu64 " after its filters are undone",
				    scratch.decoded, need);
	return err;
}

static int
check_chunk(struct checked *c, const hsize_t *at)
{
	bool filtered = filters_apply(c, at);
	uint64_t need = chunk_needed(c->rank, c->dims, c->chunk, at, c->item);
	hsize_t size = 0;

	if (filtered ? !c->ours : c->whole > READ_IN_PARTS)
		return 0;
	if (H5Dget_chunk_storage_size(c->dset, at, &size) < 0 || size == 0)
		return 0;
	return filtered ? check_filtered(c, at, size, need)
			: check_plain(c, at, need);
}

/* ------------------------------------------------------------- datasets */

/* The elements along one dimension whose chunks are checked. */
struct span {
	uint64_t first, last, step;
};

/* The begin of the chunk that has the next such element; false: none has. */
static bool
next_begin(const struct span *s, uint64_t chunk, hsize_t *at)
{
	uint64_t next = *at + chunk, past;

	if (chunk > UINT64_MAX - *at || next > s->last)
		return false;
	past = (next - s->first) % s->step;
	if (past > 0 && s->step - past > s->last - next)
		return false;
	next += past > 0 ? s->step - past : 0;
	*at = next - next % chunk;
	return true;
}

/* Check the chunks that have these elements, if there are any. */
static int
check_chunks(struct checked *c, const struct span *spans)
{
	hsize_t at[MAX_NDIM];
	unsigned i;
	int err;

	for (i = 0; i < c->rank; i++)
		at[i] = spans[i].first - spans[i].first % c->chunk[i];
	do {
		err = check_chunk(c, at);
		for (i = c->rank; i-- > 0;) {
			if (next_begin(&spans[i], c->chunk[i], &at[i]))
				break;
			at[i] = spans[i].first - spans[i].first % c->chunk[i];
		}
	} while (!err && i < c->rank);
	return err;
}

static int
check_block(struct checked *c, const uint64_t *start, const uint64_t *shape,
	    const uint64_t *step)
{
	struct span spans[MAX_NDIM];

	for (unsigned i = 0; i < c->rank; i++) {
		uint64_t count = shape ? shape[i] : c->dims[i];

		if (c->dims[i] == 0 || count == 0)
			return 0;
		spans[i].step = step ? step[i] : 1;
		spans[i].first = start ? start[i] : 0;
		spans[i].last = spans[i].first + (count - 1) * spans[i].step;
	}
	return check_chunks(c, spans);
}

/*
 * False if the dataset has no chunks, or sizes overflow: H5Dread refuses those.
 */
static bool
chunked_get(struct checked *c, hid_t dcpl)
{
	hsize_t chunk[MAX_NDIM];
	unsigned options = 0;

	if (H5Pget_chunk(dcpl, MAX_NDIM, chunk) != (int)c->rank || c->rank == 0)
		return false;
	c->whole = c->item;
	for (unsigned i = 0; i < c->rank; i++) {
		c->chunk[i] = chunk[i];
		if (chunk[i] == 0 ||
		    __builtin_mul_overflow(c->whole, chunk[i], &c->whole))
			return false;
	}
	H5Pget_chunk_opts(dcpl, &options);
	c->partial_plain = options & H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS;
	c->ours = c->whole <= UINT32_MAX &&
		  filter_pipeline_get(dcpl, c->whole, &c->pipeline, NULL);
	if (!c->ours)
		c->pipeline.count = (unsigned)H5Pget_nfilters(dcpl);
	return true;
}

static int
check_compact(const struct checked *c)
{
	uint64_t has = H5Dget_storage_size(c->dset), need = c->item;

	for (unsigned i = 0; i < c->rank; i++)
		if (__builtin_mul_overflow(need, c->dims[i], &need))
			need = UINT64_MAX;
	if (has >= need)
		return 0;
	return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
			     "it has %" PRIu64 " bytes instead of %" PRIu64,
			     has, need);
}

static void
free_large(void)
{
	if (raw_capacity <= KEEP && data_capacity <= KEEP)
		return;
	filter_scratch_free(&scratch);
	guarded_free(raw, raw_capacity);
	free(data);
	raw = data = NULL;
	raw_capacity = data_capacity = 0;
}

/* Get the rank, the dimensions, and the size of an element. */
static bool
extent_get(struct checked *c)
{
	hid_t type = H5Dget_type(c->dset), space = H5Dget_space(c->dset);
	int rank = space >= 0 ? H5Sget_simple_extent_ndims(space) : -1;
	hsize_t dims[MAX_NDIM];
	bool ok = type >= 0 && rank >= 0 && rank <= MAX_NDIM &&
		  H5Sget_simple_extent_dims(space, dims, NULL) == rank;

	c->rank = ok ? (unsigned)rank : 0;
	for (unsigned i = 0; i < c->rank; i++)
		c->dims[i] = dims[i];
	if (ok)
		c->item = type_stored_size(type, c->dset);
	if (type >= 0)
		H5Tclose(type);
	if (space >= 0)
		H5Sclose(space);
	return ok;
}

int
stored_check(hid_t dset, const uint64_t *start, const uint64_t *shape,
	     const uint64_t *step)
{
	struct checked c = { .dset = dset };
	hid_t dcpl;
	int err = 0;

	/* Most datasets are contiguous: libhdf5 checks their size itself. */
	if (H5Dget_offset(dset) != HADDR_UNDEF)
		return 0;
	dcpl = H5Dget_create_plist(dset);
	if (dcpl < 0 || !extent_get(&c))
		goto out;
	err = fill_check(dset, dcpl);
	if (err)
		goto out;
	if (H5Pget_layout(dcpl) == H5D_COMPACT)
		err = check_compact(&c);
	else if (H5Pget_layout(dcpl) == H5D_CHUNKED && chunked_get(&c, dcpl))
		err = check_block(&c, start, shape, step);
out:
	if (dcpl >= 0)
		H5Pclose(dcpl);
	free_large();
	H5Eclear2(H5E_DEFAULT);
	return err;
}
