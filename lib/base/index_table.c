/* SPDX-License-Identifier: MIT */
/* A hash table of indices into a table that the caller has. */

#include <stdlib.h>

#include "base/base.h"

/* 32 bits of the hash are enough, because indices have 32 bits, too. */
struct hash_slot {
	uint32_t hash;
	uint32_t index; /* NO_INDEX: free */
};

uint32_t
hash_find(const struct hash *table, uint64_t hash, hash_same *same,
	  const void *of, const char *text, size_t size)
{
	const struct hash_slot *slot;
	uint32_t half = (uint32_t)hash;
	uint64_t i;

	if (table->size == 0)
		return NO_INDEX;
	for (i = half & (table->size - 1);; i = (i + 1) & (table->size - 1)) {
		slot = &table->slots[i];
		if (slot->index == NO_INDEX)
			return NO_INDEX;
		if (slot->hash == half && same(of, slot->index, text, size))
			return slot->index;
	}
}

static void
insert(struct hash_slot *slots, uint64_t size, struct hash_slot slot)
{
	uint64_t i = slot.hash & (size - 1);

	while (slots[i].index != NO_INDEX)
		i = (i + 1) & (size - 1);
	slots[i] = slot;
}

static int
grow(struct hash *table)
{
	uint64_t size = table->size == 0 ? 64 : table->size * 2;
	struct hash_slot *slots;
	uint64_t i;

	slots = reallocarray(NULL, size, sizeof(*slots));
	if (!slots)
		return fail_memory("for a table of %llu nodes",
				   (unsigned long long)table->count);
	for (i = 0; i < size; i++)
		slots[i].index = NO_INDEX;
	for (i = 0; i < table->size; i++)
		if (table->slots[i].index != NO_INDEX)
			insert(slots, size, table->slots[i]);
	free(table->slots);
	table->slots = slots;
	table->size = size;
	return 0;
}

int
hash_put(struct hash *table, uint64_t hash, uint32_t index)
{
	int err;

	/* Keep the table at most 3/4 full, so that searches stay short. */
	if (table->count >= table->size / 4 * 3) {
		err = grow(table);
		if (err != 0)
			return err;
	}
	insert(table->slots, table->size,
	       (struct hash_slot){ (uint32_t)hash, index });
	table->count++;
	return 0;
}

void
hash_free(struct hash *table)
{
	free(table->slots);
}
