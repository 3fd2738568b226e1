/* SPDX-License-Identifier: MIT */
/*
 * What an HDF5 datatype becomes in the segment, whether a file's datatype is
 * sound, and the conversion of its values.  Uses base, format, hdf5/native and
 * hdf5/report.
 */
#ifndef LIB_HDF5_TYPE_TYPE_H
#define LIB_HDF5_TYPE_TYPE_H

#include "hdf5/native/native.h"
#include "hdf5/report/report.h"

/* convert.c: conversions that this library does itself */

enum conversion {
	CONVERT_NONE,
	CONVERT_SWAP,	    /* swap the bytes of each word */
	CONVERT_TERMINATED, /* strings: zeros after the first NUL */
	CONVERT_SPACES,	    /* strings: trailing spaces become NULs */
	CONVERT_INTEGER,    /* the size changes: by widen(), not in place */
	CONVERT_FLOAT
};

struct convert {
	enum conversion kind;
	size_t size;	      /* bytes of an element in the segment, */
	size_t from;	      /* and in the file */
	size_t word;	      /* bytes of one word to swap */
	unsigned shift, bits; /* position of an integer's bits in its bytes */
	bool is_signed;
	bool big; /* the file's bytes are big-endian */
};

/*
 * Whether this library can do the conversion that H5Dread would do from the
 * file's type, which type_map() must have accepted as plain data.
 */
bool convert_get(const struct native_type *file, struct convert *ret);

/* Convert n elements in place. */
void convert(const struct convert *how, uint8_t *data, size_t n);

/* widen.c: conversions that change the size of numbers */
/* Like convert_get(), for different sizes; ret->size and ret->from are set. */
bool widen_get(const struct native_type *file, struct convert *ret);

/* Convert n elements; in the source they are 'stride' bytes apart. */
void widen(const struct convert *how, uint8_t *to, const uint8_t *from,
	   size_t stride, size_t n);

static inline bool
widens(const struct convert *how)
{
	return how->kind >= CONVERT_INTEGER;
}

struct loader;
struct scan;

/* type_map.c: from an HDF5 datatype to its form in a segment */

enum type_kind {
	TYPE_PLAIN,
	TYPE_TEXT,	     /* variable-length string */
	TYPE_LIST,	     /* variable-length list */
	TYPE_REFERENCE,	     /* object reference: becomes a path */
	TYPE_REFERENCE_LIST, /* in attributes: at most one */
	TYPE_RECORD	     /* compound */
};

/*
 * The leaves that a memory type contains; it leaves out those of the other
 * part.
 */
enum part {
	PART_PLAIN,
	PART_RAGGED,
	PART_COUNT
};

struct field {
	char *name; /* name in the file */
	struct type *type;
	size_t offset[PART_COUNT];
};

struct type {
	enum type_kind kind;
	char dtype[DTYPE_SIZE];
	uint32_t item_size; /* of one item of the dtype */
	bool swap;	    /* 8-byte items that libhdf5 does not swap */
	bool direct;	    /* 'convert' makes it of the file's bytes */
	struct convert convert;
	/* The description that was mapped; not set in fields of compounds. */
	const struct native_type *file;
	struct arena arena;	 /* has it, unless it is the index's */
	hid_t mem[PART_COUNT];	 /* see type_mem() */
	size_t size[PART_COUNT]; /* bytes in memory, or 0 */
	unsigned ndim;		 /* array types: rank */
	uint64_t dims[MAX_NDIM];
	uint64_t dims_count; /* product of them */
	unsigned field_count;
	struct field *fields;
	unsigned enum_count;
	unsigned shares; /* owners besides the first */
	bool is_enum;
	char **enum_names;
	uint64_t *enum_values; /* low item_size bytes of each value */
};

/*
 * Called for a field that has no form in a segment.  'field' is the name of the
 * field with a dot before each part, as in ".pos.time".
 */
typedef int type_gone_fn(const char *field, const char *reason, void *arg);

#define WHY_SIZE 80

/*
 * Find what the type 'file', which the result refers to, becomes.  Returns
 * SKIP, with the reason in why[WHY_SIZE], if it has no form in a segment;
 * CUTE_SHM_ERR_NOMEM.
 */
int type_map(const struct native_type *file, type_gone_fn *gone, void *arg,
	     char *why, struct type **ret);

/*
 * The same for a datatype of libhdf5.  Also CUTE_SHM_ERR_SOURCE, if it is
 * damaged, or libhdf5 cannot describe it.
 */
int type_map_id(hid_t file_type, type_gone_fn *gone, void *arg, char *why,
		struct type **ret);
void type_free(struct type *type);

/*
 * type_describe.c: describe a datatype of libhdf5, in memory of the arena,
 * after type_check().  The sizes of lists, texts and references, and of what
 * has them, are those in memory.
 */
int type_describe(hid_t t, struct arena *arena, const struct native_type **ret);

/*
 * type_memory.c: the memory type for H5Dread; made at the first call, closed by
 * type_free().  H5I_INVALID_HID if size[part] is 0, or on failure.
 */
hid_t type_mem(const struct type *type, enum part part);

/*
 * type_check.c: whether the parts of a file's datatype fit into it, at any
 * depth.  type_map_id() calls type_check(); other code that uses a type of the
 * file must call it first.  The message of CUTE_SHM_ERR_SOURCE names the wrong
 * part.
 */
int type_check(hid_t file_type);

/* type_size.c: bytes of an element in the file that contains 'object'. */
uint64_t type_stored_size(hid_t file_type, hid_t object);

/* type_number.c: IEEE 754 half precision, for which HDF5 1.10 has no name. */
hid_t type_float16(void);

/*
 * type_number.c: whether two types that become plain data are equal.  False for
 * those that have members or a base.
 */
bool type_same(const struct native_type *a, const struct native_type *b);

/* type_map.c: add an owner, which must call type_free(), too. */
struct type *type_share(struct type *type);
bool type_is_leaf(const struct type *type);

/*
 * Limit of nested types: more than any real type needs, but safe for the stack.
 */
#define TYPE_DEPTH 200

/*
 * State of one mapping: the callback for fields that have no form in a segment,
 * and the reason why the whole type has none.
 */
struct type_mapping {
	type_gone_fn *gone;
	void *arg;
	char *why;
};

/*
 * type_map.c: for the other files of this room.  The functions for failures
 * return the value that the caller shall return.
 */

int type_skip(const struct type_mapping *m, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int type_unreadable(const char *what);
struct type *type_new(enum type_kind kind);

/* A leaf of 'size' bytes in memory. */
int type_leaf(enum type_kind kind, const char *dtype, uint32_t item_size,
	      size_t size, struct type **ret);

/*
 * 'where' is the prefix for names of fields, 'depth' the depth of the nesting.
 */
int map_any(struct type_mapping *m, const struct native_type *t,
	    const char *where, unsigned depth, struct type **ret);

/* type_number.c: integers, floats, enums, complex numbers */

int map_int(struct type_mapping *m, const struct native_type *t,
	    struct type **ret);
int map_bitfield(struct type_mapping *m, const struct native_type *t,
		 struct type **ret);
int map_float(struct type_mapping *m, const struct native_type *t,
	      struct type **ret);
int map_enum(struct type_mapping *m, const struct native_type *t,
	     struct type **ret);

/*
 * A compound {r, i} of two equal floats becomes a complex number of so many
 * bytes; 0: it is none.
 */
uint32_t complex_bytes(const struct native_type *t);

/* Smallest of 1, 2, 4, 8 bytes for an integer or a bitfield; 0: none. */
unsigned integer_bytes(const struct native_type *t);

/* The smallest float that holds every value of 't'; the last if none does. */
enum {
	FLOAT_16,
	FLOAT_32,
	FLOAT_64,
	FLOAT_LONG
};
unsigned float_index(const struct native_type *t);
uint32_t float_bytes(const struct native_type *t);
bool float_same(const struct native_type *a, const struct native_type *b);

/* The memory type of an integer, a bitfield or a float; of a complex number. */
hid_t number_mem(const struct native_type *t);
hid_t complex_mem(const struct native_type *t);

/* type_nested.c: lists, arrays, compounds */

int map_list(struct type_mapping *m, const struct native_type *t,
	     const char *where, unsigned depth, struct type **ret);
int map_array(struct type_mapping *m, const struct native_type *t,
	      const char *where, unsigned depth, struct type **ret);
int map_compound(struct type_mapping *m, const struct native_type *t,
		 const char *where, unsigned depth, struct type **ret);

/* The member of that name, or NULL. */
const struct native_member *member_find(const struct native_type *compound,
					const char *name);

/* type_references.c: references to objects */

/* Whether the type contains references. */
bool type_refers(const struct type *type);

/* Whether the type is a list of object references; its form in attributes. */
bool reference_list_is(const struct native_type *file);
int reference_list_type(const struct native_type *file, struct type **ret);
/* Whether each list in memory has at most one reference. */
bool reference_lists_short(const void *elements, uint64_t count);
/* The reference of such a list, or 0. */
void reference_list_get(const void *element, hobj_ref_t *ret);

/*
 * Count references of the attribute or dataset 'path' that lead to no object.
 */
int references_lost(struct loader *l, const char *path, uint64_t count);
/* Report all of them in one message. */
int references_report(struct loader *l);

/*
 * fill_check.c: whether the fill value is as long as an element.  Called by
 * stored_check().
 */
int fill_check(hid_t dset, hid_t dcpl);

#endif
