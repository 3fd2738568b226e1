/* SPDX-License-Identifier: MIT */
/*
 * The sandbox of the reader process: what is left to code in a file or a plugin
 * that takes the process over.  It can read and write the descriptors that the
 * process has, read the listed folders, start threads, and use memory.  It
 * cannot start a process or a program, open or change any other file, reach
 * the network, or send a signal, a limit or a trace to another process.  A
 * call that is refused fails with EPERM, or EACCES where Landlock refuses it;
 * calls that are unknown here, and clone3(), fail with ENOSYS, so that libc
 * tries another way.  None ends the process.  Uses only base.
 */
#ifndef LIB_HDF5_READER_SANDBOX_H
#define LIB_HDF5_READER_SANDBOX_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

/* What holds, or what the kernel offers. */
enum {
	SANDBOX_NO_NEW_PRIVS = 1, /* setuid programs give no rights */
	SANDBOX_LANDLOCK = 2,	  /* opens only the listed files */
	SANDBOX_SECCOMP = 4,	  /* makes only the listed calls */
};

/* Room for the texts below. */
#define SANDBOX_TEXT 200

/* sandbox.c */

struct sandbox {
	/*
	 * Ends with NULL: folders of libraries and plugins (with all below
	 * them) and single files that may be read and mapped.  What does not
	 * exist is skipped.
	 */
	const char *const *readable;
	/*
	 * Allow fsync() and ftruncate() of open descriptors, for the process
	 * that writes a file.  A process that fills a segment cannot shorten
	 * it below a mapping of its parent.
	 */
	bool writes;
};

/*
 * Lock the process in, as far as the kernel can do that, until it ends.  Call
 * it when limits are set and descriptors are there, and before threads are
 * started: a Landlock older than ABI 8 holds only for the calling thread and
 * its later ones, and then SANDBOX_LANDLOCK is not returned; the rest holds for
 * all threads.  A descriptor that is used as a socket must be connected, of
 * type SOCK_STREAM or SOCK_SEQPACKET.
 *
 * Returns the SANDBOX_... bits of what holds; never fails.  'text' gets the
 * same in words, with the reason for what is missing: "no new privileges,
 * Landlock ABI 7, no seccomp (not in this kernel)".
 */
unsigned sandbox_enter(const struct sandbox *box, char *text, size_t size);

/* What sandbox_enter() could do here, in the same form; nothing is entered. */
unsigned sandbox_supported(char *text, size_t size);

/* sandbox_files.c: Landlock */

/* The version of Landlock's interface, 1 or more; -errno without Landlock. */
int landlock_abi(void);

/*
 * Allow only reading of 'readable'.  Returns 0 if that holds for all threads,
 * 1 if it holds for the calling thread and its later ones, or -errno.
 */
int landlock_enter(int abi, const char *const *readable);

/* sandbox_filter.c: seccomp */

#define SANDBOX_PROGRAM 1024

/* A program for the kernel's filter of system calls. */
struct filter_program {
	struct sock_filter code[SANDBOX_PROGRAM];
	unsigned count;
};

/* Make the program for this process; 0, or -ENOSYS for another processor. */
int filter_make(struct filter_program *p, bool writes);

/* 0 if the kernel takes such programs, or -errno. */
int filter_supported(void);

/* Filter the calls of all threads; 0, or -errno. */
int filter_enter(bool writes);

#endif
