/* SPDX-License-Identifier: MIT */
/* How cute-shm-dump writes an array, or a part of it. */
#ifndef DUMP_H
#define DUMP_H

#include <stdbool.h>
#include <stdio.h>

#include "format/slice.h"

struct dump_options {
	bool header;			  /* no values */
	bool all;			  /* all of them */
	bool raw, npy, python, hex, json; /* at most one of these */
};

/*
 * Show all of the project, or what is at the n paths of it, on standard output.
 * A status, after messages.
 */
int dump_project(const struct cute_shm *shm, const char *project, int n,
		 char **paths, const struct dump_options *options);

/* An array whose values stay as they are while they are shown. */
struct dump_value {
	struct cute_shm_array array;
	struct cute_shm_lock *lock;
	void *copy;
	void *map; /* a copy of pieces, in their places */
	size_t map_size;
	char *why; /* there are none, for people */
};

/*
 * v->why is NULL, or why its values cannot be shown: it is torn, or its writers
 * are at work for too long.  Without a copy where that would be large and the
 * array was never updated; its first update waits then.  A copy may have only
 * what the slice needs: then its origin is another.  With 'edges', only these
 * will be shown.
 */
void dump_value_begin(struct dump_value *v, const struct cute_shm_array *array,
		      struct slice *slice, bool edges);
void dump_value_end(struct dump_value *v);

/* Elements at each end of a dimension of which only the edges are shown. */
#define DUMP_EDGE 3

/* Whether dump_text() will show only the edges. */
bool dump_edges(const struct slice *slice, bool all);

/* How many elements are shown. */
uint64_t dump_shown(const struct slice *slice, bool edges);

/*
 * From now on standard output is a file, which has its name when it is whole;
 * at the end, if all went well, and the permissions that the segment has.  Both
 * return a status, after a message.
 */
int dump_file_begin(const char *path, const struct cute_shm *shm,
		    bool overwrite);
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

/*
 * The expression that maps it in Python, and a line end: of a ragged array its
 * offsets and its values.  'part': what stands in brackets, or NULL.  NULL, or
 * why it cannot be.
 */
const char *dump_python(FILE *out, const struct cute_shm_array *array,
			const char *part);

#endif
