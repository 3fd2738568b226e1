/* SPDX-License-Identifier: MIT */
/*
 * Build a segment: begin (builder.c), describe the nodes, reserve the memory,
 * write the data, seal, publish.  Uses base, format, lock, root, read and view.
 */
#ifndef LIB_BUILD_BUILD_H
#define LIB_BUILD_BUILD_H

#include <stdatomic.h>

#include "together/together.h"
#include "view/view.h"

/* The described tree.  Nodes refer to others by index, since vectors move. */

struct build_node {
	uint64_t hash; /* of its path */
	const char *path;
	uint64_t offset; /* of its record from the first one's */
	uint64_t next;	 /* the end of its subtree */
	uint32_t path_size;
	uint32_t parent, last_child, sibling;
	union {
		uint32_t first_child; /* of a group */
		uint32_t detail;      /* index in 'arrays' or 'links' */
	};
	uint32_t child_count;
	uint32_t first_attr, attr_count;
	uint32_t last_plain; /* the last attribute that is not reserved */
	enum cute_shm_kind kind;
};

/* Or NO_INDEX. */
static inline uint32_t
first_child(const struct build_node *node)
{
	return node->kind == CUTE_SHM_GROUP ? node->first_child : NO_INDEX;
}

struct build_array {
	const struct dtype *dtype; /* many share one */
	uint32_t node, ndim;
	const uint64_t *shape; /* many share one */
	uint64_t element_count;
	uint64_t data_size;
	uint64_t value_count;	 /* ragged */
	const void *data;	 /* the caller's, or NULL; ragged: the values */
	const uint64_t *offsets; /* ragged: the caller's, or NULL */
	bool given;		 /* the caller gave the data by pointer */
	uint32_t ordinal;	 /* number in pre-order, index in 'places' */
	uint64_t first_unit;	 /* see struct cute_shm_builder */
};

struct build_link {
	const char *target;
	uint32_t target_size;
	uint32_t node;
	uint32_t resolved; /* node, or NO_INDEX */
	uint32_t mark;	   /* the link that passed here: finds loops */
};

struct build_attr {
	struct format_attr *record; /* encoded, with name, shape, value */
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
	char *project, *root, *path; /* path: the final name */
	char *source; /* the whole path if the header has no room */
	unsigned flags;
	mode_t mode;
	unsigned jobs;
	unsigned writers;		  /* see builder_writers() */
	uint64_t max_size;		  /* of the segment; 0: no bound */
	uint64_t options_digest;	  /* for the second superblock */
	uint64_t source_digest;		  /* the same */
	struct cute_shm_loading *loading; /* the caller's, or NULL */
	int (*progress)(uint64_t done, uint64_t total, void *arg);
	void *progress_arg;
	double begun; /* by clock_now() */
	int fd;
	struct fork_private kept;      /* the same, with CUTE_SHM_LENT */
	struct cute_shm_lender lender; /* ask: NULL unless borrowed */
	char *temporary; /* file name if the root has no O_TMPFILE */
	pid_t pid;	 /* process that removes 'temporary' */
	struct format_header header;
	struct ahead *ahead; /* the reservation that still goes on */
	struct huge {	     /* see reserve_huge.c */
		struct mapping map;
		_Atomic uint8_t *grains; /* the state of each, or NULL */
		bool over;		 /* try no more large pages */
		uint64_t next;		 /* offset of the next attempt */
		uint64_t step;		 /* bytes per attempt */
		uint64_t rest;		 /* bytes to skip after a slow one */
		struct shared *shared;	 /* the writers take the grains */
	} huge;

	struct arena arena;
	struct hash by_path, by_attr;
	struct build_node *nodes;
	struct build_array *arrays;
	struct build_link *links;
	struct build_attr *attrs;
	uint32_t node_count, array_count, link_count, attr_count;
	uint32_t node_room, array_room, link_room, attr_room;
	uint32_t last_group;		/* that got a node last */
	const struct dtype *last_dtype; /* of an array, or NULL */

	/*
	 * A unit is the data of one digest: a block, or a whole array that is
	 * not larger than a block.  Empty arrays have no unit.
	 */
	struct layout_array *places; /* by ordinal */
	uint32_t *order;	     /* arrays by ordinal */
	uint64_t unit_count;
	uint64_t *digests;	 /* by unit */
	_Atomic uint8_t *hashed; /* by unit: digests[] is valid */
};

/* describe.c */

/* CUTE_SHM_ERR_STATE unless the builder is in 'state'; 'call' is a noun. */
int expect_state(const struct cute_shm_builder *b, enum build_state state,
		 const char *call) must_check;
/* The node with the path of 'size' bytes, or NO_INDEX. */
uint32_t find_node(const struct cute_shm_builder *b, const char *path,
		   size_t size);
/* Add the root group. */
int describe_root(struct cute_shm_builder *b) must_check;

/* describe_attr.c */

/*
 * CUTE_SHM_ERR_INVALID unless the elements + 1 offsets begin at 0, do not
 * decrease, and end with 'last'.  'what' names the array in the message.
 */
int ragged_check(const char *what, const uint64_t *offsets, uint64_t elements,
		 uint64_t last) must_check;

/* builder.c */

/*
 * A builder without a file and names, for cute_shm_builder_free(); NULL, with a
 * message, if there is no memory.
 */
struct cute_shm_builder *builder_blank(void) must_check;

/* Begin the description, in the builder's process or the borrower's. */
int describe_begin(struct cute_shm_builder *b) must_check;

/* Ask the lender of a borrowed builder; see cute_shm_builder_grant(). */
static inline int
builder_ask(const struct cute_shm_builder *b, enum cute_shm_ask what,
	    uint64_t bytes, uint64_t given, uint64_t *ret)
{
	return b->lender.ask(b->lender.arg, what, bytes, given, ret);
}

/* Report that these bytes of the segment have their last value. */
static inline void
builder_final(const struct cute_shm_builder *b, uint64_t offset, uint64_t size)
{
	if (b->lender.final)
		b->lender.final(b->lender.arg, offset, size);
}

/*
 * Report the bytes of data that are done to the caller, on its thread.
 * CUTE_SHM_ERR_CANCELLED: it wants to stop.
 */
static inline int must_check
builder_progress(const struct cute_shm_builder *b, uint64_t done)
{
	if (!b->progress ||
	    b->progress(done, b->header.array_bytes, b->progress_arg) == 0)
		return 0;
	return cute_shm_fail(CUTE_SHM_ERR_CANCELLED,
			     "project %s: its builder was stopped", b->project);
}

/* True if the segment gets an HDF5 view. */
static inline bool
builder_view(const struct cute_shm_builder *b)
{
	return !(b->flags & CUTE_SHM_NO_VIEW);
}

/* check_reserved.c */

/*
 * CUTE_SHM_ERR_INVALID unless all attributes named "cute-shm:..." obey the
 * rules of cute-shm(5).  Call it after all nodes are described.
 */
int check_reserved(const struct cute_shm_builder *b) must_check;

/* reserve.c */

/* Make room for a segment of header.segment_size, and reserve its memory. */
int reserve_segment(struct cute_shm_builder *b) must_check;

/*
 * Check that a segment of header.segment_size may be made, and that there is
 * room for it; make room by removing what dead processes left, and the project
 * that is to be replaced.
 */
int reserve_room(const struct cute_shm_builder *b) must_check;

/* CUTE_SHM_ERR_LIMIT if header.segment_size exceeds max_size. */
int reserve_bound(const struct cute_shm_builder *b) must_check;

/* Add the memory of the project to be replaced to a "no space" message. */
int add_replaced(const struct cute_shm_builder *b, int err) must_check;

/* publish.c */

/* Open the builder's file, which needs no name yet. */
int builder_attach(const struct cute_shm_builder *b,
		   struct cute_shm **ret) must_check;

/* reserve_pages.c: small pages, and whether there is memory */

/*
 * Check the free memory again after so many bytes, or after 1/256 of what is
 * spare: one check costs about 0.2 ms, and up to 256 loaders may run at once.
 */
#define RESERVE_STEP ((uint64_t)16 << 20)

/* The progress of a reservation, in bytes. */
struct taking {
	uint64_t at;   /* so many are reserved */
	uint64_t look; /* check the free memory again here */
};

/*
 * Check the free memory if 't' says so: CUTE_SHM_ERR_NO_SPACE if what is not
 * reserved yet does not fit any more.
 */
int reserve_look(const struct cute_shm_builder *b, struct taking *t) must_check;

/*
 * Give the file memory for [at, at + size), in small pages.  The message of a
 * failure says that 'had' bytes were reserved before.
 */
int reserve_allocate(const struct cute_shm_builder *b, uint64_t at,
		     uint64_t size, uint64_t had) must_check;

/* Report that a call failed with errno 'number' when 'had' were reserved. */
int reserve_failed(const struct cute_shm_builder *b, uint64_t had, int number);

/* reserve_memory.c */

/*
 * Reserve all memory of the segment; with CUTE_SHM_RESERVE_AHEAD start a thread
 * that does so, or leave it to the threads that write, if there are many.
 */
int reserve_memory(struct cute_shm_builder *b) must_check;

/*
 * Wait until the memory of bytes [begin, end) is reserved, or reserve it in
 * this thread.  Fails if that has failed.  Any thread may call it.
 */
int reserve_wait(struct cute_shm_builder *b, uint64_t begin,
		 uint64_t end) must_check;

/*
 * Stop and free the thread that reserves.  To have all memory reserved, call
 * reserve_wait() for all of the segment first.
 */
void reserve_end(struct cute_shm_builder *b);

/*
 * reserve_huge.c: large pages are an optimisation, so no call fails for want of
 * them.
 */

/* Call after the file has got its size. */
void huge_begin(struct cute_shm_builder *b);

/* Take large pages where [at, at + size) has them; 'at' must increase. */
void huge_take(struct cute_shm_builder *b, uint64_t at, uint64_t size);

/*
 * Let huge_reserve() take all pages, in the threads that write; false if it
 * cannot.
 */
bool huge_share(struct cute_shm_builder *b);

/*
 * Take the pages of [begin, end), large ones or small ones, that no other
 * thread has taken or takes, and wait until all are there.
 */
int huge_reserve(struct cute_shm_builder *b, uint64_t begin,
		 uint64_t end) must_check;

/*
 * The memory of [offset, offset + size) of the segment, if all its pages are
 * mapped.  NULL: write to the file instead.
 */
uint8_t *huge_place(const struct cute_shm_builder *b, size_t size,
		    uint64_t offset) must_check;

/* Call when no thread stores any more. */
void huge_end(struct cute_shm_builder *b);

/* write.c: see also fill.h */

/* Write to reserved memory at 'offset' of the segment, from any thread. */
int segment_put(const struct cute_shm_builder *b, const void *data, size_t size,
		uint64_t offset) must_check;

/* The bytes of unit 'unit' of the array; they begin at *offset of its data. */
uint64_t unit_range(const struct cute_shm_builder *b,
		    const struct build_array *array, uint64_t unit,
		    uint64_t *offset);

/* seal.c */

/* Complete the header, and write it; 'view': first append an HDF5 view. */
int builder_header(struct cute_shm_builder *b, bool view) must_check;

/* seal_data.c */

/* Write the data that were given by pointer, hash all units without digest. */
int complete_data(struct cute_shm_builder *b) must_check;

#endif
