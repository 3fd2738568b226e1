/* SPDX-License-Identifier: MIT */
/* Compare a project with what a load of its source has given. */
#ifndef CUTE_SHM_VERIFY_COMPARE_H
#define CUTE_SHM_VERIFY_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include <cute_shm.h>

#include "verify.h"

/*
 * What the load of the source leaves out or cannot read, and why.  A difference
 * there says nothing about the project.
 */
struct gap {
	char *path; /* of an attribute: "a/b@name", "a/b@*" */
	char *reason;
	bool told;
};

struct comparison {
	struct verify_subject *subject;
	bool several; /* files: their groups have attributes of the load */
	struct gap *gaps;
	size_t count;
};

/* verify_gaps.c */

/* Add one; 'failed': report it at once. */
void gap_add(struct comparison *c, const char *path, const char *reason,
	     bool failed);
void gaps_free(struct comparison *c);

/* Report it, once. */
void gap_tell(struct comparison *c, struct gap *gap);

/* The gap at the node, or at what a link leads to; NULL: none. */
struct gap *gap_of(const struct comparison *c,
		   const struct cute_shm_node *node);
struct gap *gap_of_attr(const struct comparison *c, const char *path,
			const char *name);

/* verify_compare.c */

/* Nodes of 'a' that 'b' has not; 'both': compare the others. */
void compare_trees(struct comparison *c, const struct cute_shm *a,
		   const struct cute_shm *b, bool both, const char *where);

#endif
