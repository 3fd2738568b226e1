/* SPDX-License-Identifier: MIT */
/*
 * Worker threads behind a bounded queue; the first error stops all.  Compiled
 * into both libraries, exported by none.
 */
#ifndef CUTE_SHM_POOL_H
#define CUTE_SHM_POOL_H

struct pool;

/*
 * A job returns 0 or a negative enum cute_shm_err (having called
 * cute_shm_fail()).  It owns 'arg' and must release it in either case.
 * With 'drop' true the pool has failed: release 'arg', do nothing else.
 */
typedef int pool_job(void *arg, _Bool drop);

/*
 * 'threads' workers and room for 'depth' waiting jobs.  With one thread or
 * none, jobs run in the caller, inside pool_push().
 */
int pool_new(unsigned threads, unsigned depth, struct pool **ret);

/*
 * Hand over a job; waits while the queue is full.  Once a job has failed, this
 * returns that error, its message set in this thread, and 'job' is dropped.
 */
int pool_push(struct pool *pool, pool_job *job, void *arg);

/* Wait until the queue is empty and all jobs are done: the first error or 0. */
int pool_wait(struct pool *pool);

/* End the workers, dropping what waits.  NULL is fine. */
void pool_free(struct pool *pool);

#endif
