/* SPDX-License-Identifier: MIT */
/*
 * A forked child uses what its parent has opened.
 *
 * Parent and child would share each open file description, and with it the
 * locks: what one of them takes or drops, both do, and the lock of a killed
 * writer would stay for as long as its child lives.  So a child begins with
 * opening its segments again, by their descriptors, and holds no lock but that
 * of a reader.
 */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "lock/lock.h"

/* The tables of all handles; also held while a descriptor is being made. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct lock_table *tables;
static bool registered;
static int cancel_state;	/* of the thread that holds the mutex */
static const struct fork_hooks *hooks;

void
fork_hold(void)
{
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	pthread_mutex_lock(&mutex);
	cancel_state = state;
}

void
fork_release(void)
{
	int state = cancel_state;

	pthread_mutex_unlock(&mutex);
	pthread_setcancelstate(state, &state);
}

void
fork_hook(const struct fork_hooks *more)
{
	fork_hold();
	hooks = more;
	fork_release();
}

/* So that a child finds all of them as nobody has just changed them. */
static void
before_fork(void)
{
	fork_hold();
	if (hooks)
		hooks->hold();
	lock_tables_hold();
}

static void
after_fork(void)
{
	lock_tables_release();
	if (hooks)
		hooks->release();
	fork_release();
}

/* "/proc/self/fd/FD", by what a signal handler may do. */
static void
self_path(char path[32], int fd)
{
	static const char folder[] = "/proc/self/fd/";
	unsigned n = (unsigned)fd, digits = 1, i;

	while (n >= 10) {
		n /= 10;
		digits++;
	}
	for (i = 0; i < sizeof(folder) - 1; i++)
		path[i] = folder[i];
	path[i + digits] = '\0';
	for (n = (unsigned)fd; digits > 0; n /= 10)
		path[i + --digits] = (char)('0' + n % 10);
}

int
fd_reopen(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	char path[32];

	if (flags < 0)
		return -1;
	self_path(path, fd);
	return fd_above_stdio(open(path, (flags & O_ACCMODE) | O_CLOEXEC |
				   O_NONBLOCK | O_NOCTTY));
}

/*
 * Put a description of its own under the descriptor.  Without /proc, or without
 * a free descriptor, the child lets go at least of the parent's: it reads by
 * the mapping, and cannot lock.
 */
static void
in_child(struct lock_table *table)
{
	int fd = *table->fd, again;

	lock_table_forked(table);
	if (fd < 0)
		return;
	again = fd_reopen(fd);
	if (again >= 0 && dup3(again, fd, O_CLOEXEC) == fd) {
		close(again);
		presence_forked(table);
		return;
	}
	if (again >= 0)
		close(again);
	close(fd);
	*table->fd = -1;
}

/* Only what a signal handler may do: other threads may have held anything. */
static void
after_fork_child(void)
{
	struct lock_table *table;
	int number = errno;

	for (table = tables; table; table = table->next)
		presence_forget(table);
	for (table = tables; table; table = table->next)
		in_child(table);
	lock_tables_release();
	if (hooks) {
		hooks->forked();
		hooks->release();
	}
	fork_release();
	errno = number;
}

int
fork_watch(struct lock_table *table)
{
	int number = 0;

	fork_hold();
	if (!registered)
		number = pthread_atfork(before_fork, after_fork,
					after_fork_child);
	if (number == 0) {
		registered = true;
		table->next = tables;
		table->at = &tables;
		if (tables)
			tables->at = &table->next;
		tables = table;
	}
	fork_release();
	if (number != 0)
		return cute_shm_fail(CUTE_SHM_ERR_NOMEM,
				     "no memory to prepare for forks");
	return 0;
}

void
fork_forget(struct lock_table *table)
{
	fork_hold();
	*table->at = table->next;
	if (table->next)
		table->next->at = table->at;
	fork_release();
}
