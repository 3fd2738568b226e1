/* SPDX-License-Identifier: MIT */
/*
 * Save a segment to a file or a stream, restore a project from one, and write
 * files with a segment's data in another form.
 * <cute_shm.h> includes this header, and its rules hold here, too.
 */
#ifndef CUTE_SHM_COPY_H
#define CUTE_SHM_COPY_H

#ifndef CUTE_SHM_H
#error "include <cute_shm.h>"
#endif

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct cute_shm_export_options {
	size_t size;
	unsigned flags; /* CUTE_SHM_OVERWRITE */
	/* Called repeatedly, with bytes; non-zero: CUTE_SHM_ERR_CANCELLED. */
	int (*progress)(uint64_t done, uint64_t total, void *arg);
	void *arg;
	double max_seconds; /* of wall time; 0: no bound */
};

/*
 * Write the segment to 'file', which gets its name when it is complete and on
 * the disk.  Updates may go on meanwhile: each array is saved as it is between
 * two updates, and sealed, but different arrays may be from different moments
 * (hold cute_shm_lock_all() to prevent that).  The copy of an ephemeral project
 * is not ephemeral.  The permissions are those of the replaced file, else those
 * of the segment less the umask; an incomplete file is private to the caller.
 *
 * CUTE_SHM_ERR_EXISTS    the file exists, and CUTE_SHM_OVERWRITE is not set
 * CUTE_SHM_ERR_NO_SPACE  it exceeds RLIMIT_FSIZE of this process
 * CUTE_SHM_ERR_TORN      a writer died while it updated an array
 * CUTE_SHM_ERR_TIMEOUT   an array was locked by others for too long
 * CUTE_SHM_ERR_OWNER     the file is a symbolic link of another user
 * CUTE_SHM_ERR_LIMIT     it took longer than max_seconds
 */
int cute_shm_export(const struct cute_shm *shm, const char *file,
		    const struct cute_shm_export_options *opt);

/*
 * Write what cute_shm_export() would save to a descriptor that is open for
 * writing: a pipe, a socket, or a file from its position on.  The descriptor
 * stays open.  If arrays were updated, the segment is first copied to an
 * unnamed file in $TMPDIR (or /var/tmp, or /tmp), so that a slow reader of the
 * stream does not delay writers.  After a failure the output is incomplete, and
 * cute_shm_load() refuses it.  As with write(), a pipe without a reader
 * raises SIGPIPE; if that is ignored, the error is CUTE_SHM_ERR_SYSTEM.
 * CUTE_SHM_OVERWRITE has no effect.  The errors of cute_shm_export(), and:
 *
 * CUTE_SHM_ERR_BUSY  the first update of the segment came meanwhile: retry
 */
int cute_shm_export_fd(const struct cute_shm *shm, int fd,
		       const struct cute_shm_export_options *opt);

struct cute_shm_load_info; /* cute_shm_loading.h */
struct cute_shm_loading;

struct cute_shm_load_options {
	size_t size;
	const char *root; /* as in struct cute_shm_open_options */
	unsigned flags;	  /* as in struct cute_shm_build_options */
	mode_t mode;
	const char *group;
	unsigned jobs; /* threads that verify; 0: CPUs */
	/* As in cute_shm_export_options; 'total' is 0 if not yet known. */
	int (*progress)(uint64_t done, uint64_t total, void *arg);
	void *arg;
	uint64_t max_size;  /* bytes of the segment; 0: no bound */
	double max_seconds; /* of wall time, waiting for input included;
				   0: no bound */
	/*
	 * How several processes that load the same project take turns:
	 * CUTE_SHM_LOADING_ENSURE and CUTE_SHM_LOADING_WAIT, and the rest as in
	 * struct cute_shm_loading_options; the result of an ENSURE that finds
	 * the project current is in *current, unless that is NULL.  'file' is
	 * the path of the file that 'fd' reads from its begin, or NULL: ENSURE
	 * needs it.
	 */
	unsigned loading;
	const char *file;
	double timeout;
	int (*waiting)(const struct cute_shm_load_info *other, void *arg);
	int *current;
};

/*
 * Make a project from a saved segment.  'fd' is a file or a stream, read from
 * its position to its end; it stays open.  The header is checked before memory
 * is reserved, the metadata before the data are read, and the whole segment, as
 * by cute_shm_verify(), before the project gets its name.  Memory is reserved
 * at most 64 MiB ahead of the input.  'ret' is that of
 * cute_shm_builder_publish().
 *
 * If a segment was copied by other means while a writer was at work, an array
 * may mix two updates.  Without a digest that cannot be detected: a warning is
 * logged if arrays were updated and not sealed.
 *
 * Only one process at a time loads a project; see cute_shm_load_begin().  A
 * project is current if it is a copy of 'file': of the same build (uuid), with
 * the same updates.
 *
 * CUTE_SHM_ERR_BUSY      another process loads it, and WAIT is not set
 * CUTE_SHM_ERR_TIMEOUT   another process still loads it after 'timeout'
 * CUTE_SHM_ERR_FORMAT    the input is not a segment
 * CUTE_SHM_ERR_CORRUPT   the input is damaged, incomplete, or too long
 * CUTE_SHM_ERR_TORN      a writer died while it updated an array
 * CUTE_SHM_ERR_LIMIT     larger than max_size, or longer than max_seconds
 * CUTE_SHM_ERR_EXISTS    the project exists, and CUTE_SHM_OVERWRITE is not set
 * CUTE_SHM_ERR_NO_SPACE  does not fit; the message has numbers and a remedy
 */
int cute_shm_load(const char *project, int fd,
		  const struct cute_shm_load_options *opt,
		  struct cute_shm **ret);

struct cute_shm_receive_options {
	size_t size;
	const char *root; /* as in struct cute_shm_open_options */
	unsigned flags; /* CUTE_SHM_OVERWRITE, _REPLACE, _EPHEMERAL, _NO_VIEW */
	mode_t mode;	/* as in struct cute_shm_build_options */
	const char *group;
	unsigned jobs;	   /* threads that verify; 0: CPUs */
	uint64_t max_size; /* bytes of the segment; 0: no bound */
	struct cute_shm_loading *loading; /* as in cute_shm_build_options */
};

/*
 * Make a project from a segment that comes in parts, in any order, such as by a
 * network from a program that reads a segment which is being built:
 *
 *   _begin()    reserve the memory of at most 'size' bytes
 *   _at()       the place of a part, to which it is received
 *   _done()     the part has come
 *   _seal()     all have: check the segment
 *   _publish()  give it its name
 *
 * Between two of these steps several machines can agree, so that all of them
 * have the project, or none.  It is not visible before it is published; a
 * process that dies leaves nothing behind.  *ret is for
 * cute_shm_receive_free(), also after a failure of a later call.
 *
 * CUTE_SHM_ERR_EXISTS    the project exists, and CUTE_SHM_OVERWRITE is not set
 * CUTE_SHM_ERR_NO_SPACE  does not fit; the message has numbers and a remedy
 * CUTE_SHM_ERR_LIMIT     larger than max_size
 * CUTE_SHM_ERR_INVALID   a name, an option, or the size
 */
struct cute_shm_receiver;
int cute_shm_receive_begin(const char *project, uint64_t size,
			   const struct cute_shm_receive_options *opt,
			   struct cute_shm_receiver **ret) CUTE_SHM_CHECKED;

/*
 * The place of 'size' bytes at 'offset' of the segment, to which they are
 * stored; valid until _seal() or _free().  Any thread may call this and
 * _done().  CUTE_SHM_ERR_INVALID: they are not within the segment;
 * CUTE_SHM_ERR_STATE: it is sealed.
 */
int cute_shm_receive_at(struct cute_shm_receiver *r, uint64_t offset,
			uint64_t size, void **ret) CUTE_SHM_NONNULL(1)
	CUTE_SHM_NONNULL(4) CUTE_SHM_CHECKED;

/*
 * Those bytes have come, and do not change any more.  'digest' is their XXH3-64
 * (seed 0), as the sender has it: CUTE_SHM_ERR_CORRUPT, and they count as
 * missing, if it is another one.  A part may come again; parts may overlap.
 * Else the errors of cute_shm_receive_at().
 */
int cute_shm_receive_done(struct cute_shm_receiver *r, uint64_t offset,
			  uint64_t size, uint64_t digest)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * All parts have come.  The header says where the segment ends, perhaps before
 * the 'size' of _begin(): all bytes up to there must have come.  The header and
 * the metadata are checked as by cute_shm_verify(), the data are not read
 * again.  With CUTE_SHM_NO_VIEW, or without, an HDF5 view is removed or made.
 * After a failure only _free() may follow.
 *
 * CUTE_SHM_ERR_FORMAT, _UNSUPPORTED  it is not a segment, or too new a one
 * CUTE_SHM_ERR_CORRUPT               damaged, or a part is missing
 */
int cute_shm_receive_seal(struct cute_shm_receiver *r)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/*
 * Give the sealed segment its name, as cute_shm_builder_publish() does; then
 * only _free() may follow.  CUTE_SHM_ERR_STATE: it is not sealed.
 */
int cute_shm_receive_publish(struct cute_shm_receiver *r, struct cute_shm **ret)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

/* Free it; what was not published is gone.  NULL is allowed. */
void cute_shm_receive_free(struct cute_shm_receiver *r);

/*
 * A file that a program writes from the data of a segment, such as a text.  As
 * with cute_shm_export(), it gets its name when it is complete, and has the
 * same permissions.  Use it in one thread at a time.
 *
 * cute_shm_file_new() begins an empty file.  'shm' decides the permissions, and
 * may be closed before the file.  'flags' is 0 or CUTE_SHM_OVERWRITE.
 *
 * CUTE_SHM_ERR_EXISTS     the file exists, and CUTE_SHM_OVERWRITE is not set
 * CUTE_SHM_ERR_INVALID    it exists and is not a regular file
 * CUTE_SHM_ERR_NOT_FOUND  there is no such folder
 * CUTE_SHM_ERR_OWNER      the file is a symbolic link of another user
 */
struct cute_shm_file;
int cute_shm_file_new(const struct cute_shm *shm, const char *path,
		      unsigned flags, struct cute_shm_file **ret);

/*
 * The descriptor to write to; the file closes it.  It is -1 after
 * cute_shm_file_publish().
 */
int cute_shm_file_fd(const struct cute_shm_file *file);

/*
 * Write the file to the disk and give it its name.  Then, and also after a
 * failure, only cute_shm_file_free() is left to call.
 *
 * CUTE_SHM_ERR_EXISTS  another file got the name meanwhile
 * CUTE_SHM_ERR_STATE   it was called before
 */
int cute_shm_file_publish(struct cute_shm_file *file);

/* End the file, which is removed unless it was published; NULL is accepted. */
void cute_shm_file_free(struct cute_shm_file *file);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
