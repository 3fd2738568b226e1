/* SPDX-License-Identifier: MIT */
/* What the files that build a segment share: a table of contents. */
#ifndef CUTE_SHM_BUILDER_H
#define CUTE_SHM_BUILDER_H

#include <stdatomic.h>

#include "internal.h"

/* arena.c: texts and shapes that live as long as the builder */

struct arena {
	struct arena_chunk *chunks;	/* the newest first */
	size_t used, size;		/* of the newest */
};

/* 'size' bytes aligned to 8, or NULL (told). */
void *arena_get(struct arena *arena, size_t size) must_check;
const char *arena_text(struct arena *arena, const char *text, size_t size)
	must_check;
void arena_free(struct arena *arena);

/* A vector with room for one more, doubled when full, or NULL (told). */
void *vector_grow(void *items, uint32_t count, uint32_t *room, size_t size)
	must_check;

/* hash.c: from hashes to indices, open addressing */

#define NONE UINT32_MAX

struct hash {
	struct hash_slot *slots;	/* 'size' of them, a power of two */
	uint64_t size, count;
};

/* Whether entry 'index' of 'of' is the one that is looked for. */
typedef bool hash_same(const void *of, uint32_t index, const char *text,
			size_t size);

/* The index that was put under 'hash' and is the same, or NONE. */
uint32_t hash_find(const struct hash *table, uint64_t hash, hash_same *same,
		    const void *of, const char *text, size_t size);
int hash_put(struct hash *table, uint64_t hash, uint32_t index) must_check;
void hash_free(struct hash *table);

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
	uint32_t resolved;	/* node, or NONE */
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

/* space.c */

/* Room for "1023.9 MiB (18446744073709551615 bytes)". */
#define SIZE_TEXT 48

/* The size for people and, in bytes, for programs; returns 'text'. */
const char *size_text(uint64_t size, char text[SIZE_TEXT]);

/* CUTE_SHM_ERR_NO_SPACE: the root gave 'given' of the 'need' it has. */
int space_ran_out(const char *root, uint64_t need, uint64_t given);

/* cgroup.c */

/*
 * What the memory limits of this process's control groups, and of all above
 * them, leave; UINT64_MAX when there are none.  The arguments are what
 * /proc/self/cgroup and /proc/self/mountinfo are in real life.
 */
uint64_t cgroup_available(const char *cgroup, const char *mountinfo);

/* ahead.c */

/* All of the segment's memory, or, for CUTE_SHM_RESERVE_AHEAD, the begin. */
int reserve_memory(struct cute_shm_builder *b) must_check;

/* Until the memory up to 'end' is there; from any thread. */
int reserve_wait(const struct cute_shm_builder *b, uint64_t end) must_check;

/* Reserve no more.  reserve_wait() for all of it comes first, in success. */
void reserve_end(struct cute_shm_builder *b);

/* huge.c: none of it need succeed */

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

int write_all(int fd, const void *data, size_t size, uint64_t offset)
	must_check;
int read_all(int fd, void *data, size_t size, uint64_t offset) must_check;

/* To 'offset' of the segment, where memory is reserved; from any thread. */
int segment_put(const struct cute_shm_builder *b, const void *data,
		size_t size, uint64_t offset) must_check;

/* Bytes of data under unit 'unit' of the array, and where they begin in it. */
uint64_t unit_range(const struct cute_shm_builder *b,
		    const struct build_array *array, uint64_t unit,
		    uint64_t *offset);

/* complete.c: write what was given by pointer, hash what is not hashed yet */

int complete_data(struct cute_shm_builder *b) must_check;

/* temporary.c: files that have no lasting name */

enum {
	TEMPORARY_NAMED = 1	/* do as if there were no O_TMPFILE */
};

/*
 * A new file in 'root', mode 0600.  *name is NULL if it has no name; else its
 * path, for free(), and the file is locked against temporary_sweep().
 */
int temporary_new(const char *root, unsigned flags, int *fd, char **name)
	must_check;

/* A path in 'root' that nobody uses yet, for free(). */
int temporary_name(const char *root, char **ret) must_check;

/*
 * Make and lock the file that keeps other builders of the project away for a
 * moment, in *fd, and its name, for free(): remove it, then close *fd.  That of
 * a builder that died is taken over, or swept as any temporary file.
 */
int temporary_claim(const char *root, const char *project, int *fd,
		    char **name) must_check;

/* Hold byte 0, so that nobody takes the file for a leftover. */
int temporary_lock(int fd) must_check;
void temporary_unlock(int fd);

/* logind.c: users whose /dev/shm is emptied when they log out */

/* 'system' stands before all paths: "", or a folder of a test. */
bool logind_removes(const char *system, uid_t uid, const char *user);

/* Warn once, if that will happen to the builder's project. */
void logind_warn(const struct cute_shm_builder *b);

/* For tests of roots without O_TMPFILE: flags for temporary_new(). */
extern unsigned temporary_flags;


#endif
