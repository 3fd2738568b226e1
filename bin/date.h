/* SPDX-License-Identifier: MIT */
/* Dates of datetime64. */
#ifndef CUTE_SHM_DATE_H
#define CUTE_SHM_DATE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * The value of dtype "M8[...]" or "m8[...]" as NumPy writes it.  False, and
 * nothing is written, where that is a plain number.
 */
bool value_date(FILE *out, const char *dtype, int64_t value);

#endif
