/* SPDX-License-Identifier: MIT */
/* Open what a tool is to read, and say what to do if that fails. */
#ifndef OPEN_PROJECT_H
#define OPEN_PROJECT_H

#include <stdbool.h>

#include <cute_shm.h>

/*
 * Open a project; with 'file', and if its name has a slash, it is the path of a
 * file instead.  As cute_shm_open().
 */
int open_project(const char *project, bool file,
		 const struct cute_shm_open_options *opt,
		 struct cute_shm **ret);

/*
 * The message of the failure 'err' that open_project() has just returned, and
 * what may help: a project of a similar name, the tool for such a file.  The
 * caller frees it.
 */
char *open_problem(const char *project, const char *root, int err);

/* "; did you mean 'robot'?" or "", to go behind one; the caller frees it. */
char *similar_project(const char *project, const char *root);

#endif
