/* SPDX-License-Identifier: MIT */
/*
 * Reserve the memory of the segment: all of it at once, or, with
 * CUTE_SHM_RESERVE_AHEAD, in a thread that runs ahead of the writers, or in the
 * writers.  The kernel allocates the pages of a file one at a time, at a few
 * GB/s; so reading and writing overlap with that.
 */

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build/build.h"

/* Bytes per step of the thread: about 1 ms, since writers may wait for it. */
#define AHEAD_STEP ((uint64_t)4 << 20)

/*
 * So many threads that write reserve faster without another: each takes the
 * pages that it needs, most of them without the lock of the file.  That takes
 * more time of the processors, so fewer threads do not.
 */
#define MANY 4

/*
 * The thread sleeps when it is this far ahead of the last request, until the
 * next one: a saved stream whose header promises much data, and which then
 * sends none, holds no more memory than this.
 */
#define LEAD ((uint64_t)64 << 20)

struct ahead {
	struct cute_shm_builder *b;
	pid_t pid; /* the process that has the thread */
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t moved; /* 'done' or 'err' has changed */
	pthread_cond_t more;  /* 'wanted' or 'stop' has changed */
	atomic_bool stop;
	atomic_bool asleep;	 /* the thread waits for 'more' */
	bool threaded;		 /* false: reserve_wait() does the work */
	struct taking taking;	 /* the thread's; without one: the mutex's */
	_Atomic uint64_t wanted; /* bytes from the start, requested */
	_Atomic uint64_t done;	 /* bytes from the start, reserved */
	int err;		 /* the error that ended the reservation, */
	char *message;		 /* and its message */
};

/* Reserve the next 'step' bytes, or the rest. */
static int
take(struct cute_shm_builder *b, struct taking *t, uint64_t step)
{
	uint64_t left = b->header.segment_size - t->at;
	int err = reserve_look(b, t);

	if (err != 0)
		return err;
	if (step > left)
		step = left;
	huge_take(b, t->at, step);
	err = reserve_allocate(b, t->at, step, t->at);
	t->at += err == 0 ? step : 0;
	return err;
}

static int
take_all(struct cute_shm_builder *b)
{
	struct taking t = { .look = RESERVE_STEP };
	int err = 0;

	while (t.at < b->header.segment_size && err == 0) {
		err = builder_progress(b, 0);
		if (err == 0)
			err = take(b, &t, RESERVE_STEP);
	}
	/* After a failure, give the memory back. */
	if (err != 0 && !b->lender.ask && ftruncate(b->fd, 0) != 0)
		cute_shm_log(CUTE_SHM_LOG_WARNING,
			     "project %s: what was reserved stays until its "
			     "builder ends",
			     b->project);
	return err;
}

/* ------------------------------------------------------------------- ahead */

/* Do the next step and publish the result; 'locked': the mutex is held. */
static int
advance(struct ahead *a, bool locked)
{
	int err = take(a->b, &a->taking, AHEAD_STEP);

	if (!locked)
		pthread_mutex_lock(&a->mutex);
	if (err != 0)
		a->message = strdup(cute_shm_errmsg());
	a->err = err;
	atomic_store_explicit(&a->done, a->taking.at, memory_order_release);
	pthread_cond_broadcast(&a->moved);
	if (!locked)
		pthread_mutex_unlock(&a->mutex);
	return err;
}

static bool
far_enough(struct ahead *a)
{
	return a->taking.at >= LEAD &&
	       a->taking.at - LEAD >= atomic_load(&a->wanted);
}

/* Sleep while the reservation is far enough ahead. */
static void
await_need(struct ahead *a)
{
	pthread_mutex_lock(&a->mutex);
	atomic_store(&a->asleep, true);
	while (far_enough(a) && !atomic_load(&a->stop))
		pthread_cond_wait(&a->more, &a->mutex);
	atomic_store(&a->asleep, false);
	pthread_mutex_unlock(&a->mutex);
}

static void *
run_ahead(void *arg)
{
	struct ahead *a = arg;
	int err = 0;

	pthread_setname_np(pthread_self(), "cute-shm-memory");
	while (err == 0 && a->taking.at < a->b->header.segment_size &&
	       !atomic_load(&a->stop)) {
		if (far_enough(a))
			await_need(a);
		else
			err = advance(a, false);
	}
	return NULL;
}

/*
 * Request the memory up to 'end'.  The thread sets 'asleep' before it tests
 * 'wanted' for the last time, and this sets 'wanted' before it tests 'asleep':
 * so no wake-up is lost.
 */
static void
ask(struct ahead *a, uint64_t end)
{
	uint64_t before =
		atomic_load_explicit(&a->wanted, memory_order_relaxed);

	if (before >= end)
		return;
	while (before < end &&
	       !atomic_compare_exchange_weak(&a->wanted, &before, end))
		;
	if (!atomic_load(&a->asleep))
		return;
	pthread_mutex_lock(&a->mutex);
	pthread_cond_signal(&a->more);
	pthread_mutex_unlock(&a->mutex);
}

/* If no thread can be created, reserve_wait() reserves, without overlap. */
static bool
thread_start(struct ahead *a)
{
	sigset_t before;
	int number;

	thread_signals_block(&before);
	number = pthread_create(&a->thread, NULL, run_ahead, a);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return number == 0;
}

/* False if out of memory: then reserve all of the segment at once. */
static bool
ahead_start(struct cute_shm_builder *b)
{
	struct ahead *a = calloc(1, sizeof(*a));

	if (!a)
		return false;
	a->b = b;
	a->pid = getpid();
	a->taking.look = RESERVE_STEP;
	pthread_mutex_init(&a->mutex, NULL);
	pthread_cond_init(&a->moved, NULL);
	pthread_cond_init(&a->more, NULL);
	a->threaded = thread_start(a);
	b->ahead = a;
	return true;
}

int
reserve_memory(struct cute_shm_builder *b)
{
	/* huge_begin() maps the file: a mapping needs the file's full size. */
	if (!b->lender.ask &&
	    ftruncate(b->fd, (off_t)b->header.segment_size) != 0)
		return reserve_failed(b, 0, errno);
	huge_begin(b);
	if (b->header.segment_size <= AHEAD_STEP)
		return take_all(b);
	if (!(b->flags & CUTE_SHM_RESERVE_AHEAD))
		return take_all(b);
	if (b->writers >= MANY && huge_share(b))
		return 0;
	return ahead_start(b) ? 0 : take_all(b);
}

int
reserve_wait(struct cute_shm_builder *b, uint64_t begin, uint64_t end)
{
	struct ahead *a = b->ahead;
	int err = 0;

	if (b->huge.shared)
		return huge_reserve(b, begin, end);
	if (!a)
		return 0;
	ask(a, end);
	if (atomic_load_explicit(&a->done, memory_order_acquire) >= end)
		return 0;
	pthread_mutex_lock(&a->mutex);
	while (a->err == 0 && atomic_load(&a->done) < end) {
		if (a->threaded)
			pthread_cond_wait(&a->moved, &a->mutex);
		else
			advance(a, true);
	}
	/* It is an error only if the failure came before 'end'. */
	if (atomic_load(&a->done) < end)
		err = cute_shm_fail(a->err, "%s",
				    a->message ? a->message
					       : cute_shm_strerror(a->err));
	pthread_mutex_unlock(&a->mutex);
	return err;
}

static void
thread_end(struct ahead *a)
{
	if (!a->threaded)
		return;
	pthread_mutex_lock(&a->mutex);
	atomic_store(&a->stop, true);
	pthread_cond_signal(&a->more);
	pthread_mutex_unlock(&a->mutex);
	pthread_join(a->thread, NULL);
}

void
reserve_end(struct cute_shm_builder *b)
{
	struct ahead *a = b->ahead;

	if (!a)
		return;
	/* A forked child has no thread, and its mutex may stay locked. */
	if (a->pid == getpid()) {
		thread_end(a);
		pthread_cond_destroy(&a->more);
		pthread_cond_destroy(&a->moved);
		pthread_mutex_destroy(&a->mutex);
	}
	free(a->message);
	free(a);
	b->ahead = NULL;
}
