/* SPDX-License-Identifier: MIT */
/*
 * A forked child can use the handles of its parent.
 *
 * fork() makes parent and child share each open file description, and with it
 * the locks: each would release the other's locks, and the lock of a killed
 * writer would stay for as long as its child lives.  So a child first reopens
 * its segments under the same descriptors.  It then holds no lock but that of a
 * reader.
 */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "lock/lock.h"

/* Guards the list of all tables; also held while a handle is being opened. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct lock_table *tables;
static bool registered;
static int cancel_state; /* of the thread that holds the mutex */
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

/* Hold all mutexes, so that no state is half changed in the child. */
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

/* Write "/proc/self/fd/FD"; snprintf() is not async-signal-safe. */
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
 * Give the descriptor an open file description of its own.  If that fails, as
 * without /proc or a free descriptor, close the one shared with the parent: the
 * child can then read through the mapping, but cannot lock.
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

/* Async-signal-safe: another thread may have held any mutex at the fork. */
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
		return fail_memory("to prepare for forks");
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
