/* SPDX-License-Identifier: MIT */
/*
 * Walk over all links of a file, and check the other files from which the
 * datasets read; find what of an old project is of use.  Uses base, format,
 * read, hdf5/host, hdf5/channel, hdf5/report, hdf5/source, hdf5/engine and
 * hdf5/dataset.
 */
#ifndef LIB_HDF5_SCAN_SCAN_H
#define LIB_HDF5_SCAN_SCAN_H

#include "hdf5/dataset/dataset.h"

/* outside_files.c: what a dataset reads from other files */

/*
 * Check the external raw files and the sources of a virtual dataset, and report
 * those that are missing.  Returns SKIP, after reporting it, if the dataset
 * must not be read; CUTE_SHM_ERR_SOURCE if it cannot be read.
 */
int outside_check(struct loader *l, const char *path, hid_t id);

/* links.c: the links of a group */

/*
 * Get the links of a group, by the index, or, if that is NULL, of an open one,
 * without those that are not wanted.  A link
 * whose path is taken is reported, and becomes LINK_NONE.  If the links cannot
 * be read, the call fails; with KEEP_GOING it reports that and returns no
 * links.
 */
int links_get(struct loader *l, const struct native_object *native, hid_t group,
	      const char *path, struct link **ret, uint32_t *count);

/* open_native.c: the files of the load, without libhdf5 */

/*
 * Open a file and make its index.  'before' is its status when the load began.
 * NULL: *source is its number.  Else libhdf5 must open the file; this is why.
 */
const char *open_natively(struct loader *l, const char *path,
			  const struct stat *before, unsigned *source);

/* scan_native.c: what the native index knows */

/* What the index knows of the object; NULL: libhdf5 must read it. */
const struct native_object *native_known(const struct scan *scan,
					 unsigned source, uint64_t address);

/* The same for the object that has this number in the source's index. */
const struct native_object *native_numbered(const struct scan *scan,
					    unsigned source, uint32_t number);

/* Why the index does not know the object, or NULL. */
const char *native_unknown(const struct scan *scan, unsigned source,
			   uint64_t address);

/*
 * Follow the soft link 'link' of the group without libhdf5.  FOUND: to the
 * object at *address.
 */
enum soft_end {
	SOFT_FOUND,
	SOFT_DANGLES,
	SOFT_UNKNOWN /* libhdf5 must follow it */
};
enum soft_end native_follow(const struct scan *scan, const struct object *group,
			    const char *link, uint64_t *address);

/* listed.c: several files, each a link of the root above them */

#define LINK_TYPE_LISTED (H5L_TYPE_MAX + 1)

/* Get the links to those files of l->listed that are wanted. */
int listed_links(struct loader *l, struct link **ret, uint32_t *count);

/*
 * Open the root group of such a file.  *ret is H5I_INVALID_HID after a failure
 * that concerns this file only, with KEEP_GOING; it is reported, then.
 */
int listed_open(struct loader *l, const struct link *link, hid_t *ret);

/* reuse.c: groups of an old project whose files have not changed */

struct reuse {
	struct cute_shm *shm; /* the old project */
	bool *of;	      /* by number in l->listed: it is copied */
	struct reuse_place *places;
	uint32_t place_count, place_room;
};

/*
 * Find the groups of the segment 'fd' that a load of l->listed would make
 * again, and that have nothing in common with any other group.  If there are
 * any, l->reuse is set.
 */
int reuse_begin(struct loader *l, int fd);

/* Whether the group of file 'i' of l->listed is copied. */
bool reuse_has(const struct loader *l, uint32_t i);

/*
 * True if no update of the array in the old project has begun up to now: the
 * sequence never returns to 0.
 */
bool reuse_never_updated(const struct cute_shm_array *array);

/* The load begins again, without group 'i' of l->listed. */
int reuse_drop(struct loader *l, uint32_t i, const char *why);

/* reuse_groups.c: which of its groups are copied */

/*
 * Set r->of and r->places for r->shm, which was made of the 'count' files
 * 'old', in the order of its groups.  Patterns that match a path of a copied
 * group are marked as those that match.
 */
int reuse_search(struct loader *l, struct reuse *r, const struct listed *old,
		 uint32_t count) must_check;

/* The file of a copied group, or one that took part in it; or NO_REUSED. */
#define NO_REUSED UINT32_MAX
uint32_t reuse_of_file(const struct loader *l, const struct stat *st);

/* judge.c: whether an object gets a node in the segment */

/* What the walk must know of an object. */
struct found {
	hid_t id; /* open, unless the index knows it */
	enum object_kind kind;
	unsigned source;
	uint64_t address;
	bool has_comment;
	hsize_t attributes; /* as for attributes_count() */
	const struct native_object *native;
	const char *why_not; /* the index does not know it */
};

/* Report a comment of the object, which has no form in a segment. */
int see_comment(struct loader *l, const char *path, bool has_comment);

/*
 * Set o->made, and what is kept of a dataset.  NOT_NATIVE: the index does not
 * know the dataset, and *left is why; libhdf5 must open it.
 */
int judge(struct loader *l, struct object *o, const struct found *seen,
	  const char **left);

/* scan.c: the walk over all links */

/*
 * Fill l->scan with all objects of the file, or, if there are any, with those
 * of the files of l->listed.  'file' is not used if there are such files, nor
 * if the index of source 0 is there.
 */
int scan_file(struct loader *l, hid_t file);

#define NAMES 3 /* missing sources that a message names */

/* Identifies a virtual dataset in any file. */
struct place {
	dev_t device;
	ino_t inode;
	haddr_t address;
};

/* The check of one dataset of the load, and of all datasets behind it. */
struct look {
	struct loader *l;
	const char *path;
	unsigned depth;
	uint64_t sources, missing;
	char names[400];    /* the first missing sources, */
	char folders[300];  /* and where the first was searched */
	char short_of[300]; /* the first raw file too short */
	bool refused;	    /* must not be read, as reported */
	struct place *seen;
	size_t seen_count, seen_room;
};

static inline bool
external_allowed(const struct look *k)
{
	return !(k->l->opt->flags & CUTE_SHM_HDF5_NO_EXTERNAL);
}

/* outside_files.c: for virtual_sources.c */

/* Report that the dataset is skipped, and why. */
int look_refuse(struct look *look, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* "folder/name", for free(); only "name" if the folder is "". */
char *in_folder(const char *folder, size_t size, const char *name);

/*
 * "prefix/name", for free(); a leading "${ORIGIN}" of 'prefix' means the folder
 * of file 'origin'.
 */
char *in_prefix(const char *prefix, size_t size, const char *origin,
		const char *name);

/* Check what an open dataset reads from other files. */
int look_at(struct look *look, hid_t dset);

/* virtual_sources.c: check all sources of a virtual dataset. */
int look_at_virtual(struct look *look, hid_t dset, hid_t dcpl);

#endif
