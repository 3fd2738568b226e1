/* SPDX-License-Identifier: MIT */
/* The files that libhdf5 has open, for the driver only. */
#ifndef LIB_HDF5_SOURCE_OPENED_H
#define LIB_HDF5_SOURCE_OPENED_H

#include "hdf5/source/source.h"

#if defined(__has_include)
#if __has_include(<H5FDdevelop.h>)
#include <H5FDdevelop.h>
#endif
#endif

struct opened {
	H5FD_t public;
	int fd; /* -1: closed for now, reopened when needed */
	struct stat st;
	haddr_t eoa;
	haddr_t heap_end;     /* of a heap in older form that was read, or 0 */
	unsigned length_size; /* for older_heap.c */
	struct opened *older, *newer; /* list of files with a descriptor */
	char path[];
};

/* opened.c */

/*
 * Open a file for libhdf5.  If that fails, libhdf5's error is set, the reason
 * is kept for file_driver_failure(), and *gone is whether there is no such
 * file.
 */
struct opened *opened_new(const char *path, bool *gone);

/* Make sure that the file has a descriptor; 0, or an error. */
int opened_descriptor(struct opened *f);

/* Set libhdf5's error; the path may be NULL. */
void opened_fail(const char *path, int error);

#endif
