/* SPDX-License-Identifier: MIT */
/* Compare datatypes and dataspaces of the native index with libhdf5's. */
#include <stdlib.h>
#include <string.h>

#include "native_compare.h"

bool
type_has_lists(const struct native_type *t)
{
	uint32_t i;

	if (t->class == NATIVE_LIST)
		return true;
	if (t->class == NATIVE_COMPOUND)
		for (i = 0; i < t->count; i++)
			if (type_has_lists(t->members[i].type))
				return true;
	return t->class == NATIVE_ARRAY && type_has_lists(t->base);
}

bool
type_has_references(const struct native_type *t)
{
	uint32_t i;

	if (t->class == NATIVE_REFERENCE)
		return true;
	if (t->class == NATIVE_COMPOUND)
		for (i = 0; i < t->count; i++)
			if (type_has_references(t->members[i].type))
				return true;
	return t->class == NATIVE_ARRAY && type_has_references(t->base);
}

static const char *
bits_differ(const struct native_type *t, hid_t type)
{
	static const H5T_order_t orders[] = { H5T_ORDER_LE, H5T_ORDER_BE,
					      H5T_ORDER_VAX };
	H5T_order_t order = H5Tget_order(type);
	H5T_pad_t low, high;

	/* libhdf5 need not know the order of one byte. */
	if (order != orders[t->order] &&
	    !(t->size == 1 && order == H5T_ORDER_NONE))
		return "order of bytes";
	if (H5Tget_precision(type) != t->precision)
		return "precision";
	if (t->class == NATIVE_TIME)
		return NULL;
	if (H5Tget_offset(type) != t->offset)
		return "offset of bits";
	if (H5Tget_pad(type, &low, &high) < 0 || low != t->low_pad ||
	    high != t->high_pad)
		return "padding of bits";
	if (t->class == NATIVE_INTEGER &&
	    (H5Tget_sign(type) == H5T_SGN_2) != t->is_signed)
		return "sign";
	return NULL;
}

static const char *
float_differs(const struct native_type *t, hid_t type)
{
	static const H5T_norm_t norms[] = { H5T_NORM_NONE, H5T_NORM_MSBSET,
					    H5T_NORM_IMPLIED };
	size_t sign, exponent, bits, mantissa, more;

	if (H5Tget_fields(type, &sign, &exponent, &bits, &mantissa, &more) < 0)
		return "fields of a float";
	if (sign != t->sign_at || exponent != t->exponent_at ||
	    bits != t->exponent_bits || mantissa != t->mantissa_at ||
	    more != t->mantissa_bits || H5Tget_ebias(type) != t->bias ||
	    H5Tget_norm(type) != norms[t->norm] ||
	    H5Tget_inpad(type) != (H5T_pad_t)t->inner_pad)
		return "fields of a float";
	return NULL;
}

static bool
tag_differs(const struct native_type *t, hid_t type)
{
	char *tag = H5Tget_tag(type);
	bool differs = !tag || strcmp(tag, t->tag) != 0;

	H5free_memory(tag);
	return differs;
}

static const char *
member_differs(const struct native_type *t, hid_t type, unsigned i)
{
	const struct native_member *m = &t->members[i];
	char *name = H5Tget_member_name(type, i);
	bool same = name && strcmp(name, m->name) == 0;
	uint8_t value[64];
	const char *ret;
	hid_t member;

	H5free_memory(name);
	if (!same)
		return "name of a member";
	if (t->class == NATIVE_ENUM)
		return t->size > sizeof(value) ||
				       H5Tget_member_value(type, i, value) <
					       0 ||
				       memcmp(value, m->value, t->size) != 0
			       ? "value of a member"
			       : NULL;
	if (!type_has_lists(t) && H5Tget_member_offset(type, i) != m->offset)
		return "offset of a member";
	member = H5Tget_member_type(type, i);
	ret = type_differs(m->type, member);
	H5Tclose(member);
	return ret;
}

static const char *
members_differ(const struct native_type *t, hid_t type)
{
	const char *ret = NULL;
	unsigned i;

	if (H5Tget_nmembers(type) != (int)t->count)
		return "number of members";
	for (i = 0; !ret && i < t->count; i++)
		ret = member_differs(t, type, i);
	return ret;
}

static const char *
base_differs(const struct native_type *t, hid_t type)
{
	hid_t base = H5Tget_super(type);
	const char *ret = type_differs(t->base, base);

	H5Tclose(base);
	return ret;
}

static const char *
array_differs(const struct native_type *t, hid_t type)
{
	hsize_t dims[H5S_MAX_RANK];
	unsigned i;

	if (H5Tget_array_ndims(type) != (int)t->count ||
	    H5Tget_array_dims2(type, dims) < 0)
		return "rank of an array";
	for (i = 0; i < t->count; i++)
		if (dims[i] != t->dims[i])
			return "dimension of an array";
	return base_differs(t, type);
}

static const char *
text_differs(const struct native_type *t, hid_t type)
{
	if (H5Tget_strpad(type) != (H5T_str_t)t->pad ||
	    H5Tget_cset(type) != (H5T_cset_t)t->charset)
		return "padding or characters of a string";
	return NULL;
}

static const char *
class_differs(const struct native_type *t, hid_t type)
{
	const char *ret;

	switch (t->class) {
	case NATIVE_FLOAT:
		ret = bits_differ(t, type);
		return ret ? ret : float_differs(t, type);
	case NATIVE_INTEGER:
	case NATIVE_TIME:
	case NATIVE_BITFIELD: return bits_differ(t, type);
	case NATIVE_STRING: return text_differs(t, type);
	case NATIVE_OPAQUE: return tag_differs(t, type) ? "tag" : NULL;
	case NATIVE_ENUM:
		ret = base_differs(t, type);
		return ret ? ret : members_differ(t, type);
	case NATIVE_COMPOUND: return members_differ(t, type);
	case NATIVE_REFERENCE:
		return (H5Tequal(type, H5T_STD_REF_DSETREG) > 0) == t->is_region
			       ? NULL
			       : "kind of reference";
	case NATIVE_ARRAY: return array_differs(t, type);
	default: break;
	}
	return t->is_text ? text_differs(t, type) : base_differs(t, type);
}

const char *
type_differs(const struct native_type *t, hid_t type)
{
	bool text = t->class == NATIVE_LIST && t->is_text;
	H5T_class_t class = H5Tget_class(type);

	if (class != (text ? H5T_STRING : (H5T_class_t)t->class))
		return "class";
	if ((class == H5T_STRING && H5Tis_variable_str(type) > 0) != text)
		return "variable length of a string";
	if (!type_has_lists(t) && H5Tget_size(type) != t->size)
		return "size of a type";
	return class_differs(t, type);
}

const char *
space_differs(const struct native_space *s, hid_t space)
{
	static const H5S_class_t kinds[] = { H5S_SCALAR, H5S_SIMPLE, H5S_NULL };
	hsize_t dims[H5S_MAX_RANK], max[H5S_MAX_RANK];
	unsigned i;

	if (H5Sget_simple_extent_type(space) != kinds[s->kind])
		return "kind of dataspace";
	if (s->kind != NATIVE_SIMPLE)
		return NULL;
	if (H5Sget_simple_extent_dims(space, dims, max) != (int)s->rank)
		return "rank";
	for (i = 0; i < s->rank; i++)
		if (dims[i] != s->dims[i] || max[i] != s->max[i])
			return "extent";
	return NULL;
}
