/* SPDX-License-Identifier: MIT */
/* The directory of projects, as tools show and examine it. */
#ifndef ROOT_DIR_H
#define ROOT_DIR_H

#include <stdbool.h>
#include <stdint.h>

/* What --root names, else $CUTE_SHM_ROOT, else /dev/shm: as in the library. */
const char *root_dir(const char *opt_root);

/* Bytes of its file system, and of these free; false: it has no bound. */
bool root_space(const char *opt_root, uint64_t *size, uint64_t *available);

#endif
