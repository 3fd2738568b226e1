/* SPDX-License-Identifier: MIT */
/*
 * Wait for a lock in the kernel's queue, with or without a time limit.
 *
 * F_OFD_SETLKW has no timeout: only a signal ends it, and a library has no
 * signal number of its own.  A thread that polls instead loses the lock to the
 * threads in the queue.  So this file starts a helper thread for each wait with
 * a limit.  The helper waits in the queue; when the time is up, it is
 * cancelled, for which libc has a signal of its own.  The caller passes a
 * description without other uses: if the helper gets the lock at the last
 * moment, the caller releases it by closing that.
 */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "lock/lock.h"

/* Enough for fcntl() and a signal handler; mlockall() makes all resident. */
#define STACK_SIZE (128 << 10)

struct waiter {
	int fd;
	struct flock range;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t ended;
	bool done; /* and 'error' is set */
	int error; /* an errno, or 0 */
	int state; /* the helper's old cancel state; not used */
};

/* A cancellation point. */
static int
queue(int fd, struct flock *range)
{
	int rc;

	do
		rc = fcntl(fd, F_OFD_SETLKW, range);
	while (rc != 0 && errno == EINTR);
	return rc != 0 ? errno : 0;
}

static void *
stand_in_line(void *arg)
{
	struct waiter *w = arg;
	int error = queue(w->fd, &w->range);

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &w->state);
	pthread_mutex_lock(&w->mutex);
	w->error = error;
	w->done = true;
	pthread_cond_signal(&w->ended);
	pthread_mutex_unlock(&w->mutex);
	return NULL;
}

/* Block all signals: the program's handlers run in its own threads only. */
static int
start(struct waiter *w)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int rc = pthread_attr_init(&attr);

	if (rc != 0)
		return rc;
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&w->thread, &attr, stand_in_line, w);
	if (rc == EINVAL) /* too small for the program's own TLS */
		rc = pthread_create(&w->thread, NULL, stand_in_line, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return rc;
}

/* Called with the mutex, by a thread that cannot be cancelled (again). */
static void
stop(void *arg)
{
	struct waiter *w = arg;
	bool done = w->done;

	pthread_mutex_unlock(&w->mutex);
	if (!done)
		pthread_cancel(w->thread);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->ended);
	pthread_mutex_destroy(&w->mutex);
}

static void
init(struct waiter *w)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&w->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->ended, &attr);
	pthread_condattr_destroy(&attr);
}

static int
wait_until(struct waiter *w, const struct timespec *deadline)
{
	int state, rc = 0;

	/* No cancellation until stop() is pushed, which ends the helper. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	init(w);
	rc = start(w);
	if (rc != 0) {
		pthread_cond_destroy(&w->ended);
		pthread_mutex_destroy(&w->mutex);
		pthread_setcancelstate(state, NULL);
		return EAGAIN;
	}
	pthread_mutex_lock(&w->mutex);
	pthread_cleanup_push(stop, w);
	pthread_setcancelstate(state, NULL);
	while (!w->done && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&w->ended, &w->mutex, deadline);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	pthread_cleanup_pop(true);
	pthread_setcancelstate(state, NULL);
	/* The helper may have got the lock just when the time was up. */
	return w->done ? w->error : ETIMEDOUT;
}

int
range_wait(int fd, uint64_t start, uint64_t end, bool exclusive,
	   const struct timespec *deadline)
{
	struct waiter w = {
		.fd = fd,
		.range = range_flock(start, end, exclusive ? F_WRLCK : F_RDLCK),
	};

	return deadline ? wait_until(&w, deadline) : queue(fd, &w.range);
}

struct timespec
deadline_after(int64_t timeout_ns)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += (time_t)(timeout_ns / 1000000000);
	t.tv_nsec += (long)(timeout_ns % 1000000000);
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	return t;
}

int64_t
time_left(const struct timespec *deadline)
{
	struct timespec now;
	int64_t seconds;

	clock_gettime(CLOCK_MONOTONIC, &now);
	seconds = (int64_t)(deadline->tv_sec - now.tv_sec);
	if (seconds >= INT64_MAX / 1000000000)
		return INT64_MAX;
	return seconds * 1000000000 + (deadline->tv_nsec - now.tv_nsec);
}

int64_t
left_of(int64_t timeout_ns, const struct timespec *deadline)
{
	int64_t left = timeout_ns > 0 ? time_left(deadline) : timeout_ns;

	return timeout_ns > 0 && left < 0 ? 0 : left;
}
