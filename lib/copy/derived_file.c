/* SPDX-License-Identifier: MIT */
/* Files that programs write from a segment's data. */

#include <stdlib.h>

#include "copy/copy.h"

struct cute_shm_file {
	struct outfile out;
	bool published;
};

int
cute_shm_file_new(const struct cute_shm *shm, const char *path, unsigned flags,
		  struct cute_shm_file **ret)
{
	struct cute_shm_file *file;
	struct cute_shm_info info;
	int err;

	if (!ret)
		return no_result("cute_shm_file_new");
	if (flags & ~(unsigned)CUTE_SHM_OVERWRITE)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "unknown flags %#x for a file", flags);
	err = cute_shm_info(shm, &info);
	if (err != 0)
		return err;
	file = calloc(1, sizeof(*file));
	if (!file)
		return fail_memory("for a file");
	err = outfile_begin(&file->out, path,
			    flags & CUTE_SHM_OVERWRITE ? OUTFILE_OVERWRITE : 0);
	if (err != 0) {
		free(file);
		return err;
	}
	outfile_permit(&file->out, &info);
	*ret = file;
	return 0;
}

int
cute_shm_file_fd(const struct cute_shm_file *file)
{
	return file->out.fd;
}

int
cute_shm_file_publish(struct cute_shm_file *file)
{
	if (file->published)
		return cute_shm_fail(CUTE_SHM_ERR_STATE,
				     "the file was published already");
	file->published = true;
	return outfile_commit(&file->out);
}

void
cute_shm_file_free(struct cute_shm_file *file)
{
	if (file)
		outfile_end(&file->out);
	free(file);
}
