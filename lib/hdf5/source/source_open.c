/* SPDX-License-Identifier: MIT */
/* Open a file that is to be loaded; if that fails, say why, and what to do. */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "hdf5/source/source.h"

/*
 * A hint for a file that libhdf5 cannot open.  The file with the superblock
 * names the driver that wrote a set of files.
 */
static const char *
advice(const char *path)
{
	char begin[4096];
	struct stat st;
	int fd = host_open(path, &st);
	ssize_t n = fd < 0 ? 0 : pread(fd, begin, sizeof(begin), 0);
	size_t size = n < 0 ? 0 : (size_t)n;

	if (fd >= 0)
		close(fd);
	if (fd == -EMFILE || fd == -ENFILE)
		return "too many files are open: raise that limit (ulimit -n)";
	/* If it cannot be opened, the file need not be damaged. */
	if (fd < 0)
		return "the system does not give access to it";
	if (memmem(begin, size, "NCSAfami", 8))
		return "it is one of a family of files: 'h5repack', given the "
		       "pattern of their names, makes one file of them";
	if (memmem(begin, size, "NCSAmult", 8))
		return "it is one of the files that a split or multi driver "
		       "wrote: 'h5repack', given the name that they share, "
		       "makes one file of them";
	return "the file is damaged, or its copy is not complete";
}

/*
 * A writer has locked the file, or has set the mark in the superblock that
 * files of the latest versions have.  The data may be incomplete now.
 */
static int
fail_being_written(const char *path, bool locked)
{
	if (locked)
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "%s is being "
				     "written: another program holds a lock "
				     "on it; load it when that has closed it",
				     path);
	return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
			     "%s is marked as being "
			     "written; load it when its writer has closed it, "
			     "or if there is none any more, 'h5clear -s' marks "
			     "it as closed",
			     path);
}

static int
fail_open(const char *path)
{
	char cause[200], failed[4096];
	int error = file_driver_failure(failed, sizeof(failed));

	hdf5_cause(cause, sizeof(cause));
	if (error == EWOULDBLOCK || error == EMARKED)
		return fail_being_written(path, error == EWOULDBLOCK);
	if (error == ECHANGED)
		return changed_fail(path, "it is not as it was found");
	if (error == 0 && source_is_foreign(path))
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "%s is not an HDF5 file", path);
	if (cause_is_newer(cause))
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE, "%s: cannot open: %s",
				     path, cause);
	return cute_shm_fail(CUTE_SHM_ERR_SOURCE, "%s: cannot open: %s; %s",
			     path, cause, advice(path));
}

int
source_open(const char *path, const struct stat *before, hid_t *ret)
{
	const char *how;
	struct stat st;

	file_driver_forget();
	*ret = H5Fopen(path, H5F_ACC_RDONLY, file_driver_access());
	if (*ret < 0)
		return fail_open(path);
	if (!file_driver_stat(*ret, &st))
		return unreadable();
	how = changed_how(before, &st);
	return how ? changed_fail(path, how) : 0;
}
