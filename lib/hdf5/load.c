/* SPDX-License-Identifier: MIT */
#include "cute_shm_hdf5.h"
