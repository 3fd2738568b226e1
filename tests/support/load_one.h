/* SPDX-License-Identifier: MIT */
/* Loads of a file with one array, for tests of the process that reads it. */
#ifndef CUTE_SHM_TESTS_LOAD_ONE_H
#define CUTE_SHM_TESTS_LOAD_ONE_H

#include "hdf5_util.h"

extern const char *one_root; /* of projects */
extern const char *one_file;

/* A checked fixture before each test: an empty root, and the file. */
void load_one_setup(void);

int load_one(const char *project);

/* The project is right; it is removed. */
void ck_loaded(const char *project);

/* Both, and nothing else is in the root. */
void ck_load(void);

#endif
