/* SPDX-License-Identifier: MIT */
/* Whether data are the same: by digests if possible, else by bytes. */
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "dump.h"
#include "same_data.h"
#include "text.h"

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
	int found = first_difference(a, &element);

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
