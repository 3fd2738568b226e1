/* SPDX-License-Identifier: MIT */
/*
 * HDF5 files as cute-shm projects; what becomes of what is told by
 * cute-shm-hdf5(7).  The rules of <cute_shm.h> hold here too.
 *
 * libhdf5 runs in a child of the calling process, so a file that makes it
 * crash or never end is an error like another one, and no state of a libhdf5
 * that the caller uses itself is touched.  Callbacks are called in the
 * caller's thread.
 */
#ifndef CUTE_SHM_HDF5_H
#define CUTE_SHM_HDF5_H

#include <cute_shm.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

enum {
	CUTE_SHM_HDF5_OVERWRITE   = 1,	/* replace a project of that name */
	CUTE_SHM_HDF5_KEEP_GOING  = 2,	/* leave out what cannot be read */
	CUTE_SHM_HDF5_NO_EXTERNAL = 4,	/* read no file but this one */
	CUTE_SHM_HDF5_REPLACE	  = 8,	/* as CUTE_SHM_REPLACE for builders */
	CUTE_SHM_HDF5_EPHEMERAL	  = 16	/* ends with *handle, see there */
};

struct cute_shm_hdf5_progress {
	uint64_t bytes_done;
	uint64_t bytes_total;	/* 0 while the file is being scanned */
	uint64_t objects;	/* found so far, or in all */
	const char *path;	/* at work on this one */
};

/* An array of the segment to be, or of the one just filled. */
struct cute_shm_hdf5_array {
	const char *path;
	const char *dtype;
	unsigned ndim;
	const uint64_t *shape;
	uint64_t bytes;
	const char *strategy;	/* how it was read; "" in a plan */
	double seconds;		/* that it took; 0 in a plan */
};

/* Something that is not in the segment, or would not be, or not as a whole. */
struct cute_shm_hdf5_skipped {
	const char *path;	/* of an attribute: "a/b@name" */
	const char *reason;
	int failed;		/* 0: has no form in a segment; 1: unreadable */
	/*
	 * 1: it is there, but some of its data were not: sources of a virtual
	 * dataset are missing (fill values instead), or an external raw file
	 * is too short (zeros).
	 */
	int incomplete;
	int changed;		/* 1: it is there, but not as in the file */
};

struct cute_shm_hdf5_options {
	size_t size;
	const char *root;
	unsigned flags;		/* CUTE_SHM_HDF5_... */
	mode_t mode;		/* as in struct cute_shm_build_options */
	const char *group;
	const char *creator;	/* NULL: "libcute_shm_hdf5" and its version */
	unsigned jobs;		/* threads; 0: CPUs this process may use */
	/*
	 * NULL or a list that ends with NULL: fnmatch(3) patterns for paths
	 * without leading slash, where '*' also matches slashes.  select: what
	 * matches is loaded with all below it and the groups above; a pattern
	 * without a match is CUTE_SHM_ERR_NOT_FOUND.  exclude: what matches is
	 * left out with all below it; a pattern without a match is logged.
	 */
	const char *const *select;
	const char *const *exclude;
	/* Callbacks, each may be NULL.  Texts are valid during the call. */
	int (*progress)(const struct cute_shm_hdf5_progress *p, void *arg);
	void (*array)(const struct cute_shm_hdf5_array *array, void *arg);
	void (*skipped)(const struct cute_shm_hdf5_skipped *skipped, void *arg);
	void *arg;
	/*
	 * Where a handle of the project goes, for cute_shm_close(); NULL: none
	 * is wanted.  An ephemeral project needs one: it is the owner, as
	 * cute_shm_builder_publish() says.
	 */
	struct cute_shm **handle;
	/*
	 * Bounds, each with a default where it is 0.  What is over one of them
	 * ends the load with CUTE_SHM_ERR_LIMIT.
	 */
	uint64_t max_memory;	/* bytes of private memory that the child takes;
				   0: 1 GiB or four times the file's blocks,
				   whichever is more, if available */
	uint64_t max_size;	/* bytes of the segment; 0: what fits; no bound
				   of a plan */
	double max_seconds;	/* of wall time; 0: no bound */
};

struct cute_shm_hdf5_result {
	uint64_t arrays;
	uint64_t groups;	/* with the root */
	uint64_t links;
	uint64_t bytes;		/* of data, padding left out */
	uint64_t segment_size;	/* bytes of shared memory; in a plan: about */
	uint64_t skipped;	/* no form in a segment, or incomplete */
	uint64_t failed;	/* unreadable, left out (KEEP_GOING) */
	double seconds;
};

/*
 * Load the HDF5 file 'file' as 'project'.  'progress' is called about ten times
 * a second; a non-zero return cancels (CUTE_SHM_ERR_CANCELLED), nothing is
 * published.  Without KEEP_GOING the first object that cannot be read ends the
 * load (CUTE_SHM_ERR_SOURCE); with it the object is left out and counted in
 * ret->failed, and the call succeeds.  An object that libhdf5 does not come to
 * an end with, for 20 s of CPU time, cannot be read; all such together end the
 * load when they have taken a minute of it (CUTE_SHM_ERR_LIMIT).  'ret' may be
 * NULL.
 *
 * CUTE_SHM_ERR_EXISTS    the project exists, and OVERWRITE is not set
 * CUTE_SHM_ERR_NO_SPACE  does not fit; the message has numbers and remedy
 * CUTE_SHM_ERR_SOURCE    no HDF5 file, damaged, a filter is missing, being
 *                        written, or it or a file behind it changed meanwhile
 * CUTE_SHM_ERR_LIMIT     over a bound: max_memory, max_size, max_seconds
 */
int cute_shm_hdf5_load(const char *project, const char *file,
		       const struct cute_shm_hdf5_options *opt,
		       struct cute_shm_hdf5_result *ret);

/*
 * What a load would do: the same callbacks and sums, but no segment.  It fails
 * where a load would fail for lack of a filter, or of a file.
 */
int cute_shm_hdf5_plan(const char *file,
		       const struct cute_shm_hdf5_options *opt,
		       struct cute_shm_hdf5_result *ret);

/* Bytes of data that the file's arrays have in a segment. */
int cute_shm_hdf5_size(const char *file,
		       const struct cute_shm_hdf5_options *opt, uint64_t *ret);

/* ------------------------------------------------------------- the way back */

struct cute_shm_hdf5_save_options {
	size_t size;
	unsigned flags;		/* CUTE_SHM_HDF5_OVERWRITE: of the file */
	unsigned gzip;		/* level of compression, 1 to 9; 0: none */
	int shuffle;		/* bytes by significance first; helps gzip */
	/*
	 * About so many bytes in a chunk, at most 1 GiB, whole rows where these
	 * are smaller.  0: 1 MiB with gzip or shuffle, else no chunks.  What is
	 * no larger than 4 KiB has none.
	 */
	uint64_t chunk_size;
	unsigned jobs;		/* threads that compress; 0: CPUs */
	int (*progress)(const struct cute_shm_hdf5_progress *p, void *arg);
	void (*skipped)(const struct cute_shm_hdf5_skipped *skipped, void *arg);
	void *arg;
	uint64_t max_memory;	/* bytes of private memory that the child takes;
				   0: what is available */
	double max_seconds;	/* of wall time; 0: no bound */
};

struct cute_shm_hdf5_save_result {
	uint64_t datasets;
	uint64_t groups;	/* with the root */
	uint64_t links;
	uint64_t bytes;		/* of data, before compression */
	uint64_t file_size;
	uint64_t skipped;
	double seconds;
};

/*
 * Write the project as the HDF5 file 'file', from which cute_shm_hdf5_load()
 * makes the same project again: same metadata digest.  cute-shm-export(1)
 * tells what becomes of what.  The file gets its name when it is whole and on
 * the disk, and the permissions that cute_shm_save() gives.  Each array is
 * written as it is between two updates.  Callbacks and 'ret' as for
 * cute_shm_hdf5_load().
 *
 * CUTE_SHM_ERR_EXISTS   the file exists, and OVERWRITE is not set
 * CUTE_SHM_ERR_TORN     an array has no whole value
 * CUTE_SHM_ERR_TIMEOUT  an array is updated all the time
 * CUTE_SHM_ERR_LIMIT    over a bound: max_memory, max_seconds
 * CUTE_SHM_ERR_SYSTEM   the disk is full, or libhdf5 fails otherwise
 */
int cute_shm_hdf5_save(const struct cute_shm *shm, const char *file,
		       const struct cute_shm_hdf5_save_options *opt,
		       struct cute_shm_hdf5_save_result *ret);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
