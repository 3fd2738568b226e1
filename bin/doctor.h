/* SPDX-License-Identifier: MIT */
/* What cute-shm-doctor looks at; each call adds its findings. */
#ifndef DOCTOR_H
#define DOCTOR_H

#include <stdbool.h>

enum doctor_level {
	DOCTOR_OK,
	DOCTOR_NOTE, /* works, but could be better or may surprise */
	DOCTOR_PROBLEM
};

/* 'check' is one of the words of the manual; 'remedy' may be NULL. */
void doctor_add(enum doctor_level level, const char *check, const char *remedy,
		const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The first number behind 'key' in a file of /proc; false: it is not there. */
bool doctor_number(const char *file, const char *key, unsigned long long *ret);

/* The first line of a file, without its end, for free(); NULL. */
char *doctor_line(const char *file);

void doctor_root(const char *root);	 /* its file system, and huge pages */
void doctor_memory(const char *root);	 /* room, swap, container */
void doctor_user(const char *root);	 /* limits of processes, logout */
void doctor_hdf5(void);			 /* version, filters, plugins */
void doctor_holes(const char *root);	 /* in segments: copies by cp */
void doctor_leftovers(const char *root); /* what nobody will remove */

#endif
