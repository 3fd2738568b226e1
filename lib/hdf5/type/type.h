/* SPDX-License-Identifier: MIT */
/*
 * What a datatype of HDF5 becomes, whether its parts fit it, and the conversion of
 * its values.  Uses base and hdf5/report.
 */
#ifndef LIB_HDF5_TYPE_TYPE_H
#define LIB_HDF5_TYPE_TYPE_H

#include "hdf5/report/report.h"

enum conversion {
	CONVERT_NONE,
	CONVERT_SWAP,		/* the bytes of each word */
	CONVERT_TERMINATED,	/* strings: zeros after the first NUL */
	CONVERT_SPACES,		/* strings: trailing spaces to NULs */
	CONVERT_INTEGER,	/* other sizes: not in place, see widen() */
	CONVERT_FLOAT
};

struct convert {
	enum conversion kind;
	size_t size;		/* bytes of an element in the segment, */
	size_t from;		/* and in the file */
	size_t word;		/* bytes of what is swapped in it */
	unsigned shift, bits;	/* where an integer lies in its bytes */
	bool is_signed;
	bool big;		/* its bytes are in that order */
};

/* Whether H5Dread between these types is one of ours. */
bool convert_get(hid_t file_type, hid_t mem_type, struct convert *ret);

/* In place, n elements. */
void convert(const struct convert *how, uint8_t *data, size_t n);

/* widen.c; 'ret' has the sizes. */
bool widen_get(hid_t file_type, hid_t mem_type, struct convert *ret);

/* n elements, of which the next is 'stride' bytes farther. */
void widen(const struct convert *how, uint8_t *to, const uint8_t *from,
	   size_t stride, size_t n);

static inline bool
widens(const struct convert *how)
{
	return how->kind >= CONVERT_INTEGER;
}

struct loader;
struct scan;

/* type_map.c: from an HDF5 datatype to what it becomes */

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
 * What 'file_type' becomes.  SKIP, with the reason in why[WHY_SIZE]: no form in
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

/* Nested types: far more than any real one, and little enough for the stack. */
#define TYPE_DEPTH 200

/* State of one mapping: where to tell of fields that have no form. */
struct type_mapping {
	type_gone_fn *gone;
	void *arg;
	char *why;
};

/* type_map.c; the failures return what the caller shall return */

int type_skip(const struct type_mapping *m, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int type_unreadable(const char *what);
int type_no_memory(void);
struct type *type_new(enum type_kind kind);

/* A leaf that reads as the memory type 'mem', which it takes over. */
int type_leaf(enum type_kind kind, const char *dtype, uint32_t item_size,
	      hid_t mem, struct type **ret);

/* 'where' is what a field's name follows, 'depth' that of the nesting. */
int map_any(struct type_mapping *m, hid_t t, const char *where, unsigned depth,
	    struct type **ret);

/* type_number.c */

int map_int(struct type_mapping *m, hid_t t, struct type **ret);
int map_bitfield(struct type_mapping *m, hid_t t, struct type **ret);
int map_float(struct type_mapping *m, hid_t t, struct type **ret);
int map_enum(struct type_mapping *m, hid_t t, struct type **ret);

/* {r, i} of two equal floats that we have complex numbers for; else SKIP. */
int map_complex(hid_t t, struct type **ret);

/* type_nested.c */

int map_list(struct type_mapping *m, hid_t t, const char *where, unsigned depth,
	     struct type **ret);
int map_array(struct type_mapping *m, hid_t t, const char *where, unsigned depth,
	      struct type **ret);
int map_compound(struct type_mapping *m, hid_t t, const char *where,
		 unsigned depth, struct type **ret);

/* type_references.c */

/* Whether there are references in it. */
bool type_refers(const struct type *type);

/* A list of references to objects, and what it becomes in attributes. */
bool reference_list_is(hid_t file_type);
int reference_list_type(struct type **ret);
/* Whether no list in memory has more than one reference. */
bool reference_lists_short(const void *elements, uint64_t count);
/* That one, or 0. */
void reference_list_get(const void *element, hobj_ref_t *ret);

/* So many references of the attribute or dataset 'path' lead to nothing. */
int references_lost(struct loader *l, const char *path, uint64_t count);
/* Report all of them at once. */
int references_report(struct loader *l);

/*
 * fill_check.c: whether the fill value is as long as an element.
 * stored_check() calls it.
 */
int fill_check(hid_t dset, hid_t dcpl);

#endif
