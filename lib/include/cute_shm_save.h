/* SPDX-License-Identifier: MIT */
/*
 * Segments as files: saved to a disk, and restored from there or from a stream.
 * Part of <cute_shm.h>, which includes it; its rules hold here too.
 */
#ifndef CUTE_SHM_SAVE_H
#define CUTE_SHM_SAVE_H

#ifndef CUTE_SHM_H
#error "include <cute_shm.h>"
#endif

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct cute_shm_save_options {
	size_t size;
	unsigned flags;		/* CUTE_SHM_OVERWRITE */
	/* Called now and then, with bytes; non-zero stops. */
	int (*progress)(uint64_t done, uint64_t total, void *arg);
	void *arg;
	double max_seconds;	/* of wall time; 0: no bound */
};

/*
 * Write the segment to 'file', which gets its name when it is whole and on the
 * disk.  Updates may go on meanwhile: each array is saved as it is between two
 * of them, and sealed, but not all as they are at one moment (for that, hold
 * cute_shm_lock_all()).  The copy is not ephemeral, though the project may be.
 * Its permissions are those of the file that it replaces, else those of the
 * segment less the umask; until it is whole it is private.
 *
 * CUTE_SHM_ERR_EXISTS    the file exists, and CUTE_SHM_OVERWRITE is not set
 * CUTE_SHM_ERR_NO_SPACE  a file of this process may not be so large
 * CUTE_SHM_ERR_TORN      an array has no whole value
 * CUTE_SHM_ERR_TIMEOUT   an array is updated all the time
 * CUTE_SHM_ERR_OWNER     the file is a link of another user
 * CUTE_SHM_ERR_LIMIT     it took longer than max_seconds
 */
int cute_shm_save(const struct cute_shm *shm, const char *file,
		  const struct cute_shm_save_options *opt);

/*
 * Write the same to a descriptor that is open for writing: a pipe, a socket or
 * a file, from its position on.  A segment with arrays that were updated is
 * first copied to an unnamed file in $TMPDIR (or /var/tmp, or /tmp), so that a
 * slow reader does not hold up writers; another one goes out directly.  On
 * failure what came out is cut, and cute_shm_restore() refuses it.  The
 * descriptor stays open.  As with write(), a pipe whose reader has ended raises
 * SIGPIPE; where that is ignored, the call fails with CUTE_SHM_ERR_SYSTEM.
 * CUTE_SHM_OVERWRITE has no meaning here.
 *
 * CUTE_SHM_ERR_BUSY   an array was updated for the first time meanwhile: again
 */
int cute_shm_save_fd(const struct cute_shm *shm, int fd,
		     const struct cute_shm_save_options *opt);

struct cute_shm_restore_options {
	size_t size;
	const char *root;
	unsigned flags;		/* as in struct cute_shm_build_options */
	mode_t mode;
	const char *group;
	unsigned jobs;		/* threads that verify; 0: CPUs */
	int (*progress)(uint64_t done, uint64_t total, void *arg);
	void *arg;
	uint64_t max_size;	/* bytes of the segment; 0: what fits */
	double max_seconds;	/* of wall time, also while nothing comes;
				   0: no bound */
};

/*
 * Make the project out of the saved segment that 'fd' gives, a file or a
 * stream, from its position to its end.  The header is checked before memory is
 * reserved, the metadata before the data are read, all of it, as
 * cute_shm_verify() does, before the project gets its name.  'ret' as for
 * cute_shm_builder_publish().  The fd stays open.  Memory is held for what has
 * come, and for no more than 64 MiB ahead of it.
 *
 * A copy that was made by reading the segment while a writer was at work may
 * hold arrays that mix two updates.  A warning is logged if arrays were updated
 * and are not sealed: of these nobody can tell.
 *
 * CUTE_SHM_ERR_FORMAT    what comes is no segment
 * CUTE_SHM_ERR_CORRUPT   damaged, cut, or followed by more
 * CUTE_SHM_ERR_TORN      an array has no whole value
 * CUTE_SHM_ERR_LIMIT     larger than max_size, or it took too long
 * CUTE_SHM_ERR_EXISTS, CUTE_SHM_ERR_NO_SPACE  as for builders
 */
int cute_shm_restore(const char *project, int fd,
		     const struct cute_shm_restore_options *opt,
		     struct cute_shm **ret);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
