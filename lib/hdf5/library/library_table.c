/* SPDX-License-Identifier: MIT */
/* The table of libhdf5's functions: all that the module has. */

#include "hdf5/library/library.h"

#define CALL(name)  .call_##name = name,
#define VALUE(name) .data_##name = &name,

static hid_t
sec2(void)
{
	return H5FD_SEC2;
}

const struct hdf5_library cute_shm_hdf5_library = {
	HDF5_CALLS(CALL) HDF5_CALLS_1_10_5(CALL) HDF5_CALLS_RELAX(CALL)
		HDF5_DATA(VALUE)
			.sec2 = sec2,
};
