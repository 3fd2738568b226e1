/* SPDX-License-Identifier: MIT */
/* An export, by the room hdf5/save. */

#include "hdf5/reader/reader.h"
#include "hdf5/save/save.h"
#include "read/read.h"

int
export_file(struct loader *l, const struct request *r, int segment, int fd)
{
	struct cute_shm_hdf5_export_result result = { .datasets = 0 };
	struct saver s = {
		.l = *l,
		.opt = {
			.size = sizeof(s.opt),
			.gzip = r->gzip,
			.shuffle = (int)r->shuffle,
			.chunk_size = r->chunk_size,
		},
		.fd = fd,
		.top = r->top,
		.result = &result,
		.jobs = r->jobs,
	};
	struct cute_shm *shm;
	int err = handle_received(segment, r->path, &shm);

	if (err != 0)
		return err;
	s.shm = shm;
	err = save_file(&s);
	l->result.arrays = result.datasets;
	l->result.groups = result.groups;
	l->result.links = result.links;
	l->result.bytes = result.bytes;
	l->result.skipped = result.skipped;
	return err;
}
