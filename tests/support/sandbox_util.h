/* SPDX-License-Identifier: MIT */
/* What the tests of the sandbox share: a child that is in it. */
#ifndef CUTE_SHM_TESTS_SANDBOX_UTIL_H
#define CUTE_SHM_TESTS_SANDBOX_UTIL_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "hdf5/reader/sandbox.h"

/* In the child, where libcheck's own ones do not work: return 1 if not so. */
#define WANT(condition) \
	do { \
		if (!(condition)) { \
			dprintf(2, "%s:%d: not so: %s (%s)\n", __FILE__, \
				__LINE__, #condition, strerror(errno)); \
			return 1; \
		} \
	} while (0)

/* What sandbox_enter() says here: SANDBOX_... bits. */
unsigned sandbox_here(void);

/*
 * Run act() in a child that is in the sandbox; its exit status, or
 * -signal; -1000 if there was no child.
 */
int sandbox_run(const struct sandbox *box, int (*act)(void));

/* The bits that the child's sandbox_enter() returned, in the child. */
extern unsigned sandbox_holds;

#endif
