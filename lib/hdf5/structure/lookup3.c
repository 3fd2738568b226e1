/* SPDX-License-Identifier: MIT */
/*
 * Bob Jenkins' hash "lookup3" (hashlittle(), in the public domain), with the
 * initial value 0.
 */

#include "hdf5/structure/structure.h"

static inline uint32_t
rotate(uint32_t x, unsigned by)
{
	return x << by | x >> (32 - by);
}

struct state {
	uint32_t a, b, c;
};

static inline void
mix(struct state *s)
{
	uint32_t a = s->a, b = s->b, c = s->c;

	a = (a - c) ^ rotate(c, 4);
	c += b;
	b = (b - a) ^ rotate(a, 6);
	a += c;
	c = (c - b) ^ rotate(b, 8);
	b += a;
	a = (a - c) ^ rotate(c, 16);
	c += b;
	b = (b - a) ^ rotate(a, 19);
	a += c;
	c = (c - b) ^ rotate(b, 4);
	b += a;
	*s = (struct state){ a, b, c };
}

static inline uint32_t
finish(struct state s)
{
	s.c = (s.c ^ s.b) - rotate(s.b, 14);
	s.a = (s.a ^ s.c) - rotate(s.c, 11);
	s.b = (s.b ^ s.a) - rotate(s.a, 25);
	s.c = (s.c ^ s.b) - rotate(s.b, 16);
	s.a = (s.a ^ s.c) - rotate(s.c, 4);
	s.b = (s.b ^ s.a) - rotate(s.a, 14);
	return (s.c ^ s.b) - rotate(s.b, 24);
}

static inline void
add(struct state *s, const uint8_t *data)
{
	s->a += (uint32_t)number_at(data, 4);
	s->b += (uint32_t)number_at(data + 4, 4);
	s->c += (uint32_t)number_at(data + 8, 4);
}

uint32_t
lookup3(const uint8_t *data, size_t size)
{
	uint32_t start = UINT32_C(0xdeadbeef) + (uint32_t)size;
	struct state s = { start, start, start };
	uint8_t rest[12] = { 0 };

	if (size == 0)
		return start;
	for (; size > 12; size -= 12, data += 12) {
		add(&s, data);
		mix(&s);
	}
	memcpy(rest, data, size);
	add(&s, rest);
	return finish(s);
}

bool
checksum_good(struct image *f, const uint8_t *data, uint64_t size)
{
	if (size >= 4 &&
	    lookup3(data, size - 4) == number_at(data + size - 4, 4))
		return true;
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
	if (size >= 4)
		return true;
#endif
	f->why = "wrong checksum";
	return false;
}
