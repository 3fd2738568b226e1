/* SPDX-License-Identifier: MIT */
/*
 * Builders make projects.  <cute_shm.h> includes this header, and its rules
 * hold here, too.
 */
#ifndef CUTE_SHM_BUILD_H
#define CUTE_SHM_BUILD_H

#ifndef CUTE_SHM_H
#error "include <cute_shm.h>"
#endif

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

enum {
	CUTE_SHM_OVERWRITE = 1, /* replace the old project in one step */
	CUTE_SHM_REPLACE = 2,	/* overwrite; drop the old if both do not fit */
	CUTE_SHM_EPHEMERAL = 4, /* ends with the handle that _publish() gives */
	CUTE_SHM_RESERVE_AHEAD = 8, /* reserve memory during the writes */
	CUTE_SHM_LENT = 16,	    /* for _lend(): forked children have none */
	CUTE_SHM_NO_VIEW = 64	    /* libhdf5 cannot read the segment */
};

struct cute_shm_build_options {
	size_t size;
	const char *root; /* as in struct cute_shm_open_options */
	unsigned flags;	  /* CUTE_SHM_OVERWRITE and so on */
	mode_t mode;	  /* 0: 0600; the umask is not applied */
	/*
	 * Name or number.  NULL: the group of the root if that has the
	 * set-group-ID bit, else the group of the process.
	 */
	const char *group;
	const char *creator;	  /* NULL: "libcute_shm" and its version */
	const char *source;	  /* the file that the data are from, or NULL */
	uint64_t source_size;	  /* its size in bytes */
	uint64_t source_mtime_ns; /* its modification, Unix time */
	uint64_t block_size;	  /* bytes, a multiple of 64; 0: 1 MiB */
	unsigned jobs;		  /* threads that copy and hash; 0: CPUs */
	uint64_t max_size;	  /* bytes of the segment; 0: no bound */
	/*
	 * NULL, or a text that says what of the source was chosen, and how: the
	 * segment stores its digest, which cute_shm_load_begin() compares.
	 */
	const char *options;
	/*
	 * NULL, or the load that this builder works for: others see the memory
	 * that it has reserved and still needs.  It must outlive the builder.
	 */
	struct cute_shm_loading *loading;
	/*
	 * Called repeatedly on the thread of _reserve(), _seal() and
	 * _publish(), with the bytes of data that are done; non-zero ends that
	 * call with CUTE_SHM_ERR_CANCELLED, and nothing is published.
	 */
	int (*progress)(uint64_t done, uint64_t total, void *arg);
	void *arg;
};

/*
 * A builder makes one project, in this order:
 *
 *   describe  _group(), _array(), _ragged(), _link(), _attr()
 *   reserve   _reserve(): fix the layout, reserve the memory
 *   write     _write(), from any thread
 *   publish   _publish(): complete the digests, then give the name
 *
 * The project is not visible to others before it is published; a process that
 * dies leaves nothing behind.  *ret is for cute_shm_builder_free(), also after
 * a failure of a later call.
 *
 * CUTE_SHM_ERR_EXISTS   the project exists, and CUTE_SHM_OVERWRITE is not set
 * CUTE_SHM_ERR_INVALID  a name or an option is invalid
 */
int cute_shm_builder_new(const char *project,
			 const struct cute_shm_build_options *opt,
			 struct cute_shm_builder **ret) CUTE_SHM_CHECKED;

/*
 * Describe a group; missing parents are made, and a group that exists already
 * is no error.  CUTE_SHM_ERR_EXISTS: another kind of node has that path.
 */
int cute_shm_builder_group(struct cute_shm_builder *b, const char *path)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * Describe an array of C-contiguous little-endian elements; missing parent
 * groups are made.  dtype is a text such as "<f8" or its name, "float64".  For
 * "null" ndim is 0 and shape NULL.  'shape' is copied.  'data' is not: it must
 * not change before publication.  If it is NULL, the data come through
 * cute_shm_builder_write(), and are zero where nothing is written.
 *
 * CUTE_SHM_ERR_EXISTS   a node has that path
 * CUTE_SHM_ERR_TYPE     no such dtype, a ragged one, or a parent is no group
 * CUTE_SHM_ERR_INVALID  a wrong path or shape
 */
int cute_shm_builder_array(struct cute_shm_builder *b, const char *path,
			   const char *dtype, unsigned ndim,
			   const uint64_t *shape, const void *data)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * Describe a ragged array of a dtype such as "*<f4"; all its lists together
 * have value_count items.  'offsets' has one more entry than the array has
 * elements; they count items, begin with 0, never decrease, and end with
 * value_count.  'offsets' and 'values' are not copied: they must not change
 * before publication.  If both are NULL, the data come through
 * cute_shm_builder_write(): the offsets at 0, the values at
 * cute_shm_values_at(elements).  Errors are those of cute_shm_builder_array().
 */
int cute_shm_builder_ragged(struct cute_shm_builder *b, const char *path,
			    const char *dtype, unsigned ndim,
			    const uint64_t *shape, uint64_t value_count,
			    const uint64_t *offsets, const void *values)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/* The byte offset at which the values begin in the data of a ragged array. */
uint64_t cute_shm_values_at(uint64_t element_count);

/*
 * Describe a link: a second name for the group or array at 'target'.  The
 * target may be described later; _reserve() checks that it exists
 * (CUTE_SHM_ERR_NOT_FOUND).  CUTE_SHM_ERR_EXISTS: a node has the path 'path'.
 */
int cute_shm_builder_link(struct cute_shm_builder *b, const char *path,
			  const char *target)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * Describe an attribute of the group or array at 'path', which is described
 * already; the value is copied.  Names that begin with "cute-shm:" are reserved
 * for the attributes of cute-shm(5): these come last on their node, and if one
 * breaks the rules, this call or _reserve() returns CUTE_SHM_ERR_INVALID.
 *
 * CUTE_SHM_ERR_EXISTS     the node has an attribute of that name
 * CUTE_SHM_ERR_NOT_FOUND  no node has that path
 * CUTE_SHM_ERR_TYPE       the node is a link, or no such dtype
 * CUTE_SHM_ERR_INVALID    wrong name or shape, or a value of over 4 GiB
 */
int cute_shm_builder_attr(struct cute_shm_builder *b, const char *path,
			  const char *name, const char *dtype, unsigned ndim,
			  const uint64_t *shape, const void *value)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * As cute_shm_builder_attr(), with a ragged value: 'offsets' and 'values' as in
 * cute_shm_builder_ragged(), but copied.
 */
int cute_shm_builder_attr_ragged(struct cute_shm_builder *b, const char *path,
				 const char *name, const char *dtype,
				 unsigned ndim, const uint64_t *shape,
				 const uint64_t *offsets, const void *values)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/* Describe a text as an attribute: a scalar of dtype "*|S1".  It is copied. */
int cute_shm_builder_attr_text(struct cute_shm_builder *b, const char *path,
			       const char *name, const char *text)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * Fix the layout and reserve all memory.  With CUTE_SHM_REPLACE the old project
 * is unlinked first if that makes room, which it does not while others have it
 * open.  After a failure more nodes may be described, or the call repeated.
 *
 * With CUTE_SHM_RESERVE_AHEAD this call only checks that there is room; a
 * thread of the builder then reserves the memory, up to 64 MiB ahead of the
 * last write, so that reading and reserving overlap.  If other processes take
 * the memory meanwhile, _write() or _publish() fails.
 *
 * CUTE_SHM_ERR_NO_SPACE   does not fit; the message has numbers and a remedy
 * CUTE_SHM_ERR_LIMIT      larger than max_size
 * CUTE_SHM_ERR_NOT_FOUND  the target of a link does not exist
 * CUTE_SHM_ERR_INVALID    links in a circle, or wrong reserved attributes
 */
int cute_shm_builder_reserve(struct cute_shm_builder *b)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * Write 'size' bytes at byte 'offset' of the data of an array.  Any number of
 * threads may call this at once, for ranges that do not overlap.  A write that
 * covers a whole block (block_size bytes, counted from the start of the array)
 * hashes it while it is in the cache: such writes are the fastest.
 *
 * CUTE_SHM_ERR_STATE      memory is not reserved, or 'data' was not NULL
 * CUTE_SHM_ERR_NOT_FOUND  no node has that path
 * CUTE_SHM_ERR_TYPE       the node is not an array
 * CUTE_SHM_ERR_INVALID    the range is not within the data
 */
int cute_shm_builder_write(struct cute_shm_builder *b, const char *path,
			   uint64_t offset, const void *src, size_t size)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * Replace the text that was begun with as 'options', before the segment is
 * sealed: a load that had to leave something out says so by another text, and
 * gives cute_shm_load_begin() both.
 *
 * CUTE_SHM_ERR_STATE  the segment is sealed, or was begun without options
 */
int cute_shm_builder_options(struct cute_shm_builder *b, const char *options)
	CUTE_SHM_NONNULL(1) CUTE_SHM_NONNULL(2) CUTE_SHM_CHECKED;

/*
 * Complete the digests and give the project its name.  If 'ret' is not NULL,
 * *ret becomes a handle for cute_shm_close().  The call reserves the memory if
 * cute_shm_builder_reserve() was not called.  After success and after failure
 * only cute_shm_builder_free() may follow.
 *
 * The handle owns an ephemeral project, so 'ret' must not be NULL for one.  The
 * name is removed when that handle is closed or the process exits; if the
 * process is killed, by the next cute_shm_collect() or load of that name.  A
 * forked child does not own the project, but a child that was forked during the
 * build counts as an owner until it calls exec or exits.
 *
 * CUTE_SHM_ERR_EXISTS  another process published that name meanwhile
 * CUTE_SHM_ERR_BUSY    another process kept the name locked for 30 s, to remove
 *			or replace the project
 */
int cute_shm_builder_publish(struct cute_shm_builder *b, struct cute_shm **ret)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * Free the builder; if it has not published, its segment is gone.  NULL is
 * allowed.
 */
void cute_shm_builder_free(struct cute_shm_builder *b);

/*
 * Another process can fill a builder: a forked child, or one that gets it by
 * cute_shm_builder_lend().  That process calls _seal(), which does all of
 * _publish() except for the name, and exits.
 */
int cute_shm_builder_seal(struct cute_shm_builder *b)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * When that process has ended, the first one calls _adopt() and then
 * _publish(); it has described nothing itself.  The call writes the header anew
 * and checks the metadata, so the data only are what the other process made of
 * them.
 *
 * CUTE_SHM_ERR_STATE    nobody has sealed, or a process can still write to it
 * CUTE_SHM_ERR_CORRUPT  the metadata do not have their digest
 */
int cute_shm_builder_adopt(struct cute_shm_builder *b)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * What a process that is not a fork of this one needs to fill the builder:
 * *size bytes at *state, for free(), and a copy of the descriptor *fd, which
 * stays the builder's.  Nothing may be described yet (CUTE_SHM_ERR_STATE).
 *
 * With CUTE_SHM_LENT a child that any thread forks meanwhile does not get the
 * descriptor: its copy would make _adopt() fail.
 */
int cute_shm_builder_lend(struct cute_shm_builder *b, void **state,
			  size_t *size, int *fd)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/* The questions of a process that fills a builder; all sizes are in bytes. */
enum cute_shm_ask {
	CUTE_SHM_ASK_ROOM = 1, /* may the segment be of 'bytes'? */
	CUTE_SHM_ASK_LOOK = 2, /* is there memory for 'bytes' more? */
	CUTE_SHM_ASK_FULL = 3  /* what to say: of 'bytes' it got 'given' */
};

/*
 * Answer such a question, in the process that lent the builder.  ROOM may
 * remove what dead processes left and, with CUTE_SHM_REPLACE, the old project.
 * LOOK sets *ret to what would be left.  FULL always fails: its message is the
 * answer.  Errors are those of cute_shm_builder_reserve().
 */
int cute_shm_builder_grant(struct cute_shm_builder *b, enum cute_shm_ask what,
			   uint64_t bytes, uint64_t given, uint64_t *ret)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * How a borrowed builder asks.  'ask' returns what cute_shm_builder_grant()
 * returned there, with its message set in this thread by cute_shm_fail(); it
 * may be called by any thread.
 */
struct cute_shm_lender {
	int (*ask)(void *arg, enum cute_shm_ask what, uint64_t bytes,
		   uint64_t given, uint64_t *ret);
	void *arg;
	/*
	 * NULL, or called by any thread when 'size' bytes at 'offset' of the
	 * segment are written and hashed: a block of an array, or a whole small
	 * one.  If they are written again, it is called again.
	 */
	void (*final)(void *arg, uint64_t offset, uint64_t size);
};

/*
 * Make a builder from what cute_shm_builder_lend() gave in another process.
 * The builder takes over 'fd' on success.  It describes, reserves, writes and
 * seals; it never publishes, and uses no path: it also works in a process that
 * cannot open files.  CUTE_SHM_ERR_UNSUPPORTED: the lender's library has
 * another version.
 */
int cute_shm_builder_borrow(const void *state, size_t size, int fd,
			    const struct cute_shm_lender *lender,
			    struct cute_shm_builder **ret)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
