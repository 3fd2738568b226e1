/* SPDX-License-Identifier: MIT */
/* Open files that another user may have put in place. */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "file/file.h"

int
found_open(int dir, const char *name, unsigned flags, struct stat *st)
{
	int fd, number = 0;

	fd = fd_above_stdio(
		openat(dir, name,
		       O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW |
			       (flags & FOUND_WRITE ? O_RDWR : O_RDONLY)));
	if (fd < 0) {
		/* A socket, or a FIFO that no process reads. */
		if (errno == ENXIO)
			errno = EMEDIUMTYPE;
		return -1;
	}
	if (fstat(fd, st) != 0)
		number = errno;
	else if (!S_ISREG(st->st_mode))
		number = EMEDIUMTYPE;
	else if (!(flags & FOUND_ANY_OWNER) && !user_trusted(st->st_uid))
		number = EPERM;
	if (number == 0)
		return fd;
	close(fd);
	errno = number;
	return -1;
}

char *
found_text(int dir, const char *name, unsigned flags, size_t limit)
{
	struct stat st;
	char *text = NULL;
	size_t size = 0;
	ssize_t n;
	int fd = found_open(dir, name, flags, &st);

	if (fd < 0)
		return NULL;
	/* The file may grow meanwhile: read no more than its first size. */
	if (st.st_size >= 0 && (uintmax_t)st.st_size <= limit)
		text = malloc((size_t)st.st_size + 1);
	while (text && size < (size_t)st.st_size &&
	       (n = read(fd, text + size, (size_t)st.st_size - size)) != 0) {
		if (n < 0 && errno != EINTR)
			break;
		size += n > 0 ? (size_t)n : 0;
	}
	if (text)
		text[size] = '\0';
	close(fd);
	return text;
}
