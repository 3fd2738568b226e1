/* SPDX-License-Identifier: MIT */
/* Worker threads behind a bounded queue; see base.h for the contract. */

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

struct task {
	pool_job *job;
	void *arg;
};

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t filled;	/* a task waits, or 'ending' */
	pthread_cond_t drained; /* a job was taken, or is done */
	unsigned threads;	/* 0: jobs run in the caller */
	unsigned depth;
	unsigned first; /* the oldest waiting task */
	unsigned waiting;
	unsigned running;
	bool ending;
	int err;       /* of the first job that failed */
	char *message; /* of 'err'; NULL: no memory for it */
	pthread_t *ids;
	struct task *tasks; /* a ring of 'depth' tasks */
};

/* Keep the first error, with the message of the thread that failed. */
static void
keep_error(struct pool *pool, int err)
{
	if (err == 0 || pool->err != 0)
		return;
	pool->err = err;
	pool->message = strdup(cute_shm_errmsg());
}

/* Return the pool's error and set its message in this thread. */
static int
tell_error(const struct pool *pool)
{
	if (pool->err == 0)
		return 0;
	return cute_shm_fail(pool->err, "%s",
			     pool->message ? pool->message
					   : cute_shm_strerror(pool->err));
}

static struct task
take(struct pool *pool)
{
	struct task task = pool->tasks[pool->first];

	pool->first = (pool->first + 1) % pool->depth;
	pool->waiting--;
	return task;
}

static void *
work(void *arg)
{
	struct pool *pool = arg;
	struct task task;
	bool drop;
	int err;

	pthread_mutex_lock(&pool->lock);
	for (;;) {
		while (pool->waiting == 0 && !pool->ending)
			pthread_cond_wait(&pool->filled, &pool->lock);
		if (pool->waiting == 0)
			break;
		task = take(pool);
		pool->running++;
		drop = pool->err != 0 || pool->ending;
		pthread_cond_broadcast(&pool->drained);
		pthread_mutex_unlock(&pool->lock);

		err = task.job(task.arg, drop);

		pthread_mutex_lock(&pool->lock);
		keep_error(pool, drop ? 0 : err);
		pool->running--;
		pthread_cond_broadcast(&pool->drained);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

/*
 * Start 'threads' workers, or as many as the system allows; if it allows none,
 * jobs run in the caller.  Workers block the signals that the program's own
 * threads should handle.
 */
static void
start(struct pool *pool, unsigned threads)
{
	sigset_t before;

	thread_signals_block(&before);
	while (pool->threads < threads &&
	       pthread_create(&pool->ids[pool->threads], NULL, work, pool) == 0)
		pool->threads++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

int
pool_new(unsigned threads, unsigned depth, struct pool **ret)
{
	struct pool *pool;

	if (threads <= 1)
		threads = 0;
	pool = calloc(1, sizeof(*pool));
	if (!pool)
		goto fail;
	pool->depth = depth > 0 ? depth : 1;
	pool->ids = calloc(threads + 1, sizeof(*pool->ids));
	pool->tasks = calloc(pool->depth, sizeof(*pool->tasks));
	if (!pool->ids || !pool->tasks)
		goto fail;
	/* With default attributes these cannot fail in glibc and musl. */
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->filled, NULL);
	pthread_cond_init(&pool->drained, NULL);
	start(pool, threads);
	*ret = pool;
	return 0;
fail:
	if (pool) {
		free(pool->ids);
		free(pool->tasks);
	}
	free(pool);
	return fail_memory("for a pool of %u threads", threads);
}

/* Without workers only the caller uses the pool: nothing needs a lock. */
static int
run_here(struct pool *pool, pool_job *job, void *arg)
{
	bool drop = pool->err != 0;
	int err;

	err = job(arg, drop);
	keep_error(pool, drop ? 0 : err);
	return tell_error(pool);
}

int
pool_push(struct pool *pool, pool_job *job, void *arg)
{
	unsigned last;
	int err;

	if (pool->threads == 0)
		return run_here(pool, job, arg);

	pthread_mutex_lock(&pool->lock);
	while (pool->waiting == pool->depth && pool->err == 0)
		pthread_cond_wait(&pool->drained, &pool->lock);
	err = tell_error(pool);
	if (err == 0) {
		last = (pool->first + pool->waiting) % pool->depth;
		pool->tasks[last] = (struct task){ job, arg };
		pool->waiting++;
		pthread_cond_signal(&pool->filled);
	}
	pthread_mutex_unlock(&pool->lock);
	if (err != 0)
		job(arg, true);
	return err;
}

int
pool_wait(struct pool *pool)
{
	int err;

	pthread_mutex_lock(&pool->lock);
	while (pool->waiting > 0 || pool->running > 0)
		pthread_cond_wait(&pool->drained, &pool->lock);
	err = tell_error(pool);
	pthread_mutex_unlock(&pool->lock);
	return err;
}

void
pool_free(struct pool *pool)
{
	unsigned i;

	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->ending = true;
	pthread_cond_broadcast(&pool->filled);
	pthread_mutex_unlock(&pool->lock);
	for (i = 0; i < pool->threads; i++)
		pthread_join(pool->ids[i], NULL);
	pthread_cond_destroy(&pool->drained);
	pthread_cond_destroy(&pool->filled);
	pthread_mutex_destroy(&pool->lock);
	free(pool->message);
	free(pool->tasks);
	free(pool->ids);
	free(pool);
}
