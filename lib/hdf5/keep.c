/* SPDX-License-Identifier: MIT */
/* What was read while its object was open, until the builder seals. */

#include <stdlib.h>

#include "internal.h"

/* A part of the 64 MiB that a load may use. */
#define KEEP_MAX (UINT64_C(16) << 20)

/*
 * Lists have to be read before their sizes are known; to read them again takes
 * as long as the first time.  They may use what their own bytes need, within
 * reason.
 */
uint64_t keep_lists_max = UINT64_C(256) << 20;

bool
keep_lists_room(const struct loader *l, uint64_t bytes)
{
	return l->kept_lists <= keep_lists_max &&
	       bytes <= keep_lists_max - l->kept_lists;
}

bool
keep_room(const struct loader *l, uint64_t bytes)
{
	return l->kept <= KEEP_MAX && bytes <= KEEP_MAX - l->kept;
}

int
keep_add(struct loader *l, void *data, uint64_t bytes)
{
	struct keep *keep = malloc(sizeof(*keep));

	if (!keep) {
		free(data);
		return cute_shm_fail(CUTE_SHM_ERR_NOMEM, "no memory for data");
	}
	keep->data = data;
	keep->next = l->keeps;
	l->keeps = keep;
	l->kept += bytes;
	return 0;
}

void
keep_free(struct loader *l)
{
	struct keep *keep;

	while ((keep = l->keeps)) {
		l->keeps = keep->next;
		free(keep->data);
		free(keep);
	}
}
