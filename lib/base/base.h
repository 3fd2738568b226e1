/* SPDX-License-Identifier: MIT */
/*
 * What all rooms need: errors, the log, options, threads, time limits, memory
 * that grows, a hash table, complete reads and writes, and descriptors above
 * 2.  Uses no other room.
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
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#include "base/clock.h"
#include "cute_shm.h"

/* options.c */

/*
 * Copy the caller's option struct 'from' over 'opt', which has 'size' bytes and
 * holds the defaults; they stay if 'from' is NULL.  A smaller struct comes from
 * a program that was built for an older library.  A larger one comes from a
 * newer program: CUTE_SHM_ERR_UNSUPPORTED unless all bytes that this library
 * does not know are zero.
 */
int options_copy(void *opt, size_t size, const void *from)
	__attribute__((warn_unused_result));

/* Returns 'jobs', or if that is 0, how many CPUs this process may use. */
unsigned jobs_or_cpus(unsigned jobs);

/* pool.c: worker threads */

struct pool;

/*
 * A job returns 0, or calls cute_shm_fail() and returns its negative enum
 * cute_shm_err.  It owns 'arg' and must release it in either case.  If 'drop'
 * is true, an earlier job has failed or the pool ends: the job must release
 * 'arg' and do nothing else.
 */
typedef int pool_job(void *arg, _Bool drop);

/*
 * Start a pool of 'threads' workers and room for 'depth' waiting jobs.  With
 * one thread or none, jobs run in the caller, inside pool_push().
 */
int pool_new(unsigned threads, unsigned depth, struct pool **ret);

/*
 * Queue a job; wait while the queue is full.  After a job has failed, the call
 * drops 'job' and returns that error, with its message set in this thread.
 */
int pool_push(struct pool *pool, pool_job *job, void *arg);

/* Wait until all jobs are done.  0, or the error of the first that failed. */
int pool_wait(struct pool *pool);

/* Drop the jobs that still wait and end the workers.  NULL is accepted. */
void pool_free(struct pool *pool);

/* deadline.c: time limits of calls */

struct deadline {
	double seconds; /* the limit, in wall time; 0: no limit */
	double end;	/* on the monotonic clock */
};

/* Set the limit.  CUTE_SHM_ERR_INVALID if 'seconds' is negative or NaN. */
int deadline_begin(struct deadline *d, double seconds)
	__attribute__((warn_unused_result));

bool deadline_over(const struct deadline *d);

/*
 * Return CUTE_SHM_ERR_LIMIT, with a message that names the object ('what'), the
 * limit, and how far the call got ('state').
 */
int deadline_fail(const struct deadline *d, const char *what,
		  const char *state);

/* descriptor.c */

/*
 * Give a new descriptor a number above 2, so that it cannot take the place of a
 * standard stream that the program has closed.  'fd' is what open() or the like
 * returned.  If it is 0, 1 or 2, close it and return a duplicate above 2 with
 * FD_CLOEXEC, or -1 and errno if there is none; else return 'fd', also if that
 * is -1.  Async-signal-safe.
 */
int fd_above_stdio(int fd);

/* Two connected sockets with FD_CLOEXEC, both above 2; 0, or -1 and errno. */
int sockets_above_stdio(int ends[2]);

/* fopen("re") and opendir(), with descriptors above 2; NULL and errno. */
FILE *file_above_stdio(const char *path);
DIR *dir_above_stdio(const char *path);

/*
 * Block signals before pthread_create() and keep the caller's mask in *before,
 * so that the program's handlers run in its own threads only.  Signals that a
 * thread causes itself, such as SIGBUS, stay unblocked: if they were blocked,
 * the kernel would end the process without calling the program's handler.
 */
static inline void
thread_signals_block(sigset_t *before)
{
	static const int own[] = { SIGBUS, SIGSEGV, SIGFPE,
				   SIGILL, SIGTRAP, SIGSYS };
	sigset_t all;
	size_t i;

	sigfillset(&all);
	for (i = 0; i < sizeof(own) / sizeof(*own); i++)
		sigdelset(&all, own[i]);
	pthread_sigmask(SIG_BLOCK, &all, before);
}

#define must_check __attribute__((warn_unused_result))

/* Round 'n' up; 'to' is a power of two, 'n' at most UINT64_MAX - to. */
static inline uint64_t
align_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) & ~(to - 1);
}

/* error.c */

/*
 * Set the message "FORMAT...: strerror(errno)" and return the error code for
 * errno, such as CUTE_SHM_ERR_PERMISSION for EACCES.
 */
int fail_errno(const char *format, ...)
	__attribute__((format(printf, 1, 2), cold));

/* Return CUTE_SHM_ERR_NOT_FOUND; 'what' is for cute_shm_missing(). */
int fail_missing(int what, const char *format, ...)
	__attribute__((format(printf, 2, 3), cold));

/* Return CUTE_SHM_ERR_INVALID: 'call' got NULL for its result pointer. */
int no_result(const char *call) __attribute__((cold));

/* arena.c: memory that is allocated piece by piece and freed all at once */

struct arena {
	struct arena_chunk *chunks; /* the newest first */
	size_t used, size;	    /* bytes of the newest chunk */
};

/* Allocate 'size' bytes, aligned to 8; NULL, with a message, if that fails. */
void *arena_get(struct arena *arena, size_t size) must_check;

/* Copy 'size' bytes of text and add a NUL; NULL, with a message. */
const char *arena_text(struct arena *arena, const char *text,
		       size_t size) must_check;
void arena_free(struct arena *arena);

/* vector.c */

/* Return CUTE_SHM_ERR_NOMEM, with the message "no memory FORMAT...". */
int fail_memory(const char *format, ...)
	__attribute__((format(printf, 1, 2), cold));

/*
 * Make room for one more item of 'size' bytes behind the 'count' items; if
 * *room items are not enough, double it.  Returns the vector, which may have
 * moved, or NULL with a message that names the items ('what', a plural); then
 * 'items' is still valid.
 */
void *vector_grow(void *items, uint32_t count, uint32_t *room, size_t size,
		  const char *what) must_check;

/* index_table.c: a hash table of indices, with open addressing */

#define NO_INDEX UINT32_MAX

struct hash {
	struct hash_slot *slots; /* 'size' slots, a power of two */
	uint64_t size, count;
};

/* True if entry 'index' of the caller's table 'of' has the wanted text. */
typedef bool hash_same(const void *of, uint32_t index, const char *text,
		       size_t size);

/* The index that was put under 'hash' and that same() accepts, or NO_INDEX. */
uint32_t hash_find(const struct hash *table, uint64_t hash, hash_same *same,
		   const void *of, const char *text, size_t size);
int hash_put(struct hash *table, uint64_t hash, uint32_t index) must_check;
void hash_free(struct hash *table);

/* size_text.c */

/* Room for "1023.9 MiB (18446744073709551615 bytes)". */
#define SIZE_TEXT 48

/* Write the size in a unit that people read easily, and in bytes, to 'text'. */
const char *size_text(uint64_t size, char text[SIZE_TEXT]);

/* io.c */

/*
 * Transfer all 'size' bytes at 'offset', with as many calls as that takes.
 * Reading beyond the end of the file is CUTE_SHM_ERR_SYSTEM.
 */
int write_all(int fd, const void *data, size_t size,
	      uint64_t offset) must_check;
int read_all(int fd, void *data, size_t size, uint64_t offset) must_check;

/* sink.c */

/* Takes the next 'size' bytes. */
typedef int sink_write(void *arg, const void *data, size_t size);

/* Gathers bytes for 'write'; after an error it does nothing. */
struct sink {
	sink_write *write;
	void *arg;
	int err;     /* the first one */
	uint64_t at; /* the next byte, counted from what it began with */
	size_t used;
	uint8_t *buffer; /* of SINK_SIZE bytes */
};

/* Small enough to stay in a core's own cache. */
#define SINK_SIZE ((size_t)256 << 10)

int sink_begin(struct sink *s, sink_write *write, void *arg,
	       uint64_t at) must_check;

/*
 * Append bytes that the caller writes to *ret before the next call; NULL if the
 * buffer has no room for them: use sink_put().
 */
static inline uint8_t *
sink_room(struct sink *s, size_t size)
{
	uint8_t *ret = s->buffer + s->used;

	if (s->err != 0 || size >= SINK_SIZE - s->used)
		return NULL;
	s->used += size;
	s->at += size;
	return ret;
}

/* Take back the last 'size' bytes of sink_room(). */
static inline void
sink_take_back(struct sink *s, size_t size)
{
	s->used -= size;
	s->at -= size;
}

/* Append more than fits into the buffer, or with an error. */
void sink_put_more(struct sink *s, const void *data, uint64_t size);

/* Append 'size' bytes of 'data', or zeros if that is NULL. */
static inline void
sink_put(struct sink *s, const void *data, uint64_t size)
{
	uint8_t *to = size < SINK_SIZE ? sink_room(s, (size_t)size) : NULL;

	if (!to)
		sink_put_more(s, data, size);
	else if (data)
		memcpy(to, data, (size_t)size);
	else
		memset(to, 0, (size_t)size);
}

/* Hand over what is left; returns the first error. */
int sink_flush(struct sink *s);
void sink_free(struct sink *s);

/* log.c */

/* True if the hook wants debug messages: reports of what the library does. */
static inline bool
log_debug(void)
{
	return cute_shm_log_wants(CUTE_SHM_LOG_DEBUG);
}

/* A file's last modification, Unix time. */
static inline uint64_t
mtime_ns(const struct stat *st)
{
	return (uint64_t)st->st_mtim.tv_sec * 1000000000 +
	       (uint64_t)st->st_mtim.tv_nsec;
}

#endif
