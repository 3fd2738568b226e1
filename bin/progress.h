/* SPDX-License-Identifier: MIT */
/*
 * A line on standard error that shows how far a load is; only on a terminal,
 * and only when it takes longer than a moment.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	uint64_t bytes_done;
	uint64_t bytes_total;	/* 0: still counting objects */
	uint64_t objects;
	const char *path;
};

/* Nothing is shown unless 'wanted' and standard error is a terminal. */
void progress_begin(bool wanted);
void progress_update(const struct progress *p);

/* Take the line away, until the next update. */
void progress_clear(void);

#endif
