/* SPDX-License-Identifier: MIT */
/* Which bytes of a segment have come, or were sent, in whatever order. */
#ifndef LIB_COPY_RECEIVED_H
#define LIB_COPY_RECEIVED_H

#include "base/base.h"

struct received_span {
	uint64_t begin, end;
};

/* Sorted; neither touching nor empty.  Begin with zeros. */
struct received {
	struct received_span *of;
	uint32_t count, room;
};

/* Add [begin, end), of which some may have come before. */
int received_add(struct received *r, uint64_t begin, uint64_t end) must_check;

/* The first bytes of [0, end) that have not come; false: all have. */
bool received_gap(const struct received *r, uint64_t end,
		  struct received_span *ret);
void received_free(struct received *r);

#endif
