/* SPDX-License-Identifier: MIT */
/* XXH3-64 with seed 0, and which bytes a digest covers. */

#include <xxhash.h>

#include "format/format.h"

/* A stream is XXH3's state under a name that format.h can declare. */
static XXH3_state_t *
state_of(struct digest_stream *stream)
{
	return (XXH3_state_t *)(void *)stream;
}

struct digest_stream *
digest_stream_new(void)
{
	XXH3_state_t *state = XXH3_createState();

	if (!state) {
		fail_memory("for a digest");
		return NULL;
	}
	XXH3_64bits_reset(state);
	return (struct digest_stream *)(void *)state;
}

void
digest_stream_add(struct digest_stream *stream, const void *data, size_t size)
{
	/* This fails only for NULL. */
	XXH3_64bits_update(state_of(stream), data, size);
}

uint64_t
digest_stream_end(struct digest_stream *stream)
{
	uint64_t hash = XXH3_64bits_digest(state_of(stream));

	XXH3_64bits_reset(state_of(stream));
	return hash;
}

void
digest_stream_free(struct digest_stream *stream)
{
	XXH3_freeState(state_of(stream));
}

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

int
digest_data(const void *data, uint64_t size, uint64_t block_size, uint64_t *ret)
{
	struct digest_stream *stream;
	const uint8_t *p = data;
	uint64_t left, block, hash;

	if (size <= block_size) {
		*ret = digest(data, size);
		return 0;
	}
	stream = digest_stream_new();
	if (!stream)
		return CUTE_SHM_ERR_NOMEM;
	for (left = size; left > 0; left -= block, p += block) {
		block = left < block_size ? left : block_size;
		hash = digest(p, block);
		digest_stream_add(stream, &hash, sizeof(hash));
	}
	*ret = digest_stream_end(stream);
	digest_stream_free(stream);
	return 0;
}
