/* SPDX-License-Identifier: MIT */
/* What the file system of a root can do. */
#ifndef CUTE_SHM_ROOT_H
#define CUTE_SHM_ROOT_H

#include "internal.h"

/*
 * CUTE_SHM_ERR_SYSTEM for a root that no project can be built in.
 * *flags: those for temporary_new() are added.
 */
int root_check(const char *root, unsigned *flags) must_check;

/*
 * CUTE_SHM_ERR_PERMISSION where the arrays of the segment at 'path' cannot be
 * updated safely.  Before it is opened for writing, which an overlay may take
 * as a reason to copy it.
 */
int root_check_updates(const char *path) must_check;

/* No file could be made in 'root', for the reason in errno. */
int root_fail_new(const char *root);

#endif
