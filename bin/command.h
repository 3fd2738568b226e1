/* SPDX-License-Identifier: MIT */
/* Another program, run as if it stood in our place. */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>

/*
 * Run argv[0], found by PATH, to its end, and return its exit status, as a
 * shell does: 128 and the signal if it died by one, by which then
 * interrupt_end() ends us, too; 126 or 127 if it could not be run.  Signals
 * that ask us to end are passed on to it; when it stops, so do we, for a shell
 * with job control; and children that others left to us are reaped.
 */
int command_run(char **argv);

/*
 * The same with the project's name in CUTE_SHM_PROJECT, and 'root', else the
 * default if that is in the environment, in CUTE_SHM_ROOT as an absolute path.
 */
int command_run_with(const char *project, const char *root, char **argv);

/*
 * Whether the project of a command may take the place of what has that name:
 * false, after a message, if that is one to stay.
 */
bool command_may_replace(const char *project, const char *root);

/*
 * True if 'ensure' and a project of that name is there to stay: the command
 * uses it, and it stays.
 */
bool command_uses_lasting(const char *project, const char *root, bool ensure);

#endif
