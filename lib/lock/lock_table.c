/* SPDX-License-Identifier: MIT */
/*
 * Locks on ranges of a segment, which the kernel releases when their process
 * dies.
 *
 * The kernel's open-file-description locks exclude other descriptions.  They do
 * not exclude the threads that share a handle, and the kernel keeps one lock
 * per byte and description.  So each handle has a table of the locks that its
 * threads hold on its description: when a thread releases a lock, only those
 * bytes are unlocked that no other thread holds.  Table and kernel change
 * together, under the mutex.
 *
 * No thread waits while it holds the mutex, and the table has no waiting
 * threads.  If a lock is not free at once, its thread opens another description
 * of the file, waits on that in the kernel's queue, and then holds the lock
 * there.  The queue treats threads of a handle, handles and processes alike.
 * If the file cannot be opened again (no /proc, no free descriptor, no
 * permission any more), the thread polls, which is correct, but not fair.
 *
 * The kernel does not hand a lock over.  It wakes the waiting threads, and the
 * first that asks gets the lock: often the last holder, if it asks again at
 * once.  So a waiting thread marks its range (LOCK_WAITING), and a writer that
 * asks again at once sleeps first if it finds a mark, for at most a
 * millisecond.  It sleeps once per request, so a mark of a stopped or malicious
 * process does little harm.
 */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "lock/lock.h"

struct cute_shm_lock {
	struct range range; /* the first member, see lock_of() */
	struct lock_table *table;
	int fd;	   /* has a description of its own; or -1 */
	bool held; /* in the table */
	bool inherited;
	struct cute_shm_lock *next, **at; /* apart; next: inherited too */
};

#define GIVE_WAY_TIMES 5 /* sleeps of 0.2 ms */

/* A longer pause between two requests lets the waiting threads wake up. */
#define AT_ONCE_NS INT64_C(200000)

/*
 * One mutex for all tables, because a thread that forks must hold it.  It is
 * held for short times only, and by threads that cannot be cancelled.
 */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int cancel_state; /* of the thread that holds the mutex */

/* Stands for the lock on an empty range, as of an array without data. */
static struct cute_shm_lock nothing;

void
lock_tables_hold(void)
{
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	pthread_mutex_lock(&mutex);
	cancel_state = state;
}

void
lock_tables_release(void)
{
	int state = cancel_state;

	pthread_mutex_unlock(&mutex);
	pthread_setcancelstate(state, &state);
}

/* ------------------------------------------------------------------ tables */

static struct cute_shm_lock *
lock_of(struct range *range)
{
	return (struct cute_shm_lock *)(void *)range;
}

/* The child does not hold its parent's lock, but may pass it to our calls. */
static void
inherit(struct lock_table *table, struct cute_shm_lock *lock)
{
	if (lock->fd >= 0)
		close(lock->fd);
	lock->fd = -1;
	lock->inherited = true;
	lock->next = table->inherited;
	table->inherited = lock;
}

static void
inherit_all(struct lock_table *table, struct range *root)
{
	if (!root)
		return;
	inherit_all(table, root->left);
	inherit_all(table, root->right);
	inherit(table, lock_of(root));
}

void
lock_table_forked(struct lock_table *table)
{
	struct cute_shm_lock *lock, *next;

	inherit_all(table, table->held);
	table->held = NULL;
	for (lock = table->apart; lock; lock = next) {
		next = lock->next;
		inherit(table, lock);
	}
	table->apart = NULL;
}

void
lock_table_clear(struct lock_table *table)
{
	struct cute_shm_lock *lock, *next;

	lock_tables_hold();
	/* A child that is forked from now on would keep the locks. */
	range_release(*table->fd, 0, 0);
	lock_table_forked(table);
	lock_tables_release();
	for (lock = table->inherited; lock; lock = next) {
		next = lock->next;
		free(lock);
	}
	table->inherited = NULL;
}

/* ------------------------------------------------------------------- locks */

/* 0, or an errno: EAGAIN if another thread or process has the lock. */
static int
lock_at_once(struct cute_shm_lock *lock)
{
	struct lock_table *table = lock->table;
	const struct range *r = &lock->range;
	int error = 0;

	lock_tables_hold();
	if (ranges_overlap(table->held, r->start, r->end, !r->exclusive))
		error = EAGAIN;
	else if (range_try(*table->fd, r->start, r->end, r->exclusive) != 0)
		error = errno == EACCES ? EAGAIN : errno;
	else
		ranges_insert(&table->held, &lock->range);
	lock->held = error == 0;
	lock_tables_release();
	return error;
}

/* Open a description for this lock, and list it for a child to close it. */
static bool
open_apart(struct cute_shm_lock *lock)
{
	struct lock_table *table = lock->table;

	lock_tables_hold();
	lock->fd = fd_reopen(*table->fd);
	if (lock->fd >= 0) {
		lock->next = table->apart;
		lock->at = &table->apart;
		if (table->apart)
			table->apart->at = &lock->next;
		table->apart = lock;
	}
	lock_tables_release();
	return lock->fd >= 0;
}

static void
close_apart(struct cute_shm_lock *lock)
{
	*lock->at = lock->next;
	if (lock->next)
		lock->next->at = lock->at;
	/* A child that is just forked may still have it open: unlock first. */
	range_release(lock->fd, 0, 0);
	close(lock->fd);
	lock->fd = -1;
}

static void
remove_held(struct cute_shm_lock *lock)
{
	struct lock_table *table = lock->table;
	uint64_t start = lock->range.start, stop;

	ranges_remove(&table->held, &lock->range);
	for (; ranges_gap(table->held, &start, lock->range.end, &stop);
	     start = stop)
		range_release(*table->fd, start, stop);
}

static int64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Release the range, if the lock holds it, and free the lock. */
static void
drop(void *arg)
{
	struct cute_shm_lock *lock = arg;

	if (lock->range.exclusive)
		__atomic_store_n(&lock->table->released_ns, now_ns(),
				 __ATOMIC_RELAXED);
	lock_tables_hold();
	if (lock->fd >= 0)
		close_apart(lock);
	else if (lock->held)
		remove_held(lock);
	lock_tables_release();
	free(lock);
}

/*
 * Sleep, and only then let the thread be cancelled: ThreadSanitizer loses track
 * of a thread that is cancelled in nanosleep().
 */
static void
sleep_ns(long ns)
{
	const struct timespec pause = { .tv_nsec = ns };
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	nanosleep(&pause, NULL);
	pthread_setcancelstate(state, &state);
	pthread_testcancel();
}

/* Retry at intervals that grow to a millisecond. */
static int
lock_by_polling(struct cute_shm_lock *lock, const struct timespec *deadline)
{
	long pause = 1000;
	int error;

	while ((error = lock_at_once(lock)) == EAGAIN) {
		if (deadline && time_left(deadline) <= 0)
			return ETIMEDOUT;
		sleep_ns(pause);
		if (pause < 1000000)
			pause *= 2;
	}
	return error;
}

/* True if a thread of this handle has just released an exclusive lock. */
static bool
asks_again(const struct lock_table *table)
{
	int64_t released =
		__atomic_load_n(&table->released_ns, __ATOMIC_RELAXED);

	return released != 0 && now_ns() - released < AT_ONCE_NS;
}

static bool
is_awaited(int fd, const struct range *r)
{
	return range_locked(fd, LOCK_WAITING + r->start, LOCK_WAITING + r->end,
			    true);
}

/* Sleep until a waiting thread has the lock, for at most a millisecond. */
static void
give_way(const struct cute_shm_lock *lock)
{
	const struct range *r = &lock->range;
	int fd = *lock->table->fd, i;

	for (i = 0; i < GIVE_WAY_TIMES && is_awaited(fd, r); i++) {
		if (range_locked(fd, r->start, r->end, true))
			break;
		sleep_ns(200000);
	}
}

static int
lock_in_line(struct cute_shm_lock *lock, const struct timespec *deadline)
{
	const struct range *r = &lock->range;
	uint64_t start = LOCK_WAITING + r->start, end = LOCK_WAITING + r->end;
	int error = EAGAIN;

	if (open_apart(lock)) {
		range_try(lock->fd, start, end, false);
		error = range_wait(lock->fd, r->start, r->end, r->exclusive,
				   deadline);
		if (error == 0)
			range_release(lock->fd, start, end);
		if (error != EAGAIN)
			return error;
		lock_tables_hold();
		close_apart(lock);
		lock_tables_release();
	}
	return lock_by_polling(lock, deadline);
}

/* If the thread is cancelled while it waits, drop() cleans up. */
static int
obtain(struct cute_shm_lock *lock, int64_t timeout_ns)
{
	struct timespec deadline = { 0 };
	int error = 0;

	if (timeout_ns > 0)
		deadline = deadline_after(timeout_ns);
	pthread_cleanup_push(drop, lock);
	if (lock->range.exclusive && timeout_ns != 0 && asks_again(lock->table))
		give_way(lock);
	error = lock_at_once(lock);
	if (error == EAGAIN && timeout_ns != 0)
		error = lock_in_line(lock, timeout_ns > 0 ? &deadline : NULL);
	pthread_cleanup_pop(error != 0);
	return error;
}

int
lock_range(struct lock_table *table, uint64_t start, uint64_t end,
	   bool exclusive, int64_t timeout_ns, struct cute_shm_lock **ret)
{
	struct cute_shm_lock *lock;

	if (start == end) {
		*ret = &nothing;
		return 0;
	}
	if (*table->fd < 0)
		return cute_shm_fail(CUTE_SHM_ERR_STATE,
				     "this process was "
				     "forked where the segment could not be "
				     "opened again, so it cannot lock: open "
				     "the project anew");
	lock = calloc(1, sizeof(*lock));
	if (!lock)
		return fail_memory("for a lock");
	lock->range = (struct range){ .start = start,
				      .end = end,
				      .exclusive = exclusive };
	lock->table = table;
	lock->fd = -1;
	errno = obtain(lock, timeout_ns);
	if (errno == EAGAIN || errno == ETIMEDOUT)
		return CUTE_SHM_ERR_TIMEOUT;
	if (errno != 0)
		return fail_errno("cannot lock a part of the segment");
	*ret = lock;
	return 0;
}

bool
table_holds(struct lock_table *table, uint64_t start, uint64_t end)
{
	bool found;

	lock_tables_hold();
	found = ranges_overlap(table->held, start, end, true) != NULL;
	lock_tables_release();
	return found;
}

bool
lock_covers(const struct cute_shm_lock *lock, const struct lock_table *table,
	    uint64_t start, uint64_t end)
{
	const struct range *r = lock ? &lock->range : NULL;

	return lock && !lock->inherited && lock->table == table &&
	       r->exclusive && r->start <= start && end <= r->end;
}

bool
lock_inherited(const struct cute_shm_lock *lock)
{
	return lock->inherited;
}

void
cute_shm_unlock(struct cute_shm_lock *lock)
{
	/* lock_table_free() frees the parent's locks, which are in its list. */
	if (lock && lock != &nothing && !lock->inherited)
		drop(lock);
}
