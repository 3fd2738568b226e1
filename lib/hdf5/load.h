/* SPDX-License-Identifier: MIT */
/*
 * A load: the caller's process (load.c, parent.c), and the child (child.c) in
 * which libhdf5 runs.  Uses base, build, read, hdf5/report, hdf5/source,
 * hdf5/filter, hdf5/scan, hdf5/read and hdf5/describe.
 */
#ifndef LIB_HDF5_LOAD_H
#define LIB_HDF5_LOAD_H

#include "hdf5/describe/describe.h"
#include "hdf5/scan/scan.h"

/* parent.c: how long a step may take */

extern double step_seconds; /* CPU time of one step; tests shorten it */

/* child.c: the child process */

/* Run the child.  Never returns. */
void child_run(struct loader *l) __attribute__((noreturn));

struct load {
	struct loader l;
	struct failures failures;
	struct message **queue; /* reported when the last child has ended */
	size_t queue_count, queue_room;
	uint64_t queue_bytes;
	struct message *end; /* ERROR, RETRY or DONE */
	pid_t pid;
	int pipe;
	double start;
	uint64_t beat;	   /* the last one seen, */
	double beat_cpu;   /* the child's CPU time then, */
	double beat_time;  /* and the clock then */
	double cpu;	   /* CPU time at the last look, */
	double idle_since; /* and when it last grew */
	struct deadline deadline;
	double lost_cpu;     /* CPU time and clock time, in seconds, */
	double lost_time;    /* of all steps in which a child was lost, */
	unsigned lost_steps; /* and their number */
};

/* parent.c: the parent's side of a load */

/*
 * Run one child until it ends, and queue its messages.  Sets *again if the next
 * child should leave out more objects; these were added to 'failures'.
 */
int run_child(struct load *load, bool *again);

/* Report an array, or an object that is left out, to the caller. */
void dispatch(const struct load *load, const struct message *m);

/* Drop the queued messages of a child. */
void queue_clear(struct load *load);

#endif
