/* SPDX-License-Identifier: MIT */
/* What the tests of the loader share: files are made, loaded, looked at. */
#ifndef CUTE_SHM_TESTS_HDF5_UTIL_H
#define CUTE_SHM_TESTS_HDF5_UTIL_H

#include <stdbool.h>

#include "hdf5/describe/describe.h"
#include "hdf5/scan/scan.h"
#include "util.h"

/* libhdf5 says a negative number, or the test fails. */
#define ck_h5(call) h5_must((int64_t)(call), #call)
int64_t h5_must(int64_t result, const char *call);

/* Where the files are, which is not the root. */
const char *h5_folder(void);

/* A new file below this test's own root; its path is valid for seven more. */
const char *h5_path(const char *name);
hid_t h5_create(const char *path);

/* The same, called "t.h5"; h5_load() loads that one. */
hid_t h5_begin(void);

/*
 * A dataset whose data are as in the file; NULL: not written.  'dcpl' is
 * closed unless it is H5P_DEFAULT.  A rank below 0: a null dataspace.
 */
void h5_put(hid_t where, const char *name, hid_t type, int rank,
	    const hsize_t *dims, const void *data);
void h5_put_with(hid_t where, const char *name, hid_t type, int rank,
		 const hsize_t *dims, hid_t dcpl, const void *data);
void h5_attr(hid_t where, const char *name, hid_t type, int rank,
	     const hsize_t *dims, const void *data);
void h5_group(hid_t where, const char *name);
void h5_int(hid_t where, const char *name, int32_t value);

/* A copy of 'type' with other fields, as H5Tset_fields() wants them. */
hid_t h5_float(size_t size, size_t precision, size_t spos, size_t epos,
	       size_t esize, size_t msize, size_t bias);

/* What the last load told. */
struct h5_told {
	unsigned skipped, failed, changed, arrays, progress;
	char paths[64][200];	/* of what is not there, or not as it was */
	char reasons[64][1000]; /* paths of files are in some */
	char strategy[64];	/* of the last array with data */
	int stop_after;		/* cancel at this call of progress; 0: never */
	struct cute_shm_hdf5_result result;
};
extern struct h5_told h5_told;

/* Options whose callbacks fill h5_told. */
struct cute_shm_hdf5_options h5_options(unsigned flags);

/* Close the file, load it as project "t", open that. */
struct cute_shm *h5_load(hid_t file);
struct cute_shm *h5_load_with(hid_t file,
			      const struct cute_shm_hdf5_options *opt);

/* That it is not there for this reason, or part of it. */
void ck_gone(const char *path, const char *reason);

/* An array with these data; dims[ndim]. */
void ck_array(const struct cute_shm *shm, const char *path, const char *dtype,
	      unsigned ndim, const uint64_t *dims, const void *data);
void ck_scalar(const struct cute_shm *shm, const char *path, const char *dtype,
	       const void *data);

/* An attribute of the node with these data. */
void ck_attr(const struct cute_shm *shm, const char *path, const char *name,
	     const char *dtype, unsigned ndim, const uint64_t *dims,
	     const void *data);
void ck_no_attr(const struct cute_shm *shm, const char *path, const char *name);

/* Texts, separated by '|', as an array or an attribute. */
void ck_texts(const struct cute_shm *shm, const char *path, const char *texts);
void ck_attr_texts(const struct cute_shm *shm, const char *path,
		   const char *name, const char *texts);

/* The node's kind; CUTE_SHM_LINK also where it leads. */
void ck_group(const struct cute_shm *shm, const char *path);
void ck_link(const struct cute_shm *shm, const char *path, const char *target);
void ck_none(const struct cute_shm *shm, const char *path);

/* Names of the children, in order, separated by spaces. */
void ck_children(const struct cute_shm *shm, const char *path,
		 const char *names);

/* Names of the attributes, in order, one behind the other. */
void ck_attr_names(const struct cute_shm *shm, const char *path,
		   const char *names);

/* Sound, and nothing else in the root; no child left, no descriptor more. */
void ck_clean(struct cute_shm *shm);

/* A dataset "d" and an attribute "a" of the root, alike; what they become. */
void h5_put_both(hid_t file, hid_t type, int rank, const hsize_t *dims,
		 const void *data);
void ck_both(struct cute_shm *shm, const char *dtype, unsigned ndim,
	     const uint64_t *dims, const void *data);

/* That neither has a form, for this reason.  Closes the type. */
void ck_skipped_type(hid_t type, const char *reason);

/* An enum of two; a text, or H5T_VARIABLE ones. */
hid_t h5_enum(hid_t base, const char *name, int value, const char *name2,
	      int value2);
hid_t h5_string(size_t size, H5T_str_t pad, H5T_cset_t charset);

/* An export of the project is loaded as the same one, without a word. */
void ck_again(const struct cute_shm *shm);

#endif
