/* SPDX-License-Identifier: MIT */
/* Read elements of a dataset, whose sources may be in other files. */

#include "hdf5/dataset/dataset.h"

/*
 * libhdf5 reports nothing if it cannot open the source of a virtual dataset:
 * the elements are fill values then.  outside_check() has opened each source
 * before, so it fails only if it is lost meanwhile.
 */
static herr_t
check_lost(void)
{
	char path[4096];
	int error = file_driver_lost(path, sizeof(path));

	if (error == 0)
		return 0;
	H5Epush2(H5E_DEFAULT, __FILE__, __func__, __LINE__, H5E_ERR_CLS,
		 H5E_FILE, H5E_CANTOPENFILE, "cannot open %s: %s", path,
		 host_reason(error));
	return -1;
}

herr_t
elements_read(hid_t dset, hid_t type, hid_t mem, hid_t space, hid_t dxpl,
	      void *elements)
{
	herr_t ret;

	file_driver_forget();
	/* For external raw files, for which libhdf5 uses no driver. */
	host_serves_open = true;
	file_driver_data(true);
	ret = filters_read(dset, type, mem, space, dxpl, elements);
	file_driver_data(false);
	host_serves_open = false;
	return ret < 0 ? ret : check_lost();
}
