/* SPDX-License-Identifier: MIT */
/* Limits of the root's file system. */

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "root/root.h"

/* Not in every <linux/magic.h>. */
#define MAGIC_FUSE     0x65735546
#define MAGIC_ZFS      0x2fc12fc1
#define MAGIC_BCACHEFS 0xca451a4e
#define MAGIC_NILFS    0x3434
#define MAGIC_9P       0x01021997

static uint32_t
magic_of(const struct statfs *fs)
{
	return (uint32_t)fs->f_type;
}

int
root_check(const char *root, unsigned *flags)
{
	struct statfs fs;

	/* Making a file there will fail, and report the reason. */
	if (statfs(root, &fs) != 0)
		return 0;
	if (magic_of(&fs) == HUGETLBFS_MAGIC)
		return cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
				     "the root %s is a "
				     "hugetlbfs, whose files cannot be "
				     "written to: choose a tmpfs "
				     "(CUTE_SHM_ROOT), which has large pages, "
				     "too",
				     root);
	/*
	 * Servers of FUSE and 9P identify files by name: a second name, made
	 * by link(), would be another file to the kernel.
	 */
	if (magic_of(&fs) == MAGIC_FUSE || magic_of(&fs) == MAGIC_9P)
		*flags |= APPEAR_NAMED;
	return 0;
}

/* The file system's name if it writes changed data to new places, or NULL. */
static const char *
copies_on_write(const struct statfs *fs)
{
	switch (magic_of(fs)) {
	case BTRFS_SUPER_MAGIC: return "btrfs";
	case MAGIC_ZFS: return "ZFS";
	case MAGIC_BCACHEFS: return "bcachefs";
	case MAGIC_NILFS: return "nilfs2";
	default: return NULL;
	}
}

/*
 * True if the segment was made on this overlay itself, which is certain while
 * its owner lives.  A lasting segment may lie in a lower layer; there is no way
 * to find out.
 */
static bool
made_here(const char *path)
{
	struct format_header h;
	bool ret = false;
	struct stat st;
	int fd;

	fd = fd_above_stdio(
		open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 &&
	    read_header(fd, (uint64_t)st.st_size, &h) == 0)
		ret = owner_of(fd, &h) == OWNER_LIVES;
	close(fd);
	return ret;
}

int
root_check_updates(const char *path)
{
	struct statfs fs;

	/* Opening the file will fail, and report the reason. */
	if (statfs(path, &fs) != 0)
		return 0;
	if (copies_on_write(&fs))
		return cute_shm_fail(CUTE_SHM_ERR_PERMISSION,
				     "%s: arrays "
				     "cannot be updated in place on %s, which "
				     "writes to new places and may have none "
				     "left (SIGBUS): load the project into "
				     "another root, such as /dev/shm, or "
				     "replace it as a whole",
				     path, copies_on_write(&fs));
	if (magic_of(&fs) == OVERLAYFS_SUPER_MAGIC && !made_here(path))
		return cute_shm_fail(CUTE_SHM_ERR_PERMISSION,
				     "%s: arrays of "
				     "a lasting project cannot be updated in "
				     "place on an overlay, which copies a file "
				     "of a lower layer for its first writer "
				     "and leaves the old one to its readers: "
				     "use a root on a tmpfs or a volume, such "
				     "as /dev/shm, or replace the project as a "
				     "whole",
				     path);
	return 0;
}

int
root_fail_new(const char *root)
{
	int number = errno;
	struct statvfs fs;

	if (number == ENOSPC && statvfs(root, &fs) == 0 && fs.f_files > 0 &&
	    fs.f_favail == 0)
		return cute_shm_fail(CUTE_SHM_ERR_NO_SPACE,
				     "%s has no inodes "
				     "left: all %ju are used; remove files, or "
				     "allow more (tmpfs: mount -o "
				     "remount,nr_inodes=)",
				     root, (uintmax_t)fs.f_files);
	errno = number;
	return fail_errno("cannot make a file in %s", root);
}
