/* SPDX-License-Identifier: MIT */
/* What cute-shm-mpi says, on rank 0, as text or as JSON. */
#ifndef MPI_REPORT_H
#define MPI_REPORT_H

#include <stdbool.h>

#include <cute_shm_mpi.h>

#include "hdf5_sources.h"

struct mpi_report_options {
	const char *project;
	const struct hdf5_sources *sources;
	bool json;
	bool verbose;
	bool progress;
};

void mpi_report_begin(const struct mpi_report_options *opt);

/* Callbacks of the load. */
void mpi_report_progress(const struct cute_shm_mpi_progress *p);
void mpi_report_array(const struct cute_shm_hdf5_array *array, void *arg);
void mpi_report_skipped(const struct cute_shm_hdf5_skipped *s, void *arg);
void mpi_report_node(const struct cute_shm_mpi_node *node);

/* Of a rank but the first: what its share lacks. */
void mpi_report_left_out(void);

/* 'err' is the load's, with its message. */
void mpi_report_end(int err, const struct cute_shm_mpi_result *r);

#endif
