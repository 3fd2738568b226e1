/* SPDX-License-Identifier: MIT */
/* The options that cute-shm-hdf5 and cute-shm-mpi have in common. */
#ifndef HDF5_OPTIONS_H
#define HDF5_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <cute_shm_hdf5.h>

#include "cli.h"

struct hdf5_options {
	bool overwrite, replace, no_progress, keep_going;
	bool no_external, no_view, json, ensure, wait;
	const char *root, *group;
	struct cli_list select, exclude, as;
	unsigned jobs, verbose;
	uint64_t max_memory, max_size;
	double max_time, timeout;
	mode_t mode;
};

/* What the command line has; the rows below store it here. */
extern struct hdf5_options hdf5_opt;

/* Rows of a struct cli_option[], in the order of the help. */
/* clang-format off */
#define HDF5_OPTION_AS \
	{ 0, CLI_TEXTS, "as", "NAME=FILE", \
	  "a FILE as group NAME; may be repeated", &hdf5_opt.as }

#define HDF5_OPTIONS_WAIT \
	{ 0, CLI_FLAG, "wait", NULL, \
	  "wait while another process loads the project", &hdf5_opt.wait }, \
	{ 0, CLI_TIME, "timeout", "TIME", \
	  "bound of that wait, such as 10m; default none", &hdf5_opt.timeout }

#define HDF5_OPTIONS_READ \
	{ 0, CLI_FLAG, "no-progress", NULL, \
	  "show no progress", &hdf5_opt.no_progress }, \
	{ 'j', CLI_COUNT, "jobs", "N", \
	  "threads; default as many as there are CPUs", &hdf5_opt.jobs }, \
	{ 0, CLI_TEXTS, "select", "GLOB", \
	  "load only matches, or parts: 'x[:9]'; may be repeated", \
	  &hdf5_opt.select }, \
	{ 0, CLI_TEXTS, "exclude", "GLOB", \
	  "leave out matches, as b/* or *_raw; may be repeated", \
	  &hdf5_opt.exclude }, \
	{ 0, CLI_FLAG, "no-external", NULL, \
	  "read no other file: by link, raw data, or source", \
	  &hdf5_opt.no_external }, \
	{ 0, CLI_FLAG, "keep-going", NULL, \
	  "leave out what cannot be read instead of failing", \
	  &hdf5_opt.keep_going }, \
	{ 0, CLI_FLAG, "no-view", NULL, \
	  "make no HDF5 view, by which HDF5 programs read it", \
	  &hdf5_opt.no_view }, \
	{ 0, CLI_SIZE, "max-memory", "SIZE", \
	  "private memory; default 1G, or 4 times the file", \
	  &hdf5_opt.max_memory }, \
	{ 0, CLI_SIZE, "max-size", "SIZE", \
	  "fail if the segment would be larger, such as 8G", \
	  &hdf5_opt.max_size }, \
	{ 0, CLI_TIME, "max-time", "TIME", \
	  "fail if it takes longer, such as 30s, 5m", &hdf5_opt.max_time }, \
	{ 0, CLI_MODE, "mode", "OCTAL", \
	  "permissions; default 0600, 0640 lets the group read", \
	  &hdf5_opt.mode }, \
	{ 0, CLI_TEXT, "group", "NAME", \
	  "group of the segment", &hdf5_opt.group }
/* clang-format on */

/* Ends the program if the options contradict each other. */
void hdf5_options_check(void);

/* What the library is to do, as far as these options tell. */
struct cute_shm_hdf5_options hdf5_options_load(void);

#endif
