/* SPDX-License-Identifier: MIT */
/*
 * Allocations and system calls that fail once each, in this process or in a
 * reader that it starts, which must be linked with failing.c, too.  The linker
 * puts the functions of failing.c in the place of libc's: see WRAP_FAILING in
 * tests/local.mk.
 */
#ifndef CUTE_SHM_TESTS_FAILING_H
#define CUTE_SHM_TESTS_FAILING_H

#include <stdbool.h>

enum failing {
	FAILING_ALLOCATION, /* with ENOMEM */
	FAILING_CALL,
};

/*
 * From now on n calls of that kind succeed; the next one fails with errno
 * 'error', and all others succeed again.
 */
void failing_after(enum failing kind, long n, int error);

/* No more has to fail.  Tells whether one has failed. */
bool failing_end(void);

#endif
