/* SPDX-License-Identifier: MIT */
/*
 * Who may read a file that is written.  Compiled into both libraries, exported
 * by none.
 */
#ifndef CUTE_SHM_FILE_ACCESS_H
#define CUTE_SHM_FILE_ACCESS_H

#include <sys/stat.h>

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

#endif
