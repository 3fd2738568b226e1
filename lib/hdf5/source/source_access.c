/* SPDX-License-Identifier: MIT */
/*
 * How an HDF5 file is opened, and the descriptor from which libhdf5 reads it.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "hdf5/source/source.h"

hid_t
source_access(void)
{
	hid_t fapl = H5Pcreate(H5P_FILE_ACCESS);

#ifdef HAVE_H5PSET_RELAX_FILE_INTEGRITY_CHECKS
	if (fapl >= 0)
		H5Pset_relax_file_integrity_checks(fapl, H5F_RFIC_ALL);
#endif
	return fapl;
}

static int
source_handle(hid_t id)
{
	hid_t file = H5Iget_file_id(id), fapl = -1;
	void *handle = NULL;
	int fd = -1;

	if (file >= 0)
		fapl = H5Fget_access_plist(file);
	if (fapl >= 0 &&
	    (H5Pget_driver(fapl) == H5FD_SEC2 ||
	     H5Pget_driver(fapl) == file_driver_id()) &&
	    H5Fget_vfd_handle(file, fapl, &handle) >= 0 && handle)
		fd = *(int *)handle;
	if (fapl >= 0)
		H5Pclose(fapl);
	if (file >= 0)
		H5Fclose(file);
	return fd;
}

int
source_fd(hid_t id)
{
	int fd = source_handle(id);

	return fd < 0 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

bool
hdf5_refuses(const char *path, char *cause, size_t size)
{
	hid_t file = H5Fopen(path, H5F_ACC_RDONLY, file_driver_access());

	if (file >= 0) {
		H5Fclose(file);
		return false;
	}
	hdf5_cause(cause, size);
	if (source_is_foreign(path))
		snprintf(cause, size, "not an HDF5 file");
	H5Eclear2(H5E_DEFAULT);
	return true;
}
