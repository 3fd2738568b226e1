/* SPDX-License-Identifier: MIT */
/*
 * Readers of the tests' own: cute-shm-reader with other functions in the place
 * of some that it calls, or another program altogether.  They share a page with
 * the test, which they find by the variable CUTE_SHM_TEST_SHARED.
 */
#ifndef CUTE_SHM_TESTS_TEST_READER_H
#define CUTE_SHM_TESTS_TEST_READER_H

#include <stddef.h>

/* Let the program 'name', which lies beside this one, be the reader. */
void test_reader(const char *name);

/* The page, which begins with zeros; it needs test_root(). */
void *test_shared(size_t size);

/* In the reader: the test's page, or NULL; needs no libcheck. */
void *test_shared_map(size_t size);

#endif
