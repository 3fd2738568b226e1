/* SPDX-License-Identifier: MIT */
/* What of a file, or of a project, is left out: one line for each kind. */
#ifndef LEFT_OUT_H
#define LEFT_OUT_H

#include <stdbool.h>

enum left_out {
	LEFT_OUT_SKIPPED,
	LEFT_OUT_INCOMPLETE, /* it is there, but not all of its data */
	LEFT_OUT_CHANGED,    /* it is there, but not as it was */
	LEFT_OUT_UNREADABLE  /* always has a line of its own */
};

/* Name all of them, as they come. */
void left_out_each(bool each);

void left_out_add(enum left_out how, const char *path, const char *reason);

/* Name the first of each kind, with the number of the others; and forget. */
void left_out_print(void);

#endif
