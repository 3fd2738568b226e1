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
	unsigned length_size; /* these are for older_shown.c */
	bool ordered;
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

/* older_shown.c: what is shown to an older libhdf5 */

/* Call this when libhdf5 is open. */
void older_begin(void);

/*
 * Read 'size' bytes at offset 'at' of a file, if they are those of a collection
 * that has an older form; 'is_data' is whether they may be.  Call this for
 * each read.
 */
bool older_read(struct opened *opened, bool is_data, uint64_t at, uint64_t size,
		void *to);

/*
 * libhdf5 has read these bytes of the file.  If they are those of a collection
 * or of an object header that needs an old form, put that in their place.
 */
void older_see(struct opened *opened, bool is_data, uint64_t at, uint64_t size,
	       void *bytes);

#endif
