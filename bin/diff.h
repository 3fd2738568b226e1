/* SPDX-License-Identifier: MIT */
/* What differs between two projects, and how cute-shm-diff says that. */
#ifndef DIFF_H
#define DIFF_H

#include <stdbool.h>
#include <stdint.h>

#include <cute_shm.h>

#include "json.h"

/* The exit statuses of diff(1); from good to bad. */
enum diff_verdict {
	DIFF_SAME = 0,
	DIFF_DIFFERS = 1,
	DIFF_UNKNOWN = 2 /* something cannot be read */
};

struct diff_options {
	bool quiet; /* print nothing, and stop at the first difference */
	bool json;
	bool bytes;	    /* compare data even if digests are equal */
	bool no_attributes; /* these do not count */
};

struct diff_side {
	const char *name; /* as on the command line */
	const struct cute_shm *shm;
};

/* A comparison on its way. */
struct diff {
	struct diff_side side[2];
	struct diff_options opt;
	uint64_t block_size[2];
	enum diff_verdict verdict;
	struct json json;
};

/* A node, or with 'attr' an attribute of it. */
struct diff_place {
	const char *path;
	const char *attr; /* its name, or NULL */
};

/*
 * diff_tree.c: compare the two sides, print what differs to standard output,
 * ordered by path, and return the verdict.
 */
enum diff_verdict diff_projects(const struct diff_side side[2],
				const struct diff_options *opt);

/* diff_value.c */

/* Compare the data of two arrays of the same type, by digests if possible. */
void diff_data(struct diff *d, const struct diff_place *at,
	       const struct cute_shm_array a[2]);

/* diff_report.c: each call notes one difference, and prints it. */

void diff_begin(struct diff *d);
void diff_end(struct diff *d);

/* True if nothing more needs to be compared. */
bool diff_enough(const struct diff *d);

/* The node 'kind', or the attribute, is on one side only. */
void diff_only(struct diff *d, const struct diff_place *at,
	       enum cute_shm_kind kind, int side);

void diff_kinds(struct diff *d, const struct diff_place *at,
		const enum cute_shm_kind kind[2]);
void diff_targets(struct diff *d, const struct diff_place *at,
		  const char *const target[2]);
void diff_types(struct diff *d, const struct diff_place *at,
		const struct cute_shm_array a[2]);
void diff_values(struct diff *d, const struct diff_place *at,
		 const struct cute_shm_array a[2], uint64_t element);

/* Digests differ, and nobody wants to know where. */
void diff_digests(struct diff *d);

/*
 * What cannot be told, and why: the message names the path, too.  'at' is NULL
 * for a project as a whole.
 */
void diff_unknown(struct diff *d, const struct diff_place *at,
		  const char *message);

#endif
