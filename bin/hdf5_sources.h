/* SPDX-License-Identifier: MIT */
/* The files that cute-shm-hdf5 loads, as the command line has them. */
#ifndef HDF5_SOURCES_H
#define HDF5_SOURCES_H

#include <stddef.h>

#include <cute_shm_hdf5.h>

#include "cli.h"
#include "json.h"

struct hdf5_sources {
	const char *file; /* one file, which is the whole project; or NULL */
	struct cute_shm_hdf5_source *of; /* groups */
	size_t count;
	char **operands;	   /* as they were given, up to a NULL, */
	const struct cli_list *as; /* and by the option */
};

/*
 * Files, folders and @LISTs, and behind them the NAME=FILE of 'as'.  A list
 * that cannot be read is misuse, or a message: then false is returned.  *ret
 * lasts as long as the program; nothing of it is freed.
 */
bool hdf5_sources(char **operands, const struct cli_list *as,
		  struct hdf5_sources *ret);

/* cute_shm_hdf5_load() and the like of them. */
int hdf5_sources_load(const struct hdf5_sources *s, const char *project,
		      const struct cute_shm_hdf5_options *opt,
		      struct cute_shm_hdf5_result *ret);
int hdf5_sources_plan(const struct hdf5_sources *s,
		      const struct cute_shm_hdf5_options *opt,
		      struct cute_shm_hdf5_result *ret);

/* Members of an object: "file", or "files" and their number, 'count'. */
void hdf5_sources_json(const struct hdf5_sources *s, struct json *j,
		       uint64_t count);

#endif
