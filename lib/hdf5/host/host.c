/* SPDX-License-Identifier: MIT */
/* The host of this process. */

#include <errno.h>
#include <fcntl.h>

#include "hdf5/host/host.h"

_Thread_local bool host_serves_open;
static const struct host *current;

void
host_set(const struct host *host)
{
	current = host;
}

const struct host *
host_get(void)
{
	static struct host_files files;

	if (!current) {
		host_files_begin(&files, NULL, true);
		current = &files.host;
	}
	return current;
}

int
host_open(const char *path, struct stat *st)
{
	const struct host *h = host_get();

	return h->open(h->arg, path, st);
}

int
host_stat(const char *path, struct stat *st)
{
	const struct host *h = host_get();

	return h->stat(h->arg, path, st);
}

int
host_real_path(const char *path, char ret[PATH_MAX])
{
	const struct host *h = host_get();

	return h->real_path(h->arg, path, ret);
}

/* Other flags than these, such as O_PATH or O_DIRECTORY, are for libraries. */
#define SERVED (O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_LARGEFILE)

int
host_open_served(const char *path, int flags)
{
	struct stat st;
	int fd;

	if (!host_serves_open || (flags & ~SERVED) != O_RDONLY)
		return HOST_NOT_SERVED;
	/* The host may be in this process. */
	host_serves_open = false;
	fd = host_open(path, &st);
	host_serves_open = true;
	if (fd >= 0)
		return fd;
	errno = -fd < EREFUSED ? -fd : EACCES;
	return -1;
}
