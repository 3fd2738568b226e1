/* SPDX-License-Identifier: MIT */
/*
 * Text on its way to a person: UTF-8, measured in terminal columns, and
 * escaped, since names come from files and may want to drive the terminal.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TEXT_INVALID UINT32_MAX /* a byte that is no UTF-8 */

enum text_cut {
	TEXT_CUT_END,	/* "a long sent..." */
	TEXT_CUT_MIDDLE /* "/start/o...end", for paths */
};

enum text_style {
	TEXT_PLAIN,
	TEXT_BOLD,
	TEXT_DIM,
	TEXT_NAME,
	TEXT_BAD
};

/* Take up the locale's character set; before all else here. */
void text_begin(void);

/* True if the locale's characters are UTF-8. */
bool text_utf8(void);

/* "…" or "...", "×" or "x": what the locale has. */
const char *text_ellipsis(void);
const char *text_times(void);

/* The next character of [*p, end), and *p behind it; not at the end. */
uint32_t text_next(const char **p, const char *end);

/*
 * Characters that move the cursor, turn the direction of writing, or show
 * nothing at all, such as U+200B.
 */
bool text_hostile(uint32_t c);

/* Write one character as UTF-8. */
void text_put_char(FILE *out, uint32_t c);

/*
 * Write n bytes with what text_hostile() finds, and bytes that are no UTF-8,
 * as escapes such as \n, \x1b, \u202e, \U000e0001.
 */
void text_put(FILE *out, const char *s, size_t n);

/* The same as a new string; the caller frees it. */
char *text_escape(const char *s, size_t n);

/* Columns that escaped text takes on a terminal. */
size_t text_width(const char *s);

/* Escaped text, shortened if it takes more columns; the caller frees it. */
char *text_shorten(const char *s, size_t width, enum text_cut cut);

/* One line, escaped, with its end. */
void text_line(FILE *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A new string, not escaped; the caller frees it. */
char *text_format(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
char *text_vformat(const char *format, va_list args)
	__attribute__((format(printf, 1, 0)));

/* Columns of the terminal at 'out', 0 when it is none. */
size_t text_terminal_columns(FILE *out);

/* $COLUMNS, else the terminal's, else 0: as many as it takes. */
size_t text_columns(FILE *out);

/* Colours, if 'out' is a terminal that has them and $NO_COLOR is not set. */
void text_style(FILE *out, enum text_style style);

/*
 * A text in the making: print to 'out', then take it; the caller frees it.  It
 * must not be moved meanwhile.  Where memory is short, the program ends.
 */
struct text_buffer {
	FILE *out;
	char *text;
	size_t size;
	size_t room; /* private */
	bool lost;   /* private */
};

void text_buffer_begin(struct text_buffer *b);
char *text_buffer_end(struct text_buffer *b);

/* The exit status then; 1 unless this was called. */
void text_no_memory(int status);

/* realloc() that ends the program when memory is short. */
void *text_alloc(void *old, size_t count, size_t size);

#endif
