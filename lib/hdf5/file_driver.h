/* SPDX-License-Identifier: MIT */
/*
 * How libhdf5 reads files: a driver of ours.  It opens regular files only, is
 * asked for permission, keeps few descriptors however many files are open, and
 * remembers what each file was when it was opened first.  One per process, for
 * one thread.
 */
#ifndef CUTE_SHM_FILE_DRIVER_H
#define CUTE_SHM_FILE_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include <hdf5.h>

/*
 * Register the driver.  'external': files beside the first may be opened.
 * 'locks': what a writer has locked may not.
 */
void file_driver_begin(bool external, bool locks);

/* The driver's number, or a negative one. */
hid_t file_driver_id(void);

/* How all files of a load are opened; not the caller's to close. */
hid_t file_driver_access(void);

/*
 * A file that is open, of an open id; NULL if it has another driver.  Valid
 * until libhdf5 closes it.
 */
struct opened;
struct opened *file_driver_of(hid_t id);

/* What libhdf5 reads it from, or -1; valid until another file is read. */
int file_driver_descriptor(struct opened *opened);

/* What the file of an open id is.  False if it has another driver. */
bool file_driver_stat(hid_t id, struct stat *ret);

/* The name under which it was opened, or NULL; valid while it is open. */
const char *file_driver_path(hid_t id);

/* Whether 'path' leads to the file that was opened first. */
bool file_driver_is_first(const char *path);

/*
 * Why files could not be opened since file_driver_forget(): 0, if none was
 * tried in vain or those were not there at all, else the errno of the last one
 * that is there, whose name goes to path[size].
 */
#define EREFUSED	(-1)	/* not permitted by file_driver_begin() */
#define EUNSUITABLE	(-2)	/* neither a file nor a folder */
#define ECHANGED	(-3)	/* another one than when it was opened first */
#define EMARKED		(-4)	/* its superblock says: a writer has it open */
void file_driver_forget(void);
int file_driver_failure(char *path, size_t size);

/* A sentence for these, as strerror(). */
const char *file_driver_reason(int error);

/* The file that was opened last, if libhdf5 liked it or not; "" for none. */
const char *file_driver_last(void);

/* writer.c */

/* Whether the user lets locks count, as libhdf5 asks the environment. */
bool writer_locks_matter(void);

/*
 * EWOULDBLOCK if a lock on this file says that it is being written, EMARKED if
 * its superblock does, else 0.
 */
int writer_at_work(int fd, off_t size, bool locks_matter);

/* changed.c: what took part in a load, and whether it still is what it was */

/*
 * Remember 'path', and what it is.  If it was known: whether that is the same.
 * Waits until a change would be seen in its times, a few milliseconds if it is
 * as new as that.
 */
bool changed_add(const char *path, struct stat *st);

/* CUTE_SHM_ERR_SOURCE if one of them is not what it was, or 0. */
int changed_check(void);

/* In a few words, how 'now' differs from 'before'; NULL: not at all. */
const char *changed_how(const struct stat *before, const struct stat *now);

/* The error, in words: CUTE_SHM_ERR_SOURCE. */
int changed_fail(const char *path, const char *how);

#endif
