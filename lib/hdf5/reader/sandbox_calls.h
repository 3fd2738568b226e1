/* SPDX-License-Identifier: MIT */
/* The list of system calls (sandbox_calls.c) for the filter's program. */
#ifndef LIB_HDF5_READER_SANDBOX_CALLS_H
#define LIB_HDF5_READER_SANDBOX_CALLS_H

#include <linux/audit.h>
#include <stdbool.h>
#include <stdint.h>

/* Processors whose calls are in the list; others do without a filter. */
#if defined(__x86_64__) && !defined(__ILP32__)
#define CALLS_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && !defined(__ILP32__) && !defined(__AARCH64EB__)
#define CALLS_ARCH AUDIT_ARCH_AARCH64
#endif

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

/* Answers to a call. */
enum verdict {
	REFUSE, /* EPERM */
	ALLOW,
	ABSENT,	   /* ENOSYS: the caller has another way */
	LOOK_OPEN, /* these depend on arguments */
	LOOK_OPENAT,
	LOOK_CLONE,
	LOOK_FCNTL,
	LOOK_IOCTL,
	LOOK_MADVISE,
	LOOK_PRCTL,
	LOOK_PRLIMIT,
	LOOK_SENDTO,
	LOOK_PROCESS,
};

/* Calls of Linux 6.18 end before this one; libc does without later ones. */
#define FIRST_UNKNOWN 470

/* Set an enum verdict for each call by its number. */
void call_verdicts(uint8_t verdicts[FIRST_UNKNOWN], bool writes);

#endif
