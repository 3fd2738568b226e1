/* SPDX-License-Identifier: MIT */
/* Datasets to be read by the strategies, and by H5Dread to compare. */
#ifndef STRATEGY_UTIL_H
#define STRATEGY_UTIL_H

#include "hdf5/dataset/dataset.h"
#include "util.h"

/* A dataset to be made; zeros are the usual. */
struct kind {
	const char *how; /* strategy that it has to take, or NULL */
	hid_t type;	 /* in the file */
	hid_t mem_type;	 /* 0: the same */
	unsigned ndim;
	hsize_t dims[4];
	hsize_t chunk[4];    /* 0: contiguous */
	const char *filters; /* as in test_filter.c */
	hsize_t stored;	     /* rows that are written; 0: all */
	hsize_t userblock;
	bool plain_edges; /* chunks at the edges without filters */
	bool no_fill;	  /* time of filling: never */
};

/* The type as the index describes it. */
const struct native_type *described(hid_t type);

/* Bytes of all elements in that type. */
size_t bytes_as(const struct kind *k, hid_t type);

/* A file with the dataset "d" of that kind; it is overwritten by the next. */
const char *make_file(const struct kind *k);

/* A builder that waits for as many bytes of the array "d". */
struct cute_shm_builder *builder_for(size_t size);

/* Read it with 'jobs' threads; the bytes that came out, or NULL with *err. */
uint8_t *read_with(const struct kind *k, hid_t dset, unsigned jobs,
		   const char **how, int *err);

/* Made, and read with one thread and with three, it is what H5Dread reads. */
void check_same(const struct kind *k);

#endif
