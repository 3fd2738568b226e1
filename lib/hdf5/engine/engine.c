/* SPDX-License-Identifier: MIT */
/* What the strategies share: threads, reusable memory, errors. */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hdf5/engine/engine.h"

/* Larger buffers are freed when the work with them is done. */
#define KEEP (16u << 20)

/* Batches of huge chunks may take this much memory together. */
#define HUGE_MEMORY (256ull << 20)

int
reader_new(unsigned jobs, int (*tick)(void *arg, uint64_t bytes), void *arg,
	   struct reader **ret)
{
	struct reader *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return fail_memory("to read datasets");
	r->threads = jobs > 0 ? jobs : 1;
	r->tick = tick;
	r->tick_arg = arg;
	err = pool_new(r->threads, r->threads + 2, &r->pool);
	if (err) {
		free(r);
		return err;
	}
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->idle, NULL);
	*ret = r;
	return 0;
}

static void
batch_free(struct batch *b)
{
	guarded_free(b->raw, b->raw_capacity);
	free(b->data);
	free(b->whole);
	free(b->field);
	free(b->picked);
	filter_scratch_free(&b->scratch);
	free(b);
}

void
reader_free(struct reader *r)
{
	if (!r)
		return;
	pool_free(r->pool);
	while (r->batches) {
		struct batch *next = r->batches->next;

		batch_free(r->batches);
		r->batches = next;
	}
	while (r->tiles) {
		struct tile *next = r->tiles->next;

		free(r->tiles->data);
		free(r->tiles);
		r->tiles = next;
	}
	pthread_cond_destroy(&r->idle);
	pthread_mutex_destroy(&r->lock);
	free(r->message);
	free(r->culprit);
	free(r);
}

/* -------------------------------------------------------------- errors */

void
reader_fail(struct task *task, int err)
{
	struct reader *r = task->reader;

	pthread_mutex_lock(&r->lock);
	if (!r->err) {
		r->err = err;
		r->message = strdup(cute_shm_errmsg());
		free(r->culprit);
		r->culprit = strdup(task->name);
		atomic_store(&r->failed, true);
	}
	pthread_mutex_unlock(&r->lock);
}

int
reader_check(struct reader *r)
{
	int err;

	if (!atomic_load(&r->failed))
		return 0;
	pthread_mutex_lock(&r->lock);
	err = cute_shm_fail(r->err, "%s",
			    r->message ? r->message
				       : cute_shm_strerror(r->err));
	pthread_mutex_unlock(&r->lock);
	return err;
}

const char *
reader_culprit(const struct reader *r)
{
	return r->culprit ? r->culprit : "";
}

int
reader_wait(struct reader *r)
{
	int err = pool_wait(r->pool);

	/*
	 * The pool gets no errors from its jobs, so that it can be used again.
	 */
	if (!err)
		err = reader_check(r);
	if (!atomic_load(&r->failed)) {
		free(r->culprit);
		r->culprit = NULL;
	}
	free(r->message);
	r->message = NULL;
	r->err = 0;
	atomic_store(&r->failed, false);
	return err;
}

/*
 * The pool begins batches in the order of their push, so only the first batch
 * of a task can wait for other tasks.
 */
static int
run_batch(void *arg, bool drop)
{
	struct batch *b = arg;

	if (b->is_first)
		b->task->waited += clock_now();
	return b->job(b, drop);
}

int
reader_push(struct reader *r, pool_job *job, struct batch *batch)
{
	int err;

	batch->job = job;
	if (batch->is_first)
		batch->task->waited -= clock_now();
	err = pool_push(r->pool, run_batch, batch);
	if (!err)
		err = reader_check(r);
	if (!err && r->tick && r->tick(r->tick_arg, atomic_load(&r->bytes)))
		err = cute_shm_fail(CUTE_SHM_ERR_CANCELLED,
				    "the load was cancelled");
	return err;
}

/* --------------------------------------------------------------- tasks */

static int
task_columns(struct task *t, const struct strategy_source *s)
{
	t->columns = calloc(s->column_count, sizeof(*t->columns));
	if (!t->columns)
		goto nomem;
	for (unsigned i = 0; i < s->column_count; i++) {
		const struct strategy_column *c = &s->columns[i];

		t->columns[i].offset = c->offset;
		t->columns[i].path = strdup(c->path);
		if (!t->columns[i].path)
			goto nomem;
		t->column_count++;
		if (!convert_get(c->file, &t->columns[i].convert))
			return CUTE_SHM_ERR_TYPE;
	}
	return 0;
nomem:
	return fail_memory("to read %s", s->name);
}

/*
 * CUTE_SHM_ERR_TYPE without a message: this library cannot do the conversion.
 */
int
task_new(struct reader *r, const struct strategy_source *s, struct task **ret)
{
	struct task *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return fail_memory("to read %s", s->name);
	atomic_init(&t->users, 1);
	t->reader = r;
	t->builder = s->builder;
	t->fd = -1;
	t->sliced = s->slice != NULL;
	if (t->sliced)
		t->slice = *s->slice;
	t->name = strdup(s->name);
	err = task_columns(t, s);
	if (err || !t->name) {
		task_release(t);
		return err ? err : fail_memory("to read %s", s->name);
	}
	*ret = t;
	return 0;
}

/* The strategy fits: from now on 'done' must be called. */
void
task_begin(struct task *t, const struct strategy_source *s)
{
	t->done = s->done;
	t->done_arg = s->done_arg;
	t->waited = -clock_now();
}

void
task_release(struct task *t)
{
	if (atomic_fetch_sub(&t->users, 1) != 1)
		return;
	if (t->done)
		t->done(t->done_arg, t->waited);
	for (unsigned i = 0; i < t->column_count; i++)
		free(t->columns[i].path);
	free(t->columns);
	free(t->name);
	free(t->fill);
	if (t->fd >= 0) {
		page_cache_close(t->fd);
		close(t->fd);
	}
	free(t);
}

/* ------------------------------------------------- batches and tiles */

/* Huge chunks or elements are read by fewer threads, to limit the memory. */
static unsigned
most_batches(const struct task *t)
{
	size_t unit = t->whole_size > t->item ? t->whole_size : t->item;
	uint64_t fit = HUGE_MEMORY / (unit + 1);

	if (fit < 1)
		fit = 1;
	return fit < t->reader->threads + 2 ? (unsigned)fit
					    : t->reader->threads + 2;
}

int
batch_get(struct task *t, struct batch **ret)
{
	struct reader *r = t->reader;
	struct batch *b;

	pthread_mutex_lock(&r->lock);
	while (r->batches_used >= most_batches(t))
		pthread_cond_wait(&r->idle, &r->lock);
	b = r->batches;
	if (b)
		r->batches = b->next;
	r->batches_used++;
	pthread_mutex_unlock(&r->lock);
	if (!b)
		b = calloc(1, sizeof(*b));
	if (!b) {
		pthread_mutex_lock(&r->lock);
		r->batches_used--;
		pthread_mutex_unlock(&r->lock);
		return fail_memory("to read %s", t->name);
	}
	atomic_fetch_add(&t->users, 1);
	b->task = t;
	b->is_first = !t->begun;
	if (b->is_first)
		t->waited += clock_now();
	t->begun = true;
	b->tile = NULL;
	b->count = 0;
	b->raw_size = 0;
	*ret = b;
	return 0;
}

static void
shrink(uint8_t **buffer, size_t *capacity)
{
	if (*capacity <= KEEP)
		return;
	free(*buffer);
	*buffer = NULL;
	*capacity = 0;
}

void
batch_put(struct batch *b)
{
	struct reader *r = b->task->reader;

	task_release(b->task);
	if (b->raw_capacity > KEEP) {
		guarded_free(b->raw, b->raw_capacity);
		b->raw = NULL;
		b->raw_capacity = 0;
	}
	shrink(&b->data, &b->data_capacity);
	shrink(&b->whole, &b->whole_capacity);
	shrink(&b->scratch.buffer[0], &b->scratch.capacity[0]);
	shrink(&b->scratch.buffer[1], &b->scratch.capacity[1]);
	pthread_mutex_lock(&r->lock);
	b->next = r->batches;
	r->batches = b;
	r->batches_used--;
	pthread_cond_broadcast(&r->idle);
	pthread_mutex_unlock(&r->lock);
}

/*
 * Take an idle tile, enlarged if necessary, or a new one.  NULL if there is no
 * memory to spare now.  The caller holds the lock.
 */
static struct tile *
tile_take(struct reader *r, size_t size)
{
	struct tile *tile = r->tiles;
	size_t has = tile ? tile->capacity : 0;

	if (has < size && r->tile_memory - has + size > TILE_MEMORY &&
	    r->tiles_used > 0)
		return NULL;
	if (!tile)
		tile = calloc(1, sizeof(*tile));
	else
		r->tiles = tile->next;
	if (!tile)
		return NULL;
	r->tile_memory -= has;
	if (filter_grow(&tile->data, &tile->capacity, size) != 0) {
		free(tile);
		return NULL;
	}
	r->tile_memory += tile->capacity;
	r->tiles_used++;
	return tile;
}

int
tile_get(struct task *t, size_t size, struct tile **ret)
{
	struct reader *r = t->reader;
	struct tile *tile;

	pthread_mutex_lock(&r->lock);
	for (;;) {
		tile = tile_take(r, size);
		if (tile || r->tiles_used == 0)
			break;
		pthread_cond_wait(&r->idle, &r->lock);
	}
	pthread_mutex_unlock(&r->lock);
	if (!tile)
		return fail_memory("for %zu bytes of %s", size, t->name);
	*ret = tile;
	return 0;
}

void
tile_put(struct reader *r, struct tile *tile)
{
	pthread_mutex_lock(&r->lock);
	tile->next = r->tiles;
	r->tiles = tile;
	r->tiles_used--;
	pthread_cond_broadcast(&r->idle);
	pthread_mutex_unlock(&r->lock);
}

int
source_read(int fd, uint8_t *data, size_t size, uint64_t at)
{
	uint64_t from = at;

	while (size > 0) {
		ssize_t n = pread(fd, data, size, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
					     "cannot "
					     "read %zu bytes at %" PRIu64
					     " of the file: error %d",
					     size, at, errno);
		if (n == 0)
			return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
					     "the file "
					     "ends at %" PRIu64 ", within "
					     "the data",
					     at);
		data += n;
		size -= (size_t)n;
		at += (uint64_t)n;
	}
	page_cache_read(fd, from, at - from);
	return 0;
}
