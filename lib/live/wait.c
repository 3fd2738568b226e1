/* SPDX-License-Identifier: MIT */
/* Wait for updates of arrays; a waker or a signal can end such a wait. */

#include <errno.h>
#include <linux/time_types.h>
#include <pthread.h>
#include <stdlib.h>

#include "live/live.h"

/* Where the kernel cannot wait for several words, look at them this often. */
#define NAP_WITHOUT_WAITV_NS INT64_C(5000000)

struct cute_shm_waker {
	uint32_t called; /* a futex word: 1 until a wait takes the call */
};

/* One wait: what it waits for, and how long. */
struct waiting {
	struct cute_shm_watch *watches;
	size_t count;
	struct live live[CUTE_SHM_WATCHES];
	uint32_t seen[CUTE_SHM_WATCHES];
	struct cute_shm_waker *waker;
	bool signals; /* they end the wait */
	int64_t timeout_ns;
	struct timespec deadline;
};

/* Fill the slots of all watches. */
static int
find_slots(struct waiting *w)
{
	const struct cute_shm_array *array;
	size_t i;
	int err = 0;

	for (i = 0; i < w->count && err == 0; i++) {
		array = w->watches[i].array;
		if (!array)
			return cute_shm_fail(CUTE_SHM_ERR_INVALID,
					     "no array to wait for");
		err = live_get(array, &w->live[i]);
		if (err == 0)
			err = check_updatable(array);
	}
	return err;
}

/*
 * 1 if array i has an update that its watch waits for, 0 if not yet.
 * CUTE_SHM_ERR_TORN: it will not be completed.
 */
static int
look_at(struct waiting *w, size_t i)
{
	struct cute_shm_watch *watch = &w->watches[i];
	uint32_t s = sequence_of(&w->live[i]);
	bool torn;

	w->seen[i] = s;
	if (s == watch->since)
		return 0;
	torn = left_torn(&w->live[i], s);
	if (s % 2 != 0 && !torn)
		return 0;
	watch->sequence = s;
	return torn ? fail_torn(watch->array) : 1;
}

static int
fail_late(const struct waiting *w)
{
	if (w->count == 1)
		return cute_shm_fail(CUTE_SHM_ERR_TIMEOUT,
				     "/%s: no update in time",
				     w->watches[0].array->path);
	return cute_shm_fail(CUTE_SHM_ERR_TIMEOUT,
			     "no update of %zu arrays in time", w->count);
}

static int64_t
nap_of(const struct waiting *w, int64_t left)
{
	int64_t nap = NAP_REST_NS;
	size_t i;

	for (i = 0; i < w->count; i++)
		if (w->seen[i] % 2 != 0)
			nap = NAP_WRITING_NS;
	return w->timeout_ns >= 0 && left < nap ? left : nap;
}

#ifdef SYS_futex_waitv
/* Sleep on all words; -1 and errno as of the system call. */
static int
wait_for_words(const struct waiting *w, int64_t nap)
{
	struct futex_waitv words[CUTE_SHM_WATCHES + 1] = { 0 };
	struct timespec t = deadline_after(nap);
	struct __kernel_timespec until = { t.tv_sec, t.tv_nsec };
	size_t i;

	for (i = 0; i < w->count; i++) {
		words[i].uaddr = (uintptr_t)&w->live[i].slot->sequence;
		words[i].val = w->seen[i];
		words[i].flags = FUTEX_32;
	}
	if (w->waker) {
		words[i].uaddr = (uintptr_t)&w->waker->called;
		words[i++].flags = FUTEX_32;
	}
	return (int)syscall(SYS_futex_waitv, words, i, 0, &until,
			    CLOCK_MONOTONIC);
}
#else
static int
wait_for_words(const struct waiting *w, int64_t nap)
{
	(void)w;
	(void)nap;
	errno = ENOSYS;
	return -1;
}
#endif

/* Sleep on one word, though there may be more. */
static int
wait_for_word(const struct waiting *w, int64_t nap)
{
	static const uint32_t never;
	const uint32_t *word = &never;
	uint32_t value = 0;

	if (w->waker) {
		word = &w->waker->called;
	} else if (w->count > 0) {
		word = &w->live[0].slot->sequence;
		value = w->seen[0];
	}
	return futex_wait(word, value, nap);
}

/* True if a signal has ended the sleep, and so the wait. */
static bool
sleep_on(const struct waiting *w, int64_t nap)
{
	int result;

	if (w->count + (w->waker != NULL) < 2) {
		result = wait_for_word(w, nap);
	} else {
		result = wait_for_words(w, nap);
		/* An old kernel, or a container's filter, has no such call. */
		if (result < 0 && (errno == ENOSYS || errno == EPERM))
			result = wait_for_word(w,
					       nap < NAP_WITHOUT_WAITV_NS
						       ? nap
						       : NAP_WITHOUT_WAITV_NS);
	}
	return result < 0 && errno == EINTR && w->signals;
}

static int
run(struct waiting *w, size_t *ret)
{
	int64_t left = w->timeout_ns;
	bool ended = false;
	size_t i;
	int found;

	if (w->timeout_ns > 0)
		w->deadline = deadline_after(w->timeout_ns);
	for (;;) {
		for (i = 0; i < w->count; i++) {
			found = look_at(w, i);
			if (found != 0) {
				*ret = i;
				return found < 0 ? found : 0;
			}
		}
		if (w->waker && __atomic_exchange_n(&w->waker->called, 0,
						    __ATOMIC_ACQUIRE) != 0)
			ended = true;
		if (ended)
			return cute_shm_fail(CUTE_SHM_ERR_CANCELLED,
					     "the wait was ended");
		if (w->timeout_ns >= 0 && left <= 0)
			return fail_late(w);
		ended = sleep_on(w, nap_of(w, left));
		pthread_testcancel();
		left = left_of(w->timeout_ns, &w->deadline);
	}
}

int
cute_shm_wait(const struct cute_shm_array *array, uint32_t since,
	      int64_t timeout_ns, uint32_t *sequence)
{
	struct cute_shm_watch watch = { .array = array, .since = since };
	struct waiting w = { .watches = &watch,
			     .count = 1,
			     .timeout_ns = timeout_ns };
	size_t i;
	int err = find_slots(&w);

	if (err == 0)
		err = run(&w, &i);
	if (err == 0 || err == CUTE_SHM_ERR_TORN)
		*sequence = watch.sequence;
	return err;
}

int
cute_shm_wait_any(struct cute_shm_watch *watches, size_t count,
		  int64_t timeout_ns, struct cute_shm_waker *waker, size_t *ret)
{
	struct waiting w = { .watches = watches,
			     .count = count,
			     .waker = waker,
			     .signals = true,
			     .timeout_ns = timeout_ns };
	int err;

	if (!ret)
		return no_result("cute_shm_wait_any");
	if (count > CUTE_SHM_WATCHES)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "%zu arrays are more than the %d that one "
				     "call waits for",
				     count, CUTE_SHM_WATCHES);
	err = find_slots(&w);
	return err == 0 ? run(&w, ret) : err;
}

int
cute_shm_waker_new(struct cute_shm_waker **ret)
{
	struct cute_shm_waker *waker;

	if (!ret)
		return no_result("cute_shm_waker_new");
	waker = calloc(1, sizeof(*waker));
	if (!waker)
		return fail_memory("for a waker");
	*ret = waker;
	return 0;
}

void
cute_shm_waker_wake(struct cute_shm_waker *waker)
{
	int number = errno;

	if (!waker)
		return;
	__atomic_store_n(&waker->called, 1, __ATOMIC_RELEASE);
	futex_wake_all(&waker->called);
	errno = number;
}

void
cute_shm_waker_free(struct cute_shm_waker *waker)
{
	free(waker);
}
