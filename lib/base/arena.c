/* SPDX-License-Identifier: MIT */
/* Memory that is allocated piece by piece and freed all at once. */

#include <stdlib.h>
#include <string.h>

#include "base/base.h"

/* The first chunk is small, and each has twice the size of the one before. */
#define FEWEST ((size_t)4096)
#define MOST   ((size_t)65536)

struct arena_chunk {
	struct arena_chunk *next;
	uint64_t bytes[];
};

static int
add_chunk(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk;

	chunk = malloc(sizeof(*chunk) + size);
	if (!chunk)
		return fail_memory("to describe a tree: %zu bytes", size);
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	arena->used = 0;
	arena->size = size;
	return 0;
}

static size_t
next_size(const struct arena *arena, size_t least)
{
	size_t size = 2 * arena->size;

	if (size < FEWEST)
		size = FEWEST;
	if (size > MOST)
		size = MOST;
	return size > least ? size : least;
}

void *
arena_get(struct arena *arena, size_t size)
{
	void *p;

	size = (size_t)align_up(size, sizeof(uint64_t));
	if (size > arena->size - arena->used &&
	    add_chunk(arena, next_size(arena, size)) != 0)
		return NULL;
	p = (uint8_t *)arena->chunks->bytes + arena->used;
	arena->used += size;
	return p;
}

const char *
arena_text(struct arena *arena, const char *text, size_t size)
{
	char *copy;

	copy = arena_get(arena, size + 1);
	if (!copy)
		return NULL;
	memcpy(copy, text, size);
	copy[size] = '\0';
	return copy;
}

void
arena_free(struct arena *arena)
{
	struct arena_chunk *chunk;

	while (arena->chunks) {
		chunk = arena->chunks;
		arena->chunks = chunk->next;
		free(chunk);
	}
}
