/* SPDX-License-Identifier: MIT */
/* What cute-shm-hdf5 says about a load or a plan, as text or as JSON. */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>

#include <cute_shm.h>
#include <cute_shm_hdf5.h>

#include "cli.h"
#include "hdf5_sources.h"

struct load_report_options {
	const char *project;
	const struct hdf5_sources *sources;
	bool plan; /* --dry-run */
	bool json;
	bool verbose;
	bool reuse;
	bool progress;
	bool quiet; /* standard output is another program's */
};

void load_report_begin(const struct load_report_options *opt);

/* The callbacks of struct cute_shm_hdf5_options. */
int load_report_progress(const struct cute_shm_hdf5_progress *p, void *arg);
void load_report_array(const struct cute_shm_hdf5_array *array, void *arg);
void load_report_skipped(const struct cute_shm_hdf5_skipped *s, void *arg);

/* One of these ends it. */
void load_report_done(const struct cute_shm_hdf5_result *result);
void load_report_plan(const struct cute_shm_hdf5_result *result,
		      const struct cute_shm_space *space, uint64_t gain,
		      bool exists);
void load_report_failed(void);

/* The project holds the file already. */
void load_report_current(const struct cute_shm_hdf5_result *result,
			 const struct cute_shm *shm);

#endif
