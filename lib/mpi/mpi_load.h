/* SPDX-License-Identifier: MIT */
/*
 * One load for all nodes of an MPI job.  mpi_load.c has the public calls,
 * mpi_nodes.c finds the nodes, mpi_steps.c leads them, mpi_scatter.c leads them
 * where each reads a share; mpi_agree.c lets the nodes agree, mpi_failure.c
 * tells of a failure before that, mpi_wait.c waits, and ends all ranks when one
 * cannot go on; mpi_source_thread.c reads the file, mpi_source.c takes what is
 * final for mpi_send.c; mpi_receive.c is the other nodes' side.  Uses base,
 * file and copy/received.h, and the public calls of libcute_shm and
 * libcute_shm_hdf5.
 *
 * All ranks first agree that their arguments are good and that they have memory
 * for the steps.  These are, on the first rank of each node:
 *
 *   begin    rank 0 says how large the segment is, and what it is made from
 *   agree    all nodes have reserved the memory, or have the project
 *   data     windows of a control message and up to PIECES pieces, two of them
 *            under way at a time
 *   agree    all nodes have all of it
 *   publish  and say how that went
 *
 * A node that fails goes on with the protocol, and says why when all agree.  So
 * a function of a step that returns an error has lost the protocol: MPI has
 * failed, or what came cannot be.  Then load() calls mpi_broken().
 */
#ifndef LIB_MPI_MPI_LOAD_H
#define LIB_MPI_MPI_LOAD_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/base.h"
#include "copy/received.h"
#include "cute_shm_mpi.h"

#define PIECES	4
#define WINDOWS 2
#define PIECE	((size_t)4 << 20)

struct source;

enum control_kind {
	CONTROL_DATA = 1,
	CONTROL_AGAIN, /* a new segment of 'size' bytes: forget the old one */
	CONTROL_END,   /* all was sent */
	CONTROL_FAILED /* rank 0 has failed: no more comes */
};

struct piece {
	uint64_t offset, size;
	uint64_t digest; /* XXH3-64 */
};

struct control {
	uint32_t kind, count;
	uint64_t size;
	struct piece pieces[PIECES];
};

/* What rank 0 says first; the two texts follow, each with its NUL. */
struct begin {
	uint64_t failed; /* 1: there is nothing to receive */
	uint64_t size;	 /* of the segment, at most */
	uint64_t source_size, source_mtime_ns;
	uint64_t source_text, options_text; /* their bytes */
};

#define NODE_NAME 128

/* How a node is doing: what all nodes send to rank 0 when they agree. */
struct report {
	int32_t err;
	int32_t rank;
	int32_t current; /* it has the project already */
	int32_t needs;	 /* it has to receive it */
	int32_t follows; /* only ended since another node has failed */
	uint64_t bytes;
	double seconds;
	struct cute_shm_hdf5_result load; /* of a share */
	char node[NODE_NAME];
	char message[1024];
};

/* What rank 0 makes of the reports, for all. */
struct verdict {
	int32_t err;
	int32_t receivers;
	uint64_t current;
	struct cute_shm_mpi_result result; /* at the end */
	char message[1280];
};

/* A control message and its pieces, under way. */
struct window {
	struct control control;
	MPI_Request requests[1 + PIECES];
	int count;	 /* of these */
	uint8_t *buffer; /* of rank 0: WINDOWS * PIECES pieces in all */
};

#define TEXT_CHUNK 4096

/*
 * There is one, so that it needs no memory that a rank might not get, and so
 * that what MPI has under way when it fails still has its place.
 */
struct mpi_load {
	const char *project;
	const char *file; /* NULL: several, */
	const struct cute_shm_hdf5_source *sources;
	size_t source_count;
	struct cute_shm_mpi_options opt;
	struct cute_shm_hdf5_options load;
	MPI_Comm comm;	/* all ranks; a copy of the caller's */
	int ranks;	/* their number */
	MPI_Comm node;	/* those of this node */
	MPI_Comm heads; /* the first of each node, or MPI_COMM_NULL */
	MPI_Comm data;	/* the heads that send or receive */
	bool first;	/* this is rank 0 of 'heads' */
	int nodes;
	double since;
	double told;		 /* when progress was last called */
	bool quiet;		 /* this rank only waits: it reports none */
	struct source *source;	 /* what this rank reads, or NULL */
	_Atomic uint64_t passed; /* bytes sent or received */
	_Atomic uint64_t size;	 /* of the segment */
	struct report own;
	struct report sent;	/* of it, under way in an agreement */
	struct report *reports; /* first: of all heads */
	struct verdict verdict;
	struct begin begin;
	char chunk[TEXT_CHUNK]; /* of a text that is under way */
	struct window windows[WINDOWS];
	struct control next;
	bool publishing; /* some nodes may have the project */

	bool deciding;	      /* the report for the last step is made */
	bool told_failure;    /* to the other nodes, of this one */
	MPI_Request *telling; /* for that: one for each node */
	int heard_failures;   /* messages of others */

	int broken;	     /* the error that has ended the protocol, or 0 */
	struct report heard; /* of the rank that has told it */
	bool silent;	     /* some could not be told */
	bool blocking;	     /* the others may be where they do not listen */
	MPI_Request *alarms; /* by which it is told: one for each rank */
	int agreed[3], agree[3]; /* of mpi_agree_to_begin() */
};

/* mpi_failure.c */

/* CUTE_SHM_ERR_SYSTEM unless 'code' is MPI_SUCCESS; 'what' is a verb. */
int mpi_check(int code, const char *what) must_check;

/* Note the node's first error, with its message. */
void mpi_failed(struct mpi_load *m, int err);

/* Tell the other nodes, once, if this one has failed. */
int mpi_tell_failed(struct mpi_load *m) must_check;

/* Note whether another node has: then this one ends its part, too. */
int mpi_hear_failed(struct mpi_load *m) must_check;

/* mpi_wait.c */

/* Whether all requests, at most 1 + PIECES, are done; lets them proceed. */
int mpi_test(MPI_Request *requests, int count, int *done) must_check;

/*
 * Wait until the requests are done, without using the processor.  Calls the
 * progress callback, whose wish to end is noted in m->own.
 */
int mpi_wait(struct mpi_load *m, MPI_Request *requests, int count) must_check;

/*
 * Sleep for a moment, longer each time that *nap says so; call progress, and
 * note whether another rank has ended the protocol: m->broken.
 */
void mpi_nap(struct mpi_load *m, unsigned *nap);

/* Send bytes from rank 0 of a communicator to all of it. */
int mpi_send_all(struct mpi_load *m, MPI_Comm comm, void *data,
		 size_t size) must_check;

/*
 * Note in m->broken whether another rank has ended the protocol, and in m->own
 * whether another node has failed; tell others if this one has.
 */
void mpi_listen(struct mpi_load *m);

/* End the protocol: tell all others, unless one of them has told this rank. */
void mpi_broken(struct mpi_load *m, int err);

/* End the job: a call has failed in which the other ranks wait. */
_Noreturn void mpi_abort(MPI_Comm comm);

/* mpi_agree.c */

/* Gather the reports, judge, and send the verdict. */
int mpi_agree(struct mpi_load *m, struct verdict *v) must_check;

/* mpi_nodes.c */

/* A communicator of all ranks; the result is MPI's. */
int mpi_find_ranks(struct mpi_load *m, MPI_Comm comm) must_check;

/* Those of nodes; the result is MPI's. */
int mpi_find_nodes(struct mpi_load *m) must_check;
void mpi_forget_nodes(struct mpi_load *m);

/* The memory of the steps, as far as it depends on the number of ranks. */
int mpi_reserve_reports(struct mpi_load *m) must_check;

/*
 * All ranks: whether one of them has failed before the first step, and whether
 * all mean the same.  The first failure becomes that of all, in m->own.
 */
int mpi_agree_to_begin(struct mpi_load *m) must_check;

/* mpi_steps.c: what the first rank of a node does */
int mpi_lead_first(struct mpi_load *m, struct verdict *v) must_check;
int mpi_lead_other(struct mpi_load *m, struct verdict *v) must_check;

/* mpi_agree(), after which a failure of another node is this node's. */
int mpi_agree_all(struct mpi_load *m, struct verdict *v) must_check;

/* The same, after which, if none has failed, names are given. */
int mpi_agree_to_publish(struct mpi_load *m, struct verdict *v) must_check;

/* A failure that came after the last agreement leaves some projects. */
void mpi_say_published(const struct mpi_load *m, struct verdict *v);

/*
 * Send a text from the first of the heads to all.  A rank without memory for
 * it, whose text is NULL, drops what comes.
 */
int mpi_pass_text(struct mpi_load *m, char *text, uint64_t size) must_check;

/* mpi_scatter.c: the same, where each node reads its share of the files */
int mpi_lead_share(struct mpi_load *m, struct verdict *v) must_check;

/* mpi_source_thread.c: the thread that loads */

#define TOLD_PATH 1024

/* How far the load is.  'path' gets the array's, cut off if it is longer. */
void source_progress(struct source *s, struct cute_shm_mpi_progress *ret,
		     char path[TOLD_PATH]);

/* mpi_source.c: the file, or the project that rank 0 has already */

/* Begin to load, in a thread. */
int source_new(struct mpi_load *m, struct source **ret) must_check;

/*
 * Wait until it is known what there is to send; *ret gets it, with m->own.err
 * set if that is nothing.  The texts are for free().
 */
void source_begin(struct source *s, struct begin *ret, char **source,
		  char **options);

/* From now on the bytes will be asked for. */
int source_send(struct source *s) must_check;

enum source_what {
	SOURCE_NOTHING, /* not now */
	SOURCE_PIECE,
	SOURCE_AGAIN, /* the segment is a new one, of *size bytes */
	SOURCE_END    /* all bytes were given, or m->own.err is set */
};

/* The next piece, of at most PIECE bytes, is read to 'buffer'. */
enum source_what source_next(struct source *s, uint8_t *buffer,
			     struct piece *ret, uint64_t *size);

/* Wait until the segment only lacks its name; m->own.err is set if it fails. */
void source_sealed(struct source *s);

/* End it: 'publish' it, if it is new, and fill *ret.  Frees it. */
int source_free(struct source *s, bool publish,
		struct cute_shm_hdf5_result *ret);

/* mpi_send.c */

/* Send all of it to the ranks of m->data. */
int mpi_send(struct mpi_load *m, struct source *s) must_check;

/* mpi_receive.c */

struct taker {
	struct mpi_load *m;
	struct cute_shm_loading *loading;
	struct cute_shm_receiver *r; /* NULL: what comes is dropped */
	uint8_t *scratch;	     /* for that */
};

/* Take the turn on this node, and reserve, unless it has the project. */
void taker_begin(struct taker *t, const struct begin *b, const char *source,
		 const char *options);
int taker_receive(struct taker *t) must_check;
void taker_publish(struct taker *t);
void taker_end(struct taker *t);

#endif
