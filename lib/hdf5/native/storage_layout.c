/* SPDX-License-Identifier: MIT */
/* How the data of a dataset are stored. */

#include "hdf5/native/native.h"

/* Classes of layouts. */
#define COMPACT	   0
#define CONTIGUOUS 1
#define CHUNKED	   2
#define VIRTUAL	   3

/* Flags of chunks, since version 4. */
#define EDGES_UNFILTERED 1
#define SINGLE_FILTERED	 2

static int
doubt(struct native *n)
{
	return image_doubt(&n->image, "an unknown form of storage");
}

/* Bytes of the dataset in the file. */
static int
data_size(struct native *n, const struct native_dataset *d, uint64_t *ret)
{
	if (__builtin_mul_overflow(d->space->points, d->type->size, ret))
		return image_doubt(&n->image, "a dataset of absurd size");
	return 0;
}

static int
compact_set(struct native *n, struct cursor *b, uint64_t size,
	    struct native_dataset *d)
{
	const uint8_t *data = take(b, size);
	uint64_t wanted;
	int err = data_size(n, d, &wanted);

	d->layout.kind = NATIVE_COMPACT;
	d->layout.size = size;
	if (err == 0 && (!data || size != wanted))
		return image_doubt(&n->image, "compact data of a wrong size");
	if (err != 0)
		return err;
	d->layout.data = native_bytes(n, data, size);
	return d->layout.data ? 0 : CUTE_SHM_ERR_NOMEM;
}

/* Data at an address; UNDEFINED: fill values. */
static int
contiguous_set(struct native *n, uint64_t address, struct native_dataset *d)
{
	struct native_layout *l = &d->layout;
	int err = data_size(n, d, &l->size);

	l->kind = NATIVE_CONTIGUOUS;
	l->address = address;
	if (err == 0 && address != UNDEFINED &&
	    !image_holds(&n->image, address, l->size))
		return image_doubt(&n->image,
				   "data beyond the end of the file");
	return err;
}

/*
 * The dimensions of a chunk, the last of which is the size of an element; each
 * has 'bytes' bytes.
 */
static int
chunk_read(struct native *n, struct cursor *b, unsigned rank, unsigned bytes,
	   struct native_dataset *d)
{
	struct native_layout *l = &d->layout;
	uint64_t *dims = native_get(n, NATIVE_RANK + 1, sizeof(*dims));
	unsigned i;

	if (!dims)
		return CUTE_SHM_ERR_NOMEM;
	l->kind = NATIVE_CHUNKED;
	l->rank = rank - 1;
	l->dims = dims;
	l->chunk_size = 1;
	for (i = 0; i < rank && !b->over; i++) {
		dims[i] = take_number(b, bytes);
		if (dims[i] == 0 ||
		    __builtin_mul_overflow(l->chunk_size, dims[i],
					   &l->chunk_size) ||
		    l->chunk_size > UINT32_MAX)
			return image_doubt(&n->image, "a chunk of absurd size");
	}
	if (b->over || l->rank != d->space->rank ||
	    dims[l->rank] != d->type->size)
		return image_doubt(&n->image, "a chunk of a wrong form");
	return 0;
}

static bool
rank_good(unsigned rank)
{
	return rank >= 2 && rank <= NATIVE_RANK + 1;
}

/* Versions 1 and 2; 'b' is behind the version. */
static int
read_old(struct native *n, struct cursor *b, struct native_dataset *d)
{
	unsigned rank = take_8(b), class = take_8(b);
	uint64_t address = UNDEFINED;

	take(b, 5);
	if (class != COMPACT)
		address = take_address(b, &n->image);
	if (rank == 0 || rank > NATIVE_RANK + 1)
		return doubt(n);
	if (class == CHUNKED) {
		d->layout.address = address;
		return rank_good(rank) ? chunk_read(n, b, rank, 4, d)
				       : doubt(n);
	}
	take(b, 4 * (uint64_t)rank);
	if (class == CONTIGUOUS && !b->over)
		return contiguous_set(n, address, d);
	return class == COMPACT ? compact_set(n, b, take_32(b), d) : doubt(n);
}

static int
read_chunks_3(struct native *n, struct cursor *b, struct native_dataset *d)
{
	unsigned rank = take_8(b);

	if (!rank_good(rank))
		return doubt(n);
	d->layout.address = take_address(b, &n->image);
	return chunk_read(n, b, rank, 4, d);
}

/* What the layout message has for the index of its kind. */
static int
read_index(struct native *n, struct cursor *b, unsigned kind,
	   struct native_layout *l)
{
	bool bad = false;

	l->index = (uint8_t)kind;
	l->size = l->chunk_size;
	switch (kind) {
	case NATIVE_SINGLE:
		if (l->flags & SINGLE_FILTERED) {
			l->size = take_length(b, &n->image);
			l->mask = take_32(b);
		}
		break;
	case NATIVE_IMPLICIT: break;
	case NATIVE_FIXED: bad = take_8(b) == 0; break;
	case NATIVE_EXTENSIBLE:
		l->shape.max_bits = (uint8_t)take_8(b);
		l->shape.index_elements = (uint8_t)take_8(b);
		l->shape.min_pointers = (uint8_t)take_8(b);
		l->shape.min_elements = (uint8_t)take_8(b);
		l->shape.page_bits = (uint8_t)take_8(b);
		bad = !extensible_array_good(&l->shape);
		break;
	case NATIVE_TREE_2:
		bad = take_32(b) == 0;
		bad |= take_8(b) == 0;
		bad |= take_8(b) == 0;
		break;
	default: return doubt(n);
	}
	l->address = take_address(b, &n->image);
	return b->over || bad ? doubt(n) : 0;
}

/* Extensible arrays have one dimension without limit, other arrays none. */
static int
check_limits(struct native *n, const struct native_dataset *d)
{
	enum native_chunk_index index = d->layout.index;
	unsigned i, unlimited = 0;

	for (i = 0; i < d->space->rank; i++)
		unlimited += d->space->max[i] == UNDEFINED;
	if (index == NATIVE_TREE_2 ||
	    unlimited == (index == NATIVE_EXTENSIBLE ? 1 : 0))
		return 0;
	return image_doubt(&n->image, "an index that does not fit the extent");
}

static int
read_chunks_4(struct native *n, struct cursor *b, struct native_dataset *d)
{
	unsigned rank, bytes;
	int err;

	d->layout.flags = (uint8_t)take_8(b);
	rank = take_8(b);
	bytes = take_8(b);
	if (!rank_good(rank) || bytes == 0 || bytes > 8 ||
	    (d->layout.flags & ~(EDGES_UNFILTERED | SINGLE_FILTERED)))
		return doubt(n);
	err = chunk_read(n, b, rank, bytes, d);
	if (err == 0)
		err = read_index(n, b, take_8(b), &d->layout);
	return err ? err : check_limits(n, d);
}

static int
read_new(struct native *n, struct cursor *b, unsigned version,
	 struct native_dataset *d)
{
	uint64_t address, size;
	int err;

	switch (take_8(b)) {
	case COMPACT: return compact_set(n, b, take_16(b), d);
	case CONTIGUOUS:
		address = take_address(b, &n->image);
		size = take_length(b, &n->image);
		err = contiguous_set(n, address, d);
		if (err == 0 && (b->over || size != d->layout.size))
			return image_doubt(&n->image, "data of a wrong size");
		return err;
	case CHUNKED:
		return version == 3 ? read_chunks_3(n, b, d)
				    : read_chunks_4(n, b, d);
	case VIRTUAL: return image_doubt(&n->image, "a virtual dataset");
	default: return doubt(n);
	}
}

int
layout_read(struct native *n, struct cursor b, struct native_dataset *d)
{
	unsigned version = take_8(&b);
	int err;

	if (version < 1 || version > 5)
		return doubt(n);
	d->layout.wide = version == 5;
	err = version < 3 ? read_old(n, &b, d) : read_new(n, &b, version, d);
	return err == 0 && b.over ? doubt(n) : err;
}
