/* SPDX-License-Identifier: MIT */
/* Arrays that change: snapshots, waking up, locks. */

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define SMALL 40
#define LARGE (1u << 20)
#define WAKES 2000 /* one each half millisecond */
#define LOCKS 200000

static void
ok(int err)
{
	if (err != 0)
		die("%s", cute_shm_errmsg());
}

static struct cute_shm *
open_live(const struct bench *b, unsigned flags)
{
	struct cute_shm_open_options opt = { .size = sizeof(opt),
					     .root = b->root,
					     .flags = flags };
	struct cute_shm *shm;

	ok(cute_shm_open("live", &opt, &shm));
	return shm;
}

/* An array of each size, and a third that only tells the time. */
static void
make_live(const struct bench *b)
{
	struct cute_shm_build_options opt = { .size = sizeof(opt),
					      .root = b->root };
	static const uint64_t small = SMALL, large = LARGE, stamp = 8;
	struct cute_shm_builder *builder;

	ok(cute_shm_builder_new("live", &opt, &builder));
	ok(cute_shm_builder_array(builder, "small", "|u1", 1, &small, NULL));
	ok(cute_shm_builder_array(builder, "large", "|u1", 1, &large, NULL));
	ok(cute_shm_builder_array(builder, "stamp", "|u1", 1, &stamp, NULL));
	ok(cute_shm_builder_publish(builder, NULL));
	cute_shm_builder_free(builder);
}

/* A process that does not outlive this one. */
static pid_t
start(void (*run)(const struct bench *b, const char *path),
      const struct bench *b, const char *path)
{
	pid_t pid = fork();

	if (pid < 0)
		die("cannot fork");
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	run(b, path);
	_exit(0);
}

/* It may die in the middle of an update: what it tore is healed. */
static void
stop(const struct bench *b, pid_t pid, const char *path)
{
	struct cute_shm *shm = open_live(b, CUTE_SHM_WRITE);
	struct cute_shm_update update;
	struct cute_shm_array array;

	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ok(cute_shm_get(shm, path, &array));
	ok(cute_shm_update_begin(&array, CUTE_SHM_FOREVER, &update));
	memset(update.data, 0, update.size);
	cute_shm_update_end(&update);
	cute_shm_close(shm);
}

static void
print(struct bench *b, const char *what, double value, const char *unit)
{
	if (!b->json)
		printf("%-46s %10.3f %s\n", what, value, unit);
	else
		printf("%s\n  {\"live\": \"%s\", \"value\": %.6f, \"unit\": "
		       "\"%s\"}",
		       b->first ? "" : ",", what, value, unit);
	b->first = false;
}

/* --------------------------------------------------------------- snapshots */

/* As fast as it can, as no real writer does. */
static void
write_on(const struct bench *b, const char *path)
{
	struct cute_shm *shm = open_live(b, CUTE_SHM_WRITE);
	uint8_t *data = calloc(1, LARGE);
	struct cute_shm_array array;

	ok(cute_shm_get(shm, path, &array));
	for (;; data[0]++)
		ok(cute_shm_update(&array, 0, data, array.data_size,
				   CUTE_SHM_FOREVER));
}

/* A thousand times a second, as a controller does. */
static void
write_often(const struct bench *b, const char *path)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	struct cute_shm *shm = open_live(b, CUTE_SHM_WRITE);
	uint8_t *data = calloc(1, LARGE);
	struct cute_shm_array array;

	ok(cute_shm_get(shm, path, &array));
	for (;; data[0]++, nanosleep(&pause, NULL))
		ok(cute_shm_update(&array, 0, data, array.data_size,
				   CUTE_SHM_FOREVER));
}

/* Snapshots per second of one thread, for about 0.3 s. */
static double
snapshot_rate(const struct bench *b, const char *path)
{
	struct cute_shm *shm = open_live(b, 0);
	static uint8_t copy[LARGE];
	struct cute_shm_array array;
	uint64_t n = 0, step;
	double begin, end;

	ok(cute_shm_get(shm, path, &array));
	step = array.data_size < 4096 ? 10000 : 10;
	begin = clock_now();
	do {
		for (uint64_t i = 0; i < step; i++)
			ok(cute_shm_snapshot(&array, 0, copy, array.data_size,
					     CUTE_SHM_FOREVER, NULL));
		n += step;
		end = clock_now();
	} while (end - begin < 0.3);
	cute_shm_close(shm);
	return (double)n / (end - begin);
}

/* The ways take turns; the median of each. */
static void
bench_snapshots(struct bench *b, const char *path, const char *text)
{
	static void (*const writers[])(const struct bench *,
				       const char *) = { NULL, write_often,
							 write_on };
	static const char *const names[] = { "no writer", "1000 updates/s",
					     "writer without pause" };
	double rates[3][MOST_ROUNDS];
	char what[80];
	pid_t pid;

	for (unsigned r = 0; r < b->rounds; r++)
		for (unsigned w = 0; w < 3; w++) {
			pid = writers[w] ? start(writers[w], b, path) : 0;
			rates[w][r] = snapshot_rate(b, path);
			if (pid)
				stop(b, pid, path);
		}
	for (unsigned w = 0; w < 3; w++) {
		snprintf(what, sizeof(what), "snapshots of %s, %s", text,
			 names[w]);
		print(b, what, median(rates[w], b->rounds) / 1e3, "k/s");
	}
}

/* ----------------------------------------------------------------- waking */

/* Updates that carry the time of their begin. */
static void
stamp_on(const struct bench *b, const char *path)
{
	const struct timespec pause = { .tv_nsec = 500000 };
	struct cute_shm *shm = open_live(b, CUTE_SHM_WRITE);
	struct cute_shm_array array;
	double now;

	ok(cute_shm_get(shm, path, &array));
	for (;; nanosleep(&pause, NULL)) {
		now = clock_now();
		ok(cute_shm_update(&array, 0, &now, sizeof(now),
				   CUTE_SHM_FOREVER));
	}
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* From the begin of an update to the sleeper that has its value. */
static void
bench_wakes(struct bench *b)
{
	struct cute_shm *shm = open_live(b, 0);
	static double times[WAKES];
	pid_t pid = start(stamp_on, b, "stamp");
	struct cute_shm_array array;
	uint32_t sequence = 0;
	double stamp;

	ok(cute_shm_get(shm, "stamp", &array));
	for (unsigned i = 0; i < WAKES; i++) {
		ok(cute_shm_wait(&array, sequence, CUTE_SHM_FOREVER,
				 &sequence));
		ok(cute_shm_snapshot(&array, 0, &stamp, sizeof(stamp),
				     CUTE_SHM_FOREVER, &sequence));
		times[i] = clock_now() - stamp;
	}
	stop(b, pid, "stamp");
	cute_shm_close(shm);
	qsort(times, WAKES, sizeof(*times), compare);
	print(b, "update to wake, median", times[WAKES / 2] * 1e6, "us");
	print(b, "update to wake, 99th percentile",
	      times[WAKES * 99 / 100] * 1e6, "us");
}

/* ------------------------------------------------------------------- locks */

/* What it costs to copy, to count, and to wake those that wait. */
static void
bench_locked_updates(struct bench *b, const struct cute_shm_array *array)
{
	static const uint8_t data[SMALL];
	struct cute_shm_lock *lock;
	double begin;

	ok(cute_shm_lock_exclusive(array, 0, &lock));
	begin = clock_now();
	for (unsigned i = 0; i < LOCKS; i++)
		ok(cute_shm_update_locked(lock, array, 0, data, SMALL));
	print(b, "an update under a lock that is kept",
	      (clock_now() - begin) / LOCKS * 1e6, "us");
	cute_shm_unlock(lock);
}

static void
bench_locks(struct bench *b)
{
	struct cute_shm *shm = open_live(b, CUTE_SHM_WRITE);
	struct cute_shm_update update;
	struct cute_shm_array array;
	struct cute_shm_lock *lock;
	double begin;

	ok(cute_shm_get(shm, "small", &array));
	begin = clock_now();
	for (unsigned i = 0; i < LOCKS; i++) {
		ok(cute_shm_lock(&array, 0, &lock));
		cute_shm_unlock(lock);
	}
	print(b, "lock and unlock, shared", (clock_now() - begin) / LOCKS * 1e6,
	      "us");
	begin = clock_now();
	for (unsigned i = 0; i < LOCKS; i++) {
		ok(cute_shm_update_begin(&array, 0, &update));
		cute_shm_update_end(&update);
	}
	print(b, "begin and end of an update",
	      (clock_now() - begin) / LOCKS * 1e6, "us");
	bench_locked_updates(b, &array);
	cute_shm_close(shm);
}

void
bench_live(struct bench *b)
{
	struct cute_shm_unlink_options gone = { .size = sizeof(gone),
						.root = b->root };

	make_live(b);
	if (!b->json)
		putchar('\n');
	bench_snapshots(b, "small", "40 B");
	bench_snapshots(b, "large", "1 MiB");
	bench_wakes(b);
	bench_locks(b);
	cute_shm_unlink("live", &gone, NULL);
}
