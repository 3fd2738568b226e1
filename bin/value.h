/* SPDX-License-Identifier: MIT */
/* dtypes, shapes and values of arrays as text. */
#ifndef VALUE_H
#define VALUE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <cute_shm.h>

/*
 * "float64", "bool", "S12", "list of int32": as NumPy prints it.  For the
 * tables; JSON has the dtype itself.  The caller frees it.
 */
char *value_dtype(const char *dtype);

/* "120x3", "scalar", "-" for null; the caller frees it. */
char *value_shape(const char *dtype, unsigned ndim, const uint64_t *shape);

/*
 * The value as JSON: a number, a text, true, or nested arrays of them; complex
 * numbers are pairs, opaque bytes hexadecimal text, null dataspaces null, and
 * "nan", "inf", "-inf" are texts, since JSON has no such numbers.
 */
void value_json(FILE *out, const struct cute_shm_array *array);

/*
 * The same for people, in not much more than 'limit' bytes: what is cut off is
 * not even looked at, and ends with an ellipsis.  0: all of it; else 'out' must
 * know its position, as a text_buffer does.
 */
void value_text(FILE *out, const struct cute_shm_array *array, long limit);

/* Element i alone, all of it. */
void value_element(FILE *out, const struct cute_shm_array *array, uint64_t i,
		   bool json);

#endif
