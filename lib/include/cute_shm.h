/* SPDX-License-Identifier: MIT */
/*
 * cute-shm: numerical arrays in shared memory, one segment per project.
 *
 * Rules for every call, unless its own comment differs:
 *
 * - It returns 0 or a negative enum cute_shm_err.  A failure leaves *ret
 *   untouched, and cute_shm_errmsg() gives this thread the reason.
 * - The result goes through the last argument, 'ret'; NULL there gives
 *   CUTE_SHM_ERR_INVALID unless the call allows it.  Pointers into the segment
 *   stay valid until cute_shm_close(), even if the project is unlinked.
 * - Result structs end with reserved members, which the library zeroes: a later
 *   version may name them, and programs compiled earlier keep working.
 * - Option structs begin with their own size: set it to sizeof(the struct), and
 *   zero the rest (zero means the default).  NULL means all defaults.
 * - Paths are UTF-8, with one slash between components; a leading slash is
 *   ignored, and in lookups one at the end, too; "" is the root group.
 * - Many threads may use a handle (struct cute_shm) at once.  A builder is for
 *   one thread at a time, except for cute_shm_builder_write().
 * - A forked child may use the handles of its parent, with locks of its own; it
 *   owns no project.  (clone() and _Fork() run no fork handlers: see
 *   cute_shm_update(3).)
 * - No call prints, exits, or changes signal handlers.
 */
#ifndef CUTE_SHM_H
#define CUTE_SHM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

#define CUTE_SHM_VERSION  "0.1.0"
#define CUTE_SHM_MAX_NDIM 32 /* as in NumPy 1 and HDF5 */

/*
 * Compiler warnings, where available: the caller must check the result, or
 * argument number n must not be NULL.
 */
#ifdef __GNUC__
#define CUTE_SHM_CHECKED    __attribute__((warn_unused_result))
#define CUTE_SHM_NONNULL(n) __attribute__((nonnull(n)))
#else
#define CUTE_SHM_CHECKED
#define CUTE_SHM_NONNULL(n)
#endif

struct cute_shm;
struct cute_shm_builder;

/* ------------------------------------------------------------------ errors */

enum cute_shm_err {
	CUTE_SHM_OK = 0,
	CUTE_SHM_ERR_INVALID = -1,     /* an argument is invalid */
	CUTE_SHM_ERR_NOMEM = -2,       /* out of private memory */
	CUTE_SHM_ERR_SYSTEM = -3,      /* a system call failed; see errmsg */
	CUTE_SHM_ERR_NOT_FOUND = -4,   /* no such project, path, attribute */
	CUTE_SHM_ERR_EXISTS = -5,      /* the name is taken */
	CUTE_SHM_ERR_OWNER = -6,       /* belongs to another user */
	CUTE_SHM_ERR_PERMISSION = -7,  /* may not be read or written */
	CUTE_SHM_ERR_FORMAT = -8,      /* not a segment at all */
	CUTE_SHM_ERR_UNSUPPORTED = -9, /* sound, but newer than this library */
	CUTE_SHM_ERR_CORRUPT = -10,    /* a size, offset or digest is wrong */
	CUTE_SHM_ERR_NO_SPACE = -11,   /* does not fit into memory */
	CUTE_SHM_ERR_TYPE = -12,       /* wrong kind of node, wrong dtype */
	CUTE_SHM_ERR_STATE = -13,      /* the call must come at another time */
	CUTE_SHM_ERR_CANCELLED = -14,  /* a callback or a signal stopped it */
	CUTE_SHM_ERR_SOURCE = -15,     /* the HDF5 file cannot be read */
	CUTE_SHM_ERR_END = -16,	       /* nothing follows; not a failure */
	CUTE_SHM_ERR_TIMEOUT = -17,    /* the time was up */
	CUTE_SHM_ERR_TORN = -18,       /* a writer died during an update */
	CUTE_SHM_ERR_BUSY = -19,       /* in use by another process */
	CUTE_SHM_ERR_LIMIT = -20       /* exceeds a bound of the options */
};

/* An error in a few words: static text, never NULL, also for unknown codes. */
const char *cute_shm_strerror(int err);

/*
 * The last failure of this thread as a sentence with names and numbers.  Never
 * NULL; valid until the next failure of this thread.  CUTE_SHM_ERR_END does not
 * change it.
 */
const char *cute_shm_errmsg(void);

/* What was not found; see cute_shm_missing(). */
enum {
	CUTE_SHM_MISSING_PROJECT = 1, /* no such project, or its owner ended */
	CUTE_SHM_MISSING_NODE,	      /* no group, array or link at that path */
	CUTE_SHM_MISSING_ATTR	      /* the node has no such attribute */
};

/*
 * If the last failure of this thread was CUTE_SHM_ERR_NOT_FOUND: one of the
 * above, or 0 for anything else, such as a file.
 */
int cute_shm_missing(void);

/*
 * For libraries built on this one: set the message of cute_shm_errmsg() and
 * return 'err'.  The arguments may include cute_shm_errmsg() itself.
 */
int cute_shm_fail(int err, const char *format, ...)
	__attribute__((format(printf, 2, 3), cold));

enum cute_shm_log_level {
	CUTE_SHM_LOG_WARNING = 1,
	CUTE_SHM_LOG_INFO,
	CUTE_SHM_LOG_DEBUG
};

/* 'message' is one line without a newline; it is valid during the call. */
typedef void cute_shm_log_fn(enum cute_shm_log_level level, const char *message,
			     void *arg);

/*
 * Pass messages up to 'level' to the hook 'fn', on the thread that sends them;
 * NULL, the default, drops them.  A process has one hook: set it before you
 * start threads.
 */
void cute_shm_set_log(enum cute_shm_log_level level, cute_shm_log_fn *fn,
		      void *arg);

/* For libraries built on this one: send a message to the hook. */
void cute_shm_log(enum cute_shm_log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* 1 if the hook takes messages of that level, else 0: then format none. */
int cute_shm_log_wants(enum cute_shm_log_level level);

/* The version of the library at run time, such as "0.1.0"; static text. */
const char *cute_shm_version(void);

/* ----------------------------------------------------------------- reading */

enum {
	CUTE_SHM_ANY_OWNER = 1, /* trust segments of other users, too */
	CUTE_SHM_WRITE = 2,	/* allow updates of arrays in place */
	CUTE_SHM_PRIVATE = 4,	/* allow changes that only this handle sees */
	CUTE_SHM_JOIN = 8	/* own an ephemeral project, too */
};

struct cute_shm_open_options {
	size_t size;
	const char *root; /* NULL: $CUTE_SHM_ROOT, else /dev/shm */
	unsigned flags;	  /* CUTE_SHM_ANY_OWNER and so on */
};

/*
 * cute_shm_open() attaches the project and checks its header.  On success *ret
 * is a handle for cute_shm_close().  The cost does not depend on the number and
 * size of the arrays: only cute_shm_verify() reads the data.
 *
 * With CUTE_SHM_JOIN the handle becomes one more owner of an ephemeral project,
 * which ends with its last owner; that needs permission to write.
 *
 * CUTE_SHM_ERR_NOT_FOUND    no such project in this root, or its owner ended
 * CUTE_SHM_ERR_OWNER        it belongs to neither the caller nor root, or has a
 *			     second hard link (see CUTE_SHM_ANY_OWNER)
 * CUTE_SHM_ERR_PERMISSION   the caller may not read it, or not write to it;
 *			     with CUTE_SHM_WRITE also where an update in place
 *			     is not safe (btrfs, an overlay: see cute-shm(7))
 * CUTE_SHM_ERR_FORMAT       not a segment
 * CUTE_SHM_ERR_UNSUPPORTED  sound, but needs a newer library
 * CUTE_SHM_ERR_CORRUPT      a size, an offset or a digest is wrong
 */
int cute_shm_open(const char *project, const struct cute_shm_open_options *opt,
		  struct cute_shm **ret) CUTE_SHM_CHECKED;

/* As cute_shm_open(), for a segment at any path, such as a copy on a disk. */
int cute_shm_open_file(const char *path,
		       const struct cute_shm_open_options *opt,
		       struct cute_shm **ret) CUTE_SHM_CHECKED;

/*
 * Open the segment of a handle once more, by its descriptor: also when the
 * project was removed or replaced, or when its owner has ended.  'flags' are
 * those of the options.  *ret owns nothing and does not depend on 'shm'.  The
 * errors are those of cute_shm_open(), and:
 *
 * CUTE_SHM_ERR_STATE  a forked child, which could not open it itself
 */
int cute_shm_reopen(const struct cute_shm *shm, unsigned flags,
		    struct cute_shm **ret) CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * Detach.  All pointers got through the handle become invalid.  If the handle
 * is the only owner of an ephemeral project, that ends.  NULL is allowed.
 */
void cute_shm_close(struct cute_shm *shm);

/*
 * With GCC and Clang: declare a handle that is closed at the end of its scope.
 *
 *	CUTE_SHM_SCOPED(shm);
 *	if (cute_shm_open("robot", NULL, &shm) != 0)
 *		return -1;
 */
#ifdef __GNUC__
#define CUTE_SHM_SCOPED(name) \
	struct cute_shm *name __attribute__((cleanup(cute_shm_close_at))) = NULL
#endif
/* For CUTE_SHM_SCOPED: cute_shm_close(*shm). */
void cute_shm_close_at(struct cute_shm **shm);

/*
 * An array, or the value of an attribute.  'data' is C-contiguous and aligned
 * to 64 bytes (to 4096 if it has 4096 bytes or more; in an attribute to 16); it
 * is NULL when data_size is 0.  In a handle opened with CUTE_SHM_PRIVATE the
 * caller may write to the data of arrays: each page that is written to becomes
 * a private copy, which no update of others reaches any more.  The other calls
 * (snapshot, verify, export) use the shared data.
 *
 * dtype is NumPy's array-interface text ("<f8", "|S12"), or "null" for a null
 * dataspace.
 *
 * A ragged array has a dtype such as "*<f4" and one list of items per element:
 * list i is [offsets[i], offsets[i + 1]) of 'values'; cute_shm_element() gives
 * it.  'data' begins with the offsets.
 */
struct cute_shm_array {
	const struct cute_shm *shm;
	const char *path; /* in an attribute: its name */
	const char *dtype;
	const void *data;
	uint64_t data_size;		   /* bytes */
	uint64_t element_count;		   /* product of the shape */
	uint32_t item_size;		   /* bytes of one item */
	uint32_t ndim;			   /* 0: a scalar */
	uint64_t shape[CUTE_SHM_MAX_NDIM]; /* the first ndim are set */
	const uint64_t *offsets; /* ragged: in items, element_count+1 */
	const void *values;	 /* ragged: the items, NULL when none */
	uint64_t value_count;	 /* ragged: items of all lists */
	uint64_t digest;	 /* XXH3-64 as published; attribute: 0 */
	uint64_t record;	 /* private */
	uint64_t data_offset;	 /* of data in the segment, or 0 */
	uint64_t reserved[2];
};

enum cute_shm_kind {
	CUTE_SHM_GROUP = 1,
	CUTE_SHM_ARRAY,
	CUTE_SHM_LINK
};

struct cute_shm_node {
	const struct cute_shm *shm;
	enum cute_shm_kind kind;
	const char *path;     /* "b/b1"; "" for the root */
	const char *name;     /* its last component */
	uint64_t child_count; /* of a group; else 0 */
	uint32_t attr_count;
	uint64_t record; /* private */
	uint64_t end;	 /* private */
	uint64_t target; /* private */
	uint64_t reserved[3];
};

struct cute_shm_attr {
	const char *name;
	struct cute_shm_array value;
	uint64_t record; /* private */
	uint64_t reserved[3];
};

/*
 * Find an array by path.  All links are followed.  CUTE_SHM_ERR_NOT_FOUND,
 * CUTE_SHM_ERR_TYPE (the path leads to a group), CUTE_SHM_ERR_CORRUPT.
 */
int cute_shm_get(const struct cute_shm *shm, const char *path,
		 struct cute_shm_array *ret)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * Find a node by path.  Links in the middle of the path are followed; a link at
 * its end is the result itself (see cute_shm_follow()).
 * CUTE_SHM_ERR_NOT_FOUND, CUTE_SHM_ERR_CORRUPT.
 */
int cute_shm_find(const struct cute_shm *shm, const char *path,
		  struct cute_shm_node *ret)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/* The group or array that a link leads to; any other node gives itself. */
int cute_shm_follow(const struct cute_shm_node *node, struct cute_shm_node *ret)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/* The array at 'node'; CUTE_SHM_ERR_TYPE if it is a group or a link. */
int cute_shm_node_array(const struct cute_shm_node *node,
			struct cute_shm_array *ret)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * Steps through the tree, in the order of creation.  They return
 * CUTE_SHM_ERR_END when nothing follows, and do not follow links.  'ret' may
 * point to the node passed in.  cute_shm_next() visits the subtree of 'top' in
 * pre-order: begin with node = top.
 */
int cute_shm_first_child(const struct cute_shm_node *group,
			 struct cute_shm_node *ret)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;
int cute_shm_next_sibling(const struct cute_shm_node *node,
			  struct cute_shm_node *ret)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;
int cute_shm_next(const struct cute_shm_node *top,
		  const struct cute_shm_node *node, struct cute_shm_node *ret)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * A number that is the same for all names of a group or an array: a link has
 * that of its target.  Different nodes of a segment have different numbers.
 */
uint64_t cute_shm_node_id(const struct cute_shm_node *node) CUTE_SHM_NONNULL(1);

/* The group that holds the node; the root is its own parent. */
int cute_shm_parent(const struct cute_shm_node *node, struct cute_shm_node *ret)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/* An attribute by name, else CUTE_SHM_ERR_NOT_FOUND.  A link has none. */
int cute_shm_attr(const struct cute_shm_node *node, const char *name,
		  struct cute_shm_attr *ret)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * The attribute after 'prev', or the first one if 'prev' is NULL;
 * CUTE_SHM_ERR_END after the last one.  'ret' may equal 'prev'.
 */
int cute_shm_next_attr(const struct cute_shm_node *node,
		       const struct cute_shm_attr *prev,
		       struct cute_shm_attr *ret)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * The value of an attribute that has one element.  'path' names its node; links
 * are followed.  _text() accepts strings of fixed or variable length, and gives
 * a NUL-terminated copy for free(); _i64() accepts integers and bools, _f64()
 * also floats.
 *
 * CUTE_SHM_ERR_NOT_FOUND  no such node or attribute
 * CUTE_SHM_ERR_TYPE       another dtype, not exactly one element, a number that
 *			   does not fit, a NUL inside a text
 */
int cute_shm_attr_text(const struct cute_shm *shm, const char *path,
		       const char *name, char **ret)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;
int cute_shm_attr_i64(const struct cute_shm *shm, const char *path,
		      const char *name, int64_t *ret)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;
int cute_shm_attr_f64(const struct cute_shm *shm, const char *path,
		      const char *name, double *ret)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * Typed access to an array or to the value of an attribute.  If the dtype is
 * exactly that of the function (_u8 also accepts "|b1"), return the data and
 * set *n to the number of elements; else return NULL, and cute_shm_errmsg()
 * names the dtype.  An array without elements gives a pointer that is not NULL.
 * 'n' may be NULL.
 */
const int8_t *cute_shm_i8(const struct cute_shm_array *array, uint64_t *n)
	CUTE_SHM_NONNULL(1);
const int16_t *cute_shm_i16(const struct cute_shm_array *array, uint64_t *n)
	CUTE_SHM_NONNULL(1);
const int32_t *cute_shm_i32(const struct cute_shm_array *array, uint64_t *n)
	CUTE_SHM_NONNULL(1);
const int64_t *cute_shm_i64(const struct cute_shm_array *array, uint64_t *n)
	CUTE_SHM_NONNULL(1);
const uint8_t *cute_shm_u8(const struct cute_shm_array *array, uint64_t *n)
	CUTE_SHM_NONNULL(1);
const uint16_t *cute_shm_u16(const struct cute_shm_array *array, uint64_t *n)
	CUTE_SHM_NONNULL(1);
const uint32_t *cute_shm_u32(const struct cute_shm_array *array, uint64_t *n)
	CUTE_SHM_NONNULL(1);
const uint64_t *cute_shm_u64(const struct cute_shm_array *array, uint64_t *n)
	CUTE_SHM_NONNULL(1);
const float *cute_shm_f32(const struct cute_shm_array *array, uint64_t *n)
	CUTE_SHM_NONNULL(1);
const double *cute_shm_f64(const struct cute_shm_array *array, uint64_t *n)
	CUTE_SHM_NONNULL(1);

/* Typed access for any dtype, by text or name: "<c8" or "complex64". */
const void *cute_shm_typed(const struct cute_shm_array *array,
			   const char *dtype, uint64_t *n) CUTE_SHM_NONNULL(1);

/* Bytes that hold the longest name of a dtype, with its NUL. */
#define CUTE_SHM_DTYPE_NAME_SIZE 40

/*
 * Write the name of a dtype text to 'ret' as NumPy prints it: "float64" for
 * "<f8", "S12" for "|S12", "string" for "*|S1", "list of int32" for "*<i4".
 * The name is cut if the 'size' bytes of 'ret' are too few
 * (CUTE_SHM_DTYPE_NAME_SIZE never is).  Returns 'ret'.  Calls that take a dtype
 * accept such a name, too.
 */
const char *cute_shm_dtype_name(const char *dtype, char *ret, size_t size);

/*
 * The size in bytes of one item of a dtype ("null": 0; ragged: one item of a
 * list).  CUTE_SHM_ERR_TYPE: the format has no such dtype.
 */
int cute_shm_dtype_size(const char *dtype, uint32_t *ret) CUTE_SHM_CHECKED;

/*
 * List i of a ragged array: *data points to its items in the segment, *n is
 * their number.  A string of "*|S1" is not NUL-terminated.  CUTE_SHM_ERR_TYPE
 * (not ragged), CUTE_SHM_ERR_INVALID (no list i).
 */
int cute_shm_element(const struct cute_shm_array *array, uint64_t i,
		     const void **data, uint64_t *n)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * Check all offsets of a ragged array: they begin with 0, never decrease, and
 * end with value_count, so that a program may use them without a further look.
 * Such arrays are not updated in place, so one check is enough.
 * CUTE_SHM_ERR_TYPE (not ragged), CUTE_SHM_ERR_CORRUPT.
 */
int cute_shm_check_offsets(const struct cute_shm_array *array)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * Element i of an array of strings, of fixed length ("|S12", less the NULs at
 * its end) or variable length ("*|S1"): *text points into the segment, is not
 * NUL-terminated and has *size bytes.  CUTE_SHM_ERR_TYPE (no strings),
 * CUTE_SHM_ERR_INVALID (no element i).
 */
int cute_shm_string(const struct cute_shm_array *array, uint64_t i,
		    const char **text, uint64_t *size)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#include <cute_shm_build.h>
#include <cute_shm_copy.h>
#include <cute_shm_live.h>
#include <cute_shm_loading.h>
#include <cute_shm_project.h>
#include <cute_shm_verify.h>

#endif
