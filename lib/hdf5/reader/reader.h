/* SPDX-License-Identifier: MIT */
/*
 * The process in which libhdf5 runs: a damaged file can crash only this one.
 * The program cute-shm-reader (reader_main.c) says that it is there, receives a
 * request, and does what it asks for (reader_work.c).  It opens libhdf5 when
 * that is needed.  Uses base, build, handover, read, hdf5/channel,
 * hdf5/library, hdf5/report, hdf5/source, hdf5/filter, hdf5/scan, hdf5/read,
 * hdf5/describe and hdf5/save.
 */
#ifndef LIB_HDF5_READER_READER_H
#define LIB_HDF5_READER_READER_H

#include "hdf5/channel/channel.h"
#include "hdf5/host/host.h"

struct loader;

/*
 * reader_work.c: do what the request says, report it, and end the process.
 * 'fds' are the request's descriptors; *hook answers the calls of open() in the
 * program.
 */
_Noreturn void reader_work(int socket, const struct message *request,
			   const int fds[MESSAGE_FDS], host_open_hook **hook);

/* reader_begin.c */

/*
 * Set the limits of the process, send the log to the caller, and lock the
 * process in.  'library': open libhdf5 before that; else the first call of a
 * function of libhdf5 opens it.  'writes': it writes an HDF5 file.
 */
void reader_begin(struct loader *l, enum cute_shm_log_level level, bool library,
		  bool writes);

/* What holds of the sandbox, in words. */
const char *reader_locked_in(void);

/* The error of a load: a failure for lack of memory names the limit it met. */
int reader_error(const struct loader *l, int err);

/* about_reader.c */

/* Report what can be read. */
int about(struct loader *l);

/* export_file.c */

/* Write the segment of one descriptor to the file of another. */
int export_file(struct loader *l, const struct request *r, int segment, int fd);

/* remote_host.c */

/* Let the caller's process open all files from now on. */
void remote_host_begin(struct loader *l);

/* load_file.c */

/*
 * Load or plan; the result and all messages but the last go to *l.  'old' is
 * the segment of an old project to reuse, or -1.
 */
int load_file(struct loader *l, int old);

#endif
