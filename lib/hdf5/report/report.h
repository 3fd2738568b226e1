/* SPDX-License-Identifier: MIT */
/*
 * Reports of the reader process, in which libhdf5 runs, to the caller's: the
 * current object, what is left out and why, the cause of a failure in libhdf5;
 * and questions to the caller's process.  Also the limits of a load.  Uses
 * base, hdf5/channel and hdf5/library; of the room read only reserved.h.
 */
#ifndef LIB_HDF5_REPORT_REPORT_H
#define LIB_HDF5_REPORT_REPORT_H

#include "hdf5/channel/channel.h"
#include "hdf5/library/library.h"
#include "read/reserved.h"

/* limits.c: how much private memory the reader may use */

/*
 * Limit the calling process to 'bound' bytes of private memory more than it
 * uses now, but not more than is available; 'library' bytes for libhdf5, which
 * may be opened later, and the stacks of 'jobs' threads are
 * added.  Also set the other limits that suit a process which reads untrusted
 * files.
 */
void limits_set(uint64_t bound, uint64_t library, unsigned jobs);

/* Append to a text of 'size' bytes that the memory limit caused the failure. */
void limits_note(char *text, size_t size);

/* Whether 'text' has that note, or the limit is why 'err' is "no memory". */
bool limits_exceeded(int err, const char *text);

/* Set CUTE_SHM_ERR_LIMIT for 'path' in 'file'; 'text' describes the failure. */
int limits_fail(const char *file, const char *path, const char *text);

#define DTYPE_SIZE 16

/*
 * A return value beside 0 and the negative errors: the object has no form in a
 * segment, or must not be read, and is left out.  The load goes on.
 */
#define SKIP 1

/* The patterns of select, or of exclude; see wanted.c. */
struct pattern {
	char *text;	   /* without its slice */
	const char *whole; /* with it */
	size_t literal;	   /* bytes before its first wildcard */
	bool glob;	   /* it has one */
	bool used;	   /* a path matched */
	bool sliced;
	struct slice_text slice;
};

struct patterns {
	struct pattern *of;
	size_t count;
	bool sliced; /* one of them is */
};

/* The state of the reader; there is one per process. */
struct loader {
	const char *file;
	const struct stat *before;   /* its status when the load began */
	const struct listed *listed; /* several files instead of one */
	uint32_t listed_count;	     /* 0: one file */
	const struct cute_shm_hdf5_options *opt;
	struct cute_shm_builder *builder; /* NULL: plan only */
	const struct failures *failures;  /* not to be read again */
	struct patterns select, exclude;
	struct board *board;
	int socket; /* to the caller's process */
	unsigned jobs;
	bool locks_matter;    /* a lock of another program ends the load */
	uint64_t max_memory;  /* limit of private memory beside what it had */
	bool quiet;	      /* the skipped objects have been reported */
	bool retry;	      /* an object failed: start again without it */
	struct reuse *reuse;  /* what is taken from an old project, or NULL */
	char *ended;	      /* message of the failure that ended the load */
	struct arena arena;   /* what is kept of plain data */
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
	struct type *native_type;		/* the same by the index */
	const struct native_dataset *good_form; /* judged last, see judge.c */
	const char *no_index;	  /* why the only file has none, or NULL */
	uint64_t lost_references; /* references that lead to no object, */
	char *lost_from;	  /* and the path of the first of them */
	_Atomic(struct under_way *) done; /* see read/finished.c */
	struct cute_shm_hdf5_result result;
};

/* report.c: messages to the caller; any thread may send them */

/*
 * Report an object that is left out (MESSAGE_SKIPPED), or is in the segment but
 * lacks some data (MESSAGE_INCOMPLETE) or differs from the file
 * (MESSAGE_CHANGED).
 */
int send_report(struct loader *l, enum message_kind kind, const char *path,
		const char *reason, ...) __attribute__((format(printf, 4, 5)));
#define send_skipped(l, path, ...) \
	send_report(l, MESSAGE_SKIPPED, path, __VA_ARGS__)
#define send_incomplete(l, path, ...) \
	send_report(l, MESSAGE_INCOMPLETE, path, __VA_ARGS__)
#define send_changed(l, path, ...) \
	send_report(l, MESSAGE_CHANGED, path, __VA_ARGS__)

/*
 * Report an object that cannot be read.  Without KEEP_GOING this ends the load;
 * with KEEP_GOING the object is counted and 0 is returned.
 */
int send_failed(struct loader *l, const char *path, const char *reason, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * The file to name in messages about the object at 'path': that of its group,
 * if there are several.
 */
const char *loader_file(const struct loader *l, const char *path);

/* Whether an error concerns one object only, and not the whole load. */
bool is_objects_own(const struct loader *l, int err);

int send_array(struct loader *l, const struct cute_shm_hdf5_array *array);
int send_end(struct loader *l, enum message_kind kind, int err,
	     const char *text);
int send_fact(struct loader *l, const char *kind, const char *name,
	      const char *value, const char *package);
int send_log(struct loader *l, int level, const char *text);
/* What is lost is sent again with all that was not final before the seal. */
void send_final(struct loader *l, uint64_t offset, uint64_t size);

/*
 * Send a question, and wait for the answer: *ret for free(), and, unless 'fd'
 * is NULL, its descriptor or -1.  False if the caller's process is gone.
 */
bool send_question(struct loader *l, enum message_kind kind, uint64_t bytes,
		   uint64_t given, const char *path, struct message **ret,
		   int *fd);

/* hdf5_cause.c: why the last call of libhdf5 failed */

/* The innermost cause that libhdf5 gives for its last failure. */
const char *hdf5_cause(char *text, size_t size);

/* Forget that failure; also if libhdf5 is not open. */
void hdf5_forget(void);

/* Whether any message of that failure, not only the innermost, has 'words'. */
bool hdf5_said(const char *words);

/* Whether such a cause means that a name leads to nothing. */
bool hdf5_is_missing(const char *cause);

/* Whether such a cause means that this libhdf5 is too old for the file. */
bool cause_is_newer(const char *cause);

/* Set CUTE_SHM_ERR_SOURCE, with the cause as its message. */
int unreadable(void);

/* wanted.c: select and exclude */

enum wanted {
	WANTED_NOT,
	WANTED_ABOVE, /* a group only, and if something below matches */
	WANTED
};

/* Before the first path: CUTE_SHM_ERR_NOMEM, CUTE_SHM_ERR_INVALID. */
int wanted_begin(struct loader *l);
enum wanted path_wanted(struct loader *l, const char *path);

/*
 * The slice that is selected of the array at 'path'; *sliced is false if all of
 * it is wanted.  CUTE_SHM_ERR_INVALID: a slice does not fit the array, or two
 * that differ match it.
 */
int path_slice(const struct loader *l, const char *path, unsigned ndim,
	       const uint64_t *shape, struct slice *ret, bool *sliced);

/*
 * CUTE_SHM_ERR_INVALID if the patterns give two names of one array different
 * slices.
 */
int same_slices(const struct loader *l, const char *path, const char *other);

/*
 * After all paths: CUTE_SHM_ERR_NOT_FOUND if a pattern of select has matched
 * none of them; one of exclude is logged.
 */
int wanted_check(struct loader *l);

#endif
