/* SPDX-License-Identifier: MIT */
/*
 * How far a load is, on standard error, when it takes longer than a moment: on
 * a terminal a line that is drawn anew, elsewhere a line every ten seconds, so
 * that the log of a job shows that it lives.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	uint64_t bytes_done;
	uint64_t bytes_total; /* 0: still counting objects */
	uint64_t objects;
	const char *path; /* of the array at work on, or */
	const char *name; /* of what else it is about; NULL: none */
};

/* Nothing is shown unless 'wanted'; in a log more often if 'verbose'. */
void progress_begin(bool wanted, bool verbose);
void progress_update(const struct progress *p);

/* The same at a time of the caller's clock, in seconds. */
void progress_begin_at(bool wanted, bool verbose, double t);
void progress_update_at(const struct progress *p, double t);

/* Take the line away, until the next update. */
void progress_clear(void);

#endif
