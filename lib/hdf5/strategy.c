/* SPDX-License-Identifier: MIT */
/* The choice of a strategy for a dataset. */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "file_driver.h"
#include "strategy.h"

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

int
source_handle(hid_t id)
{
	hid_t file = H5Iget_file_id(id), fapl = -1;
	void *handle = NULL;
	int fd = -1;

	if (file >= 0)
		fapl = H5Fget_access_plist(file);
	if (fapl >= 0 && (H5Pget_driver(fapl) == H5FD_SEC2 ||
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

int
missing_filter(hid_t dcpl, char *name, size_t size)
{
	int i, id, count = H5Pget_nfilters(dcpl);
	size_t params;
	unsigned flags;

	for (i = 0; i < count; i++) {
		params = 0;	/* the call says how many there are */
		id = H5Pget_filter2(dcpl, (unsigned)i, &flags, &params, NULL,
				    size, name, NULL);
		if (id >= 0 && H5Zfilter_avail(id) <= 0)
			return id;
	}
	return -1;
}

bool
strategy_generic(void)
{
	const char *value = getenv("CUTE_SHM_HDF5_STRATEGY");

	return value && strcmp(value, "generic") == 0;
}

static int
read_by_layout(struct reader *r, const struct strategy_source *s, hid_t dcpl,
	       const char **how)
{
	bool fits = false;
	int err = 0;

	switch (H5Pget_layout(dcpl)) {
	case H5D_CONTIGUOUS:
		err = read_contiguous(r, s, dcpl, &fits);
		*how = fits ? "contiguous" : NULL;
		break;
	case H5D_CHUNKED:
		err = read_chunks(r, s, dcpl, &fits);
		*how = fits ? "chunks" : NULL;
		break;
	default:
		break;
	}
	return err;
}

int
strategy_read(struct reader *r, const struct strategy_source *s,
	      const char **how)
{
	hid_t dcpl;
	int err;

	*how = NULL;
	if (strategy_generic())
		return 0;
	dcpl = H5Dget_create_plist(s->dset);
	if (dcpl < 0)
		return 0;
	err = read_by_layout(r, s, dcpl, how);
	H5Pclose(dcpl);
	return err;
}
