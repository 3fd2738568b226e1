/* SPDX-License-Identifier: MIT */
/*
 * Attributes whose names begin with "cute-shm:": which there are, on what nodes
 * they stand, and what they hold.  cute-shm(5) has the table; this is the only
 * code that knows it.  The builder, cute_shm_verify() and the HDF5 loader ask.
 */
#ifndef CUTE_SHM_RESERVED_H
#define CUTE_SHM_RESERVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cute_shm.h"

#define RESERVED_PREFIX "cute-shm:"

/* In the order in which they stand, after all other attributes of a node. */
enum reserved {
	RESERVED_NOT,			/* an ordinary name */
	RESERVED_ENUM_NAMES,
	RESERVED_ENUM_VALUES,
	RESERVED_COMPOUND,
	RESERVED_DATATYPE,
	RESERVED_UNICODE,
	RESERVED_SOURCE,
	RESERVED_SOURCE_SIZE,
	RESERVED_SOURCE_MTIME,
	RESERVED_SELECTION,
	RESERVED_SHARE,
	RESERVED_UNKNOWN,		/* the prefix, and what is not here */
	RESERVED_COUNT
};

/* What the rules need to know of a node. */
struct reserved_node {
	enum cute_shm_kind kind;
	bool root;
	const char *dtype;		/* arrays */
	uint64_t child_count;		/* groups */
};

/* The values of a node's reserved attributes; NULL where it has none. */
struct reserved_values {
	const struct cute_shm_array *of[RESERVED_COUNT];
};

#define RESERVED_WHY 160

/* What the name of an attribute means. */
enum reserved reserved_find(const char *name);

/* The name of one in the table. */
const char *reserved_name(enum reserved id);

/*
 * Whether a node like this may have its attribute 'id', which values->of[id]
 * is.  If not, 'why' has the reason, to follow the name of the node.  The names
 * of a compound's fields are for reserved_field().
 */
bool reserved_fits(enum reserved id, const struct reserved_node *node,
		   const struct reserved_values *values,
		   char why[RESERVED_WHY]);

/*
 * Whether child 'i' of a group with the list of fields 'compound' may have this
 * name: that of its field, unless no node can have that one.
 */
bool reserved_field(const struct cute_shm_array *compound, uint64_t i,
		    const char *name, char why[RESERVED_WHY]);

#endif
