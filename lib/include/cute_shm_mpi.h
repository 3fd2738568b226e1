/* SPDX-License-Identifier: MIT */
/*
 * One load for all nodes of an MPI job: the file is read once, and the network
 * carries the segment to the memory of the other nodes while it is being read.
 * The rules of <cute_shm.h> hold here, too.  The library belongs to the MPI
 * that it was built with.
 */
#ifndef CUTE_SHM_MPI_H
#define CUTE_SHM_MPI_H

#include <mpi.h>

#include <cute_shm_hdf5.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

enum {
	/* Each rank has a root of its own, as for tests. */
	CUTE_SHM_MPI_RANKS_AS_NODES = 1,
	/* Each node reads and has its share of the files. */
	CUTE_SHM_MPI_SCATTER = 2
};

struct cute_shm_mpi_progress {
	/* Of what this rank reads; all of it, if it reads nothing. */
	struct cute_shm_hdf5_progress load;
	uint64_t bytes_passed; /* of the segment: sent, or received */
	uint64_t segment_size; /* at most; 0: not known yet */
	uint64_t reserved[4];
};

/* How a node ended.  Texts are valid during the callback. */
struct cute_shm_mpi_node {
	const char *name; /* of the machine */
	int rank;	  /* of its first rank, which works for all */
	int err;	  /* 0, or its own error */
	const char *message;
	int current;	/* 1: it had the project already */
	uint64_t bytes; /* received */
	double seconds; /* until it had the project */
	/* With SCATTER, of its share: */
	uint64_t files;
	uint64_t array_bytes; /* of data */
	uint64_t reserved[2];
};

struct cute_shm_mpi_options {
	size_t size;
	unsigned flags; /* CUTE_SHM_MPI_... */
	/*
	 * As for cute_shm_hdf5_load(), the same on all ranks but for 'root', or
	 * NULL.  'handle', 'part', 'progress' and CUTE_SHM_HDF5_EPHEMERAL must
	 * not be set.  The other callbacks are called on rank 0 only, by a
	 * thread of the library, with the 'arg' in here.
	 */
	const struct cute_shm_hdf5_options *load;
	/*
	 * Called about ten times a second on the first rank of each node, by
	 * the thread of the call; non-zero ends the load on all nodes with
	 * CUTE_SHM_ERR_CANCELLED.  May be NULL.
	 */
	int (*progress)(const struct cute_shm_mpi_progress *p, void *arg);
	/* Called on rank 0 for each node at the end.  May be NULL. */
	void (*node)(const struct cute_shm_mpi_node *node, void *arg);
	void *arg;
};

struct cute_shm_mpi_result {
	struct cute_shm_hdf5_result load; /* of rank 0 */
	uint64_t nodes;
	uint64_t current;      /* of these, the nodes that had the project */
	uint64_t segment_size; /* bytes that went to each of the others */
	double seconds;	       /* of wall time */
	uint64_t reserved[4];
};

/*
 * Load the HDF5 file 'file', which rank 0 reads, as 'project' on all nodes of
 * the communicator.  Collective: all its ranks call it, with the same arguments
 * but for the root; only rank 0 looks at 'file'.  The first rank of each node
 * works, the others wait and do not use the processor.  MPI must be initialised
 * with MPI_THREAD_FUNNELED or more; with that level this must be the main
 * thread.
 *
 * All nodes have the project afterwards, or none: no node gives it its name
 * before all have all of it.  All ranks return the same: 0, or the error of the
 * first node that failed, whose name is in the message.
 *
 * With CUTE_SHM_HDF5_ENSURE only nodes that do not hold the file as it is
 * receive it, and if no node needs it, nothing is read.  A node other than the
 * first waits for another process's load for 'timeout', or 30 s.
 *
 * The errors of cute_shm_hdf5_load(), CUTE_SHM_ERR_INVALID for MPI_COMM_NULL
 * and an intercommunicator, and CUTE_SHM_ERR_SYSTEM if MPI fails.  If a call of
 * MPI fails on one rank, the others are told, and no project gets its name
 * unless the message says so; where they wait in a call that makes a
 * communicator, so that they cannot hear it, the job ends by MPI_Abort().  MPI
 * then still has memory of the load, and a further one is CUTE_SHM_ERR_STATE.
 */
int cute_shm_mpi_load(MPI_Comm comm, const char *project, const char *file,
		      const struct cute_shm_mpi_options *opt,
		      struct cute_shm_mpi_result *ret);

/*
 * The same for several files, each of which becomes a group, as with
 * cute_shm_hdf5_load_files().  Only rank 0 looks at 'sources'.
 */
int cute_shm_mpi_load_files(MPI_Comm comm, const char *project,
			    const struct cute_shm_hdf5_source *sources,
			    size_t count,
			    const struct cute_shm_mpi_options *opt,
			    struct cute_shm_mpi_result *ret);

/*
 * With CUTE_SHM_MPI_SCATTER each of n nodes reads files itself, and has only
 * these: file k of the list goes to node k modulo n, so that a file which is
 * added at the end moves no other.  Rank 0 finds the files, also those of
 * folders, which all nodes must see by the same path.  The root of each project
 * has the attribute "cute-shm:share": its number, from 0, and n.  All nodes
 * have their share in the end, or none has; the result has the sums.  The
 * callbacks of 'load' are called on the first rank of each node.
 *
 * CUTE_SHM_ERR_INVALID  fewer files than nodes
 */

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
