/* SPDX-License-Identifier: MIT */
#include "nearest.h"

#include <string.h>

#define LONGEST 64 /* nobody mistypes longer names */

static size_t
min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * How many letters have to be added, left out, replaced, or exchanged with
 * their neighbour, to make b of a.  Rows of the usual table, three of them,
 * since an exchange looks two rows back.
 */
static size_t
distance(const char *a, size_t na, const char *b, size_t nb)
{
	size_t rows[3][LONGEST + 1], i, j;

	for (j = 0; j <= nb; j++)
		rows[0][j] = j;
	for (i = 1; i <= na; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i + 2) % 3];
		const size_t *two_above = rows[(i + 1) % 3];

		row[0] = i;
		for (j = 1; j <= nb; j++) {
			row[j] = min(min(above[j], row[j - 1]) + 1,
				     above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = min(row[j], two_above[j - 2] + 1);
		}
	}
	return rows[na % 3][nb];
}

void
nearest_begin(struct nearest *n, const char *typed)
{
	*n = (struct nearest){ .typed = typed, .distance = LONGEST };
}

void
nearest_try(struct nearest *n, const char *name)
{
	size_t typed_size = strlen(n->typed), size = strlen(name), d;

	if (typed_size == 0 || typed_size > LONGEST || size > LONGEST ||
	    strcmp(n->typed, name) == 0)
		return;
	if (strncmp(n->typed, name, typed_size) == 0)
		d = 1; /* an abbreviation */
	else
		d = distance(n->typed, typed_size, name, size);
	if (d < n->distance && (d == 1 || d <= size / 3) && d < typed_size) {
		n->best = name;
		n->distance = d;
	}
}

const char *
nearest_name(const struct nearest *n)
{
	return n->best;
}
