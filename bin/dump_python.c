/* SPDX-License-Identifier: MIT */
/* A line of Python that maps an array where it lies in the segment's file. */
#include "dump.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <cute_shm_build.h>

#include "text.h"

static bool
all_utf8(const char *s)
{
	const char *end = s + strlen(s);

	while (s < end)
		if (text_next(&s, end) == TEXT_INVALID)
			return false;
	return true;
}

/* A text, or bytes where it is no UTF-8; their escapes are the same. */
static void
put_literal(FILE *out, const char *s)
{
	size_t n;

	fputs(all_utf8(s) ? "'" : "b'", out);
	for (; *s; s += n) {
		n = strcspn(s, "'\\");
		if (n > 0) {
			text_put(out, s, n);
			continue;
		}
		fprintf(out, "\\%c", *s);
		n = 1;
	}
	putc('\'', out);
}

/* numpy.memmap() maps no empty array. */
static void
put_map(FILE *out, const struct cute_shm_info *info, const char *dtype,
	uint64_t offset, const char *shape, bool empty)
{
	if (empty) {
		fprintf(out, "numpy.empty(%s, dtype='%s')", shape, dtype);
		return;
	}
	fputs("numpy.memmap(", out);
	put_literal(out, info->path);
	fprintf(out, ", dtype='%s', mode='r', offset=%" PRIu64 ", shape=%s)",
		dtype, offset, shape);
}

static char *
shape_of(unsigned ndim, const uint64_t *shape)
{
	struct text_buffer b;
	unsigned d;

	text_buffer_begin(&b);
	putc('(', b.out);
	for (d = 0; d < ndim; d++)
		fprintf(b.out, "%s%" PRIu64, d ? ", " : "", shape[d]);
	fputs(ndim == 1 ? ",)" : ")", b.out);
	return text_buffer_end(&b);
}

/* The offsets and the values, as one tuple. */
static void
put_ragged(FILE *out, const struct cute_shm_info *info,
	   const struct cute_shm_array *a)
{
	uint64_t offsets = a->element_count + 1;
	uint64_t values = cute_shm_values_at(a->element_count);
	char *shape = shape_of(1, &offsets);

	putc('(', out);
	put_map(out, info, "<u8", a->data_offset, shape, false);
	fputs(", ", out);
	free(shape);
	shape = shape_of(1, &a->value_count);
	put_map(out, info, a->dtype + 1, a->data_offset + values, shape,
		a->value_count == 0);
	free(shape);
	putc(')', out);
}

const char *
dump_python(FILE *out, const struct cute_shm_array *a, const char *part)
{
	struct cute_shm_info info;
	char *shape;

	if (strcmp(a->dtype, "null") == 0)
		return "a null dataspace has no data to map";
	if (a->dtype[0] == '*' && part)
		return "a part of a ragged array cannot be mapped";
	cute_shm_info(a->shm, &info);
	if (a->dtype[0] == '*') {
		put_ragged(out, &info, a);
	} else {
		shape = shape_of(a->ndim, a->shape);
		put_map(out, &info, a->dtype, a->data_offset, shape,
			a->data_size == 0);
		free(shape);
	}
	/* A slice is written as NumPy has it. */
	fprintf(out, "%s%s%s\n", part ? "[" : "", part ? part : "",
		part ? "]" : "");
	return NULL;
}
