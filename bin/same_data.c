/* SPDX-License-Identifier: MIT */
/* Whether two arrays are the same, and where they are not. */
#include "same_data.h"

#include <string.h>

/* Bytes that memcmp() gets at once. */
#define PART ((uint64_t)1 << 16)

bool
same_type(const struct cute_shm_array a[2])
{
	return strcmp(a[0].dtype, a[1].dtype) == 0 && a[0].ndim == a[1].ndim &&
	       memcmp(a[0].shape, a[1].shape,
		      a[0].ndim * sizeof(*a[0].shape)) == 0;
}

/* The first byte that differs, or 'size'. */
static uint64_t
first_byte(const uint8_t *x, const uint8_t *y, uint64_t size)
{
	uint64_t at = 0, part = PART;

	for (; at < size; at += part) {
		part = size - at < PART ? size - at : PART;
		if (memcmp(x + at, y + at, (size_t)part) != 0)
			break;
	}
	while (at < size && x[at] == y[at])
		at++;
	return at;
}

/* Lists: where they lie does not count. */
static int
first_list(const struct cute_shm_array a[2], uint64_t *element)
{
	const void *x, *y;
	uint64_t i, n, m;
	int err;

	for (i = 0; i < a[0].element_count; i++) {
		err = cute_shm_element(&a[0], i, &x, &n);
		if (err == 0)
			err = cute_shm_element(&a[1], i, &y, &m);
		if (err != 0)
			return err;
		if (n == m &&
		    first_byte(x, y, n * a[0].item_size) == n * a[0].item_size)
			continue;
		*element = i;
		return 1;
	}
	return 0;
}

int
first_difference(const struct cute_shm_array a[2], uint64_t *element)
{
	uint64_t size = a[0].data_size, at;

	if (a[0].offsets)
		return first_list(a, element);
	at = first_byte(a[0].data, a[1].data, size);
	if (at == size)
		return 0;
	*element = at / a[0].item_size;
	return 1;
}

bool
same_array(const struct cute_shm_array *a, const struct cute_shm_array *b)
{
	const struct cute_shm_array both[2] = { *a, *b };
	uint64_t element;

	return same_type(both) && first_difference(both, &element) == 0;
}
