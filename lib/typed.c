/* SPDX-License-Identifier: MIT */
/* Data as what they are, or not at all. */

#include <inttypes.h>
#include <string.h>

#include "internal.h"

/* What an array without elements points to: aligned for any dtype. */
static const long double nothing;

const void *
cute_shm_typed(const struct cute_shm_array *array, const char *dtype,
	       uint64_t *n)
{
	if (strcmp(array->dtype, dtype) != 0 || array->offsets)
		return NULL;
	if (n)
		*n = array->element_count;
	return array->data ? array->data : &nothing;
}

#define TYPED(name, type, dtype)					\
const type *								\
cute_shm_##name(const struct cute_shm_array *array, uint64_t *n)	\
{									\
	return cute_shm_typed(array, dtype, n);				\
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
	const void *data = cute_shm_typed(array, "|u1", n);

	return data ? data : cute_shm_typed(array, "|b1", n);
}

int
cute_shm_element(const struct cute_shm_array *array, uint64_t i,
		 const void **data, uint64_t *n)
{
	uint64_t begin, end;

	if (!array->offsets)
		return cute_shm_fail(CUTE_SHM_ERR_TYPE, "\"%s\" is %s, not "
				     "ragged", array->path, array->dtype);
	if (i >= array->element_count)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID, "\"%s\": element %"
				     PRIu64 " of %" PRIu64, array->path, i,
				     array->element_count);
	begin = array->offsets[i];
	end = array->offsets[i + 1];
	if (begin > end || end > array->value_count)
		return cute_shm_fail(CUTE_SHM_ERR_CORRUPT, "\"%s\": element %"
				     PRIu64 " from %" PRIu64 " to %" PRIu64
				     " of %" PRIu64 " values", array->path, i,
				     begin, end, array->value_count);
	*data = array->values ? (const uint8_t *)array->values +
				begin * array->item_size
			      : (const void *)&nothing;
	*n = end - begin;
	return 0;
}
