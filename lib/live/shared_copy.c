/* SPDX-License-Identifier: MIT */
/*
 * Copies from and to memory that others use at the same time.  Each word is
 * read or written atomically, so there is no data race as C11 defines it.
 */

#include <string.h>

#include "live/live.h"

void
copy_out(void *to, const uint8_t *shared, size_t size)
{
	uint8_t *dst = to;
	uint64_t word;

	for (; size > 0 && (uintptr_t)shared % sizeof(word) != 0; size--)
		*dst++ = __atomic_load_n(shared++, __ATOMIC_RELAXED);
	for (; size >= sizeof(word); size -= sizeof(word)) {
		word = __atomic_load_n((const uint64_t *)(const void *)shared,
				       __ATOMIC_RELAXED);
		memcpy(dst, &word, sizeof(word));
		dst += sizeof(word);
		shared += sizeof(word);
	}
	for (; size > 0; size--)
		*dst++ = __atomic_load_n(shared++, __ATOMIC_RELAXED);
}

static void
copy_in_forward(uint8_t *shared, const uint8_t *src, size_t size)
{
	uint64_t word;

	for (; size > 0 && (uintptr_t)shared % sizeof(word) != 0; size--)
		__atomic_store_n(shared++, *src++, __ATOMIC_RELAXED);
	for (; size >= sizeof(word); size -= sizeof(word)) {
		memcpy(&word, src, sizeof(word));
		__atomic_store_n((uint64_t *)(void *)shared, word,
				 __ATOMIC_RELAXED);
		src += sizeof(word);
		shared += sizeof(word);
	}
	for (; size > 0; size--)
		__atomic_store_n(shared++, *src++, __ATOMIC_RELAXED);
}

static void
copy_in_backward(uint8_t *shared, const uint8_t *src, size_t size)
{
	uint64_t word;

	for (; size > 0 && (uintptr_t)(shared + size) % sizeof(word) != 0;
	     size--)
		__atomic_store_n(shared + size - 1, src[size - 1],
				 __ATOMIC_RELAXED);
	for (; size >= sizeof(word); size -= sizeof(word)) {
		memcpy(&word, src + size - sizeof(word), sizeof(word));
		__atomic_store_n((uint64_t *)(void *)(shared + size -
						      sizeof(word)),
				 word, __ATOMIC_RELAXED);
	}
	for (; size > 0; size--)
		__atomic_store_n(shared + size - 1, src[size - 1],
				 __ATOMIC_RELAXED);
}

void
copy_in(uint8_t *shared, const void *from, size_t size)
{
	if ((uintptr_t)shared - (uintptr_t)from < size)
		copy_in_backward(shared, from, size);
	else
		copy_in_forward(shared, from, size);
}
