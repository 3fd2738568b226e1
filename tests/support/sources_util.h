/* SPDX-License-Identifier: MIT */
/* Files that others refer to, and what a load takes from them. */
#ifndef CUTE_SHM_TESTS_SOURCES_UTIL_H
#define CUTE_SHM_TESTS_SOURCES_UTIL_H

#include "hdf5_util.h"

#define ROW  4	  /* elements of "d" in a source, */
#define LONG 3000 /* and of "long" */
#define FILL -7

extern const hsize_t row[1];

/* A file with datasets "d" and "long": value, value + 1, ... */
void make_source(const char *name, int32_t value);

struct mapping {
	const char *file, *dset;
};

/* Each mapping is a row of the virtual dataset 'name'. */
void put_virtual(hid_t file, const char *name, const struct mapping *maps,
		 unsigned count);

/* "s%b.h5": as many rows as there are files, one after the other. */
void put_blocks(hid_t file, const char *name, const char *source);

/* Row 'i' is value, value + 1, ..., or fill values. */
void ck_row(const struct cute_shm *shm, const char *path, unsigned i,
	    int32_t value);

void external_link(hid_t file, const char *other, const char *target,
		   const char *name);

/* Text that is no HDF5 file. */
void put_text(const char *name, const char *text);

/* A dataset "raw" of ROW numbers, half in each of two files. */
void put_raw(hid_t file);

/* Nothing is loaded, and the message has this. */
void ck_refused(unsigned flags, const char *text);

#endif
