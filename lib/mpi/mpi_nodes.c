/* SPDX-License-Identifier: MIT */
/* The ranks and nodes of a load, and whether all can begin. */

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mpi/mpi_load.h"

static void
name_node(struct mpi_load *m)
{
	char name[MPI_MAX_PROCESSOR_NAME + 1] = "";
	int size = 0;

	MPI_Get_processor_name(name, &size);
	if (m->opt.flags & CUTE_SHM_MPI_RANKS_AS_NODES)
		snprintf(m->own.node, sizeof(m->own.node), "%.100s/%d", name,
			 (int)m->own.rank);
	else
		snprintf(m->own.node, sizeof(m->own.node), "%.120s", name);
}

static int
split(struct mpi_load *m)
{
	int rank, err;

	if (m->opt.flags & CUTE_SHM_MPI_RANKS_AS_NODES)
		err = MPI_Comm_split(m->comm, m->own.rank, 0, &m->node);
	else
		err = MPI_Comm_split_type(m->comm, MPI_COMM_TYPE_SHARED,
					  m->own.rank, MPI_INFO_NULL, &m->node);
	if (err == MPI_SUCCESS)
		err = MPI_Comm_rank(m->node, &rank);
	if (err == MPI_SUCCESS)
		err = MPI_Comm_split(m->comm, rank == 0 ? 0 : MPI_UNDEFINED,
				     m->own.rank, &m->heads);
	return err;
}

int
mpi_find_ranks(struct mpi_load *m, MPI_Comm comm)
{
	int rank = 0, err;

	err = MPI_Comm_dup(comm, &m->comm);
	if (err == MPI_SUCCESS)
		err = MPI_Comm_set_errhandler(m->comm, MPI_ERRORS_RETURN);
	if (err == MPI_SUCCESS)
		err = MPI_Comm_rank(m->comm, &rank);
	if (err == MPI_SUCCESS)
		err = MPI_Comm_size(m->comm, &m->ranks);
	m->own.rank = rank;
	name_node(m);
	m->first = rank == 0;
	return err;
}

int
mpi_find_nodes(struct mpi_load *m)
{
	int err = split(m);

	if (err == MPI_SUCCESS && m->heads != MPI_COMM_NULL)
		err = MPI_Comm_size(m->heads, &m->nodes);
	return err;
}

int
mpi_reserve_reports(struct mpi_load *m)
{
	size_t ranks = (size_t)m->ranks;

	m->alarms = calloc(ranks, sizeof(*m->alarms));
	m->telling = calloc(ranks, sizeof(*m->telling));
	if (m->first)
		m->reports = calloc(ranks, sizeof(*m->reports));
	return m->alarms && m->telling && (m->reports || !m->first)
		       ? 0
		       : fail_memory("for the reports of nodes");
}

void
mpi_forget_nodes(struct mpi_load *m)
{
	MPI_Comm *comms[] = { &m->data, &m->heads, &m->node, &m->comm };
	size_t i;

	for (i = 0; i < sizeof(comms) / sizeof(*comms); i++)
		if (*comms[i] != MPI_COMM_NULL)
			MPI_Comm_free(comms[i]);
}

int
mpi_agree_to_begin(struct mpi_load *m)
{
	int flags = (int)m->opt.flags, failed = m->own.err != 0, err;
	MPI_Request request;

	m->agree[0] = failed ? m->own.rank : INT_MAX;
	m->agree[1] = flags;
	m->agree[2] = -flags;
	err = mpi_check(MPI_Iallreduce(m->agree, m->agreed, 3, MPI_INT, MPI_MIN,
				       m->comm, &request),
			"agree");
	if (err == 0)
		err = mpi_wait(m, &request, 1);
	if (err != 0)
		return err;
	if (m->agreed[0] == INT_MAX && m->agreed[1] != -m->agreed[2])
		mpi_failed(m, cute_shm_fail(CUTE_SHM_ERR_INVALID,
					    "the ranks have different flags"));
	if (m->agreed[0] == INT_MAX)
		return 0;
	m->heard = m->own;
	err = mpi_check(MPI_Ibcast(&m->heard, (int)sizeof(m->heard), MPI_BYTE,
				   m->agreed[0], m->comm, &request),
			"broadcast");
	if (err == 0)
		err = mpi_wait(m, &request, 1);
	if (err == 0 && !failed)
		mpi_failed(m, cute_shm_fail(m->heard.err, "node %s: %s",
					    m->heard.node, m->heard.message));
	return err;
}
