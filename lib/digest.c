/* SPDX-License-Identifier: MIT */
/* XXH3-64 with seed 0, and which bytes a digest covers. */

#include <xxhash.h>

#include "internal.h"

uint64_t
digest(const void *data, size_t size)
{
	return XXH3_64bits(data, size);
}

uint64_t
digest_header(const struct format_header *header)
{
	return digest(header, offsetof(struct format_header, header_digest));
}

uint64_t
block_rows(uint64_t data_size, uint64_t block_size)
{
	if (data_size <= block_size)
		return 0;
	return data_size / block_size + (data_size % block_size != 0);
}
