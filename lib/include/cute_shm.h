/* SPDX-License-Identifier: MIT */
/*
 * cute-shm: numerical arrays in shared memory, one segment per project.
 *
 * Rules of every call, unless it says otherwise:
 *
 * - It returns 0 or a negative enum cute_shm_err.  A failure leaves *ret
 *   untouched; cute_shm_errmsg() then tells this thread what went wrong.
 * - Results go through the last argument, 'ret'; NULL is CUTE_SHM_ERR_INVALID
 *   unless the call says that it may be.  What they point to inside the segment
 *   stays valid until cute_shm_close(), whatever happens to the project's name.
 * - Result structs end with reserved members, which are zero: later versions
 *   give them names, and programs that were compiled before go on to work.
 * - Option structs begin with their own size: set it to sizeof(the struct), and
 *   zero the rest (a zero means the default).  NULL means all defaults.
 * - Paths are UTF-8, components separated by one slash; a leading slash is
 *   ignored, and when reading one at the end, too; "" is the root group.
 * - A handle (struct cute_shm) may be used by many threads at once, a builder
 *   by one, but for cute_shm_builder_write().
 * - A forked child uses the handles of its parent, with locks of its own; it
 *   owns no project.  (clone() and _Fork() run no handlers: see
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

#define CUTE_SHM_VERSION	"0.1.0"
#define CUTE_SHM_MAX_NDIM	32	/* NumPy 1 and HDF5 have the same */

/*
 * For compilers that warn: a result that says whether the call did anything,
 * and an argument that may not be NULL.
 */
#ifdef __GNUC__
#define CUTE_SHM_CHECKED	__attribute__((warn_unused_result))
#define CUTE_SHM_NONNULL(n)	__attribute__((nonnull(n)))
#else
#define CUTE_SHM_CHECKED
#define CUTE_SHM_NONNULL(n)
#endif

struct cute_shm;
struct cute_shm_builder;

/* ------------------------------------------------------------------ errors */

enum cute_shm_err {
	CUTE_SHM_OK		 = 0,
	CUTE_SHM_ERR_INVALID	 = -1,	/* an argument makes no sense */
	CUTE_SHM_ERR_NOMEM	 = -2,	/* no private memory */
	CUTE_SHM_ERR_SYSTEM	 = -3,	/* the system refused; see errmsg */
	CUTE_SHM_ERR_NOT_FOUND	 = -4,	/* no such project, path, attribute */
	CUTE_SHM_ERR_EXISTS	 = -5,	/* the name is taken */
	CUTE_SHM_ERR_OWNER	 = -6,	/* belongs to another user */
	CUTE_SHM_ERR_PERMISSION	 = -7,	/* may not be read or written */
	CUTE_SHM_ERR_FORMAT	 = -8,	/* not a segment at all */
	CUTE_SHM_ERR_UNSUPPORTED = -9,	/* sound, but newer than this library */
	CUTE_SHM_ERR_CORRUPT	 = -10,	/* a size, offset or digest is wrong */
	CUTE_SHM_ERR_NO_SPACE	 = -11,	/* does not fit into memory */
	CUTE_SHM_ERR_TYPE	 = -12,	/* a node of another kind or dtype */
	CUTE_SHM_ERR_STATE	 = -13,	/* not at this stage of a builder */
	CUTE_SHM_ERR_CANCELLED	 = -14,	/* a callback asked to stop */
	CUTE_SHM_ERR_SOURCE	 = -15,	/* the HDF5 file cannot be read */
	CUTE_SHM_ERR_END	 = -16,	/* nothing follows; not a failure */
	CUTE_SHM_ERR_TIMEOUT	 = -17,	/* others held it too long */
	CUTE_SHM_ERR_TORN	 = -18,	/* its writer died in the middle */
	CUTE_SHM_ERR_BUSY	 = -19,	/* others have it open */
	CUTE_SHM_ERR_LIMIT	 = -20	/* over a bound of the options */
};

/* The name of an error in a few words; never NULL, also for unknown ones. */
const char *cute_shm_strerror(int err);

/*
 * This thread's last failure as a sentence with names and numbers.  Never NULL;
 * valid until this thread's next failure.  CUTE_SHM_ERR_END sets none.
 */
const char *cute_shm_errmsg(void);

/*
 * For libraries built on this one: record a failure and return 'err'.
 * The arguments may include cute_shm_errmsg() itself, to add to it.
 */
int cute_shm_fail(int err, const char *format, ...)
	__attribute__((format(printf, 2, 3), cold));

enum cute_shm_log_level {
	CUTE_SHM_LOG_WARNING = 1,
	CUTE_SHM_LOG_INFO,
	CUTE_SHM_LOG_DEBUG
};

/* 'message' is one line without its end, valid during the call. */
typedef void cute_shm_log_fn(enum cute_shm_log_level level, const char *message,
			     void *arg);

/*
 * Send messages up to 'level' to 'fn', from whichever thread has one; NULL is
 * silence, the default.  One hook per process; set it before threads start.
 */
void cute_shm_set_log(enum cute_shm_log_level level, cute_shm_log_fn *fn,
		      void *arg);

/* For libraries built on this one: send a message to the hook. */
void cute_shm_log(enum cute_shm_log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Whether a message of that level would reach the hook: else do not make it. */
int cute_shm_log_wants(enum cute_shm_log_level level);

/* The version of the library at run time, such as "0.1.0". */
const char *cute_shm_version(void);

/* ----------------------------------------------------------------- reading */

enum {
	CUTE_SHM_ANY_OWNER = 1,	/* trust segments of other users too */
	CUTE_SHM_WRITE	   = 2	/* arrays may be updated in place */
};

struct cute_shm_open_options {
	size_t size;
	const char *root;	/* NULL: $CUTE_SHM_ROOT, else /dev/shm */
	unsigned flags;		/* CUTE_SHM_ANY_OWNER, CUTE_SHM_WRITE */
};

/*
 * cute_shm_open() attaches the project and checks its header.  On success *ret
 * is a handle for cute_shm_close().  Opening costs the same whatever the number
 * and size of the arrays: only cute_shm_verify() reads the data.
 *
 * CUTE_SHM_ERR_NOT_FOUND    no such project in this root, or an orphan
 * CUTE_SHM_ERR_OWNER        neither the caller's nor root's, or the project has
 *			     another name, which is not ours (see ANY_OWNER)
 * CUTE_SHM_ERR_PERMISSION   may not be read, or not be written to; with
 *			     CUTE_SHM_WRITE also where an update in place is
 *			     not safe (btrfs, an overlay: see cute-shm(7))
 * CUTE_SHM_ERR_FORMAT       not a segment
 * CUTE_SHM_ERR_UNSUPPORTED  sound, but needs a newer library
 * CUTE_SHM_ERR_CORRUPT      a size, an offset or a digest is wrong
 */
int cute_shm_open(const char *project, const struct cute_shm_open_options *opt,
		  struct cute_shm **ret) CUTE_SHM_CHECKED;

/* The same for a segment at any path, such as a copy on a disk. */
int cute_shm_open_file(const char *path,
		       const struct cute_shm_open_options *opt,
		       struct cute_shm **ret) CUTE_SHM_CHECKED;

/*
 * Detach.  All that was got through the handle ends here; so does an ephemeral
 * project whose owner the handle is.  NULL is fine.
 */
void cute_shm_close(struct cute_shm *shm);

/*
 * With GCC and Clang, a handle that its scope closes:
 *
 *	CUTE_SHM_SCOPED(shm);
 *	if (cute_shm_open("robot", NULL, &shm) != 0)
 *		return -1;
 */
#ifdef __GNUC__
#define CUTE_SHM_SCOPED(name) \
	struct cute_shm *name __attribute__((cleanup(cute_shm_close_at))) = NULL
#endif
void cute_shm_close_at(struct cute_shm **shm);

/*
 * An array, or the value of an attribute.  'data' is C-contiguous and aligned
 * to 64 bytes (to a page from 4096 bytes on; in an attribute to 16), NULL when
 * data_size is 0.  dtype is NumPy's array-interface text ("<f8", "|S12"), or
 * "null" for a null dataspace.
 *
 * A ragged array has a dtype such as "*<f4" and one list per element: list i
 * is values[offsets[i]] to values[offsets[i + 1]], best got by
 * cute_shm_element().  Its 'data' begins with the offsets.
 */
struct cute_shm_array {
	const struct cute_shm *shm;
	const char *path;		/* of an attribute: its name */
	const char *dtype;
	const void *data;
	uint64_t data_size;		/* bytes */
	uint64_t element_count;		/* product of the shape */
	uint32_t item_size;		/* bytes of one item */
	uint32_t ndim;			/* 0: a scalar */
	uint64_t shape[CUTE_SHM_MAX_NDIM];	/* the first ndim are set */
	const uint64_t *offsets;	/* ragged: in items, element_count+1 */
	const void *values;		/* ragged: the items, NULL when none */
	uint64_t value_count;		/* ragged: items in all */
	uint64_t digest;		/* XXH3-64 as published; attribute: 0 */
	uint64_t record;		/* private: where it stands */
	uint64_t data_offset;		/* of data in the segment's file, or 0 */
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
	const char *path;	/* "b/b1"; "" for the root */
	const char *name;	/* its last component */
	uint64_t child_count;	/* groups */
	uint32_t attr_count;
	uint64_t record;	/* private: where it stands */
	uint64_t end;		/* private: where its subtree ends */
	uint64_t target;	/* private: of a link */
	uint64_t reserved[3];
};

struct cute_shm_attr {
	const char *name;
	struct cute_shm_array value;
	uint64_t record;	/* private: where it stands */
	uint64_t reserved[3];
};

/*
 * cute_shm_get() finds an array by path, following links on the way.
 * CUTE_SHM_ERR_NOT_FOUND, CUTE_SHM_ERR_TYPE (a group), CUTE_SHM_ERR_CORRUPT.
 */
int cute_shm_get(const struct cute_shm *shm, const char *path,
		 struct cute_shm_array *ret)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * cute_shm_find() finds any node; links on the way are followed, a link at the
 * end of the path is returned itself (see cute_shm_follow()).
 */
int cute_shm_find(const struct cute_shm *shm, const char *path,
		  struct cute_shm_node *ret)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/* What a link leads to, a group or an array; other nodes lead to themselves. */
int cute_shm_follow(const struct cute_shm_node *node,
		    struct cute_shm_node *ret)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/* The array at a node of that kind, else CUTE_SHM_ERR_TYPE. */
int cute_shm_node_array(const struct cute_shm_node *node,
			struct cute_shm_array *ret)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * Steps through the tree, in the order of creation; each gives
 * CUTE_SHM_ERR_END when nothing follows.  'ret' may be the argument itself.
 * cute_shm_next() walks the subtree of 'top' in pre-order: begin with
 * node = top.  No step follows a link.
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

/* The group that holds the node; the root's is the root. */
int cute_shm_parent(const struct cute_shm_node *node,
		    struct cute_shm_node *ret)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/* The attribute of that name; links have none (CUTE_SHM_ERR_NOT_FOUND). */
int cute_shm_attr(const struct cute_shm_node *node, const char *name,
		  struct cute_shm_attr *ret)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * The attribute after 'prev', the first when that is NULL; CUTE_SHM_ERR_END
 * after the last.  'ret' may be 'prev'.
 */
int cute_shm_next_attr(const struct cute_shm_node *node,
		       const struct cute_shm_attr *prev,
		       struct cute_shm_attr *ret)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * The value of an attribute of one element, by the path of its node; links are
 * followed.  _text() takes strings of fixed and of variable length, and gives a
 * copy with a NUL at its end, for free(); _i64() takes integers and bools,
 * _f64() floats as well.
 *
 * CUTE_SHM_ERR_NOT_FOUND  no such node or attribute
 * CUTE_SHM_ERR_TYPE       another dtype, more elements than one, a number that
 *			   does not fit, a NUL within a text
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
 * Typed access to arrays and to the values of attributes: the data, and in *n
 * the number of elements, if the dtype is exactly that ("|b1" is u8 too), else
 * NULL, and cute_shm_errmsg() says what the dtype is.  An array without
 * elements gives a pointer that is not NULL, and n 0.  'n' may be NULL.
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

/* The same for any dtype, such as "<c8" or "complex64", "|S12" or "S12". */
const void *cute_shm_typed(const struct cute_shm_array *array,
			   const char *dtype, uint64_t *n) CUTE_SHM_NONNULL(1);

/* Room for the longest name of a dtype. */
#define CUTE_SHM_DTYPE_NAME_SIZE 40

/*
 * The name of a dtype text as NumPy prints it: "float64" for "<f8", "S12" for
 * "|S12", "string" for "*|S1", "list of int32" for "*<i4".  Written to 'ret' of
 * 'size' bytes (CUTE_SHM_DTYPE_NAME_SIZE), cut if that is less; returns 'ret'.
 * Calls that take a dtype take such a name, too.
 */
const char *cute_shm_dtype_name(const char *dtype, char *ret, size_t size);

/*
 * The size in bytes of one item of a dtype text ("null": 0, ragged: that of the
 * items of its lists); CUTE_SHM_ERR_TYPE when it is none of the format.
 */
int cute_shm_dtype_size(const char *dtype, uint32_t *ret) CUTE_SHM_CHECKED;

/*
 * List i of a ragged array: where it lies and its number of items.  A string of
 * "*|S1" is not NUL-terminated.  CUTE_SHM_ERR_TYPE, CUTE_SHM_ERR_INVALID (i).
 */
int cute_shm_element(const struct cute_shm_array *array, uint64_t i,
		     const void **data, uint64_t *n)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * Element i of an array of strings, of fixed length ("|S12", without the NULs
 * at its end) or variable length ("*|S1"): its text, in the segment and not
 * NUL-terminated, and the number of its bytes.  CUTE_SHM_ERR_TYPE,
 * CUTE_SHM_ERR_INVALID (i).
 */
int cute_shm_string(const struct cute_shm_array *array, uint64_t i,
		    const char **text, uint64_t *size)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/* ------------------------------------------------------------ verification */

struct cute_shm_damage {
	int err;		/* what cute_shm_verify() will return */
	const char *path;	/* of the array, NULL: not one array's */
	uint64_t offset;	/* in the segment */
	uint64_t block;		/* in the array, of block_size bytes */
	uint64_t begin, end;	/* bytes of its data; equal: not in these */
	const char *message;	/* a sentence, the path in it */
};

struct cute_shm_verify_options {
	size_t size;
	unsigned flags;		/* CUTE_SHM_VERIFY_METADATA */
	unsigned jobs;		/* threads; 0: CPUs this process may use */
	/* Called for each damage, one at a time; non-zero stops. */
	int (*report)(const struct cute_shm_damage *damage, void *arg);
	void *arg;
	/* Called now and then, with bytes of data; non-zero stops. */
	int (*progress)(uint64_t done, uint64_t total, void *arg);
};

enum {
	CUTE_SHM_VERIFY_METADATA = 1	/* header and metadata digests only */
};

struct cute_shm_verify_result {
	uint64_t arrays;	/* whose data was checked */
	uint64_t bytes;		/* of data that were hashed */
	uint64_t damaged;	/* damages reported */
	uint64_t unsealed;	/* arrays updated since their last digest */
};

/*
 * cute_shm_verify() checks everything that cute-shm(5) says: the digests of
 * header and metadata, every record, index row and padding byte, and the data
 * of each array against its digests, but for arrays that were updated and not
 * sealed since.  CUTE_SHM_ERR_TORN is the error of an array whose writer died
 * in the middle.  0 when all is sound, otherwise the first damage's error after
 * all have been reported.  'ret' may be NULL, and is set in both cases.
 */
int cute_shm_verify(const struct cute_shm *shm,
		    const struct cute_shm_verify_options *opt,
		    struct cute_shm_verify_result *ret)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#include <cute_shm_build.h>
#include <cute_shm_live.h>
#include <cute_shm_project.h>
#include <cute_shm_save.h>

#endif
