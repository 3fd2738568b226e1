/* SPDX-License-Identifier: MIT */
/*
 * Check every digest and every rule of a segment.  verify.c begins and reports,
 * structure.c walks the records, verify_record.c checks the bytes of each,
 * verify_index.c the index, verify_data.c the data.  Uses base, format, root
 * and read.
 */
#ifndef LIB_VERIFY_VERIFY_H
#define LIB_VERIFY_VERIFY_H

#include "read/read.h"

/* A node that the walk has found; in the order of their records. */
struct verify_node {
	uint64_t offset;
	uint64_t hash;			/* of its path */
	enum cute_shm_kind kind;
	bool readable;			/* an array whose data can be hashed */
	bool indexed;			/* a row of the index leads to it */
	bool listed;			/* among 'texts' of the index */
};

/* Texts, to find one that occurs twice. */
struct text_list {
	const char **texts;
	size_t count;
	size_t room;
};

struct verify {
	const struct cute_shm *shm;
	struct cute_shm_verify_options opt;
	struct cute_shm_verify_result result;
	int err;			/* of the first damage */
	char *message;			/* its sentence */
	int stop;			/* what ends it all: no memory, … */
	uint64_t begin, end;		/* bytes that a damage will name */
	struct verify_node *nodes;
	size_t node_count;
	size_t node_room;
	size_t walked;			/* of them, in order; more by index */
	bool complete;			/* the walk came to its end */
	struct text_list texts;
	/* Nothing sound uses a byte twice: no segment can make us work more. */
	uint64_t data_left;
	uint64_t records_left;
};

/* verify.c */

/*
 * Report a damage at 'offset'.  'record' is the node that it belongs to, or
 * NULL; its path goes before the sentence.  The checks need not look at the
 * outcome: all loops end when v->stop is set.
 */
void verify_damage(struct verify *v, const struct record *record,
		   uint64_t offset, uint64_t block, const char *format, ...)
	__attribute__((format(printf, 5, 6), cold));

/* Report an update that its writer did not survive. */
void verify_torn(struct verify *v, const struct record *record,
		 uint64_t offset, const char *format, ...)
	__attribute__((format(printf, 4, 5), cold));

/* Report this thread's last failure, which was about a record at 'offset'. */
void verify_failure(struct verify *v, const struct record *record,
		    uint64_t offset);

/* No memory: ends the verification. */
void verify_no_memory(struct verify *v);

/* All bytes in [from, to) are zero. */
void verify_zeros(struct verify *v, const struct record *record, uint64_t from,
		  uint64_t to, const char *what);

/* A text of 'size' bytes with a NUL, and zeros behind it. */
void verify_text(struct verify *v, const struct record *record, uint64_t at,
		 size_t size, const char *what);

void text_list_add(struct verify *v, const char *text);
/* One of the texts that is there more than once, or NULL; empties the list. */
const char *text_list_twice(struct text_list *list);

/* structure.c */

void verify_structure(struct verify *v);
void verify_node_add(struct verify *v, const struct record *record,
		     uint64_t hash, bool readable);
/* The node that the walk found at 'offset', or NULL. */
struct verify_node *verify_node_at(const struct verify *v, uint64_t offset);

/* verify_record.c */

/* What the arrays before have used up. */
struct verify_cursor {
	uint64_t data;			/* where the last one ends */
	uint64_t block_row;
	uint64_t live_slot;
	uint64_t bytes;
	bool lost;			/* after one that makes no sense */
};

/* The node's reserved attributes: their records, or 0. */
struct verify_reserved {
	uint64_t record[RESERVED_COUNT];
};

/* The bytes of a node's record, but for what makes an array. */
void verify_node_bytes(struct verify *v, const struct record *record);
/* Whether so much of *left is left; it is taken. */
bool verify_take(uint64_t *left, uint64_t size);
/* Whether the data can be found, and hashed. */
bool verify_array(struct verify *v, const struct record *record,
		  struct verify_cursor *cursor);
/* All attributes of a node; *after is where they end, else false. */
bool verify_attrs(struct verify *v, const struct record *record,
		  struct verify_reserved *found, uint64_t *after);

/* verify_reserved.c */

/*
 * Check those attributes against the rules for this node.  A list of fields
 * that breaks them is forgotten: nothing can be said of the children then.
 */
void verify_reserved(struct verify *v, const struct record *record,
		     struct verify_reserved *found);
/* The child-th child of a compound has its field's name. */
void verify_field(struct verify *v, const struct record *group,
		  uint64_t compound, uint64_t child, const char *name);

/* verify_index.c */

void verify_index(struct verify *v);

/* verify_data.c */

/* Rows of the block digests that belong to the array lie in their section. */
bool block_rows_ok(const struct cute_shm *shm,
		   const struct cute_shm_array *array, uint64_t first_block);
void verify_data(struct verify *v);

#endif
