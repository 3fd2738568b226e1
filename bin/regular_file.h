/* SPDX-License-Identifier: MIT */
/* Open files that another user may have put in place. */
#ifndef REGULAR_FILE_H
#define REGULAR_FILE_H

#include <stddef.h>
#include <sys/stat.h>

/*
 * Open a regular file in the folder 'dir' (or AT_FDCWD) for reading.  The call
 * does not follow a symbolic link in the last component, does not wait (as for
 * a FIFO), and does not acquire a controlling terminal.  Returns the
 * descriptor, with its fstat() in *st; or -1 and errno: ELOOP for a link,
 * EMEDIUMTYPE if it is no regular file.
 */
int regular_file_open(int dir, const char *name, struct stat *st);

/*
 * Read such a file as text, for free().  NULL if it cannot be opened, belongs
 * to another user than the caller or root, or has more than 'limit' bytes.
 */
char *regular_file_text(int dir, const char *name, size_t limit);

#endif
