/* SPDX-License-Identifier: MIT */
/* Attributes that have one value, by the path of their node. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "read/read.h"

/* Find the attribute 'name' of the node at 'path'; it has one element. */
static int
one_value(const struct cute_shm *shm, const char *path, const char *name,
	  struct cute_shm_array *ret)
{
	struct cute_shm_node node, target;
	struct cute_shm_attr attr;
	int err;

	err = cute_shm_find(shm, path, &node);
	if (err == 0)
		err = cute_shm_follow(&node, &target);
	if (err == 0)
		err = cute_shm_attr(&target, name, &attr);
	if (err != 0)
		return err;
	if (attr.value.element_count != 1)
		return cute_shm_fail(CUTE_SHM_ERR_TYPE,
				     "/%s: attribute \"%s\" has %" PRIu64
				     " elements, not one",
				     target.path, name,
				     attr.value.element_count);
	*ret = attr.value;
	return 0;
}

/* Return CUTE_SHM_ERR_TYPE: the attribute has another type. */
static int
other_type(const char *path, const struct cute_shm_array *value,
	   const char *wanted)
{
	char name[CUTE_SHM_DTYPE_NAME_SIZE];

	return cute_shm_fail(
		CUTE_SHM_ERR_TYPE, "/%s: attribute \"%s\" is %s, not %s",
		path[0] == '/' ? path + 1 : path, value->path,
		cute_shm_dtype_name(value->dtype, name, sizeof(name)), wanted);
}

int
cute_shm_attr_text(const struct cute_shm *shm, const char *path,
		   const char *name, char **ret)
{
	struct cute_shm_array value;
	const char *text;
	uint64_t size;
	char *copy;
	int err;

	if (!ret)
		return no_result("cute_shm_attr_text");
	err = one_value(shm, path, name, &value);
	if (err != 0)
		return err;
	if (cute_shm_string(&value, 0, &text, &size) != 0 ||
	    memchr(text, '\0', size))
		return other_type(path, &value, "a text");
	copy = strndup(text, size);
	if (!copy)
		return fail_memory("for a text of %" PRIu64 " bytes", size);
	*ret = copy;
	return 0;
}

/* The bits of a number of up to 8 bytes, in the low bytes of the result. */
static uint64_t
load_bits(const struct cute_shm_array *value)
{
	uint64_t bits = 0;

	memcpy(&bits, value->data, value->item_size);
	return bits;
}

/* Get an integer or a bool; false if the value is neither. */
static bool
get_integer(const struct cute_shm_array *value, bool *is_signed, uint64_t *bits)
{
	unsigned unused;

	if (value->offsets || value->item_size > sizeof(*bits))
		return false;
	*is_signed = value->dtype[1] == 'i';
	*bits = load_bits(value);
	switch (value->dtype[1]) {
	case 'b':
	case 'u': return true;
	case 'i':
		/* Extend the sign. */
		unused = 64 - 8 * value->item_size;
		*bits = (uint64_t)((int64_t)(*bits << unused) >> unused);
		return true;
	default: return false;
	}
}

int
cute_shm_attr_i64(const struct cute_shm *shm, const char *path,
		  const char *name, int64_t *ret)
{
	struct cute_shm_array value;
	bool is_signed;
	uint64_t bits;
	int err;

	if (!ret)
		return no_result("cute_shm_attr_i64");
	err = one_value(shm, path, name, &value);
	if (err != 0)
		return err;
	if (!get_integer(&value, &is_signed, &bits))
		return other_type(path, &value, "an integer");
	if (!is_signed && bits > INT64_MAX)
		return cute_shm_fail(CUTE_SHM_ERR_TYPE,
				     "/%s: attribute \"%s\""
				     " is %" PRIu64 ", over the largest int64",
				     path, name, bits);
	*ret = (int64_t)bits;
	return 0;
}

/* IEEE 754 half precision: 5 bits of exponent, 10 of fraction. */
static double
half_value(uint64_t bits)
{
	int exponent = bits >> 10 & 0x1f;
	double fraction = (double)(bits & 0x3ff);
	double value;

	if (exponent == 0x1f)
		value = fraction > 0 ? (double)__builtin_nan("")
				     : (double)__builtin_inf();
	else if (exponent == 0)
		value = fraction * 0x1p-24;
	else
		value = (fraction + 1024) * 0x1p-25 *
			(double)(UINT64_C(1) << exponent);
	return bits & 0x8000 ? -value : value;
}

/* Get a float of the format; false if the value is none. */
static bool
get_float(const struct cute_shm_array *value, double *ret)
{
	long double extended = 0;
	float single;

	if (value->offsets || value->dtype[1] != 'f')
		return false;
	switch (value->item_size) {
	case 2: *ret = half_value(load_bits(value)); return true;
	case 4:
		memcpy(&single, value->data, sizeof(single));
		*ret = (double)single;
		return true;
	case 8: memcpy(ret, value->data, sizeof(*ret)); return true;
	case sizeof(extended):
		/* The format has the x87's long double; others differ. */
		if (__LDBL_MANT_DIG__ != 64)
			return false;
		memcpy(&extended, value->data, sizeof(extended));
		*ret = (double)extended;
		return true;
	default: return false;
	}
}

int
cute_shm_attr_f64(const struct cute_shm *shm, const char *path,
		  const char *name, double *ret)
{
	struct cute_shm_array value;
	bool is_signed;
	uint64_t bits;
	double number;
	int err;

	if (!ret)
		return no_result("cute_shm_attr_f64");
	err = one_value(shm, path, name, &value);
	if (err != 0)
		return err;
	if (get_integer(&value, &is_signed, &bits))
		number = is_signed ? (double)(int64_t)bits : (double)bits;
	else if (!get_float(&value, &number))
		return other_type(path, &value, "a number");
	*ret = number;
	return 0;
}
