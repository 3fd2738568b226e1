/* SPDX-License-Identifier: MIT */
/*
 * Waiting without using the processor, which MPI_Wait() would, and hearing
 * meanwhile of other ranks that have failed.
 */

#include <stdlib.h>

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

/* ------------------------------------------------------------------- alarm */

/*
 * A rank that can no longer follow the steps, as when a call of MPI has failed,
 * tells all others, which would wait for it for ever.  What MPI still has under
 * way then cannot be cancelled: its memory stays as it is until the process
 * ends.
 */
#define TAG_ALARM 1

/*
 * So long the others may take to hear it.  Those that do not listen, since they
 * wait in a call that makes a communicator, are ended then.
 */
#define WAIT_SECONDS 30
#define WAIT_SHORT   2

void
mpi_listen(struct mpi_load *m)
{
	MPI_Status status;
	int there = 0, err;

	if (m->broken != 0 || m->comm == MPI_COMM_NULL)
		return;
	err = mpi_check(MPI_Iprobe(MPI_ANY_SOURCE, TAG_ALARM, m->comm, &there,
				   &status),
			"probe");
	if (err == 0 && !there)
		err = mpi_tell_failed(m);
	if (err == 0 && !there)
		err = mpi_hear_failed(m);
	if (err == 0 && there)
		err = mpi_check(MPI_Recv(&m->heard, (int)sizeof(m->heard),
					 MPI_BYTE, status.MPI_SOURCE, TAG_ALARM,
					 m->comm, &status),
				"receive");
	if (err != 0)
		mpi_broken(m, err);
	else if (there)
		m->broken = m->heard.err;
}

/* Send it to each of the others; they get it while they wait. */
static int
send_alarm(struct mpi_load *m, MPI_Request *requests)
{
	int i, err = 0;

	for (i = 0; err == 0 && i < m->ranks; i++) {
		requests[i] = MPI_REQUEST_NULL;
		if (i != m->own.rank)
			err = MPI_Issend(&m->heard, (int)sizeof(m->heard),
					 MPI_BYTE, i, TAG_ALARM, m->comm,
					 &requests[i]);
	}
	return err == MPI_SUCCESS ? 0 : CUTE_SHM_ERR_SYSTEM;
}

/* Wait until all have heard it. */
static int
wait_for_alarm(struct mpi_load *m, MPI_Request *requests)
{
	double until = clock_now() + (m->blocking ? WAIT_SHORT : WAIT_SECONDS);
	unsigned nap = 0;
	int i, done = 0, sent = 0;

	while (sent < m->ranks && clock_now() < until &&
	       !(m->publishing && nap > 0)) {
		for (i = sent = 0; i < m->ranks; i++) {
			if (MPI_Test(&requests[i], &done, MPI_STATUS_IGNORE) !=
			    MPI_SUCCESS)
				return CUTE_SHM_ERR_SYSTEM;
			sent += done != 0;
		}
		mpi_nap(m, &nap);
	}
	/* After the last agreement some have ended. */
	return sent == m->ranks || m->publishing ? 0 : CUTE_SHM_ERR_SYSTEM;
}

void
mpi_broken(struct mpi_load *m, int err)
{
	MPI_Request *requests = m->alarms;

	if (m->broken != 0)
		return;
	mpi_failed(m, err);
	m->broken = m->own.err;
	m->heard = m->own;
	if (send_alarm(m, requests) != 0 || wait_for_alarm(m, requests) != 0)
		m->silent = true;
}

void
mpi_abort(MPI_Comm comm)
{
	MPI_Abort(comm, 1);
	abort();
}
