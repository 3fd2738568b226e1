/* SPDX-License-Identifier: MIT */
/* Datatypes. */

#include "hdf5/native/native.h"

#define DEEPEST 32 /* types inside of types */

/* Bits [at, at + count) of the class's bit field. */
static uint8_t
bits_of(unsigned bits, unsigned at, unsigned count)
{
	return (uint8_t)(bits >> at & ((1u << count) - 1));
}

/* Whether the bits that a number uses are in its bytes. */
static bool
bits_fit(const struct native_type *t)
{
	return t->precision > 0 &&
	       (uint64_t)t->offset + t->precision <= 8 * (uint64_t)t->size;
}

static int
integer_read(struct native *n, struct cursor *b, unsigned bits,
	     struct native_type *t)
{
	t->order = bits & 1 ? NATIVE_BIG : NATIVE_LITTLE;
	t->low_pad = bits_of(bits, 1, 1);
	t->high_pad = bits_of(bits, 2, 1);
	t->is_signed = t->class == NATIVE_INTEGER && bits_of(bits, 3, 1);
	t->offset = (uint16_t)take_16(b);
	t->precision = (uint16_t)take_16(b);
	return bits_fit(t) ? 0
			   : image_doubt(&n->image, "a number without bits");
}

static bool
float_fits(const struct native_type *t)
{
	uint64_t p = 8 * (uint64_t)t->size;

	return bits_fit(t) && t->sign_at < p && t->exponent_bits > 0 &&
	       t->mantissa_bits > 0 && t->exponent_at + t->exponent_bits <= p &&
	       t->mantissa_at + t->mantissa_bits <= p;
}

static int
float_read(struct native *n, struct cursor *b, unsigned version, unsigned bits,
	   struct native_type *t)
{
	unsigned order = bits_of(bits, 0, 1) | 2U * bits_of(bits, 6, 1);

	/* Only version 3 knows VAX order. */
	if (order == 2 || (order == 3 && version < 3))
		return image_doubt(&n->image, "an unknown order of bytes");
	t->order = order == 0	? NATIVE_LITTLE
		   : order == 1 ? NATIVE_BIG
				: NATIVE_VAX;
	t->low_pad = bits_of(bits, 1, 1);
	t->high_pad = bits_of(bits, 2, 1);
	t->inner_pad = bits_of(bits, 3, 1);
	t->norm = bits_of(bits, 4, 2);
	t->sign_at = bits_of(bits, 8, 8);
	t->offset = (uint16_t)take_16(b);
	t->precision = (uint16_t)take_16(b);
	t->exponent_at = (uint8_t)take_8(b);
	t->exponent_bits = (uint8_t)take_8(b);
	t->mantissa_at = (uint8_t)take_8(b);
	t->mantissa_bits = (uint8_t)take_8(b);
	t->bias = take_32(b);
	if (t->norm == 3 || !float_fits(t))
		return image_doubt(&n->image, "a float of an unknown form");
	return 0;
}

static int
time_read(struct native *n, struct cursor *b, unsigned bits,
	  struct native_type *t)
{
	t->order = bits & 1 ? NATIVE_BIG : NATIVE_LITTLE;
	t->precision = (uint16_t)take_16(b);
	return bits_fit(t) ? 0 : image_doubt(&n->image, "a time without bits");
}

static int
string_read(struct native *n, unsigned bits, struct native_type *t)
{
	t->pad = bits_of(bits, 0, 4);
	t->charset = bits_of(bits, 4, 4);
	return t->pad <= 2 && t->charset <= 1
		       ? 0
		       : image_doubt(&n->image, "a string of an unknown form");
}

static int
opaque_read(struct native *n, struct cursor *b, unsigned bits,
	    struct native_type *t)
{
	unsigned size = bits_of(bits, 0, 8);
	const uint8_t *tag = take(b, size);

	if (!tag)
		return image_doubt(&n->image, "a broken datatype");
	t->tag = native_text(n, tag, size);
	return t->tag ? 0 : CUTE_SHM_ERR_NOMEM;
}

static int
reference_read(struct native *n, unsigned bits, struct native_type *t)
{
	unsigned address = n->image.address_size;

	t->is_region = bits_of(bits, 0, 4) == 1;
	if (bits_of(bits, 0, 4) > 1 || bits_of(bits, 4, 4) != 0)
		return image_doubt(&n->image, "an unknown kind of reference");
	if (t->size != (t->is_region ? address + 4 : address))
		return image_doubt(&n->image, "a reference of a wrong size");
	return 0;
}

static int
list_read(struct native *n, struct cursor *b, unsigned bits, unsigned depth,
	  struct native_type *t)
{
	int err;

	t->is_text = bits_of(bits, 0, 4) == 1;
	t->pad = bits_of(bits, 4, 4);
	t->charset = bits_of(bits, 8, 4);
	if (bits_of(bits, 0, 4) > 1 ||
	    (t->is_text && (t->pad > 2 || t->charset > 1)))
		return image_doubt(&n->image, "an unknown kind of list");
	if (t->size != n->image.address_size + 8)
		return image_doubt(&n->image, "a list of a wrong size");
	err = type_read_inner(n, b, depth + 1, &t->base);
	if (err == 0 && t->is_text && t->base->size != 1)
		return image_doubt(&n->image, "a string of wide characters");
	return err;
}

static int
class_read(struct native *n, struct cursor *b, unsigned version, unsigned bits,
	   unsigned depth, struct native_type *t)
{
	switch (t->class) {
	case NATIVE_INTEGER:
	case NATIVE_BITFIELD: return integer_read(n, b, bits, t);
	case NATIVE_FLOAT: return float_read(n, b, version, bits, t);
	case NATIVE_TIME: return time_read(n, b, bits, t);
	case NATIVE_STRING: return string_read(n, bits, t);
	case NATIVE_OPAQUE: return opaque_read(n, b, bits, t);
	case NATIVE_COMPOUND:
		return compound_read(n, b, version, bits, depth, t);
	case NATIVE_REFERENCE: return reference_read(n, bits, t);
	case NATIVE_ENUM: return enum_read(n, b, version, bits, depth, t);
	case NATIVE_LIST: return list_read(n, b, bits, depth, t);
	case NATIVE_COMPLEX: return complex_read(n, b, bits, depth, t);
	default: return array_read(n, b, version, depth, t);
	}
}

int
type_read_inner(struct native *n, struct cursor *b, unsigned depth,
		const struct native_type **ret)
{
	struct native_type *t = native_get(n, 1, sizeof(*t));
	unsigned first = take_8(b), version = first >> 4, bits;
	int err;

	if (!t)
		return CUTE_SHM_ERR_NOMEM;
	bits = (unsigned)take_number(b, 3);
	t->size = take_32(b);
	t->committed = UNDEFINED;
	/*
	 * Of what was there before, version 4 changes references only.  Version
	 * 5 adds complex numbers.
	 */
	if (b->over || version < 1 || version > 5 ||
	    (version >= 4 && (first & 0x0f) == NATIVE_REFERENCE) ||
	    (first & 0x0f) > (version < 5 ? NATIVE_ARRAY : NATIVE_COMPLEX) ||
	    depth > DEEPEST || t->size == 0)
		return image_doubt(&n->image, "an unknown form of datatype");
	t->class = (enum native_class)(first & 0x0f);
	err = class_read(n, b, version, bits, depth, t);
	if (err == 0 && b->over)
		return image_doubt(&n->image, "a broken datatype");
	*ret = t;
	return err;
}

int
type_read(struct native *n, struct cursor *b, const struct native_type **ret)
{
	return type_read_inner(n, b, 0, ret);
}
