/* SPDX-License-Identifier: MIT */
/*
 * Export: write a segment to an HDF5 file (save_file.c).  A walk over the
 * segment (save_tree.c) writes each array (save_data.c) and each group of
 * columns (save_record.c) as a dataset, with its type (save_type.c) and its
 * attributes (save_attributes.c).  Uses base, format, read, live, hdf5/report,
 * hdf5/source and hdf5/type.
 */
#ifndef LIB_HDF5_SAVE_SAVE_H
#define LIB_HDF5_SAVE_SAVE_H

#include <string.h>

#include "hdf5/source/source.h"
#include "hdf5/type/type.h"

/* The state of an export. */
struct saver {
	struct loader l; /* only for reports to the caller */
	const struct cute_shm *shm;
	struct cute_shm_hdf5_export_options opt;
	struct cute_shm_hdf5_export_result *result;
	unsigned jobs;
	const char *top; /* the group to write as the root, or "" */
	int fd;		 /* the file, for reading and writing */
	hid_t file;
	hid_t link_props; /* link names are UTF-8 */
	hid_t attr_props;
	uint64_t *targets; /* records to which links lead, sorted */
	size_t target_count, target_room;
};

/* save_file.c */

/* Write all of s->shm, or the group s->top, to the new file of s->fd. */
int save_file(struct saver *s);

/* The path in the file of a node, from its path in the segment. */
static inline const char *
saved_path(const struct saver *s, const char *path)
{
	return s->top[0] ? path + strlen(s->top) + 1 : path;
}

/* save_driver.c */

/* Let a file with these access properties be written to the descriptor. */
bool save_driver_set(hid_t access, int fd);

/* save_type.c: HDF5 types, and elements in memory */

enum form {
	FORM_PLAIN, /* items as in the segment */
	FORM_TEXT,  /* char *, terminated by NUL */
	FORM_LIST,  /* hvl_t */
	FORM_NULL   /* a null dataspace */
};

/* The type of an element, both in the file and in memory. */
struct out_type {
	hid_t id;
	enum form form;
	size_t size;  /* bytes of an element in memory */
	bool is_enum; /* the type contains the enum attributes */
};

/*
 * The HDF5 type for array 'a'.  'node' has the names of an enum; NULL for
 * attributes.  The caller closes ret->id.
 */
int out_type_get(const struct cute_shm_array *a,
		 const struct cute_shm_node *node, struct out_type *ret);

/* Memory for texts with their NULs. */
struct texts {
	char *bytes;
	size_t size, room;
};

/*
 * Copy elements [first, first + count) of 'a' to 'to', in the form that libhdf5
 * expects; one element every 'stride' bytes.  Texts are copied to 'texts',
 * which must have room for texts_size() bytes; lists are not copied.
 */
int out_elements(const struct cute_shm_array *a, const struct out_type *type,
		 uint64_t first, uint64_t count, uint8_t *to, size_t stride,
		 struct texts *texts);
int texts_size(const struct cute_shm_array *a, uint64_t first, uint64_t count,
	       uint64_t *ret);

/* Make room for 'size' bytes, and begin at the start again. */
int texts_begin(struct texts *texts, uint64_t size);

/* Whether a dimension is too large: HDF5 reads this number as "unlimited". */
bool out_no_shape(unsigned ndim, const uint64_t *shape);

#define NO_SHAPE "HDF5 has no dimension of 18446744073709551615"

/* save_record.c: groups of columns that become compounds again */

/* One field of such a compound. */
struct record_field {
	const char *name;	     /* for free() */
	struct record_out *record;   /* nested; NULL: a leaf */
	struct cute_shm_array array; /* of a leaf */
	struct out_type type;
	uint64_t repeat; /* items or records per element */
	size_t offset;	 /* offset in the element */
};

struct record_out {
	hid_t id;
	size_t size;
	bool null;
	unsigned ndim; /* dimensions that all fields have first */
	uint64_t shape[MAX_NDIM];
	unsigned count;
	struct record_field *fields;
};

/*
 * 1 and *ret if the group at 'node' can be written as a compound; 0 if it is an
 * ordinary group.
 */
int record_get(const struct cute_shm_node *node, struct record_out **ret);
void record_free(struct record_out *record);

/* save_attributes.c: attributes of the segment as HDF5 attributes */

/* Names of attributes that are not written; each list ends with NULL. */
extern const char *const enum_attributes[];
extern const char *const record_attributes[];

bool attribute_named(const char *name, const char *const *list);

/* Write all attributes of the node, except 'without', to the open object. */
int save_attributes(struct saver *s, const struct cute_shm_node *node, hid_t id,
		    const char *const *without);

/* Let the file track the order of attributes, unless there are too many. */
bool attributes_ordered(const struct cute_shm_node *node, hid_t props);

/* Whether an attribute is too large for an object's header. */
bool attributes_large(const struct cute_shm_node *node);

/* save_datatype.c: groups that were committed datatypes */

/*
 * Write the group as a committed datatype again, if it was one.  Returns 1 if
 * it was, 0 if nothing was written.
 */
int save_datatype(struct saver *s, const struct cute_shm_node *node);

/* save_links.c: where links lead */

/* Collect the targets of all links below 'top'. */
int targets_collect(struct saver *s, const struct cute_shm_node *top);

/* Whether a link leads to a node below the group. */
bool targets_below(const struct saver *s, const struct cute_shm_node *group);

/* save_elements.c: what is written to a dataset */

/* A dataset with the source of its elements: an array or a record. */
struct out {
	struct saver *s;
	const struct cute_shm_node *node;
	const struct cute_shm_array *array;
	const struct out_type *type;
	const struct record_out *record;
	unsigned ndim;
	const uint64_t *shape;
	hid_t type_id;
	size_t size; /* bytes of an element in memory */
	bool null;
	hid_t id;   /* the dataset */
	bool plain; /* contains no lists or texts */
	bool chunked;
	unsigned axis; /* chunks are whole rows along this axis */
	uint64_t chunk[MAX_NDIM];
	uint8_t *elements; /* of a band, built for H5Dwrite */
	struct texts texts;
};

/* Set CUTE_SHM_ERR_SYSTEM, with libhdf5's cause. */
int out_failed(const struct out *o);

/*
 * The product of the dimensions from 'first' on; the segment was checked, so it
 * does not overflow.
 */
uint64_t out_product(const struct out *o, unsigned first);

/*
 * Set *ret to elements [first, first + count) in the form that libhdf5 expects;
 * valid until the next call.  'count' must not exceed that of the first call,
 * unless the elements are used in place.
 */
int out_get(struct out *o, uint64_t first, uint64_t count, const void **ret);

/* save_data.c: datasets */

int save_array(struct saver *s, const struct cute_shm_node *node);
int save_record(struct saver *s, const struct cute_shm_node *node,
		const struct record_out *record);

/* save_chunks.c: compress chunks in threads, without libhdf5 */

bool chunks_possible(const struct out *o);
int chunks_write(struct out *o);

/* save_tree.c: the walk over the segment */

/* Write the whole segment to the empty file. */
int save_tree(struct saver *s);

#endif
