/* SPDX-License-Identifier: MIT */
/*
 * Files of people: they appear at once and whole, with the permissions that they
 * should have; and files that others may have left, opened with care.  Uses
 * base.
 */
#ifndef LIB_FILE_FILE_H
#define LIB_FILE_FILE_H

#include "base/base.h"

/* Whether 'uid' is root or the caller, as far as a number can prove that. */
bool user_trusted(uid_t uid);

/*
 * Whether 'uid' stands for all users that this user namespace does not map: no
 * file with that owner can be known to be the caller's.
 */
bool user_unmapped(uid_t uid);

/* 'map' is /proc/self/uid_map, or a file of a test. */
bool uid_map_complete(const char *map);

/*
 * The process's umask, which can be asked for only by changing it, for all
 * threads; so from /proc, and without that, as if it were 077.
 */
mode_t umask_now(void);

/*
 * Give the file this mode, but permissions of the group only if it can have
 * that group (-1: any), and no access list: its folder may have given it one of
 * others, whom nobody has let read what is written.  0, or -1 and errno.
 */
int file_access_set(int fd, gid_t gid, mode_t mode);

/*
 * Give it what the file at 'path' has, of which 'old' is what stat() says:
 * mode, group, access list, and for root the owner.  What it cannot have, as
 * another group, takes the permissions for that away.
 */
int file_access_copy(int fd, const char *path, const struct stat *old);

enum {
	FOUND_WRITE = 1,	/* for writing, too */
	FOUND_ANY_OWNER = 2	/* not only of the caller or root */
};

/*
 * Open a regular file in the folder 'dir', or AT_FDCWD, at once or not at all:
 * no link is followed as the last component, nothing is waited for, and no
 * terminal is taken.  The descriptor, with what fstat() says of it; or -1, and
 * errno: ELOOP for a link, EMEDIUMTYPE for what is no regular file, EPERM for
 * one of another user.
 */
int found_open(int dir, const char *name, unsigned flags, struct stat *st);

/*
 * The text of such a file, of at most 'limit' bytes, for free(); NULL where it
 * is larger, too.
 */
char *found_text(int dir, const char *name, unsigned flags, size_t limit);

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
void outfile_permit(struct outfile *f, const struct cute_shm_info *from);

/*
 * Bring it to the disk, and give it its permissions: those of the file that it
 * replaces, with its group, its list of access and, for root, its owner; and
 * then its name.  Then, or on failure, end it.
 */
int outfile_commit(struct outfile *f) __attribute__((warn_unused_result));

/* End it; what was not committed is gone.  Fine when it never began. */
void outfile_end(struct outfile *f);

#endif
