/* SPDX-License-Identifier: MIT */
/* The attributes that say which file a group is from. */

#include <string.h>

#include "hdf5/describe/describe.h"

/* An estimate of the bytes of such an attribute, beside its value. */
#define ATTRIBUTE_SIZE 96

static int
put_number(struct loader *l, const char *path, enum reserved id, uint64_t value)
{
	l->result.segment_size += ATTRIBUTE_SIZE + sizeof(value);
	if (!l->builder)
		return 0;
	return cute_shm_builder_attr(l->builder, path, reserved_name(id), "<u8",
				     0, NULL, &value);
}

static int
put_text(struct loader *l, const char *path, const char *text)
{
	l->result.segment_size += ATTRIBUTE_SIZE + strlen(text);
	if (!l->builder)
		return 0;
	return cute_shm_builder_attr_text(l->builder, path,
					  reserved_name(RESERVED_SOURCE), text);
}

int
describe_source(struct loader *l, const char *path, const struct listed *listed)
{
	int err = put_text(l, path, listed->real);

	if (err == 0)
		err = put_number(l, path, RESERVED_SOURCE_SIZE,
				 (uint64_t)listed->before.st_size);
	if (err == 0)
		err = put_number(l, path, RESERVED_SOURCE_MTIME,
				 mtime_ns(&listed->before));
	return err;
}
