/* SPDX-License-Identifier: MIT */
/* The page on which the reader process shows what it works on. */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hdf5/channel/channel.h"

struct board *
board_map(int fd)
{
	struct board *b = mmap(NULL, sizeof(*b), PROT_READ | PROT_WRITE,
			       MAP_SHARED, fd, 0);

	return b == MAP_FAILED ? NULL : b;
}

/*
 * The seals keep the size: without them a hostile reader could cut the file,
 * and the next look at the page would end the caller (SIGBUS).
 */
int
board_new(struct board **ret)
{
	int fd = fd_above_stdio(memfd_create("cute-shm progress",
					     MFD_CLOEXEC | MFD_ALLOW_SEALING));

	if (fd < 0)
		return -1;
	if (ftruncate(fd, sizeof(**ret)) == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) ==
		    0)
		*ret = board_map(fd);
	else
		*ret = NULL;
	if (*ret)
		return fd;
	close(fd);
	return -1;
}

void
board_free(struct board *board)
{
	if (board)
		munmap(board, sizeof(*board));
}

void
board_work(struct board *b, const char *path, uint64_t bytes)
{
	size_t size = strnlen(path, sizeof(b->path) - 1);
	uint32_t s = b->sequence;

	__atomic_store_n(&b->sequence, s + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	memcpy(b->path, path, size);
	b->path[size] = '\0';
	__atomic_store_n(&b->sequence, s + 2, __ATOMIC_RELEASE);
	__atomic_store_n(&b->expect, bytes, __ATOMIC_RELAXED);
	__atomic_add_fetch(&b->beat, 1, __ATOMIC_RELEASE);
}

void
board_beat(struct board *b)
{
	__atomic_add_fetch(&b->beat, 1, __ATOMIC_RELEASE);
}

void
board_done(struct board *b, uint64_t bytes)
{
	__atomic_add_fetch(&b->done, bytes, __ATOMIC_RELAXED);
	__atomic_add_fetch(&b->beat, 1, __ATOMIC_RELEASE);
}

/*
 * The reader may be writing the path, or may have died while writing it: return
 * some valid text in any case.
 */
void
board_path(const struct board *b, char *ret, size_t size)
{
	uint32_t s, after;
	int tries = 100;

	do {
		s = __atomic_load_n(&b->sequence, __ATOMIC_ACQUIRE);
		snprintf(ret, size, "%.*s", (int)sizeof(b->path) - 1, b->path);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		after = __atomic_load_n(&b->sequence, __ATOMIC_RELAXED);
	} while (tries-- > 0 && (s % 2 || s != after));
}
