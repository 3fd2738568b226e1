/* SPDX-License-Identifier: MIT */
/*
 * Undo the filters of HDF5 chunks without libhdf5, in any number of threads.
 * Also register these decoders with libhdf5, for the data that only H5Dread can
 * read.  Uses base.
 */
#ifndef LIB_HDF5_FILTER_FILTER_H
#define LIB_HDF5_FILTER_FILTER_H

#include "base/base.h"
#include "hdf5/library/library.h"
#include "hdf5/native/native.h"

#define FILTER_MAX    32 /* HDF5's limit: one bit of the mask for each */
#define FILTER_PARAMS 20 /* as many as any filter here uses */

/* Registered numbers of the filters for which libhdf5 has no name. */
enum {
	FILTER_LZF = 32000, /* h5py's */
	FILTER_BLOSC = 32001,
	FILTER_LZ4 = 32004,
	FILTER_BITSHUFFLE = 32008,
	FILTER_ZSTD = 32015
};

struct filter {
	int id;
	unsigned param_count;
	unsigned param[FILTER_PARAMS]; /* the first param_count are set */
};

/* The filters of one dataset, in the order in which a writer applies them. */
struct filter_pipeline {
	size_t chunk_size; /* bytes of a chunk without filters */
	unsigned count;
	struct filter filter[FILTER_MAX];
};

/*
 * Buffers and state of one decoding thread.  Begins as zeros, grows, is reused.
 */
struct filter_scratch {
	uint8_t *buffer[2]; /* the steps alternate between them */
	size_t capacity[2];
	uint8_t *block; /* bitshuffle: an unpacked block, */
	size_t block_capacity;
	uint8_t *planes; /* and its planes of bytes */
	size_t planes_capacity;
	size_t missing; /* bytes missing from a short stream */
	size_t wanted;	/* room that the stream needs, if more */
	size_t decoded; /* bytes decoded from the last chunk */
	void *deflate;	/* states of decoders */
	void *zstd;
};

/* filter.c */

/*
 * Get the pipeline of a dataset from its creation properties.  True if this
 * library can undo all of it; else libhdf5 must read the data, and *foreign
 * (may be NULL) is the number of a filter that cannot be undone here.
 */
bool filter_pipeline_get(hid_t dcpl, size_t chunk_size,
			 struct filter_pipeline *ret, int *foreign);

/* The same of a dataset of the native index; false without any message. */
bool filter_pipeline_native(const struct native_dataset *d, size_t chunk_size,
			    struct filter_pipeline *ret);

/*
 * Undo the filters of one stored chunk, except those whose bit is set in
 * 'mask'.  On success *ret points to its chunk_size bytes: in 'dst', which has
 * room for them, or in 'src' if no step moved the data.  Stored data may decode
 * to more bytes, up to a limit; the rest is ignored, as in libhdf5.
 * CUTE_SHM_ERR_SOURCE: damaged.
 */
int filter_decode(const struct filter_pipeline *pipeline, uint32_t mask,
		  struct filter_scratch *scratch, uint8_t *src, size_t size,
		  uint8_t *dst, uint8_t **ret);

/* filter_codec.c: it knows the states of the decoders. */
void filter_scratch_free(struct filter_scratch *scratch);

/*
 * A step undoes one filter: 'size' bytes at src become exactly 'room' bytes at
 * dst.  For a filter that keeps the size, room == size.  A step that needs more
 * room sets scratch->wanted and fails; the caller may retry with more.
 */
typedef int filter_step(const struct filter *filter,
			struct filter_scratch *scratch, const uint8_t *src,
			size_t size, uint8_t *dst, size_t room);

/* filter_codec.c: decoders from libraries; NULL if built without the library */

extern filter_step *const filter_inflate;
extern filter_step *const filter_unzstd;
extern filter_step *const filter_unlz4;
extern filter_step *const filter_unblosc;

/* One block packed by lz4, without any header. */
int filter_unlz4_block(const uint8_t *src, size_t size, uint8_t *dst,
		       size_t room);

/*
 * The number of bytes that a chunk decodes to, by its own header; 0 if unknown.
 * For the filters zstd, lz4 and blosc.
 */
uint64_t filter_codec_size(int id, const uint8_t *src, size_t size);

/* filter_lzf.c: LZF, without a library */

/* The number of bytes that an undamaged stream decodes to. */
size_t filter_lzf_size(const uint8_t *src, size_t size);

int filter_unlzf(const struct filter *filter, struct filter_scratch *scratch,
		 const uint8_t *src, size_t size, uint8_t *dst, size_t room);

/* filter_shuffle.c: HDF5's own shuffle */
int filter_unshuffle(const struct filter *filter,
		     struct filter_scratch *scratch, const uint8_t *src,
		     size_t size, uint8_t *dst, size_t room);

/*
 * Turn 'width' planes of bytes into items of 'width' bytes.  Plane p begins at
 * src + p * stride; n items are written to dst.
 */
void unshuffle(uint8_t *dst, const uint8_t *src, size_t stride, size_t n,
	       size_t width);

/* filter_bitshuffle.c: bitshuffle, with or without lz4 or zstd */

/* False if the parameters are wrong, or name a codec that is not supported. */
bool filter_bitshuffle_known(const struct filter *filter);

/* Whether this filter also compresses. */
bool filter_bitshuffle_packs(const struct filter *filter);
int filter_unbitshuffle(const struct filter *filter,
			struct filter_scratch *scratch, const uint8_t *src,
			size_t size, uint8_t *dst, size_t room);

/* filter_scaleoffset.c: HDF5's scaleoffset */

/* Whether the parameters are right, for chunks of 'chunk_size' bytes. */
bool filter_scaleoffset_known(const struct filter *filter, size_t chunk_size);

/* The most bytes that it packs a chunk into. */
size_t filter_scaleoffset_most(size_t chunk_size);
int filter_unscaleoffset(const struct filter *filter,
			 struct filter_scratch *scratch, const uint8_t *src,
			 size_t size, uint8_t *dst, size_t room);

/* filter_szip.c: HDF5's szip, by libaec; NULL if built without it */

extern filter_step *const filter_unszip;

/* False if the parameters are wrong, or it was built without libaec. */
bool filter_szip_known(const struct filter *filter);

/* filter_checksum.c: fletcher32 */

/* Check the sum after the data; *ret is the size without the sum. */
int filter_fletcher32(const uint8_t *src, size_t size, size_t *ret);

/* The sum as HDF5 computes it. */
uint32_t fletcher32(const uint8_t *data, size_t size);

/*
 * filter_register.c: let libhdf5 use these decoders, before any plugin, for
 * data that only H5Dread can read: strings, lists, references, virtual
 * datasets.  Call it once per process, after H5open().
 */
int filters_register(void);

/*
 * H5Dread for datasets whose filters these decoders may undo.  libhdf5 does not
 * say how large a chunk is, and reads past the end of a chunk that decodes to
 * less; therefore the decoders get the chunk's size from this dataset.
 */
herr_t filters_read(hid_t dset, hid_t mem_type, hid_t mem_space,
		    hid_t file_space, hid_t dxpl, void *data);

/* filter_buffer.c: buffers that are used again */

/* Grow *buffer to at least 'size' bytes; its content is lost. */
int filter_grow(uint8_t **buffer, size_t *capacity, size_t size);

static inline uint32_t
load_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t
load_le(const uint8_t *p, unsigned size)
{
	uint64_t ret = 0;

	while (size-- > 0)
		ret = ret << 8 | p[size];
	return ret;
}

static inline uint64_t
load_be64(const uint8_t *p)
{
	return (uint64_t)load_be32(p) << 32 | load_be32(p + 4);
}

#endif
