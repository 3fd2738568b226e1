/* SPDX-License-Identifier: MIT */
/*
 * Copies whose one side others may be writing or reading: by words that are
 * each whole, which is all that the check of the sequence needs.
 */
#ifndef CUTE_SHM_SHARED_COPY_H
#define CUTE_SHM_SHARED_COPY_H

#include <stddef.h>
#include <stdint.h>

void copy_out(void *to, const uint8_t *shared, size_t size);

/* As memmove(): 'from' may be a part of the same memory. */
void copy_in(uint8_t *shared, const void *from, size_t size);

#endif
