/* SPDX-License-Identifier: MIT */
/* How cute-shm-dump writes an array, or a part of it. */
#ifndef DUMP_H
#define DUMP_H

#include <stdbool.h>
#include <stdio.h>

#include "slice.h"

/* An array whose values stay as they are while they are shown. */
struct dump_value {
	struct cute_shm_array array;
	struct cute_shm_lock *lock;
	void *copy;
	char *why;		/* there are none, for people */
};

/*
 * v->why is NULL, or why its values cannot be shown: it is torn, or its writers
 * are at work for too long.  Without a copy where that would be large and the
 * array was never updated; its first update waits then.  A copy may have only
 * what the slice needs: then its origin is another.
 */
void dump_value_begin(struct dump_value *v, const struct cute_shm_array *array,
		      struct slice *slice);
void dump_value_end(struct dump_value *v);

/*
 * From now on standard output is a file, which has its name when it is whole;
 * at the end, if all went well.  Both return a status, after a message.
 */
int dump_file_begin(const char *path, bool overwrite);
int dump_file_end(const char *path, int status);

/*
 * Values in brackets, as NumPy shows them: "..." stands for the middle of what
 * has over 1000 elements, unless 'all'.  The node's attributes tell an enum's
 * names.
 */
void dump_text(FILE *out, const struct cute_shm_array *array,
	       const struct slice *slice, const struct cute_shm_node *node,
	       bool all);

/* The values as JSON, all of them. */
void dump_json(FILE *out, const struct cute_shm_array *array,
	       const struct slice *slice);

/*
 * The bytes of the elements, in order; of all of a ragged array as they lie.
 * With a header that numpy.load() understands.  NULL, or why it cannot be.
 */
const char *dump_raw(FILE *out, const struct cute_shm_array *array,
		     const struct slice *slice);
const char *dump_npy(FILE *out, const struct cute_shm_array *array,
		     const struct slice *slice);

#endif
