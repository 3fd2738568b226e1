/* SPDX-License-Identifier: MIT */
/*
 * Memory for the lists and texts that libhdf5 reads.  It is allocated in large
 * pieces and freed all at once.  At a limit H5Dread fails.
 */

#include <stdlib.h>

#include "hdf5/dataset/dataset.h"

#define PIECE	  ((size_t)1 << 20)
#define ALIGNMENT 16

struct piece {
	struct piece *next;
	size_t size, used;
	_Alignas(ALIGNMENT) uint8_t data[];
};

void
heap_reset(struct heap *h)
{
	while (h->pieces) {
		struct piece *next = h->pieces->next;

		free(h->pieces);
		h->pieces = next;
	}
	arena_free(&h->lists.arena);
	h->lists = (struct native_lists){ .most = h->limit };
	h->used = 0;
	h->full = false;
}

static struct piece *
piece_new(struct heap *h, size_t size)
{
	size_t room = size < PIECE ? PIECE : size;
	struct piece *p = malloc(sizeof(*p) + room);

	if (!p)
		return NULL;
	*p = (struct piece){ .next = h->pieces, .size = room };
	h->pieces = p;
	return p;
}

static void *
heap_alloc(size_t size, void *heap)
{
	struct heap *h = heap;
	struct piece *p = h->pieces;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	/* A single list may exceed the limit. */
	if (h->used > 0 && size > h->limit - h->used) {
		h->full = true;
		return NULL;
	}
	if (!p || size > p->size - p->used)
		p = piece_new(h, size);
	if (!p)
		return NULL;
	h->used = size > h->limit - h->used ? h->limit : h->used + size;
	p->used += size;
	return p->data + p->used - size;
}

static void
list_free(void *data, void *heap)
{
	(void)data, (void)heap;
}

void
heap_begin(struct heap *h, uint64_t limit)
{
	*h = (struct heap){ .dxpl = H5I_INVALID_HID, .limit = limit };
}

hid_t
heap_dxpl(struct heap *h)
{
	if (h->dxpl >= 0)
		return h->dxpl;
	h->dxpl = H5Pcreate(H5P_DATASET_XFER);
	if (h->dxpl >= 0 &&
	    H5Pset_vlen_mem_manager(h->dxpl, heap_alloc, h, list_free, h) < 0) {
		H5Pclose(h->dxpl);
		h->dxpl = H5I_INVALID_HID;
	}
	return h->dxpl;
}

void
heap_end(struct heap *h)
{
	heap_reset(h);
	if (h->dxpl >= 0)
		H5Pclose(h->dxpl);
}
