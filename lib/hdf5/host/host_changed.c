/* SPDX-License-Identifier: MIT */
/* Whether a file changed, by its status. */

#include "hdf5/host/host.h"

static bool
same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static const char *
content_changed(const struct stat *before, const struct stat *now)
{
	if (before->st_dev != now->st_dev || before->st_ino != now->st_ino)
		return "another file has its name";
	if (before->st_size != now->st_size)
		return "it has another size";
	if (!same_time(before->st_mtim, now->st_mtim))
		return "it was written to";
	return NULL;
}

const char *
changed_how(const struct stat *before, const struct stat *now)
{
	const char *how = content_changed(before, now);

	if (!how && !same_time(before->st_ctim, now->st_ctim))
		how = "its time of change is another";
	return how;
}

const char *
changed_open(const struct host *host, const char *path, int fd,
	     const struct stat *before)
{
	struct stat now, named;
	const char *how;

	if (fstat(fd, &now) != 0)
		return "it cannot be read any more";
	how = content_changed(before, &now);
	if (how || same_time(before->st_ctim, now.st_ctim))
		return how;
	/* To rename or remove a file sets its time of change. */
	if (host->stat(host->arg, path, &named) != 0 ||
	    named.st_dev != now.st_dev || named.st_ino != now.st_ino)
		return NULL;
	return changed_how(before, &now);
}

int
changed_fail(const char *path, const char *how)
{
	return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
			     "%s changed while it was "
			     "read: %s; load it when nothing writes to it",
			     path, how);
}
