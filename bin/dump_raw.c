/* SPDX-License-Identifier: MIT */
#include "dump.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

const char *
dump_raw(FILE *out, const struct cute_shm_array *a, const struct slice *s)
{
	const char *data = a->data;
	uint64_t i;

	if (a->data_size == 0)
		return NULL;
	if (s->whole) {
		fwrite(data, 1, a->data_size, out);
		return NULL;
	}
	if (a->dtype[0] == '*')
		return "a part of a ragged array has no bytes of its own";
	for (i = 0; i < s->element_count && !ferror(out); i++)
		fwrite(data + slice_element(s, i) * a->item_size, a->item_size,
		       1, out);
	return NULL;
}

/* Version 1.0: magic, length, a Python dict, blanks up to 64 bytes. */
const char *
dump_npy(FILE *out, const struct cute_shm_array *a, const struct slice *s)
{
	static const char magic[] = "\x93NUMPY\x01";
	struct text_buffer b;
	size_t before = sizeof(magic) + 2, length;
	char *dict;
	unsigned d;

	if (a->dtype[0] == '*')
		return "a ragged array has no .npy";
	if (strcmp(a->dtype, "null") == 0)
		return "a null dataspace has no .npy";
	text_buffer_begin(&b);
	fprintf(b.out, "{'descr': '%s', 'fortran_order': False, 'shape': (",
		a->dtype);
	for (d = 0; d < s->result_ndim; d++)
		fprintf(b.out, "%" PRIu64 ",%s", s->shape[d],
			d + 1 < s->result_ndim ? " " : "");
	fputs("), }", b.out);
	dict = text_buffer_end(&b);
	length = (before + strlen(dict) + 1 + 63) / 64 * 64 - before;
	/* The NUL of the string is the minor version. */
	fwrite(magic, 1, sizeof(magic), out);
	putc((int)(length & 0xff), out);
	putc((int)(length >> 8), out);
	fprintf(out, "%-*s\n", (int)length - 1, dict);
	free(dict);
	return dump_raw(out, a, s);
}
