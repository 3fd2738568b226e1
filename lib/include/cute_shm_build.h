/* SPDX-License-Identifier: MIT */
/*
 * Projects are made by builders.  Part of <cute_shm.h>, which includes it; its
 * rules hold here too.
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
	CUTE_SHM_OVERWRITE = 1,	/* replace a project of that name, at once */
	CUTE_SHM_REPLACE = 2,	/* the same; drop it first if both do not fit */
	CUTE_SHM_EPHEMERAL = 4,	/* ends with the handle that _publish() gives */
	CUTE_SHM_RESERVE_AHEAD = 8	/* memory is reserved while data come */
};

struct cute_shm_build_options {
	size_t size;
	const char *root;
	unsigned flags;		/* CUTE_SHM_OVERWRITE and so on */
	mode_t mode;		/* 0: 0600; whatever the umask */
	/*
	 * Name or number; NULL: that of a root with the set-group-ID bit, else
	 * the process's.
	 */
	const char *group;
	const char *creator;	/* NULL: "libcute_shm" and its version */
	const char *source;	/* file it is made from; NULL: none */
	uint64_t source_size;
	uint64_t source_mtime_ns;
	uint64_t block_size;	/* multiple of 64; 0: 1 MiB */
	unsigned jobs;		/* threads for data given by pointer */
	uint64_t max_size;	/* bytes of the segment; 0: what fits */
};

/*
 * A builder makes one project, in this order:
 *
 *   describe  _group(), _array(), _ragged(), _link(), _attr()
 *   reserve   _reserve(): layout fixed, memory held, or refused
 *   write     _write(), from any thread
 *   publish   _publish(): digests, then the name, at once
 *
 * Until then nothing is visible to others; a process that dies leaves nothing
 * behind.  cute_shm_builder_new() fails early with CUTE_SHM_ERR_EXISTS when the
 * project exists and CUTE_SHM_OVERWRITE is not set.
 */
int cute_shm_builder_new(const char *project,
			 const struct cute_shm_build_options *opt,
			 struct cute_shm_builder **ret) CUTE_SHM_CHECKED;

/* A group and its missing parents; one that is there already is fine. */
int cute_shm_builder_group(struct cute_shm_builder *b, const char *path)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * An array of C-contiguous little-endian elements; missing parent groups are
 * made.  dtype is a text as "<f8" or its name, "float64".  'data' must stay as
 * it is until publication; NULL: written later, and what is never written is
 * zero.  For "null" ndim is 0 and shape NULL.
 */
int cute_shm_builder_array(struct cute_shm_builder *b, const char *path,
			   const char *dtype, unsigned ndim,
			   const uint64_t *shape, const void *data)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * A ragged array of a dtype such as "*<f4": value_count items in all.
 * offsets (elements + 1 of them, from 0 to value_count, in items) and values
 * stay as they are until publication; both NULL: written later, as one block
 * of bytes with the values at cute_shm_values_at(elements).
 */
int cute_shm_builder_ragged(struct cute_shm_builder *b, const char *path,
			    const char *dtype, unsigned ndim,
			    const uint64_t *shape, uint64_t value_count,
			    const uint64_t *offsets, const void *values)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/* Where the values of a ragged array begin in its data. */
uint64_t cute_shm_values_at(uint64_t element_count);

/*
 * A second name for the group or array at 'target', which may be described
 * later; that it exists is checked when memory is reserved.
 */
int cute_shm_builder_link(struct cute_shm_builder *b, const char *path,
			  const char *target)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * An attribute of the group or array at 'path'; the value is copied.  A name
 * that the node has already gives CUTE_SHM_ERR_EXISTS.  Names that begin with
 * "cute-shm:" are those of cute-shm(5), section Reserved attributes: they come
 * last on their node, and what does not fit them gives CUTE_SHM_ERR_INVALID,
 * here or, when all nodes are known, as memory is reserved.
 */
int cute_shm_builder_attr(struct cute_shm_builder *b, const char *path,
			  const char *name, const char *dtype, unsigned ndim,
			  const uint64_t *shape, const void *value)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;
int cute_shm_builder_attr_ragged(struct cute_shm_builder *b, const char *path,
				 const char *name, const char *dtype,
				 unsigned ndim, const uint64_t *shape,
				 const uint64_t *offsets, const void *values)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/* A text as an attribute: "*|S1", scalar. */
int cute_shm_builder_attr_text(struct cute_shm_builder *b, const char *path,
			       const char *name, const char *text)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * Fix the layout and reserve all memory.  CUTE_SHM_ERR_NO_SPACE when it does
 * not fit: nothing was written, and the message tells what to do.  With
 * CUTE_SHM_REPLACE the project to be replaced is unlinked if that makes room,
 * which it does not as long as others have it open.  CUTE_SHM_ERR_LIMIT when it
 * is larger than max_size.
 *
 * With CUTE_SHM_RESERVE_AHEAD it checks that there is room, and a thread of its
 * own then reserves the memory, up to 64 MiB ahead of what was written, and
 * _write() waits for it: reading and reserving overlap.  Should others take the
 * memory meanwhile, it is _write() that fails, or publication.
 */
int cute_shm_builder_reserve(struct cute_shm_builder *b)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * Write 'size' bytes at 'offset' of the array's data; any number of threads at
 * once, on ranges that do not overlap.  Whole blocks (block_size, counted from
 * the array's start) are hashed here, while they are in cache.
 */
int cute_shm_builder_write(struct cute_shm_builder *b, const char *path,
			   uint64_t offset, const void *src, size_t size)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * Complete the digests and give the project its name.  'ret' may be NULL; else
 * it gets a handle.  Reserves first if that was not done.  Whatever comes out,
 * only cute_shm_builder_free() may follow.  CUTE_SHM_ERR_EXISTS: another
 * one was faster.  CUTE_SHM_ERR_BUSY: another process has been about to remove
 * or replace the project for 30 s.
 *
 * The handle of an ephemeral project (never NULL then) is its owner: the name
 * is removed when it is closed, when the process exits, or, should that be
 * killed, by the next cute_shm_collect() or load of that name.  A forked child
 * does not own it; but one forked during the build counts as an owner until it
 * execs or exits.
 */
int cute_shm_builder_publish(struct cute_shm_builder *b, struct cute_shm **ret)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/* End the builder; unpublished, it leaves nothing behind.  NULL is fine. */
void cute_shm_builder_free(struct cute_shm_builder *b);

/*
 * For a builder that a forked child fills: the child calls _seal() (all of
 * publication but the name), then the parent, whose copy of the builder was
 * not used meanwhile, _adopt(), and it may publish.
 */
int cute_shm_builder_seal(struct cute_shm_builder *b)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;
int cute_shm_builder_adopt(struct cute_shm_builder *b)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
