/* SPDX-License-Identifier: MIT */
/*
 * What the caller's process and the reader process share: a page that shows
 * the progress (board.c), messages with descriptors over a socket (message.c),
 * the request that begins the work (request.c), what is selected (selection.c),
 * objects that cannot be read (failures.c), names of HDF5 as names of the
 * segment (names.c), and what a load has chosen (choice.c).  Neither side needs
 * libhdf5 for it.  Uses base, format and hdf5/host.
 */
#ifndef LIB_HDF5_CHANNEL_CHANNEL_H
#define LIB_HDF5_CHANNEL_CHANNEL_H

#include "base/base.h"
#include "cute_shm_hdf5.h"
#include "format/slice.h"
#include "hdf5/host/host.h"

#define MAX_NDIM CUTE_SHM_MAX_NDIM

/* board.c */

/*
 * A page that both processes map.  The caller can see at any moment, also after
 * a crash, which object the reader works on.  'beat' changes with every step.
 */
struct board {
	uint64_t beat;
	uint64_t expect; /* bytes that this step may have to read */
	uint64_t done;
	uint64_t total;
	uint64_t objects;
	uint32_t sequence; /* odd while 'path' changes */
	uint32_t signal;   /* that ended the reader, or 0 */
	char path[4096 - 5 * 8 - 8];
};

/* Make the page in a memory file that cannot shrink: a descriptor, or -1. */
int board_new(struct board **ret);
/* Map the page of such a descriptor; NULL on failure. */
struct board *board_map(int fd);
void board_free(struct board *board);

/* Begin to work on 'path'; this may take as long as reading 'bytes' bytes. */
void board_work(struct board *board, const char *path, uint64_t bytes);
void board_done(struct board *board, uint64_t bytes); /* from any thread */
void board_beat(struct board *board); /* one of many small steps is done */
void board_path(const struct board *board, char *ret, size_t size);

/* message.c */

enum message_kind {
	/* From the reader. */
	MESSAGE_HELLO = 1,  /* version: it runs */
	MESSAGE_SKIPPED,    /* path, reason: left out */
	MESSAGE_INCOMPLETE, /* path, reason: some of its data are missing */
	MESSAGE_FAILED,	    /* path, reason: unreadable */
	MESSAGE_CHANGED,    /* path, reason: differs from the file */
	MESSAGE_STALE,	    /* path, reason: a group that must not be reused */
	MESSAGE_ARRAY,	    /* path, dtype, strategy, libhdf5; shape, ... */
	MESSAGE_FACT,	    /* kind, name, value, package */
	MESSAGE_FINAL,	    /* bytes, given: so many at this offset are final */
	MESSAGE_LOG,	    /* text; err: level */
	MESSAGE_ERROR,	    /* text, err: of the whole work */
	MESSAGE_RETRY,	    /* start again without what failed */
	MESSAGE_DONE,	    /* the sums */
	/* Questions of the reader, each answered by MESSAGE_ANSWER. */
	MESSAGE_OPEN,	   /* path: a file to read; a descriptor, struct stat */
	MESSAGE_STAT,	   /* path: struct stat */
	MESSAGE_REAL_PATH, /* path: its real path */
	MESSAGE_ROOM,	   /* bytes: may the segment be so large? */
	MESSAGE_LOOK,	   /* bytes: is there memory for the rest? */
	MESSAGE_RAN_OUT,   /* bytes, given: what to say of a full root */
	/* From the caller. */
	MESSAGE_REQUEST, /* see struct request; descriptors */
	MESSAGE_ANSWER	 /* err; bytes; text or struct stat */
};

struct message {
	uint32_t size; /* of the whole message, with its tail */
	uint32_t kind;
	int32_t err;
	uint32_t ndim;
	uint64_t shape[MAX_NDIM];
	uint64_t bytes;
	uint64_t given;
	double seconds;
	struct cute_shm_hdf5_result result;
	/* The tail: texts, each with its NUL, or other bytes. */
};

/* A limit for the size of a message.  Real paths are much shorter. */
#define MESSAGE_MAX (UINT32_C(64) << 20)

/* Most descriptors that one message carries. */
#define MESSAGE_FDS 3

/*
 * Send *m with a tail of 'size' bytes, and copies of 'count' descriptors; sets
 * m->size.  One thread at a time.  0, or -1 and errno, EPIPE if the other side
 * has ended.
 */
int message_send(int socket, struct message *m, const void *tail, size_t size,
		 const int *fds, unsigned count);

/*
 * Send *m with a small tail and a descriptor (-1: none) at once, as an answer
 * to a process that may not listen.  False with errno, EAGAIN if there is no
 * room.
 */
bool message_answer(int socket, struct message *m, const void *tail,
		    size_t size, int fd);

/* Send *m with texts, of which there are at most four; the last is NULL. */
#define MESSAGE_TEXTS 4
int message_send_texts(int socket, struct message *m, const char *const *text);

/*
 * Wait for one whole message; *ret is for free(), and fds[MESSAGE_FDS] gets its
 * descriptors, -1 where there is none.  1, or 0 at the end of the stream, or -1
 * and errno on failure: after any but ENOMEM no other message can be received.
 */
int message_receive(int socket, struct message **ret, int fds[MESSAGE_FDS]);

/* A message of which not all bytes have arrived.  Begin with zeros. */
struct inbox {
	struct message head;
	struct message *m;
	size_t got;
};

enum {
	INBOX_END = 0,
	INBOX_MESSAGE = 1,
	INBOX_WAIT = 2,
	INBOX_BAD = -1
};

/*
 * Take what has arrived, without waiting; descriptors are dropped.  With
 * INBOX_MESSAGE, *ret is a whole message for free().  The sizes of a bad
 * message are wrong: the other side is damaged, or hostile.
 */
int inbox_take(struct inbox *inbox, int socket, struct message **ret);
void inbox_clear(struct inbox *inbox);

/* Text number 'i' of the tail; "" if there is none. */
const char *message_text(const struct message *m, unsigned i);
/* The tail as 'size' bytes for memcpy(); NULL if it has another size. */
const void *message_tail(const struct message *m, size_t size);

/* failures.c: paths that an earlier reader could not read, and why */

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

/* selection.c: the patterns of select and exclude */

/* A pattern for paths; one of select may have a slice at its end. */
struct selector {
	const char *text; /* the pattern without slashes at its ends, */
	size_t size;	  /* and without the slice */
	bool slashed;	  /* the slash at the end is why it has no slice */
	bool sliced;
	struct slice_text slice;
};

/*
 * Read a pattern, which must stay valid.  'slices': brackets at its end that
 * hold a slice are one.  CUTE_SHM_ERR_INVALID: the slice is wrong.
 */
int selector_get(const char *text, bool slices, struct selector *ret);

/* What is selected, in one form: "exclude=PATTERN", "select=PATTERN[SLICE]". */
struct selection {
	char **texts; /* sorted, each once */
	size_t count;
};

/*
 * Each list may be NULL, or ends with NULL.  CUTE_SHM_ERR_INVALID,
 * CUTE_SHM_ERR_NOMEM; call selection_free() in any case.
 */
int selection_get(const char *const *select, const char *const *exclude,
		  struct selection *ret);
void selection_free(struct selection *s);

/* choice.c */

/*
 * The canonical text of what the options choose of a file, or of several, whose
 * names, sizes and times are a part of it; for free().
 */
int choice_text(const struct cute_shm_hdf5_options *opt,
		const struct listed *listed, uint32_t count,
		char **ret) must_check;

/* names.c: names of HDF5 as names of the segment */

/* Convert the name of a link or a field, or of an attribute; for free(). */
char *component_of(const char *name);
char *attr_name_of(const char *name);
/* "a/b.c.h5" is "b.c", and ".h5" is ".h5"; for free(). */
char *stem_of(const char *path);
/* "parent/name", or "name" in the root; for free(). */
char *path_join(const char *parent, const char *name);
/* The same with component_of() the name of a link or a field. */
char *path_below(const char *parent, const char *name);
/* Whether all bytes are 7 bits wide, or all are well-formed UTF-8. */
bool text_is_ascii(const void *text, uint64_t size);
bool text_is_utf8(const void *text, uint64_t size);

/* split_name.c */

/*
 * The name of the file that this group of the root becomes when each becomes
 * one: that of the file it is from, if the group is named by it; else "a.h5"
 * for group "a".  It has no slash.  For free(); NULL: no memory.
 */
char *split_name(const struct cute_shm_node *group);

/* request.c: what the caller wants */

enum work {
	WORK_LOAD,
	WORK_PLAN, /* describe only */
	WORK_EXPORT,
	WORK_ABOUT /* report what this libhdf5 can read */
};

/*
 * The descriptors that a request carries: the board; for a load or an export,
 * the segment; for an export, the HDF5 file; for a load that may reuse groups
 * of an old project, its segment.
 */
enum {
	REQUEST_BOARD,
	REQUEST_SEGMENT,
	REQUEST_FILE,
	REQUEST_OLD = REQUEST_FILE
};

struct request {
	uint32_t work;
	uint32_t flags; /* CUTE_SHM_HDF5_... */
	uint32_t jobs;
	uint32_t log_level; /* enum cute_shm_log_level that the hook wants */
	uint32_t arrays;    /* 1: send MESSAGE_ARRAY */
	uint32_t parts;	    /* 1: send MESSAGE_FINAL */
	uint32_t gzip, shuffle;
	uint32_t share, shares; /* of a load */
	uint32_t reuse;		/* 1: there is an old project */
	/* Numbers of: select, exclude, failures, listed. */
	uint32_t lists[4];
	uint64_t max_memory;
	uint64_t chunk_size;
	struct stat before; /* of the file when the load began */
	uint64_t loan_size;
	/* These follow, each text with its NUL: */
	const void *loan; /* see cute_shm_builder_lend() */
	const char *file; /* the HDF5 file */
	const char *path; /* of the segment, for messages */
	const char *top;  /* what to export: a group of the root, or "": all */
	const char **select, **exclude; /* end with NULL */
	struct failures failures;
	const struct listed *listed; /* instead of the file, which is a label */
	uint32_t listed_count;
};

/* Send the request.  CUTE_SHM_ERR_NOMEM, CUTE_SHM_ERR_SYSTEM. */
int request_send(int socket, const struct request *r, const int *fds,
		 unsigned count) must_check;

/*
 * Decode the message of a request; the texts stay in 'm'.  False if it is not
 * one, or memory is short.
 */
bool request_read(const struct message *m, struct request *ret);

#endif
