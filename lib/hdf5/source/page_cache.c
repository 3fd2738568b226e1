/* SPDX-License-Identifier: MIT */
/*
 * Leave the page cache as it was before the load: the data are in the segment,
 * and a second copy of a large file could displace what others use.  What was
 * there before stays, because somebody else reads the file, too.
 */

#include <fcntl.h>
#include <pthread.h>
#include <search.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hdf5/source/source.h"

/* The kernel is asked for units; one stays if any of its pages was there. */
#define UNIT   (UINT64_C(64) << 10)
#define WINDOW (UINT64_C(4) << 20)

/*
 * A window that was read is dropped when so many others have been read after
 * it: threads read in an order of their own, and bytes between the data, such
 * as metadata, may be needed a little later.
 */
#define BEHIND 8

/* Smaller files are dropped at the end only. */
#define LEAST (2 * BEHIND * WINDOW)

/* A window counts as read when so many of its bytes are left. */
#define REST (WINDOW / 8)

struct watched {
	dev_t device;
	ino_t inode;
	uint64_t size;
	uint64_t *kept; /* a bit for each unit that was there before */
	bool keeps;	/* there is such a unit */
	bool clean;	/* nothing was read since it was dropped */
	unsigned users; /* open descriptors */
	uint32_t *left; /* bytes of each window that were not read, or NULL */
	uint64_t behind[BEHIND]; /* windows that were read last */
	uint64_t count;		 /* of all that were read */
	char path[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *all; /* struct watched, sorted by tsearch() */
static atomic_uint watched_count;
static bool begun, reading;

static int
by_inode(const void *a, const void *b)
{
	const struct watched *x = a, *y = b;

	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	return (x->inode > y->inode) - (x->inode < y->inode);
}

static struct watched *
find(const struct stat *st)
{
	const struct watched wanted = { .device = st->st_dev,
					.inode = st->st_ino };
	struct watched **found = tfind(&wanted, &all, by_inode);

	return found ? *found : NULL;
}

/* The entry of an open file, with the lock; else NULL, without. */
static struct watched *
find_locked(int fd)
{
	struct watched *w;
	struct stat st;

	if (atomic_load(&watched_count) == 0 || fstat(fd, &st) != 0)
		return NULL;
	pthread_mutex_lock(&lock);
	w = find(&st);
	if (!w)
		pthread_mutex_unlock(&lock);
	return w;
}

/* ---------------------------------------------------------- what is there */

/*
 * The number of pages of a part of the file that are in the page cache; -1 if
 * the kernel does not tell.
 */
typedef int64_t count_cached(int fd, uint64_t at, uint64_t size);

static int64_t
count_by_cachestat(int fd, uint64_t at, uint64_t size)
{
	const struct {
		uint64_t at, size;
	} range = { at, size };
	struct {
		uint64_t cached, dirty, written, evicted, recently;
	} ret;

	return syscall(CACHESTAT, fd, &range, &ret, 0) == 0
		       ? (int64_t)ret.cached
		       : -1;
}

/*
 * For older kernels, and for file systems above others, such as overlayfs: for
 * these cachestat() finds nothing, since the page cache belongs to the file
 * below.  For a file that belongs to another user and that this one must not
 * write, the kernel says that all pages are there.  Needs the lock.
 */
static int64_t
count_by_mincore(int fd, uint64_t at, uint64_t size)
{
	static unsigned char there[WINDOW / 4096];
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), n, i;
	int64_t ret = 0;
	void *map;

	for (; size > 0; size -= n, at += n) {
		n = size < WINDOW ? size : WINDOW;
		map = mmap(NULL, n, PROT_READ, MAP_SHARED, fd, (off_t)at);
		if (map == MAP_FAILED)
			return -1;
		if (mincore(map, n, there) != 0)
			ret = -1;
		munmap(map, n);
		if (ret < 0)
			return -1;
		for (i = 0; i < (n + page - 1) / page; i++)
			ret += there[i] & 1;
	}
	return ret;
}

static uint64_t
clipped(const struct watched *w, uint64_t at, uint64_t size)
{
	return size < w->size - at ? size : w->size - at;
}

static void
keep(struct watched *w, uint64_t at, uint64_t size)
{
	for (uint64_t i = at / UNIT; i * UNIT < at + size; i++)
		w->kept[i / 64] |= UINT64_C(1) << i % 64;
	w->keeps = true;
}

static bool
is_kept(const struct watched *w, uint64_t unit)
{
	return w->kept[unit / 64] >> unit % 64 & 1;
}

/* Find the units of a window that are there. */
static void
keep_window(struct watched *w, int fd, uint64_t at, count_cached *count)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t size = clipped(w, at, WINDOW), n, i;
	int64_t cached = count(fd, at, size);

	if (cached == 0)
		return;
	if (cached < 0 || (uint64_t)cached >= (size + page - 1) / page) {
		keep(w, at, size);
		return;
	}
	for (i = 0; i < size; i += UNIT) {
		n = clipped(w, at + i, UNIT);
		if (count(fd, at + i, n) != 0)
			keep(w, at + i, n);
	}
}

/* A damaged file can have any size: to count its pages would take long. */
static bool
is_hole(const struct stat *st)
{
	const uint64_t most = UINT64_C(1) << 30;

	return (uint64_t)st->st_size / 16 > (uint64_t)st->st_blocks * 512 &&
	       (uint64_t)st->st_size > most;
}

/* An entry for the file; NULL if nothing of it will have to be dropped. */
static struct watched *
watched_new(const char *path, int fd, const struct stat *st)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t size = (uint64_t)st->st_size, at;
	count_cached *count = count_by_cachestat;
	struct watched *w;
	int64_t cached;

	if (size == 0 || is_hole(st))
		return NULL;
	cached = count(fd, 0, size);
	if (cached <= 0) {
		count = count_by_mincore;
		cached = count(fd, 0, size);
	}
	if (cached < 0 || (uint64_t)cached >= (size + page - 1) / page)
		return NULL;
	w = calloc(1, sizeof(*w) + strlen(path) + 1);
	if (!w)
		return NULL;
	strcpy(w->path, path);
	w->device = st->st_dev;
	w->inode = st->st_ino;
	w->size = size;
	w->kept = calloc(size / UNIT / 64 + 1, sizeof(*w->kept));
	if (size >= LEAST)
		w->left = calloc(size / WINDOW + 1, sizeof(*w->left));
	if (!w->kept || (size >= LEAST && !w->left) ||
	    !tsearch(w, &all, by_inode)) {
		free(w->kept);
		free(w->left);
		free(w);
		return NULL;
	}
	atomic_fetch_add(&watched_count, 1);
	for (at = 0; cached > 0 && at < size; at += WINDOW)
		keep_window(w, fd, at, count);
	for (at = 0; w->left && at < size; at += WINDOW)
		w->left[at / WINDOW] = (uint32_t)clipped(w, at, WINDOW);
	return w;
}

/* --------------------------------------------------------------- dropping */

/* Drop what was not there before of [at, at + size), which is whole units. */
static void
drop(const struct watched *w, int fd, uint64_t at, uint64_t size)
{
	uint64_t i = at / UNIT, begin, end = (at + size + UNIT - 1) / UNIT;

	if (!w->keeps) {
		posix_fadvise(fd, (off_t)at, (off_t)((end - i) * UNIT),
			      POSIX_FADV_DONTNEED);
		return;
	}
	while (i < end) {
		while (i < end && is_kept(w, i))
			i++;
		for (begin = i; i < end && !is_kept(w, i);)
			i++;
		if (i > begin)
			posix_fadvise(fd, (off_t)(begin * UNIT),
				      (off_t)((i - begin) * UNIT),
				      POSIX_FADV_DONTNEED);
	}
}

/* Subtract what was read; true if the window is finished by that. */
static bool
subtract(uint32_t *left, uint64_t size)
{
	bool before = *left > REST;

	*left -= size < *left ? (uint32_t)size : *left;
	return before && *left <= REST;
}

/* Count a finished window; the one to drop, or UINT64_MAX. */
static uint64_t
finish(struct watched *w, uint64_t window)
{
	uint64_t *place = &w->behind[w->count++ % BEHIND];
	uint64_t ret = w->count > BEHIND ? *place : UINT64_MAX;

	*place = window;
	return ret;
}

void
page_cache_read(int fd, uint64_t at, uint64_t size)
{
	struct watched *w = find_locked(fd);
	uint64_t n, old;

	if (!w)
		return;
	for (; w->left && size > 0 && at < w->size; size -= n, at += n) {
		n = WINDOW - at % WINDOW;
		if (n > size)
			n = size;
		if (!subtract(&w->left[at / WINDOW], n))
			continue;
		old = finish(w, at / WINDOW);
		if (old == UINT64_MAX)
			continue;
		/* Without the lock: entries stay. */
		pthread_mutex_unlock(&lock);
		drop(w, fd, old * WINDOW, WINDOW);
		pthread_mutex_lock(&lock);
	}
	pthread_mutex_unlock(&lock);
}

void
page_cache_ahead(int fd, uint64_t at, uint64_t size)
{
	struct watched *w = find_locked(fd);
	bool done = false;

	if (w) {
		done = w->left && at < w->size && w->left[at / WINDOW] <= REST;
		pthread_mutex_unlock(&lock);
	}
	if (!done)
		posix_fadvise(fd, (off_t)at, (off_t)size, POSIX_FADV_WILLNEED);
}

/* ------------------------------------------------------------ descriptors */

void
page_cache_open(const char *path, int fd, const struct stat *st)
{
	struct watched *w;

	if (!begun)
		return;
	pthread_mutex_lock(&lock);
	w = find(st);
	if (!w)
		w = watched_new(path, fd, st);
	if (w) {
		w->users++;
		w->clean = false;
	}
	pthread_mutex_unlock(&lock);
}

void
page_cache_again(int fd)
{
	struct watched *w = find_locked(fd);

	if (!w)
		return;
	w->users++;
	pthread_mutex_unlock(&lock);
}

void
page_cache_close(int fd)
{
	struct watched *w = find_locked(fd);

	if (!w)
		return;
	if (w->users > 0)
		w->users--;
	if (w->users == 0 && reading && !w->clean) {
		drop(w, fd, 0, w->size);
		w->clean = true;
	}
	pthread_mutex_unlock(&lock);
}

void
page_cache_begin(void)
{
	begun = true;
}

void
page_cache_reading(void)
{
	reading = true;
}

static void
drop_rest(const void *node, VISIT visit, int depth)
{
	const struct watched *w = *(struct watched *const *)node;
	struct stat st = { .st_dev = w->device, .st_ino = w->inode };
	int kept, fd;

	(void)depth;
	if ((visit != postorder && visit != leaf) || w->clean)
		return;
	kept = file_driver_kept(&st);
	fd = kept < 0 ? host_open(w->path, &st) : kept;
	if (fd >= 0 && st.st_dev == w->device && st.st_ino == w->inode)
		drop(w, fd, 0, w->size);
	if (fd >= 0 && kept < 0)
		close(fd);
}

void
page_cache_end(void)
{
	begun = false;
	if (atomic_exchange(&watched_count, 0) > 0)
		twalk(all, drop_rest);
}
