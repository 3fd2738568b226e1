/* SPDX-License-Identifier: MIT */
/* What the library does around a fork of its process. */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "lock/lock.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct fork_private *kept;
static int cancel_state; /* of the thread that holds the mutex */
static bool registered;
static const struct fork_hooks *hooks[FORK_HOOKS];

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
fd_reopen_for(int fd, int mode)
{
	char path[32];

	self_path(path, fd);
	return fd_above_stdio(
		open(path, mode | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
}

int
fd_reopen(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 ? -1 : fd_reopen_for(fd, flags & O_ACCMODE);
}

/* Hold all mutexes, so that no state is half changed in the child. */
static void
before_fork(void)
{
	unsigned i;

	fork_hold();
	for (i = FORK_HOOKS; i-- > 0;)
		if (hooks[i])
			hooks[i]->hold();
}

static void
after_fork(void)
{
	unsigned i;

	for (i = 0; i < FORK_HOOKS; i++)
		if (hooks[i])
			hooks[i]->release();
	fork_release();
}

/* Async-signal-safe: another thread may have held any mutex at the fork. */
static void
after_fork_child(void)
{
	int number = errno;
	unsigned i;

	for (; kept; kept = kept->next) {
		kept->at = NULL;
		if (*kept->fd >= 0)
			close(*kept->fd);
		*kept->fd = -1;
	}
	for (i = 0; i < FORK_HOOKS; i++) {
		if (!hooks[i])
			continue;
		hooks[i]->forked();
		hooks[i]->release();
	}
	fork_release();
	errno = number;
}

/* Call with the mutex held. */
static int
begin(void)
{
	if (!registered &&
	    pthread_atfork(before_fork, after_fork, after_fork_child) != 0)
		return fail_memory("to prepare for forks");
	registered = true;
	return 0;
}

int
fork_keep(struct fork_private *p, int *fd)
{
	int err = begin();

	if (err != 0)
		return err;
	p->fd = fd;
	p->next = kept;
	p->at = &kept;
	if (kept)
		kept->at = &p->next;
	kept = p;
	return 0;
}

void
fork_keep_no_more(struct fork_private *p)
{
	if (!p->at)
		return;
	*p->at = p->next;
	if (p->next)
		p->next->at = p->at;
	p->at = NULL;
}

int
fork_hook(enum fork_hook order, const struct fork_hooks *more)
{
	int err;

	fork_hold();
	err = begin();
	if (err == 0)
		hooks[order] = more;
	fork_release();
	return err;
}
