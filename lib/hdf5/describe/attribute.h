/* SPDX-License-Identifier: MIT */
/* An attribute while it is described, for this room only. */
#ifndef LIB_HDF5_DESCRIBE_ATTRIBUTE_H
#define LIB_HDF5_DESCRIBE_ATTRIBUTE_H

#include "hdf5/describe/describe.h"

/* An attribute that is being read or described. */
struct reading {
	struct loader *l;
	const char *node; /* path of its node */
	char *where;	  /* "node@name", for messages */
	const struct owner *owner;
	const char *raw; /* its name in the file */
	unsigned source;
	hid_t id;
	const struct native_attribute *native; /* NULL: 'id' is open */
	struct native_lists lists;	       /* by the index; */
	bool reclaim;			       /* or libhdf5 has read them */
	uint64_t count;			       /* elements */
	uint8_t *elements[PART_COUNT];
	const struct type *type;
	struct kept_value *keep; /* for the value; NULL: builder */
};

/* attribute_elements.c */

/* Open the attribute by libhdf5; its object may not be open. */
hid_t attribute_open(struct reading *r);

/*
 * Read r->count elements of each part that r->type has.  SKIP: they are too
 * large.  attribute_free() must be called in any case.
 */
int attribute_read(struct reading *r);

/* Free the lists and texts that libhdf5 allocated, and our own memory. */
void attribute_free(struct reading *r);

#endif
