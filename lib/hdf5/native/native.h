/* SPDX-License-Identifier: MIT */
/*
 * The native index: a description of all objects of an HDF5 file, made without
 * libhdf5.  Of an object that has anything unknown, inconsistent or damaged it
 * has no opinion: libhdf5 must read that object.  Uses base and hdf5/structure.
 *
 * Functions that return int return 0, NO_OPINION with the cause in
 * native->image.why, or CUTE_SHM_ERR_NOMEM.  What they describe is valid until
 * native_close().
 */
#ifndef LIB_HDF5_NATIVE_NATIVE_H
#define LIB_HDF5_NATIVE_NATIVE_H

#include "hdf5/structure/structure.h"

#define NATIVE_RANK 32 /* HDF5's limit of dimensions */

/* Classes of datatypes; the numbers are those of the file and of libhdf5. */
enum native_class {
	NATIVE_INTEGER,
	NATIVE_FLOAT,
	NATIVE_TIME,
	NATIVE_STRING,
	NATIVE_BITFIELD,
	NATIVE_OPAQUE,
	NATIVE_COMPOUND,
	NATIVE_REFERENCE,
	NATIVE_ENUM,
	NATIVE_LIST, /* of variable length */
	NATIVE_ARRAY,
	NATIVE_COMPLEX /* since 2.0; read as a compound of two members */
};

enum native_order {
	NATIVE_LITTLE,
	NATIVE_BIG,
	NATIVE_VAX
};

/* How a float stores the first bit of its fraction. */
enum {
	NATIVE_NORM_NONE,
	NATIVE_NORM_SET,
	NATIVE_NORM_IMPLIED
};

struct native_type;

/* Of a compound: a name, an offset and a type; of an enum: a name, a value. */
struct native_member {
	const char *name; /* ended by NUL */
	const struct native_type *type;
	const uint8_t *value;
	uint32_t offset;
};

struct native_type {
	enum native_class class;
	enum native_order order;
	uint32_t size; /* bytes in the file */
	uint16_t offset, precision;
	bool is_signed;
	uint8_t low_pad, high_pad, inner_pad, norm;
	uint8_t sign_at, exponent_at, exponent_bits;
	uint8_t mantissa_at, mantissa_bits;
	uint32_t bias;
	uint8_t pad, charset; /* of strings */
	bool is_text;	      /* NATIVE_LIST: a string */
	bool is_region;	      /* NATIVE_REFERENCE: not an object's */
	const char *tag;      /* NATIVE_OPAQUE */
	uint32_t count;	      /* members, or dimensions */
	const struct native_member *members;
	const uint32_t *dims;
	const struct native_type *base; /* of enums, lists, arrays */
	uint64_t committed; /* address of the header, or UNDEFINED */
};

/*
 * Make of a complex number, whose t->base is known, a compound of the two
 * members 'r' and 'i', which h5py gives to complex numbers in older files.
 * 'parts' has room for two and stays with the type.  False if the base is no
 * float of half the size.
 */
static inline bool
complex_set(struct native_type *t, struct native_member *parts)
{
	if (t->base->class != NATIVE_FLOAT ||
	    t->size != 2 * (uint64_t)t->base->size)
		return false;
	parts[0] = (struct native_member){ .name = "r", .type = t->base };
	parts[1] = (struct native_member){ .name = "i",
					   .type = t->base,
					   .offset = t->base->size };
	t->class = NATIVE_COMPOUND;
	t->count = 2;
	t->members = parts;
	return true;
}

enum native_space_kind {
	NATIVE_SCALAR,
	NATIVE_SIMPLE,
	NATIVE_NULL
};

struct native_space {
	enum native_space_kind kind;
	unsigned rank;
	const uint64_t *dims, *max; /* max: UNDEFINED is no limit */
	uint64_t points;
};

enum native_layout_kind {
	NATIVE_COMPACT,
	NATIVE_CONTIGUOUS,
	NATIVE_CHUNKED
};

enum native_chunk_index {
	NATIVE_TREE_1,
	NATIVE_SINGLE,
	NATIVE_IMPLICIT,
	NATIVE_FIXED,
	NATIVE_EXTENSIBLE,
	NATIVE_TREE_2
};

/* There may be millions of datasets: the members leave no gaps. */
struct native_layout {
	uint64_t address, size; /* of the data, or of the index of chunks */
	const uint8_t *data;	/* NATIVE_COMPACT */
	const uint64_t *dims;	/* of the chunks */
	uint64_t chunk_size;	/* bytes without filters */
	unsigned rank; /* of the chunks; without the size of an element */
	uint32_t mask; /* NATIVE_SINGLE */
	uint8_t kind;  /* enum native_layout_kind */
	uint8_t index; /* enum native_chunk_index */
	uint8_t flags; /* since version 4 */
	bool wide;     /* version 5: a stored size has all its bytes */
	struct array_shape shape;
};

enum native_fill_kind {
	NATIVE_FILL_UNDEFINED,
	NATIVE_FILL_ZERO,
	NATIVE_FILL_VALUE
};

/*
 * Of a dataset without any storage whose fill value is undefined, libhdf5 reads
 * no data: that is an error, unless 'write' is "never".
 */
struct native_fill {
	const uint8_t *data; /* a value of the file's type */
	uint32_t size;
	uint8_t kind;		 /* enum native_fill_kind */
	uint8_t allocate, write; /* H5D_alloc_time_t, H5D_fill_time_t */
};

struct native_filter {
	uint16_t id, flags;
	uint32_t count;
	const uint32_t *params;
};

struct native_dataset {
	const struct native_type *type;
	const struct native_space *space;
	struct native_layout layout;
	struct native_fill fill;
	uint32_t filter_count;
	const struct native_filter *filters;
};

struct native_attribute {
	const char *name;
	const struct native_type *type;
	const struct native_space *space;
	const uint8_t *data;
	uint64_t size;
	uint32_t order; /* of creation */
	uint8_t charset;
};

enum native_link_kind {
	NATIVE_HARD,
	NATIVE_SOFT,
	NATIVE_EXTERNAL = 64 /* more: defined by users */
};

struct native_link {
	const char *name; /* ended by NUL */
	uint8_t kind, charset;
	uint32_t object; /* NATIVE_HARD: number in native->objects */
	uint64_t order;
	uint64_t address;	   /* NATIVE_HARD */
	const char *target, *file; /* NATIVE_SOFT, NATIVE_EXTERNAL */
};

enum native_kind {
	NATIVE_UNKNOWN, /* no opinion */
	NATIVE_GROUP,
	NATIVE_DATASET,
	NATIVE_DATATYPE
};

struct native_object {
	uint64_t address;
	const struct native_attribute *attributes;
	union {
		const char *why; /* NATIVE_UNKNOWN: the cause */
		struct {	 /* NATIVE_GROUP */
			struct native_link *links;
			/* links_ordered: the same links */
			const struct native_link **by_name;
		};
		struct { /* NATIVE_DATASET: see native_dataset_get() */
			const struct native_dataset *form;
			uint64_t data_address;
		};
		const struct native_type *type; /* NATIVE_DATATYPE */
	};
	uint32_t link_count, attribute_count;
	uint8_t kind; /* enum native_kind */
	bool has_comment;
	/* In order of creation if the file tracks it, else by name. */
	bool links_ordered, attributes_ordered;
};

/*
 * The description of a NATIVE_DATASET.  Objects share what all but the address
 * of their data have in common.
 */
static inline struct native_dataset
native_dataset_get(const struct native_object *o)
{
	struct native_dataset ret = *o->form;

	ret.layout.address = o->data_address;
	return ret;
}

/* A committed datatype, or why it cannot be read. */
struct native_committed {
	uint64_t address;
	const struct native_type *type;
	const char *why;
};

/*
 * Bytes that were seen last, and what they describe: most objects of a file
 * have the datatype, the extent and the form of others.
 */
#define RECENT 8

struct native_recent {
	struct {
		const uint8_t *bytes; /* valid as long as the index */
		uint64_t size;
		const void *what;
	} kept[RECENT];
	unsigned next; /* to be replaced */
};

/* The index of one file. */
struct native {
	struct image image;
	struct arena arena;
	uint64_t taken;		       /* bytes of the arena */
	struct native_object *objects; /* the root first */
	uint32_t count, room;
	struct hash table; /* objects by address */
	struct native_committed *types;
	uint32_t type_count, type_room;
	struct hash type_table; /* committed types by address */
	struct native_recent recent_types, recent_spaces, recent_forms;
	struct global_heap heaps;
	struct header header; /* of the object that is being read, */
	struct header other;  /* and of the type to which it leads */
};

/* native_index.c */

/*
 * Read the descriptions of all objects that hard links reach.  'whole_limit' is
 * that of image_open().  native_close() must be called in any case.
 */
int native_open(int fd, uint64_t size, uint64_t whole_limit,
		struct native *ret) must_check;

/* The same from bytes that the caller owns. */
int native_of(const uint8_t *bytes, uint64_t size,
	      struct native *ret) must_check;
void native_close(struct native *n);

/* The object whose header is at this address, or NULL. */
const struct native_object *native_find(const struct native *n,
					uint64_t address);

/* native_links.c */

/* The link of a group that has a name of 'size' bytes, or NULL. */
const struct native_link *native_link_find(const struct native_object *group,
					   const char *name, size_t size);

/* chunk_table.c */

struct native_chunk {
	uint64_t address, size;
	uint32_t mask;
	const uint64_t *at; /* coordinates of its first element */
};

/*
 * List the chunks that are stored and lie in the dataset's extent.  The caller
 * frees *ret, whose coordinates are in *places, and that.
 */
int native_chunks(struct native *n, const struct native_dataset *d,
		  struct native_chunk **ret, uint64_t **places,
		  uint32_t *count) must_check;

/* native_attributes.c */

/*
 * The values of one element of a NATIVE_LIST type, and their number; NULL if
 * the list is empty.
 */
int native_list(struct native *n, const struct native_type *type,
		const uint8_t *element, const uint8_t **ret,
		uint32_t *count) must_check;

/* ------------------------------------------------------- inside this room */

/* shared_message.c */

/* What an equal message describes that was read before, or NULL. */
const void *recent_find(const struct native_recent *r, struct cursor message);
void recent_keep(struct native_recent *r, const void *bytes, uint64_t size,
		 const void *what);
/* The same with a copy of a message, if the image can lose it. */
int recent_copy(struct native *n, struct native_recent *r,
		struct cursor message, const void *what) must_check;

/*
 * The object that has a message with flag MESSAGE_SHARED.  Messages in the
 * file's table of shared messages give no opinion.
 */
int shared_address(struct native *n, struct cursor b, uint64_t *ret) must_check;

/* A datatype message, or the committed type to which it leads. */
int shared_type(struct native *n, unsigned flags, struct cursor data,
		const struct native_type **ret) must_check;

/* datatype.c */
int type_read(struct native *n, struct cursor *b,
	      const struct native_type **ret) must_check;

/* Like type_read(), for a type inside of 'depth' others. */
int type_read_inner(struct native *n, struct cursor *b, unsigned depth,
		    const struct native_type **ret) must_check;

/* datatype_nested.c: types that have members or a base; 'b' is behind 'size' */
int compound_read(struct native *n, struct cursor *b, unsigned version,
		  unsigned bits, unsigned depth,
		  struct native_type *type) must_check;
int complex_read(struct native *n, struct cursor *b, unsigned bits,
		 unsigned depth, struct native_type *t) must_check;
int enum_read(struct native *n, struct cursor *b, unsigned version,
	      unsigned bits, unsigned depth,
	      struct native_type *type) must_check;
int array_read(struct native *n, struct cursor *b, unsigned version,
	       unsigned depth, struct native_type *type) must_check;

/* dataspace.c */
int space_read(struct native *n, struct cursor b,
	       const struct native_space **ret) must_check;

/* storage_layout.c */
int layout_read(struct native *n, struct cursor b,
		struct native_dataset *d) must_check;

/* fill_filters.c */
int fill_read(struct native *n, const struct header *h,
	      struct native_dataset *d) must_check;
int pipeline_read(struct native *n, struct cursor b,
		  struct native_dataset *d) must_check;

/* native_attributes.c */
int attributes_read(struct native *n, const struct header *h,
		    struct native_object *o) must_check;

/* native_links.c: links of groups of the new kind */
int links_read(struct native *n, const struct header *h,
	       struct native_object *o) must_check;

/* Copy the links of a group, of either kind, which are sorted. */
int links_keep(struct native *n, const struct native_link *items,
	       uint32_t count, struct native_object *o) must_check;

/* Whether libhdf5 can open a link of this name. */
static inline bool
link_name_good(const char *name)
{
	return name[0] && strcmp(name, ".") != 0 && !strchr(name, '/');
}

/* symbol_table.c: the links of a group of the old kind */
int symbol_table_read(struct native *n, const struct header_message *m,
		      struct native_object *o) must_check;

/* native_object.c */

/* Describe the object at o->address. */
int object_read(struct native *n, struct native_object *o) must_check;

/*
 * Whether the index may take so many more bytes.  A broken file can lead to the
 * same bytes again and again; descriptions of real ones take at most 12 times
 * the bytes of the file that they describe.
 */
static inline bool
native_charge(struct native *n, uint64_t size)
{
	if (size <= UINT64_MAX / 2 - n->taken) {
		n->taken += size;
		if (n->taken >> 20 <= 64 + (n->image.size >> 16))
			return true;
	}
	fail_memory("for an HDF5 file's description");
	return false;
}

/* Allocate and clear memory of the index; NULL, with a message. */
static inline void *
native_get(struct native *n, uint64_t count, size_t size)
{
	uint64_t bytes;
	void *p;

	if (__builtin_mul_overflow(count, size, &bytes))
		bytes = UINT64_MAX;
	p = native_charge(n, bytes) ? arena_get(&n->arena, bytes) : NULL;
	return p ? memset(p, 0, bytes) : NULL;
}

/* A copy of 'count' items, which were collected elsewhere. */
static inline void *
native_keep(struct native *n, const void *items, uint64_t count, size_t size)
{
	void *p = native_get(n, count, size);

	return p ? memcpy(p, items, (size_t)count * size) : NULL;
}

/*
 * Bytes of the image that are valid as long as the index: these, or a copy if
 * image_trim() can drop them.
 */
static inline const uint8_t *
native_bytes(struct native *n, const uint8_t *bytes, uint64_t size)
{
	return n->image.present ? native_keep(n, bytes, size, 1) : bytes;
}

/* A copy of text of the file, and a NUL behind it. */
static inline const char *
native_copy(struct native *n, const char *text, uint64_t size)
{
	return native_charge(n, size + 1) ? arena_text(&n->arena, text, size)
					  : NULL;
}

/* Text of the file whose end may be a NUL; that, and a NUL behind it. */
static inline const char *
native_text(struct native *n, const uint8_t *text, uint64_t size)
{
	return native_copy(n, (const char *)text,
			   strnlen((const char *)text, size));
}

#endif
