/* SPDX-License-Identifier: MIT */
/*
 * The walk over all links of a file, and a look at the files that they and the
 * datasets lead to.  Uses hdf5/report, hdf5/source, hdf5/type, hdf5/engine and
 * hdf5/dataset.
 */
#ifndef LIB_HDF5_SCAN_SCAN_H
#define LIB_HDF5_SCAN_SCAN_H

#include "hdf5/dataset/dataset.h"

/* outside_files.c: what a dataset takes from other files */

/*
 * Look at external raw files and at the sources of a virtual dataset, and tell
 * of those that are not there.  SKIP, and told: it must not be read.
 * CUTE_SHM_ERR_SOURCE: it cannot.
 */
int outside_check(struct loader *l, const char *path, hid_t id);

/* links.c */

/*
 * The links of an open group; those that are not wanted are left out, those
 * whose name is taken are told, and LINK_NONE.  Without KEEP_GOING it fails
 * when they cannot be read, else there are none.
 */
int links_get(struct loader *l, hid_t group, const char *path,
	      struct link **ret, size_t *count);

/* scan.c: a walk over all links */

int scan_file(struct loader *l, hid_t file);

#define NAMES		3	/* that are said of those that are missing */

/* A virtual dataset, in whichever file. */
struct place {
	dev_t device;
	ino_t inode;
	haddr_t address;
};

/* The look at one dataset of the load, and at all behind it. */
struct look {
	struct loader *l;
	const char *path;
	unsigned depth;
	uint64_t sources, missing;
	char names[400];		/* of the first that are missing, */
	char folders[300];		/* and where the first was looked for */
	char short_of[300];		/* the first raw file that is short */
	bool refused;			/* and told */
	struct place *seen;
	size_t seen_count, seen_room;
};

static inline bool
external_allowed(const struct look *k)
{
	return !(k->l->opt->flags & CUTE_SHM_HDF5_NO_EXTERNAL);
}

/* outside_files.c */

int look_no_memory(void);

/* Tell that the dataset is left out, and why. */
int look_refuse(struct look *look, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* "folder/name", for free(); a folder that is "" is no folder. */
char *in_folder(const char *folder, size_t size, const char *name);

/* The same; "${ORIGIN}" before it is the folder of the file 'origin'. */
char *in_prefix(const char *prefix, size_t size, const char *origin,
		const char *name);

/* An open dataset, and what it takes from others. */
int look_at(struct look *look, hid_t dset);

/* virtual.c: all sources of a virtual dataset */
int look_at_virtual(struct look *look, hid_t dset, hid_t dcpl);

#endif
