/* SPDX-License-Identifier: MIT */
/* Names of users, and whether the sticky bit forbids to replace a file. */

#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "root/root.h"

const char *
user_text(uid_t uid, char text[USER_TEXT])
{
	struct passwd entry, *user = NULL;
	char buffer[4096];

	if (user_unmapped(uid))
		snprintf(text, USER_TEXT,
			 "a user that this namespace does "
			 "not map (uid %u)",
			 (unsigned)uid);
	else if (getpwuid_r(uid, &entry, buffer, sizeof(buffer), &user) == 0 &&
		 user)
		snprintf(text, USER_TEXT, "%.64s (uid %u)", user->pw_name,
			 (unsigned)uid);
	else
		snprintf(text, USER_TEXT, "uid %u", (unsigned)uid);
	return text;
}

/* True if this process may ignore the sticky bit of folders. */
static bool
is_privileged(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, sets) != 0)
		return true; /* the removal itself will report an error */
	return sets[0].effective & (1u << CAP_FOWNER);
}

/* The kernel's rule for removal and replacement; see chmod(2). */
static bool
sticky_forbids(const struct stat *folder, const struct stat *file)
{
	if (!(folder->st_mode & S_ISVTX))
		return false;
	/* The number of an unmapped user does not identify the user. */
	if (!user_unmapped(file->st_uid) &&
	    (file->st_uid == geteuid() || is_privileged()))
		return false;
	return folder->st_uid != geteuid() || user_unmapped(folder->st_uid);
}

int
replace_permitted(const char *root, const char *path)
{
	struct stat folder, file;
	char user[USER_TEXT];

	if (lstat(path, &file) != 0 || stat(root, &folder) != 0)
		return 0;
	if (!sticky_forbids(&folder, &file))
		return 0;
	return cute_shm_fail(CUTE_SHM_ERR_PERMISSION,
			     "%s belongs to %s, and "
			     "in the sticky folder %s nobody else may replace "
			     "or remove it: choose another name or another "
			     "root (CUTE_SHM_ROOT)",
			     path, user_text(file.st_uid, user), root);
}
