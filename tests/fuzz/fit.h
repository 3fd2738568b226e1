/* SPDX-License-Identifier: MIT */
#ifndef CUTE_SHM_TESTS_FIT_H
#define CUTE_SHM_TESTS_FIT_H

#include <string.h>

#include "read/read.h"

/*
 * Sizes follow from the input's: most changes of it would end at the header.
 * So does the digest, where it is checked: in the replay of seeds.
 */
static inline void
fit_header(uint8_t *bytes, size_t size)
{
	struct format_header h;

	if (size < sizeof(h))
		return;
	memcpy(&h, bytes, sizeof(h));
	h.segment_size = size;
	if (h.data_offset <= size)
		h.data_size = size - h.data_offset;
	if (header_has_view(&h) && h.view_offset < size)
		h.view_size = size - h.view_offset;
#ifndef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
	h.header_digest = digest_header(&h);
#endif
	memcpy(bytes, &h, sizeof(h));
}

#endif
