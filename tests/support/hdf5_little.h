/* SPDX-License-Identifier: MIT */
#ifndef CUTE_SHM_TESTS_HDF5_LITTLE_H
#define CUTE_SHM_TESTS_HDF5_LITTLE_H

#include "hdf5_util.h"

/*
 * A file with a little of everything, in about 20 KiB; in the newest format of
 * HDF5 files or in the oldest one.
 */
void h5_make_little(const char *path, bool new_format);

#endif
