/* SPDX-License-Identifier: MIT */
/* Whose files are trusted, and whose may be replaced. */

#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "permit.h"

#define DEFAULT_OVERFLOW 65534

/* What the kernel reports for users that the namespace does not map. */
static uid_t
overflow_uid(void)
{
	static _Atomic int64_t known = -1;
	intmax_t number = atomic_load(&known);
	FILE *f;

	if (number >= 0)
		return (uid_t)number;
	f = fopen("/proc/sys/kernel/overflowuid", "re");
	if (!f || fscanf(f, "%jd", &number) != 1 || number < 0)
		number = DEFAULT_OVERFLOW;
	if (f)
		fclose(f);
	atomic_store(&known, number);
	return (uid_t)number;
}

/*
 * Whether 'map', as /proc/self/uid_map has it, gives each user a number.  Only
 * (uid_t)-1 is nobody's.
 */
bool
uid_map_complete(const char *map)
{
	uint64_t inside, outside, count, sum = 0;
	FILE *f = fopen(map, "re");

	if (!f)
		return false;
	while (fscanf(f, "%" SCNu64 " %" SCNu64 " %" SCNu64, &inside, &outside,
		      &count) == 3)
		sum += count;
	fclose(f);
	return sum >= UINT32_MAX;
}

/* Read each time: a process may enter another namespace. */
bool
user_unmapped(uid_t uid)
{
	return uid == overflow_uid() && !uid_map_complete("/proc/self/uid_map");
}

bool
user_trusted(uid_t uid)
{
	return (uid == 0 || uid == geteuid()) && !user_unmapped(uid);
}

const char *
user_text(uid_t uid, char text[USER_TEXT])
{
	struct passwd entry, *user = NULL;
	char buffer[4096];

	if (user_unmapped(uid))
		snprintf(text, USER_TEXT, "a user that this namespace does "
			 "not map (uid %u)", (unsigned)uid);
	else if (getpwuid_r(uid, &entry, buffer, sizeof(buffer), &user) == 0 && user)
		snprintf(text, USER_TEXT, "%.64s (uid %u)", user->pw_name,
			 (unsigned)uid);
	else
		snprintf(text, USER_TEXT, "uid %u", (unsigned)uid);
	return text;
}

/* Whether the sticky bit of folders does not bind this process. */
static bool
is_privileged(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, sets) != 0)
		return true;	/* the attempt will tell */
	return sets[0].effective & (1u << CAP_FOWNER);
}

/* As the kernel decides on removal and replacement; see chmod(2). */
static bool
sticky_forbids(const struct stat *folder, const struct stat *file)
{
	if (!(folder->st_mode & S_ISVTX))
		return false;
	/* With an unmapped user no number says anything. */
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
	return cute_shm_fail(CUTE_SHM_ERR_PERMISSION, "%s belongs to %s, and "
			     "in the sticky folder %s nobody else may replace "
			     "or remove it: choose another name or another "
			     "root (CUTE_SHM_ROOT)", path,
			     user_text(file.st_uid, user), root);
}
