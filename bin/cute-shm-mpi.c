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
#include "hdf5_sources.h"
#include "interrupt.h"
#include "mpi_report.h"
#include "together.h"

static bool opt_overwrite, opt_replace, opt_no_progress, opt_keep_going;
static bool opt_no_external, opt_no_view, opt_json, opt_ensure, opt_wait;
static bool opt_ranks_as_nodes, opt_scatter;
static const char *opt_root, *opt_group;
static struct cli_list opt_select, opt_exclude, opt_as;
static unsigned opt_jobs, opt_verbose;
static uint64_t opt_max_memory, opt_max_size;
static double opt_max_time, opt_timeout;
static mode_t opt_mode;

static const struct cli_option options[] = {
	{ 0, CLI_TEXTS, "as", "NAME=FILE",
	  "a FILE as group NAME; may be repeated", &opt_as },
	{ 0, CLI_FLAG, "scatter", NULL,
	  "each node reads its share of the files, and has no more",
	  &opt_scatter },
	{ 'o', CLI_FLAG, "overwrite", NULL,
	  "replace a project of that name, when all nodes have all",
	  &opt_overwrite },
	{ 0, CLI_FLAG, "replace", NULL,
	  "the same, but drop it first if both do not fit", &opt_replace },
	{ 0, CLI_FLAG, "ensure", NULL,
	  "load only on nodes that do not hold FILE as it is", &opt_ensure },
	{ 0, CLI_FLAG, "wait", NULL,
	  "wait while another process loads the project", &opt_wait },
	{ 0, CLI_TIME, "timeout", "TIME",
	  "bound of that wait, such as 10m; default none", &opt_timeout },
	{ 'v', CLI_TIMES, "verbose", NULL,
	  "say how each array was read, and how each node did", &opt_verbose },
	{ 0, CLI_FLAG, "no-progress", NULL, "show no progress",
	  &opt_no_progress },
	{ 'j', CLI_COUNT, "jobs", "N",
	  "threads; default as many as there are CPUs", &opt_jobs },
	{ 0, CLI_TEXTS, "select", "GLOB",
	  "load only matches, or parts: 'x[:9]'; may be repeated",
	  &opt_select },
	{ 0, CLI_TEXTS, "exclude", "GLOB",
	  "leave out matches, as b/* or *_raw; may be repeated", &opt_exclude },
	{ 0, CLI_FLAG, "no-external", NULL,
	  "read no other file: by link, raw data, or source",
	  &opt_no_external },
	{ 0, CLI_FLAG, "keep-going", NULL,
	  "leave out what cannot be read instead of failing", &opt_keep_going },
	{ 0, CLI_FLAG, "no-view", NULL,
	  "make no HDF5 view, by which HDF5 programs read it", &opt_no_view },
	{ 0, CLI_SIZE, "max-memory", "SIZE",
	  "private memory; default 1G, or 4 times the file", &opt_max_memory },
	{ 0, CLI_SIZE, "max-size", "SIZE",
	  "fail if the segment would be larger, such as 8G", &opt_max_size },
	{ 0, CLI_TIME, "max-time", "TIME",
	  "fail if it takes longer, such as 30s, 5m", &opt_max_time },
	{ 0, CLI_MODE, "mode", "OCTAL",
	  "permissions; default 0600, 0640 lets the group read", &opt_mode },
	{ 0, CLI_TEXT, "group", "NAME", "group of the segment", &opt_group },
	{ 0, CLI_TEXT, "root", "DIR",
	  "where projects are; %r in it is the rank", &opt_root },
	{ 0, CLI_FLAG, "ranks-as-nodes", NULL,
	  "each rank loads, also where several share a node",
	  &opt_ranks_as_nodes },
	{ 0, CLI_FLAG, "json", NULL, "the result as JSON", &opt_json },
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
	.more = &opt_as,
	.options = options,
};

static unsigned
flags(void)
{
	return (opt_overwrite ? CUTE_SHM_HDF5_OVERWRITE : 0u) |
	       (opt_replace ? CUTE_SHM_HDF5_REPLACE : 0u) |
	       (opt_ensure ? CUTE_SHM_HDF5_ENSURE : 0u) |
	       (opt_wait ? CUTE_SHM_HDF5_WAIT : 0u) |
	       (opt_keep_going ? CUTE_SHM_HDF5_KEEP_GOING : 0u) |
	       (opt_no_external ? CUTE_SHM_HDF5_NO_EXTERNAL : 0u) |
	       (opt_no_view ? CUTE_SHM_HDF5_NO_VIEW : 0u);
}

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
	if (opt_timeout > 0 && !opt_ensure && !opt_wait)
		cli_misuse("--timeout needs --wait or --ensure");
	/* Misuse of --as; only the first rank looks for files. */
	hdf5_sources(&none, &opt_as, &sources);
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
	const char *from = opt_root;
	char *text = NULL;
	size_t size;
	FILE *out;

	if (!opt_root)
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
		found = hdf5_sources(operands, &opt_as, ret);
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
	struct cute_shm_hdf5_options how = {
		.size = sizeof(how),
		.root = root,
		.flags = flags(),
		.mode = opt_mode,
		.group = opt_group,
		.creator = "cute-shm-mpi " CUTE_SHM_VERSION,
		.jobs = opt_jobs,
		.select = opt_select.items,
		.exclude = opt_exclude.items,
		.array = opt_verbose ? mpi_report_array : NULL,
		.skipped = mpi_report_skipped,
		.max_memory = opt_max_memory,
		.max_size = opt_max_size,
		.max_seconds = opt_max_time,
		.timeout = opt_timeout,
	};
	struct cute_shm_mpi_options opt = {
		.size = sizeof(opt),
		.flags = mpi_flags(),
		.load = &how,
		.progress = on_progress,
		.node = on_node,
		.arg = &rank,
	};
	struct cute_shm_mpi_result result = { .nodes = 0 };
	int err = call(project, sources, &opt, &result);

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
		cli_log(opt_verbose);
	mpi_report_begin(&(struct mpi_report_options){
		.project = argv[0],
		.sources = &sources,
		.json = opt_json,
		.verbose = opt_verbose,
		.progress = rank == 0 && !opt_no_progress,
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
