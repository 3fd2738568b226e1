/* SPDX-License-Identifier: MIT */
/* A writer that gathers bytes until they are worth a call. */

#include <stdlib.h>
#include <string.h>

#include "base/base.h"

int
sink_begin(struct sink *s, sink_write *write, void *arg, uint64_t at)
{
	*s = (struct sink){ .write = write, .arg = arg, .at = at };
	s->buffer = malloc(SINK_SIZE);
	if (!s->buffer)
		return fail_memory("for a buffer of %zu bytes", SINK_SIZE);
	return 0;
}

int
sink_flush(struct sink *s)
{
	if (s->err == 0 && s->used > 0)
		s->err = s->write(s->arg, s->buffer, s->used);
	s->used = 0;
	return s->err;
}

void
sink_put_more(struct sink *s, const void *data, uint64_t size)
{
	const uint8_t *p = data;
	size_t n;

	s->at += size;
	while (size > 0 && s->err == 0) {
		n = SINK_SIZE - s->used;
		n = size < n ? (size_t)size : n;
		if (p)
			memcpy(s->buffer + s->used, p, n);
		else
			memset(s->buffer + s->used, 0, n);
		s->used += n;
		p = p ? p + n : NULL;
		size -= n;
		if (s->used == SINK_SIZE)
			sink_flush(s);
	}
}

void
sink_free(struct sink *s)
{
	free(s->buffer);
	s->buffer = NULL;
}
