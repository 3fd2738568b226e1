/* SPDX-License-Identifier: MIT */
/*
 * Become the one process that loads a project.
 *
 * The loading page lies beside the project while a load is under way.  Creating
 * it does not make a process the loader: locking its byte 0 does.  A page that
 * has no name any more belongs to a load that is over.  A page with a name and
 * without a lock was left by a process that died: whoever locks it takes over.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "together/together.h"

/* Rounds in which others remove the page each time, before we go without. */
#define MOST_ROUNDS 1000

/* Attempts to lock a page that a sweep may be looking at: 63 ms in all. */
#define SWEEP_TRIES 6

/* The outcome of a step. */
enum step {
	STEP_NONE,
	STEP_AGAIN, /* begin again: the page is another's by now */
	STEP_ALONE, /* no page can be had: load without one */
	STEP_LOADER /* this process has the lock */
};

/* ---------------------------------------------------------- the descriptor */

/* A forked child must not hold the lock, nor wait for it. */
static int
open_private(struct cute_shm_loading *l, int flags, mode_t mode)
{
	int number, err;

	fork_hold();
	err = fork_keep(&l->kept, &l->fd);
	if (err == 0)
		l->fd = fd_above_stdio(open(l->path,
					    flags | O_CLOEXEC | O_NONBLOCK |
						    O_NOCTTY | O_NOFOLLOW,
					    mode));
	number = errno;
	if (err == 0 && l->fd < 0)
		fork_keep_no_more(&l->kept);
	fork_release();
	errno = number;
	return err;
}

void
loading_close(struct cute_shm_loading *l)
{
	fork_hold();
	fork_keep_no_more(&l->kept);
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	fork_release();
	l->locked = false;
}

/* --------------------------------------------------------------- the owner */

static int
fail_owner(const struct cute_shm_loading *l, const struct stat *st)
{
	char user[USER_TEXT];

	if (!S_ISREG(st->st_mode))
		return cute_shm_fail(CUTE_SHM_ERR_OWNER,
				     "project %s: %s, which shows loads, is "
				     "not a regular file: remove it",
				     l->project, l->path);
	return cute_shm_fail(CUTE_SHM_ERR_OWNER,
			     "project %s: %s, which shows loads, belongs to "
			     "%s: choose another name or another root "
			     "(CUTE_SHM_ROOT)",
			     l->project, l->path, user_text(st->st_uid, user));
}

static int
check_file(const struct cute_shm_loading *l)
{
	struct stat st;

	if (fstat(l->fd, &st) != 0)
		return fail_errno("cannot examine %s", l->path);
	if (!S_ISREG(st.st_mode) || user_unmapped(st.st_uid) ||
	    !user_trusted(st.st_uid))
		return fail_owner(l, &st);
	return 0;
}

/* The page could not be opened: because it is another user's, or no file? */
static int
fail_open(const struct cute_shm_loading *l, enum step *step)
{
	int number = errno;
	struct stat st;

	if (lstat(l->path, &st) == 0 &&
	    (!S_ISREG(st.st_mode) || !user_trusted(st.st_uid) ||
	     st.st_uid != geteuid()))
		return fail_owner(l, &st);
	cute_shm_log(CUTE_SHM_LOG_INFO,
		     "project %s: cannot make %s (%s): others do not see this "
		     "load",
		     l->project, l->path, strerror(number));
	*step = STEP_ALONE;
	return 0;
}

/* ------------------------------------------------------------------- steps */

/* Open the page, or make it; sets *step unless it is open then. */
static int
open_page(struct cute_shm_loading *l, enum step *step)
{
	mode_t mode = 0600 | (l->mode & 0444);
	int err = open_private(l, O_RDWR, 0);

	if (err != 0)
		return err;
	if (l->fd >= 0)
		return check_file(l);
	if (errno != ENOENT)
		return fail_open(l, step);
	/* O_EXCL: without it fs.protected_regular forbids the call. */
	err = open_private(l, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (err != 0)
		return err;
	if (l->fd < 0 && errno != EEXIST)
		return fail_open(l, step);
	if (l->fd < 0)
		*step = STEP_AGAIN;
	else /* else it keeps the mode that it was made with */
		(void)!file_access_set(l->fd, (gid_t)-1, mode);
	return 0;
}

/* True if the name leads to the file that is locked. */
static bool
has_name(const struct cute_shm_loading *l)
{
	struct stat st;

	return fstat(l->fd, &st) == 0 && st.st_nlink > 0 &&
	       leads_to(l->path, &st);
}

/* The root has no locks: nobody can tell a dead load from a running one. */
static enum step
go_alone(struct cute_shm_loading *l)
{
	cute_shm_log(CUTE_SHM_LOG_INFO,
		     "project %s: the file system of the root has no locks: "
		     "others do not see this load",
		     l->project);
	page_remove(l->path, l->fd);
	return STEP_ALONE;
}

/*
 * Lock the page: 0, or -1 and errno.  A sweep of leftovers locks each page for
 * a moment, which is no load: a caller that does not wait tries a few times.
 */
static int
lock_soon(const struct cute_shm_loading *l)
{
	struct timespec nap = { .tv_nsec = 1000000 };
	unsigned tries = l->flags & CUTE_SHM_LOADING_WAIT ? 0 : SWEEP_TRIES;
	int rc = page_lock(l->fd);

	for (; rc != 0 && page_is_locked(errno) && tries > 0; tries--) {
		nanosleep(&nap, NULL);
		nap.tv_nsec *= 2;
		rc = page_lock(l->fd);
	}
	return rc;
}

/* Lock the open page, or wait until it can be locked. */
static int
lock_page(struct cute_shm_loading *l,
	  const struct cute_shm_loading_options *opt,
	  const struct timespec *deadline, enum step *step)
{
	bool waited = false;
	int err = 0;

	if (lock_soon(l) != 0) {
		if (!page_is_locked(errno)) {
			*step = go_alone(l);
			return 0;
		}
		if (!(l->flags & CUTE_SHM_LOADING_WAIT))
			return fail_loading(l, CUTE_SHM_ERR_BUSY);
		err = wait_turn(l, opt, deadline);
		waited = true;
	}
	if (err != 0)
		return err;
	l->locked = true;
	*step = has_name(l) ? STEP_LOADER : STEP_AGAIN;
	return *step == STEP_AGAIN && waited ? wait_result(l) : 0;
}

static void
begin_page(struct cute_shm_loading *l)
{
	memcpy(l->page.magic, PAGE_MAGIC, sizeof(l->page.magic));
	l->page.state = PAGE_LOADING;
	l->page.pid = (uint32_t)l->pid;
	l->page.uid = (uint32_t)geteuid();
	l->page.started_ns = clock_ns(CLOCK_REALTIME);
	l->page.source_size = l->wanted.source_size;
	l->page.source_mtime_ns = l->wanted.source_mtime_ns;
	l->page.source_digest = l->wanted.source_digest;
	l->page.options_digest = l->wanted.options_digest;
	page_write(l->fd, &l->page);
}

static bool
nothing_to_do(struct cute_shm_loading *l)
{
	return (l->flags & CUTE_SHM_LOADING_ENSURE) &&
	       is_current(l->segment, &l->wanted, &l->partial);
}

/* One round of the protocol; *current is set if nothing is to be loaded. */
static int
try_turn(struct cute_shm_loading *l, const struct cute_shm_loading_options *opt,
	 const struct timespec *deadline, enum step *step, bool *current)
{
	int err;

	*step = STEP_NONE;
	*current = nothing_to_do(l);
	if (*current)
		return 0;
	err = open_page(l, step);
	if (err == 0 && *step == STEP_NONE)
		err = lock_page(l, opt, deadline, step);
	if (err != 0 || *step != STEP_LOADER)
		return err;
	/* Another process may have loaded it since the first look. */
	*current = nothing_to_do(l);
	if (*current)
		page_remove(l->path, l->fd);
	else
		begin_page(l);
	return 0;
}

int
take_turn(struct cute_shm_loading *l,
	  const struct cute_shm_loading_options *opt, bool *current)
{
	struct timespec deadline = deadline_after(
		opt->timeout < 1e9 ? (int64_t)(opt->timeout * 1e9)
				   : INT64_C(1000000000000000000));
	enum step step = STEP_AGAIN;
	unsigned round;
	int err = 0;

	for (round = 0; round < MOST_ROUNDS; round++) {
		err = try_turn(l, opt, &deadline, &step, current);
		if (err != 0 || *current || step != STEP_AGAIN)
			break;
		loading_close(l);
	}
	if (err != 0 || *current || step != STEP_LOADER)
		loading_close(l);
	return err;
}
