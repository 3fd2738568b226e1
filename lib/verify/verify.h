/* SPDX-License-Identifier: MIT */
/*
 * Check every digest and every rule of a segment.  verify.c checks the header,
 * structure.c walks the records, verify_record.c checks the bytes of each
 * record, verify_reserved.c the reserved attributes, verify_index.c the path
 * index, verify_data.c the data, verify_view.c the HDF5 view; all report what
 * they find to verify_damage.c.  Uses base, format, read, view and live.
 */
#ifndef LIB_VERIFY_VERIFY_H
#define LIB_VERIFY_VERIFY_H

#include "read/read.h"

/* A node that the walk has found. */
struct verify_node {
	uint64_t offset;
	uint64_t hash; /* of its path */
	enum cute_shm_kind kind;
	bool readable; /* an array whose data can be hashed */
	bool indexed;  /* a row of the index leads to it */
	bool listed;   /* its path was added to 'texts' */
};

/* A list of names or paths, to find duplicates. */
struct text_list {
	const char **texts;
	uint32_t count;
	uint32_t room;
};

struct verify {
	const struct cute_shm *shm;
	struct cute_shm_verify_options opt;
	struct cute_shm_verify_result result;
	int err;		   /* of the first damage */
	char *message;		   /* of the first damage */
	int stop;		   /* if not 0: end with this error */
	uint64_t begin, end;	   /* for the next damage: range of data */
	struct verify_node *nodes; /* those of the walk by offset, then */
	uint32_t node_count;	   /* those that only the index leads to */
	uint32_t node_room;
	size_t walked; /* number of nodes of the walk */
	bool complete; /* the walk reached the last record */
	struct text_list texts;
	/*
	 * Bytes of data and records that may still be visited.  A sound segment
	 * uses no byte twice, so a hostile one cannot cause more work than its
	 * size.
	 */
	uint64_t data_left;
	uint64_t records_left;
};

/* verify_damage.c */

/*
 * Report a damage at 'offset' of the segment.  'record' is the damaged node, or
 * NULL; the message begins with its path.  The callback may set v->stop, on
 * which all loops end, so callers need not test for it.
 */
void verify_damage(struct verify *v, const struct record *record,
		   uint64_t offset, uint64_t block, const char *format, ...)
	__attribute__((format(printf, 5, 6), cold));

/* Report that a writer died during an update (CUTE_SHM_ERR_TORN). */
void verify_torn(struct verify *v, const struct record *record, uint64_t offset,
		 const char *format, ...)
	__attribute__((format(printf, 4, 5), cold));

/* Report cute_shm_errmsg() as the damage of a record at 'offset'. */
void verify_failure(struct verify *v, const struct record *record,
		    uint64_t offset);

/* End the verification with CUTE_SHM_ERR_NOMEM. */
void verify_no_memory(struct verify *v);

/* Check that all bytes in [from, to) are zero; 'what' names them. */
void verify_zeros(struct verify *v, const struct record *record, uint64_t from,
		  uint64_t to, const char *what);

/* Check that the 'size' bytes at 'at' are a text, a NUL and zeros. */
void verify_text(struct verify *v, const struct record *record, uint64_t at,
		 size_t size, const char *what);

/* Add 'text', which is not copied, to v->texts. */
void text_list_add(struct verify *v, const char *text);
/* A text that is in the list more than once, or NULL; empties the list. */
const char *text_list_twice(struct text_list *list);

/* structure.c */

/* Walk all records, and fill v->nodes. */
void verify_structure(struct verify *v);
/* Add a node to v->nodes. */
void verify_node_add(struct verify *v, const struct record *record,
		     uint64_t hash, bool readable);
/* The node that the walk found at 'offset', or NULL. */
struct verify_node *verify_node_at(const struct verify *v, uint64_t offset);

/* verify_record.c */

/* The sums over the arrays so far, which fix the place of the next one. */
struct verify_cursor {
	uint64_t data;	    /* offset of the end of the data */
	uint64_t block_row; /* rows of block digests */
	uint64_t live_slot; /* live slots */
	uint64_t bytes;	    /* bytes of data */
	bool lost;	    /* the last array was damaged */
};

/* The offsets of the records of a node's reserved attributes; 0: none. */
struct verify_reserved {
	uint64_t record[RESERVED_COUNT];
};

/* Check the padding and reserved bytes that all records of nodes have. */
void verify_node_bytes(struct verify *v, const struct record *record);
/* Subtract 'size' from *left; false, and no change, if less is left. */
bool verify_take(uint64_t *left, uint64_t size);
/* Check the record of an array; true if its data can be hashed. */
bool verify_array(struct verify *v, const struct record *record,
		  struct verify_cursor *cursor);
/* Check all attributes of a node.  True: they end at *after. */
bool verify_attrs(struct verify *v, const struct record *record,
		  struct verify_reserved *found, uint64_t *after);

/* verify_reserved.c */

/*
 * Check the reserved attributes of a node.  If the list of fields of a compound
 * is damaged, it is removed from *found: the children cannot be compared then.
 */
void verify_reserved(struct verify *v, const struct record *record,
		     struct verify_reserved *found);
/* Check that child number 'child' of a compound has the name of its field. */
void verify_field(struct verify *v, const struct record *group,
		  uint64_t compound, uint64_t child, const char *name);

/* verify_index.c */

/* Check the rows, and that each node has one. */
void verify_index(struct verify *v);

/* verify_view.c */

/* Check the second superblock of 1.1, unless it has unknown features. */
void verify_second(struct verify *v);
/* Compare the HDF5 view, if there is one, with the records; call it last. */
void verify_view(struct verify *v);

/* verify_data.c */

/* True if the block digests of the array lie within their section. */
bool block_rows_ok(const struct cute_shm *shm,
		   const struct cute_shm_array *array, uint64_t first_block);
/* Check the data of all readable arrays, in parallel. */
void verify_data(struct verify *v);

#endif
