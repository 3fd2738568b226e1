/* SPDX-License-Identifier: MIT */
#include "seed.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT ((size_t)1 << 24)

/* Eight hexadecimal digits at the begin of the line. */
static int
has_offset(const char *line)
{
	size_t i;

	for (i = 0; i < 8; i++)
		if (!isxdigit((unsigned char)line[i]))
			return 0;
	return line[8] == ' ';
}

/* The bytes of a row to bytes[]; how many. */
static size_t
parse_row(const char *line, uint8_t bytes[16])
{
	size_t n = 0;
	char *end;

	for (line += 8; n < 16; n++) {
		while (*line == ' ')
			line++;
		if (!isxdigit((unsigned char)line[0]) ||
		    !isxdigit((unsigned char)line[1]))
			break;
		bytes[n] = (uint8_t)strtoul(line, &end, 16);
		if (end != line + 2)
			break;
		line = end;
	}
	return n;
}

static int
put_row(uint8_t **all, size_t *size, size_t at, const uint8_t *row, size_t n)
{
	uint8_t *more;
	size_t i;

	if (at > LIMIT)
		return -1;
	if (at + n > *size) {
		more = realloc(*all, at + n);
		if (!more)
			return -1;
		memset(more + *size, 0, at + n - *size);
		*all = more;
		*size = at + n;
	}
	for (i = 0; i < n; i++)
		(*all)[at + i] |= row[i];
	return 0;
}

uint8_t *
seed_read(const char *path, size_t *size)
{
	FILE *f = fopen(path, "r");
	uint8_t *all = calloc(1, 1), row[16];
	char line[1024];
	int bad = !f || !all;
	size_t n;

	*size = 0;
	while (!bad && fgets(line, sizeof(line), f)) {
		if (!has_offset(line))
			continue;
		n = parse_row(line, row);
		bad = n == 0 ||
		      put_row(&all, size, strtoul(line, NULL, 16), row, n) != 0;
	}
	if (f)
		fclose(f);
	if (!bad && *size > 0)
		return all;
	free(all);
	return NULL;
}
