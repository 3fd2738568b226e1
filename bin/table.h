/* SPDX-License-Identifier: MIT */
/* Columns of text that fit the terminal. */
#ifndef TABLE_H
#define TABLE_H

#include <stddef.h>
#include <stdio.h>

#include "text.h"

struct table_column {
	const char *title;
	bool right;	  /* aligned */
	size_t narrowest; /* columns it may shrink to; 0: does not */
	enum text_cut cut;
	enum text_style style;
};

struct table;

/* 'columns' are used until the end. */
struct table *table_new(const struct table_column *columns, size_t count);

/* The next cell, from left to right, row by row. */
void table_cell(struct table *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The style of that cell, instead of its column's. */
void table_style(struct table *t, enum text_style style);

/* Print with 'indent' spaces before each row; an empty table has no title. */
void table_print(const struct table *t, size_t indent, FILE *out);

/* The same, no wider than 'columns'; 0: as wide as it is. */
void table_print_within(const struct table *t, size_t indent, size_t columns,
			FILE *out);
void table_free(struct table *t);

#endif
