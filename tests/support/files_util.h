/* SPDX-License-Identifier: MIT */
/* For tests of loads of several files, which lie in h5_folder(). */
#ifndef TESTS_FILES_UTIL_H
#define TESTS_FILES_UTIL_H

#include <cute_shm_hdf5.h>

#include "sources_util.h"

#define FILES_MOST 128

/* What files_load() reads. */
extern struct cute_shm_hdf5_source files_given[FILES_MOST];
extern size_t files_count;

/* Begin with an empty folder and no file; a fixture. */
void files_begin(void);

/* The next one, by its name below the folder; 'name' may be NULL. */
void give(const char *name, const char *file);

/* Load those that were given as project "t". */
int files_load_with(struct cute_shm_hdf5_options *opt, struct cute_shm **shm);
struct cute_shm *files_load(unsigned flags);

/* That fails, with this text in the message, and leaves nothing. */
void ck_files_fail(unsigned flags, int err, const char *text);

/* A file with the number and a list; another file's number is behind a link. */
void make_episode(const char *name, int32_t value, const char *next);

/* The group says that it is from this file, as it is now. */
void ck_source(const struct cute_shm *shm, const char *group, const char *file);

/* Change a file, by its path. */
void append_byte(const char *path);
void touch(const char *path);
void take_away(const char *path);

#endif
