/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer: any bytes as an HDF5 file.  The native index must end, whatever
 * they are, and read nothing outside of them.  Checksums count in the replay of
 * seeds only.
 */
#include <stdlib.h>
#include <string.h>

#include "native_walk.h"
#include "seed.h"

unsigned fuzz_reached;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
	free(copy);
	return 0;
}
