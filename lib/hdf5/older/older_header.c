/* SPDX-License-Identifier: MIT */
/*
 * Object headers with datatypes in the form of libhdf5 1.10.  Versions 4 and 5
 * of datatypes have brought new references and complex numbers; all other types
 * have the same bytes in version 3, but for the number of the version.
 */

#include "hdf5/older/older.h"

#define NEWEST_OLD 3 /* the version of libhdf5 1.10 */

/* Classes of datatypes. */
enum {
	INTEGER,
	FLOAT,
	TIME,
	STRING,
	BITFIELD,
	OPAQUE,
	COMPOUND,
	REFERENCE,
	ENUM,
	LIST,
	ARRAY
};

#define DEEPEST 32 /* types in each other */

/* Flags of an object header. */
#define SIZE_BITS 0x03u
#define PHASES	  0x10u
#define TIMES	  0x20u
#define UNKNOWN	  0xc0u

/* What is done with the types of a header. */
struct types {
	unsigned newest; /* version that libhdf5 knows */
	bool change;	 /* else only look */
	bool newer;	 /* there is a type of a later version */
};

static bool type_older(struct types *t, struct cursor *b, unsigned depth);

static bool
take_name(struct cursor *b)
{
	const uint8_t *end = memchr(b->at, '\0', bytes_left(b));

	return end && take(b, (uint64_t)(end - b->at) + 1);
}

static bool
members_older(struct types *t, struct cursor *b, unsigned count, uint32_t size,
	      unsigned depth)
{
	bool ok = true;

	for (unsigned i = 0; i < count && ok; i++)
		ok = take_name(b) && take(b, bytes_for(size)) &&
		     type_older(t, b, depth + 1);
	return ok;
}

static bool
enum_older(struct types *t, struct cursor *b, unsigned count, uint32_t size,
	   unsigned depth)
{
	bool ok = type_older(t, b, depth + 1);

	for (unsigned i = 0; i < count && ok; i++)
		ok = take_name(b);
	return ok && take(b, (uint64_t)count * size);
}

static bool
array_older(struct types *t, struct cursor *b, unsigned depth)
{
	return take(b, 4 * (uint64_t)take_8(b)) && type_older(t, b, depth + 1);
}

/* False: the type has no old form, or is damaged. */
static bool
type_older(struct types *t, struct cursor *b, unsigned depth)
{
	uint8_t *first = (uint8_t *)(uintptr_t)b->at;
	unsigned head = take_8(b), version = head >> 4, class = head & 0x0f;
	unsigned bits = (unsigned)take_number(b, 3);
	uint32_t size = take_32(b);

	if (b->over || depth > DEEPEST || version < 1 || version > 5 ||
	    (version >= 4 && class == REFERENCE) ||
	    (version < 3 &&
	     (class == COMPOUND || class == ENUM || class == ARRAY)))
		return false;
	if (version > t->newest)
		t->newer = true;
	if (version > t->newest && t->change)
		*first = (uint8_t)(NEWEST_OLD << 4 | class);
	switch (class) {
	case INTEGER:
	case BITFIELD: return take(b, 4);
	case FLOAT: return take(b, 12);
	case TIME: return take(b, 2);
	case STRING:
	case REFERENCE: return true;
	case OPAQUE: return take(b, bits & 0xff);
	case COMPOUND: return members_older(t, b, bits & 0xffff, size, depth);
	case ENUM: return enum_older(t, b, bits & 0xffff, size, depth);
	case LIST: return type_older(t, b, depth + 1);
	case ARRAY: return array_older(t, b, depth);
	default: return false;
	}
}

/* The bytes of an attribute's type; none if another object has it. */
static struct cursor
type_of_attribute(struct cursor b)
{
	unsigned version = take_8(&b), flags = take_8(&b);
	unsigned name = take_16(&b), type = take_16(&b);
	const uint8_t *at;

	take(&b, 2);
	if (version == 3)
		take(&b, 1);
	take(&b, name);
	at = take(&b, type);
	if ((version != 2 && version != 3) || (flags & MESSAGE_SHARED) != 0 ||
	    (flags & 1) != 0 || !at)
		return cursor_on(b.end, 0);
	return cursor_on(at, type);
}

/* Change a type of later version in a message, if there is one. */
static bool
message_older(unsigned type, unsigned flags, struct cursor b, unsigned newest)
{
	struct types t = { .newest = newest };
	struct cursor again;

	if (flags & MESSAGE_SHARED)
		return false;
	if (type == MESSAGE_ATTRIBUTE)
		b = type_of_attribute(b);
	else if (type != MESSAGE_DATATYPE)
		return false;
	again = b;
	if (!type_older(&t, &b, 0) || !t.newer)
		return false;
	t.change = true;
	return type_older(&t, &again, 0);
}

struct message {
	unsigned type, flags;
	struct cursor data;
};

/* The next message; false at the end, or if it is broken: then b->over. */
static bool
next_message(struct cursor *b, bool ordered, struct message *ret)
{
	unsigned prefix = ordered ? 6 : 4, size;
	const uint8_t *data;

	if (bytes_left(b) < prefix)
		return false;
	ret->type = take_8(b);
	size = take_16(b);
	ret->flags = take_8(b);
	take(b, prefix - 4);
	data = take(b, size);
	if (data)
		ret->data = cursor_on(data, size);
	return data != NULL;
}

/* Change the messages of a chunk, if all of it can be read. */
static bool
messages_older(struct cursor b, bool ordered, unsigned newest)
{
	struct cursor look = b;
	struct message m;
	bool changed = false;

	while (next_message(&look, ordered, &m))
		;
	while (!look.over && next_message(&b, ordered, &m))
		changed |= message_older(m.type, m.flags, m.data, newest);
	return changed;
}

uint64_t
header_size(const uint8_t *bytes, uint64_t size, unsigned *prefix)
{
	unsigned flags, n;

	if (size < 16 || memcmp(bytes, "OHDR\2", 5) != 0)
		return 0;
	flags = bytes[5];
	n = 1u << (flags & SIZE_BITS);
	*prefix = 6 + (flags & TIMES ? 16u : 0) + (flags & PHASES ? 4u : 0) + n;
	if ((flags & UNKNOWN) || *prefix > size)
		return 0;
	size = number_at(bytes + *prefix - n, n);
	return size < UINT32_MAX ? *prefix + size + 4 : 0;
}

bool
header_older(uint8_t *bytes, uint64_t size, bool ordered, unsigned version)
{
	unsigned newest = version < SINCE_1_12 ? NEWEST_OLD : 4, prefix = 4;
	bool first = header_size(bytes, size, &prefix) == size;
	uint32_t sum;

	if (size < 8 || (!first && memcmp(bytes, "OCHK", 4) != 0))
		return false;
#ifndef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
	if (lookup3(bytes, size - 4) != number_at(bytes + size - 4, 4))
		return false;
#endif
	if (first)
		ordered = header_ordered(bytes);
	if (!messages_older(cursor_on(bytes + prefix, size - 4 - prefix),
			    ordered, newest))
		return false;
	sum = htole32(lookup3(bytes, size - 4));
	memcpy(bytes + size - 4, &sum, 4);
	return true;
}
