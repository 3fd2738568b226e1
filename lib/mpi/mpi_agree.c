/* SPDX-License-Identifier: MIT */
/*
 * Waiting without using the processor, which MPI_Wait() would, and the
 * agreement of all nodes.
 */

#include <stdio.h>
#include <string.h>

#include "mpi/mpi_load.h"

/*
 * Look again at once so often, then after short sleeps, then after long ones.
 * Data come within the short ones; a wait for the file to be read takes longer.
 * sched_yield() is worse than a sleep: on a busy machine it gives away a whole
 * time slice.
 */
#define AT_ONCE	 50
#define SHORT	 1000
#define SHORT_NS 20000
#define LONG_NS	 1000000

#define TELL_SECONDS 0.1

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

static void
tell(struct mpi_load *m)
{
	struct cute_shm_mpi_progress p = { .bytes_passed = m->passed,
					   .segment_size = m->size };
	double now = clock_now();
	char path[TOLD_PATH];

	if (!m->opt.progress || m->quiet || now - m->told < TELL_SECONDS)
		return;
	m->told = now;
	p.load.bytes_done = p.load.bytes_total = p.segment_size;
	p.load.path = "";
	if (m->source)
		source_progress(m->source, &p, path);
	if (m->opt.progress(&p, m->opt.arg) != 0)
		mpi_failed(m, cute_shm_fail(CUTE_SHM_ERR_CANCELLED,
					    "loading was cancelled"));
}

void
mpi_nap(struct mpi_load *m, unsigned *nap)
{
	struct timespec t = { .tv_nsec = *nap < SHORT ? SHORT_NS : LONG_NS };

	tell(m);
	mpi_listen(m);
	if ((*nap)++ >= AT_ONCE)
		nanosleep(&t, NULL);
}

int
mpi_test(MPI_Request *requests, int count, int *done)
{
	/* For MPICH's MPI_STATUSES_IGNORE gcc 12 warns of an overflow. */
	MPI_Status statuses[1 + PIECES];

	return mpi_check(MPI_Testall(count, requests, done, statuses), "wait");
}

int
mpi_wait(struct mpi_load *m, MPI_Request *requests, int count)
{
	unsigned nap = 0;
	int done = 0, err = m->broken;

	while (err == 0 && !done) {
		err = mpi_test(requests, count, &done);
		if (err == 0 && !done) {
			mpi_nap(m, &nap);
			err = m->broken;
		}
	}
	return err;
}

int
mpi_send_all(struct mpi_load *m, MPI_Comm comm, void *data, size_t size)
{
	MPI_Request request;
	int err = m->broken;

	if (err == 0)
		err = mpi_check(MPI_Ibcast(data, (int)size, MPI_BYTE, 0, comm,
					   &request),
				"broadcast");
	return err == 0 ? mpi_wait(m, &request, 1) : err;
}

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
	return err == 0 && v->err != 0 ? mpi_end_failed(m) : err;
}
