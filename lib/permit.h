/* SPDX-License-Identifier: MIT */
/* Users by name, and whose files may be replaced. */
#ifndef CUTE_SHM_PERMIT_H
#define CUTE_SHM_PERMIT_H

#include "internal.h"
#include "trusted_user.h"

/* "ada (uid 1000)" in 'text', which is returned. */
#define USER_TEXT 96
const char *user_text(uid_t uid, char text[USER_TEXT]);

/*
 * 0 unless it is known that this process may not replace or remove what is at
 * 'path' in the folder 'root', which is sticky: CUTE_SHM_ERR_PERMISSION.
 */
int replace_permitted(const char *root, const char *path) must_check;

#endif
