/* SPDX-License-Identifier: MIT */
/*
 * A load: the caller's process (load.c, parent.c), and the child (child.c) in
 * which libhdf5 runs.  Uses all rooms of hdf5.
 */
#ifndef LIB_HDF5_LOAD_H
#define LIB_HDF5_LOAD_H

#include "hdf5/describe/describe.h"
#include "hdf5/scan/scan.h"

/* parent.c; more of it in parent.h */

extern double step_seconds;	/* of CPU time; tests make it shorter */

/* child.c */

/* The child's whole life: never returns. */
void child_run(struct loader *l) __attribute__((noreturn));

struct load {
	struct loader l;
	struct failures failures;
	struct message **queue;	/* told when the last child is done */
	size_t queue_count, queue_room;
	uint64_t queue_bytes;
	struct message *end;	/* ERROR, RETRY or DONE */
	pid_t pid;
	int pipe;
	double start;
	uint64_t beat;		/* the last one seen, */
	double beat_cpu;	/* and the child's CPU time then, */
	double beat_time;	/* and that of the clock */
	double cpu;		/* that time, when last looked at, */
	double idle_since;	/* and since when it is that */
	struct deadline deadline;
	double lost_cpu;	/* seconds of all children in steps that led */
	double lost_time;	/* nowhere, of CPU time and by the clock, */
	unsigned lost_steps;	/* and how many these were */
};

/*
 * One child's life, with all that it tells.  Sets *again when the next one may
 * do better: 'failures' has grown then.
 */
int run_child(struct load *load, bool *again);

/* Tell the caller of what is not there, or of an array. */
void dispatch(const struct load *load, const struct message *m);

/* Forget what a child has told. */
void queue_clear(struct load *load);

#endif
