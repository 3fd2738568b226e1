/* SPDX-License-Identifier: MIT */
/* Arrays that grow. */

#include <stdlib.h>

#include "base/base.h"

void *
vector_grow(void *items, uint32_t count, uint32_t *room, size_t size)
{
	uint32_t more;
	void *grown;

	if (count < *room)
		return items;
	/* No item may have the index NO_INDEX, and doubling must not wrap. */
	more = *room == 0 ? 16 : *room < NO_INDEX / 2 ? *room * 2 : NO_INDEX;
	grown = count < NO_INDEX ? reallocarray(items, more, size) : NULL;
	if (!grown) {
		cute_shm_fail(CUTE_SHM_ERR_NOMEM,
			      "no memory to describe more than %u nodes",
			      count);
		return NULL;
	}
	*room = more;
	return grown;
}
