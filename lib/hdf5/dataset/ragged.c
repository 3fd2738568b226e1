/* SPDX-License-Identifier: MIT */
/* The lists of a ragged column, collected from elements in memory. */

#include <stdlib.h>
#include <string.h>

#include "hdf5/dataset/dataset.h"

void
ragged_free(struct ragged *r)
{
	free(r->offsets);
	free(r->values);
	memset(r, 0, sizeof(*r));
}

void
ragged_count(struct ragged *r)
{
	free(r->offsets);
	free(r->values);
	r->offsets = NULL;
	r->values = NULL;
	r->bytes_room = r->room = 0;
	r->counting = true;
}

static int
ragged_grow(struct ragged *r, uint64_t bytes)
{
	uint64_t room = bytes + bytes / 2 + 64;
	uint8_t *more;

	if (bytes <= r->bytes_room)
		return 0;
	if (r->most > 0 && room > r->most)
		room = r->most > bytes ? r->most : bytes;
	more = realloc(r->values, room);
	if (!more)
		return fail_memory("for columns");
	r->values = more;
	r->bytes_room = room;
	return 0;
}

/* Add one list; 'items' may be NULL if the list is empty. */
static int
ragged_add(struct ragged *r, const struct type *leaf, const void *items,
	   uint64_t n)
{
	uint64_t bytes, total, i, word;
	uint8_t *at;

	if (__builtin_add_overflow(r->items, n, &total) ||
	    __builtin_mul_overflow(total, leaf->item_size, &bytes))
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "a list of %llu items",
				     (unsigned long long)n);
	if (r->most > 0 && bytes > r->most)
		ragged_count(r);
	if (!r->counting && ragged_grow(r, bytes) != 0)
		return CUTE_SHM_ERR_NOMEM;
	if (!r->counting && n > 0) {
		at = r->values + r->items * leaf->item_size;
		memcpy(at, items, n * leaf->item_size);
		for (i = 0; leaf->swap && i < n; i++) {
			memcpy(&word, at + 8 * i, sizeof(word));
			word = __builtin_bswap64(word);
			memcpy(at + 8 * i, &word, sizeof(word));
		}
	}
	r->items = total;
	r->count++;
	if (!r->counting)
		r->offsets[r->count] = total;
	return 0;
}

/* Make room for 'lists' more lists, and set the first offset, which is 0. */
static int
ragged_room(struct ragged *r, uint64_t lists)
{
	uint64_t need, *more;

	if (r->counting)
		return 0;
	if (__builtin_add_overflow(r->count, lists, &need) ||
	    need >= UINT64_MAX / 16)
		return fail_memory("for columns");
	if (need + 1 <= r->room)
		return 0;
	r->room = need + need / 2 + 2;
	more = realloc(r->offsets, r->room * sizeof(*more));
	if (!more)
		return fail_memory("for columns");
	r->offsets = more;
	r->offsets[0] = 0;
	return 0;
}

int
ragged_reserve(struct ragged *r, uint64_t lists, uint64_t bytes, uint64_t more)
{
	int rc;

	if (r->most > 0 && bytes > r->most)
		ragged_count(r);
	rc = ragged_room(r, lists);
	return rc || r->counting ? rc : ragged_grow(r, bytes + more);
}

struct collector {
	const struct column *column;
	const struct scan *scan;
	unsigned source;
	struct ragged *r;
};

/* Add the dims_count lists of one leaf. */
static int
collect_lists(const struct collector *k, const uint8_t *src)
{
	const struct type *leaf = k->column->leaf;
	size_t step = k->column->run / leaf->dims_count;
	const char *text;
	hobj_ref_t ref;
	uint64_t i;
	hvl_t list;
	int rc = 0;

	for (i = 0; i < leaf->dims_count && rc == 0; i++, src += step) {
		if (leaf->kind == TYPE_LIST) {
			memcpy(&list, src, sizeof(list));
			rc = ragged_add(k->r, leaf, list.p,
					list.p ? list.len : 0);
			continue;
		}
		if (leaf->kind == TYPE_REFERENCE ||
		    leaf->kind == TYPE_REFERENCE_LIST) {
			if (leaf->kind == TYPE_REFERENCE)
				memcpy(&ref, src, sizeof(ref));
			else
				reference_list_get(src, &ref);
			text = reference_path(k->scan, k->source, ref);
			if (!text && ref != 0 && ref != HADDR_UNDEF)
				k->r->lost++;
			/*
			 * A path that is stored as a text begins with a slash.
			 */
			if (text) {
				rc = ragged_add(k->r, leaf, "/", 1);
				if (rc != 0)
					return rc;
				k->r->count--;
			}
		} else {
			memcpy(&text, src, sizeof(text));
		}
		rc = ragged_add(k->r, leaf, text, text ? strlen(text) : 0);
	}
	return rc;
}

static int
collect_loop(const struct collector *k, unsigned depth, const uint8_t *src)
{
	const struct column *c = k->column;
	uint64_t i;
	int rc = 0;

	if (depth == c->loop_count)
		return collect_lists(k, src);
	for (i = 0; i < c->loop[depth].count && rc == 0; i++)
		rc = collect_loop(k, depth + 1,
				  src + i * c->loop[depth].stride);
	return rc;
}

int
column_collect(const struct column *column, const struct scan *scan,
	       unsigned source, const uint8_t *elements, uint64_t count,
	       size_t stride, struct ragged *r)
{
	struct collector k = { column, scan, source, r };
	uint64_t i;
	int rc;

	rc = ragged_room(r, count * column->repeat);
	for (i = 0; i < count && rc == 0; i++)
		rc = collect_loop(&k, 0,
				  elements + i * stride + column->offset);
	return rc;
}
