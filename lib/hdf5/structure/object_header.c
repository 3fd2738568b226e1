/* SPDX-License-Identifier: MIT */
/* Object headers of versions 1 and 2, with their continuations. */

#include <stdlib.h>

#include "hdf5/structure/structure.h"

/* Flags of a message. */
#define DO_NOT_SHARE	0x04
#define FAIL_IF_WRITING 0x08
#define MARK_UNKNOWN	0x10
#define WAS_UNKNOWN	0x20
#define SHAREABLE	0x40
#define FAIL_ALWAYS	0x80

/* Types of messages that may be shared. */
#define SHAREABLE_TYPES \
	(1u << MESSAGE_DATASPACE | 1u << MESSAGE_DATATYPE | \
	 1u << MESSAGE_FILL_OLD | 1u << MESSAGE_FILL | 1u << MESSAGE_FILTERS | \
	 1u << MESSAGE_ATTRIBUTE)

/* Flags of a version 2 header. */
#define CHUNK_SIZE_BITS 0x03
#define TRACKED		0x04
#define PHASE_CHANGE	0x10
#define TIMES		0x20
#define UNKNOWN_FLAGS	0xc0

/* No object has so many; each costs a read, and a cycle would not end. */
#define MOST_CONTINUATIONS 4096

struct piece {
	uint64_t address, size;
};

/* Pieces of the header that are to be read. */
struct queue {
	struct piece *pieces;
	uint32_t count, room;
};

static int
queue_add(struct image *f, struct queue *q, struct cursor b)
{
	struct piece p;
	void *grown;
	uint32_t i;

	p.address = take_address(&b, f);
	p.size = take_length(&b, f);
	if (b.over || q->count == MOST_CONTINUATIONS)
		return image_doubt(f, "a broken continuation of a header");
	for (i = 0; i < q->count; i++)
		if (q->pieces[i].address == p.address)
			return image_doubt(f, "a header continues in itself");
	grown = vector_grow(q->pieces, q->count, &q->room, sizeof(p),
			    "pieces of an object header");
	if (!grown)
		return CUTE_SHM_ERR_NOMEM;
	q->pieces = grown;
	q->pieces[q->count++] = p;
	return 0;
}

/* Whether libhdf5 would refuse the header for this message. */
static bool
is_wrong(const struct header *h, const struct header_message *m)
{
	unsigned f = m->flags;

	if ((f & MESSAGE_SHARED) && (f & DO_NOT_SHARE))
		return true;
	if ((f & WAS_UNKNOWN) && ((f & FAIL_IF_WRITING) || !(f & MARK_UNKNOWN)))
		return true;
	if ((f & (SHAREABLE | MESSAGE_SHARED)) && m->type <= MESSAGE_LAST &&
	    !(SHAREABLE_TYPES >> m->type & 1))
		return true;
	if (m->type == MESSAGE_REFERENCES &&
	    (!h->version_2 || m->size < 5 || m->data[0] != 0))
		return true;
	return (m->type > MESSAGE_LAST && (f & FAIL_ALWAYS)) ||
	       m->type == MESSAGE_BOGUS;
}

/* Only of these an object may have several. */
static bool
may_repeat(unsigned type)
{
	return type == MESSAGE_ATTRIBUTE || type == MESSAGE_LINK ||
	       type > MESSAGE_LAST;
}

static int
add(struct image *f, struct header *h, struct queue *q,
    const struct header_message *m)
{
	void *grown;

	if (is_wrong(h, m))
		return image_doubt(f, "flags of a message that must not be");
	if (m->type == MESSAGE_NIL)
		return 0;
	if (m->type == MESSAGE_CONTINUATION)
		return queue_add(f, q, cursor_on(m->data, m->size));
	if (m->type <= MESSAGE_LAST) {
		if ((h->present >> m->type & 1) && !may_repeat(m->type))
			return image_doubt(f, "a message comes twice");
		h->present |= 1u << m->type;
	}
	grown = vector_grow(h->messages, h->count, &h->room, sizeof(*m),
			    "messages");
	if (!grown)
		return CUTE_SHM_ERR_NOMEM;
	h->messages = grown;
	h->messages[h->count++] = *m;
	return 0;
}

static int
add_all_v1(struct image *f, struct header *h, struct queue *q, struct cursor b)
{
	struct header_message m = { 0 };
	int err = 0;

	while (err == 0 && bytes_left(&b) > 0) {
		unsigned type = take_16(&b);

		m.type = type > MESSAGE_LAST ? 0xff : (uint8_t)type;
		m.size = take_16(&b);
		m.flags = (uint8_t)take_8(&b);
		take(&b, 3);
		m.data = take(&b, m.size);
		if (b.over || m.size % 8 != 0)
			return image_doubt(f, "a message exceeds its header");
		err = add(f, h, q, &m);
	}
	return err;
}

static int
add_all_v2(struct image *f, struct header *h, struct queue *q, struct cursor b)
{
	unsigned prefix = h->ordered ? 6 : 4;
	struct header_message m = { 0 };
	int err = 0;

	/* What is too short for a message is a gap. */
	while (err == 0 && bytes_left(&b) >= prefix) {
		m.type = (uint8_t)take_8(&b);
		m.size = take_16(&b);
		m.flags = (uint8_t)take_8(&b);
		if (h->ordered)
			m.order = (uint16_t)take_16(&b);
		m.data = take(&b, m.size);
		if (b.over)
			return image_doubt(f, "a message exceeds its header");
		err = add(f, h, q, &m);
	}
	return err;
}

/* A continuation. */
static int
read_piece(struct image *f, struct header *h, struct queue *q, struct piece p)
{
	const uint8_t *data = image_get(f, p.address, p.size);

	if (!data)
		return NO_OPINION;
	if (!h->version_2)
		return add_all_v1(f, h, q, cursor_on(data, p.size));
	if (p.size < 8 || memcmp(data, "OCHK", 4) != 0)
		return image_doubt(f, "a continuation without its signature");
	if (!checksum_good(f, data, p.size))
		return NO_OPINION;
	return add_all_v2(f, h, q, cursor_on(data + 4, p.size - 8));
}

#define PREFIX_V1 16
#define PREFIX_V2 6

static int
read_v1(struct image *f, uint64_t address, struct header *h, struct queue *q)
{
	const uint8_t *p = image_get(f, address, PREFIX_V1);
	uint64_t size;

	if (!p)
		return NO_OPINION;
	if (p[0] != 1)
		return image_doubt(f, "no object header");
	/* libhdf5 only wants to know whether there are messages. */
	size = number_at(p + 8, 4);
	if (number_at(p + 2, 2) == 0 ? size > 0 : size < 8)
		return image_doubt(f, "an object header of a wrong size");
	p = image_get(f, address + PREFIX_V1, size);
	if (!p)
		return NO_OPINION;
	return add_all_v1(f, h, q, cursor_on(p, size));
}

static int
read_v2(struct image *f, uint64_t address, struct header *h, struct queue *q)
{
	const uint8_t *p = image_get(f, address, PREFIX_V2);
	unsigned flags, bytes, prefix;
	uint64_t size;

	if (!p)
		return NO_OPINION;
	flags = p[5];
	if (p[4] != 2 || (flags & UNKNOWN_FLAGS))
		return image_doubt(f, "unknown version of an object header");
	h->version_2 = true;
	h->ordered = (flags & TRACKED) != 0;
	bytes = 1u << (flags & CHUNK_SIZE_BITS);
	prefix = PREFIX_V2 + (flags & TIMES ? 16u : 0) +
		 (flags & PHASE_CHANGE ? 4u : 0) + bytes;
	p = image_get(f, address, prefix);
	if (!p)
		return NO_OPINION;
	size = number_at(p + prefix - bytes, bytes);
	if (!image_holds(f, address, size))
		return image_doubt(f, "an object header exceeds the file");
	p = image_get(f, address, prefix + size + 4);
	if (!p || !checksum_good(f, p, prefix + size + 4))
		return NO_OPINION;
	return add_all_v2(f, h, q, cursor_on(p + prefix, size));
}

int
header_read(struct image *f, uint64_t address, struct header *h)
{
	const uint8_t *p = image_get(f, address, 4);
	struct queue q = { 0 };
	uint32_t i;
	int err;

	h->count = 0;
	h->present = 0;
	h->version_2 = h->ordered = false;
	if (!p)
		return NO_OPINION;
	err = memcmp(p, "OHDR", 4) == 0 ? read_v2(f, address, h, &q)
					: read_v1(f, address, h, &q);
	for (i = 0; err == 0 && i < q.count; i++)
		err = read_piece(f, h, &q, q.pieces[i]);
	free(q.pieces);
	return err;
}

void
header_free(struct header *h)
{
	free(h->messages);
	*h = (struct header){ 0 };
}

const struct header_message *
header_find(const struct header *h, unsigned type)
{
	uint32_t i;

	if ((h->present >> type & 1) == 0)
		return NULL;
	for (i = 0; h->messages[i].type != type; i++)
		;
	return &h->messages[i];
}
