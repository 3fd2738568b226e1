/* SPDX-License-Identifier: MIT */
/*
 * Small data of a file, read in large pieces, a few of which are kept.  Arrays
 * are read in the order of their names; in the file, those of a group mostly
 * lie together in another order.
 */

#include <stdlib.h>

#include "hdf5/structure/structure.h"

#define PIECE  ((uint64_t)256 << 10)
#define PIECES 8

/* In files up to this size, small data are read with those around them. */
#define DATA_LIMIT ((uint64_t)64 << 20)

struct window {
	uint64_t total;		 /* bytes that were ever read */
	uint64_t number[PIECES]; /* of the piece of the file, or UNDEFINED */
	uint8_t bytes[PIECES][PIECE];
};

static struct window *
window_new(void)
{
	struct window *w = malloc(sizeof(*w));

	if (!w)
		return NULL;
	w->total = 0;
	for (unsigned i = 0; i < PIECES; i++)
		w->number[i] = UNDEFINED;
	return w;
}

/* Where data lie far apart, it would be read again and again: then no more. */
static bool
piece_read(struct image *f, struct window *w, unsigned i, uint64_t number)
{
	uint64_t at = number * PIECE, size = f->size - at;

	size = size < PIECE ? size : PIECE;
	if (w->total / 2 > f->size)
		return false;
	w->total += size;
	w->number[i] = UNDEFINED;
	if (!image_read(f, w->bytes[i], at, size))
		return false;
	w->number[i] = number;
	return true;
}

/* Bytes of the file, valid until the next call; NULL: read them elsewhere. */
static const uint8_t *
window_get(struct image *f, uint64_t at, uint64_t size)
{
	uint64_t number = at / PIECE;
	unsigned i = (unsigned)(number % PIECES);

	if (size > PIECE - at % PIECE)
		return NULL;
	if (!f->window)
		f->window = window_new();
	if (!f->window || (f->window->number[i] != number &&
			   !piece_read(f, f->window, i, number)))
		return NULL;
	return f->window->bytes[i] + at % PIECE;
}

const uint8_t *
image_peek(struct image *f, uint64_t address, uint64_t size)
{
	uint64_t at = f->base + address;

	if (!image_holds(f, address, size))
		return NULL;
	if (image_present(f, at, size))
		return f->bytes + at;
	return f->block == IMAGE_BLOCK && f->size <= DATA_LIMIT &&
			       size <= IMAGE_BLOCK
		       ? window_get(f, at, size)
		       : NULL;
}
