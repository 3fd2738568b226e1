/* SPDX-License-Identifier: MIT */
/* What types*.c share: the mapping of one datatype, by class. */
#ifndef CUTE_SHM_HDF5_MAPPING_H
#define CUTE_SHM_HDF5_MAPPING_H

#include "internal.h"

/* The type has no form in a segment; the reason is in mapping.why. */
#define SKIP 1

/* Nested types: far more than any real one, and little enough for the stack. */
#define TYPE_DEPTH 200

/* State of one mapping: where to tell of fields that have no form. */
struct mapping {
	type_gone_fn *gone;
	void *arg;
	char *why;
};

/* types.c; the failures return what the caller shall return */

int type_skip(const struct mapping *m, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int type_unreadable(const char *what);
int type_no_memory(void);
struct type *type_new(enum type_kind kind);

/* A leaf that reads as the memory type 'mem', which it takes over. */
int type_leaf(enum type_kind kind, const char *dtype, uint32_t item_size,
	      hid_t mem, struct type **ret);

/* 'where' is what a field's name follows, 'depth' that of the nesting. */
int map_any(struct mapping *m, hid_t t, const char *where, unsigned depth,
	    struct type **ret);

/* types_number.c */

int map_int(struct mapping *m, hid_t t, struct type **ret);
int map_bitfield(struct mapping *m, hid_t t, struct type **ret);
int map_float(struct mapping *m, hid_t t, struct type **ret);
int map_enum(struct mapping *m, hid_t t, struct type **ret);

/* {r, i} of two equal floats that we have complex numbers for; else SKIP. */
int map_complex(hid_t t, struct type **ret);

/* types_nested.c */

int map_list(struct mapping *m, hid_t t, const char *where, unsigned depth,
	     struct type **ret);
int map_array(struct mapping *m, hid_t t, const char *where, unsigned depth,
	      struct type **ret);
int map_compound(struct mapping *m, hid_t t, const char *where,
		 unsigned depth, struct type **ret);

#endif
