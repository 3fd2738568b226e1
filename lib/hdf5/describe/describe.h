/* SPDX-License-Identifier: MIT */
/*
 * Describe all objects and their attributes to the builder.  Uses base, build,
 * read, hdf5/report, hdf5/source, hdf5/type, hdf5/dataset, hdf5/scan and
 * hdf5/read.
 */
#ifndef LIB_HDF5_DESCRIBE_DESCRIBE_H
#define LIB_HDF5_DESCRIBE_DESCRIBE_H

#include "hdf5/read/hdf5_read.h"

/* describe_attributes.c: the attributes of a node */

/*
 * How to open attributes: an open object, and a name relative to it.  If the
 * index knows the object, it need not be open.
 */
struct owner {
	hid_t id;
	const char *name; /* ".": the object itself */
	unsigned source;
	const char *path; /* path of the node in the segment */
	const struct object *object;
	uint32_t *next; /* the attribute to come in the index, or NULL */
};

/* The node that gets the attributes. */
struct described {
	struct reserved_node node;
	const struct object *group; /* its links are the node's children */
	unsigned own; /* bits: reserved names that the load itself writes */
};

/*
 * Describe all attributes of an object for the node at 'path'.  It must be open
 * as 'id', unless the index knows it.
 */
int describe_attributes(struct loader *l, hid_t id, const struct object *object,
			const char *path, const struct described *as);

/*
 * Describe the attributes 'names' of an object that is not open, for the node
 * at 'path'.
 */
int describe_listed(struct loader *l, const struct object *object,
		    const struct names *names, const char *path,
		    const struct described *as);

/* attribute_value.c: one attribute */

/* Describe the attribute 'raw' as 'name'; report it if it is left out. */
int attribute_describe(struct loader *l, const struct owner *owner,
		       const char *raw, const char *name);

/* An attribute in memory; begin with zeros. */
struct kept_value {
	unsigned columns; /* 1: 'array' is the value */
	struct cute_shm_array array;
	char dtype[DTYPE_SIZE];
	void *data;
	struct ragged lists;
	char *failure; /* why it is unreadable; NULL: it is not */
};

/*
 * Read the attribute 'raw', which the segment would call 'name', into *keep,
 * for kept_value_free() in any case.  *keep stays empty if the attribute has no
 * form in a segment, and has only the reason if it is unreadable.
 */
int attribute_keep(struct loader *l, const struct owner *owner, const char *raw,
		   const char *name, struct kept_value *keep);
/* Free what *keep has. */
void kept_value_free(struct kept_value *keep);

/* describe_reserved.c: attributes of the file with reserved names */

struct verdicts;

/*
 * Check the attributes with reserved names.  *ret is NULL if there are none.
 * Call verdicts_free() in any case.
 */
int verdicts_get(struct loader *l, const struct owner *owner,
		 const struct names *names, const struct described *as,
		 struct verdicts **ret);
/* Why the attribute must not keep that reserved name, or NULL if it may. */
const char *verdict_against(const struct verdicts *v, enum reserved id);
/* Why that attribute is unreadable, or NULL. */
const char *verdict_failure(const struct verdicts *v, enum reserved id);
void verdicts_free(struct verdicts *v);

/* describe_datatype.c: committed datatypes */

/* Describe a committed datatype with attributes: a group that has these. */
int describe_datatype(struct loader *l, const struct object *object);

/* describe_selection.c: what was selected */

/* Describe it as an attribute of the root, if not all of the file was. */
int describe_selection(struct loader *l);

/* describe_source.c: the file of a group */

#define SOURCE_ATTRIBUTES \
	(1U << RESERVED_SOURCE | 1U << RESERVED_SOURCE_SIZE | \
	 1U << RESERVED_SOURCE_MTIME)

/* Describe where the group of one of several files is from. */
int describe_source(struct loader *l, const char *path,
		    const struct listed *listed);

/*
 * describe_parts.c: other files that took part.  Call it when all objects are
 * described: then each file has been opened once.
 */
int describe_parts(struct loader *l);

/* describe_reused.c: groups that are copied from an old project, see reuse.c */

/* Describe such a group with all below it; the builder copies at its seal. */
int describe_reused(struct loader *l, const struct link *link);

/* Before the seal: let the board show how it goes on. */
void reused_progress(struct loader *l);

/* After the seal: begin again without groups whose copy is not what it was. */
int reused_check(struct loader *l);

/* describe_objects.c: groups, datasets, links */

/* Describe all objects of the scan, in the order of the segment. */
int describe(struct loader *l);

#endif
