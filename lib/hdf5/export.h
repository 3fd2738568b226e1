/* SPDX-License-Identifier: MIT */
/* The state of an export, to one file or to several. */
#ifndef LIB_HDF5_EXPORT_H
#define LIB_HDF5_EXPORT_H

#include "file/file.h"
#include "hdf5/load.h"

struct export
{
	const char *file; /* the one that is written, for messages */
	const char *top;  /* a group, or "": all */
	const struct cute_shm *shm;
	struct cute_shm_info info;
	struct cute_shm_hdf5_export_options opt;
	struct deadline deadline;
	struct process process;
	uint64_t before; /* bytes of data in earlier files */
	struct cute_shm_hdf5_export_result sum;
};

/* export_write.c */

/* Write 'top' to the file that has begun and commit it; ends it in any case. */
int export_write(struct export *e, const char *file, const char *top,
		 struct outfile *out) must_check;

/* Those of outfile_begin() and outfiles_begin(). */
unsigned export_outfile_flags(const struct export *e);

/* export_files.c */

/* Write each group of the root to a file in the folder. */
int export_files(struct export *e, const char *folder) must_check;

#endif
