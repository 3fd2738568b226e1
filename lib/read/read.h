/* SPDX-License-Identifier: MIT */
/*
 * Open a segment, map it, and read its records, attributes and arrays; look at
 * the files that it is from.  Only this room turns an offset into a pointer.
 * Uses base, file, format, lock and root.
 */
#ifndef LIB_READ_READ_H
#define LIB_READ_READ_H

#include "read/reserved.h"
#include "root/root.h"

/* A mapped file.  base is NULL when nothing is mapped. */
struct mapping {
	uint8_t *base;
	size_t size;
};

/* A handle: one descriptor, one mapping, one checked header. */
struct cute_shm {
	const uint8_t *base;
	size_t size;
	struct mapping map;
	struct mapping own; /* with CUTE_SHM_PRIVATE: of the data, once more */
	struct format_header header; /* private copy, see check_header() */
	int fd;
	bool writable;		  /* as live slots and data are mapped */
	bool private;		  /* CUTE_SHM_PRIVATE */
	struct lock_table *locks; /* of the threads of this handle */
	char *project;		  /* "" when opened by path */
	char *path;
	struct stat stat;
	struct ownership owner;
	char version[sizeof(((struct format_header *)0)->version) + 1];
	char creator[sizeof(((struct format_header *)0)->creator) + 1];
	char source[sizeof(((struct format_header *)0)->source) + 1];
};

/* open.c */

/*
 * A handle for a segment that another process has opened for reading, checked
 * and sent; 'path' is for messages.  It takes over 'fd' on success.  It does
 * not count as a user of the segment, which the sender does.
 */
int handle_received(int fd, const char *path, struct cute_shm **ret) must_check;

/* source_parts.c: other files that took part in a load, see cute-shm(5) */

/* What has become of them; begin with zeros. */
struct parts_state {
	bool changed, unknown; /* one of them has, or cannot be examined */
	uint64_t modified_ns;  /* the latest modification of those */
};

/*
 * Each of a group, with what is recorded of it.  'path' is a copy, or NULL if
 * it is none or memory is short.
 */
typedef void source_part_fn(char *path, uint64_t size, uint64_t mtime,
			    void *arg);
void source_parts_each(const struct cute_shm_node *group, source_part_fn *part,
		       void *arg);

/* Examine those of one group: one stat() for each. */
void source_parts_look(const struct cute_shm_node *group,
		       struct parts_state *state);

/* Examine those of the root, and if the project is of several files, all. */
int source_parts_all(const struct cute_shm *shm, bool several,
		     struct parts_state *state) must_check;

/* map.c */

/*
 * Map the first 'size' bytes of a file, shared.  A mapping of 2 MiB or more
 * begins at a multiple of 2 MiB, if such a place is found.  0, or -1 and the
 * errno of mmap().
 */
int map_new(int fd, size_t size, int prot, struct mapping *ret) must_check;
void map_free(struct mapping *map);

/*
 * Map 'size' bytes at 'offset' for changes that the file does not get.  0, or
 * -1 and the errno of mmap().
 */
int map_private(int fd, uint64_t offset, size_t size,
		struct mapping *ret) must_check;

/* record.c: the one place where an offset becomes a pointer */

/* A bounds-checked record: copies of its numbers, pointers to its texts. */
struct record {
	enum cute_shm_kind kind;
	uint64_t offset;
	uint64_t after; /* just past this record: attributes follow */
	uint64_t parent;
	uint64_t next;
	uint32_t attr_count;
	uint32_t path_size;
	const char *path;
	uint64_t child_or_target;
	const struct format_array *array; /* ARRY only */
};

/* A pointer to [off, off + len), or NULL if a part of it lies outside. */
const void *segment_at(const struct cute_shm *shm, uint64_t off, uint64_t len);

/*
 * Check the record at an offset, or that of an array, and fill *ret.
 * CUTE_SHM_ERR_CORRUPT; *ret is then unchanged.  *after is where the attribute
 * ends.
 */
int node_record(const struct cute_shm *shm, uint64_t offset,
		struct record *ret) must_check;
int array_record(const struct cute_shm *shm, const struct record *record,
		 struct cute_shm_array *ret) must_check;
/*
 * As array_record(), for the caller of the library: with CUTE_SHM_PRIVATE, the
 * pointers lead to the handle's own data.
 */
int array_for_caller(const struct cute_shm *shm, const struct record *record,
		     struct cute_shm_array *ret) must_check;

/* The data that all share, whatever 'data' leads to.  It has any. */
static inline const uint8_t *
shared_data(const struct cute_shm_array *array)
{
	return array->shm->base + array->data_offset;
}

int attr_record(const struct cute_shm *shm, uint64_t offset,
		struct cute_shm_attr *ret, uint64_t *after) must_check;
void node_fill(const struct cute_shm *shm, const struct record *record,
	       struct cute_shm_node *ret);

#endif
