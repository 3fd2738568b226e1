/* SPDX-License-Identifier: MIT */
/* Files of which the native index must say what libhdf5 says. */
#ifndef CUTE_SHM_TESTS_NATIVE_FILE_H
#define CUTE_SHM_TESTS_NATIVE_FILE_H

#include "native_compare.h"

#define VERSIONS 3

/* A new file "t.h5" in the form of a version below VERSIONS; closes 'fcpl'. */
hid_t native_file(int version, hid_t fcpl);

/*
 * Close the file, and compare; 'unknown' objects are those without opinion.
 * Then once more, with few blocks of the file.  Returns the numbers of both.
 */
struct native_report native_file_same(hid_t file, unsigned unknown);

#endif
