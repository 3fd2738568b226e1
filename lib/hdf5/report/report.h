/* SPDX-License-Identifier: MIT */
/*
 * Reports from the child that reads an HDF5 file to its parent: the current
 * object, what is left out and why, and the cause of a failure in libhdf5.
 * Also the limits of a load, and names of HDF5 as names of the segment.  Uses
 * base; of the room read only reserved.h.
 */
#ifndef LIB_HDF5_REPORT_REPORT_H
#define LIB_HDF5_REPORT_REPORT_H

#include <hdf5.h>

#include "base/base.h"
#include "cute_shm_hdf5.h"
#include "read/reserved.h"

/* limits.c: how much private memory the child may use */

/*
 * The memory limit for loading 'file': 'wanted' bytes.  If 'wanted' is 0, the
 * limit is 1 GiB or four times the bytes that the file occupies on disk,
 * whichever is more: a large chunk or a large tree needs memory, but then the
 * file is large, too.
 */
uint64_t memory_bound(const char *file, uint64_t wanted);

/*
 * Limit the calling process to 'bound' bytes of private memory more than it
 * uses now, but not more than is available; the stacks of 'jobs' threads are
 * added.  Also set the other limits that suit a child which reads untrusted
 * files.
 */
void limits_set(uint64_t bound, unsigned jobs);

/* Append to a text of 'size' bytes that the memory limit caused the failure. */
void limits_note(char *text, size_t size);

/* Whether 'text' has that note, or the limit is why 'err' is "no memory". */
bool limits_exceeded(int err, const char *text);

/* Set CUTE_SHM_ERR_LIMIT for 'path' in 'file'; 'text' describes the failure. */
int limits_fail(const char *file, const char *path, const char *text);

#define MAX_NDIM   CUTE_SHM_MAX_NDIM
#define DTYPE_SIZE 16

/*
 * A return value beside 0 and the negative errors: the object has no form in a
 * segment, or must not be read, and is left out.  The load goes on.
 */
#define SKIP 1

/* The signal that interrupts a wait of the child; its handler does nothing. */
#define WAKE_SIGNAL SIGUSR1

/* report.c: the structures for messages from the child to the parent */

/*
 * A page shared by child and parent.  The parent can see at any moment, also
 * after a crash, which object the child works on.  'beat' changes with every
 * step.
 */
struct board {
	uint64_t beat;
	uint64_t expect; /* bytes that this step may have to read */
	uint64_t done;
	uint64_t total;
	uint64_t objects;
	uint32_t sequence; /* odd while 'path' changes */
	char path[4096 - 5 * 8 - 4];
};

enum message_kind {
	MESSAGE_SKIPPED = 1, /* path, reason: left out */
	MESSAGE_INCOMPLETE,  /* path, reason: some of its data are missing */
	MESSAGE_FAILED,	     /* path, reason: unreadable */
	MESSAGE_CHANGED,     /* path, reason: differs from the file */
	MESSAGE_ARRAY,	     /* path, dtype, strategy; shape, bytes, time */
	MESSAGE_LOG,
	MESSAGE_ERROR, /* the error of the whole load */
	MESSAGE_RETRY, /* start again without what failed */
	MESSAGE_DONE   /* the sums */
};

struct message {
	uint32_t size; /* of the whole message, with its texts */
	uint32_t kind;
	int32_t err; /* ERROR; LOG: level */
	uint32_t ndim;
	uint64_t shape[MAX_NDIM];
	uint64_t bytes;
	double seconds;
	struct cute_shm_hdf5_result result;
	/* Texts follow, each with its NUL: path, reason or dtype, strategy. */
};

/* failures.c: paths that an earlier child could not read, and why */

struct failure {
	char *path;
	char *reason;
};

struct failures {
	struct failure *of; /* sorted by path */
	size_t count, room;
};

/* The reason why 'path' could not be read, or NULL if it has not failed. */
const char *failure_of(const struct failures *failures, const char *path);
int failure_add(struct failures *failures, const char *path,
		const char *reason);
void failures_free(struct failures *failures);

/* The patterns of select, or of exclude; see wanted.c. */
struct pattern {
	char *text;
	size_t literal; /* bytes before its first wildcard */
	bool glob;	/* it has one */
	bool used;	/* a path matched */
};

struct patterns {
	struct pattern *of;
	size_t count;
};

/* The state of the child; there is one per process. */
struct loader {
	const char *file;
	const struct stat *before; /* its status when the load began */
	const struct cute_shm_hdf5_options *opt;
	struct cute_shm_builder *builder; /* NULL: plan only */
	const struct failures *failures;  /* not to be read again */
	struct patterns select, exclude;
	struct board *board;
	int pipe;
	int parent; /* process that waits for this one */
	unsigned jobs;
	uint64_t max_memory;  /* limit of private memory beside what it had */
	bool quiet;	      /* the skipped objects have been reported */
	bool retry;	      /* an object failed: start again without it */
	char *ended;	      /* message of the failure that ended the load */
	uint64_t kept;	      /* bytes kept until the builder seals: */
	uint64_t kept_lists;  /* of lists, and */
	uint64_t kept_places; /* of the places of datasets in the file */
	struct pending *pending;
	size_t pending_count, pending_room;
	struct scan *scan;
	struct pool *pool;     /* writes the data that H5Dread has read */
	struct reader *reader; /* runs the fast strategies */
	uint64_t ticked;       /* bytes of 'reader' reported so far */
	hid_t last_file_type;  /* of the previous dataset, and its type here */
	struct type *last_type;
	uint64_t lost_references; /* references that lead to no object, */
	char *lost_from;	  /* and the path of the first of them */
	_Atomic(struct under_way *) done; /* see read/finished.c */
	struct cute_shm_hdf5_result result;
};

/* report.c: the page and the messages */

/* Begin to work on 'path'; this may take as long as reading 'bytes' bytes. */
void board_work(struct board *board, const char *path, uint64_t bytes);
void board_done(struct board *board, uint64_t bytes); /* from any thread */
void board_beat(struct board *board); /* one of many small steps is done */
void board_path(const struct board *board, char *ret, size_t size);

/* Report that an object is left out. */
int send_skipped(struct loader *l, const char *path, const char *reason, ...)
	__attribute__((format(printf, 3, 4)));

/* Report an object that is in the segment, but with some data missing. */
int send_incomplete(struct loader *l, const char *path, const char *reason, ...)
	__attribute__((format(printf, 3, 4)));

/* Report an object that is in the segment, but differs from the file. */
int send_changed(struct loader *l, const char *path, const char *reason, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Report an object that cannot be read.  Without KEEP_GOING this ends the load;
 * with KEEP_GOING the object is counted and 0 is returned.
 */
int send_failed(struct loader *l, const char *path, const char *reason, ...)
	__attribute__((format(printf, 3, 4)));
/* Whether an error concerns one object only, and not the whole load. */
bool is_objects_own(const struct loader *l, int err);

int send_array(struct loader *l, const struct cute_shm_hdf5_array *array);
int send_end(struct loader *l, enum message_kind kind, int err,
	     const char *text);
int send_log(struct loader *l, int level, const char *text);

/*
 * Receive one whole message into *ret, for free().  Returns 1, or 0 at the end
 * of the stream, or -1 on error.
 */
int receive(int fd, struct message **ret);
const char *message_text(const struct message *m, unsigned i);

/* hdf5_cause.c: why the last call of libhdf5 failed */

/* The innermost cause that libhdf5 gives for its last failure. */
const char *hdf5_cause(char *text, size_t size);

/* Whether any message of that failure, not only the innermost, has 'words'. */
bool hdf5_said(const char *words);

/* Whether such a cause means that a name leads to nothing. */
bool hdf5_is_missing(const char *cause);

/* Whether such a cause means that this libhdf5 is too old for the file. */
bool cause_is_newer(const char *cause);

/* Set CUTE_SHM_ERR_SOURCE, with the cause as its message. */
int unreadable(void);

/* names.c: names of HDF5 as names of the segment */

/* Convert the name of a link or a field, or of an attribute; for free(). */
char *component_of(const char *name);
char *attr_name_of(const char *name);
/* "parent/name", or "name" in the root; for free(). */
char *path_join(const char *parent, const char *name);
/* Whether all bytes are 7 bits wide, or all are well-formed UTF-8. */
bool text_is_ascii(const void *text, uint64_t size);
bool text_is_utf8(const void *text, uint64_t size);

/* wanted.c: select and exclude */

enum wanted {
	WANTED_NOT,
	WANTED_ABOVE, /* a group only, and if something below matches */
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

/* child_begin.c */

/* What each child does first: detach from the terminal, and start libhdf5. */
void child_begin(struct loader *l);

/* The error of a load: a failure for lack of memory names the limit it met. */
int child_error(const struct loader *l, int rc);

#endif
