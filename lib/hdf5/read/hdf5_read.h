/* SPDX-License-Identifier: MIT */
/*
 * Read the data of described datasets into reserved memory.  Uses base, build,
 * hdf5/report, hdf5/source, hdf5/type, hdf5/filter, hdf5/engine and
 * hdf5/dataset.
 */
#ifndef LIB_HDF5_READ_HDF5_READ_H
#define LIB_HDF5_READ_HDF5_READ_H

#include "hdf5/dataset/dataset.h"

/* read_small.c: small datasets, without other threads */

/*
 * Read small plain columns now; the builder gets pointers to the data.  On
 * failure no data are kept: read_dataset() may succeed in another way, or
 * reports the error.
 */
void read_small(struct dataset *d);

/*
 * Whether the plain part is so small that threads would not help, and touches
 * so few chunks that one H5Dread can read it.
 */
bool fits_at_once(const struct dataset *d);

/* Read such a plain part by one H5Dread, and write it. */
int read_at_once(struct loader *l, struct dataset *d);

/* Read and write a dataset that is 'placed' in the file, without libhdf5. */
int read_placed(struct loader *l, struct dataset *d);

/* read_dataset.c: data, after their memory was reserved */

/* Data that must still be read, because the builder does not have them yet. */
struct pending {
	size_t object; /* index of the object */
	bool plain, lists;
	struct held *held; /* not to be reopened, or NULL */
};

int read_dataset(struct loader *l, const struct pending *pending);

/*
 * finished.c: datasets that are being read, and the report when they are done
 */

struct under_way {
	struct under_way *next;
	struct loader *l;
	struct dataset d;
	struct pending pending;
	const char *strategy; /* strategy for the plain part */
	double seconds;
};

struct under_way *under_way_new(struct loader *l,
				const struct pending *pending);
void under_way_free(struct under_way *u);

/*
 * The dataset has been read and written, with or without success.  Any thread
 * may call this.  'waited' is the time that other datasets took, in seconds.
 */
void under_way_done(void *under_way, double waited);

/*
 * Report the datasets that are done, if 'well', and free them.  Only one thread
 * may call this.
 */
int under_way_tell(struct loader *l, bool well);

/* read_fast.c: datasets for the strategies of the engine */

/*
 * Read the plain columns.  *fits is false if only H5Dread can read them.  If it
 * is true, threads may still read them; under_way_done() is called at the end.
 */
int read_fast(struct loader *l, struct under_way *u, bool *fits);

/*
 * CUTE_SHM_ERR_SOURCE, as when its data are read, if the open dataset needs a
 * filter that neither libhdf5 nor this library has; else 0.  The columns of the
 * dataset must be known.
 */
int check_filters(const struct dataset *d);

/* prefetch.c: read ahead in the file; prefetch_begin() may return NULL */
struct prefetch *prefetch_begin(struct loader *l);
void prefetch_end(struct prefetch *prefetch);

/* read_fast.c: read all data of all pending objects. */
int read_pending(struct loader *l);

/* read_ragged.c: lists of variable length */

/* Count the items of the ragged columns; keep the items if they are few. */
int ragged_measure(struct loader *l, struct dataset *d);

/* Write the ragged columns that were not kept. */
int ragged_write(struct loader *l, struct dataset *d);

#endif
