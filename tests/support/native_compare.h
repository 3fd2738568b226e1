/* SPDX-License-Identifier: MIT */
/* Compare the native index of a file with libhdf5's, object by object. */
#ifndef CUTE_SHM_TESTS_NATIVE_COMPARE_H
#define CUTE_SHM_TESTS_NATIVE_COMPARE_H

#include <hdf5.h>
#include <stdio.h>

#include "hdf5/native/native.h"

/* Numbers of a comparison, or of several. */
struct native_report {
	FILE *out; /* gets a line for each difference and each "no opinion" */
	const char *file;
	uint64_t whole_limit; /* for native_open() */
	unsigned groups, datasets, attributes, types;
	unsigned native_datasets, native_attributes;
	unsigned differences;
	unsigned unknown; /* objects without opinion */
	unsigned values;  /* arrays and attributes whose values were compared */
	unsigned chunks;  /* chunks that were compared */
};

/*
 * Compare a file.  All that libhdf5 can open is counted; what the index
 * describes must be the same.
 */
void native_compare(const char *path, struct native_report *report);

/* ------------------------------------------------------- for its own parts */

struct comparison {
	struct native_report *report;
	struct native n;
	const char *path; /* of the object that is compared */
	uint64_t *seen;	  /* addresses of objects */
	size_t count, room;
};

/* Report a difference of the object, and count it. */
void differs(struct comparison *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* native_compare_type.c: what differs, or NULL */
const char *type_differs(const struct native_type *t, hid_t type);
const char *space_differs(const struct native_space *s, hid_t space);

/* Whether libhdf5 changes bytes when it reads values of the type. */
bool type_has_lists(const struct native_type *t);
bool type_has_references(const struct native_type *t);

/* native_compare_data.c */

/*
 * Compare 'points' values as they are in the file with those that libhdf5 read
 * with 'type'.
 */
void compare_values(struct comparison *c, const char *what,
		    const struct native_type *t, const uint8_t *data,
		    uint64_t points, const uint8_t *read);

/* Whether all of these values can be read, if they are lists. */
bool lists_readable(struct comparison *c, const struct native_type *t,
		    const uint8_t *data, uint64_t points);
void compare_data(struct comparison *c, const struct native_dataset *d,
		  hid_t dset);

#endif
