/* SPDX-License-Identifier: MIT */
/* The public call: find the nodes, and lead them through the steps. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mpi/mpi_load.h"

/* Those of a million files are shorter. */
#define MOST_TEXT ((uint64_t)1 << 30)

/* ---------------------------------------------------------------- arguments */

static int
check_options(const struct mpi_load *m)
{
	const struct cute_shm_hdf5_options *load = &m->load;

	if (!m->project)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID, "no project given");
	if (m->opt.flags & ~(unsigned)CUTE_SHM_MPI_RANKS_AS_NODES)
		return cute_shm_fail(CUTE_SHM_ERR_UNSUPPORTED,
				     "unknown flags %#x for a load by MPI",
				     m->opt.flags);
	if (load->handle || load->part || load->progress ||
	    (load->flags & CUTE_SHM_HDF5_EPHEMERAL))
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "project %s: a load by MPI has no handle, "
				     "and no callbacks for parts and progress "
				     "but its own",
				     m->project);
	return 0;
}

static int
check_threads(void)
{
	int running = 0, level = MPI_THREAD_SINGLE;

	MPI_Initialized(&running);
	if (running)
		MPI_Query_thread(&level);
	if (level != MPI_THREAD_SINGLE)
		return 0;
	return cute_shm_fail(CUTE_SHM_ERR_STATE,
			     "MPI is not initialised with MPI_THREAD_FUNNELED "
			     "or more");
}

/* -------------------------------------------------------------------- nodes */

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

static int
find_nodes(struct mpi_load *m, MPI_Comm comm)
{
	int rank = 0, err;

	err = MPI_Comm_dup(comm, &m->comm);
	if (err == MPI_SUCCESS)
		err = MPI_Comm_set_errhandler(m->comm, MPI_ERRORS_RETURN);
	if (err == MPI_SUCCESS)
		err = MPI_Comm_rank(m->comm, &rank);
	m->own.rank = rank;
	if (err == MPI_SUCCESS)
		err = split(m);
	if (err == MPI_SUCCESS && m->heads != MPI_COMM_NULL)
		err = MPI_Comm_size(m->heads, &m->nodes);
	name_node(m);
	m->first = rank == 0;
	return mpi_check(err, "find the nodes");
}

static void
forget_nodes(struct mpi_load *m)
{
	MPI_Comm *comms[] = { &m->data, &m->heads, &m->node, &m->comm };
	size_t i;

	for (i = 0; i < sizeof(comms) / sizeof(*comms); i++)
		if (*comms[i] != MPI_COMM_NULL)
			MPI_Comm_free(comms[i]);
}

/* -------------------------------------------------------------------- steps */

/* All agree; a failure of another node becomes this node's. */
static int
agree(struct mpi_load *m, struct verdict *v)
{
	int err = mpi_agree(m, v);

	if (err == 0 && v->err != 0)
		mpi_failed(m, cute_shm_fail(v->err, "%s", v->message));
	return err;
}

/* A communicator of those that send or receive. */
static int
split_data(struct mpi_load *m, const struct verdict *v)
{
	bool in = m->first || m->own.needs;

	if (v->err != 0 || v->receivers == 0)
		return 0;
	return mpi_check(MPI_Comm_split(m->heads, in ? 0 : MPI_UNDEFINED,
					m->own.rank, &m->data),
			 "split the nodes");
}

static int
send_begin(struct mpi_load *m, struct source *s)
{
	struct begin b = { .failed = 1 };
	const char *source = NULL, *options = NULL;
	int err;

	if (s)
		source_begin(s, &b, &source, &options);
	err = mpi_send_all(m, m->heads, &b, sizeof(b));
	if (err == 0 && !b.failed)
		err = mpi_send_all(m, m->heads, (void *)(uintptr_t)source,
				   (size_t)b.source_text);
	if (err == 0 && !b.failed)
		err = mpi_send_all(m, m->heads, (void *)(uintptr_t)options,
				   (size_t)b.options_text);
	return err;
}

/* The steps of rank 0 up to the second agreement. */
static int
send(struct mpi_load *m, struct source *s, struct verdict *v)
{
	int err = send_begin(m, s);

	if (err == 0)
		err = agree(m, v);
	if (err == 0)
		err = split_data(m, v);
	if (err != 0 || v->err != 0)
		return err;
	if (v->receivers > 0) {
		mpi_failed(m, source_send(s));
		err = mpi_send(m, s);
	}
	if (err == 0)
		source_sealed(s);
	return err == 0 ? agree(m, v) : err;
}

/* A failure that came after the second agreement leaves some projects. */
static void
say_published(const struct mpi_load *m, struct verdict *v)
{
	size_t used = strlen(v->message);

	if (v->err != 0 && m->nodes > 1)
		snprintf(v->message + used, sizeof(v->message) - used,
			 "; other nodes have the project");
}

static int
lead_first(struct mpi_load *m, struct verdict *v)
{
	struct cute_shm_hdf5_result result = { .arrays = 0 };
	struct source *s = NULL;
	int err;

	m->reports = calloc((size_t)m->nodes, sizeof(*m->reports));
	if (!m->reports)
		return fail_memory("for the reports of nodes");
	mpi_failed(m, source_new(m, &s));
	err = send(m, s, v);
	if (s)
		mpi_failed(m, source_free(s, err == 0 && v->err == 0, &result));
	if (err == 0 && v->err == 0) {
		err = agree(m, v);
		say_published(m, v);
	}
	v->result = (struct cute_shm_mpi_result){
		.load = result,
		.nodes = (uint64_t)m->nodes,
		.current = v->current,
		.segment_size = m->size,
		.seconds = clock_now() - m->since,
	};
	return err == 0 ? mpi_send_all(m, m->heads, v, sizeof(*v)) : err;
}

/* Receive a text of 'size' bytes; *ret is for free(). */
static int
receive_text(struct mpi_load *m, uint64_t size, char **ret)
{
	int err;

	if (size == 0 || size > MOST_TEXT)
		return cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
				     "rank 0 is another version of the "
				     "library");
	*ret = malloc((size_t)size);
	if (!*ret)
		return fail_memory("for a path");
	err = mpi_send_all(m, m->heads, *ret, (size_t)size);
	(*ret)[size - 1] = '\0';
	return err;
}

static int
receive_begin(struct mpi_load *m, struct taker *t)
{
	char *source = NULL, *options = NULL;
	struct begin b;
	int err = mpi_send_all(m, m->heads, &b, sizeof(b));

	if (err == 0 && !b.failed)
		err = receive_text(m, b.source_text, &source);
	if (err == 0 && !b.failed)
		err = receive_text(m, b.options_text, &options);
	if (err == 0)
		taker_begin(t, &b, source, options);
	free(source);
	free(options);
	return err;
}

/* The steps of another node. */
static int
receive(struct mpi_load *m, struct taker *t, struct verdict *v)
{
	int err = receive_begin(m, t);

	if (err == 0)
		err = agree(m, v);
	if (err == 0)
		err = split_data(m, v);
	if (err == 0 && v->err == 0 && m->own.needs)
		err = taker_receive(t);
	if (err == 0 && v->err == 0)
		err = agree(m, v);
	if (err != 0 || v->err != 0)
		return err;
	taker_publish(t);
	return agree(m, v);
}

static int
lead_other(struct mpi_load *m, struct verdict *v)
{
	struct taker t = { .m = m };
	int err = receive(m, &t, v);

	if (err == 0)
		err = mpi_send_all(m, m->heads, v, sizeof(*v));
	mpi_failed(m, err);
	taker_end(&t);
	return err;
}

/* ---------------------------------------------------------------------- end */

static void
report_nodes(const struct mpi_load *m)
{
	const struct report *r;
	int i;

	for (i = 0; m->opt.node && m->reports && i < m->nodes; i++) {
		r = &m->reports[i];
		m->opt.node(&(struct cute_shm_mpi_node){ .name = r->node,
							 .rank = r->rank,
							 .err = r->err,
							 .message = r->message,
							 .current = r->current,
							 .bytes = r->bytes,
							 .seconds =
								 r->seconds },
			    m->opt.arg);
	}
}

/* Lead the node, or wait for the rank that does. */
static int
run(struct mpi_load *m, struct verdict *v)
{
	int err = 0;

	/* The others only wait, and report nothing. */
	m->quiet = m->heads == MPI_COMM_NULL;
	if (m->heads != MPI_COMM_NULL)
		err = m->first ? lead_first(m, v) : lead_other(m, v);
	if (err != 0) {
		v->err = err;
		snprintf(v->message, sizeof(v->message), "%s",
			 cute_shm_errmsg());
	}
	return mpi_send_all(m, m->node, v, sizeof(*v));
}

/* Load what 'm' names. */
static int
load(struct mpi_load *m, MPI_Comm comm, const struct cute_shm_mpi_options *opt,
     struct cute_shm_mpi_result *ret)
{
	struct verdict v = { .err = 0 };
	int err;

	m->opt.size = sizeof(m->opt);
	m->load.size = sizeof(m->load);
	m->comm = m->node = m->heads = m->data = MPI_COMM_NULL;
	m->since = clock_now();
	err = options_copy(&m->opt, sizeof(m->opt), opt);
	if (err == 0)
		err = options_copy(&m->load, sizeof(m->load), m->opt.load);
	if (err == 0)
		err = check_options(m);
	if (err == 0)
		err = check_threads();
	if (err != 0)
		return err;
	err = find_nodes(m, comm);
	if (err == 0)
		err = run(m, &v);
	if (err == 0)
		report_nodes(m);
	forget_nodes(m);
	free(m->reports);
	if (err == 0 && v.err != 0)
		err = cute_shm_fail(v.err, "%s", v.message);
	if (err == 0 && ret)
		*ret = v.result;
	return err;
}

int
cute_shm_mpi_load(MPI_Comm comm, const char *project, const char *file,
		  const struct cute_shm_mpi_options *opt,
		  struct cute_shm_mpi_result *ret)
{
	struct mpi_load m = { .project = project, .file = file };

	return load(&m, comm, opt, ret);
}

int
cute_shm_mpi_load_files(MPI_Comm comm, const char *project,
			const struct cute_shm_hdf5_source *sources,
			size_t count, const struct cute_shm_mpi_options *opt,
			struct cute_shm_mpi_result *ret)
{
	struct mpi_load m = { .project = project,
			      .sources = sources,
			      .source_count = count };

	return load(&m, comm, opt, ret);
}
