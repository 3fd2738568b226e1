/* SPDX-License-Identifier: MIT */
/*
 * Load the file into the page cache ahead of the load: libhdf5 asks for one
 * chunk at a time, and the disk would be idle while the chunk is decoded.
 * Chunks lie in the file in about the order in which they are read, so the
 * progress of the load gives its position in the file.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "hdf5/read/hdf5_read.h"

#define LEAST	 (UINT64_C(8) << 20)  /* smaller files gain nothing */
#define WINDOW	 (UINT64_C(4) << 20)  /* bytes of one request */
#define AHEAD	 (UINT64_C(64) << 20) /* bytes ahead of the load's position */
#define PAUSE_NS 2000000

struct prefetch {
	int fd;
	uint64_t size;
	const struct board *board;
	atomic_bool stop;
	pthread_t thread;
};

/* The approximate position of the load in the file. */
static uint64_t
position(const struct prefetch *p)
{
	uint64_t done = __atomic_load_n(&p->board->done, __ATOMIC_RELAXED);

	return p->board->total ? (uint64_t)((double)p->size * (double)done /
					    (double)p->board->total)
			       : 0;
}

static void *
run(void *arg)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	struct prefetch *p = arg;
	uint64_t at = 0, now;

	pthread_setname_np(pthread_self(), "cute-shm-ahead");
	do {
		now = position(p);
		if (at >= now + AHEAD) {
			nanosleep(&pause, NULL);
			continue;
		}
		if (at < now)
			at = now;
		page_cache_ahead(p->fd, at, WINDOW);
		at += WINDOW;
	} while (at < p->size && !atomic_load(&p->stop));
	return NULL;
}

struct prefetch *
prefetch_begin(struct loader *l)
{
	struct prefetch *p;
	struct stat st;
	int fd;

	/*
	 * If only some objects are loaded, or those of several files, progress
	 * does not give the position.
	 */
	if (l->opt->select || l->opt->exclude || l->listed_count > 0 ||
	    l->pending_count == 0)
		return NULL;
	fd = source_descriptor(l->scan, 0);
	if (fd < 0 || fstat(fd, &st) != 0 || (uint64_t)st.st_size < LEAST)
		return NULL;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->fd = fd;
	p->size = (uint64_t)st.st_size;
	p->board = l->board;
	if (pthread_create(&p->thread, NULL, run, p) == 0)
		return p;
	free(p);
	return NULL;
}

void
prefetch_end(struct prefetch *p)
{
	if (!p)
		return;
	atomic_store(&p->stop, true);
	pthread_join(p->thread, NULL);
	free(p);
}
