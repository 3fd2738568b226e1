/* SPDX-License-Identifier: MIT */
/*
 * How cute_shm._hdf5 loads by MPI: cute_shm._mpi, the only module that is
 * linked with an MPI, gives it a function in a capsule.
 */
#ifndef PYTHON_MPI_H
#define PYTHON_MPI_H

#include <cute_shm_hdf5.h>

#define PY_MPI_LOAD "cute_shm._mpi.load"

struct py_mpi_load {
	/*
	 * Load on all ranks of the communicator, of which 'comm' is the number
	 * for Fortran: 'sources', or 'file' if that is NULL.  opt->progress is
	 * called by the calling thread, opt->skipped by another one.
	 */
	int (*load)(int comm, unsigned flags, const char *project,
		    const char *file,
		    const struct cute_shm_hdf5_source *sources, size_t count,
		    const struct cute_shm_hdf5_options *opt,
		    struct cute_shm_hdf5_result *ret);
};

#endif
