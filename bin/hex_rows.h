/* SPDX-License-Identifier: MIT */
/*
 * Rows of 16 bytes of a file, and notes beside them.  The file may be anything,
 * and may change while it is shown: what was read once is kept where it must
 * not change, and nothing is believed that was not read.
 */
#ifndef HEX_ROWS_H
#define HEX_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define HEX_ROW	   16
#define HEX_WINDOW 16384

struct hex_rows {
	FILE *out;
	int fd;
	uint64_t size;		    /* of the file */
	uint8_t window[HEX_WINDOW]; /* of it, */
	uint64_t window_at;	    /* from here, */
	size_t window_size;	    /* with so many bytes */
	uint8_t last[HEX_ROW];	    /* the row before, */
	bool has_last;		    /* if one stands above; */
	bool squeezed;		    /* and is repeated */
	size_t columns; /* of the terminal; 0: as many as it takes */
};

/* Begin with a file that is open. */
void hex_rows_begin(struct hex_rows *r, FILE *out, int fd, uint64_t size);

/* Whether [at, at + size) could be read. */
bool hex_read(struct hex_rows *r, void *to, size_t size, uint64_t at);

/* The same for what lies elsewhere: the window stays where it is. */
bool hex_read_apart(const struct hex_rows *r, void *to, size_t size,
		    uint64_t at);

/* A little-endian number of up to 8 bytes. */
uint64_t hex_number(const uint8_t *p, unsigned size);

/* The first byte from 'at' on that is not in a hole of the file. */
uint64_t hex_next_data(const struct hex_rows *r, uint64_t at);

/* One row, with a note; without one, a repetition of the row before is "*". */
void hex_put_row(struct hex_rows *r, uint64_t at, const uint8_t *row,
		 const char *note);

/*
 * Rows from 'at' until 'end' is shown: 'note' for the first.  Holes cost no
 * time.  Returns where it ended: before 'end' only where the file does.
 */
uint64_t hex_put_rows(struct hex_rows *r, uint64_t at, uint64_t end,
		      const char *note);

/* A line above a section. */
void hex_put_title(struct hex_rows *r, const char *title);

#endif
