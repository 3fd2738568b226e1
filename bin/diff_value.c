/* SPDX-License-Identifier: MIT */
/* Whether data are the same, and where they are not: by their bytes. */
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "dump.h"
#include "text.h"

/* Bytes that memcmp() gets at once. */
#define PART ((uint64_t)1 << 16)

bool
diff_same_type(const struct cute_shm_array a[2])
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
diff_first(const struct cute_shm_array a[2], uint64_t *element)
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

/* ----------------------------------------------------------------- digests */

enum by_digest {
	DIGESTS_SAME,
	DIGESTS_DIFFER,
	DIGESTS_MISSING /* or of blocks of another size */
};

static enum by_digest
compare_digests(const struct diff *d, const struct cute_shm_array a[2])
{
	struct cute_shm_state state[2];
	uint64_t size = a[0].data_size;
	int i;

	for (i = 0; i < 2; i++)
		if (cute_shm_state(&a[i], &state[i]) != 0 || !state[i].sealed)
			return DIGESTS_MISSING;
	if (size != a[1].data_size)
		return a[0].offsets ? DIGESTS_DIFFER : DIGESTS_MISSING;
	if (d->block_size[0] != d->block_size[1] &&
	    (size > d->block_size[0] || size > d->block_size[1]))
		return DIGESTS_MISSING;
	return state[0].digest == state[1].digest ? DIGESTS_SAME
						  : DIGESTS_DIFFER;
}

/* ------------------------------------------------------------------- bytes */

static void unknown(struct diff *d, const struct diff_place *at,
		    const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void
unknown(struct diff *d, const struct diff_place *at, const char *format, ...)
{
	va_list args;
	char *message;

	va_start(args, format);
	message = text_vformat(format, args);
	va_end(args);
	diff_unknown(d, at, message);
	free(message);
}

/* 'expected': the digests of these data, which stay as they are, differ. */
static void
compare_bytes(struct diff *d, const struct diff_place *at,
	      const struct cute_shm_array a[2], bool expected)
{
	uint64_t element;
	int found = diff_first(a, &element);

	if (found == 1)
		diff_values(d, at, a, element);
	else if (found != 0)
		diff_unknown(d, at, cute_shm_errmsg());
	else if (expected && compare_digests(d, a) == DIGESTS_DIFFER)
		unknown(d, at,
			"/%s: the data are the same, their digests are not: "
			"cute-shm-verify tells which project is damaged",
			at->path);
}

void
diff_data(struct diff *d, const struct diff_place *at,
	  const struct cute_shm_array a[2])
{
	enum by_digest digests = compare_digests(d, a);
	struct dump_value v[2];
	struct slice all;
	int i;

	if (digests == DIGESTS_SAME && !d->opt.bytes)
		return;
	if (digests == DIGESTS_DIFFER && d->opt.quiet && !d->opt.bytes) {
		diff_digests(d);
		return;
	}
	for (i = 0; i < 2; i++) {
		slice_all(a[i].ndim, a[i].shape, &all);
		dump_value_begin(&v[i], &a[i], &all, false);
	}
	for (i = 0; i < 2; i++)
		if (v[i].why)
			unknown(d, at, "%s: %s", d->side[i].name, v[i].why);
	if (!v[0].why && !v[1].why)
		compare_bytes(d, at,
			      (const struct cute_shm_array[]){ v[0].array,
							       v[1].array },
			      digests == DIGESTS_DIFFER);
	dump_value_end(&v[0]);
	dump_value_end(&v[1]);
}
