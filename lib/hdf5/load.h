/* SPDX-License-Identifier: MIT */
/*
 * The caller's side of loads and exports: start the reader process (start.c),
 * exchange messages with it (process.c), answer its questions (answer.c), run
 * one reader after another (parent.c), find the files of a load (files.c),
 * report the parts of a segment (part.c), take turns with other processes
 * (together.c), and the public calls (load.c, export.c, export_files.c).  Uses
 * base, file, read/reserved.h, hdf5/host and hdf5/channel, and the public calls
 * of libcute_shm.
 */
#ifndef LIB_HDF5_LOAD_H
#define LIB_HDF5_LOAD_H

#include <sys/stat.h>

#include "hdf5/channel/channel.h"
#include "hdf5/host/host.h"

/* start.c and process.c: the reader process */

struct process {
	pid_t pid;
	int pidfd;  /* -1: the kernel has none */
	int socket; /* -1: closed */
	struct inbox inbox;
	struct message *end; /* ERROR, RETRY or DONE; NULL: none came */
	struct board *board;
	int board_fd;
	double start;  /* clock_now() */
	bool nonsense; /* it sent what is no message */
	uint64_t room; /* bytes of the segment that was granted; 0: none */
	bool known;    /* the status of its end is known: */
	int status;    /* as waitpid() has it */
};

/* Seconds that the program has to begin; tests shorten it. */
extern double start_seconds;

/* Make the board; no program runs yet.  False, with a message: no memory. */
bool process_new(struct process *p) must_check;

/*
 * Start the program.  CUTE_SHM_ERR_SYSTEM if it is missing or cannot start; the
 * message names it, and what to do.
 */
int process_start(struct process *p) must_check;

/*
 * Start the program, and wait for its first message, which has its version;
 * CUTE_SHM_ERR_SYSTEM if it is another one, or if nothing comes.  Call
 * process_finish() in any case.
 */
int process_begin(struct process *p) must_check;

/* The level that the program's hook wants: only such messages are sent. */
uint32_t process_log_level(void);

/* What the caller does with messages, and ten times a second. */
struct listener {
	/*
	 * Takes over 'm', which is no MESSAGE_LOG and none of those that end
	 * the work.  An error ends it, too.
	 */
	int (*message)(void *arg, struct message *m);
	int (*tick)(void *arg); /* may be NULL */
	void *arg;
};

/*
 * Hand messages to the listener until the process ends or one of its functions
 * fails, and wait for its end.  With 'err', the error of an earlier step, only
 * end it.  Returns the first error.
 */
int process_finish(struct process *p, int err,
		   const struct listener *listener) must_check;

/* Set the error that p->end tells, if that is not MESSAGE_DONE; returns it. */
int process_error(const struct process *p);

/* The signal that ended it, or 0. */
int process_signal(const struct process *p);

/* Accepts one for which process_new() has failed, or was not called. */
void process_free(struct process *p);

/* load.c */

/* What to load: one file, or several, which become groups. */
struct load_from {
	const char *file;			    /* NULL: several */
	const struct cute_shm_hdf5_source *sources; /* these */
	size_t count;
};

struct load {
	const char *file;      /* or, of several, a name for messages */
	struct file_list list; /* several files, or none */
	char *label;	       /* that name */
	char *choice;	       /* choice_text() */
	char *partial_choice;  /* that of a load that left something out */
	int partial;	       /* the project is current, but was one */
	struct cute_shm_loading *loading; /* NULL: plan only, or current */
	struct cute_shm *old;		  /* see reuse_open(), or NULL */
	bool own_reason;	 /* the failure need not happen to others */
	bool changed;		 /* the file did, during the load */
	struct host_files files; /* the file, and those that it leads to */
	const struct cute_shm_hdf5_options *opt;
	struct cute_shm_builder *builder; /* NULL: plan only */
	unsigned jobs;
	uint64_t max_memory; /* private memory of the reader, in bytes */
	struct failures failures;
	struct process process;
	struct message **queue; /* reported when the last reader has ended */
	size_t queue_count, queue_room;
	uint64_t queue_bytes;
	uint64_t beat;	  /* the last one seen, */
	double beat_cpu;  /* the reader's CPU time then, */
	double beat_time; /* and the clock then */
	double cpu;	  /* CPU time at the last look */
	bool endless;	  /* a step has taken too long */
	struct deadline deadline;
	int part_fd;	     /* to read the segment by; -1: nobody wants it */
	uint64_t part_size;  /* of the segment, for part_final() */
	double lost_cpu;     /* CPU time and clock time, in seconds, */
	double lost_time;    /* of all steps in which a reader was lost, */
	unsigned lost_steps; /* and their number */
};

/* files.c: several files of one load */

/* Find all files, with the names of their groups; free the list in any case. */
int files_find(const struct cute_shm_hdf5_source *sources, size_t count,
	       struct file_list *list) must_check;

/* A few words on how one of them has changed, and which; NULL if none has. */
const char *files_changed(const struct file_list *list, const char **file);

/* let_settle() for all of them. */
bool files_settle(const struct file_list *list);

/* together.c: several processes that load the same file */

/*
 * Wait until the time of modification of the file tells later writes; false if
 * it does so already.
 */
bool let_settle(const char *file);

/* The source that the segment's header names. */
struct load_source {
	const char *path;
	uint64_t size, mtime_ns;
};

struct load_source load_source(const struct load *load);

/* cute_shm_load_begin() for this load, whose file is open. */
int begin_loading(struct load *load, const char *project) must_check;

/*
 * The project holds the file: fill *ret, which may be NULL, and the handle.
 * CUTE_SHM_ERR_NOT_FOUND: it has ended just now.
 */
int use_current(const struct load *load, const char *project,
		struct cute_shm_hdf5_result *ret) must_check;

/*
 * With REUSE and several files, open the project as load->old: the reader then
 * copies the groups of files that have not changed.  It is no error if that
 * cannot be done.
 */
void reuse_open(struct load *load, const char *project);
void reuse_close(struct load *load);

/*
 * True if the load has failed, perhaps because of the old project, which is
 * closed then: all files must be read.
 */
bool reuse_failed(struct load *load, int err);

/* This group of the old project must not be copied again. */
void reuse_stale(struct load *load, const char *group);

/* parent.c: the caller's side of a load */

extern double step_seconds; /* CPU time of one step; tests shorten it */

/*
 * Run one reader until it ends, and queue its messages.  Sets *again if the
 * next reader should leave out more objects; these were added to 'failures'.
 */
int run_reader(struct load *load, bool *again);

/* Report an array, or an object that is left out, to the caller. */
void dispatch(const struct load *load, const struct message *m);

/* Drop the queued messages of a reader. */
void queue_clear(struct load *load);

/* part.c: what the caller is told, so that it can pass the segment on */

/* The reader may fill a segment of p->room bytes. */
int part_room(struct load *load) must_check;

/* The reader says that bytes are final. */
int part_final(const struct load *load, const struct message *m) must_check;

/* The segment only lacks its name. */
int part_sealed(struct load *load) must_check;

/* The project is current: nothing is loaded. */
int part_current(const struct load *load) must_check;

/* Close the descriptor; another builder, or none, follows. */
void part_end(struct load *load);

/* answer.c: the questions of a reader */

/*
 * Answer the question *m of the reader that fills 'builder' and reads files of
 * 'host'; without one of these, such questions are refused.  False if *m is no
 * question.
 */
bool answer_question(struct process *p, const struct message *m,
		     struct cute_shm_builder *builder, const struct host *host,
		     int *err);

#endif
