/* SPDX-License-Identifier: MIT */
/* What cute-shm-evaluate does: readers in processes of their own. */
#ifndef EVALUATE_H
#define EVALUATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cute_shm.h>

#define EVALUATE_SECONDS 0.2

/* An array as a reader has it: elements that lie one after another. */
struct evaluate_array {
	const uint8_t *data;
	uint64_t count;
	size_t size; /* bytes of an element */
};

struct evaluate_arrays {
	struct evaluate_array *of;
	size_t count;
	struct cute_shm *shm; /* what they lie in; NULL: copies */
};

/* All that have elements; false after a message. */
bool evaluate_attach(const char *project, const char *root,
		     struct evaluate_arrays *ret);

/* The same, copied from there into memory of this process. */
bool evaluate_copy(const char *project, const char *root,
		   struct evaluate_arrays *ret);

struct evaluate_request {
	bool copies; /* a copy for each process */
	const char *project;
	const char *root;
	unsigned processes;
	/* One random element of each array; 0: for EVALUATE_SECONDS. */
	unsigned iterations;
};

struct evaluate_result {
	double ready;		/* seconds until all can read */
	double rate;		/* iterations per second, of one process */
	uint64_t pss;		/* of all processes, bytes */
	uint64_t private_bytes; /* the same: not shared with another one */
	uint64_t anonymous;	/* the same: of no file, so of no segment */
};

/* Run them; false after a message. */
bool evaluate_run(const struct evaluate_request *request,
		  struct evaluate_result *ret);

#endif
