/* SPDX-License-Identifier: MIT */
/* Datatypes, and the columns that elements of them become. */
#ifndef CUTE_SHM_HDF5_TYPES_H
#define CUTE_SHM_HDF5_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hdf5.h>

#include "convert.h"
#include "cute_shm.h"

#define MAX_NDIM CUTE_SHM_MAX_NDIM
#define DTYPE_SIZE 16

struct loader;
struct scan;

/* types.c: from an HDF5 datatype to what it becomes */

enum type_kind {
	TYPE_PLAIN,
	TYPE_TEXT,		/* variable-length string */
	TYPE_LIST,		/* variable-length list */
	TYPE_REFERENCE,		/* to an object: its path */
	TYPE_REFERENCE_LIST,	/* of at most one; attributes only */
	TYPE_RECORD		/* compound */
};

/* Which leaves a memory type holds: the others are left out of it. */
enum part {
	PART_PLAIN,
	PART_RAGGED,
	PART_COUNT
};

struct field {
	char *name;		/* as in the file */
	struct type *type;
	size_t offset[PART_COUNT];
};

struct type {
	enum type_kind kind;
	char dtype[DTYPE_SIZE];
	uint32_t item_size;	/* of one item of the dtype */
	bool swap;		/* 8-byte items that libhdf5 does not swap */
	bool direct;		/* what the file has becomes it by 'convert' */
	struct convert convert;
	hid_t mem[PART_COUNT];	/* memory types, or H5I_INVALID_HID */
	size_t size[PART_COUNT];	/* their sizes, 0 for none */
	unsigned ndim;		/* of array types */
	uint64_t dims[MAX_NDIM];
	uint64_t dims_count;	/* product of them */
	unsigned field_count;
	struct field *fields;
	unsigned enum_count;
	unsigned shares;	/* owners beside the first */
	bool is_enum;
	char **enum_names;
	uint64_t *enum_values;	/* low item_size bytes of each */
};

/*
 * Called for a field that has no form in a segment: its name after a dot, as in
 * "pos.time", and the reason.
 */
typedef int type_gone_fn(const char *field, const char *reason, void *arg);

#define WHY_SIZE 80

/*
 * What 'file_type' becomes.  1, with the reason in why[WHY_SIZE]: no form in
 * a segment.  CUTE_SHM_ERR_SOURCE: libhdf5 cannot tell; CUTE_SHM_ERR_NOMEM.
 */
int type_map(hid_t file_type, type_gone_fn *gone, void *arg, char *why,
	     struct type **ret);
void type_free(struct type *type);

/*
 * types_check.c: whether the parts of a file's datatype fit into it, at any
 * depth.  type_map() calls it; whoever uses such a type without that must call
 * it first.  CUTE_SHM_ERR_SOURCE says which part does not.
 */
int type_check(hid_t file_type);

/* types_size.c: bytes of an element in the file of this object. */
uint64_t type_stored_size(hid_t file_type, hid_t object);

/* IEEE 754 half precision, which HDF5 1.10 has no name for. */
hid_t type_float16(void);

/* One more owner, who calls type_free() too. */
struct type *type_share(struct type *type);
bool type_is_leaf(const struct type *type);

/* columns.c */

/*
 * A leaf of a type, seen from one element of a dataset: its items lie at
 * 'offset' + the sum of i * stride over the loops, i below each count, and are
 * 'run' bytes each time.  Or, without a leaf, a compound: a group.
 */
struct column {
	const struct type *leaf;
	enum part part;
	char *path;		/* or name of the attribute */
	char **names;		/* group: of the fields that are present */
	size_t name_count;
	size_t offset;
	unsigned loop_count;
	struct {
		uint64_t count;
		size_t stride;
	} loop[MAX_NDIM];
	size_t run;
	uint64_t repeat;	/* lists or items per element, in its array */
	unsigned ndim;		/* of the array it becomes */
	uint64_t shape[MAX_NDIM];
	uint64_t count;		/* product of the shape */
	uint64_t bytes;		/* plain: of its data */
	uint64_t value_count;	/* ragged: items in all */
	uint8_t *kept;		/* plain: its data; ragged: its values */
	uint64_t *kept_offsets;	/* ragged */
};

struct columns {
	struct column *column;
	size_t count, room;
	const char *node;	/* whose attribute: names joined by dots */
};

/*
 * The columns that elements of 'type', in an array of this shape, become, in
 * pre-order.  NULL as shape: a null dataspace.  Those of over 32 dimensions or
 * with a name that is taken are left out, and told.
 */
int columns_get(struct loader *l, const struct type *type, const char *path,
		unsigned ndim, const uint64_t *shape, struct columns *ret);
void columns_free(struct columns *columns);

/*
 * The number of elements; false if that is over 2^64.  A zero anywhere makes it
 * 0, whatever the other dimensions are.
 */
bool shape_product(unsigned ndim, const uint64_t *shape, uint64_t *ret);

/* Copy a plain column's items out of elements that are 'stride' bytes each. */
void column_gather(const struct column *column, const uint8_t *elements,
		   uint64_t count, size_t stride, uint8_t *dst);

/* Lists of a ragged column, collected. */
struct ragged {
	uint64_t *offsets;	/* count + 1, in items */
	uint8_t *values;
	uint64_t count, room;	/* lists */
	uint64_t items, bytes_room;
	uint64_t lost;		/* references that lead to nothing */
	bool counting;		/* the number of items is all that is wanted, */
	uint64_t most;		/* as soon as values take more; 0: never */
};

/* Add the lists of 'count' elements; the caller gives these back. */
int column_collect(const struct column *column, const struct scan *scan,
		   unsigned source, const uint8_t *elements, uint64_t count,
		   size_t stride, struct ragged *r);
/* From now on count only; what was collected is given back. */
void ragged_count(struct ragged *r);
void ragged_free(struct ragged *r);

#endif
