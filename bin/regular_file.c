/* SPDX-License-Identifier: MIT */
#include "regular_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int
regular_file_open(int dir, const char *name, struct stat *st)
{
	int number = 0;
	int fd = openat(dir, name,
			O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY |
				O_NOFOLLOW);

	if (fd < 0) {
		/* A socket. */
		if (errno == ENXIO)
			errno = EMEDIUMTYPE;
		return -1;
	}
	if (fstat(fd, st) != 0)
		number = errno;
	else if (!S_ISREG(st->st_mode))
		number = EMEDIUMTYPE;
	if (number == 0)
		return fd;
	close(fd);
	errno = number;
	return -1;
}

char *
regular_file_text(int dir, const char *name, size_t limit)
{
	struct stat st;
	char *text = NULL;
	FILE *f = NULL;
	size_t size;
	int fd = regular_file_open(dir, name, &st);

	if (fd < 0)
		return NULL;
	if ((st.st_uid == geteuid() || st.st_uid == 0) && st.st_size >= 0 &&
	    (uintmax_t)st.st_size <= limit)
		f = fdopen(fd, "r");
	if (!f) {
		close(fd);
		return NULL;
	}
	/* The file may grow meanwhile: read no more than its first size. */
	text = malloc((size_t)st.st_size + 1);
	size = text ? fread(text, 1, (size_t)st.st_size, f) : 0;
	if (text)
		text[size] = '\0';
	fclose(f);
	return text;
}
