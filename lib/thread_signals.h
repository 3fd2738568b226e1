/* SPDX-License-Identifier: MIT */
/* Signals of the libraries' own threads.  Compiled into both. */
#ifndef CUTE_SHM_THREAD_SIGNALS_H
#define CUTE_SHM_THREAD_SIGNALS_H

#include <signal.h>
#include <stddef.h>

/*
 * Around pthread_create(): signals are for the program's own threads.  But not
 * those that a thread raises by what it does: where these are blocked, the
 * kernel ends the process and passes over the program's handler.
 */
static inline void
thread_signals_block(sigset_t *before)
{
	static const int own[] = { SIGBUS, SIGSEGV, SIGFPE, SIGILL, SIGTRAP,
				   SIGSYS };
	sigset_t all;
	size_t i;

	sigfillset(&all);
	for (i = 0; i < sizeof(own) / sizeof(*own); i++)
		sigdelset(&all, own[i]);
	pthread_sigmask(SIG_BLOCK, &all, before);
}

#endif
