/* SPDX-License-Identifier: MIT */
/* What was meant by a name that is mistyped. */
#ifndef NEAREST_H
#define NEAREST_H

#include <stddef.h>

/*
 * Find the name that 'typed' probably stands for.  Call nearest_try() for each
 * name that there is; then nearest_name() is the best of them, or NULL if none
 * is near: at most a third of its letters differ, or it begins with 'typed'.
 * A name that is 'typed' itself is no mistake, and none of them.
 * Both texts must outlive the search.
 */
struct nearest {
	const char *typed;
	const char *best;
	size_t distance;
};

void nearest_begin(struct nearest *n, const char *typed);
void nearest_try(struct nearest *n, const char *name);
const char *nearest_name(const struct nearest *n);

#endif
