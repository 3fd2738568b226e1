/* SPDX-License-Identifier: MIT */
/*
 * The parts of a segment as they become final, for a caller that passes them on
 * while the rest is still being read.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hdf5/load.h"

static int
call(const struct load *load, const struct cute_shm_hdf5_part *part)
{
	if (load->opt->part(part, load->opt->arg) == 0)
		return 0;
	return cute_shm_fail(CUTE_SHM_ERR_CANCELLED,
			     "%s: loading was cancelled", load->file);
}

/* A callback with all that describes the source. */
static int
call_with_source(const struct load *load, int what)
{
	struct load_source source = load_source(load);
	/* That of a folder is absolute, and its slash at the end counts. */
	char *path = load->list.count > 0 ? NULL : realpath(source.path, NULL);
	struct cute_shm_hdf5_part part = {
		.what = what,
		.fd = load->part_fd,
		.size = load->part_size,
		.source = path ? path : source.path,
		.source_size = source.size,
		.source_mtime_ns = source.mtime_ns,
		.options = load->choice,
	};
	int err = call(load, &part);

	free(path);
	return err;
}

void
part_end(struct load *load)
{
	if (load->part_fd >= 0)
		close(load->part_fd);
	load->part_fd = -1;
}

/*
 * Open the segment again, for reading only: cute_shm_builder_adopt() refuses a
 * segment that somebody can still write to.
 */
static int
open_segment(struct load *load)
{
	char self[64];
	void *loan;
	size_t size;
	int fd, err;

	err = cute_shm_builder_lend(load->builder, &loan, &size, &fd);
	if (err != 0)
		return err;
	free(loan);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	load->part_fd = fd_above_stdio(open(self, O_RDONLY | O_CLOEXEC));
	return load->part_fd >= 0
		       ? 0
		       : cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
				       "%s: cannot pass it on: %s: %s",
				       load->file, self, strerror(errno));
}

int
part_room(struct load *load)
{
	int err;

	if (!load->opt->part || load->process.room == 0)
		return 0;
	part_end(load);
	err = open_segment(load);
	load->part_size = load->process.room;
	return err == 0 ? call_with_source(load, CUTE_SHM_HDF5_PART_ROOM) : err;
}

int
part_final(const struct load *load, const struct message *m)
{
	const struct cute_shm_hdf5_part part = {
		.what = CUTE_SHM_HDF5_PART_FINAL,
		.fd = load->part_fd,
		.size = load->part_size,
		.offset = m->given,
		.bytes = m->bytes,
	};

	if (!load->opt->part)
		return 0; /* nobody has asked for it */
	/* The reader may be damaged: nothing that it says is trusted. */
	if (load->part_fd < 0 || m->given > part.size ||
	    m->bytes > part.size - m->given)
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "%s: the reader speaks of bytes that the "
				     "segment does not have",
				     load->file);
	return call(load, &part);
}

int
part_sealed(struct load *load)
{
	struct stat st;

	if (!load->opt->part)
		return 0;
	if (load->part_fd < 0 || fstat(load->part_fd, &st) != 0)
		return cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
				     "%s: cannot examine the segment",
				     load->file);
	load->part_size = (uint64_t)st.st_size;
	return call_with_source(load, CUTE_SHM_HDF5_PART_SEALED);
}

int
part_current(const struct load *load)
{
	return load->opt->part
		       ? call_with_source(load, CUTE_SHM_HDF5_PART_CURRENT)
		       : 0;
}
