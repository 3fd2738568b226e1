/* SPDX-License-Identifier: MIT */
/*
 * What every room stands on: errors, the log, options, threads, clocks, memory
 * that grows, whole reads and writes, and descriptors above 2.  Uses no other
 * room.
 */
#ifndef LIB_BASE_BASE_H
#define LIB_BASE_BASE_H

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#include "base/clock.h"
#include "cute_shm.h"

/*
 * Copy the caller's option struct over 'opt', which holds the defaults and has
 * 'size' bytes.  NULL leaves them.  A smaller one comes from an older program,
 * a larger one must have zeros where this library knows nothing.
 */
int options_copy(void *opt, size_t size, const void *from)
	__attribute__((warn_unused_result));

/* Threads to use: 'jobs', or as many as CPUs that this process may use. */
unsigned jobs_or_cpus(unsigned jobs);

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

struct deadline {
	double seconds;		/* of wall time that were given; 0: no bound */
	double end;		/* on the monotonic clock */
};

/* CUTE_SHM_ERR_INVALID if 'seconds' is negative or no number. */
int deadline_begin(struct deadline *d, double seconds)
	__attribute__((warn_unused_result));

bool deadline_over(const struct deadline *d);

/* CUTE_SHM_ERR_LIMIT: which bound, its value, and what was done ('state'). */
int deadline_fail(const struct deadline *d, const char *what,
		  const char *state);

/*
 * The descriptor as the call that made it returned it, -1 included, or in its
 * place one above 2 with FD_CLOEXEC; -1 and errno if there is none.
 * Async-signal-safe.
 */
int fd_above_stdio(int fd);

/* pipe2(O_CLOEXEC); 0, or -1 and errno. */
int pipe_above_stdio(int ends[2]);

/* fopen("re") and opendir(): NULL and errno where they fail. */
FILE *file_above_stdio(const char *path);
DIR *dir_above_stdio(const char *path);

/*
 * Around pthread_create(): signals are for the program's own threads.  But not
 * those that a thread raises by what it does: where these are blocked, the
 * kernel ends the process and passes over the program's handler.
 */
static inline void
thread_signals_block(sigset_t *before)
{
	static const int own[] = { SIGBUS, SIGSEGV, SIGFPE, SIGILL, SIGTRAP,
				   SIGSYS };
	sigset_t all;
	size_t i;

	sigfillset(&all);
	for (i = 0; i < sizeof(own) / sizeof(*own); i++)
		sigdelset(&all, own[i]);
	pthread_sigmask(SIG_BLOCK, &all, before);
}

#define must_check __attribute__((warn_unused_result))

/* Round up; 'to' is a power of two, 'n' at most UINT64_MAX - to. */
static inline uint64_t
align_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) & ~(to - 1);
}

/* error.c */

/* "what: strerror(errno)" with the error that suits errno (EACCES, ...). */
int fail_errno(const char *format, ...)
	__attribute__((format(printf, 1, 2), cold));

/* CUTE_SHM_ERR_INVALID: 'call' was given no place for its result. */
int no_result(const char *call) __attribute__((cold));

/* arena.c: texts and shapes that live as long as the builder */

struct arena {
	struct arena_chunk *chunks;	/* the newest first */
	size_t used, size;		/* of the newest */
};

/* 'size' bytes aligned to 8, or NULL (told). */
void *arena_get(struct arena *arena, size_t size) must_check;
const char *arena_text(struct arena *arena, const char *text, size_t size)
	must_check;
void arena_free(struct arena *arena);

/* A vector with room for one more, doubled when full, or NULL (told). */
void *vector_grow(void *items, uint32_t count, uint32_t *room, size_t size)
	must_check;

/* index_table.c: from hashes to indices, open addressing */

#define NO_INDEX UINT32_MAX

struct hash {
	struct hash_slot *slots;	/* 'size' of them, a power of two */
	uint64_t size, count;
};

/* Whether entry 'index' of 'of' is the one that is looked for. */
typedef bool hash_same(const void *of, uint32_t index, const char *text,
			size_t size);

/* The index that was put under 'hash' and is the same, or NO_INDEX. */
uint32_t hash_find(const struct hash *table, uint64_t hash, hash_same *same,
		    const void *of, const char *text, size_t size);
int hash_put(struct hash *table, uint64_t hash, uint32_t index) must_check;
void hash_free(struct hash *table);

/* Room for "1023.9 MiB (18446744073709551615 bytes)". */
#define SIZE_TEXT 48

/* The size for people and, in bytes, for programs; returns 'text'. */
const char *size_text(uint64_t size, char text[SIZE_TEXT]);

int write_all(int fd, const void *data, size_t size, uint64_t offset)
	must_check;
int read_all(int fd, void *data, size_t size, uint64_t offset) must_check;

/* log.c: whether the hook wants what the library does. */
static inline bool
log_debug(void)
{
	return cute_shm_log_wants(CUTE_SHM_LOG_DEBUG);
}

#endif
