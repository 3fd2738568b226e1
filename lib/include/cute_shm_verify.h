/* SPDX-License-Identifier: MIT */
/*
 * Check a whole segment.  <cute_shm.h> includes this header, and its rules hold
 * here, too.
 */
#ifndef CUTE_SHM_VERIFY_H
#define CUTE_SHM_VERIFY_H

#ifndef CUTE_SHM_H
#error "include <cute_shm.h>"
#endif

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

struct cute_shm_damage {
	int err;	     /* CUTE_SHM_ERR_CORRUPT or _TORN */
	const char *path;    /* of the damaged array; NULL: no array */
	uint64_t offset;     /* in the segment, bytes */
	uint64_t block;	     /* in the array, blocks of block_size bytes */
	uint64_t begin, end; /* [begin, end) of its data; equal: not there */
	const char *message; /* a sentence that names the path */
	uint64_t reserved[4];
};

struct cute_shm_verify_options {
	size_t size;
	unsigned flags; /* CUTE_SHM_VERIFY_... */
	unsigned jobs;	/* threads; 0: CPUs this process may use */
	/* Called on the caller's thread for each damage; non-zero cancels. */
	int (*report)(const struct cute_shm_damage *damage, void *arg);
	void *arg;
	/* Called there repeatedly, with bytes of data; non-zero cancels. */
	int (*progress)(uint64_t done, uint64_t total, void *arg);
};

enum {
	CUTE_SHM_VERIFY_METADATA = 1, /* header and metadata digests only */
	CUTE_SHM_VERIFY_NO_DATA = 2   /* all but the arrays' data */
};

struct cute_shm_verify_result {
	uint64_t arrays;   /* arrays whose data were checked */
	uint64_t bytes;	   /* bytes of data that were hashed */
	uint64_t damaged;  /* damages reported */
	uint64_t unsealed; /* arrays updated since their last digest */
	uint64_t reserved[4];
};

/*
 * Check the segment against every rule of cute-shm(5): the digests of header
 * and metadata, every record, index row and padding byte, and the data of each
 * array against its digests.  Data of arrays that were updated and not sealed
 * since cannot be checked.  Returns 0 if all is sound, else the error of the
 * first damage, after all damages were reported: CUTE_SHM_ERR_TORN for an array
 * whose writer died during an update, else CUTE_SHM_ERR_CORRUPT.
 * CUTE_SHM_ERR_CANCELLED: a callback stopped it.  'ret' may be NULL; it is set
 * whatever is returned, unless an option is invalid.
 */
int cute_shm_verify(const struct cute_shm *shm,
		    const struct cute_shm_verify_options *opt,
		    struct cute_shm_verify_result *ret)
	CUTE_SHM_NONNULL(1) CUTE_SHM_CHECKED;

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
