/* SPDX-License-Identifier: MIT */
/*
 * With --enable-coverage all sources include this first: children that end by
 * _exit() must write down what they ran, too.
 */
#ifndef CUTE_SHM_TESTS_COVERAGE_H
#define CUTE_SHM_TESTS_COVERAGE_H

#include <unistd.h>

void __gcov_dump(void);

static inline _Noreturn void
coverage_exit(int status)
{
	__gcov_dump();
	(_exit)(status);
}

#define _exit(status) coverage_exit(status)

#endif
