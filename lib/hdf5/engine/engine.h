/* SPDX-License-Identifier: MIT */
/*
 * Chunks and contiguous data to the segment: one thread takes stored bytes from
 * libhdf5, many decode, arrange, digest and write them.  Uses base, hdf5/report,
 * hdf5/source, hdf5/type and hdf5/filter.
 */
#ifndef LIB_HDF5_ENGINE_ENGINE_H
#define LIB_HDF5_ENGINE_ENGINE_H

#include <stdatomic.h>

#include "hdf5/filter/filter.h"
#include "hdf5/source/source.h"
#include "hdf5/type/type.h"

struct reader;

/* -------------------------------------------- what the loader has to know */

/* An array of the segment: the whole records of a dataset, or a field. */
struct strategy_column {
	const char *path;	/* of the array, described and reserved */
	hid_t file_type;	/* the field's own, in the file */
	hid_t mem_type;		/* what H5Dread would be given for it */
	size_t offset;		/* of the field in the file's record */
};

struct strategy_source {
	struct cute_shm_builder *builder;
	const char *name;	/* of the dataset, see reader_culprit() */
	hid_t dset;
	const struct strategy_column *columns;
	unsigned column_count;
	/*
	 * If a strategy fits: called once, by any thread, when nothing of the
	 * dataset is under way any more, well or ill.  May be NULL.  For so
	 * long it waited, before anything was done for it, until threads and
	 * memory were free of the datasets before.
	 */
	void (*done)(void *arg, double waited);
	void *done_arg;
};

/*
 * 'jobs' threads.  'tick' (may be NULL) is called by the thread that reads,
 * every MiB or so, with the bytes written so far; non-zero cancels.
 */
int reader_new(unsigned jobs, int (*tick)(void *arg, uint64_t bytes), void *arg,
	       struct reader **ret);
void reader_free(struct reader *reader);

/*
 * Read the dataset by the first strategy that fits, and name it in *how
 * ("contiguous", "chunks"), or set *how to NULL: only H5Dread will do.  On
 * return no libhdf5 object of the source is needed any more, but data may
 * still be under way: reader_wait() tells how that ended.  An error may be that
 * of an earlier dataset; see reader_culprit().
 */
int strategy_read(struct reader *reader, const struct strategy_source *source,
		  const char **how);

/* The first error since the last wait, said in this thread too, or 0. */
int reader_check(struct reader *reader);

/* The same when all that is under way has ended; then all is well again. */
int reader_wait(struct reader *reader);

/*
 * The name of the dataset whose reading failed when one of these calls did, ""
 * if it was none's fault; until the next call.
 */
const char *reader_culprit(const struct reader *reader);

/* tiles.c */

#define PLAN_DIMS	CUTE_SHM_MAX_NDIM

/*
 * How a chunked dataset is walked: in tiles, which are 'group' chunks wide
 * along dimension 'split', one chunk before it and complete behind it.
 * Trailing dimensions that a chunk covers are merged first.
 */
struct plan {
	unsigned ndim;
	size_t item;			/* bytes of an element */
	uint64_t shape[PLAN_DIMS];
	uint64_t chunk[PLAN_DIMS];
	uint64_t grid[PLAN_DIMS];	/* chunks along each dimension */
	size_t chunk_size;		/* bytes */
	unsigned split;
	uint64_t group;
	uint64_t tiles;
};

/* A box of elements, and where its chunks lie in the grid. */
struct box {
	uint64_t at[PLAN_DIMS];		/* its first chunk in the grid */
	uint64_t begin[PLAN_DIMS];	/* in elements */
	uint64_t extent[PLAN_DIMS];	/* clipped to the shape */
	uint64_t chunks;
};

/*
 * Tiles of about 'target' bytes, at most 'limit' where a chunk allows it.
 * False when sizes overflow.
 */
bool plan_make(unsigned ndim, const uint64_t *shape, const uint64_t *chunk,
	       size_t item, size_t target, size_t limit, struct plan *ret);
void plan_tile(const struct plan *plan, uint64_t tile, struct box *ret);

/* The box of chunk 'i' of a tile, in row-major order. */
void plan_chunk(const struct plan *plan, const struct box *tile, uint64_t i,
		struct box *ret);

/* The number of that chunk among all of the dataset, in row-major order. */
uint64_t plan_chunk_number(const struct plan *plan, const struct box *chunk);

/* arrange.c */

/*
 * Put chunks, which are neighbours along the last dimension, into their places
 * in a tile; 'first' is the box of the first of them.  An error, and nothing
 * done, if they lie outside it.
 */
int arrange(const struct plan *plan, const struct box *tile, uint8_t *dst,
	     const struct box *first, uint8_t *const *chunks, unsigned count);

/* The part 'used' of a chunk, without what lies around it. */
void cut_out(unsigned ndim, const uint64_t *chunk, const uint64_t *used,
	     size_t item, const uint8_t *from, uint8_t *to);

/* engine.c */

#define BATCH_CHUNKS	1024		/* most in one batch */
#define BATCH_SIZE	(512u << 10)	/* bytes of data that it aims at */
#define TILE_TARGET	(4u << 20)
#define TILE_LIMIT	(12u << 20)
#define TILE_MEMORY	(40u << 20)	/* of all tiles, unless one is larger */

struct stored {
	size_t at;		/* in the batch's raw bytes */
	size_t size;
	uint32_t mask;		/* of filters that were skipped */
	bool decoded;		/* came through H5Dread */
};

/* One dataset under way. */
struct task {
	atomic_uint users;
	struct reader *reader;
	struct cute_shm_builder *builder;
	char *name;
	void (*done)(void *arg, double waited);
	void *done_arg;
	bool begun;		/* its first batch is there */
	double waited;		/* seconds, of the first batch */
	int fd;			/* of the file, or -1 */
	uint64_t file_offset;	/* contiguous only */
	size_t item;		/* bytes of an element in the file */
	unsigned column_count;
	struct task_column {
		char *path;
		size_t offset;
		struct convert convert;
	} *columns;
	unsigned ndim;		/* chunked only, before dimensions are merged */
	bool partial_plain;	/* no filters on chunks at the edges */
	uint64_t shape[PLAN_DIMS];
	uint64_t grid[PLAN_DIMS];
	uint64_t chunk[PLAN_DIMS];	/* as it is stored, */
	size_t whole_size;		/* bytes of that, */
	uint64_t used[PLAN_DIMS];	/* and its part that the array has */
	bool cut;		/* which is less */
	bool by_parts;		/* libhdf5 reads that part alone */
	struct plan plan;	/* of the used parts */
	struct filter_pipeline pipeline;	/* of whole chunks */
};

/* Memory for a part of a dataset that is gathered before it is written. */
struct tile {
	struct tile *next;
	struct box box;
	atomic_ullong missing;	/* chunks that are not in it yet */
	uint8_t *data;
	size_t capacity;
};

/* A piece of work for one thread, with all memory that it takes. */
struct batch {
	struct batch *next;
	struct task *task;
	pool_job *job;
	bool is_first;		/* of its task */
	struct tile *tile;	/* NULL: written at once */
	struct box box;		/* of the tile, also where that is NULL */
	uint64_t first;		/* of the tile's chunks; of the elements */
	unsigned count;
	struct stored stored[BATCH_CHUNKS];
	uint8_t *decoded[BATCH_CHUNKS];
	uint8_t *raw;		/* guarded */
	size_t raw_capacity;
	uint8_t *data;
	size_t data_capacity;
	uint8_t *whole;		/* a chunk of which a part is used */
	size_t whole_capacity;
	uint8_t *field;		/* a column's piece */
	size_t field_capacity;
	struct filter_scratch scratch;
};

struct reader {
	struct pool *pool;
	unsigned threads;
	int (*tick)(void *arg, uint64_t bytes);
	void *tick_arg;
	atomic_ullong bytes;	/* written */
	pthread_mutex_t lock;
	pthread_cond_t idle;	/* a batch or a tile has come back */
	struct batch *batches;
	unsigned batches_used;
	struct tile *tiles;
	unsigned tiles_used;
	size_t tile_memory;	/* of all tiles */
	int err;		/* the first since the last wait */
	char *message;
	char *culprit;
	atomic_bool failed;
};

int task_new(struct reader *reader, const struct strategy_source *source,
	     struct task **ret);
void task_begin(struct task *task, const struct strategy_source *source);
void task_release(struct task *task);

/* An idle batch or tile; waits for one. */
int batch_get(struct task *task, struct batch **ret);
void batch_put(struct batch *batch);
int tile_get(struct task *task, size_t size, struct tile **ret);
void tile_put(struct reader *reader, struct tile *tile);

/* Let a thread do it.  The error, if any, is the reader's. */
int reader_push(struct reader *reader, pool_job *job, struct batch *batch);

/* Keep the first error, as this dataset's, and stop all work. */
void reader_fail(struct task *task, int err);

/* guarded_buffer.c */

/* Room for 'need' bytes; the first 'used' stay.  Begin with NULL and 0. */
int guarded_grow(uint8_t **data, size_t *capacity, size_t used, size_t need);
void guarded_free(uint8_t *data, size_t capacity);

/* scatter.c */

/* Whether all columns lie in the elements, once their size is known. */
int task_check(const struct task *task);

/* Convert n elements in place, unless fields are to be picked out first. */
void task_convert(const struct task *task, uint8_t *data, uint64_t n);

/* Write n elements from number 'first' on; from any thread. */
int task_write(struct task *task, struct batch *batch, uint64_t first,
	       const uint8_t *data, uint64_t n);

/*
 * Write a box of the array out of a buffer whose own shape is 'dims', in as few
 * pieces as there are.
 */
int task_write_box(struct task *task, struct batch *batch,
		   const struct box *box, const uint64_t *dims,
		   const uint8_t *data);

/* missing_chunk.c */

/*
 * The used part of the chunk at element 'at', by libhdf5: it knows why a chunk
 * cannot be found, and the fill value that applies.  Types are the file's,
 * nothing is converted.
 */
int missing_read(const struct strategy_source *s, const struct task *task,
		 const hsize_t *at, uint8_t *data);

/* ------------------------------------------------------ the strategies */

/* Each sets *fits, and does nothing if that is false. */
int read_contiguous(struct reader *reader, const struct strategy_source *source,
		    hid_t dcpl, bool *fits);
int read_chunks(struct reader *reader, const struct strategy_source *source,
		hid_t dcpl, bool *fits);

/*
 * strategy.c: the first filter that libhdf5 itself does not have, or -1; its
 * name, as the file has it, goes to 'name' unless that is NULL.
 */
int missing_filter(hid_t dcpl, char *name, size_t size);

/* strategy.c: whether H5Dread is to read everything, as tests want it. */
bool strategy_generic(void);

/*
 * stored_check.c: bytes of a chunk up to the end of the last element that the
 * array has of it.
 */
uint64_t chunk_needed(unsigned ndim, const uint64_t *dims,
		      const uint64_t *chunk, const hsize_t *at, uint64_t item);

/*
 * H5Dread_chunk of at least 'size' bytes, and whether that was possible.  The
 * call does not tell how many bytes it wrote: an error if these were fewer.
 */
int chunk_fetch(hid_t dset, const hsize_t *at, uint8_t *raw, uint64_t size,
		uint32_t *mask, bool *readable);

/* Larger chunks without filters libhdf5 does not hold, but reads in parts. */
#define READ_IN_PARTS	(UINT64_C(1) << 20)

/*
 * Whether H5Dread of a block (NULL, NULL: all) reads nothing
 * but what is stored.  An error says which chunk is too short.
 */
int stored_check(hid_t dset, const uint64_t *start, const uint64_t *shape);

/* stored.c: this thread's failure, said of the "chunk at (0, 128)". */
int fail_in_chunk(unsigned ndim, const uint64_t *at, int err);

/* strategy_contiguous.c: less is not worth a hand-over to other threads */
#define CONTIGUOUS_LEAST	(128u << 10)

/* 'size' bytes of the file from 'at' on; from any thread. */
int source_read(int fd, uint8_t *data, size_t size, uint64_t at);

#endif
