/* SPDX-License-Identifier: MIT */
/*
 * SIGINT, SIGTERM and SIGHUP as a question that long work asks now and then.  A
 * second one ends the program at once.
 */
#ifndef INTERRUPT_H
#define INTERRUPT_H

void interrupt_begin(void);

/* The signal that came, 0: none. */
int interrupt_pending(void);

/* As if that signal had come, though no handler saw it. */
void interrupt_by(int number);

/*
 * Die by the signal that came, so that the caller sees it: a shell ends its
 * loop only then.  Else return; so does the first process of a container.
 */
void interrupt_end(void);

#endif
