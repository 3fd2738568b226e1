/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer: any bytes as an HDF5 file.  The native index must end, whatever
 * they are, and read nothing outside of them; so must what rewrites the global
 * heaps that have mappings of virtual datasets, and object headers.  Checksums
 * count in the replay of seeds only.
 */
#include <stdlib.h>
#include <string.h>

#include "hdf5/older/older.h"
#include "native_walk.h"
#include "seed.h"

unsigned fuzz_reached;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Rewrite all global heaps for each version of libhdf5. */
static void
heaps_older(const uint8_t *data, size_t size)
{
	static const unsigned versions[] = { SINCE_1_10, SINCE_1_12 };
	uint8_t *older = NULL;
	uint64_t bytes;

	for (size_t at = 0; at + 8 <= size; at += 8)
		for (unsigned i = 0; i < 2; i++)
			if (memcmp(data + at, "GCOL", 4) == 0 &&
			    collection_older(data + at, size - at, 8,
					     versions[i], &older,
					     &bytes) == 0) {
				fuzz_reached++;
				free(older);
			}
}

#define CHUNK 512 /* bytes of a chunk behind the first, which has no size */

/* The same for all object headers. */
static void
headers_older(uint8_t *data, size_t size)
{
	unsigned prefix;
	uint64_t whole;

	for (size_t at = 0; at + 4 <= size; at++) {
		whole = header_size(data + at, size - at, &prefix);
		if (whole == 0 && memcmp(data + at, "OCHK", 4) == 0)
			whole = size - at < CHUNK ? size - at : CHUNK;
		if (whole > 0 && whole <= size - at)
			header_older(data + at, whole, at % 2 == 0, SINCE_1_10);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1);
	struct native n;

	/* Memory of just this size, so that the sanitizer knows its end. */
	if (!copy)
		return 0;
	copy = realloc(copy, size ? size : 1);
	memcpy(copy, data, size);
	if (native_of(copy, size, &n) == 0) {
		fuzz_reached++;
		native_walk(&n);
	}
	native_close(&n);
	heaps_older(copy, size);
	headers_older(copy, size);
	free(copy);
	return 0;
}
