/* SPDX-License-Identifier: MIT */
/*
 * replay FILE...: what the fuzzer does with each of these seeds, or with found
 * cases as they are (any file that is not called *.hex).
 * replay -b FOLDER FILE...: write the seeds as bytes, for the fuzzer to begin.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *
read_bytes(const char *path, size_t *size)
{
	uint8_t *bytes = malloc((size_t)1 << 24);
	FILE *f = fopen(path, "r");

	*size = bytes && f ? fread(bytes, 1, (size_t)1 << 24, f) : 0;
	if (f)
		fclose(f);
	if (f)
		return bytes;
	free(bytes);
	return NULL;
}

static uint8_t *
read_any(const char *path, size_t *size)
{
	size_t n = strlen(path);

	return n > 4 && strcmp(path + n - 4, ".hex") == 0
		       ? seed_read(path, size)
		       : read_bytes(path, size);
}

static int
write_bytes(const char *folder, const char *seed, const uint8_t *bytes,
	    size_t size)
{
	const char *slash = strrchr(seed, '/');
	char path[4096];
	FILE *f;
	int bad;

	snprintf(path, sizeof(path), "%s/%s", folder, slash ? slash + 1 : seed);
	f = fopen(path, "w");
	if (!f)
		return -1;
	bad = fwrite(bytes, 1, size, f) != size;
	return fclose(f) != 0 || bad ? -1 : 0;
}

int
main(int argc, char **argv)
{
	const char *folder = NULL;
	int i = 1;

	if (argc > 2 && strcmp(argv[1], "-b") == 0) {
		folder = argv[2];
		i = 3;
	}
	for (; i < argc; i++) {
		size_t size;
		uint8_t *bytes = read_any(argv[i], &size);

		if (!bytes || (folder && write_bytes(folder, argv[i], bytes,
						     size) != 0)) {
			fprintf(stderr, "%s: no seed\n", argv[i]);
			return 1;
		}
		if (!folder)
			LLVMFuzzerTestOneInput(bytes, size);
		free(bytes);
	}
	if (!folder)
		printf("%u reached\n", fuzz_reached);
	return 0;
}
