/* SPDX-License-Identifier: MIT */
/*
 * Files that were found in a folder, where others may have put them: links that
 * lead elsewhere, pipes that never answer, files that are another user's or
 * without end.  Compiled into both libraries, exported by none.
 */
#ifndef CUTE_SHM_FOUND_H
#define CUTE_SHM_FOUND_H

#include <stddef.h>
#include <sys/stat.h>

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

#endif
