/* SPDX-License-Identifier: MIT */
/*
 * Locks on ranges of a segment that die with their holder.
 *
 * The kernel's open-file-description locks exclude other descriptions, that
 * is, other handles.  They cannot tell apart the threads that share a handle,
 * so each handle keeps a table of what it holds: a lock is first taken in the
 * table, then in the kernel.  Entries that overlap are all shared.
 */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "internal.h"
#include "lock.h"

struct cute_shm_lock {
	struct lock_table *table;
	struct cute_shm_lock *next;
	uint64_t start;
	uint64_t end;
	bool exclusive;
	bool inherited;
};

/*
 * One for all tables, since who forks must hold it; it is held for a moment at
 * a time.
 */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* An array without data has nothing to lock: the lock that stands for that. */
static struct cute_shm_lock nothing;

static void
init_changed(struct lock_table *table)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&table->changed, &attr);
	pthread_condattr_destroy(&attr);
}

int
lock_table_new(int *fd, struct lock_table **ret)
{
	struct lock_table *table = calloc(1, sizeof(*table));
	int rc;

	if (!table)
		return cute_shm_fail(CUTE_SHM_ERR_NOMEM, "no memory for locks");
	table->fd = fd;
	init_changed(table);
	rc = fork_watch(table);
	if (rc != 0) {
		free(table);
		return rc;
	}
	*ret = table;
	return 0;
}

static void
free_all(struct cute_shm_lock *lock)
{
	struct cute_shm_lock *next;

	for (; lock; lock = next) {
		next = lock->next;
		free(lock);
	}
}

void
lock_table_free(struct lock_table *table)
{
	if (!table)
		return;
	/* A child that is forked from now on shares the descriptor. */
	range_release(*table->fd, 0, 0);
	fork_forget(table);
	free_all(table->held);
	free_all(table->inherited);
	pthread_cond_destroy(&table->changed);
	free(table);
}

void
lock_tables_hold(void)
{
	pthread_mutex_lock(&mutex);
}

void
lock_tables_release(void)
{
	pthread_mutex_unlock(&mutex);
}

/*
 * Other threads may have waited when the process was forked: what they waited
 * for is made anew, since to destroy it would be to wait for them.
 */
void
lock_table_forked(struct lock_table *table)
{
	struct cute_shm_lock **end = &table->inherited, *lock;

	init_changed(table);
	while (*end)
		end = &(*end)->next;
	*end = table->held;
	table->held = NULL;
	for (lock = table->inherited; lock; lock = lock->next)
		lock->inherited = true;
}

/*
 * One request to the kernel; 'type' is F_RDLCK, F_WRLCK or F_UNLCK.  An 'end'
 * of 0 is the file's, wherever that may be.
 */
static int
kernel_lock(int fd, int command, int type, uint64_t start, uint64_t end)
{
	struct flock range = {
		.l_type = (short)type,
		.l_whence = SEEK_SET,
		.l_start = (off_t)start,
		.l_len = end == 0 ? 0 : (off_t)(end - start),
	};
	int rc;

	do
		rc = fcntl(fd, command, &range);
	while (rc != 0 && errno == EINTR);
	return rc;
}

/* Whether a lock of another handle keeps us from [start, end). */
bool
range_locked(int fd, uint64_t start, uint64_t end, bool exclusive)
{
	struct flock range = {
		.l_type = exclusive ? F_WRLCK : F_RDLCK,
		.l_whence = SEEK_SET,
		.l_start = (off_t)start,
		.l_len = (off_t)(end - start),
	};

	return fcntl(fd, F_OFD_GETLK, &range) == 0 && range.l_type != F_UNLCK;
}

int
range_try(int fd, uint64_t start, uint64_t end, bool exclusive)
{
	return kernel_lock(fd, F_OFD_SETLK, exclusive ? F_WRLCK : F_RDLCK,
			   start, end);
}

void
range_release(int fd, uint64_t start, uint64_t end)
{
	kernel_lock(fd, F_OFD_SETLK, F_UNLCK, start, end);
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

/*
 * Wait for the kernel's lock.  There is no call that waits for a limited time,
 * so that is done by trying again, at intervals that grow to a millisecond.
 */
static int
kernel_wait(const struct cute_shm_lock *lock, int64_t timeout_ns,
	    const struct timespec *deadline)
{
	int type = lock->exclusive ? F_WRLCK : F_RDLCK;
	int command = timeout_ns < 0 ? F_OFD_SETLKW : F_OFD_SETLK;
	struct timespec pause = { .tv_nsec = 1000 };

	while (kernel_lock(*lock->table->fd, command, type, lock->start,
			   lock->end) != 0) {
		if (errno != EAGAIN && errno != EACCES)
			return fail_errno("cannot lock a part of the segment");
		if (timeout_ns == 0 || time_left(deadline) <= 0)
			return CUTE_SHM_ERR_TIMEOUT;
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < 1000000)
			pause.tv_nsec *= 2;
	}
	return 0;
}

/* Whether an entry of the table excludes 'lock'. */
static bool
conflicts(const struct lock_table *table, const struct cute_shm_lock *lock)
{
	const struct cute_shm_lock *held;

	for (held = table->held; held; held = held->next)
		if (held->start < lock->end && lock->start < held->end &&
		    (held->exclusive || lock->exclusive))
			return true;
	return false;
}

/* Enter 'lock' in the table when no thread of this handle is in its way. */
static int
table_wait(struct lock_table *table, struct cute_shm_lock *lock,
	   int64_t timeout_ns, const struct timespec *deadline)
{
	int rc = 0;

	pthread_mutex_lock(&mutex);
	while (conflicts(table, lock) && rc == 0) {
		if (timeout_ns < 0)
			rc = pthread_cond_wait(&table->changed, &mutex);
		else if (timeout_ns == 0)
			rc = ETIMEDOUT;
		else
			rc = pthread_cond_timedwait(&table->changed,
						    &mutex, deadline);
	}
	if (rc == 0) {
		lock->next = table->held;
		table->held = lock;
	}
	pthread_mutex_unlock(&mutex);
	return rc ? CUTE_SHM_ERR_TIMEOUT : 0;
}

/*
 * The first part of [start, end) that no entry covers; false if there is none.
 * The kernel keeps one lock per byte and handle, so what another thread holds
 * too must stay when this one lets go.
 */
static bool
next_uncovered(const struct lock_table *table, uint64_t *start, uint64_t end,
	       uint64_t *stop)
{
	const struct cute_shm_lock *held = table->held;

	while (held) {
		if (held->start <= *start && *start < held->end) {
			*start = held->end;
			held = table->held;
		} else {
			held = held->next;
		}
	}
	if (*start >= end)
		return false;
	*stop = end;
	for (held = table->held; held; held = held->next)
		if (held->start > *start && held->start < *stop)
			*stop = held->start;
	return true;
}

static void
table_remove(struct cute_shm_lock *lock)
{
	struct lock_table *table = lock->table;
	struct cute_shm_lock **at = &table->held;
	uint64_t start = lock->start, stop;

	pthread_mutex_lock(&mutex);
	while (*at != lock)
		at = &(*at)->next;
	*at = lock->next;
	while (next_uncovered(table, &start, lock->end, &stop)) {
		range_release(*table->fd, start, stop);
		start = stop;
	}
	pthread_cond_broadcast(&table->changed);
	pthread_mutex_unlock(&mutex);
}

int
lock_range(struct lock_table *table, uint64_t start, uint64_t end,
	   bool exclusive, int64_t timeout_ns, struct cute_shm_lock **ret)
{
	struct timespec deadline = { 0 };
	struct cute_shm_lock *lock;
	int rc;

	if (start == end) {
		*ret = &nothing;
		return 0;
	}
	if (*table->fd < 0)
		return cute_shm_fail(CUTE_SHM_ERR_STATE, "this process was "
				     "forked where the segment could not be "
				     "opened again, so it cannot lock: open "
				     "the project anew");
	lock = malloc(sizeof(*lock));
	if (!lock)
		return cute_shm_fail(CUTE_SHM_ERR_NOMEM,
				     "no memory for a lock");
	*lock = (struct cute_shm_lock){ table, NULL, start, end, exclusive,
					false };
	if (timeout_ns > 0)
		deadline = deadline_after(timeout_ns);
	rc = table_wait(table, lock, timeout_ns, &deadline);
	if (rc == 0) {
		rc = kernel_wait(lock, timeout_ns, &deadline);
		if (rc != 0)
			table_remove(lock);
	}
	if (rc != 0) {
		free(lock);
		return rc;
	}
	*ret = lock;
	return 0;
}

bool
table_holds(struct lock_table *table, uint64_t start, uint64_t end)
{
	const struct cute_shm_lock *held;
	bool found = false;

	pthread_mutex_lock(&mutex);
	for (held = table->held; held && !found; held = held->next)
		found = held->exclusive && held->start < end &&
			start < held->end;
	pthread_mutex_unlock(&mutex);
	return found;
}

bool
lock_inherited(const struct cute_shm_lock *lock)
{
	return lock->inherited;
}

void
cute_shm_unlock(struct cute_shm_lock *lock)
{
	/* What the parent holds stays in the list, and is freed with it. */
	if (!lock || lock == &nothing || lock->inherited)
		return;
	table_remove(lock);
	free(lock);
}
