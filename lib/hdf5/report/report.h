/* SPDX-License-Identifier: MIT */
/*
 * What the process that reads an HDF5 file reports to the one that asked: what
 * it is at, what is left out and why, what libhdf5 says of a failure; and the
 * bounds of a load.  Uses base.
 */
#ifndef LIB_HDF5_REPORT_REPORT_H
#define LIB_HDF5_REPORT_REPORT_H

#include <hdf5.h>

#include "base/base.h"
#include "cute_shm_hdf5.h"
#include "read/reserved.h"

/*
 * The bound for loading 'file': 'wanted' bytes, or, if that is 0, 1 GiB or four
 * times the bytes that the file has on its disk, whichever is more.  A large
 * chunk or a large tree needs memory, but then the file is large, too.
 */
uint64_t memory_bound(const char *file, uint64_t wanted);

/*
 * Of the calling process: at most so many bytes more than it has, and not more
 * than is available; the stacks of its threads are added.  Further limits that
 * suit a child which reads strange files.
 */
void limits_set(uint64_t bound, unsigned jobs);

/* Add to a text of 'size' bytes that it was the bound which made it fail. */
void limits_note(char *text, size_t size);

/* Whether that was added, or the bound is why 'err' is "no memory". */
bool limits_exceeded(int err, const char *text);

/* CUTE_SHM_ERR_LIMIT for this error in 'file' at 'path'; 'text' tells of it. */
int limits_fail(const char *file, const char *path, const char *text);

#define MAX_NDIM CUTE_SHM_MAX_NDIM
#define DTYPE_SIZE 16

/* Wakes a child out of a wait: it has a handler that does nothing. */
#define WAKE_SIGNAL SIGUSR1

/* report.c: what the child tells the parent */

/*
 * A page that both see.  It tells the parent at any moment, also after a crash
 * of the child, what the child is at.  'beat' changes with every step.
 */
struct board {
	uint64_t beat;
	uint64_t expect;	/* bytes that this step may take to read */
	uint64_t done;
	uint64_t total;
	uint64_t objects;
	uint32_t sequence;	/* odd while 'path' changes */
	char path[4096 - 5 * 8 - 4];
};

enum message_kind {
	MESSAGE_SKIPPED = 1,	/* path, reason */
	MESSAGE_INCOMPLETE,	/* path, reason: not all of its data are there */
	MESSAGE_FAILED,		/* path, reason: unreadable */
	MESSAGE_CHANGED,	/* path, reason: not as in the file */
	MESSAGE_ARRAY,		/* path, dtype, strategy; shape, bytes, time */
	MESSAGE_LOG,
	MESSAGE_ERROR,		/* the load's own error */
	MESSAGE_RETRY,		/* begin again without what has failed */
	MESSAGE_DONE		/* the sums */
};

struct message {
	uint32_t size;		/* of all, the texts behind included */
	uint32_t kind;
	int32_t err;		/* ERROR; LOG: level */
	uint32_t ndim;
	uint64_t shape[MAX_NDIM];
	uint64_t bytes;
	double seconds;
	struct cute_shm_hdf5_result result;
	/* Then texts, each with its NUL: path, reason or dtype, strategy. */
};

/* failures.c: paths that a child before this one could not read, and why */

struct failure {
	char *path;
	char *reason;
};

struct failures {
	struct failure *of;	/* sorted by path */
	size_t count, room;
};

/* The reason, or NULL. */
const char *failure_of(const struct failures *failures, const char *path);
int failure_add(struct failures *failures, const char *path,
		const char *reason);
void failures_free(struct failures *failures);

/* The patterns of select, or of exclude; see wanted.c. */
struct pattern {
	char *text;
	size_t literal;		/* bytes before its first wildcard */
	bool glob;		/* it has one */
	bool used;		/* a path matched */
};

struct patterns {
	struct pattern *of;
	size_t count;
};

/* The state of the child; one per process. */
struct loader {
	const char *file;
	const struct stat *before;	/* what it was when the load began */
	const struct cute_shm_hdf5_options *opt;
	struct cute_shm_builder *builder;	/* NULL: only a plan */
	const struct failures *failures;	/* not to be touched again */
	struct patterns select, exclude;
	struct board *board;
	int pipe;
	int parent;		/* process that waits for this one */
	unsigned jobs;
	uint64_t max_memory;	/* of private memory, beside what it had */
	bool quiet;		/* what is skipped has been told */
	bool retry;		/* something failed: begin again without it */
	char *ended;		/* by send_failed(), with this message */
	uint64_t kept;		/* bytes held until the builder has them, */
	uint64_t kept_lists;	/* and those of lists, */
	uint64_t kept_places;	/* and of where others lie in the file */
	struct pending *pending;
	size_t pending_count, pending_room;
	struct scan *scan;
	struct pool *pool;	/* writes what H5Dread has read */
	struct reader *reader;	/* the fast strategies' */
	uint64_t ticked;	/* bytes of its, told so far */
	hid_t last_file_type;	/* of the dataset before, and what it became */
	struct type *last_type;
	uint64_t lost_references;	/* that lead to nothing here, */
	char *lost_from;		/* and where the first of them is */
	_Atomic(struct under_way *) done;	/* see tell.c */
	struct cute_shm_hdf5_result result;
};

/* At work on 'path', which may take as long as 'bytes' bytes do. */
void board_work(struct board *board, const char *path, uint64_t bytes);
void board_done(struct board *board, uint64_t bytes);	/* any thread */
void board_beat(struct board *board);	/* one of many small steps is done */
void board_path(const struct board *board, char *ret, size_t size);

int send_skipped(struct loader *l, const char *path, const char *reason, ...)
	__attribute__((format(printf, 3, 4)));

/* The same of something that is in the segment, but not as it should be. */
int send_incomplete(struct loader *l, const char *path, const char *reason, ...)
	__attribute__((format(printf, 3, 4)));

/* Something that is in the segment, but not as it is in the file. */
int send_changed(struct loader *l, const char *path, const char *reason, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Something that cannot be read: without KEEP_GOING it ends the load, with it
 * it is counted and 0 is returned.
 */
int send_failed(struct loader *l, const char *path, const char *reason, ...)
	__attribute__((format(printf, 3, 4)));
/* Whether an error is that of one object, and not of the load. */
bool is_objects_own(const struct loader *l, int err);

int send_array(struct loader *l, const struct cute_shm_hdf5_array *array);
int send_end(struct loader *l, enum message_kind kind, int err,
	     const char *text);
int send_log(struct loader *l, int level, const char *text);

/* One whole message into *ret, for free(); 0 at the end, -1 on error. */
int receive(int fd, struct message **ret);
const char *message_text(const struct message *m, unsigned i);

/* The innermost cause that libhdf5 gives for its last failure. */
const char *hdf5_cause(char *text, size_t size);

/* Whether one of its messages, the innermost or not, has these words. */
bool hdf5_said(const char *words);

/* Whether such a cause is that a name leads to nothing. */
bool hdf5_is_missing(const char *cause);

/* Whether that says that this libhdf5 is too old for it. */
bool cause_is_newer(const char *cause);

/* CUTE_SHM_ERR_SOURCE with that. */
int unreadable(void);

/* names.c */

/* The name of a link or field as a component, and that of an attribute. */
char *component_of(const char *name);
char *attr_name_of(const char *name);
/* "parent/name", or "name" in the root; for free(). */
char *path_join(const char *parent, const char *name);
/* Of all bytes: 7 bits, or well-formed. */
bool text_is_ascii(const void *text, uint64_t size);
bool text_is_utf8(const void *text, uint64_t size);

/* wanted.c: select and exclude */

enum wanted {
	WANTED_NOT,
	WANTED_ABOVE,	/* a group only, and if something below matches */
	WANTED
};

/* Before the first path: CUTE_SHM_ERR_NOMEM. */
int wanted_begin(struct loader *l);
enum wanted path_wanted(struct loader *l, const char *path);

/*
 * After all paths: CUTE_SHM_ERR_NOT_FOUND if a pattern of select has matched
 * none of them; one of exclude is logged.
 */
int wanted_check(struct loader *l);

/* What each child does first: let go of the terminal, and begin libhdf5. */
void child_begin(struct loader *l);

/* The load's error: what failed for want of memory says which bound it was. */
int child_error(const struct loader *l, int rc);

#endif
