/* SPDX-License-Identifier: MIT */
/* Whose files are trusted, and whose may be replaced. */
#ifndef CUTE_SHM_PERMIT_H
#define CUTE_SHM_PERMIT_H

#include "internal.h"

/* Whether 'uid' is root or the caller, as far as a number can prove that. */
bool user_trusted(uid_t uid);

/*
 * Whether 'uid' stands for all users that this user namespace does not map: no
 * file with that owner can be known to be the caller's.
 */
bool user_unmapped(uid_t uid);

/* 'map' is /proc/self/uid_map, or a file of a test. */
bool uid_map_complete(const char *map);

/* "ada (uid 1000)" in 'text', which is returned. */
#define USER_TEXT 96
const char *user_text(uid_t uid, char text[USER_TEXT]);

/*
 * 0 unless it is known that this process may not replace or remove what is at
 * 'path' in the folder 'root', which is sticky: CUTE_SHM_ERR_PERMISSION.
 */
int replace_permitted(const char *root, const char *path) must_check;

#endif
