/* SPDX-License-Identifier: MIT */
/* Whether a file has changed, by its status before and now. */

#include "hdf5/channel/channel.h"

static bool
same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

const char *
changed_how(const struct stat *before, const struct stat *now)
{
	if (before->st_dev != now->st_dev || before->st_ino != now->st_ino)
		return "another file has its name";
	if (before->st_size != now->st_size)
		return "it has another size";
	if (!same_time(before->st_mtim, now->st_mtim))
		return "it was written to";
	if (!same_time(before->st_ctim, now->st_ctim))
		return "its time of change is another";
	return NULL;
}

int
changed_fail(const char *path, const char *how)
{
	return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
			     "%s changed while it was "
			     "read: %s; load it when nothing writes to it",
			     path, how);
}
