/* SPDX-License-Identifier: MIT */
/* Compute offsets from sizes as cute-shm(5) says: one layout for one tree. */

#include "format/format.h"

/* off_t has 63 bits. */
#define SIZE_LIMIT ((uint64_t)INT64_MAX)

/*
 * Place a section of 'count' rows of 'size' bytes at the first multiple of 'to'
 * from *at on.  *ret is its offset, *at its end.  False if that exceeds 63
 * bits.
 */
static bool
place(uint64_t *at, uint64_t to, uint64_t count, uint64_t size, uint64_t *ret)
{
	uint64_t bytes, end;

	if (*at > SIZE_LIMIT - to)
		return false;
	*ret = align_up(*at, to);
	if (__builtin_mul_overflow(count, size, &bytes) ||
	    __builtin_add_overflow(*ret, bytes, &end) || end > SIZE_LIMIT)
		return false;
	*at = end;
	return true;
}

static bool
place_blocks(struct format_header *h, struct layout_array *arrays)
{
	uint64_t i, rows;

	h->block_count = 0;
	for (i = 0; i < h->array_count; i++) {
		rows = block_rows(arrays[i].data_size, h->block_size);
		arrays[i].first_block = rows > 0 ? h->block_count : 0;
		if (__builtin_add_overflow(h->block_count, rows,
					   &h->block_count))
			return false;
	}
	return true;
}

static bool
place_data(struct format_header *h, struct layout_array *arrays, uint64_t at)
{
	uint64_t i, to;

	h->array_bytes = 0;
	for (i = 0; i < h->array_count; i++) {
		to = arrays[i].data_size >= FORMAT_PAGE ? FORMAT_PAGE
							: FORMAT_DATA_ALIGN;
		if (!place(&at, to, arrays[i].data_size, 1,
			   &arrays[i].data_offset))
			return false;
		/* This is at most 'at', which did not overflow. */
		h->array_bytes += arrays[i].data_size;
	}
	h->segment_size = at;
	h->data_size = at - h->data_offset;
	return true;
}

bool
layout_extend(struct format_header *h, uint64_t size)
{
	uint64_t at = h->segment_size, none;

	if (!place(&at, FORMAT_PAGE, size, 1, &none))
		return false;
	h->segment_size = at;
	h->data_size = at - h->data_offset;
	return true;
}

int
layout(struct format_header *h, struct layout_array *arrays)
{
	uint64_t at = FORMAT_HEADER_SIZE;

	h->header_size = FORMAT_HEADER_SIZE;
	if (!place_blocks(h, arrays) ||
	    !place(&at, FORMAT_SECTION_ALIGN, h->node_count,
		   sizeof(struct format_index_row), &h->index_offset) ||
	    !place(&at, FORMAT_SECTION_ALIGN, h->records_size, 1,
		   &h->records_offset) ||
	    !place(&at, FORMAT_SECTION_ALIGN, h->block_count, sizeof(uint64_t),
		   &h->blocks_offset))
		goto too_large;
	h->metadata_size = at;
	if (!place(&at, FORMAT_PAGE, h->array_count, sizeof(struct format_live),
		   &h->live_offset) ||
	    !place(&at, FORMAT_PAGE, 0, 0, &h->data_offset) ||
	    !place_data(h, arrays, h->data_offset))
		goto too_large;
	return 0;

too_large:
	return cute_shm_fail(CUTE_SHM_ERR_INVALID,
			     "%llu arrays need a segment of over 2^63 bytes",
			     (unsigned long long)h->array_count);
}
