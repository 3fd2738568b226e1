/* SPDX-License-Identifier: MIT */
/*
 * libhdf5, which is opened when its first function is called: most files need
 * none of it.  Uses base.
 */
#ifndef LIB_HDF5_LIBRARY_LIBRARY_H
#define LIB_HDF5_LIBRARY_LIBRARY_H

#include <stdbool.h>

#include "hdf5/library/library_calls.h"

/* library.c */

/*
 * What to do when libhdf5 has been opened, before its first function is called,
 * and when it cannot be: 'failed' must not return.  Each may be NULL.
 */
void hdf5_library_begin(void (*ready)(void *arg),
			void (*failed)(void *arg, const char *why), void *arg);

/* Whether libhdf5 is open. */
bool hdf5_is_open(void);

/* Open libhdf5, unless it is. */
void hdf5_open(void);

/*
 * library_module.c, or library_linked.c in programs that are linked with
 * libhdf5: the table of its functions; NULL, with *why for free().
 */
const struct hdf5_library *hdf5_table(char **why);

/* library_module.c */

/* The module with libhdf5, in the program's folder. */
#define HDF5_MODULE "cute-shm-reader-hdf5.so"

/* 'program' is the path of the program, and must stay valid. */
void hdf5_module_begin(const char *program);

/*
 * The folder of the module, with a slash; "" if it is linked or not known; for
 * free().
 */
char *hdf5_module_folder(void);

/* Of the module: its table. */
extern __attribute__((visibility("default")))
const struct hdf5_library cute_shm_hdf5_library;

#endif
