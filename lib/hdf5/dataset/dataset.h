/* SPDX-License-Identifier: MIT */
/*
 * A dataset: its extent, how it is stored, the columns that its elements become,
 * and blocks of bounded size to read it in.  Uses base, hdf5/report,
 * hdf5/source, hdf5/type and hdf5/engine.
 */
#ifndef LIB_HDF5_DATASET_DATASET_H
#define LIB_HDF5_DATASET_DATASET_H

#include "hdf5/engine/engine.h"

/* columns.c */

/*
 * A leaf of a type, seen from one element of a dataset: its items lie at
 * 'offset' + the sum of i * stride over the loops, i below each count, and are
 * 'run' bytes each time.  Or, without a leaf, a compound: a group.
 */
struct column {
	const struct type *leaf;
	enum part part;
	char *path;		/* or name of the attribute */
	char **names;		/* group: of the fields that are present */
	size_t name_count;
	size_t offset;
	unsigned loop_count;
	struct {
		uint64_t count;
		size_t stride;
	} loop[MAX_NDIM];
	size_t run;
	uint64_t repeat;	/* lists or items per element, in its array */
	unsigned ndim;		/* of the array it becomes */
	uint64_t shape[MAX_NDIM];
	uint64_t count;		/* product of the shape */
	uint64_t bytes;		/* plain: of its data */
	uint64_t value_count;	/* ragged: items in all */
	uint8_t *kept;		/* plain: its data; ragged: its values */
	uint64_t *kept_offsets;	/* ragged */
};

struct columns {
	struct column *column;
	size_t count, room;
	const char *node;	/* whose attribute: names joined by dots */
};

/*
 * The columns that elements of 'type', in an array of this shape, become, in
 * pre-order.  NULL as shape: a null dataspace.  Those of over 32 dimensions or
 * with a name that is taken are left out, and told.
 */
int columns_get(struct loader *l, const struct type *type, const char *path,
		unsigned ndim, const uint64_t *shape, struct columns *ret);
void columns_free(struct columns *columns);

/*
 * The number of elements; false if that is over 2^64.  A zero anywhere makes it
 * 0, whatever the other dimensions are.
 */
bool shape_product(unsigned ndim, const uint64_t *shape, uint64_t *ret);

/* Copy a plain column's items out of elements that are 'stride' bytes each. */
void column_gather(const struct column *column, const uint8_t *elements,
		   uint64_t count, size_t stride, uint8_t *dst);

/* Lists of a ragged column, collected. */
struct ragged {
	uint64_t *offsets;	/* count + 1, in items */
	uint8_t *values;
	uint64_t count, room;	/* lists */
	uint64_t items, bytes_room;
	uint64_t lost;		/* references that lead to nothing */
	bool counting;		/* the number of items is all that is wanted, */
	uint64_t most;		/* as soon as values take more; 0: never */
};

/* Add the lists of 'count' elements; the caller gives these back. */
int column_collect(const struct column *column, const struct scan *scan,
		   unsigned source, const uint8_t *elements, uint64_t count,
		   size_t stride, struct ragged *r);
/* From now on count only; what was collected is given back. */
void ragged_count(struct ragged *r);
void ragged_free(struct ragged *r);

/* heap.c: memory for lists while they are read */

struct heap {
	hid_t dxpl;		/* makes H5Dread take it from here */
	uint64_t limit, used;
	bool full;		/* why H5Dread failed */
	struct piece *pieces;
};

int heap_begin(struct heap *heap, uint64_t limit);
void heap_reset(struct heap *heap);
void heap_end(struct heap *heap);

/* early_limit.c: memory that the builder reads when it seals */

/* Whether so many bytes more may be held. */
bool keep_room(const struct loader *l, uint64_t bytes);
extern uint64_t keep_lists_max;	/* tests make it smaller */
bool keep_lists_room(const struct loader *l, uint64_t bytes);

/* dataset.c */

struct dataset {
	const struct object *object;
	hid_t id;		/* its owner closes it */
	struct type *type;
	bool null;
	unsigned rank;
	uint64_t dims[MAX_NDIM];
	uint64_t count;		/* elements */
	struct columns columns;
	uint8_t *elements;	/* plain ones, if they were read already */
	bool placed;		/* they lie in one piece of the file, */
	uint64_t offset;	/* here */
	struct names attributes;	/* if they were listed already */
	double seconds;
};

/*
 * What the open object is as a dataset, its columns left out.  SKIP, with the
 * reason in why[WHY_SIZE], when it has no form in a segment.
 */
int dataset_get(struct loader *l, const struct object *object, hid_t id,
		type_gone_fn *gone, void *arg, char *why, struct dataset *ret);
void dataset_free(struct dataset *d);

/* band.c: a dataset in blocks of bounded size */

struct block {
	uint64_t start[MAX_NDIM];
	uint64_t shape[MAX_NDIM];
	uint64_t count;		/* elements */
};

struct bands {
	unsigned rank;
	uint64_t dims[MAX_NDIM];
	uint64_t outer[MAX_NDIM];	/* whole chunks, visited in turn */
	uint64_t inner[MAX_NDIM];	/* pieces of them, read at once */
	struct block cell;		/* of the outer grid */
	struct block block;
	bool started;
};

/*
 * Blocks of at most 'room' elements (at least one element), that follow the
 * chunks if 'chunk' is not NULL, else the order of the elements.
 */
void bands_begin(struct bands *bands, unsigned rank, const uint64_t *dims,
		 const uint64_t *chunk, uint64_t room);
bool bands_next(struct bands *bands);

/*
 * The same, but with less room where blocks would touch more chunks than that:
 * libhdf5 takes kilobytes of memory for each.
 */
#define MOST_CHUNKS	1024
void bands_begin_few(struct bands *bands, unsigned rank, const uint64_t *dims,
		     const uint64_t *follow, const uint64_t *chunk,
		     uint64_t *room);

/*
 * The runs of elements of a block that follow each other in the array: their
 * number and length.  run_start() gives the first element of run i.
 */
uint64_t block_run(const struct bands *bands, const struct block *block);
uint64_t run_start(const struct bands *bands, const struct block *block,
		   uint64_t i);

/* A plain column that has data. */
static inline bool
column_is_plain(const struct column *c)
{
	return c->leaf && c->part == PART_PLAIN && c->bytes > 0;
}

/* early_read.c */

#define SMALL_SIZE	4096

/*
 * What need not be opened again once it is known: a small dataset is read now,
 * of a larger one it is told where it lies; and the names of its attributes, of
 * which it has so many.  NULL: not this one.
 */
struct held *held_new(struct loader *l, const struct dataset *d,
		      hsize_t attributes);
struct held *held_place(struct loader *l, const struct dataset *d);

/* Into a dataset that is not open; frees what is held. */
void held_take(struct loader *l, struct held *held, struct dataset *ret);

/* stored.c: how a dataset is stored */

struct stored_as {
	bool chunked;		/* and then: */
	uint64_t chunk[MAX_NDIM];
	bool is_virtual;
	bool filtered;
};

void stored_get(const struct dataset *d, struct stored_as *ret);

/* H5Dread of a block; lists lie in the heap, until it is used again. */
int stored_read(const struct dataset *d, enum part part, struct heap *heap,
		const struct block *block, void *elements);

/*
 * After that failed: read the chunks of the block one by one, to name the first
 * that fails.  Always an error.
 */
int stored_culprit(const struct dataset *d, enum part part, struct heap *heap,
		   const struct block *block);

/* What H5Dread refused; a filter that is not installed is the usual cause. */
int unreadable_data(hid_t dset);

#endif
