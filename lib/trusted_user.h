/* SPDX-License-Identifier: MIT */
/* Whose files are trusted. */
#ifndef CUTE_SHM_TRUSTED_USER_H
#define CUTE_SHM_TRUSTED_USER_H

#include <stdbool.h>
#include <sys/types.h>

/* Whether 'uid' is root or the caller, as far as a number can prove that. */
bool user_trusted(uid_t uid);

/*
 * Whether 'uid' stands for all users that this user namespace does not map: no
 * file with that owner can be known to be the caller's.
 */
bool user_unmapped(uid_t uid);

/* 'map' is /proc/self/uid_map, or a file of a test. */
bool uid_map_complete(const char *map);

#endif
