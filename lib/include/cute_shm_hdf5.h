/* SPDX-License-Identifier: MIT */
/*
 * HDF5 files as cute-shm projects; cute-shm-hdf5(7) lists how each HDF5 type
 * and object is mapped.  The rules of <cute_shm.h> hold here, too.
 *
 * libhdf5 runs in a process of its own: the program cute-shm-reader, which the
 * library starts for each call and ends.  So a file that makes libhdf5 crash or
 * run for ever gives an ordinary error.  The calling process is not forked, and
 * no libhdf5 is loaded into it: the calls are safe in programs with threads,
 * with large mappings, and with a libhdf5 of their own; several threads may
 * call at the same time.  Callbacks run on the caller's thread.
 *
 * The program is the one that was installed with the library, or one in the
 * same place relative to it; the environment variable CUTE_SHM_READER names
 * another one, which must have the same version.  CUTE_SHM_ERR_SYSTEM: it is
 * missing, or does not run.
 */
#ifndef CUTE_SHM_HDF5_H
#define CUTE_SHM_HDF5_H

#include <cute_shm.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

enum {
	CUTE_SHM_HDF5_OVERWRITE = 1,   /* replace the project or file */
	CUTE_SHM_HDF5_KEEP_GOING = 2,  /* leave out unreadable objects */
	CUTE_SHM_HDF5_NO_EXTERNAL = 4, /* read no other files */
	CUTE_SHM_HDF5_REPLACE = 8,     /* as CUTE_SHM_REPLACE for builders */
	CUTE_SHM_HDF5_EPHEMERAL = 16,  /* the project ends with *handle */
	CUTE_SHM_HDF5_ENSURE = 32,     /* load only if not current */
	CUTE_SHM_HDF5_WAIT = 64,       /* wait while others load it */
	CUTE_SHM_HDF5_NO_VIEW = 128,   /* as CUTE_SHM_NO_VIEW for builders */
	CUTE_SHM_HDF5_REUSE = 256      /* with ENSURE: copy what is current */
};

struct cute_shm_hdf5_progress {
	uint64_t bytes_done;
	uint64_t bytes_total; /* 0 while the file is being scanned */
	uint64_t objects;     /* found so far; after the scan: all */
	const char *path;     /* the object being worked on */
	uint64_t reserved[4];
};

/* An array that has been loaded, or, in a plan, would be. */
struct cute_shm_hdf5_array {
	const char *path;
	const char *dtype;
	unsigned ndim;
	const uint64_t *shape;
	uint64_t bytes;	      /* of data */
	const char *strategy; /* the method of reading; "" in a plan; "reused":
			       * copied from the old project */
	double seconds;	      /* time of reading; 0 in a plan */
	const char *libhdf5;  /* why libhdf5 read it; "" if it did not */
	uint64_t reserved[3];
};

/*
 * An object or attribute that is missing in the segment (in a plan: would be),
 * or differs there from the file.
 */
struct cute_shm_hdf5_skipped {
	const char *path; /* attribute: "a/b@name" */
	const char *reason;
	int failed; /* 1: unreadable; 0: cannot be represented */
	/*
	 * 1: the array is there, but its source lacked some data: files of a
	 * virtual dataset are missing (the array has fill values), or an
	 * external raw file is too short (it has zeros).
	 */
	int incomplete;
	int changed; /* 1: it is there, but differs from the file */
	uint64_t reserved[4];
};

/*
 * A segment that is being loaded, for programs that pass it on to other
 * machines.  Of one load the callback gets, in this order:
 *
 *   ROOM     the segment will have 'size' bytes at most, and there is room for
 *            them.  Again if a reader is replaced: the segment is a new one.
 *   FINAL    'bytes' bytes at 'offset' have their last value; many times, in
 *            any order.  They are reported again if they change nevertheless.
 *   SEALED   all its 'size' bytes, which may be fewer now, have their last
 *            value; only the name is missing, which it gets after the callback.
 *
 * or only CURRENT: with ENSURE, nothing is loaded.  'fd' is to be read with
 * pread(); it is the library's and valid during the callback, so keep a copy of
 * it (fcntl(fd, F_DUPFD_CLOEXEC, 3)).  The segment must not be mapped.
 */
struct cute_shm_hdf5_part {
	int what; /* CUTE_SHM_HDF5_PART_... */
	int fd;	  /* for reading; CURRENT: -1 */
	uint64_t size;
	uint64_t offset, bytes; /* FINAL */
	/* What cute_shm_load_begin() needs; valid during the callback. */
	const char *source; /* absolute */
	uint64_t source_size;
	uint64_t source_mtime_ns;
	const char *options;
	uint64_t reserved[4];
};

enum {
	CUTE_SHM_HDF5_PART_ROOM = 1,
	CUTE_SHM_HDF5_PART_FINAL,
	CUTE_SHM_HDF5_PART_SEALED,
	CUTE_SHM_HDF5_PART_CURRENT
};

struct cute_shm_hdf5_options {
	size_t size;
	const char *root; /* as in struct cute_shm_open_options */
	unsigned flags;	  /* CUTE_SHM_HDF5_... */
	mode_t mode;	  /* as in struct cute_shm_build_options */
	const char *group;
	const char *creator; /* NULL: "libcute_shm_hdf5" and its version */
	unsigned jobs;	     /* threads; 0: CPUs this process may use */
	/*
	 * NULL or a list that ends with NULL: fnmatch(3) patterns for paths
	 * without leading slash, where '*' also matches slashes.  select: what
	 * matches is loaded with all below it and the groups above; a pattern
	 * without a match is CUTE_SHM_ERR_NOT_FOUND.  exclude: what matches is
	 * left out with all below it; a pattern without a match is logged.
	 *
	 * A pattern of select may end with a NumPy slice, "x[0:1000, ::2]": of
	 * each array that matches, or lies below, only that is read and loaded.
	 * A pattern with a slice prevails over those without.  If a slice does
	 * not fit an array, if two that differ match one, or with a negative
	 * step: CUTE_SHM_ERR_INVALID.  What was selected and excluded is kept
	 * in the root's attribute "cute-shm:selection".
	 */
	const char *const *select;
	const char *const *exclude;
	/* Callbacks; each may be NULL.  Texts are valid during the call. */
	int (*progress)(const struct cute_shm_hdf5_progress *p, void *arg);
	void (*array)(const struct cute_shm_hdf5_array *array, void *arg);
	void (*skipped)(const struct cute_shm_hdf5_skipped *skipped, void *arg);
	void *arg;
	/*
	 * NULL, or the place for a handle of the project; the caller closes it
	 * with cute_shm_close().  An ephemeral project needs one: the handle
	 * owns the project, see cute_shm_builder_publish().
	 */
	struct cute_shm **handle;
	/*
	 * Bounds; 0 is the default of each.  A load that exceeds one ends with
	 * CUTE_SHM_ERR_LIMIT.
	 */
	uint64_t max_memory; /* bytes of private memory of the reader; 0: the
				   larger of 1 GiB and four times the disk
				   blocks of the file, if available */
	uint64_t max_size;   /* bytes of the segment; 0: no bound; a plan
				   ignores it */
	double max_seconds;  /* of wall time, without waits; 0: no bound */
	/*
	 * For ENSURE and WAIT: seconds to wait for other processes; 0: no
	 * bound.  'waiting' is called about five times a second during a wait;
	 * non-zero ends it with CUTE_SHM_ERR_CANCELLED.  If it is NULL,
	 * 'progress' is called instead, with the other process's bytes.
	 */
	double timeout;
	int (*waiting)(const struct cute_shm_load_info *other, void *arg);
	/*
	 * NULL, or called with each part of the segment; non-zero ends the load
	 * with CUTE_SHM_ERR_CANCELLED.  With ENSURE, a file that changes during
	 * the load then makes it fail.  Needs /proc.
	 */
	int (*part)(const struct cute_shm_hdf5_part *part, void *arg);
	/*
	 * For cute_shm_hdf5_load_files(): if 'shares' is not 0, the files are
	 * share number 'share', from 0, of so many, of which each is a project
	 * on a node of its own.  It is kept in the root's attribute
	 * "cute-shm:share", two <u8, and ENSURE compares it.
	 */
	unsigned share, shares;
};

struct cute_shm_hdf5_result {
	uint64_t arrays;
	uint64_t groups; /* with the root */
	uint64_t links;
	uint64_t bytes;	       /* of data, without padding */
	uint64_t segment_size; /* bytes of shared memory; in a plan: about */
	uint64_t skipped;      /* not representable, or incomplete */
	uint64_t failed;       /* unreadable, left out (KEEP_GOING) */
	double seconds;	       /* of wall time */
	uint64_t current;      /* 1: it was current, nothing was loaded */
	uint64_t files;	       /* of a call for several files; else 0 */
	uint64_t partial; /* 1: KEEP_GOING left something out, now or then */
	uint64_t reused;  /* of the files: copied from the old project, */
	uint64_t reused_bytes; /* so many of data */
	uint64_t reserved[1];
};

/*
 * Load the HDF5 file 'file' as 'project'.  'progress' is called about ten times
 * a second; if it returns non-zero, the load ends with CUTE_SHM_ERR_CANCELLED
 * and publishes nothing.  Without KEEP_GOING the first unreadable object ends
 * the load (CUTE_SHM_ERR_SOURCE); with it the object is left out and counted in
 * ret->failed, and the call succeeds.  An object on which libhdf5 has spent
 * 20 s of CPU time without a result counts as unreadable; when all such objects
 * together have taken 60 s, the load ends (CUTE_SHM_ERR_LIMIT).  'ret' may be
 * NULL.
 *
 * Only one process at a time loads a project; see cute_shm_load_begin().  With
 * ENSURE the call returns 0 when the project holds the file as it is now: it
 * loads nothing if that is so already (same path, size and time of modification
 * of the file, and of each other file that took part, as the target of an
 * external link, as raw file or as source of a virtual dataset; same select,
 * exclude, KEEP_GOING and NO_EXTERNAL), waits for another process that loads
 * it, and else loads and replaces it.  If KEEP_GOING left something out when
 * the project that is current was loaded, ret->partial is 1.  If the file
 * changes meanwhile, the load begins again.  With EPHEMERAL, too, each handle
 * that is got in this way owns the project, which ends with the last one.
 *
 * CUTE_SHM_ERR_BUSY      another process loads it; neither ENSURE nor WAIT
 * CUTE_SHM_ERR_TIMEOUT   another process still loads it after 'timeout'
 * CUTE_SHM_ERR_EXISTS    the project exists, and OVERWRITE is not set
 * CUTE_SHM_ERR_NO_SPACE  does not fit; the message has numbers and a remedy
 * CUTE_SHM_ERR_SOURCE    the file is not HDF5, damaged or being written; it or
 *                        a file that it refers to changed during the load; or a
 *                        filter is missing
 * CUTE_SHM_ERR_LIMIT     exceeds max_memory, max_size or max_seconds
 */
int cute_shm_hdf5_load(const char *project, const char *file,
		       const struct cute_shm_hdf5_options *opt,
		       struct cute_shm_hdf5_result *ret);

/*
 * Report what cute_shm_hdf5_load() would do: the same callbacks and counts, but
 * no segment.  'ret' may be NULL.  The errors are those of a load, as far as
 * they show without reading the data: missing files and filters do.
 */
int cute_shm_hdf5_plan(const char *file,
		       const struct cute_shm_hdf5_options *opt,
		       struct cute_shm_hdf5_result *ret);

/* A file to be loaded as a group. */
struct cute_shm_hdf5_source {
	const char *name; /* of the group; NULL: the file's, without ending */
	const char *file; /* its path; without a name, it may be a folder */
};

/*
 * Load several HDF5 files as one project, in which each is a group of the root,
 * in this order.  A folder stands for all regular files below it whose names
 * end in .h5, .hdf5, .hdf, .he5, .h5ad, .nc4 or .jld2, in natural order ("a2"
 * before "a10"); names that begin with a dot are passed over, and links to
 * folders not followed.  What a group cannot be called is changed as in names
 * of HDF5 links.  Each group has three attributes: "cute-shm:source", the
 * file's absolute path, "cute-shm:source-size" and "cute-shm:source-mtime-ns";
 * if other files took part, three more list them, see cute-shm(5).
 * The paths of select, exclude and the callbacks begin with the group's name.
 * All else is as for cute_shm_hdf5_load(); with KEEP_GOING a file that cannot
 * be read is left out, without it the first ends the load.  ENSURE compares all
 * names, paths, sizes and times.
 *
 * With ENSURE and REUSE the groups of files that have not changed are copied
 * from the old project, if that was loaded with the same options, and if they
 * share no object and no file with another group; the others are read.  The
 * copies are compared with the digests of the old project; a group whose copy
 * differs, or in which an array was updated in place, is read after all.  The
 * segment is the same, byte for byte, as if all were read.  'skipped' is not
 * called for what was left out of a copied group.  REUSE without ENSURE is
 * CUTE_SHM_ERR_INVALID; it does nothing for one file, and with 'part'.
 *
 * CUTE_SHM_ERR_INVALID  no files; two with the same name; one file twice
 */
int cute_shm_hdf5_load_files(const char *project,
			     const struct cute_shm_hdf5_source *sources,
			     size_t count,
			     const struct cute_shm_hdf5_options *opt,
			     struct cute_shm_hdf5_result *ret);

/* As cute_shm_hdf5_plan(), for several files. */
int cute_shm_hdf5_plan_files(const struct cute_shm_hdf5_source *sources,
			     size_t count,
			     const struct cute_shm_hdf5_options *opt,
			     struct cute_shm_hdf5_result *ret);

/*
 * The bytes of data that the arrays of the file would have in a segment,
 * without padding: result.bytes of cute_shm_hdf5_plan(), with its errors.
 */
int cute_shm_hdf5_size(const char *file,
		       const struct cute_shm_hdf5_options *opt, uint64_t *ret);

/*
 * What the program that reads HDF5 files can do.  All members are texts, valid
 * during the callback.
 *
 *   kind        name           value                     package
 *   "reader"    ""             the program's file        ""
 *   "libhdf5"   ""             its version               ""
 *   "filter"    "gzip", ...    "own": decoded by the     Debian's package to
 *                              program; "libhdf5": by    build with, if "own"
 *                              it or a plugin; "no"      is possible; or ""
 *   "sandbox"   ""             what the kernel offers    ""
 */
struct cute_shm_hdf5_fact {
	const char *kind;
	const char *name;
	const char *value;
	const char *package;
	uint64_t reserved[4];
};

typedef void cute_shm_hdf5_fact_fn(const struct cute_shm_hdf5_fact *fact,
				   void *arg);

/*
 * Start that program, and call 'fact' for each of these.  CUTE_SHM_ERR_SYSTEM
 * if it, or libhdf5, is missing or has another version.
 */
int cute_shm_hdf5_about(cute_shm_hdf5_fact_fn *fact, void *arg);

/* ------------------------------------------------------------------- saving */

struct cute_shm_hdf5_export_options {
	size_t size;
	unsigned flags; /* CUTE_SHM_HDF5_OVERWRITE: replace the file */
	unsigned gzip;	/* compression level, 1 to 9; 0: none */
	int shuffle;	/* 1: the shuffle filter, which helps gzip */
	/*
	 * Approximate bytes of a chunk, at most 1 GiB; a chunk has whole rows
	 * if these are smaller.  0: 1 MiB with gzip or shuffle, else no chunks.
	 * Datasets of up to 4 KiB have no chunks.
	 */
	uint64_t chunk_size;
	unsigned jobs; /* threads that compress; 0: CPUs */
	int (*progress)(const struct cute_shm_hdf5_progress *p, void *arg);
	void (*skipped)(const struct cute_shm_hdf5_skipped *skipped, void *arg);
	void *arg;
	uint64_t max_memory; /* bytes of private memory of the reader; 0: all
				   that is available */
	double max_seconds;  /* of wall time; 0: no bound */
};

struct cute_shm_hdf5_export_result {
	uint64_t datasets;
	uint64_t groups; /* with the root */
	uint64_t links;
	uint64_t bytes;	    /* of data, before compression */
	uint64_t file_size; /* bytes */
	uint64_t skipped;   /* HDF5 cannot represent them */
	double seconds;	    /* of wall time */
	uint64_t files;	    /* of cute_shm_hdf5_export_files(); else 0 */
	uint64_t reserved[3];
};

/*
 * Write the project to the HDF5 file 'file'.  cute_shm_hdf5_load() makes the
 * same project from it again, with the same metadata digest; cute-shm-export(1)
 * lists how each node is written.  The file gets its name when it is complete
 * and on the disk, and the permissions that cute_shm_export() gives.  Updates
 * may go on: each array is saved as it is between two updates.  'ret' may be
 * NULL; the callbacks are those of cute_shm_hdf5_load().
 *
 * CUTE_SHM_ERR_EXISTS   the file exists, and OVERWRITE is not set
 * CUTE_SHM_ERR_TORN     a writer died while it updated an array
 * CUTE_SHM_ERR_TIMEOUT  an array is being updated all the time
 * CUTE_SHM_ERR_LIMIT    exceeds max_memory or max_seconds
 * CUTE_SHM_ERR_SYSTEM   the disk is full, or libhdf5 fails
 */
int cute_shm_hdf5_export(const struct cute_shm *shm, const char *file,
			 const struct cute_shm_hdf5_export_options *opt,
			 struct cute_shm_hdf5_export_result *ret);

/*
 * The way back of cute_shm_hdf5_load_files(): write each group of the root to a
 * file of its own in the folder, which must exist.  The file is named like the
 * one that the group is from, if the group is named by that; else group "a" is
 * written to "a.h5".  What the load put on the groups, such as
 * "cute-shm:source", is left out.  A link to another group becomes an external
 * link.
 *
 * Files that are there are overwritten with CUTE_SHM_HDF5_OVERWRITE only, and
 * symbolic links never.  All files appear when the last one is complete; after
 * an error none is new, and those that were there are as they were.  If the
 * process is killed, a folder ".cute-shm-files.XXXXXX" may stay, which the next
 * call for that folder removes.  *ret has the sums.
 *
 * CUTE_SHM_ERR_INVALID  the root has other children than groups of files; or a
 *                       file cannot be replaced
 * CUTE_SHM_ERR_EXISTS   a file exists
 */
int cute_shm_hdf5_export_files(const struct cute_shm *shm, const char *folder,
			       const struct cute_shm_hdf5_export_options *opt,
			       struct cute_shm_hdf5_export_result *ret);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
