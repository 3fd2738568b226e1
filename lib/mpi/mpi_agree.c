/* SPDX-License-Identifier: MIT */
/*
 * The agreement of all nodes: each reports how it is doing, and the first one
 * judges for all.
 */

#include <stdio.h>
#include <string.h>

#include "mpi/mpi_load.h"

/* The report of the node to name; one that was only told to end is not it. */
static const struct report *
first_failure(const struct mpi_load *m, int *count)
{
	const struct report *found = NULL, *r;
	int i;

	*count = 0;
	for (i = 0; i < m->nodes; i++) {
		r = &m->reports[i];
		if (r->err == 0 || r->follows)
			continue;
		++*count;
		if (!found || (found->err == CUTE_SHM_ERR_CANCELLED &&
			       r->err != CUTE_SHM_ERR_CANCELLED))
			found = r;
	}
	return found;
}

static void
judge(const struct mpi_load *m, struct verdict *v)
{
	const struct report *failed;
	int count, i;

	*v = (struct verdict){ .err = 0 };
	for (i = 0; i < m->nodes; i++) {
		v->receivers += m->reports[i].needs;
		v->current += m->reports[i].current != 0;
	}
	failed = first_failure(m, &count);
	if (!failed)
		return;
	v->err = failed->err;
	if (m->nodes == 1)
		snprintf(v->message, sizeof(v->message), "%s", failed->message);
	else
		snprintf(v->message, sizeof(v->message), "node %s: %s",
			 failed->node, failed->message);
	if (count > 1)
		snprintf(v->message + strlen(v->message),
			 sizeof(v->message) - strlen(v->message),
			 "; %d more fail", count - 1);
}

/* The reports of all nodes; the callback of progress may change this one's. */
static int
gather(struct mpi_load *m)
{
	MPI_Request request;
	int err;

	m->sent = m->own;
	err = mpi_check(MPI_Igather(&m->sent, (int)sizeof(m->sent), MPI_BYTE,
				    m->reports, (int)sizeof(m->sent), MPI_BYTE,
				    0, m->heads, &request),
			"gather");
	return err == 0 ? mpi_wait(m, &request, 1) : err;
}

/* Whether all that this node has sent has arrived. */
static int
all_sent(struct mpi_load *m, bool *sent)
{
	int i, done = 1, err = 0;

	*sent = true;
	for (i = 0; m->told_failure && err == 0 && i < m->nodes; i++) {
		err = mpi_check(MPI_Test(&m->telling[i], &done,
					 MPI_STATUS_IGNORE),
				"send");
		*sent = *sent && done;
	}
	return err;
}

/*
 * All nodes: there will be no more messages of failures; receive the last ones.
 */
static int
end_failed(struct mpi_load *m)
{
	bool sent = false;
	MPI_Request request;
	unsigned nap = 0;
	int err;

	m->deciding = true;
	m->agree[0] = m->told_failure;
	err = mpi_check(MPI_Iallreduce(m->agree, m->agreed, 1, MPI_INT, MPI_SUM,
				       m->heads, &request),
			"count");
	if (err == 0)
		err = mpi_wait(m, &request, 1);
	/* mpi_nap() receives them. */
	while (err == 0 &&
	       (!sent || m->heard_failures < m->agreed[0] - m->told_failure)) {
		err = all_sent(m, &sent);
		if (err == 0)
			mpi_nap(m, &nap);
		if (err == 0)
			err = m->broken;
	}
	return err;
}

int
mpi_agree(struct mpi_load *m, struct verdict *v)
{
	int err = m->broken;

	m->own.bytes = m->passed;
	m->own.seconds = clock_now() - m->since;
	if (err == 0)
		err = gather(m);
	if (err == 0 && m->first)
		judge(m, v);
	if (err == 0)
		err = mpi_send_all(m, m->heads, v, sizeof(*v));
	return err == 0 && v->err != 0 ? end_failed(m) : err;
}
