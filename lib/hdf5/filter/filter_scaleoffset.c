/* SPDX-License-Identifier: MIT */
/*
 * HDF5's scaleoffset: a chunk begins with the number of bits of each element
 * and the least value; then each element less that value, in so many bits, the
 * highest bit first.  All ones stand for the fill value, if there is one.
 */

#include <math.h>
#include <string.h>

#include "hdf5/filter/filter.h"

/* Bytes before the elements: the bits (4), a length (1), the least value. */
#define HEADER 21

/* The parameters, in the order of the file format. */
enum {
	SCALE_TYPE, /* DECIMAL or INTEGER */
	SCALE_FACTOR,
	ELEMENTS, /* of a chunk */
	CLASS,	  /* 0: integers, 1: floating point */
	SIZE,	  /* bytes of an element */
	SIGN,
	ORDER, /* 1: big-endian */
	HAS_FILL,
	FILL,
	PARAMS = 20
};

enum {
	DECIMAL = 0,
	INTEGER = 2
};

static bool
has_size(const struct filter *f)
{
	switch (f->param[SIZE]) {
	case 1:
	case 2: return f->param[CLASS] == 0;
	case 4:
	case 8: return true;
	default: return false;
	}
}

bool
filter_scaleoffset_known(const struct filter *f, size_t chunk_size)
{
	return f->param_count == PARAMS && f->param[CLASS] <= 1 &&
	       f->param[SCALE_TYPE] ==
		       (f->param[CLASS] ? (unsigned)DECIMAL : INTEGER) &&
	       has_size(f) && f->param[SIGN] <= 1 && f->param[ORDER] <= 1 &&
	       f->param[HAS_FILL] <= 1 &&
	       (uint64_t)f->param[ELEMENTS] * f->param[SIZE] == chunk_size &&
	       (f->param[CLASS] == 1 ||
		(int)f->param[SCALE_FACTOR] <= (int)(8 * f->param[SIZE]));
}

size_t
filter_scaleoffset_most(size_t chunk_size)
{
	return chunk_size + HEADER + 1;
}

/* ---------------------------------------------------------------- elements */

/* The elements of a chunk, while they are unpacked. */
struct packed {
	const uint8_t *bytes;
	size_t size;   /* of bytes */
	size_t count;  /* of elements */
	unsigned bits; /* of each element; fewer than it has at last */
	uint64_t least;
	bool has_fill, swap;
	uint64_t stands; /* for the fill value */
	uint64_t fill;
	double factor; /* of floating-point numbers: 10 to the power of it */
};

/* Element 'i'. */
static uint64_t
packed_get(const struct packed *p, size_t i)
{
	uint64_t at = (uint64_t)i * p->bits, v;
	unsigned shift = at % 8, k;
	uint8_t last[9] = { 0 };
	const uint8_t *b = p->bytes + at / 8;

	if (p->bits == 0)
		return 0;
	if (p->size - at / 8 < sizeof(last)) {
		memcpy(last, b, p->size - at / 8);
		b = last;
	}
	v = load_be64(b) << shift;
	k = shift ? b[8] >> (8 - shift) : 0;
	return (v | k) >> (64 - p->bits);
}

#define SWAP_8(x)  (x)
#define SWAP_16(x) __builtin_bswap16(x)
#define SWAP_32(x) __builtin_bswap32(x)
#define SWAP_64(x) __builtin_bswap64(x)

/* Signed ones, too: they are added without overflow. */
#define INTEGERS(width) \
	static void integers_##width(const struct packed *p, uint8_t *dst) \
	{ \
		uint64_t v; \
		uint##width##_t x; \
\
		for (size_t i = 0; i < p->count; i++) { \
			v = packed_get(p, i); \
			x = (uint##width##_t)(p->has_fill && v == p->stands \
						      ? p->fill \
						      : v + p->least); \
			if (p->swap) \
				x = (uint##width##_t)SWAP_##width(x); \
			memcpy(dst + i * sizeof(x), &x, sizeof(x)); \
		} \
	}

INTEGERS(8)
INTEGERS(16)
INTEGERS(32)
INTEGERS(64)

/*
 * libhdf5 does each step in the element's own type, and so the last bit is the
 * same here.
 */
#define NUMBERS(name, type, width, power) \
	static void name(const struct packed *p, uint8_t *dst) \
	{ \
		const type factor = power((type)10, (type)p->factor); \
		const uint##width##_t least_bits = (uint##width##_t)p->least; \
		uint64_t v; \
		uint##width##_t x; \
		type least, number; \
\
		memcpy(&least, &least_bits, sizeof(least)); \
		for (size_t i = 0; i < p->count; i++) { \
			v = packed_get(p, i); \
			number = (type)(int##width##_t)v / factor + least; \
			memcpy(&x, &number, sizeof(x)); \
			if (p->has_fill && v == p->stands) \
				x = (uint##width##_t)p->fill; \
			if (p->swap) \
				x = SWAP_##width(x); \
			memcpy(dst + i * sizeof(x), &x, sizeof(x)); \
		} \
	}

NUMBERS(numbers_32, float, 32, powf)
NUMBERS(numbers_64, double, 64, pow)

static void
unpack(const struct filter *f, const struct packed *p, uint8_t *dst)
{
	if (f->param[CLASS] == 1 && f->param[SIZE] == 4)
		numbers_32(p, dst);
	else if (f->param[CLASS] == 1)
		numbers_64(p, dst);
	else if (f->param[SIZE] == 1)
		integers_8(p, dst);
	else if (f->param[SIZE] == 2)
		integers_16(p, dst);
	else if (f->param[SIZE] == 4)
		integers_32(p, dst);
	else
		integers_64(p, dst);
}

/* ------------------------------------------------------------------- chunk */

static int
fail_short(size_t size)
{
	return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
			     "scaleoffset: %zu bytes are too few", size);
}

/* All bits of each element are there, in the order of this machine. */
static void
copy_whole(const struct filter *f, const uint8_t *src, uint8_t *dst,
	   size_t room)
{
	size_t size = f->param[SIZE], i, k;

	if (f->param[ORDER] == 0) {
		memcpy(dst, src, room);
		return;
	}
	for (i = 0; i < room; i += size)
		for (k = 0; k < size; k++)
			dst[i + k] = src[i + size - 1 - k];
}

int
filter_unscaleoffset(const struct filter *f, struct filter_scratch *scratch,
		     const uint8_t *src, size_t size, uint8_t *dst, size_t room)
{
	struct packed p = {
		.count = f->param[ELEMENTS],
		.has_fill = f->param[HAS_FILL] == 1,
		.fill = f->param[FILL] | (uint64_t)f->param[FILL + 1] << 32,
		.swap = f->param[ORDER] == 1,
		.factor = (int)f->param[SCALE_FACTOR],
	};
	unsigned width = 8 * f->param[SIZE];
	uint64_t bits;

	(void)scratch;
	if (f->param[CLASS] == 0 && f->param[SCALE_FACTOR] == width) {
		/* The writer kept all bits, and so packed nothing. */
		if (size < room)
			return fail_short(size);
		memcpy(dst, src, room);
		return 0;
	}
	if (size < HEADER)
		return fail_short(size);
	bits = load_le(src, 4);
	/*
	 * Of too large a number of bits libhdf5 1.10 unpacks nothing, but
	 * shifts by it, and the processor uses its lowest bits.
	 */
	p.stands = (UINT64_C(1) << bits % (width == 64 ? 64 : 32)) - 1;
	if (bits > width)
		bits = 0;
	p.bits = (unsigned)bits;
	p.least = load_le(src + 5, src[4] < 8 ? src[4] : 8);
	p.bytes = src + HEADER;
	p.size = size - HEADER;
	if ((p.count * bits + 7) / 8 > p.size)
		return fail_short(size);
	if (p.bits == width)
		copy_whole(f, p.bytes, dst, room);
	else
		unpack(f, &p, dst);
	return 0;
}
