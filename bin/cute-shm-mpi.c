/* SPDX-License-Identifier: MIT */
/* cute-shm-mpi: load HDF5 files into the memory of all nodes of an MPI job. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cute_shm_mpi.h>

#include "cli.h"
#include "hdf5_options.h"
#include "hdf5_sources.h"
#include "interrupt.h"
#include "mpi_report.h"
#include "together.h"

static bool opt_ranks_as_nodes, opt_scatter;

static const struct cli_option options[] = {
	HDF5_OPTION_AS,
	{ 0, CLI_FLAG, "scatter", NULL,
	  "each node reads its share of the files, and has no more",
	  &opt_scatter },
	{ 'o', CLI_FLAG, "overwrite", NULL,
	  "replace a project of that name, when all nodes have all",
	  &hdf5_opt.overwrite },
	{ 0, CLI_FLAG, "replace", NULL,
	  "the same, but drop it first if both do not fit", &hdf5_opt.replace },
	{ 0, CLI_FLAG, "ensure", NULL,
	  "load only on nodes that do not hold FILE as it is",
	  &hdf5_opt.ensure },
	HDF5_OPTIONS_WAIT,
	{ 'v', CLI_TIMES, "verbose", NULL,
	  "say how each array was read, and how each node did",
	  &hdf5_opt.verbose },
	HDF5_OPTIONS_READ,
	{ 0, CLI_TEXT, "root", "DIR",
	  "where projects are; %r in it is the rank", &hdf5_opt.root },
	{ 0, CLI_FLAG, "ranks-as-nodes", NULL,
	  "each rank loads, also where several share a node",
	  &opt_ranks_as_nodes },
	{ 0, CLI_FLAG, "json", NULL, "the result as JSON", &hdf5_opt.json },
	{ .name = NULL }
};

static void
version(void)
{
	char text[MPI_MAX_LIBRARY_VERSION_STRING] = "", *tab;
	int size;

	/* "Open MPI v4.1.4, package: ...", "MPICH Version:\t4.0.2\n..." */
	MPI_Get_library_version(text, &size);
	text[strcspn(text, ",\n")] = '\0';
	while ((tab = strchr(text, '\t')) != NULL)
		*tab = ' ';
	printf("with %s\n", text);
}

static const struct cli_program program = {
	.name = "cute-shm-mpi",
	.operands = "PROJECT FILE...",
	.summary = "Load the HDF5 file FILE as PROJECT into the shared memory "
		   "of all nodes of an MPI\njob, which 'mpirun' starts with "
		   "one rank for each node.  The first rank reads.\nSeveral "
		   "files become groups, each with the name of its file; a "
		   "FILE may then be\na folder, or @LIST, a file of names.",
	.statuses =
		"  0   loaded on all nodes, or, with --ensure, was there\n"
		"  1   failed on a node, which is named; no node has loaded "
		"it unless it says so\n"
		"  2   loaded in part: --keep-going left something out\n"
		"  3   does not fit into the memory of a node, nothing is "
		"loaded\n"
		"  4   over --max-memory, --max-size or --max-time, nothing is "
		"loaded\n"
		"  5   another process loads it on a node: no --wait, or over "
		"--timeout\n"
		"  64  misuse of the command line\n",
	.version = version,
	.min_operands = 2,
	.max_operands = -1,
	.more = &hdf5_opt.as,
	.options = options,
};

static unsigned
mpi_flags(void)
{
	return (opt_ranks_as_nodes ? CUTE_SHM_MPI_RANKS_AS_NODES : 0u) |
	       (opt_scatter ? CUTE_SHM_MPI_SCATTER : 0u);
}

/* The variable of the launcher, as a number; -1 if there is none. */
static int
launcher(const char *of_openmpi, const char *of_others, const char *of_slurm)
{
	const char *text = getenv(of_openmpi);

	if (!text)
		text = getenv(of_others);
	if (!text)
		text = getenv(of_slurm);
	return text ? atoi(text) : -1;
}

static bool is_begun;

/*
 * The launcher ends all ranks when one fails, and the first one must have said
 * why: so they meet before they end, all with the same status.
 */
static void
end_together(void)
{
	if (is_begun)
		return;
	MPI_Init(NULL, NULL);
	MPI_Barrier(MPI_COMM_WORLD);
	MPI_Finalize();
}

/* Let what goes to 'stream' be lost; a copy of its descriptor, or -1. */
static int
silence(FILE *stream)
{
	int kept = fcntl(fileno(stream), F_DUPFD_CLOEXEC, 3);
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (kept >= 0 && null >= 0) {
		fflush(stream);
		dup2(null, fileno(stream));
	}
	if (null >= 0)
		close(null);
	return kept;
}

static void
restore(FILE *stream, int kept)
{
	if (kept < 0)
		return;
	fflush(stream);
	dup2(kept, fileno(stream));
	close(kept);
}

/*
 * Read the command line.  All ranks have the same: the first one says what is
 * wrong with it, or shows what it asks for.
 */
static void
begin(int argc, char **argv)
{
	struct hdf5_sources sources;
	char *none = NULL;
	int rank = launcher("OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID");
	int out = rank > 0 ? silence(stdout) : -1;
	int err = rank > 0 ? silence(stderr) : -1;

	if (rank >= 0 && atexit(end_together) != 0)
		abort();
	cli_begin(&program, argc, argv);
	hdf5_options_check();
	/* Misuse of --as; only the first rank looks for files. */
	hdf5_sources(&none, &hdf5_opt.as, &sources);
	restore(stdout, out);
	restore(stderr, err);
	is_begun = true;
}

#ifdef OPEN_MPI
#define IS_OPEN_MPI true
#else
#define IS_OPEN_MPI false
#endif

/* The launcher of another MPI starts many processes that know of no other. */
static void
check_launcher(int size)
{
	int wanted = launcher("OMPI_COMM_WORLD_SIZE", "PMI_SIZE",
			      "SLURM_STEP_NUM_TASKS");

	if (size > 1 || wanted <= 1)
		return;
	cli_message("the launcher has started %d processes, which do not find "
		    "each other: it belongs to another MPI than this program "
		    "(see --version), or srun has another --mpi than %s",
		    wanted, IS_OPEN_MPI ? "pmix" : "pmi2");
	exit(CLI_FAILED);
}

/* The root with the rank in the place of each %r; NULL if there is none. */
static char *
root_of(int rank)
{
	const char *from = hdf5_opt.root;
	char *text = NULL;
	size_t size;
	FILE *out;

	if (!hdf5_opt.root)
		return NULL;
	out = open_memstream(&text, &size);
	for (; out && *from; from++) {
		if (from[0] == '%' && from[1] == 'r') {
			fprintf(out, "%d", rank);
			from++;
		} else {
			putc(*from, out);
		}
	}
	if (!out || fclose(out) != 0) {
		cli_message("no memory");
		exit(CLI_FAILED);
	}
	return text;
}

static int
on_progress(const struct cute_shm_mpi_progress *p, void *arg)
{
	const int *rank = arg;

	if (*rank == 0)
		mpi_report_progress(p);
	return interrupt_pending();
}

static void
on_node(const struct cute_shm_mpi_node *node, void *arg)
{
	(void)arg;
	mpi_report_node(node);
}

static int
status_of(int err, const struct cute_shm_mpi_result *r)
{
	if (err != 0)
		return together_status(err);
	return r->load.failed ? CLI_PARTIAL : CLI_OK;
}

/* All ranks end if the first one cannot read a list. */
static bool
find_sources(char **operands, int rank, struct hdf5_sources *ret)
{
	int found = 1;

	if (rank == 0)
		found = hdf5_sources(operands, &hdf5_opt.as, ret);
	else
		*ret = (struct hdf5_sources){ .file = "" };
	MPI_Bcast(&found, 1, MPI_INT, 0, MPI_COMM_WORLD);
	return found;
}

static int
call(const char *project, const struct hdf5_sources *s,
     const struct cute_shm_mpi_options *opt, struct cute_shm_mpi_result *ret)
{
	return s->file ? cute_shm_mpi_load(MPI_COMM_WORLD, project, s->file,
					   opt, ret)
		       : cute_shm_mpi_load_files(MPI_COMM_WORLD, project, s->of,
						 s->count, opt, ret);
}

static int
load(const char *project, const struct hdf5_sources *sources, int rank)
{
	char *root = root_of(rank);
	struct cute_shm_hdf5_options how = hdf5_options_load();
	struct cute_shm_mpi_options opt = {
		.size = sizeof(opt),
		.flags = mpi_flags(),
		.load = &how,
		.progress = on_progress,
		.node = on_node,
		.arg = &rank,
	};
	struct cute_shm_mpi_result result = { .nodes = 0 };
	int err;

	how.root = root;
	how.creator = "cute-shm-mpi " CUTE_SHM_VERSION;
	how.array = hdf5_opt.verbose ? mpi_report_array : NULL;
	how.skipped = mpi_report_skipped;
	err = call(project, sources, &opt, &result);
	if (rank == 0)
		mpi_report_end(err, &result);
	else
		mpi_report_left_out();
	free(root);
	return status_of(err, &result);
}

/* The launcher then ends those that do not end themselves. */
#define FINALIZE_SECONDS 60

static volatile sig_atomic_t last_status;

static void
end_now(int number)
{
	(void)number;
	_exit(last_status);
}

int
main(int argc, char **argv)
{
	struct hdf5_sources sources;
	int level, rank, size, status;

	/* A launcher mixes what it gets from all ranks: give it whole lines. */
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
	begin(argc, argv);
	interrupt_begin();
	if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level) !=
	    MPI_SUCCESS) {
		cli_message("MPI does not start");
		return CLI_FAILED;
	}
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Comm_size(MPI_COMM_WORLD, &size);
	check_launcher(size);
	if (rank == 0)
		cli_log(hdf5_opt.verbose);
	mpi_report_begin(&(struct mpi_report_options){
		.project = argv[0],
		.sources = &sources,
		.json = hdf5_opt.json,
		.verbose = hdf5_opt.verbose,
		.progress = rank == 0 && !hdf5_opt.no_progress,
	});
	status = CLI_FAILED;
	if (find_sources(argv + 1, rank, &sources))
		status = load(argv[0], &sources, rank);
	/* Results are printed by now: MPI_Finalize() may hang. */
	status = cli_end(status);
	last_status = status;
	signal(SIGALRM, end_now);
	alarm(FINALIZE_SECONDS);
	MPI_Finalize();
	interrupt_end();
	return status;
}
