/* SPDX-License-Identifier: MIT */
/* The fields of a segment, as cute-shm(5) names them, in their order. */
#ifndef HEX_FIELDS_H
#define HEX_FIELDS_H

/* How a field is shown. */
enum hex_kind {
	ZERO, /* not at all */
	TEXT,
	DECIMAL,
	HEX,
	SIZE,
	DIGEST,
	TIME,
	UUID,
	NODE /* offset of a record: whose that is */
};

struct hex_field {
	const char *name;
	unsigned at; /* offset in its struct */
	unsigned size;
	enum hex_kind kind;
};

/* Each ends with a name of NULL. */
extern const struct hex_field hex_header[];
extern const struct hex_field hex_second[];
extern const struct hex_field hex_viewed[]; /* with the superblock of a view */
extern const struct hex_field hex_group[];
extern const struct hex_field hex_link[];
extern const struct hex_field hex_array[];
extern const struct hex_field hex_attr[];
extern const struct hex_field hex_live[];

#endif
