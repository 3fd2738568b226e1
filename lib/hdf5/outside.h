/* SPDX-License-Identifier: MIT */
/* The look at what a dataset takes from other files: outside.c, virtual.c. */
#ifndef CUTE_SHM_OUTSIDE_H
#define CUTE_SHM_OUTSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "internal.h"

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

/* outside.c */

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
