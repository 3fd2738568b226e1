/* SPDX-License-Identifier: MIT */
/*
 * Ephemeral projects.  Each owner holds an exclusive lock on a byte of its own,
 * the first one from before the project has its name.
 */
#ifndef CUTE_SHM_OWNER_H
#define CUTE_SHM_OWNER_H

#include "internal.h"

/*
 * Become the owner of the file; the descriptor must be writable.
 * CUTE_SHM_ERR_SYSTEM where the file system has no locks.
 */
int owner_lock(int fd) must_check;

/* How a segment ends. */
enum owner {
	OWNER_NONE,	/* it is lasting, or a copy of an ephemeral one */
	OWNER_LIVES,
	OWNER_GONE
};

/* *h is the header of the file; any open mode will do. */
enum owner owner_of(int fd, const struct format_header *h);

static inline bool
owner_gone(int fd, const struct format_header *h)
{
	return owner_of(fd, h) == OWNER_GONE;
}

/* The handle owns the project from now on, and 'fd', which holds the lock. */
void owner_begin(struct cute_shm *shm, int fd);

/* End the project if the handle owns it. */
void owner_end(struct cute_shm *shm);

/*
 * For fork.c: the list of what is owned is held during a fork, and a child
 * then lets go of it; its parent alone is the owner.
 */
void owner_hold(void);
void owner_release(void);
void owner_forked(void);

/* home.c */

/* Whether the segment is of format 1.0. */
bool header_is_first(const struct format_header *h);

/* Make version and view_digest of *h fit the second superblock. */
void second_seal(struct format_header *h, const struct format_second *second);

/*
 * Set the home in *second to the file of the descriptor if the header says
 * that the segment is ephemeral, else to zero, and seal.
 */
int home_set(int fd, struct format_header *h,
	     struct format_second *second) must_check;

/* The same for the second superblock that the file has, in *second. */
int home_renew(int fd, struct format_header *h,
	       struct format_second *second) must_check;

/* Whether an ephemeral segment is in the file that it was made in. */
bool home_is(int fd, const struct format_header *h);

/* name_lock.c */

/*
 * Keep others from changing where 'path' leads while this process does that.
 * A process that dies holds nothing up.
 *
 * Wait until the file that 'path' leads to is locked.  *fd is its descriptor,
 * to be closed; or -1 if nothing is there, or nothing that can be opened and
 * locked, which nobody else locks either.  *st is the file that was found;
 * st_nlink is 0 if there was none.  CUTE_SHM_ERR_BUSY: another process has had
 * it for too long.
 */
int name_lock(const char *path, int *fd, struct stat *st) must_check;

/*
 * Remove the name if it leads to the file of *st; *removed is whether that was
 * done.  Neither that it leads elsewhere, nor that there is no such name, is an
 * error.  Unless 'wait', nor is that another process has its lock just now.
 */
int remove_name(const char *path, const struct stat *st, bool wait,
		bool *removed) must_check;

/* The same for a segment that has no owner, without waiting. */
int remove_orphan(const char *path, const struct stat *st, bool *removed)
	must_check;

#endif
