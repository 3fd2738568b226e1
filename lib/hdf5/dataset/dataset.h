/* SPDX-License-Identifier: MIT */
/*
 * A dataset: its extent, how it is stored, the columns that its elements
 * become, and blocks of bounded size in which it is read.  Uses base,
 * hdf5/host, hdf5/report, hdf5/source, hdf5/type, hdf5/filter and hdf5/engine.
 */
#ifndef LIB_HDF5_DATASET_DATASET_H
#define LIB_HDF5_DATASET_DATASET_H

#include "hdf5/engine/engine.h"

/* columns.c: the columns of a compound, and their items in memory */

/*
 * A column is a leaf of the type.  In one element of the dataset its items lie
 * at 'offset' + the sum of i * stride over the loops, with i below each count,
 * and take 'run' bytes at each place.  A column without a leaf is a compound: a
 * group.
 */
struct column {
	const struct type *leaf;
	enum part part;
	char *path;   /* or name of the attribute */
	char **names; /* group: names of its present fields */
	size_t name_count;
	size_t offset;
	unsigned loop_count;
	struct {
		uint64_t count;
		size_t stride;
	} loop[MAX_NDIM];
	size_t run;
	uint64_t repeat; /* lists or items per element of the dataset */
	unsigned ndim;	 /* of the column's array */
	uint64_t shape[MAX_NDIM];
	uint64_t count;		/* product of the shape */
	uint64_t bytes;		/* plain: bytes of its data */
	uint64_t value_count;	/* ragged: items of all lists */
	uint8_t *kept;		/* data or values that were read, or NULL */
	uint64_t *kept_offsets; /* ragged */
};

struct columns {
	struct column *column;
	size_t count, room;
	const char *node; /* of an attribute: names joined by dots */
};

/*
 * Find the columns of 'type' in an array of this shape, in pre-order.  A NULL
 * shape is a null dataspace.  Columns with over 32 dimensions, or with a name
 * that exists already, are reported as skipped.
 */
int columns_get(struct loader *l, const struct type *type, const char *path,
		unsigned ndim, const uint64_t *shape, struct columns *ret);
void columns_free(struct columns *columns);

/*
 * The number of elements; false if it exceeds 64 bits.  If one dimension is
 * zero, the number is 0, whatever the others are.
 */
bool shape_product(unsigned ndim, const uint64_t *shape, uint64_t *ret);

/* Copy a plain column's items out of elements of 'stride' bytes each. */
void column_gather(const struct column *column, const uint8_t *elements,
		   uint64_t count, size_t stride, uint8_t *dst);

/* ragged.c: lists, collected from elements in memory */

/* The collected lists of a ragged column. */
struct ragged {
	uint64_t *offsets; /* count + 1 of them, in items */
	uint8_t *values;
	uint64_t count, room; /* lists */
	uint64_t items, bytes_room;
	uint64_t lost; /* references that lead to no object */
	bool counting; /* only count the items; also */
	uint64_t most; /* if values take more; 0: no limit */
};

/*
 * Add the lists of 'count' elements.  The caller frees the elements and their
 * lists.
 */
int column_collect(const struct column *column, const struct scan *scan,
		   unsigned source, const uint8_t *elements, uint64_t count,
		   size_t stride, struct ragged *r);
/*
 * Make room for so many lists more, and for 'bytes' of values in all and 'more'
 * behind them; if 'bytes' exceeds r->most, only count from now on.
 */
int ragged_reserve(struct ragged *r, uint64_t lists, uint64_t bytes,
		   uint64_t more);
/* Free what was collected, and only count from now on. */
void ragged_count(struct ragged *r);
void ragged_free(struct ragged *r);

/* heap.c: memory for the lists that H5Dread reads */

struct heap {
	hid_t dxpl;		   /* of heap_dxpl() */
	struct native_lists lists; /* of a dataset that the index knows */
	uint64_t limit, used;
	bool full; /* H5Dread failed because of the limit */
	struct piece *pieces;
};

void heap_begin(struct heap *heap, uint64_t limit);
/* Lets H5Dread use this heap; negative on failure. */
hid_t heap_dxpl(struct heap *heap);
void heap_reset(struct heap *heap);
void heap_end(struct heap *heap);

/* early_limit.c: how much may be kept until the builder seals */

/* Whether 'bytes' more bytes of plain data, or of lists, may be kept. */
bool keep_room(const struct loader *l, uint64_t bytes);
extern uint64_t keep_lists_max; /* tests make it smaller */
bool keep_lists_room(const struct loader *l, uint64_t bytes);

/* dataset.c: type and extent */

struct dataset {
	const struct object *object;
	hid_t id;    /* open dataset, or invalid: see dataset_id(); */
	bool own_id; /* closed by dataset_free(), else by its owner */
	struct scan *scan;
	/* What the index knows; NULL: libhdf5 must read it. */
	const struct native_dataset *native;
	struct native_dataset form; /* 'native' is this: do not copy */
	struct native *index;
	struct chunk_table chunks;
	int fd; /* of the file */
	struct type *type;
	bool null;
	unsigned rank;
	uint64_t dims[MAX_NDIM]; /* of what is selected of it, */
	uint64_t count;		 /* and its elements */
	struct slice *slice;	 /* what is selected, or NULL: all */
	struct columns columns;
	uint8_t *elements;	 /* plain ones, if they were read early */
	bool placed;		 /* they are contiguous in the file, */
	uint64_t offset;	 /* at this offset */
	struct names attributes; /* names, if they were listed early */
	double seconds;
};

/*
 * Describe the open object as a dataset, without its columns.  Returns SKIP,
 * with the reason in why[WHY_SIZE], if the dataset has no form in a segment.
 */
int dataset_get(struct loader *l, const struct object *object, hid_t id,
		type_gone_fn *gone, void *arg, char *why, struct dataset *ret);
void dataset_free(struct dataset *d);

/* The open dataset; opened by the first call if it is not. */
hid_t dataset_id(const struct dataset *d);

/* Why libhdf5 reads the dataset; "" if it does not. */
const char *dataset_library(const struct dataset *d);

/*
 * Like dataset_get(), by the index.  Also returns NOT_NATIVE, and sets
 * object->native to NULL, if libhdf5 must read the dataset.
 */
#define NOT_NATIVE 2
int dataset_native(struct loader *l, struct object *object, type_gone_fn *gone,
		   void *arg, char *why, struct dataset *ret);

/* Find its columns; see columns_get(). */
int dataset_columns(struct loader *l, struct dataset *d);

/* band.c: blocks of bounded size */

struct block {
	uint64_t start[MAX_NDIM];
	uint64_t shape[MAX_NDIM];
	uint64_t count; /* elements */
};

struct bands {
	unsigned rank;
	uint64_t dims[MAX_NDIM];
	uint64_t outer[MAX_NDIM]; /* whole chunks, one after the other */
	uint64_t inner[MAX_NDIM]; /* parts of them, each read at once */
	struct block cell;	  /* of the outer grid */
	struct block block;
	bool started;
};

/*
 * Divide a dataset into blocks of at most 'room' elements, at least one.  The
 * blocks follow the chunks if 'chunk' is not NULL, else the order of the
 * elements.
 */
void bands_begin(struct bands *bands, unsigned rank, const uint64_t *dims,
		 const uint64_t *chunk, uint64_t room);
bool bands_next(struct bands *bands);

/*
 * Like bands_begin(), but reduce *room until no block touches more than
 * MOST_CHUNKS chunks: libhdf5 needs kilobytes of memory for each.
 */
#define MOST_CHUNKS 1024
void bands_begin_few(struct bands *bands, unsigned rank, const uint64_t *dims,
		     const uint64_t *follow, const uint64_t *chunk,
		     uint64_t *room);

/*
 * A run is a sequence of a block's elements that are adjacent in the array.
 * block_run() returns the elements in a run, run_start() the index in the array
 * of the first element of run i.
 */
uint64_t block_run(const struct bands *bands, const struct block *block);
uint64_t run_start(const struct bands *bands, const struct block *block,
		   uint64_t i);

/* Whether the column is plain and has data. */
static inline bool
column_is_plain(const struct column *c)
{
	return c->leaf && c->part == PART_PLAIN && c->bytes > 0;
}

/* early_read.c: datasets that need not be reopened */

#define SMALL_SIZE 4096

/*
 * Read an open dataset early, so that it need not be reopened: the data of a
 * small one; of a larger one that is contiguous, the offset of its data.  Also
 * list the names of its attributes, whose number is 'attributes'.  NULL if this
 * cannot be done.
 */
struct held *held_new(struct loader *l, const struct dataset *d,
		      hsize_t attributes);
/* Record the offset of the data only. */
struct held *held_place(struct loader *l, const struct dataset *d);

/* Move the early results into *ret, a dataset that is not open; free 'held'. */
void held_take(struct loader *l, struct held *held, struct dataset *ret);

/* elements.c: data of a dataset */

/*
 * H5Dread, by filters_read().  It also fails, with libhdf5's error set, if the
 * source of a virtual dataset cannot be opened any more.
 */
herr_t elements_read(hid_t dset, hid_t type, hid_t mem, hid_t space, hid_t dxpl,
		     void *elements);

/* native_block.c: blocks without libhdf5 */

/*
 * Read a box of elements, 'step' apart, of a dataset that the index knows.
 * False, without a message, if that fails: let libhdf5 read it.
 */
bool native_read(struct dataset *d, enum part part, const uint64_t *first,
		 const uint64_t *step, const uint64_t *shape, uint64_t count,
		 struct native_lists *lists, uint8_t *to);

/*
 * Forget what is kept of the dataset's last chunk for the next block: its index
 * may be freed now.
 */
void native_forget(const struct native_dataset *d);

/* The same for all elements of a plain dataset that is not sliced. */
bool native_read_all(struct dataset *d, uint8_t *to);

/*
 * The same for elements as they are in the file, 'to' has room for them.  It
 * needs a dataset that the index knows.
 */
bool native_elements(struct dataset *d, const uint64_t *first,
		     const uint64_t *step, const uint64_t *shape,
		     uint64_t count, uint8_t *to);

/* native_lists.c: lists without libhdf5, straight from the file's heaps */

/* Whether the dataset has nothing but lists that can be collected so. */
bool native_lists_fit(const struct dataset *d);

/*
 * A bound of the bytes that the lists of these elements have, which are as in
 * the file: their texts may end earlier.
 */
uint64_t native_lists_most(const struct dataset *d, const uint8_t *elements,
			   uint64_t count);

/*
 * Like column_collect(), of elements as they are in the file.  NO_OPINION, with
 * *r as before or only counting, if libhdf5 must read them.
 */
int native_lists_collect(struct dataset *d, const uint8_t *elements,
			 uint64_t count, struct ragged *r);

/* Free what these calls keep of the heaps. */
void native_lists_end(struct dataset *d);

/* stored.c: how a dataset is stored */

struct stored_as {
	bool chunked; /* then 'chunk' is set */
	uint64_t chunk[MAX_NDIM];
	uint64_t part[MAX_NDIM]; /* about so much of one is selected */
	bool is_virtual;
	bool filtered;
};

void stored_get(const struct dataset *d, struct stored_as *ret);

/* H5Dread of a block.  Lists lie in the heap until it is used again. */
int stored_read(const struct dataset *d, enum part part, struct heap *heap,
		const struct block *block, void *elements);

/*
 * Read a block's elements as they are in the file, of a dataset that the index
 * knows; false if libhdf5 must read them.
 */
bool stored_native(const struct dataset *d, const struct block *block,
		   uint8_t *elements);

/*
 * Call this after stored_read() failed.  It reads the chunks of the block one
 * by one, and names the first that fails.  It always returns an error.
 */
int stored_culprit(const struct dataset *d, enum part part, struct heap *heap,
		   const struct block *block);

/* Set the error for a failed H5Dread.  The usual cause is a missing filter. */
int unreadable_data(hid_t dset);

#endif
