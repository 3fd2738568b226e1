/* SPDX-License-Identifier: MIT */
/* Descriptors above 2, so that they never replace a standard stream. */

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base.h"

static void
close_keeping_errno(int fd)
{
	int number = errno;

	close(fd);
	errno = number;
}

int
fd_above_stdio(int fd)
{
	int higher;

	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	higher = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	close_keeping_errno(fd);
	return higher;
}

int
sockets_above_stdio(int ends[2])
{
	int made[2], number;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, made) != 0)
		return -1;
	made[0] = fd_above_stdio(made[0]);
	number = errno;
	made[1] = fd_above_stdio(made[1]);
	if (made[0] >= 0 && made[1] >= 0) {
		ends[0] = made[0];
		ends[1] = made[1];
		return 0;
	}
	if (made[1] < 0)
		number = errno;
	for (int i = 0; i < 2; i++)
		if (made[i] >= 0)
			close(made[i]);
	errno = number;
	return -1;
}

FILE *
file_above_stdio(const char *path)
{
	int fd = fd_above_stdio(open(path, O_RDONLY | O_CLOEXEC));
	FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;

	if (!file && fd >= 0)
		close_keeping_errno(fd);
	return file;
}

DIR *
dir_above_stdio(const char *path)
{
	int fd = fd_above_stdio(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

	if (!dir && fd >= 0)
		close_keeping_errno(fd);
	return dir;
}
