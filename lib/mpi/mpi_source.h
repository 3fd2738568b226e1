/* SPDX-License-Identifier: MIT */
/* The source of what rank 0 sends, as its two threads share it. */
#ifndef LIB_MPI_MPI_SOURCE_H
#define LIB_MPI_MPI_SOURCE_H

#include "mpi/mpi_load.h"

enum stage {
	STAGE_READING, /* the file is being scanned */
	STAGE_ROOM,    /* the size is known */
	STAGE_CURRENT, /* the project is there already */
	STAGE_SEALED,  /* only the name is missing */
	STAGE_ENDED
};

struct source {
	struct mpi_load *m;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;

	/* The mutex's. */
	enum stage stage;
	bool stop, go;	     /* what the caller's thread wants */
	unsigned generation; /* of the segment: how often it was begun */
	int new_fd;	     /* of that segment, until it is taken */
	uint64_t size;	     /* of that segment */
	struct received pending;
	struct cute_shm_hdf5_progress progress; /* but for its path: */
	char progress_path[TOLD_PATH];
	struct begin begin;
	char *path, *options;
	int err;
	char message[1024];
	struct cute_shm_hdf5_result result;

	/* The caller's thread's. */
	unsigned seen; /* generation */
	int fd;
	struct received sent;
	bool stream;
	uint64_t at; /* bytes of the stream so far */
	int ends[2]; /* the second one is the thread's, if it streams */
};

/* mpi_source_thread.c: the thread that loads; 'arg' is the source */
void *source_thread(void *arg);

#endif
