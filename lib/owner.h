/* SPDX-License-Identifier: MIT */
/*
 * Ephemeral projects: who holds the exclusive lock on byte 0 of the segment is
 * the owner, from before the project has its name.
 */
#ifndef CUTE_SHM_OWNER_H
#define CUTE_SHM_OWNER_H

#include "internal.h"

/* Become the owner of the file; CUTE_SHM_ERR_SYSTEM where locks are not. */
int owner_lock(int fd) must_check;

/* Whether that is an ephemeral segment without owner; any open mode will do. */
bool owner_gone(int fd, const struct format_header *h);

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

#endif
