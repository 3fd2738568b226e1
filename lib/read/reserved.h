/* SPDX-License-Identifier: MIT */
/*
 * Reserved attributes, whose names begin with "cute-shm:": their names, their
 * nodes and their values.  cute-shm(5) has the table; reserved.c is the only
 * code that knows it.  The builder, cute_shm_verify() and the HDF5 loader call
 * these functions.
 */
#ifndef CUTE_SHM_RESERVED_H
#define CUTE_SHM_RESERVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cute_shm.h"

#define RESERVED_PREFIX "cute-shm:"

/* The size in "cute-shm:source-parts-size" of a file that was missing. */
#define PART_MISSING UINT64_MAX

/* In the order of the segment, where they follow a node's other attributes. */
enum reserved {
	RESERVED_NOT, /* an ordinary name */
	RESERVED_ENUM_NAMES,
	RESERVED_ENUM_VALUES,
	RESERVED_COMPOUND,
	RESERVED_DATATYPE,
	RESERVED_UNICODE,
	RESERVED_SOURCE,
	RESERVED_SOURCE_SIZE,
	RESERVED_SOURCE_MTIME,
	RESERVED_PARTS,
	RESERVED_PARTS_SIZE,
	RESERVED_PARTS_MTIME,
	RESERVED_SELECTION,
	RESERVED_SHARE,
	RESERVED_UNKNOWN, /* has the prefix, but is not here */
	RESERVED_COUNT
};

/* The properties of a node that the rules depend on. */
struct reserved_node {
	enum cute_shm_kind kind;
	bool root;
	const char *dtype;    /* arrays */
	uint64_t child_count; /* groups */
};

/* The values of a node's reserved attributes, or NULL. */
struct reserved_values {
	const struct cute_shm_array *of[RESERVED_COUNT];
};

#define RESERVED_WHY 160

/* The reserved attribute of this name, RESERVED_NOT or RESERVED_UNKNOWN. */
enum reserved reserved_find(const char *name);

/* The name of a reserved attribute. */
const char *reserved_name(enum reserved id);

/*
 * True if a node like this may have the attribute 'id' with its value
 * values->of[id].  If not, 'why' is the reason, for a message that begins with
 * the node's name.  For the names of a compound's fields see reserved_field().
 */
bool reserved_fits(enum reserved id, const struct reserved_node *node,
		   const struct reserved_values *values,
		   char why[RESERVED_WHY]);

/*
 * True if child 'i' of a group with the list of fields 'compound' may have this
 * name: it must be that of the field, unless no node can have the field's name.
 */
bool reserved_field(const struct cute_shm_array *compound, uint64_t i,
		    const char *name, char why[RESERVED_WHY]);

#endif
