/* SPDX-License-Identifier: MIT */
/* Text in lines that break between words. */
#ifndef WRAP_H
#define WRAP_H

#include <stddef.h>
#include <stdio.h>

/*
 * Write the text, escaped, where the line has 'column' columns already; the
 * following lines begin with 'indent' blanks.  No line is wider than 'columns',
 * unless a single word is; 0: all of it on one line.  Without a line end.
 */
void wrap_put(FILE *out, const char *text, size_t column, size_t indent,
	      size_t columns);

#endif
