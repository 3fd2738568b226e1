/* SPDX-License-Identifier: MIT */
/* Datatypes and dataspaces of HDF5: pure functions. */

#include <stdio.h>
#include <string.h>

#include "view/view.h"

/* Classes, with version 1 of the datatype message. */
#define CLASS_FIXED    0x10
#define CLASS_FLOAT    0x11
#define CLASS_STRING   0x13
#define CLASS_OPAQUE   0x15
#define CLASS_COMPOUND 0x16
#define CLASS_ENUM     0x18
#define CLASS_LIST     0x19

#define SIGNED	      0x08
#define NUL_PADDED    0x01
#define UTF8	      0x10
#define LIST_OF_TEXT  0x01
#define UTF8_TEXT     0x01 /* in the second byte */
#define LIST_SIZE     16   /* of an element: length, collection, index */
#define MEMBER_NAME   8	   /* "r" and "i", padded */
#define MEMBER_SHAPE  28   /* no dimensions: zeros */
#define LONGEST_TAG   24
#define IMPLIED_ONE   0x20 /* the mantissa's first bit */
#define NUMPY_TAG     "NUMPY:"
#define NUMPY_TAG_MAX (sizeof(NUMPY_TAG) + FORMAT_DTYPE_SIZE)

/* Class, three bytes of bits, and the size. */
static size_t
put_class(uint8_t *to, uint8_t class, uint8_t bits, uint8_t more, uint32_t size)
{
	to[0] = class;
	to[1] = bits;
	to[2] = more;
	to[3] = 0;
	memcpy(to + 4, &size, sizeof(size));
	return 8;
}

/* Bit offset 0, then the precision. */
static size_t
put_precision(uint8_t *to, uint16_t bits)
{
	to[0] = to[1] = 0;
	memcpy(to + 2, &bits, sizeof(bits));
	return 4;
}

static size_t
put_fixed(uint8_t *to, uint32_t size, bool is_signed)
{
	put_class(to, CLASS_FIXED, is_signed ? SIGNED : 0, 0, size);
	return 8 + put_precision(to + 8, (uint16_t)(8 * size));
}

/* The IEEE formats, and the long double of the x87. */
static size_t
put_float(uint8_t *to, uint32_t size)
{
	static const struct {
		uint32_t size, bias;
		uint8_t precision, sign, exponent, exponent_size, fraction;
	} formats[] = {
		{ 2, 15, 16, 15, 10, 5, 10 },
		{ 4, 127, 32, 31, 23, 8, 23 },
		{ 8, 1023, 64, 63, 52, 11, 52 },
		{ 16, 16383, 80, 79, 64, 15, 64 },
	};
	size_t i = 0;

	while (i < 3 && formats[i].size != size)
		i++;
	put_class(to, CLASS_FLOAT, size == 16 ? 0 : IMPLIED_ONE,
		  formats[i].sign, size);
	put_precision(to + 8, formats[i].precision);
	to[12] = formats[i].exponent;
	to[13] = formats[i].exponent_size;
	to[14] = 0;
	to[15] = formats[i].fraction;
	memcpy(to + 16, &formats[i].bias, 4);
	return 20;
}

/* {r, i}, as h5py names the parts of a complex number. */
static size_t
put_complex(uint8_t *to, uint32_t size)
{
	uint32_t half = size / 2, at;
	size_t n = put_class(to, CLASS_COMPOUND, 2, 0, size);

	for (at = 0; at < size; at += half) {
		memset(to + n, 0, MEMBER_NAME + 4 + MEMBER_SHAPE);
		to[n] = at == 0 ? 'r' : 'i';
		n += MEMBER_NAME;
		memcpy(to + n, &at, sizeof(at));
		n += sizeof(at) + MEMBER_SHAPE;
		n += put_float(to + n, half);
	}
	return n;
}

/* h5py's mark of a date; other opaque values have an empty tag. */
static size_t
put_opaque(uint8_t *to, uint32_t size, const char *dtype)
{
	char tag[LONGEST_TAG + 1] = "";
	size_t length = 8;

	if (dtype) {
		snprintf(tag, sizeof(tag), NUMPY_TAG "%s", dtype);
		length = (strlen(tag) + 7) / 8 * 8;
	}
	put_class(to, CLASS_OPAQUE, (uint8_t)length, 0, size);
	memcpy(to + 8, tag, length);
	return 8 + length;
}

size_t
view_type_list(uint8_t *ret)
{
	return put_class(ret, CLASS_LIST, 0, 0, LIST_SIZE);
}

size_t
view_type_enum(const char *dtype, uint32_t item_size, uint16_t members,
	       uint8_t *ret)
{
	put_class(ret, CLASS_ENUM, (uint8_t)members, (uint8_t)(members >> 8),
		  item_size);
	return 8 + put_fixed(ret + 8, item_size, dtype[1] == 'i');
}

/* An enum of FALSE and TRUE, which h5py takes for a bool. */
static size_t
put_bool(uint8_t *to)
{
	/* Two names, padded to 8 bytes each, and two values. */
	static const uint8_t members[] = "FALSE\0\0\0TRUE\0\0\0\0\0\1";
	size_t n = view_type_enum("|i1", 1, 2, to);

	memcpy(to + n, members, sizeof(members) - 1);
	return n + sizeof(members) - 1;
}

static size_t
put_text_list(uint8_t *to)
{
	size_t n =
		put_class(to, CLASS_LIST, LIST_OF_TEXT, UTF8_TEXT, LIST_SIZE);

	return n + put_fixed(to + n, 1, false);
}

/* Any type but a list. */
static size_t
put_item(const char *dtype, uint32_t item_size, uint8_t *ret)
{
	switch (dtype[1]) {
	case 'b': return put_bool(ret);
	case 'i': return put_fixed(ret, item_size, true);
	case 'u':
		/* "null" has no elements: any type will do, but for readers. */
		if (dtype[0] == 'n')
			break;
		return put_fixed(ret, item_size, false);
	case 'f': return put_float(ret, item_size);
	case 'c': return put_complex(ret, item_size);
	case 'V': return put_opaque(ret, item_size, NULL);
	case 'M':
	case 'm': return put_opaque(ret, item_size, dtype);
	default: break;
	}
	return put_class(ret, CLASS_STRING, NUL_PADDED | UTF8, 0,
			 item_size ? item_size : 1);
}

size_t
view_type(const char *dtype, uint32_t item_size, uint8_t ret[VIEW_TYPE_MOST])
{
	size_t n;

	if (strcmp(dtype, "*|S1") == 0)
		return put_text_list(ret);
	if (dtype[0] != '*')
		return put_item(dtype, item_size, ret);
	n = view_type_list(ret);
	return n + put_item(dtype + 1, item_size, ret + n);
}

/* HDF5 has no such dimension; the array is empty by another one. */
static bool
too_long(unsigned ndim, const uint64_t *shape)
{
	unsigned i;

	for (i = 0; i < ndim; i++)
		if (shape[i] > INT64_MAX)
			return true;
	return false;
}

size_t
view_space(unsigned ndim, const uint64_t *shape, bool null,
	   uint8_t ret[VIEW_SPACE_MOST])
{
	memset(ret, 0, 8);
	if (null || too_long(ndim, shape)) {
		ret[0] = 2;
		ret[3] = 2;
		return 4;
	}
	ret[0] = 1;
	ret[1] = (uint8_t)ndim;
	memcpy(ret + 8, shape, ndim * sizeof(*shape));
	return 8 + ndim * sizeof(*shape);
}
