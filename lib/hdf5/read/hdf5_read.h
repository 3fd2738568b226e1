/* SPDX-License-Identifier: MIT */
/*
 * Read the data of described datasets into reserved memory.  Uses hdf5/report,
 * hdf5/source, hdf5/type, hdf5/engine and hdf5/dataset.
 */
#ifndef LIB_HDF5_READ_HDF5_READ_H
#define LIB_HDF5_READ_HDF5_READ_H

#include "hdf5/dataset/dataset.h"

/* read_small.c */

/*
 * Read small plain columns at once, to be given to the builder by pointer.
 * When that fails nothing is kept: read_dataset() may know a way, or will say
 * why there is none.
 */
void read_small(struct dataset *d);

/* Whether the plain part is so small that threads would not help... */
bool fits_at_once(const struct dataset *d);

/* ... and then to read it by one H5Dread, and write it. */
int read_at_once(struct loader *l, struct dataset *d);

/* The same without libhdf5, for what is 'placed'. */
int read_placed(struct loader *l, struct dataset *d);

/* read_dataset.c: data, once memory is reserved */

/* Data that must still be read: the builder has none of these parts. */
struct pending {
	size_t object;		/* its index */
	bool plain, lists;
	struct held *held;	/* need not be opened, or NULL */
};

int read_dataset(struct loader *l, const struct pending *pending);

/* finished.c: datasets of which nobody knows yet how long they take */

struct under_way {
	struct under_way *next;
	struct loader *l;
	struct dataset d;
	struct pending pending;
	const char *strategy;	/* of the plain part */
	double seconds;
};

struct under_way *under_way_new(struct loader *l,
				const struct pending *pending);
void under_way_free(struct under_way *u);

/*
 * It is written, well or ill: from any thread.  'waited' seconds of its time
 * were other datasets'.
 */
void under_way_done(void *under_way, double waited);

/* Tell of those that are done, if all is well, and free them; in one thread. */
int under_way_tell(struct loader *l, bool well);

/* read_fast.c: strategy.h's ways, for what they fit */

/*
 * Read the plain columns; *fits is false when only H5Dread will do.  Else they
 * may still be under way: under_way_done() is called when they are not.
 */
int read_fast(struct loader *l, struct under_way *u, bool *fits);

/*
 * Whether the open dataset, whose columns are known, has a filter that neither
 * libhdf5 nor we have: CUTE_SHM_ERR_SOURCE, as when its data are read.
 */
int check_filters(const struct dataset *d);

/* prefetch.c: while data are read; NULL where it is no use */
struct prefetch *prefetch_begin(struct loader *l);
void prefetch_end(struct prefetch *prefetch);

/* All data of all pending objects. */
int read_pending(struct loader *l);

/* read_ragged.c */

/* Count the items of the ragged columns, and keep them if they are few. */
int ragged_measure(struct loader *l, struct dataset *d);

/* Write those that were not kept. */
int ragged_write(struct loader *l, struct dataset *d);

#endif
