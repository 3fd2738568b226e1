/* SPDX-License-Identifier: MIT */
/*
 * Descriptors above 2.  A caller may have closed 0, 1 or 2, as daemons do; the
 * kernel gives out the lowest free number, and what that process prints as a
 * message would be written into a segment.  So everything that makes a
 * descriptor goes through one of these functions.
 */
#ifndef CUTE_SHM_DESCRIPTOR_H
#define CUTE_SHM_DESCRIPTOR_H

#include <dirent.h>
#include <stdio.h>

/*
 * The descriptor as the call that made it returned it, -1 included, or in its
 * place one above 2 with FD_CLOEXEC; -1 and errno if there is none.
 * Async-signal-safe.
 */
int fd_above_stdio(int fd);

/* pipe2(O_CLOEXEC); 0, or -1 and errno. */
int pipe_above_stdio(int ends[2]);

/* fopen("re") and opendir(): NULL and errno where they fail. */
FILE *file_above_stdio(const char *path);
DIR *dir_above_stdio(const char *path);

#endif
