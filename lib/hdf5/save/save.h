/* SPDX-License-Identifier: MIT */
/*
 * The way back: a segment becomes an HDF5 file.  The parent (save_file.c) opens
 * the file without a name and forks; the child walks the segment (save_tree.c)
 * and makes a dataset of each array (save_data.c) and of each group of columns
 * (save_record.c), of types (save_type.c) and with attributes
 * (save_attributes.c).  Uses base, file, hdf5/report, hdf5/source and hdf5/type.
 */
#ifndef LIB_HDF5_SAVE_SAVE_H
#define LIB_HDF5_SAVE_SAVE_H

#include "file/file.h"
#include "hdf5/source/source.h"
#include "hdf5/type/type.h"

/* The state of the child. */
struct saver {
	struct loader l;	/* to tell the parent, nothing else of it */
	const struct cute_shm *shm;
	struct cute_shm_hdf5_save_options opt;
	struct deadline deadline;
	struct cute_shm_hdf5_save_result *result;	/* the parent sees it */
	unsigned jobs;
	hid_t file;
	hid_t link_props;	/* names are UTF-8 */
	hid_t attr_props;
	uint64_t *targets;	/* records that links lead to, sorted */
	size_t target_count, target_room;
};

/* save_type.c */

enum form {
	FORM_PLAIN,		/* items, as they lie in the segment */
	FORM_TEXT,		/* char *, each with its NUL */
	FORM_LIST,		/* hvl_t */
	FORM_NULL		/* a null dataspace */
};

/* The type of an element, in the file as in memory. */
struct out_type {
	hid_t id;
	enum form form;
	size_t size;		/* bytes of an element in memory */
	bool is_enum;		/* the two attributes of enums are in it */
};

/*
 * The type that the array 'a' comes from.  'node' has the names of an enum;
 * NULL for attributes.  The caller closes ret->id.
 */
int out_type_get(const struct cute_shm_array *a,
		 const struct cute_shm_node *node, struct out_type *ret);

/* A piece of memory that grows, for texts with their NULs. */
struct texts {
	char *bytes;
	size_t size, room;
};

/*
 * Elements [first, first + count) of 'a' as libhdf5 takes them, at 'to' and
 * each 'stride' bytes after that one.  Texts go to 'texts', which must have
 * texts_size() bytes left; lists stay where they are.
 */
int out_elements(const struct cute_shm_array *a, const struct out_type *type,
		 uint64_t first, uint64_t count, uint8_t *to, size_t stride,
		 struct texts *texts);
int texts_size(const struct cute_shm_array *a, uint64_t first, uint64_t count,
	       uint64_t *ret);

/* Room for so many bytes from the start. */
int texts_begin(struct texts *texts, uint64_t size);

/* HDF5 takes it for "unlimited". */
bool out_no_shape(unsigned ndim, const uint64_t *shape);

#define NO_SHAPE "HDF5 has no dimension of 18446744073709551615"

/* save_record.c */

/* A group of columns, as the compound that it was. */
struct record_field {
	const char *name;	/* for free() */
	struct record_out *record;	/* nested, or */
	struct cute_shm_array array;	/* a leaf */
	struct out_type type;
	uint64_t repeat;	/* items or records per element */
	size_t offset;		/* in the element */
};

struct record_out {
	hid_t id;
	size_t size;
	bool null;
	unsigned ndim;		/* of what it is in: prefix of all leaves' */
	uint64_t shape[MAX_NDIM];
	unsigned count;
	struct record_field *fields;
};

/*
 * 1 and *ret if the group at 'node' is such, 0 if it is an ordinary one.
 */
int record_get(const struct cute_shm_node *node, struct record_out **ret);
void record_free(struct record_out *record);

/* save_attributes.c */

/* Names that are left out, of which the list ends with NULL. */
extern const char *const enum_attributes[];
extern const char *const record_attributes[];

bool attribute_named(const char *name, const char *const *list);

/* All of the node, onto the open object. */
int save_attributes(struct saver *s, const struct cute_shm_node *node, hid_t id,
		    const char *const *without);

/* Have the file keep their order, unless there are too many for that. */
bool attributes_ordered(const struct cute_shm_node *node, hid_t props);

/* Whether one is too large for an object's header. */
bool attributes_large(const struct cute_shm_node *node);

/* save_datatype.c */

/* 1 if the group was a committed datatype, and is one again; 0: not written. */
int save_datatype(struct saver *s, const struct cute_shm_node *node);

/* save_links.c */

/* Find out where all links below 'top' lead. */
int targets_collect(struct saver *s, const struct cute_shm_node *top);

/* Whether one leads to something below the group. */
bool targets_below(const struct saver *s, const struct cute_shm_node *group);

/* save_data.c */

/* A dataset, and where its elements come from: an array or a record. */
struct out {
	struct saver *s;
	const struct cute_shm_node *node;
	const struct cute_shm_array *array;
	const struct out_type *type;
	const struct record_out *record;
	unsigned ndim;
	const uint64_t *shape;
	hid_t type_id;
	size_t size;		/* of an element in memory */
	bool null;
	hid_t id;		/* the dataset */
	bool plain;		/* no lists or texts in it */
	bool chunked;
	unsigned axis;		/* along which chunks are whole rows */
	uint64_t chunk[MAX_NDIM];
	uint8_t *elements;	/* of a band, put together */
	struct texts texts;
};

/* CUTE_SHM_ERR_SYSTEM, with libhdf5's reason. */
int out_failed(const struct out *o);

/* Product of the dimensions from 'first' on; the segment says it fits. */
uint64_t out_product(const struct out *o, unsigned first);

/*
 * Elements [first, first + count) as libhdf5 takes them, in *ret until the next
 * call.  Not more than in the first call, unless these lie in the segment.
 */
int out_get(struct out *o, uint64_t first, uint64_t count, const void **ret);

int save_array(struct saver *s, const struct cute_shm_node *node);
int save_record(struct saver *s, const struct cute_shm_node *node,
		const struct record_out *record);

/* save_chunks.c: chunks that are compressed by threads, not by libhdf5 */

bool chunks_possible(const struct out *o);
int chunks_write(struct out *o);

/* save_tree.c */

/* 'open_as' leads to the file, which is empty. */
int save_tree(struct saver *s, const char *open_as);

#endif
