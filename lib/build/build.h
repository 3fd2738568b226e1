/* SPDX-License-Identifier: MIT */
/*
 * Build a segment: describe, reserve, write, seal, publish.  Uses base, format,
 * lock, root and read.
 */
#ifndef LIB_BUILD_BUILD_H
#define LIB_BUILD_BUILD_H

#include <stdatomic.h>

#include "read/read.h"

/* The tree as it is described; indices, since vectors move. */

struct build_node {
	uint64_t hash;		/* of its path */
	const char *path;
	uint64_t offset;	/* of its record, set by reserve.c */
	uint64_t next;		/* just past its subtree */
	uint32_t path_size;
	uint32_t parent, first_child, last_child, sibling;
	uint32_t child_count;
	uint32_t first_attr, attr_count;
	uint32_t last_plain;	/* attribute: reserved ones come after it */
	enum cute_shm_kind kind;
	uint32_t detail;	/* of arrays or of links */
};

struct build_array {
	struct dtype dtype;
	uint32_t node, ndim;
	const uint64_t *shape;
	uint64_t element_count;
	uint64_t data_size;
	uint64_t value_count;	/* ragged */
	const void *data;	/* given by pointer; ragged: the values */
	const uint64_t *offsets;	/* ragged, given by pointer */
	bool given;		/* by pointer: nobody may write it */
	uint32_t ordinal;	/* in pre-order: row of 'places' */
	uint64_t first_unit;	/* see struct cute_shm_builder */
};

struct build_link {
	const char *target;
	uint32_t target_size;
	uint32_t node;
	uint32_t resolved;	/* node, or NO_INDEX */
	uint32_t mark;		/* who came by here: finds loops */
};

struct build_attr {
	struct format_attr *record;	/* as it will stand in the segment */
	uint32_t node, next;
};

enum build_state {
	BUILD_DESCRIBE,
	BUILD_WRITE,
	BUILD_SEALED,
	BUILD_OVER
};

struct cute_shm_builder {
	enum build_state state;
	char *project, *root, *path;	/* path: what it will be named */
	char *source;		/* the whole path if the header has no room */
	unsigned flags;
	mode_t mode;
	unsigned jobs;
	uint64_t max_size;	/* of the segment; 0: no bound */
	double begun;		/* by clock_now() */
	int fd;
	char *temporary;	/* its name while the root has no O_TMPFILE */
	pid_t pid;		/* who made it, and removes 'temporary' */
	struct format_header header;
	struct ahead *ahead;	/* memory that is still being reserved */
	struct huge {		/* see huge.c */
		struct mapping map;
		_Atomic uint8_t *taken;	/* which pages are large ones */
		bool over;		/* take no more of them */
		uint64_t next;		/* none are taken before it, */
		uint64_t step;		/* then so many bytes at once */
		uint64_t rest;		/* bytes without, if that is slow */
	} huge;

	struct arena arena;
	struct hash by_path, by_attr;
	struct build_node *nodes;
	struct build_array *arrays;
	struct build_link *links;
	struct build_attr *attrs;
	uint32_t node_count, array_count, link_count, attr_count;
	uint32_t node_room, array_room, link_room, attr_room;

	/*
	 * A unit is what one digest covers: a block, or the whole of an array
	 * that is no longer than one.  Empty arrays have none.
	 */
	struct layout_array *places;	/* by ordinal */
	uint32_t *order;		/* arrays by ordinal */
	uint64_t unit_count;
	uint64_t *digests;		/* by unit */
	_Atomic uint8_t *hashed;	/* by unit: digests[] holds */
};

/* describe.c */

int expect_state(const struct cute_shm_builder *b, enum build_state state,
		 const char *call) must_check;
uint32_t find_node(const struct cute_shm_builder *b, const char *path,
		   size_t size);
int describe_root(struct cute_shm_builder *b) must_check;

/*
 * CUTE_SHM_ERR_INVALID unless the offsets begin at 0, never fall, and the last
 * is 'last'.  'what' names the array in the message.
 */
int ragged_check(const char *what, const uint64_t *offsets, uint64_t elements,
		 uint64_t last) must_check;

/* Bytes of one record, its row of name or path included. */
uint64_t text_rows(uint64_t size);
uint64_t shape_rows(uint64_t ndim);

/* check_reserved.c */

/*
 * CUTE_SHM_ERR_INVALID unless all attributes named "cute-shm:..." have the form
 * and the place that cute-shm(5) gives them, when all nodes are described.
 */
int check_reserved(const struct cute_shm_builder *b) must_check;

/* reserve.c */

/* Make room for a segment of header.segment_size, and hold it. */
int reserve_segment(struct cute_shm_builder *b) must_check;

/* publish.c */

/* A handle of the builder's file, which needs no name for that. */
int builder_attach(const struct cute_shm_builder *b, struct cute_shm **ret)
	must_check;

/* reserve_memory.c */

/* All of the segment's memory, or, for CUTE_SHM_RESERVE_AHEAD, the begin. */
int reserve_memory(struct cute_shm_builder *b) must_check;

/* Until the memory up to 'end' is there; from any thread. */
int reserve_wait(const struct cute_shm_builder *b, uint64_t end) must_check;

/* Reserve no more.  reserve_wait() for all of it comes first, in success. */
void reserve_end(struct cute_shm_builder *b);

/* reserve_huge.c: none of it need succeed */

/* When the file has its size. */
void huge_begin(struct cute_shm_builder *b);

/* Take large pages for what 'size' bytes from 'at' hold of them, in order. */
void huge_take(struct cute_shm_builder *b, uint64_t at, uint64_t size);

/* Store to large pages that were taken.  False: write to the file instead. */
bool huge_put(const struct cute_shm_builder *b, const void *data, size_t size,
	      uint64_t offset) must_check;

/* When nobody stores any more. */
void huge_end(struct cute_shm_builder *b);

/* write.c */

/* To 'offset' of the segment, where memory is reserved; from any thread. */
int segment_put(const struct cute_shm_builder *b, const void *data,
		size_t size, uint64_t offset) must_check;

/* Bytes of data under unit 'unit' of the array, and where they begin in it. */
uint64_t unit_range(const struct cute_shm_builder *b,
		    const struct build_array *array, uint64_t unit,
		    uint64_t *offset);

/* seal_data.c: write what was given by pointer, hash what is not hashed yet */

int complete_data(struct cute_shm_builder *b) must_check;

/* log_build.c: for the hook at level DEBUG; 'since' as clock_now() has it */

void log_building(const struct cute_shm_builder *b);
void log_reserved(const struct cute_shm_builder *b, double since);
void log_sealed(const struct cute_shm_builder *b, double since);
void log_published(const struct cute_shm_builder *b);
/* Also what a failed start has of it. */
void log_abandoned(const struct cute_shm_builder *b);

#endif
