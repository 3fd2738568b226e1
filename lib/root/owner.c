/* SPDX-License-Identifier: MIT */
/* Owners of ephemeral projects, which end when the owner closes or exits. */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "root/root.h"

/*
 * The projects that this process owns, to remove them at exit.  A forked child
 * owns none; after vfork(), which runs no fork handlers, the pid shows that.
 */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct ownership *owned;

/* Attempts to find a byte that no other owner has locked. */
#define TRIES 4096

/* Lock the first free byte of the owners: 0, or -1 and errno. */
static int
lock_byte(int fd)
{
	uint64_t at = LOCK_OWNERS + (uint64_t)getpid(), end = at + TRIES;

	while (range_try(fd, at, at + 1, true) != 0)
		if ((errno != EAGAIN && errno != EACCES) || ++at == end)
			return -1;
	return 0;
}

/*
 * Lock a byte of the owners, and byte 0 as well: libraries that know only
 * format 1.0 look there, and must not take the project for an orphan.
 */
int
owner_lock(int fd)
{
	if (lock_byte(fd) != 0)
		return fail_errno("the file system of the root has no locks, "
				  "which ephemeral projects need");
	if (range_try(fd, LOCK_OWNER, LOCK_OWNER + 1, true) != 0)
		return fail_errno("cannot lock the new segment");
	return 0;
}

/*
 * The lock comes first, then the look at the name: who removes an orphan locks
 * the bytes of all owners before.
 */
int
owner_join(const char *path, const struct stat *st, int *ret)
{
	struct stat opened;
	int fd = fd_above_stdio(open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK |
						   O_NOCTTY | O_NOFOLLOW));

	if (fd < 0 && errno != ENOENT)
		return fail_errno("cannot become an owner of %s", path);
	if (fd >= 0 && fstat(fd, &opened) == 0 && same_file(&opened, st) &&
	    lock_byte(fd) == 0 && leads_to(path, st)) {
		/* The first owner may have it. */
		(void)!range_try(fd, LOCK_OWNER, LOCK_OWNER + 1, true);
		*ret = fd;
		return 0;
	}
	if (fd >= 0)
		close(fd);
	return cute_shm_fail(CUTE_SHM_ERR_NOT_FOUND,
			     "%s has ended just now, or was replaced", path);
}

/*
 * Only exclusive locks count.  They need permission to write, so a process that
 * may only read cannot pass for an owner.
 */
static bool
has_owner(int fd, const struct format_header *h)
{
	if (header_is_first(h))
		return range_locked(fd, LOCK_OWNER, LOCK_OWNER + 1, false);
	return range_locked(fd, LOCK_OWNERS, LOCK_NAME, false);
}

enum owner
owner_of(int fd, const struct format_header *h)
{
	if (!(h->compatible & FORMAT_COMPATIBLE_EPHEMERAL))
		return OWNER_NONE;
	/* Without a descriptor the locks cannot be examined. */
	if (fd < 0)
		return OWNER_LIVES;
	if (!home_is(fd, h))
		return OWNER_NONE;
	return has_owner(fd, h) ? OWNER_LIVES : OWNER_GONE;
}

static void
forget(const struct ownership *o)
{
	struct ownership **at = &owned;

	pthread_mutex_lock(&mutex);
	while (*at && *at != o)
		at = &(*at)->next;
	if (*at)
		*at = o->next;
	pthread_mutex_unlock(&mutex);
}

static void
hold(void)
{
	pthread_mutex_lock(&mutex);
}

static void
release(void)
{
	pthread_mutex_unlock(&mutex);
}

/* In the child: only the parent owns the projects. */
static void
forked(void)
{
	for (; owned; owned = owned->next) {
		close(owned->fd);
		owned->fd = -1;
	}
}

void
owner_begin(struct ownership *o, int fd, const char *path,
	    const struct stat *st)
{
	static const struct fork_hooks hooks = { hold, release, forked };
	int err = fork_hook(FORK_OWNERS, &hooks);

	(void)err; /* the handle's table has made it possible before */
	*o = (struct ownership){
		.fd = fd, .pid = getpid(), .path = path, .stat = st
	};
	pthread_mutex_lock(&mutex);
	o->next = owned;
	owned = o;
	pthread_mutex_unlock(&mutex);
}

/*
 * Remove the project unless it has other owners.  Each releases its own byte
 * first, so the last one to do that finds none.  Do not wait for a process that
 * removes or replaces the project just now.
 */
static int
leave(const struct ownership *o)
{
	bool removed;

	range_release(o->fd, LOCK_OWNERS, LOCK_OWNERS_END);
	return remove_orphan(o->path, o->stat, &removed);
}

void
owner_end(struct ownership *o)
{
	if (o->fd < 0)
		return;
	forget(o);
	/*
	 * The caller could not act on an error: a project that stays is an
	 * orphan, which other processes collect.
	 */
	if (o->pid == getpid() && leave(o) != 0)
		cute_shm_log(CUTE_SHM_LOG_WARNING, "%s", cute_shm_errmsg());
	close(o->fd);
	o->fd = -1;
}

/*
 * Runs at exit, or when the library is unloaded.  Other threads may still run,
 * so remove names only, and none if another thread holds the mutex.
 */
static void __attribute__((destructor)) end_all(void)
{
	const struct ownership *o;
	int err;

	if (pthread_mutex_trylock(&mutex) != 0)
		return;
	for (o = owned; o; o = o->next) {
		if (o->pid != getpid())
			continue;
		err = leave(o);
		(void)err; /* an orphan, see above */
	}
	pthread_mutex_unlock(&mutex);
}
