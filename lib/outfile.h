/* SPDX-License-Identifier: MIT */
/*
 * A file that gets its name when it is whole, so that nobody sees half of it.
 * Compiled into both libraries, exported by none.
 */
#ifndef CUTE_SHM_OUTFILE_H
#define CUTE_SHM_OUTFILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "cute_shm.h"

struct outfile {
	int fd;
	char *path;		/* what it will be named */
	char *temporary;	/* its name until then; NULL: it has none */
	bool overwrite;
	mode_t mode;		/* what it will have, if it replaces nothing: */
	gid_t gid;		/* permissions, and the group they are for */
};

enum {
	OUTFILE_OVERWRITE = 1,
	OUTFILE_NAMED = 2	/* has a temporary name, to be opened by it */
};

/*
 * Begin a file, empty, which only its owner may read.
 * CUTE_SHM_ERR_EXISTS: it exists, and OVERWRITE is not set.  Only a regular
 * file is overwritten; what a symbolic link of the caller or root leads to, not
 * the link.  What has
 * a temporary name is left behind by a process that is killed, and swept away
 * by the next one that writes the same file.
 */
int outfile_begin(struct outfile *f, const char *path, unsigned flags)
	__attribute__((warn_unused_result));

/*
 * What is written comes from the segment: who may not read that may not read
 * the file, either.  If it replaces nothing, it will have the permissions of
 * the segment to read and write, less the umask, those of the group only if it
 * can have the segment's group.  Without this call it stays private.
 */
void outfile_permit(struct outfile *f, const struct cute_shm *shm);

/*
 * Bring it to the disk, and give it its permissions: those of the file that it
 * replaces, with its group, its list of access and, for root, its owner; and
 * then its name.  Then, or on failure, end it.
 */
int outfile_commit(struct outfile *f) __attribute__((warn_unused_result));

/* End it; what was not committed is gone.  Fine when it never began. */
void outfile_end(struct outfile *f);

#endif
