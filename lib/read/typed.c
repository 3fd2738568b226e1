/* SPDX-License-Identifier: MIT */
/* Access to data under their exact type; any other type is an error. */

#include <inttypes.h>
#include <string.h>

#include "read/read.h"

/* The address of data without elements, aligned for any dtype. */
static const long double nothing;

/* The data if the dtype is exactly 'text', else NULL without a message. */
static const void *
data_as(const struct cute_shm_array *array, const char *text, uint64_t *n)
{
	if (strcmp(array->dtype, text) != 0 || array->offsets)
		return NULL;
	if (n)
		*n = array->element_count;
	return array->data ? array->data : &nothing;
}

/* Report the type that the array has; always NULL. */
static const void *
not_typed(const struct cute_shm_array *array, const char *wanted)
{
	char is[CUTE_SHM_DTYPE_NAME_SIZE], asked[CUTE_SHM_DTYPE_NAME_SIZE];

	cute_shm_fail(CUTE_SHM_ERR_TYPE, "\"%s\" is %s, not %s",
		      array->path ? array->path : "",
		      cute_shm_dtype_name(array->dtype, is, sizeof(is)),
		      cute_shm_dtype_name(wanted, asked, sizeof(asked)));
	return NULL;
}

const void *
cute_shm_typed(const struct cute_shm_array *array, const char *dtype,
	       uint64_t *n)
{
	const void *data = data_as(array, dtype, n);
	struct dtype d;

	if (data)
		return data;
	/* The dtype may be given by name, such as "float64". */
	if (dtype_read(dtype, &d) != 0)
		return NULL;
	data = data_as(array, d.text, n);
	return data ? data : not_typed(array, d.text);
}

#define TYPED(name, type, dtype) \
	const type *cute_shm_##name(const struct cute_shm_array *array, \
				    uint64_t *n) \
	{ \
		const void *data = data_as(array, dtype, n); \
\
		return data ? data : not_typed(array, dtype); \
	}

TYPED(i8, int8_t, "|i1")
TYPED(i16, int16_t, "<i2")
TYPED(i32, int32_t, "<i4")
TYPED(i64, int64_t, "<i8")
TYPED(u16, uint16_t, "<u2")
TYPED(u32, uint32_t, "<u4")
TYPED(u64, uint64_t, "<u8")
TYPED(f32, float, "<f4")
TYPED(f64, double, "<f8")

const uint8_t *
cute_shm_u8(const struct cute_shm_array *array, uint64_t *n)
{
	const void *data = data_as(array, "|u1", n);

	if (!data)
		data = data_as(array, "|b1", n);
	return data ? data : not_typed(array, "|u1");
}

static int
fail_not_ragged(const struct cute_shm_array *array)
{
	return cute_shm_fail(CUTE_SHM_ERR_TYPE, "\"%s\" is %s, not ragged",
			     array->path, array->dtype);
}

int
cute_shm_element(const struct cute_shm_array *array, uint64_t i,
		 const void **data, uint64_t *n)
{
	uint64_t begin, end;

	if (!data || !n)
		return no_result("cute_shm_element");
	if (!array->offsets)
		return fail_not_ragged(array);
	if (i >= array->element_count)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "\"%s\": element %" PRIu64 " of %" PRIu64,
				     array->path, i, array->element_count);
	begin = array->offsets[i];
	end = array->offsets[i + 1];
	if (begin > end || end > array->value_count)
		return cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
				     "\"%s\": element %" PRIu64 " from %" PRIu64
				     " to %" PRIu64 " of %" PRIu64 " values",
				     array->path, i, begin, end,
				     array->value_count);
	*data = array->values ? (const uint8_t *)array->values +
					begin * array->item_size
			      : (const void *)&nothing;
	*n = end - begin;
	return 0;
}

int
cute_shm_check_offsets(const struct cute_shm_array *array)
{
	uint64_t last = 0, i, next;

	if (!array->offsets)
		return fail_not_ragged(array);
	for (i = 0; i <= array->element_count; i++) {
		next = array->offsets[i];
		if (next < last || next > array->value_count ||
		    (i == 0 && next != 0))
			return cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
					     "/%s: offset %ju is %ju, after %ju"
					     " and with %ju items",
					     array->path, (uintmax_t)i,
					     (uintmax_t)next, (uintmax_t)last,
					     (uintmax_t)array->value_count);
		last = next;
	}
	if (last != array->value_count)
		return cute_shm_fail(CUTE_SHM_ERR_CORRUPT,
				     "/%s: the offsets end at %ju of %ju items",
				     array->path, (uintmax_t)last,
				     (uintmax_t)array->value_count);
	return 0;
}

int
cute_shm_string(const struct cute_shm_array *array, uint64_t i,
		const char **text, uint64_t *size)
{
	char name[CUTE_SHM_DTYPE_NAME_SIZE];
	const char *bytes;
	const void *data;
	uint64_t n;
	int err;

	if (!text || !size)
		return no_result("cute_shm_string");
	if (array->offsets && strcmp(array->dtype, "*|S1") == 0) {
		err = cute_shm_element(array, i, &data, &n);
		if (err == 0) {
			*text = data;
			*size = n;
		}
		return err;
	}
	if (array->offsets || strncmp(array->dtype, "|S", 2) != 0)
		return cute_shm_fail(CUTE_SHM_ERR_TYPE,
				     "\"%s\" is %s, not strings", array->path,
				     cute_shm_dtype_name(array->dtype, name,
							 sizeof(name)));
	if (i >= array->element_count)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "\"%s\": element %" PRIu64 " of %" PRIu64,
				     array->path, i, array->element_count);
	bytes = (const char *)array->data + i * array->item_size;
	for (n = array->item_size; n > 0 && bytes[n - 1] == '\0'; n--)
		;
	*text = bytes;
	*size = n;
	return 0;
}
