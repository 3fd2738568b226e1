/* SPDX-License-Identifier: MIT */
/*
 * Whether the parts of a datatype fit into it.  libhdf5 makes only such types,
 * but it does not check those that it finds in a file.  A member outside its
 * record, or an enum value longer than the enum, would make libhdf5 and this
 * library read and write outside the data.
 */

#include <inttypes.h>
#include <stdlib.h>

#include "hdf5/type/type.h"

/* libhdf5 reads the exponent of a float into a number of so many bits. */
#define EXPONENT_BITS 64

static int check_any(hid_t t, unsigned depth);

static int
does_not_fit(const char *what)
{
	return cute_shm_fail(CUTE_SHM_ERR_SOURCE, "its datatype is damaged: %s",
			     what);
}

static int
unknown(void)
{
	return type_unreadable("datatype");
}

/* Whether 'count' bits from bit 'first' on lie in 'size' bytes. */
static bool
bits_inside(size_t size, size_t first, size_t count)
{
	size_t bits = size < SIZE_MAX / 8 ? 8 * size : SIZE_MAX;

	return count > 0 && first <= bits && count <= bits - first;
}

/* Check an integer or a bitfield. */
static int
check_bits(hid_t t)
{
	int offset = H5Tget_offset(t);

	if (offset < 0)
		return unknown();
	if (!bits_inside(H5Tget_size(t), (size_t)offset, H5Tget_precision(t)))
		return does_not_fit("a number has bits outside its bytes");
	return 0;
}

static int
check_float(hid_t t)
{
	size_t sign, exponent, exponent_size, fraction, fraction_size;
	size_t size = H5Tget_size(t);
	int err = check_bits(t);

	if (err)
		return err;
	if (H5Tget_fields(t, &sign, &exponent, &exponent_size, &fraction,
			  &fraction_size) < 0)
		return unknown();
	if (!bits_inside(size, sign, 1) ||
	    !bits_inside(size, exponent, exponent_size) ||
	    !bits_inside(size, fraction, fraction_size) ||
	    exponent_size > EXPONENT_BITS)
		return does_not_fit("a float has bits outside its bytes");
	return 0;
}

static int
check_string(hid_t t)
{
	htri_t variable = H5Tis_variable_str(t);

	if (variable < 0)
		return unknown();
	if (variable > 0 && H5Tget_size(t) != sizeof(char *))
		return does_not_fit("a text is no pointer");
	/* libhdf5 makes no type of another, to read it with. */
	if (H5Tget_cset(t) > H5T_CSET_UTF8)
		return does_not_fit("a text has an unknown character set");
	return 0;
}

/* The values of an enum must be as long as its base integer. */
static int
check_enum(hid_t t)
{
	hid_t super = H5Tget_super(t);
	int err;

	if (super < 0)
		return unknown();
	if (H5Tget_class(super) != H5T_INTEGER)
		err = does_not_fit("an enum is made of no integer");
	else if (H5Tget_size(super) != H5Tget_size(t))
		err = does_not_fit("an enum and its integer differ in size");
	else
		err = check_bits(super);
	H5Tclose(super);
	return err;
}

static int
check_list(hid_t t, unsigned depth)
{
	hid_t super = H5Tget_super(t);
	int err;

	if (super < 0)
		return unknown();
	if (H5Tget_size(t) != sizeof(hvl_t))
		err = does_not_fit("a list is no pointer with a length");
	else
		err = check_any(super, depth + 1);
	H5Tclose(super);
	return err;
}

/* The dimensions must give the size of the type; none of them may be zero. */
static bool
array_fits(hid_t t, size_t item)
{
	hsize_t dims[H5S_MAX_RANK];
	int ndim = H5Tget_array_ndims(t);
	uint64_t size = item;

	if (ndim < 1 || ndim > H5S_MAX_RANK || H5Tget_array_dims2(t, dims) < 0)
		return false;
	for (int i = 0; i < ndim; i++)
		if (dims[i] == 0 ||
		    __builtin_mul_overflow(size, dims[i], &size))
			return false;
	return size == H5Tget_size(t);
}

static int
check_array(hid_t t, unsigned depth)
{
	hid_t super = H5Tget_super(t);
	int err;

	if (super < 0)
		return unknown();
	err = check_any(super, depth + 1);
	if (!err && !array_fits(t, H5Tget_size(super)))
		err = does_not_fit("an array has another size than its items");
	H5Tclose(super);
	return err;
}

static int
check_complex(hid_t t)
{
	hid_t super = H5Tget_super(t);
	int err;

	if (super < 0)
		return unknown();
	if (H5Tget_class(super) != H5T_FLOAT ||
	    H5Tget_size(t) != 2 * H5Tget_size(super))
		err = does_not_fit("a complex number is not two floats");
	else
		err = check_float(super);
	H5Tclose(super);
	return err;
}

/* ----------------------------------------------------------- compounds */

/* The bytes of one member in the record. */
struct extent {
	size_t begin, end;
};

static int
by_begin(const void *a, const void *b)
{
	const struct extent *x = a, *y = b;

	return x->begin < y->begin ? -1 : x->begin > y->begin;
}

static int
check_extents(struct extent *extents, unsigned count)
{
	qsort(extents, count, sizeof(*extents), by_begin);
	for (unsigned i = 1; i < count; i++)
		if (extents[i].begin < extents[i - 1].end)
			return does_not_fit("members of a compound overlap");
	return 0;
}

/* Readers find a member by its name, so two members must not share one. */
static bool
name_is_unique(hid_t t, unsigned i)
{
	char *name = H5Tget_member_name(t, i);
	bool unique = name && H5Tget_member_index(t, name) == (int)i;

	H5free_memory(name);
	return unique;
}

static int
check_member(hid_t t, unsigned i, unsigned depth, struct extent *ret)
{
	hid_t member = H5Tget_member_type(t, i);
	size_t size, at = H5Tget_member_offset(t, i), whole = H5Tget_size(t);
	int err;

	if (member < 0)
		return unknown();
	size = H5Tget_size(member);
	if (at > whole || size > whole - at)
		err = does_not_fit("a member lies outside its compound");
	else if (!name_is_unique(t, i))
		err = does_not_fit("two members of a compound have one name");
	else
		err = check_any(member, depth + 1);
	H5Tclose(member);
	*ret = (struct extent){ at, at + size };
	return err;
}

static int
check_compound(hid_t t, unsigned depth)
{
	int count = H5Tget_nmembers(t), err = 0;
	struct extent *extents;

	if (count < 0)
		return unknown();
	extents = calloc((size_t)count + 1, sizeof(*extents));
	if (!extents)
		return fail_memory("for a datatype");
	for (unsigned i = 0; i < (unsigned)count && !err; i++)
		err = check_member(t, i, depth, &extents[i]);
	if (!err)
		err = check_extents(extents, (unsigned)count);
	free(extents);
	return err;
}

static int
check_any(hid_t t, unsigned depth)
{
	/* A deeper type has no form in a segment, so it is not used. */
	if (depth > TYPE_DEPTH)
		return 0;
	/* A number: libhdf5 1 has no name for complex numbers. */
	switch ((int)H5Tget_class(t)) {
	case H5T_INTEGER:
	case H5T_BITFIELD: return check_bits(t);
	case H5T_FLOAT: return check_float(t);
	case H5T_STRING: return check_string(t);
	case H5T_ENUM: return check_enum(t);
	case H5T_VLEN: return check_list(t, depth);
	case H5T_ARRAY: return check_array(t, depth);
	case H5T_COMPOUND: return check_compound(t, depth);
	case NATIVE_COMPLEX: return check_complex(t);
	default: return 0; /* has no parts */
	}
}

int
type_check(hid_t t)
{
	return check_any(t, 0);
}
