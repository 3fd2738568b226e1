/* SPDX-License-Identifier: MIT */
/*
 * Datasets that are opened only once, because opening one takes libhdf5 several
 * times as long as reading it.  The scan reads small datasets when it meets
 * them.  Of other datasets whose data are contiguous in the file, it records
 * the offset of the data.  It also lists the names of attributes, which can be
 * opened without the dataset.
 */

#include <stdlib.h>
#include <string.h>

#include "hdf5/dataset/dataset.h"

#define PLACES_MAX (UINT64_C(8) << 20) /* bytes for all datasets */

/*
 * Opening an attribute by name costs about 1/8 of reopening its dataset, so it
 * is cheaper for up to 8.
 */
#define FEW_ATTRIBUTES 8

/* What is known of a dataset that need not be reopened. */
struct held {
	struct type *type; /* shared with other datasets */
	uint8_t *elements; /* NULL: in the file, at 'offset' */
	uint64_t offset;
	struct names attributes;
	unsigned rank;
	uint64_t dims[];
};

static uint64_t
elements_size(const struct dataset *d)
{
	return d->count * d->type->size[PART_PLAIN];
}

/* Includes an estimate for this struct and the allocator. */
static uint64_t
held_size(const struct dataset *d)
{
	return elements_size(d) + 8 * d->rank + 64;
}

static uint64_t
place_size(const struct dataset *d)
{
	return sizeof(struct held) + 8 * d->rank + 16;
}

static struct held *
held_make(const struct dataset *d)
{
	struct held *h = malloc(sizeof(*h) + d->rank * sizeof(h->dims[0]));

	if (!h)
		return NULL;
	*h = (struct held){ .rank = d->rank };
	memcpy(h->dims, d->dims, d->rank * sizeof(h->dims[0]));
	return h;
}

/* ------------------------------------------------------------ read already */

static bool
worth_it(const struct loader *l, const struct dataset *d)
{
	return l->builder && d->type->kind == TYPE_PLAIN && !d->null &&
	       !d->slice && d->count > 0 && d->count <= SMALL_SIZE &&
	       d->type->size[PART_PLAIN] > 0 &&
	       elements_size(d) <= SMALL_SIZE && keep_room(l, held_size(d));
}

static struct held *
held_read(struct loader *l, const struct dataset *d)
{
	struct held *h = held_make(d);

	if (!h)
		return NULL;
	h->elements = calloc(1, elements_size(d));
	if (!h->elements || stored_check(d->id, NULL, NULL, NULL) != 0 ||
	    elements_read(d->id, type_mem(d->type, PART_PLAIN), H5S_ALL,
			  H5S_ALL, H5P_DEFAULT, h->elements) < 0) {
		/*
		 * The dataset is read again later, and the error reported then.
		 */
		H5Eclear2(H5E_DEFAULT);
		free(h->elements);
		free(h);
		return NULL;
	}
	h->type = type_share(d->type);
	l->kept += held_size(d);
	return h;
}

/* The bytes of the names, estimated. */
static uint64_t
names_size(const struct names *n)
{
	uint64_t size = n->room * sizeof(*n->name);

	for (size_t i = 0; i < n->count; i++)
		size += strlen(n->name[i]) + 24;
	return size;
}

/* Keep the names if the limit allows it; else they are listed again later. */
static bool
keep_names(struct loader *l, hid_t id, struct names *ret)
{
	uint64_t size;

	if (!names_list(id, ret)) {
		H5Eclear2(H5E_DEFAULT);
		names_free(ret);
		return false;
	}
	size = names_size(ret);
	if (l->kept_places + size > PLACES_MAX) {
		names_free(ret);
		return false;
	}
	l->kept_places += size;
	return true;
}

struct held *
held_new(struct loader *l, const struct dataset *d, hsize_t attributes)
{
	struct dataset none = { .id = H5I_INVALID_HID };
	struct held *h;

	if (attributes > FEW_ATTRIBUTES)
		return NULL;
	h = worth_it(l, d) ? held_read(l, d) : held_place(l, d);
	if (!h || attributes == 0 || keep_names(l, d->id, &h->attributes))
		return h;
	held_take(l, h, &none);
	dataset_free(&none);
	return NULL;
}

/* --------------------------------------------------------- in one piece */

static bool
place_get(struct loader *l, const struct dataset *d, uint64_t *ret)
{
	const struct type *t = d->type;
	uint64_t size;
	haddr_t at;

	if (d->placed) {
		*ret = d->offset;
		return true;
	}
	if (t->kind != TYPE_PLAIN || !t->direct || d->null || d->slice ||
	    d->count == 0 ||
	    __builtin_mul_overflow(d->count, t->convert.from, &size) ||
	    size >= CONTIGUOUS_LEAST || strategy_generic() ||
	    source_descriptor(l->scan, d->object->source) < 0)
		return false;
	/* HADDR_UNDEF for chunked data and for data in external files. */
	at = H5Dget_offset(d->id);
	*ret = at;
	return at != HADDR_UNDEF && size <= H5Dget_storage_size(d->id);
}

struct held *
held_place(struct loader *l, const struct dataset *d)
{
	uint64_t offset;
	struct held *h;

	if (!l->builder || l->kept_places + place_size(d) > PLACES_MAX ||
	    !place_get(l, d, &offset)) {
		H5Eclear2(H5E_DEFAULT);
		return NULL;
	}
	h = held_make(d);
	if (!h)
		return NULL;
	h->type = type_share(d->type);
	h->offset = offset;
	l->kept_places += place_size(d);
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
	ret->placed = !h->elements;
	ret->offset = h->offset;
	ret->attributes = h->attributes;
	l->kept_places -= names_size(&h->attributes);
	if (h->elements)
		l->kept -= held_size(ret);
	else
		l->kept_places -= place_size(ret);
	free(h);
}
