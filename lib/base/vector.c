/* SPDX-License-Identifier: MIT */
/* Arrays that grow, and the error of those who get no memory. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"

int
fail_memory(const char *format, ...)
{
	char what[1280];
	va_list ap;

	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	return cute_shm_fail(CUTE_SHM_ERR_NOMEM, "no memory %s", what);
}

void *
vector_grow(void *items, uint32_t count, uint32_t *room, size_t size,
	    const char *what)
{
	uint32_t more;
	void *grown;

	if (count < *room)
		return items;
	/* No item may have the index NO_INDEX, and doubling must not wrap. */
	more = *room == 0 ? 16 : *room < NO_INDEX / 2 ? *room * 2 : NO_INDEX;
	grown = count < NO_INDEX ? reallocarray(items, more, size) : NULL;
	if (!grown) {
		fail_memory("for more than %u %s", count, what);
		return NULL;
	}
	*room = more;
	return grown;
}
