/* SPDX-License-Identifier: MIT */
/*
 * Undo the filters of HDF5 chunks without libhdf5, in any number of threads; and
 * for libhdf5, where it reads.  Uses base.
 */
#ifndef LIB_HDF5_FILTER_FILTER_H
#define LIB_HDF5_FILTER_FILTER_H

#include <hdf5.h>

#include "base/base.h"

#define FILTER_MAX	32	/* HDF5 allows no more, a mask bit for each */
#define FILTER_PARAMS	8	/* what any of ours reads of its parameters */

/* Registered numbers of the filters that libhdf5 does not name. */
enum {
	FILTER_LZF = 32000,		/* h5py's */
	FILTER_BLOSC = 32001,
	FILTER_LZ4 = 32004,
	FILTER_BITSHUFFLE = 32008,
	FILTER_ZSTD = 32015
};

struct filter {
	int id;
	unsigned param_count;
	unsigned param[FILTER_PARAMS];	/* the first param_count are set */
};

/* The filters of one dataset, in the order in which writing applies them. */
struct filter_pipeline {
	size_t chunk_size;	/* bytes of a chunk without filters */
	unsigned count;
	struct filter filter[FILTER_MAX];
};

/* What one thread needs to decode; begins as zeros, grows, and is reused. */
struct filter_scratch {
	uint8_t *buffer[2];	/* where steps alternate */
	size_t capacity[2];
	uint8_t *block;		/* of bitshuffle: unpacked, */
	size_t block_capacity;
	uint8_t *planes;	/* and its planes of bytes */
	size_t planes_capacity;
	size_t missing;		/* bytes that a stream fell short of */
	size_t wanted;		/* room that a stream takes, if it was less */
	size_t decoded;		/* bytes of the last chunk that were not missing */
	void *deflate;		/* decoders that have state */
	void *zstd;
};

/* filter.c */

/*
 * The pipeline of a dataset from its creation properties.  True if all of it
 * can be undone here; else *foreign (may be NULL) is the number of a filter
 * that cannot, and libhdf5 must read the data.
 */
bool filter_pipeline_get(hid_t dcpl, size_t chunk_size,
			 struct filter_pipeline *ret, int *foreign);

/*
 * Undo the filters of one chunk as stored, but for those whose bit is set in
 * 'mask'.  On success *ret are its chunk_size bytes: 'dst', which has room for
 * them, or part of 'src' where nothing had to be moved.  More than that may be
 * stored, up to a limit: the rest is of no use to anyone, and libhdf5 does not
 * mind either.  CUTE_SHM_ERR_SOURCE: damaged.
 */
int filter_decode(const struct filter_pipeline *pipeline, uint32_t mask,
		  struct filter_scratch *scratch, uint8_t *src, size_t size,
		  uint8_t *dst, uint8_t **ret);

void filter_scratch_free(struct filter_scratch *scratch);

/*
 * A step undoes one filter: 'size' bytes at src become exactly 'room' bytes at
 * dst.  Steps that keep the size are called with room == size.  One that fails
 * for lack of room sets scratch->wanted, and may be called with more.
 */
typedef int filter_step(const struct filter *filter,
			struct filter_scratch *scratch, const uint8_t *src,
			size_t size, uint8_t *dst, size_t room);

/* filter_codec.c: decoders of libraries; NULL where built without one */

extern filter_step *const filter_inflate;
extern filter_step *const filter_unzstd;
extern filter_step *const filter_unlz4;
extern filter_step *const filter_unblosc;

/* One packed block, without any header. */
int filter_unlz4_block(const uint8_t *src, size_t size, uint8_t *dst,
		       size_t room);

/*
 * How many bytes a chunk of the filter 'id' says it holds, 0 where that cannot
 * be told; for those of zstd, lz4 and blosc.
 */
uint64_t filter_codec_size(int id, const uint8_t *src, size_t size);

/* filter_lzf.c */

/* How many bytes a sound stream holds. */
size_t filter_lzf_size(const uint8_t *src, size_t size);

int filter_unlzf(const struct filter *filter, struct filter_scratch *scratch,
		 const uint8_t *src, size_t size, uint8_t *dst, size_t room);

/* filter_shuffle.c */
int filter_unshuffle(const struct filter *filter,
		     struct filter_scratch *scratch, const uint8_t *src,
		     size_t size, uint8_t *dst, size_t room);

/*
 * From 'width' planes of bytes to items of 'width' bytes.  Plane p of the
 * items begins at src + p * stride; n items are written to dst.
 */
void unshuffle(uint8_t *dst, const uint8_t *src, size_t stride, size_t n,
	       size_t width);

/* filter_bitshuffle.c */

/* False where the parameters name a codec that is not ours, or are wrong. */
bool filter_bitshuffle_known(const struct filter *filter);

/* Whether it also compresses. */
bool filter_bitshuffle_packs(const struct filter *filter);
int filter_unbitshuffle(const struct filter *filter,
			struct filter_scratch *scratch, const uint8_t *src,
			size_t size, uint8_t *dst, size_t room);

/* filter_checksum.c */

/* Check the sum behind the data; *ret is the size without it. */
int filter_fletcher32(const uint8_t *src, size_t size, size_t *ret);

/* HDF5's variant of the sum. */
uint32_t fletcher32(const uint8_t *data, size_t size);

/*
 * filter_register.c: have libhdf5 use these decoders, before any plugin, for
 * what has to go through H5Dread: strings, lists, references, virtual datasets.
 * Once per process, which must have begun libhdf5.
 */
int filters_register(void);

/*
 * H5Dread, for data that these decoders may be called for.  libhdf5 does not
 * tell a filter how large a chunk is, and reads beyond the end of one that is
 * shorter: so they look at this dataset.
 */
herr_t filters_read(hid_t dset, hid_t mem_type, hid_t mem_space,
		    hid_t file_space, hid_t dxpl, void *data);

/* Grow *buffer to 'size' bytes; its content is lost. */
int filter_grow(uint8_t **buffer, size_t *capacity, size_t size);

static inline uint32_t
load_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t
load_be64(const uint8_t *p)
{
	return (uint64_t)load_be32(p) << 32 | load_be32(p + 4);
}

#endif
