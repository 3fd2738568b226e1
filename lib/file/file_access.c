/* SPDX-License-Identifier: MIT */
/* The access to files that are written: mode, group, access list, owner. */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "file/file.h"

mode_t
umask_now(void)
{
	FILE *f = file_above_stdio("/proc/self/status");
	unsigned value = 077;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Umask: %o", &value) == 1)
			break;
	if (f)
		fclose(f);
	return (mode_t)value;
}

#define ACL "system.posix_acl_access"

/* Set the group (-1: any will do); true if the file has it now. */
static bool
take_group(int fd, gid_t gid)
{
	struct stat st;

	return gid == (gid_t)-1 || (fstat(fd, &st) == 0 && st.st_gid == gid) ||
	       fchown(fd, (uid_t)-1, gid) == 0;
}

int
file_access_set(int fd, gid_t gid, mode_t mode)
{
	if (!take_group(fd, gid))
		mode &= ~(mode_t)070;
	if (fremovexattr(fd, ACL) != 0 && errno != ENODATA &&
	    errno != EOPNOTSUPP)
		mode &= ~(mode_t)070;
	return fchmod(fd, mode);
}

/*
 * If a file has an access list, the group bits of its mode are the mask of that
 * list, so they must not be copied without the list.
 */
int
file_access_copy(int fd, const char *path, const struct stat *old)
{
	char list[4096];
	ssize_t size = getxattr(path, ACL, list, sizeof(list));
	bool has_list = size >= 0 || (errno != ENODATA && errno != EOPNOTSUPP);

	/* Only root can change the owner; else the caller owns the new file. */
	if (old->st_uid != geteuid() && fchown(fd, old->st_uid, (gid_t)-1) != 0)
		errno = 0;
	if (!has_list)
		return file_access_set(fd, old->st_gid, old->st_mode & 0777);
	if (size >= 0 && take_group(fd, old->st_gid) &&
	    fsetxattr(fd, ACL, list, (size_t)size, 0) == 0)
		return 0;
	return file_access_set(fd, old->st_gid, old->st_mode & 0707);
}
