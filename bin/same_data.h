/* SPDX-License-Identifier: MIT */
/* Compare the data of two arrays, or of the values of two attributes. */
#ifndef SAME_DATA_H
#define SAME_DATA_H

#include <stdbool.h>
#include <stdint.h>

#include <cute_shm.h>

/* Whether they have the same dtype and shape. */
bool same_type(const struct cute_shm_array a[2]);

/*
 * Compare the bytes of two arrays of one type.  Where lists lie does not count.
 * 1: *element is the first that differs; 0: there is none; else a list is
 * damaged, as cute_shm_errmsg() says.
 */
int first_difference(const struct cute_shm_array a[2], uint64_t *element);

/* Whether type and data are the same. */
bool same_array(const struct cute_shm_array *a, const struct cute_shm_array *b);

#endif
