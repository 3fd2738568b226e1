/* SPDX-License-Identifier: MIT */
/* Describe a datatype of libhdf5 as the native index describes its own. */

#include <string.h>

#include "hdf5/type/type.h"

static int describe_any(struct arena *a, hid_t t, unsigned depth,
			const struct native_type **ret);

static void *
get(struct arena *a, size_t count, size_t size)
{
	void *p = arena_get(a, (count + 1) * size);

	return p ? memset(p, 0, (count + 1) * size) : NULL;
}

static enum native_order
order_of(hid_t t)
{
	switch (H5Tget_order(t)) {
	case H5T_ORDER_LE: return NATIVE_LITTLE;
	case H5T_ORDER_BE: return NATIVE_BIG;
	default: return NATIVE_VAX; /* or none */
	}
}

static uint16_t
bits(size_t n)
{
	return n < UINT16_MAX ? (uint16_t)n : UINT16_MAX;
}

static int
describe_bits(hid_t t, struct native_type *ret)
{
	int offset = H5Tget_offset(t);
	H5T_pad_t low = H5T_PAD_ZERO, high = H5T_PAD_ZERO;

	if (offset < 0 || H5Tget_pad(t, &low, &high) < 0)
		return type_unreadable("datatype");
	ret->order = order_of(t);
	ret->offset = bits((size_t)offset);
	ret->precision = bits(H5Tget_precision(t));
	ret->low_pad = (uint8_t)low;
	ret->high_pad = (uint8_t)high;
	if (ret->class == NATIVE_INTEGER)
		ret->is_signed = H5Tget_sign(t) != H5T_SGN_NONE;
	return 0;
}

/* Positions of larger floats, which have no form, may not fit. */
static int
describe_float(hid_t t, struct native_type *ret)
{
	size_t sign, exponent, exponent_size, mantissa, mantissa_size;
	int err = describe_bits(t, ret);

	if (err)
		return err;
	if (H5Tget_fields(t, &sign, &exponent, &exponent_size, &mantissa,
			  &mantissa_size) < 0)
		return type_unreadable("floating-point type");
	ret->sign_at = (uint8_t)sign;
	ret->exponent_at = (uint8_t)exponent;
	ret->exponent_bits = (uint8_t)exponent_size;
	ret->mantissa_at = (uint8_t)mantissa;
	ret->mantissa_bits = (uint8_t)mantissa_size;
	ret->bias = (uint32_t)H5Tget_ebias(t);
	ret->inner_pad = (uint8_t)H5Tget_inpad(t);
	switch (H5Tget_norm(t)) {
	case H5T_NORM_IMPLIED: ret->norm = NATIVE_NORM_IMPLIED; break;
	case H5T_NORM_MSBSET: ret->norm = NATIVE_NORM_SET; break;
	default: ret->norm = NATIVE_NORM_NONE;
	}
	return 0;
}

/* A string of variable length is a list. */
static int
describe_string(hid_t t, struct native_type *ret)
{
	htri_t variable = H5Tis_variable_str(t);

	if (variable < 0)
		return type_unreadable("string type");
	if (variable > 0)
		ret->class = NATIVE_LIST;
	ret->is_text = variable > 0;
	ret->pad = (uint8_t)H5Tget_strpad(t);
	ret->charset = (uint8_t)H5Tget_cset(t);
	return 0;
}

static int
describe_opaque(struct arena *a, hid_t t, struct native_type *ret)
{
	char *tag = H5Tget_tag(t);

	if (!tag)
		return type_unreadable("opaque type");
	ret->tag = arena_text(a, tag, strlen(tag));
	H5free_memory(tag);
	return ret->tag ? 0 : CUTE_SHM_ERR_NOMEM;
}

static int
describe_base(struct arena *a, hid_t t, unsigned depth, const char *what,
	      struct native_type *ret)
{
	hid_t base = H5Tget_super(t);
	int err;

	if (base < 0)
		return type_unreadable(what);
	err = describe_any(a, base, depth, &ret->base);
	H5Tclose(base);
	return err;
}

static int
member_name(struct arena *a, hid_t t, unsigned i, const char *what,
	    const char **ret)
{
	char *name = H5Tget_member_name(t, i);

	if (!name)
		return type_unreadable(what);
	*ret = arena_text(a, name, strlen(name));
	H5free_memory(name);
	return *ret ? 0 : CUTE_SHM_ERR_NOMEM;
}

static int
enum_member(struct arena *a, hid_t t, unsigned i, size_t size,
	    struct native_member *ret)
{
	uint8_t *value = get(a, size, 1);
	int err;

	if (!value)
		return CUTE_SHM_ERR_NOMEM;
	err = member_name(a, t, i, "enum", &ret->name);
	if (!err && H5Tget_member_value(t, i, value) < 0)
		err = type_unreadable("enum");
	ret->value = value;
	return err;
}

static int
compound_member(struct arena *a, hid_t t, unsigned i, unsigned depth,
		struct native_member *ret)
{
	hid_t type = H5Tget_member_type(t, i);
	int err;

	if (type < 0)
		return type_unreadable("compound");
	ret->offset = (uint32_t)H5Tget_member_offset(t, i);
	err = member_name(a, t, i, "compound", &ret->name);
	if (!err)
		err = describe_any(a, type, depth, &ret->type);
	H5Tclose(type);
	return err;
}

static int
describe_members(struct arena *a, hid_t t, unsigned depth,
		 struct native_type *ret)
{
	bool is_enum = ret->class == NATIVE_ENUM;
	int count = H5Tget_nmembers(t), err = 0;
	struct native_member *members;

	if (count < 0)
		return type_unreadable(is_enum ? "enum" : "compound");
	members = get(a, (size_t)count, sizeof(*members));
	if (!members)
		return CUTE_SHM_ERR_NOMEM;
	ret->members = members;
	ret->count = (uint32_t)count;
	for (unsigned i = 0; i < ret->count && !err; i++)
		err = is_enum ? enum_member(a, t, i, ret->size, &members[i])
			      : compound_member(a, t, i, depth + 1,
						&members[i]);
	return err;
}

static int
describe_array(struct arena *a, hid_t t, unsigned depth,
	       struct native_type *ret)
{
	hsize_t dims[H5S_MAX_RANK];
	int ndim = H5Tget_array_ndims(t);
	uint32_t *copy;

	if (ndim < 0 || ndim > H5S_MAX_RANK || H5Tget_array_dims2(t, dims) < 0)
		return type_unreadable("array type");
	copy = get(a, (size_t)ndim, sizeof(*copy));
	if (!copy)
		return CUTE_SHM_ERR_NOMEM;
	for (int i = 0; i < ndim; i++)
		copy[i] = (uint32_t)dims[i];
	ret->dims = copy;
	ret->count = (uint32_t)ndim;
	return describe_base(a, t, depth + 1, "array type", ret);
}

static int
describe_complex(struct arena *a, hid_t t, unsigned depth,
		 struct native_type *ret)
{
	struct native_member *parts = get(a, 2, sizeof(*parts));
	int err = parts ? describe_base(a, t, depth + 1, "complex number", ret)
			: CUTE_SHM_ERR_NOMEM;

	if (err)
		return err;
	return complex_set(ret, parts)
		       ? 0
		       : cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				       "complex number that is not two floats");
}

static int
describe_class(struct arena *a, hid_t t, unsigned depth,
	       struct native_type *ret)
{
	int err;

	switch (ret->class) {
	case NATIVE_INTEGER:
	case NATIVE_BITFIELD: return describe_bits(t, ret);
	case NATIVE_FLOAT: return describe_float(t, ret);
	case NATIVE_STRING: return describe_string(t, ret);
	case NATIVE_OPAQUE: return describe_opaque(a, t, ret);
	case NATIVE_COMPOUND: return describe_members(a, t, depth, ret);
	case NATIVE_REFERENCE:
		ret->is_region = H5Tequal(t, H5T_STD_REF_OBJ) <= 0;
		return 0;
	case NATIVE_ENUM:
		err = describe_base(a, t, depth, "enum", ret);
		return err ? err : describe_members(a, t, depth, ret);
	case NATIVE_LIST: return describe_base(a, t, depth + 1, "list", ret);
	case NATIVE_ARRAY: return describe_array(a, t, depth, ret);
	case NATIVE_COMPLEX: return describe_complex(a, t, depth, ret);
	default: return 0; /* H5T_TIME has no form */
	}
}

static int
describe_any(struct arena *a, hid_t t, unsigned depth,
	     const struct native_type **ret)
{
	struct native_type *type = get(a, 1, sizeof(*type));
	H5T_class_t class = H5Tget_class(t);
	size_t size = H5Tget_size(t);

	if (!type)
		return CUTE_SHM_ERR_NOMEM;
	if ((int)class < NATIVE_INTEGER || (int)class > NATIVE_COMPLEX)
		return type_unreadable("datatype of an unknown class");
	if (size > UINT32_MAX)
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "datatype of %zu bytes", size);
	*ret = type;
	type->class = (enum native_class) class;
	type->size = (uint32_t)size;
	type->committed = UNDEFINED;
	/* A deeper type has no form in a segment: its parts do not matter. */
	if (depth > TYPE_DEPTH &&
	    (class == H5T_COMPOUND || class == H5T_VLEN || class == H5T_ARRAY))
		return 0;
	return describe_class(a, t, depth, type);
}

_Static_assert((int)NATIVE_INTEGER == (int)H5T_INTEGER &&
		       (int)NATIVE_COMPOUND == (int)H5T_COMPOUND &&
		       (int)NATIVE_LIST == (int)H5T_VLEN &&
		       (int)NATIVE_ARRAY == (int)H5T_ARRAY,
	       "the classes have libhdf5's numbers");

int
type_describe(hid_t t, struct arena *a, const struct native_type **ret)
{
	return describe_any(a, t, 0, ret);
}
