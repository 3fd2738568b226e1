/* SPDX-License-Identifier: MIT */
/*
 * What the files of libcute_shm share with each other: a table of contents.
 * Nothing here is exported.
 */
#ifndef CUTE_SHM_INTERNAL_H
#define CUTE_SHM_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "cute_shm.h"
#include "format.h"
#include "options.h"

#define must_check __attribute__((warn_unused_result))

/* Round up; 'to' is a power of two, 'n' at most UINT64_MAX - to. */
static inline uint64_t
align_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) & ~(to - 1);
}

/* Of a file; without a base, of nothing. */
struct mapping {
	uint8_t *base;
	size_t size;
};

/* A handle: one descriptor, one mapping, a header that was checked. */
struct cute_shm {
	const uint8_t *base;
	size_t size;
	struct mapping map;
	struct format_header header;	/* private copy, see check_header() */
	int fd;
	bool writable;			/* live slots and data are mapped so */
	struct lock_table *locks;	/* that threads of this handle hold */
	char *project;			/* "" when opened by path */
	char *path;
	struct stat stat;
	int owner_fd;			/* holds the owner's lock, or -1 */
	pid_t owner_pid;		/* whose project it then is */
	struct cute_shm *next_owned;
	char version[sizeof(((struct format_header *)0)->version) + 1];
	char creator[sizeof(((struct format_header *)0)->creator) + 1];
	char source[sizeof(((struct format_header *)0)->source) + 1];
};

/* error.c */

/* "what: strerror(errno)" with the error that suits errno (EACCES, ...). */
int fail_errno(const char *format, ...)
	__attribute__((format(printf, 1, 2), cold));

/* CUTE_SHM_ERR_INVALID: 'call' was given no place for its result. */
int no_result(const char *call) __attribute__((cold));

/* dtype.c: pure */

struct dtype {
	char text[FORMAT_DTYPE_SIZE];	/* NUL-padded */
	uint32_t item_size;		/* of "null": 0 */
	bool ragged;
	bool null;
};

/* Parse NUL-terminated dtype text of the format; CUTE_SHM_ERR_TYPE. */
int dtype_parse(const char *text, struct dtype *ret) must_check;

/* dtype_name.c: the same for callers, who may write "float64" for "<f8" */
int dtype_read(const char *dtype, struct dtype *ret) must_check;

/* Product of the shape; CUTE_SHM_ERR_INVALID when over 64 bits or 32 dims. */
int shape_count(unsigned ndim, const uint64_t *shape, uint64_t *ret) must_check;

/* path.c: pure */

/* 'path' without one leading slash; CUTE_SHM_ERR_INVALID unless well-formed. */
int path_check(const char *path, const char **ret) must_check;

uint64_t path_hash(const char *path, size_t size);

/* component.c: pure */

/* Whether 'size' bytes are a component: UTF-8, no slash, NUL, ".", "..". */
bool component_ok(const char *text, size_t size);
bool utf8_ok(const char *text, size_t size);

/* layout.c: pure; from sizes to offsets, as cute-shm(5) says */

struct layout_array {
	uint64_t data_size;	/* in */
	uint64_t data_offset;	/* out */
	uint64_t first_block;	/* out */
};

/*
 * Fill the sections' offsets and sizes of *header (block_size, node_count,
 * array_count, records_size are given) and the places of the arrays.
 * CUTE_SHM_ERR_INVALID when the sum is over 63 bits.
 */
int layout(struct format_header *header, struct layout_array *arrays)
	must_check;

/* digest.c: XXH3-64 */

uint64_t digest(const void *data, size_t size);
uint64_t digest_header(const struct format_header *header);

/* The digest of what comes in pieces; _end() also makes it ready for more. */
struct digest_stream;

struct digest_stream *digest_stream_new(void);	/* NULL: no memory (told) */
void digest_stream_add(struct digest_stream *stream, const void *data,
		       size_t size);
uint64_t digest_stream_end(struct digest_stream *stream);
void digest_stream_free(struct digest_stream *stream);

/*
 * The digest of an array's data as its record has it: of the digests of its
 * blocks, where it is longer than one.
 */
int digest_data(const void *data, uint64_t size, uint64_t block_size,
		uint64_t *ret) must_check;

/* Rows of the block digests that an array of that size has; 0: none. */
uint64_t block_rows(uint64_t data_size, uint64_t block_size);

/* check.c */

/*
 * Copy the header at 'base' and check all that it alone can tell, in constant
 * time; 'size' is that of the whole object.  The order tells causes apart: not
 * ours (FORMAT), too new in its major version (UNSUPPORTED), damaged (CORRUPT),
 * unknown feature (UNSUPPORTED).
 */
int check_header(const void *base, uint64_t size, struct format_header *ret)
	must_check;

/* map.c */

/*
 * All 'size' bytes of a file, shared, at a multiple of 2 MiB if they are as
 * many and such a place is found; -1 and errno, as of mmap().
 */
int map_new(int fd, size_t size, int prot, struct mapping *ret) must_check;
void map_free(struct mapping *map);

/* read.c */

/*
 * Read and check the header of an object of 'size' bytes.  Not through a map:
 * a file that shrinks meanwhile must not hurt, and it costs less.
 */
int read_header(int fd, uint64_t size, struct format_header *ret) must_check;

/* tree.c: the one place where an offset becomes a pointer */

/* A record that was bounds-checked: its numbers, copied, and its texts. */
struct record {
	enum cute_shm_kind kind;
	uint64_t offset;
	uint64_t after;		/* just past this record: attributes follow */
	uint64_t parent;
	uint64_t next;
	uint32_t attr_count;
	uint32_t path_size;
	const char *path;
	uint64_t child_or_target;
	const struct format_array *array;	/* ARRY only */
};

/* [off, off + len) of the segment, or NULL when that lies outside. */
const void *segment_at(const struct cute_shm *shm, uint64_t off, uint64_t len);
int node_record(const struct cute_shm *shm, uint64_t offset,
		struct record *ret) must_check;
int array_record(const struct cute_shm *shm, const struct record *record,
		 struct cute_shm_array *ret) must_check;
int attr_record(const struct cute_shm *shm, uint64_t offset,
		struct cute_shm_attr *ret, uint64_t *after) must_check;
void node_fill(const struct cute_shm *shm, const struct record *record,
	       struct cute_shm_node *ret);

/* project.c: names */

#define PROJECT_PREFIX	"cute-shm."
#define TEMPORARY_PREFIX ".cute-shm."
#define DEFAULT_ROOT	"/dev/shm"

/* The root to use: 'root', else $CUTE_SHM_ROOT, else DEFAULT_ROOT. */
const char *root_or_default(const char *root);

/*
 * "ROOT/cute-shm.PROJECT", absolute, for free(); CUTE_SHM_ERR_INVALID for bad
 * names.
 */
int project_path(const char *root, const char *project, char **ret) must_check;

/* unlink.c */

/* Remove the project at 'path' if it is an orphan. */
void collect_orphan(const char *path);

/* temporary.c */

/* Remove what builders that died have left in 'root'. */
void temporary_sweep(const char *root);

/* space.c */

/*
 * CUTE_SHM_ERR_NO_SPACE, with numbers and remedy, when 'need' does not fit;
 * else what would be left goes to *spare, unless that is NULL.
 */
int space_check(const char *root, uint64_t need, uint64_t *spare) must_check;

/* CUTE_SHM_ERR_NO_SPACE if this process may not make so large a file. */
int space_file_limit(const char *kind, const char *name,
		     uint64_t need) must_check;

#endif
