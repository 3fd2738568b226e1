/* SPDX-License-Identifier: MIT */
/* Inputs of the fuzzers as text, so that a person can read and write them. */
#ifndef CUTE_SHM_TESTS_SEED_H
#define CUTE_SHM_TESTS_SEED_H

#include <stddef.h>
#include <stdint.h>

/*
 * The bytes of a file of rows as hexdump -C writes them: an offset, and up to
 * 16 bytes, which are put there; what is between rows is zero.  Behind '|' and
 * in lines that do not begin with an offset may stand anything.  A later row
 * adds to an earlier one of the same place where that is zero.  NULL: no such
 * file, or not of that form.  The caller frees it.
 */
uint8_t *seed_read(const char *path, size_t *size);

/* Inputs of the fuzzer that came through the first checks: for the replay. */
extern unsigned fuzz_reached;

#endif
