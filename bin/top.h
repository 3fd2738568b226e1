/* SPDX-License-Identifier: MIT */
/* cute-shm-top: what there is at a moment, and a screen that shows it. */
#ifndef TOP_H
#define TOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loads.h"

struct top_project {
	char *name;
	int err; /* why it cannot be opened, or 0; then the rest is 0 */
	uint8_t uuid[16];
	uint64_t arrays;
	uint64_t size; /* bytes of the segment */
	bool in_use;
	bool ephemeral;
	size_t users;	  /* other processes, as far as they can be seen */
	uint64_t torn;	  /* arrays */
	uint64_t updates; /* of all arrays, since the project was made */
	double rate;	  /* updates per second; negative: not known */
};

struct top_sample {
	double at; /* clock_now() */
	struct top_project *projects;
	size_t count;
	struct loads loads;
	uint64_t bytes;		       /* of all its segments */
	uint64_t root_size, root_free; /* of its file system; 0: no bound */
};

/* What is asked for: none, or names and patterns, of projects in the root. */
struct top_request {
	const char *root; /* as in struct cute_shm_open_options */
	char **names;
	int count;
};

/*
 * Look at all of it.  'previous', which may be NULL, is what rates are counted
 * from.  As cute_shm_list(); in any case to be freed.
 */
int top_look(struct top_request *request, const struct top_sample *previous,
	     struct top_sample *ret);
void top_free(struct top_sample *sample);

/* The lines of a sample: at most 'rows' of 'columns'; 0: as many as it takes.
 * The first is a heading.  For free(), as each of them. */
char **top_lines(const struct top_sample *sample, const char *root, size_t rows,
		 size_t columns, size_t *count);

/* As JSON, with its end of line. */
void top_json(const struct top_sample *sample, const char *root);

/* ------------------------------------------------------------- the screen */

/* Take the terminal at standard output; false: there is none, said. */
bool top_screen_begin(void);

/* Its size now. */
void top_screen_size(size_t *rows, size_t *columns);

/* Show the lines; what has not changed is not written.  False: it is gone. */
bool top_screen_show(char *const *lines, size_t count);

/*
 * Wait, or until the terminal has another size; false when the user wants to
 * end, by a key or a signal, or the terminal is gone.
 */
bool top_screen_wait(double seconds);

/* Give it back as it was. */
void top_screen_end(void);

#endif
