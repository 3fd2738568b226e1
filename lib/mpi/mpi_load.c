/* SPDX-License-Identifier: MIT */
/* The public calls: all ranks begin, the first of each node leads it. */

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mpi/mpi_load.h"

/* ---------------------------------------------------------------- arguments */

#define ALL_FLAGS (CUTE_SHM_MPI_RANKS_AS_NODES | CUTE_SHM_MPI_SCATTER)

static int
check_options(const struct mpi_load *m)
{
	const struct cute_shm_hdf5_options *load = &m->load;

	if (!m->project)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID, "no project given");
	if (m->opt.flags & ~(unsigned)ALL_FLAGS)
		return cute_shm_fail(CUTE_SHM_ERR_UNSUPPORTED,
				     "unknown flags %#x for a load by MPI",
				     m->opt.flags);
	if (load->flags & CUTE_SHM_HDF5_EPHEMERAL)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "project %s: one that is loaded by MPI "
				     "cannot be ephemeral",
				     m->project);
	if (load->handle || load->part || load->progress)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "project %s: a load by MPI has no handle, "
				     "and no callbacks for parts and progress "
				     "but its own",
				     m->project);
	return 0;
}

/* Whether MPI can be called at all. */
static int
check_running(void)
{
	int begun = 0, ended = 0;

	MPI_Initialized(&begun);
	MPI_Finalized(&ended);
	if (begun && !ended)
		return 0;
	return cute_shm_fail(CUTE_SHM_ERR_STATE, "MPI is not initialised%s",
			     ended ? " any more" : "");
}

/* Whether all the calls that follow can be made with it. */
static int
check_comm(MPI_Comm comm)
{
	int is_inter = 0;

	if (comm == MPI_COMM_NULL)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "the communicator is MPI_COMM_NULL");
	MPI_Comm_test_inter(comm, &is_inter);
	if (!is_inter)
		return 0;
	return cute_shm_fail(CUTE_SHM_ERR_INVALID,
			     "the communicator is an intercommunicator: its "
			     "ranks are not one group");
}

static int
check_threads(void)
{
	int level = MPI_THREAD_SINGLE, is_main = 1;

	MPI_Query_thread(&level);
	if (level == MPI_THREAD_FUNNELED)
		MPI_Is_thread_main(&is_main);
	if (level != MPI_THREAD_SINGLE && is_main)
		return 0;
	return cute_shm_fail(CUTE_SHM_ERR_STATE,
			     is_main ? "MPI is not initialised with "
				       "MPI_THREAD_FUNNELED or more"
				     : "MPI is initialised with "
				       "MPI_THREAD_FUNNELED, and this is not "
				       "the main thread");
}

/* ---------------------------------------------------------------------- end */

static void
report_nodes(const struct mpi_load *m)
{
	const struct report *r;
	int i;

	for (i = 0; m->opt.node && m->reports && i < m->nodes; i++) {
		r = &m->reports[i];
		m->opt.node(
			&(struct cute_shm_mpi_node){ .name = r->node,
						     .rank = r->rank,
						     .err = r->err,
						     .message = r->message,
						     .current = r->current,
						     .bytes = r->bytes,
						     .seconds = r->seconds,
						     .files = r->load.files,
						     .array_bytes =
							     r->load.bytes },
			m->opt.arg);
	}
}

static bool
is_scattered(const struct mpi_load *m)
{
	return m->opt.flags & CUTE_SHM_MPI_SCATTER;
}

/* Lead the node, or wait for the rank that does. */
static int
run(struct mpi_load *m)
{
	struct verdict *v = &m->verdict;
	int err = 0;

	if (m->heads != MPI_COMM_NULL && is_scattered(m))
		err = mpi_lead_share(m, v);
	else if (m->heads != MPI_COMM_NULL)
		err = m->first ? mpi_lead_first(m, v) : mpi_lead_other(m, v);
	return err == 0 ? mpi_send_all(m, m->node, v, sizeof(*v)) : err;
}

/* The whole load, after the arguments were looked at. */
static int
load_together(struct mpi_load *m, MPI_Comm comm)
{
	int err;

	if (mpi_find_ranks(m, comm) != MPI_SUCCESS)
		mpi_abort(comm);
	/* Until it is known which ranks lead, none reports. */
	m->quiet = m->blocking = true;
	mpi_failed(m, mpi_reserve_reports(m));
	err = mpi_agree_to_begin(m);
	if (err != 0 || m->own.err != 0)
		return err;
	if (mpi_find_nodes(m) != MPI_SUCCESS)
		mpi_abort(m->comm);
	m->blocking = false;
	/* The others only wait, and report nothing. */
	m->quiet = m->heads == MPI_COMM_NULL;
	return run(m);
}

/* What the end was, for the caller; all ranks agree on that. */
static int
fail_as_all(const struct mpi_load *m)
{
	if (m->broken != 0)
		return cute_shm_fail(m->broken, "node %s: %s%s", m->heard.node,
				     m->heard.message,
				     m->publishing
					     ? "; other nodes may have the "
					       "project"
					     : "");
	if (m->verdict.err != 0)
		return cute_shm_fail(m->verdict.err, "%s", m->verdict.message);
	return m->own.err != 0 ? cute_shm_fail(m->own.err, "%s", m->own.message)
			       : 0;
}

/* The arguments of this rank; what is wrong is told to all later. */
static void
take_options(struct mpi_load *m, const struct cute_shm_mpi_options *opt)
{
	int err;

	m->opt.size = sizeof(m->opt);
	m->load.size = sizeof(m->load);
	err = options_copy(&m->opt, sizeof(m->opt), opt);
	if (err == 0)
		err = options_copy(&m->load, sizeof(m->load), m->opt.load);
	if (err == 0)
		err = check_options(m);
	if (err == 0)
		err = check_threads();
	mpi_failed(m, err);
}

/* Load what 'what' names. */
static int
load(const struct mpi_load *what, MPI_Comm comm,
     const struct cute_shm_mpi_options *opt, struct cute_shm_mpi_result *ret)
{
	static atomic_flag busy = ATOMIC_FLAG_INIT;
	static struct mpi_load one;
	struct mpi_load *m = &one;
	int err = check_running();

	if (err == 0)
		err = check_comm(comm);
	if (err != 0)
		return err;
	if (atomic_flag_test_and_set(&busy))
		return cute_shm_fail(CUTE_SHM_ERR_STATE,
				     "another load by MPI is under way, or MPI "
				     "has failed in one");
	*m = *what;
	m->comm = m->node = m->heads = m->data = MPI_COMM_NULL;
	m->since = clock_now();
	take_options(m, opt);
	err = load_together(m, comm);
	if (err != 0)
		mpi_broken(m, err);
	if (m->silent)
		mpi_abort(m->comm);
	err = fail_as_all(m);
	/* MPI may still use what it has under way. */
	if (m->broken != 0)
		return err;
	report_nodes(m);
	mpi_forget_nodes(m);
	free(m->reports);
	free(m->alarms);
	free(m->telling);
	if (err == 0 && ret)
		*ret = m->verdict.result;
	atomic_flag_clear(&busy);
	return err;
}

int
cute_shm_mpi_load(MPI_Comm comm, const char *project, const char *file,
		  const struct cute_shm_mpi_options *opt,
		  struct cute_shm_mpi_result *ret)
{
	const struct mpi_load what = { .project = project, .file = file };

	return load(&what, comm, opt, ret);
}

int
cute_shm_mpi_load_files(MPI_Comm comm, const char *project,
			const struct cute_shm_hdf5_source *sources,
			size_t count, const struct cute_shm_mpi_options *opt,
			struct cute_shm_mpi_result *ret)
{
	const struct mpi_load what = { .project = project,
				       .sources = sources,
				       .source_count = count };

	return load(&what, comm, opt, ret);
}
