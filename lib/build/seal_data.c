/* SPDX-License-Identifier: MIT */
/*
 * Complete the data after the caller's last write: write data that were given
 * by pointer, read units without a digest back to hash them, and check the
 * offsets of ragged arrays that were written as bytes.  Jobs of a few units
 * each run in parallel.
 */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "build/build.h"
#include "build/fill.h"

/* Small enough to stay in a core's own cache. */
#define BUFFER_SIZE ((uint64_t)256 << 10)

/* Smaller data are written with those of other arrays. */
#define SMALL_LIMIT 4096

/* The limits of a job: bytes, and arrays if they are small. */
#define SPAN_BYTES  ((uint64_t)16 << 20)
#define SPAN_ARRAYS 4096

struct span {
	struct cute_shm_builder *builder;
	uint32_t array;	   /* ordinal of the first unit's array */
	uint64_t from, to; /* units [from, to) */
};

/* The state of a running job. */
struct bench {
	struct cute_shm_builder *b;
	const struct build_array *array;
	uint64_t base;	 /* offset of the array's data */
	uint8_t *buffer; /* BUFFER_SIZE bytes */
	struct digest_stream *stream;
	uint8_t *small;	   /* BUFFER_SIZE bytes, of which are in use: */
	uint64_t small_at; /* from this offset of the segment on, */
	size_t small_size; /* so many, not written yet */
};

/* Write the small data that were gathered. */
static int
put_gathered(struct bench *w)
{
	size_t size = w->small_size;
	int err;

	if (size == 0)
		return 0;
	w->small_size = 0;
	err = segment_put(w->b, w->small, size, w->small_at);
	if (err == 0)
		builder_final(w->b, w->small_at, size);
	return err;
}

static bool
is_small(const struct bench *w, uint64_t size)
{
	return size < SMALL_LIMIT && w->array->given &&
	       !w->array->dtype->ragged;
}

/*
 * Gather small data.  Those of the next array mostly follow after a few bytes,
 * which are zeros: no other array has data there, since data are aligned.
 */
static int
gather(struct bench *w, const uint8_t *src, size_t size, uint64_t offset)
{
	uint64_t end = w->small_at + w->small_size, gap = offset - end;
	int err;

	if (w->small_size == 0 || offset < end || gap >= FORMAT_DATA_ALIGN ||
	    gap + size > BUFFER_SIZE - w->small_size) {
		err = put_gathered(w);
		if (err != 0)
			return err;
		w->small_at = offset;
		gap = 0;
	}
	memset(w->small + w->small_size, 0, (size_t)gap);
	memcpy(w->small + w->small_size + gap, src, size);
	w->small_size += (size_t)gap + size;
	return 0;
}

/* Hash and write 'size' bytes to offset 'at' of a ragged array's data. */
static int
put_part(const struct bench *w, const uint8_t *src, uint64_t size, uint64_t at)
{
	digest_stream_add(w->stream, src, (size_t)size);
	return segment_put(w->b, src, (size_t)size, w->base + at);
}

/* Write the part of [at, at + size) in [from, to), all of which is 'src'. */
static int
put_overlap(const struct bench *w, const void *src, uint64_t from, uint64_t to,
	    uint64_t at, uint64_t size)
{
	uint64_t end = at + size < to ? at + size : to;
	uint64_t begin = at > from ? at : from;

	if (begin >= end)
		return 0;
	return put_part(w, (const uint8_t *)src + (begin - from), end - begin,
			begin);
}

/* Write a unit of a ragged array that was given as offsets and values. */
static int
put_ragged(const struct bench *w, uint64_t at, uint64_t size, uint64_t *hash)
{
	static const uint8_t padding[FORMAT_DATA_ALIGN];
	const struct build_array *array = w->array;
	uint64_t offsets_end = (array->element_count + 1) * sizeof(uint64_t);
	uint64_t values_at = cute_shm_values_at(array->element_count);
	int err;

	err = put_overlap(w, array->offsets, 0, offsets_end, at, size);
	if (err == 0)
		err = put_overlap(w, padding, offsets_end, values_at, at, size);
	if (err == 0)
		err = put_overlap(w, array->data, values_at, array->data_size,
				  at, size);
	*hash = digest_stream_end(w->stream);
	return err;
}

static int
put_plain(struct bench *w, uint64_t at, uint64_t size, uint64_t *hash)
{
	const uint8_t *src = (const uint8_t *)w->array->data + at;

	*hash = digest(src, (size_t)size);
	if (is_small(w, size))
		return gather(w, src, (size_t)size, w->base + at);
	return segment_put(w->b, src, (size_t)size, w->base + at);
}

static int
read_back(const struct bench *w, uint64_t at, uint64_t size, uint64_t *hash)
{
	const uint8_t *mapped = huge_place(w->b, size, w->base + at);
	size_t n;
	int err = 0;

	if (mapped) {
		*hash = digest(mapped, (size_t)size);
		return 0;
	}
	while (size > 0 && err == 0) {
		n = (size_t)(size < BUFFER_SIZE ? size : BUFFER_SIZE);
		err = read_all(w->b->fd, w->buffer, n, w->base + at);
		digest_stream_add(w->stream, w->buffer, err == 0 ? n : 0);
		at += n;
		size -= n;
	}
	*hash = digest_stream_end(w->stream);
	return err;
}

static int
complete_unit(struct bench *w, uint64_t unit)
{
	struct cute_shm_builder *b = w->b;
	uint64_t at, size, hash;
	int err;

	if (atomic_load_explicit(&b->hashed[unit], memory_order_acquire))
		return 0;
	size = unit_range(b, w->array, unit, &at);
	if (!w->array->given)
		err = read_back(w, at, size, &hash);
	else if (w->array->dtype->ragged)
		err = put_ragged(w, at, size, &hash);
	else
		err = put_plain(w, at, size, &hash);
	if (err != 0)
		return err;
	b->digests[unit] = hash;
	atomic_store_explicit(&b->hashed[unit], 1, memory_order_release);
	if (!is_small(w, size))
		builder_final(b, w->base + at, size);
	return 0;
}

static bool
all_zero(const uint8_t *p, uint64_t size)
{
	while (size > 0)
		if (p[--size] != 0)
			return false;
	return true;
}

/*
 * Check 'count' offsets (at most a buffer) from number 'at' on: none is less
 * than the one before it, *last for the first.  *last becomes the last one.
 */
static int
check_offsets(const struct bench *w, uint64_t at, uint64_t count,
	      uint64_t *last)
{
	uint64_t value, i;
	int err;

	err = read_all(w->b->fd, w->buffer, (size_t)(count * sizeof(value)),
		       w->base + at * sizeof(value));
	for (i = 0; i < count && err == 0; i++) {
		memcpy(&value, w->buffer + i * sizeof(value), sizeof(value));
		if (value < *last || (at + i == 0 && value != 0))
			err = cute_shm_fail(CUTE_SHM_ERR_INVALID,
					    "offset %" PRIu64 " is %" PRIu64
					    " after %" PRIu64,
					    at + i, value, *last);
		*last = value;
	}
	return err;
}

/*
 * Check a ragged array that was written as bytes: readers would refuse wrong
 * offsets.
 */
static int
check_ragged(const struct bench *w)
{
	const struct build_array *array = w->array;
	uint64_t count = array->element_count + 1;
	uint64_t end = count * sizeof(uint64_t);
	uint64_t padding = cute_shm_values_at(array->element_count) - end;
	uint64_t step = BUFFER_SIZE / sizeof(uint64_t);
	uint64_t last = 0;
	uint64_t at;
	int err = 0;

	for (at = 0; at < count && err == 0; at += step)
		err = check_offsets(w, at,
				    count - at < step ? count - at : step,
				    &last);
	if (err == 0 && last != array->value_count)
		err = cute_shm_fail(CUTE_SHM_ERR_INVALID,
				    "its last offset is %" PRIu64
				    ", of %" PRIu64 " items",
				    last, array->value_count);
	if (err == 0)
		err = read_all(w->b->fd, w->buffer, (size_t)padding,
			       w->base + end);
	if (err == 0 && !all_zero(w->buffer, padding))
		err = cute_shm_fail(CUTE_SHM_ERR_INVALID,
				    "the %" PRIu64 " bytes between offsets and "
				    "values are not zero",
				    padding);
	return err;
}

/* Complete the units of w->array from *unit on that are in the span. */
static int
complete_array(struct bench *w, const struct span *span, uint64_t *unit)
{
	const struct build_array *array = w->array;
	uint64_t rows = block_rows(array->data_size, w->b->header.block_size);
	uint64_t end = array->first_unit + (rows > 0 ? rows : 1);
	int err = 0;

	if (end > span->to)
		end = span->to;
	if (array->dtype->ragged && !array->given && *unit == array->first_unit)
		err = check_ragged(w);
	for (; *unit < end && err == 0; ++*unit)
		err = complete_unit(w, *unit);
	if (err != 0)
		return cute_shm_fail(err, "array /%s: %s",
				     w->b->nodes[array->node].path,
				     cute_shm_errmsg());
	return 0;
}

static int
complete_span(const struct span *span, struct bench *w)
{
	uint64_t unit = span->from;
	uint32_t ordinal = span->array;
	int err = 0;

	for (; unit < span->to && err == 0; ordinal++) {
		w->array = &w->b->arrays[w->b->order[ordinal]];
		w->base = w->b->places[ordinal].data_offset;
		if (w->array->data_size == 0)
			continue;
		if (w->b->ahead)
			err = reserve_wait(w->b, w->base,
					   w->base + w->array->data_size);
		if (err == 0)
			err = complete_array(w, span, &unit);
	}
	return err == 0 ? put_gathered(w) : err;
}

static int
span_job(void *arg, bool drop)
{
	struct span *span = arg;
	struct bench w = { .b = span->builder };
	int err = 0;

	if (drop)
		goto out;
	w.stream = digest_stream_new();
	w.buffer = malloc(BUFFER_SIZE);
	w.small = malloc(BUFFER_SIZE);
	if (w.stream && w.buffer && w.small)
		err = complete_span(span, &w);
	else
		err = fail_memory("to read data back");
	digest_stream_free(w.stream);
	free(w.buffer);
	free(w.small);
out:
	free(span);
	return err;
}

/* True if the span needs no work: all units have digests, none is ragged. */
static bool
is_idle(const struct span *span, bool ragged)
{
	uint64_t unit;

	if (ragged)
		return false;
	for (unit = span->from; unit < span->to; unit++)
		if (!atomic_load_explicit(&span->builder->hashed[unit],
					  memory_order_acquire))
			return false;
	return true;
}

static int
push_span(struct pool *pool, const struct span *span, bool ragged)
{
	struct span *copy;

	if (is_idle(span, ragged))
		return 0;
	copy = malloc(sizeof(*copy));
	if (!copy)
		return fail_memory("for a job");
	*copy = *span;
	return pool_push(pool, span_job, copy);
}

/* Push a span and report that it is on its way: the queue is short. */
static int
push_and_report(struct pool *pool, const struct span *span, bool ragged,
		uint64_t done)
{
	int err = push_span(pool, span, ragged);

	return err == 0 ? builder_progress(span->builder, done) : err;
}

/* Cut the units into spans: some small arrays, or a part of a large one. */
static int
push_spans(struct cute_shm_builder *b, struct pool *pool)
{
	const struct build_array *array;
	struct span span = { .builder = b };
	uint64_t unit, end, at, bytes = 0, done = 0;
	bool ragged = false;
	uint32_t i;
	int err = 0;

	for (i = 0; i < b->array_count && err == 0; i++) {
		array = &b->arrays[b->order[i]];
		end = i + 1 < b->array_count
			      ? b->arrays[b->order[i + 1]].first_unit
			      : b->unit_count;
		for (unit = array->first_unit; unit < end && err == 0; unit++) {
			if (bytes == 0)
				span.array = i;
			ragged |= array->dtype->ragged && !array->given;
			bytes += unit_range(b, array, unit, &at);
			span.to = unit + 1;
			if (bytes < SPAN_BYTES &&
			    span.to - span.from < SPAN_ARRAYS)
				continue;
			done += bytes;
			err = push_and_report(pool, &span, ragged, done);
			span.from = span.to;
			bytes = 0;
			ragged = false;
		}
	}
	if (err == 0 && span.from < b->unit_count)
		err = push_and_report(pool, &span, ragged, done + bytes);
	return err;
}

void
builder_show(struct cute_shm_builder *b,
	     int (*progress)(uint64_t done, uint64_t total, void *arg),
	     void *arg)
{
	b->progress = progress;
	b->progress_arg = arg;
}

int
complete_data(struct cute_shm_builder *b)
{
	unsigned jobs = jobs_or_cpus(b->jobs);
	struct pool *pool;
	int err, waited;

	/* For one span of data, starting threads costs more than it gains. */
	if (b->header.array_bytes <= SPAN_BYTES)
		jobs = 1;
	err = pool_new(jobs, 2 * jobs, &pool);
	if (err != 0)
		return err;
	err = push_spans(b, pool);
	waited = pool_wait(pool);
	pool_free(pool);
	return err != 0 ? err : waited;
}
