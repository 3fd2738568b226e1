/* SPDX-License-Identifier: MIT */
/* Wait for the process that loads a project, and learn how its load ended. */

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "together/together.h"

/* How often the progress is shown; without a callback, the time is checked. */
#define SHOW_NS INT64_C(200000000)
#define LOOK_NS INT64_C(1000000000)

static bool
see(const struct cute_shm_loading *l, struct page *page,
    struct cute_shm_load_info *info)
{
	bool known = page_read(l->fd, page);

	page_info(page, known, l->project, l->path, info);
	info->running = 1;
	return known;
}

int
fail_loading(const struct cute_shm_loading *l, int err)
{
	struct cute_shm_load_info info;
	struct page page;
	char who[LOADER_TEXT];

	see(l, &page, &info);
	loader_text(&info, who);
	if (err == CUTE_SHM_ERR_TIMEOUT)
		return cute_shm_fail(err,
				     "project %s: the time to wait is over, "
				     "and it is still being loaded by %s",
				     l->project, who);
	return cute_shm_fail(err,
			     "project %s is being loaded by %s; --wait "
			     "(CUTE_SHM_LOADING_WAIT) waits for that",
			     l->project, who);
}

static int
show(const struct cute_shm_loading *l,
     const struct cute_shm_loading_options *opt)
{
	struct cute_shm_load_info info;
	struct page page;

	if (!opt->waiting)
		return 0;
	see(l, &page, &info);
	if (opt->waiting(&info, opt->arg) == 0)
		return 0;
	return cute_shm_fail(CUTE_SHM_ERR_CANCELLED,
			     "project %s: the wait for another process's load "
			     "was cancelled",
			     l->project);
}

/*
 * Wait a while in the kernel's queue.  If the time is up, the lock may have
 * been got at the last moment: another attempt shows that.
 */
static bool
wait_a_while(int fd, int64_t ns)
{
	struct timespec until = deadline_after(ns);
	struct timespec nap = { .tv_nsec = SHOW_NS };
	int error = range_wait(fd, 0, 1, true, &until);

	if (error == 0)
		return true;
	if (error != ETIMEDOUT)
		nanosleep(&nap, NULL);
	return page_lock(fd) == 0;
}

int
wait_turn(struct cute_shm_loading *l,
	  const struct cute_shm_loading_options *opt,
	  const struct timespec *deadline)
{
	int64_t step = opt->waiting ? SHOW_NS : LOOK_NS, left;
	int err;

	for (;;) {
		err = show(l, opt);
		if (err != 0)
			return err;
		left = opt->timeout > 0 ? time_left(deadline) : step;
		if (left <= 0)
			return fail_loading(l, CUTE_SHM_ERR_TIMEOUT);
		if (wait_a_while(l->fd, left < step ? left : step))
			return 0;
	}
}

/* True if that load was of the same source with the same options. */
static bool
is_same_load(const struct page *page, const struct wanted *wanted)
{
	return page->options_digest == wanted->options_digest &&
	       page->source_digest == wanted->source_digest &&
	       page->source_size == wanted->source_size &&
	       page->source_mtime_ns == wanted->source_mtime_ns;
}

int
wait_result(const struct cute_shm_loading *l)
{
	struct page page;

	if (!page_read(l->fd, &page) || page.state != PAGE_FAILED ||
	    page.err >= 0 || page.err < CUTE_SHM_ERR_LIMIT ||
	    !is_same_load(&page, &l->wanted))
		return 0;
	return cute_shm_fail(page.err, "%s (process %u has found this)",
			     page.message, (unsigned)page.pid);
}
