/* SPDX-License-Identifier: MIT */
/* Small projects, and processes that own them or hold their locks. */
#ifndef CUTE_SHM_TESTS_ROOT_UTIL_H
#define CUTE_SHM_TESTS_ROOT_UTIL_H

#include <stdint.h>

#include "util.h"

/* Build a project of one array, "a"; root_publish() must succeed. */
int root_build(const char *project, unsigned flags, struct cute_shm **ret);
struct cute_shm *root_publish(const char *project, unsigned flags);

/*
 * A process that does something, then lives until it is killed.  What it does
 * is done when this returns.
 */
pid_t child_start(void (*act)(const char *path), const char *path);
void child_finish(pid_t pid);

/* For such a process: own the ephemeral project "p"; the path is ignored. */
void child_own(const char *path);

/* For such a process: lock these bytes, as open(mode) permits, or end. */
void child_lock(const char *path, int mode, uint64_t begin, uint64_t end);

#endif
