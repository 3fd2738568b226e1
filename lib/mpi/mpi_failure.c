/* SPDX-License-Identifier: MIT */
/*
 * A node that fails notes why, and says so to the other nodes at once, by an
 * empty message.  These then stop what they are at, and go to the next
 * agreement, which gets the reason.  A node may fail after it has given its
 * report for an agreement: it then has the next one, and no message is sent
 * after the report for that which names depend on.
 */

#include <stdio.h>

#include "mpi/mpi_load.h"

#define TAG_FAILED 2

int
mpi_check(int code, const char *what)
{
	char text[MPI_MAX_ERROR_STRING] = "";
	int size = 0;

	if (code == MPI_SUCCESS)
		return 0;
	MPI_Error_string(code, text, &size);
	return cute_shm_fail(CUTE_SHM_ERR_SYSTEM, "MPI cannot %s: %s", what,
			     text);
}

void
mpi_failed(struct mpi_load *m, int err)
{
	if (err == 0 || m->own.err != 0)
		return;
	m->own.err = err;
	snprintf(m->own.message, sizeof(m->own.message), "%s",
		 cute_shm_errmsg());
}

int
mpi_tell_failed(struct mpi_load *m)
{
	int rank = 0, i, err;

	if (m->own.err == 0 || m->own.follows || m->told_failure ||
	    m->deciding || m->heads == MPI_COMM_NULL)
		return 0;
	m->told_failure = true;
	err = MPI_Comm_rank(m->heads, &rank);
	for (i = 0; err == MPI_SUCCESS && i < m->nodes; i++) {
		m->telling[i] = MPI_REQUEST_NULL;
		if (i != rank)
			err = MPI_Isend(NULL, 0, MPI_BYTE, i, TAG_FAILED,
					m->heads, &m->telling[i]);
	}
	return mpi_check(err, "send");
}

int
mpi_hear_failed(struct mpi_load *m)
{
	MPI_Status status;
	int there = 0, err;

	if (m->heads == MPI_COMM_NULL)
		return 0;
	err = mpi_check(MPI_Iprobe(MPI_ANY_SOURCE, TAG_FAILED, m->heads, &there,
				   &status),
			"probe");
	if (err != 0 || !there)
		return err;
	err = mpi_check(MPI_Recv(NULL, 0, MPI_BYTE, status.MPI_SOURCE,
				 TAG_FAILED, m->heads, &status),
			"receive");
	m->heard_failures++;
	if (err == 0 && m->own.err == 0) {
		m->own.follows = 1;
		mpi_failed(m, cute_shm_fail(CUTE_SHM_ERR_CANCELLED,
					    "another node has failed"));
	}
	return err;
}
