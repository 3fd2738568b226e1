/* SPDX-License-Identifier: MIT */
/* Another program, run as if it stood in our place. */
#ifndef COMMAND_H
#define COMMAND_H

/*
 * Run argv[0], found by PATH, to its end, and return its exit status, as a
 * shell does: 128 and the signal if it died by one, 126 or 127 if it could not
 * be run.  Signals that ask us to end are passed on to it.
 */
int command_run(char **argv);

/*
 * The same with the project's name in CUTE_SHM_PROJECT, and 'root', unless it
 * is NULL, in CUTE_SHM_ROOT.
 */
int command_run_with(const char *project, const char *root, char **argv);

#endif
