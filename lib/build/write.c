/* SPDX-License-Identifier: MIT */
/* Write data to the reserved file, and hash them while they are in cache. */

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "build/build.h"
#include "build/fill.h"

void
builder_writers(struct cute_shm_builder *b, unsigned count)
{
	b->writers = count;
}

int
segment_put(const struct cute_shm_builder *b, const void *data, size_t size,
	    uint64_t offset)
{
	uint8_t *to = huge_place(b, size, offset);

	if (!to)
		return write_all(b->fd, data, size, offset);
	memcpy(to, data, size);
	return 0;
}

uint64_t
unit_range(const struct cute_shm_builder *b, const struct build_array *array,
	   uint64_t unit, uint64_t *offset)
{
	uint64_t block = b->header.block_size;
	uint64_t left;

	*offset = (unit - array->first_unit) * block;
	left = array->data_size - *offset;
	return left < block ? left : block;
}

/* A unit has its bytes, and this is their digest. */
static void
unit_done(struct cute_shm_builder *b, const struct build_array *array,
	  uint64_t unit, uint64_t hash)
{
	uint64_t offset, size = unit_range(b, array, unit, &offset);

	b->digests[unit] = hash;
	atomic_store_explicit(&b->hashed[unit], 1, memory_order_release);
	builder_final(b, b->places[array->ordinal].data_offset + offset, size);
}

/*
 * Write the part of [at, end) that lies in the unit of 'at'; *done is its size.
 * A whole unit is hashed first, while it is still in the cache.
 */
static int
write_unit(struct cute_shm_builder *b, const struct build_array *array,
	   const uint8_t *src, uint64_t at, uint64_t end, uint64_t *done)
{
	uint64_t unit = array->first_unit + at / b->header.block_size;
	uint64_t begin, size, stop, base;
	uint64_t hash = 0;
	bool whole;
	int err;

	size = unit_range(b, array, unit, &begin);
	stop = end < begin + size ? end : begin + size;
	whole = at == begin && stop == begin + size;

	/* The digest is invalid until the bytes are written. */
	atomic_store_explicit(&b->hashed[unit], 0, memory_order_relaxed);
	if (whole)
		hash = digest(src, (size_t)size);
	base = b->places[array->ordinal].data_offset;
	err = reserve_wait(b, base + at, base + stop);
	if (err == 0)
		err = segment_put(b, src, (size_t)(stop - at), base + at);
	if (err != 0)
		return err;
	if (whole)
		unit_done(b, array, unit, hash);
	*done = stop - at;
	return 0;
}

/* Find the array at 'path', and check that it may be written now. */
static int
find_array(const struct cute_shm_builder *b, const char *path,
	   const struct build_array **ret)
{
	const struct build_array *array;
	const char *name;
	uint32_t node;
	int err;

	err = expect_state(b, BUILD_WRITE, "writing");
	if (err == 0)
		err = path_check(path, &name);
	if (err != 0)
		return err;
	node = find_node(b, name, strlen(name));
	if (node == NO_INDEX)
		return fail_missing(CUTE_SHM_MISSING_NODE,
				    "project %s: there is no /%s to write",
				    b->project, name);
	if (b->nodes[node].kind != CUTE_SHM_ARRAY)
		return cute_shm_fail(CUTE_SHM_ERR_TYPE,
				     "project %s: /%s is not an array",
				     b->project, name);
	array = &b->arrays[b->nodes[node].detail];
	if (array->given)
		return cute_shm_fail(CUTE_SHM_ERR_STATE,
				     "array /%s: its data were given by "
				     "pointer",
				     name);
	*ret = array;
	return 0;
}

static int
check_range(const struct build_array *array, const char *path, uint64_t offset,
	    size_t size)
{
	if (offset <= array->data_size && size <= array->data_size - offset)
		return 0;
	return cute_shm_fail(CUTE_SHM_ERR_INVALID,
			     "array %s: %zu bytes at %" PRIu64
			     " leave its %" PRIu64,
			     path, size, offset, array->data_size);
}

int
cute_shm_builder_write(struct cute_shm_builder *b, const char *path,
		       uint64_t offset, const void *src, size_t size)
{
	const struct build_array *array = NULL;
	const uint8_t *p = src;
	uint64_t end, done;
	int err;

	err = find_array(b, path, &array);
	if (err == 0)
		err = check_range(array, path, offset, size);
	if (err != 0)
		return err;
	if (size > 0 && !src)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "array %s: no data to write", path);
	end = offset + size;
	while (offset < end) {
		err = write_unit(b, array, p, offset, end, &done);
		if (err != 0)
			return cute_shm_fail(err, "array %s: %s", path,
					     cute_shm_errmsg());
		p += done;
		offset += done;
	}
	return 0;
}

/*
 * Set the digests of the units that lie in [at, end) as a whole, from 'data',
 * the bytes at 'at'; or make those of all units there invalid, without data.
 */
static void
set_digests(struct cute_shm_builder *b, const struct build_array *array,
	    const uint8_t *data, uint64_t at, uint64_t end)
{
	uint64_t block = b->header.block_size, unit, begin, size, i;

	for (i = at - at % block; i < end; i += block) {
		unit = array->first_unit + i / block;
		size = unit_range(b, array, unit, &begin);
		if (!data) {
			atomic_store_explicit(&b->hashed[unit], 0,
					      memory_order_relaxed);
		} else if (begin >= at && begin + size <= end) {
			unit_done(b, array, unit,
				  digest(data + (begin - at), (size_t)size));
		}
	}
}

/* Find the array, and check that these bytes of it may be written now. */
static int
find_range(const struct cute_shm_builder *b, const char *path, uint64_t offset,
	   size_t size, const struct build_array **ret)
{
	int err = find_array(b, path, ret);

	return err == 0 ? check_range(*ret, path, offset, size) : err;
}

int
builder_place(struct cute_shm_builder *b, const char *path, uint64_t offset,
	      size_t size, uint8_t **ret)
{
	const struct build_array *array = NULL;
	int err = find_range(b, path, offset, size, &array);
	uint64_t at;

	*ret = NULL;
	if (err != 0 || size == 0)
		return err;
	at = b->places[array->ordinal].data_offset + offset;
	err = reserve_wait(b, at, at + size);
	if (err != 0)
		return cute_shm_fail(err, "array %s: %s", path,
				     cute_shm_errmsg());
	*ret = huge_place(b, size, at);
	if (*ret)
		set_digests(b, array, NULL, offset, offset + size);
	return 0;
}

int
builder_placed(struct cute_shm_builder *b, const char *path, uint64_t offset,
	       size_t size)
{
	const struct build_array *array = NULL;
	int err = find_range(b, path, offset, size, &array);
	const uint8_t *data;

	if (err != 0)
		return err;
	data = huge_place(b, size,
			  b->places[array->ordinal].data_offset + offset);
	if (data)
		set_digests(b, array, data, offset, offset + size);
	return 0;
}
