/* SPDX-License-Identifier: MIT */
/*
 * Describe every object and its attributes to the builder.  Uses hdf5/report,
 * hdf5/source, hdf5/type, hdf5/dataset, hdf5/scan and hdf5/read.
 */
#ifndef LIB_HDF5_DESCRIBE_DESCRIBE_H
#define LIB_HDF5_DESCRIBE_DESCRIBE_H

#include "hdf5/read/hdf5_read.h"

/* describe_attributes.c */

/* Where libhdf5 finds attributes: an open object, and a name from there. */
struct owner {
	hid_t id;
	const char *name;	/* ".": itself */
	unsigned source;
	const char *path;	/* of the node in the segment */
};

/* The node that attributes are for. */
struct described {
	struct reserved_node node;
	const struct object *group;	/* whose links are the children */
	unsigned own;	/* bits: reserved names that the mapping itself uses */
};

/* All attributes of an object, for the node at 'path'. */
int describe_attributes(struct loader *l, hid_t id, unsigned source,
			const char *path, const struct described *as);

/* The same of an object that is not open, whose attributes are known. */
int describe_listed(struct loader *l, const struct object *object,
		    const struct names *names, const char *path,
		    const struct described *as);

struct kept_value;

/*
 * Read the attribute 'raw', which will be called 'name', into *keep, which
 * stays empty if it has no form in a segment or cannot be read.
 */
int attribute_keep(struct loader *l, const struct owner *owner,
		   const char *raw, const char *name, struct kept_value *keep);

/* describe_reserved.c: attributes of the file with reserved names */

/* An attribute in memory; begins as zeros. */
struct kept_value {
	unsigned columns;	/* 1: 'array' is it */
	struct cute_shm_array array;
	char dtype[DTYPE_SIZE];
	void *data;
	struct ragged lists;
};

/* Takes over 'data', or what is in *lists. */
void kept_value_set(struct kept_value *keep, const struct column *column,
		    bool null, void *data, struct ragged *lists);

struct verdicts;

/* *ret is NULL if no name is reserved; for verdicts_free() in any case. */
int verdicts_get(struct loader *l, const struct owner *owner,
		 const struct names *names, const struct described *as,
		 struct verdicts **ret);
/* Why the attribute must not have that name, or NULL. */
const char *verdict_against(const struct verdicts *v, enum reserved id);
void verdicts_free(struct verdicts *v);

/* describe_datatype.c */

/* A committed datatype that has attributes: a place for these. */
int describe_datatype(struct loader *l, const struct object *object);

/* describe_objects.c */

/* All objects of the scan, in the segment's order. */
int describe(struct loader *l);

#endif
