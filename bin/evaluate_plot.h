/* SPDX-License-Identifier: MIT */
/* The results of cute-shm-evaluate as a picture. */
#ifndef EVALUATE_PLOT_H
#define EVALUATE_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A row of the table. */
struct evaluate_point {
	bool copies;
	bool tried; /* false: only memory is known, what it would take */
	unsigned readers;
	double rate;	 /* iterations per second, of one reader */
	uint64_t memory; /* bytes in all */
};

/*
 * Write an SVG picture: memory, and reads per second of all readers, against
 * the number of readers, by which the points are sorted.  'title' may be any
 * text.  Whether all was written, ferror() tells.
 */
void evaluate_plot(FILE *out, const char *title, struct evaluate_point *points,
		   size_t count);

#endif
