/* SPDX-License-Identifier: MIT */
/*
 * Read chunks and contiguous data into the segment: one thread finds the
 * chunks, or gets their stored bytes from libhdf5; the others read, decode,
 * arrange, hash and write them.  Uses base, build, hdf5/source, hdf5/type,
 * hdf5/filter and hdf5/element.
 */
#ifndef LIB_HDF5_ENGINE_ENGINE_H
#define LIB_HDF5_ENGINE_ENGINE_H

#include <stdatomic.h>

#include "hdf5/element/element.h"
#include "hdf5/filter/filter.h"
#include "hdf5/source/source.h"
#include "hdf5/type/type.h"

struct reader;

/* ----------------------------------------------- interface for the loader */

/* An array of the segment: the whole records of a dataset, or one field. */
struct strategy_column {
	const char *path; /* of the array, which is described already */
	size_t offset;	  /* of the field in the file's record, */
	const struct native_type *file; /* and its type there */
};

struct strategy_source {
	struct cute_shm_builder *builder;
	const char *name; /* of the dataset, for reader_culprit() */
	hid_t dset;
	/* Of the native index; then 'dset' is not used.  Else NULL: */
	struct native *index;
	const struct native_dataset *native;
	struct chunk_table *chunks;
	int fd; /* of the file */
	const struct strategy_column *columns;
	unsigned column_count;
	/*
	 * If a strategy fits, any thread calls this once, when all work on the
	 * dataset has ended, with or without success.  May be NULL.  'waited'
	 * is how long the first batch of this dataset waited for threads and
	 * memory that other datasets used.
	 */
	void (*done)(void *arg, double waited);
	void *done_arg;
	const struct slice *slice; /* to read only this; NULL: all */
};

/* engine.c and strategy.c */

/*
 * A reader with 'jobs' threads.  The reading thread calls 'tick' (may be NULL)
 * after about every MiB, with the bytes written so far; if it returns non-zero,
 * the load is cancelled.
 */
int reader_new(unsigned jobs, int (*tick)(void *arg, uint64_t bytes), void *arg,
	       struct reader **ret);
void reader_free(struct reader *reader);

/*
 * Read the dataset with the first strategy that fits, and set *how to its name
 * ("contiguous", "chunks"), or to NULL if only H5Dread can read the dataset.
 * After the return the source's HDF5 objects are not used any more, but threads
 * may still decode and write: reader_wait() returns their result.  An error may
 * belong to an earlier dataset; see reader_culprit().
 */
int strategy_read(struct reader *reader, const struct strategy_source *source,
		  const char **how);

/*
 * The first error since the last reader_wait(), set in this thread, too; or 0.
 */
int reader_check(struct reader *reader);

/* Wait until all work has ended, and return its first error; then forget it. */
int reader_wait(struct reader *reader);

/*
 * The name of the dataset that caused the error of the last of these calls, or
 * "" if no dataset caused it.  Valid until the next call.
 */
const char *reader_culprit(const struct reader *reader);

/* tiles.c: the plan of tiles */

#define PLAN_DIMS CUTE_SHM_MAX_NDIM

/*
 * The plan for reading a chunked dataset in tiles.  A tile is 'group' chunks
 * wide along dimension 'split', one chunk wide along the dimensions before it,
 * and has the whole extent along those behind it.  Trailing dimensions that one
 * chunk covers are merged first.
 */
struct plan {
	unsigned ndim;
	size_t item; /* bytes of an element */
	uint64_t shape[PLAN_DIMS];
	uint64_t chunk[PLAN_DIMS];
	uint64_t grid[PLAN_DIMS]; /* chunks along each dimension */
	size_t chunk_size;	  /* bytes */
	unsigned split;
	uint64_t group;
	uint64_t tiles;
};

/* A box of elements, and the place of its chunks in the grid. */
struct box {
	uint64_t at[PLAN_DIMS];	    /* grid position of the first chunk */
	uint64_t begin[PLAN_DIMS];  /* in elements */
	uint64_t extent[PLAN_DIMS]; /* clipped to the shape */
	uint64_t chunks;
};

/*
 * Plan tiles of about 'target' bytes, and at most 'limit' unless one chunk is
 * larger.  False if sizes overflow.
 */
bool plan_make(unsigned ndim, const uint64_t *shape, const uint64_t *chunk,
	       size_t item, size_t target, size_t limit, struct plan *ret);
void plan_tile(const struct plan *plan, uint64_t tile, struct box *ret);

/* The box of chunk 'i' of a tile, in row-major order. */
void plan_chunk(const struct plan *plan, const struct box *tile, uint64_t i,
		struct box *ret);

/*
 * The number of that chunk among all chunks of the dataset, in row-major order.
 */
uint64_t plan_chunk_number(const struct plan *plan, const struct box *chunk);

/* arrange.c: elements of chunks in the order of the array */

/*
 * Copy chunks that are neighbours along the last dimension into a tile; 'first'
 * is the box of the first chunk.  If they lie outside the tile, nothing is
 * copied and an error is returned.
 */
int arrange(const struct plan *plan, const struct box *tile, uint8_t *dst,
	    const struct box *first, uint8_t *const *chunks, unsigned count);

/* Copy the part 'used' of a chunk, without the rest of the chunk. */
void cut_out(unsigned ndim, const uint64_t *chunk, const uint64_t *used,
	     size_t item, const uint8_t *from, uint8_t *to);

/* engine.c: what the strategies share */

/* No filter enlarges a chunk so much: the size in the index is wrong. */
#define MOST_GROWTH 8

#define BATCH_CHUNKS 1024	  /* limit for one batch */
#define BATCH_SIZE   (512u << 10) /* target for the data of a batch */
#define BATCH_WORK   (64u << 20)  /* limit for the bytes that it decodes */
#define TILE_TARGET  (4u << 20)
#define TILE_LIMIT   (12u << 20)
#define TILE_MEMORY  (40u << 20) /* for all tiles, or one larger one */

struct stored {
	uint64_t at; /* in the batch's raw bytes; with an index, in the file */
	size_t size;
	uint32_t mask; /* filters that were skipped */
	bool decoded;  /* read by H5Dread, so decoded already */
	bool missing;  /* not stored; only with an index */
};

/* One dataset that is being read. */
struct task {
	atomic_uint users;
	struct reader *reader;
	struct cute_shm_builder *builder;
	char *name;
	void (*done)(void *arg, double waited);
	void *done_arg;
	bool begun;	      /* its first batch exists */
	double waited;	      /* seconds that the first batch waited */
	int fd;		      /* of the file, or -1 */
	uint8_t *fill;	      /* a missing element; only with an index */
	uint64_t file_offset; /* contiguous only */
	size_t item;	      /* bytes of an element in the file */
	unsigned column_count;
	struct task_column {
		char *path;
		size_t offset;
		struct convert convert;
	} * columns;
	unsigned ndim;	    /* chunked only, before dimensions are merged */
	bool partial_plain; /* no filters on chunks at the edges */
	uint64_t shape[PLAN_DIMS]; /* with a slice also if contiguous */
	bool sliced;		   /* only elements of 'slice' are written, */
	struct slice slice;	   /* and only chunks that have some are read */
	uint64_t cover[PLAN_DIMS]; /* the shape that these chunks make, */
	uint64_t grid[PLAN_DIMS];  /* and their number along each dimension */
	uint64_t chunk[PLAN_DIMS]; /* as it is stored, */
	size_t whole_size;	   /* bytes of such a chunk, */
	uint64_t used[PLAN_DIMS];  /* and the part inside the array */
	bool cut;		   /* the part is smaller than the chunk */
	bool by_parts;		   /* libhdf5 can read the part alone */
	struct plan plan;	   /* for the used parts */
	struct filter_pipeline pipeline; /* for whole chunks */
};

/* Memory in which a part of a dataset is collected before it is written. */
struct tile {
	struct tile *next;
	struct box box;
	atomic_ullong missing; /* chunks still to come */
	uint8_t *data;
	size_t capacity;
};

/* Work for one thread, with all the memory that it needs. */
struct batch {
	struct batch *next;
	struct task *task;
	pool_job *job;
	bool is_first;	   /* the first of its task */
	struct tile *tile; /* NULL: written without a tile */
	uint8_t *to;	   /* of the box, in the tile or in the segment */
	bool placed;	   /* it is the segment */
	struct box box;	   /* of the tile, even if 'tile' is NULL */
	uint64_t first;	   /* first chunk of the tile, or element */
	unsigned count;
	struct stored stored[BATCH_CHUNKS];
	uint8_t *decoded[BATCH_CHUNKS];
	uint8_t *raw; /* guarded */
	size_t raw_capacity;
	uint64_t raw_at; /* by the index: the bytes of the file in 'raw', */
	size_t raw_size; /* if it has several chunks; or 0 */
	uint8_t *data;
	size_t data_capacity;
	uint8_t *whole; /* for a chunk that is used in part */
	size_t whole_capacity;
	uint8_t *field; /* for the elements of one column */
	size_t field_capacity;
	uint8_t *picked; /* for the elements of a slice */
	size_t picked_capacity;
	struct filter_scratch scratch;
};

struct reader {
	struct pool *pool;
	unsigned threads;
	int (*tick)(void *arg, uint64_t bytes);
	void *tick_arg;
	atomic_ullong bytes; /* written */
	pthread_mutex_t lock;
	pthread_cond_t idle; /* signals that a batch or tile is free */
	struct batch *batches;
	unsigned batches_used;
	struct tile *tiles;
	unsigned tiles_used;
	size_t tile_memory; /* bytes of all tiles */
	int err;	    /* the first since the last reader_wait() */
	char *message;
	char *culprit;
	atomic_bool failed;
};

int task_new(struct reader *reader, const struct strategy_source *source,
	     struct task **ret);
void task_begin(struct task *task, const struct strategy_source *source);
void task_release(struct task *task);

/* Get an idle batch or tile; waits until there is one. */
int batch_get(struct task *task, struct batch **ret);
void batch_put(struct batch *batch);
int tile_get(struct task *task, size_t size, struct tile **ret);
void tile_put(struct reader *reader, struct tile *tile);

/*
 * Give the batch to a thread.  Returns an error of the reader, if there is one.
 */
int reader_push(struct reader *reader, pool_job *job, struct batch *batch);

/* Record the error, if it is the first, for this dataset, and stop all work. */
void reader_fail(struct task *task, int err);

/* guarded_buffer.c: buffers with a guard page at their end */

/*
 * Make room for 'need' bytes; the first 'used' are kept.  Begin with NULL and
 * 0.
 */
int guarded_grow(uint8_t **data, size_t *capacity, size_t used, size_t need);
void guarded_free(uint8_t *data, size_t capacity);

/* scatter.c: from elements to arrays */

/* Check that all columns lie within the elements, whose size is known now. */
int task_check(const struct task *task);

/*
 * Convert n elements in place.  If single fields are to be picked out, they are
 * converted later.
 */
void task_convert(const struct task *task, uint8_t *data, uint64_t n);

/* Write n elements from number 'first' on.  Any thread may call this. */
int task_write(struct task *task, struct batch *batch, uint64_t first,
	       const uint8_t *data, uint64_t n);

/*
 * The place of n elements in the segment, if their pages are mapped and the
 * array has all of their bytes; else *ret is NULL.  After all are stored and
 * converted, one thread calls task_placed().
 */
int task_place(const struct task *task, uint64_t first, uint64_t n,
	       uint8_t **ret);
int task_placed(const struct task *task, uint64_t first, uint64_t n);

/* Whether the elements of the box follow each other in the array. */
bool box_is_run(const struct plan *plan, const struct box *box, uint64_t *first,
		uint64_t *count);

/*
 * Write a box of the array from a buffer of shape 'dims', in as few pieces as
 * possible.
 */
int task_write_box(struct task *task, struct batch *batch,
		   const struct box *box, const uint64_t *dims,
		   const uint8_t *data);

/*
 * slice_chunks.c: chunks of which only a slice is wanted.  They are planned as
 * if there were no others: chunk i along a dimension is the i-th that has an
 * element of the slice.
 */

/* Set cover[] and grid[]; without a slice, all chunks are wanted. */
void task_cover(struct task *task);

/* The first element, in the dataset, of chunk 'n' of those that are planned. */
void task_chunk_at(const struct task *task, uint64_t n, hsize_t *at);

/* Like task_write_box(), of which it writes the elements of the slice. */
int task_write_slice(struct task *task, struct batch *batch,
		     const struct box *box, const uint64_t *dims,
		     const uint8_t *data);

/*
 * slice_pieces.c: read elements 'first' on of the slice of contiguous data into
 * b->data.
 */
int slice_read_piece(struct batch *batch, uint64_t first, uint64_t count);

/* fetch_chunk.c: the bytes of a chunk */

/*
 * Put the chunk at element 'at' into the batch, behind its first *used bytes,
 * and add its size to *used; the caller counts it.  With an index only its
 * place is put there.
 */
int chunk_get(const struct strategy_source *s, struct batch *batch,
	      size_t *used, const hsize_t *at);

/* Bytes of the tile, or of the box that is written without one. */
size_t box_bytes(const struct plan *plan, const struct box *box);

/* Whether chunks are decoded to where they are written from. */
bool batch_in_place(const struct batch *batch);

/*
 * Read chunk i of the batch, unless libhdf5 did, undo its filters, and convert
 * its elements; they are in its place, or where decoded[i] points.  Any thread
 * may call this.
 */
int batch_decode(struct batch *batch, unsigned i);

/* ------------------------------------------------------ the strategies */

/*
 * strategy_contiguous.c, strategy_chunk.c: if a strategy does not fit, it sets
 * *fits to false and does nothing.
 */
int read_contiguous(struct reader *reader, const struct strategy_source *source,
		    hid_t dcpl, bool *fits);
int read_chunks(struct reader *reader, const struct strategy_source *source,
		hid_t dcpl, bool *fits);

/*
 * strategy.c: the choice of a strategy.  missing_filter() returns the first
 * filter that libhdf5 does not have, or -1; its name in the file goes to
 * 'name', unless that is NULL.
 */
int missing_filter(hid_t dcpl, char *name, size_t size);

/* Whether H5Dread must read everything; tests ask for this. */
bool strategy_generic(void);

/* Whether libhdf5 must find all objects and chunks. */
bool strategy_library(void);

/*
 * stored_check.c: whether stored chunks are long enough.  chunk_needed()
 * returns the bytes of a chunk up to the end of its last element inside the
 * array.
 */
uint64_t chunk_needed(unsigned ndim, const uint64_t *dims,
		      const uint64_t *chunk, const hsize_t *at, uint64_t item);

/*
 * H5Dread_chunk() of at least 'size' bytes; *readable is whether libhdf5 could
 * read the chunk.  libhdf5 does not report how many bytes it wrote; fewer than
 * 'size' are an error.
 */
int chunk_fetch(hid_t dset, const hsize_t *at, uint8_t *raw, uint64_t size,
		uint32_t *mask, bool *readable);

/* libhdf5 does not cache larger unfiltered chunks: it reads parts of them. */
#define READ_IN_PARTS (UINT64_C(1) << 20)

/*
 * 0 if H5Dread of a block (NULL, NULL: of all) copies only bytes that are
 * stored; else an error that names the chunk that is too short.  The elements
 * of the block lie 'step' apart (NULL: 1).
 */
int stored_check(hid_t dset, const uint64_t *start, const uint64_t *shape,
		 const uint64_t *step);

/* strategy.c: prefix this thread's last message with "chunk at (0, 128)". */
int fail_in_chunk(unsigned ndim, const uint64_t *at, int err);

/* strategy_contiguous.c: the least size that is worth using other threads */
#define CONTIGUOUS_LEAST (128u << 10)

/* engine.c: read 'size' bytes of the file from offset 'at', in any thread. */
int source_read(int fd, uint8_t *data, size_t size, uint64_t at);

#endif
