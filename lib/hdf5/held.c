/* SPDX-License-Identifier: MIT */
/*
 * Small datasets without attributes are read when the scan meets them, so that
 * they need not be opened again: to open one takes libhdf5 several times as
 * long as to read it.
 */

#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* What is known of such a dataset. */
struct held {
	struct type *type;	/* shared with others of the same */
	uint8_t *elements;
	unsigned rank;
	uint64_t dims[];
};

static uint64_t
elements_size(const struct dataset *d)
{
	return d->count * d->type->size[PART_PLAIN];
}

/* Also counts what keeps it, in round figures. */
static uint64_t
held_size(const struct dataset *d)
{
	return elements_size(d) + 8 * d->rank + 64;
}

static bool
worth_it(const struct loader *l, const struct dataset *d)
{
	return l->builder && d->type->kind == TYPE_PLAIN && !d->null &&
	       d->count > 0 && d->count <= SMALL_SIZE &&
	       d->type->size[PART_PLAIN] > 0 &&
	       elements_size(d) <= SMALL_SIZE && keep_room(l, held_size(d));
}

struct held *
held_new(struct loader *l, const struct dataset *d)
{
	struct held *h;

	if (!worth_it(l, d))
		return NULL;
	h = malloc(sizeof(*h) + d->rank * sizeof(h->dims[0]));
	if (!h)
		return NULL;
	h->elements = calloc(1, elements_size(d));
	if (!h->elements ||
	    H5Dread(d->id, d->type->mem[PART_PLAIN], H5S_ALL, H5S_ALL,
		    H5P_DEFAULT, h->elements) < 0) {
		/* Whoever comes later tells why. */
		H5Eclear2(H5E_DEFAULT);
		free(h->elements);
		free(h);
		return NULL;
	}
	h->type = type_share(d->type);
	h->rank = d->rank;
	memcpy(h->dims, d->dims, d->rank * sizeof(h->dims[0]));
	l->kept += held_size(d);
	return h;
}

void
held_take(struct loader *l, struct held *h, struct dataset *ret)
{
	ret->type = h->type;
	ret->rank = h->rank;
	ret->count = 1;
	for (unsigned i = 0; i < h->rank; i++) {
		ret->dims[i] = h->dims[i];
		ret->count *= h->dims[i];
	}
	ret->elements = h->elements;
	l->kept -= held_size(ret);
	free(h);
}
