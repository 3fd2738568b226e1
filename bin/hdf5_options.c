/* SPDX-License-Identifier: MIT */
#include "hdf5_options.h"

struct hdf5_options hdf5_opt;

void
hdf5_options_check(void)
{
	if (hdf5_opt.timeout > 0 && !hdf5_opt.ensure && !hdf5_opt.wait)
		cli_misuse("--timeout needs --wait or --ensure");
}

static unsigned
flags(const struct hdf5_options *o)
{
	return (o->overwrite ? CUTE_SHM_HDF5_OVERWRITE : 0u) |
	       (o->replace ? CUTE_SHM_HDF5_REPLACE : 0u) |
	       (o->ensure ? CUTE_SHM_HDF5_ENSURE : 0u) |
	       (o->wait ? CUTE_SHM_HDF5_WAIT : 0u) |
	       (o->keep_going ? CUTE_SHM_HDF5_KEEP_GOING : 0u) |
	       (o->no_external ? CUTE_SHM_HDF5_NO_EXTERNAL : 0u) |
	       (o->no_view ? CUTE_SHM_HDF5_NO_VIEW : 0u);
}

struct cute_shm_hdf5_options
hdf5_options_load(void)
{
	const struct hdf5_options *o = &hdf5_opt;

	return (struct cute_shm_hdf5_options){
		.size = sizeof(struct cute_shm_hdf5_options),
		.root = o->root,
		.flags = flags(o),
		.mode = o->mode,
		.group = o->group,
		.jobs = o->jobs,
		.select = o->select.items,
		.exclude = o->exclude.items,
		.max_memory = o->max_memory,
		.max_size = o->max_size,
		.max_seconds = o->max_time,
		.timeout = o->timeout,
	};
}
