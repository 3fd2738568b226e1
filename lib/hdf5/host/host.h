/* SPDX-License-Identifier: MIT */
/*
 * How the process that runs libhdf5 reaches files: it has names only, and asks
 * its host, which may be another process, to open them.  Also the list of the
 * files that one load reads.  Uses base; in particular not libhdf5.
 */
#ifndef LIB_HDF5_HOST_HOST_H
#define LIB_HDF5_HOST_HOST_H

#include <limits.h>

#include "base/base.h"

/*
 * Errors of a file beside those of errno.  They are larger than any errno, so
 * that "minus error" is a result as for errno.
 */
#define EREFUSED    5001 /* another file than the first: not permitted */
#define EUNSUITABLE 5002 /* neither a regular file nor a directory */
#define ECHANGED    5003 /* differs from when it was opened first */
#define EMARKED	    5004 /* the superblock is marked by a writer */

/* host.c: the host of this process */

/*
 * Each call is one request and one answer.  A relative path is relative to the
 * working directory of the host.
 */
struct host {
	/*
	 * A new descriptor above 2 of a regular file, for reading only, with
	 * FD_CLOEXEC, and its status in *st; or minus an error.  Reading from
	 * it never waits for another program.
	 */
	int (*open)(void *arg, const char *path, struct stat *st);

	/* As stat(): 0, or minus an error. */
	int (*stat)(void *arg, const char *path, struct stat *st);

	/* As realpath(): 0, or minus an error. */
	int (*real_path)(void *arg, const char *path, char ret[PATH_MAX]);

	void *arg;
};

/*
 * Use this host from now on; it must stay valid.  NULL, as at the start: this
 * process opens any regular file by itself.
 */
void host_set(const struct host *host);
const struct host *host_get(void);

/* The calls of the current host. */
int host_open(const char *path, struct stat *st) must_check;
int host_stat(const char *path, struct stat *st) must_check;
int host_real_path(const char *path, char ret[PATH_MAX]) must_check;

/*
 * While this is set, host_open_served() asks the host when the thread calls it;
 * else, and for flags that only libraries use, it returns HOST_NOT_SERVED.
 */
extern _Thread_local bool host_serves_open;
#define HOST_NOT_SERVED (-2)
int host_open_served(const char *path, int flags);

/*
 * open_call.c: set to host_open_served(), this answers all calls of open() in a
 * program that is linked with that file.
 */
typedef int host_open_hook(const char *path, int flags);
extern host_open_hook *open_hook;

/* host_reason.c: the text for an error, like strerror() */
const char *host_reason(int error);

/* file_list.c: several files that become groups of one project */

struct listed {
	char *name;	    /* of its group */
	char *file;	    /* its path, as it was given */
	char *real;	    /* its absolute path, without symbolic links */
	struct stat before; /* its status when the load began */
	bool stale;	    /* its group of an old project is not reused */
};

struct file_list {
	struct listed *of;
	uint32_t count, room;
	struct listed **by_file, **by_inode; /* sorted */
	/*
	 * The folder that has all of them below it.  With a slash at its end,
	 * it was given, and all HDF5 files below it are in the list.
	 */
	char *folder;
	uint64_t size, blocks; /* sums: of bytes, and of 512 bytes on disk */
	uint64_t mtime_ns;     /* the latest */
};

/* Append a regular file; takes over 'name'.  CUTE_SHM_ERR_SOURCE. */
int file_list_add(struct file_list *list, char *name,
		  const char *file) must_check;

/*
 * The list is complete.  'folder' is NULL, or the one that was given instead of
 * files.  CUTE_SHM_ERR_INVALID: two files have one name, or two names are of
 * one file.
 */
int file_list_end(struct file_list *list, const char *folder) must_check;
void file_list_free(struct file_list *list);

/* The file with this path, as it was given, or NULL. */
const struct listed *file_list_find(const struct file_list *list,
				    const char *file);

/* The one that has the object at 'path' in its group, else 'otherwise'. */
const char *listed_file(const struct listed *of, uint32_t count,
			const char *path, const char *otherwise);

/* Whether one of them is this file, by device and inode. */
bool file_list_has(const struct file_list *list, const struct stat *st);

/* host_files.c: the host that has the file system; it decides what is opened */

struct host_files {
	struct host host;    /* for host_set(), or to answer requests with */
	bool external;	     /* other files than the first may be opened */
	const char *path;    /* of the first file, as it was given */
	int fd;		     /* its descriptor, or minus an error */
	struct stat first;   /* its status when it was opened */
	char real[PATH_MAX]; /* its real path then; "" if it has none */
	const struct file_list *list; /* instead of the first file, or NULL */
};

/*
 * Open the first file.  It stays open: later requests for its name are answered
 * with this descriptor, even if the file has been renamed or removed.
 * "/dev/stdin" and "/dev/fd/N" work without /proc, too.  Returns 0, or minus an
 * error; then all requests fail, except for other files if 'external' is set.
 * 'path' must stay valid; call host_files_end() in any case.
 */
int host_files_begin(struct host_files *files, const char *path, bool external);
void host_files_end(struct host_files *files);

/*
 * The same for a list of files, which must stay valid.  Each is opened when it
 * is asked for, and refused if it has changed since.
 */
void host_files_listed(struct host_files *files, const struct file_list *list,
		       bool external);

/* host_changed.c: whether a file changed */

/* A few words on how 'now' differs from 'before'; NULL if it does not. */
const char *changed_how(const struct stat *before, const struct stat *now);

/*
 * The same for a file that is open, by its descriptor.  Its name is free to
 * lead to another file or to nothing: renaming it is no change.
 */
const char *changed_open(const struct host *host, const char *path, int fd,
			 const struct stat *before);

/* Set CUTE_SHM_ERR_SOURCE with a message that says so. */
int changed_fail(const char *path, const char *how);

#endif
