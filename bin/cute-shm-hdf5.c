/* SPDX-License-Identifier: MIT */
/* cute-shm-hdf5: load an HDF5 file into shared memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cute_shm.h>
#include <cute_shm_hdf5.h>

#include "cli.h"
#include "command.h"
#include "file_kind.h"
#include "hdf5_sources.h"
#include "interrupt.h"
#include "load.h"
#include "together.h"
#include "units.h"

static bool opt_overwrite, opt_replace, opt_no_progress;
static bool opt_keep_going;
static bool opt_no_external, opt_no_view, opt_dry_run, opt_json;
static bool opt_ensure, opt_reuse, opt_wait;
static const char *opt_root, *opt_group;
static struct cli_list opt_select, opt_exclude, opt_as;
static unsigned opt_jobs, opt_verbose;
static uint64_t opt_max_memory, opt_max_size;
static double opt_max_time, opt_timeout;
static mode_t opt_mode;
static char **command;

static const struct cli_option options[] = {
	{ 0, CLI_TEXTS, "as", "NAME=FILE",
	  "a FILE as group NAME; may be repeated", &opt_as },
	{ 'o', CLI_FLAG, "overwrite", NULL,
	  "replace a project of that name, when all is loaded",
	  &opt_overwrite },
	{ 0, CLI_FLAG, "replace", NULL,
	  "the same, but drop it first if both do not fit", &opt_replace },
	{ 0, CLI_FLAG, "ensure", NULL,
	  "load only if the project does not hold FILE as it is", &opt_ensure },
	{ 0, CLI_FLAG, "reuse", NULL,
	  "with --ensure: copy what is current, of several files", &opt_reuse },
	{ 0, CLI_FLAG, "wait", NULL,
	  "wait while another process loads the project", &opt_wait },
	{ 0, CLI_TIME, "timeout", "TIME",
	  "bound of that wait, such as 10m; default none", &opt_timeout },
	{ 'v', CLI_TIMES, "verbose", NULL,
	  "say how each array was read; twice: all that is done",
	  &opt_verbose },
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
	  "where projects are; default $CUTE_SHM_ROOT or /dev/shm", &opt_root },
	{ 0, CLI_FLAG, "dry-run", NULL,
	  "only show what would load, what fails, if it fits", &opt_dry_run },
	{ 0, CLI_FLAG, "json", NULL, "the result, or the plan, as JSON",
	  &opt_json },
	{ .name = NULL }
};

static void
version_fact(const struct cute_shm_hdf5_fact *fact, void *arg)
{
	unsigned *decoders = arg;

	if (strcmp(fact->kind, "libhdf5") == 0)
		printf("with libhdf5 %s", fact->value);
	else if (strcmp(fact->kind, "filter") == 0 &&
		 strcmp(fact->value, "own") == 0)
		printf("%s %s", (*decoders)++ == 0 ? "; decodes itself:" : ",",
		       fact->name);
}

/* What the program that reads the files has; cute-shm-doctor tells failures. */
static void
version(void)
{
	unsigned decoders = 0;

	if (cute_shm_hdf5_about(version_fact, &decoders) == 0)
		putchar('\n');
}

static const struct cli_program program = {
	.name = "cute-shm-hdf5",
	.operands = "PROJECT FILE... [-- COMMAND...]",
	.summary = "Load the HDF5 file FILE into shared memory as PROJECT.  "
		   "Several files become\ngroups, each with the name of its "
		   "file; a FILE may then be a folder, or @LIST,\na file "
		   "of names.  With a COMMAND, run it with the project's "
		   "name in\nCUTE_SHM_PROJECT, and remove the project after "
		   "that.",
	.statuses =
		"  0   loaded, or, with --ensure, was there already\n"
		"  1   failed, here or in the process that was waited for; "
		"nothing is\n      loaded unless it says so\n"
		"  2   loaded in part, now or then: --keep-going left "
		"something out\n"
		"  3   does not fit into memory, nothing is loaded\n"
		"  4   over --max-memory, --max-size or --max-time, or many "
		"objects have\n      no end; nothing is loaded\n"
		"  5   another process loads it: no --wait, or over "
		"--timeout\n"
		"  64  misuse of the command line\n"
		"After a COMMAND has run, its own, or 128 and the signal "
		"that ended it;\n126 and 127 if it could not be run.\n",
	.version = version,
	.min_operands = 2,
	.max_operands = -1,
	.more = &opt_as,
	.command = &command,
	.options = options,
};

static unsigned
flags(const char *project)
{
	unsigned ret = 0;

	if (opt_overwrite)
		ret |= CUTE_SHM_HDF5_OVERWRITE;
	if (opt_replace)
		ret |= CUTE_SHM_HDF5_REPLACE;
	if (command && !command_uses_lasting(project, opt_root, opt_ensure))
		ret |= CUTE_SHM_HDF5_EPHEMERAL;
	if (opt_ensure)
		ret |= CUTE_SHM_HDF5_ENSURE;
	if (opt_reuse)
		ret |= CUTE_SHM_HDF5_REUSE;
	if (opt_wait)
		ret |= CUTE_SHM_HDF5_WAIT;
	if (opt_keep_going)
		ret |= CUTE_SHM_HDF5_KEEP_GOING;
	if (opt_no_external)
		ret |= CUTE_SHM_HDF5_NO_EXTERNAL;
	if (opt_no_view)
		ret |= CUTE_SHM_HDF5_NO_VIEW;
	return ret;
}

static struct cute_shm_hdf5_options
load_options(const char *project)
{
	/* What nobody asks for need not be told, 100,000 times perhaps. */
	bool arrays = opt_verbose || opt_json || opt_dry_run;

	return (struct cute_shm_hdf5_options){
		.size = sizeof(struct cute_shm_hdf5_options),
		.root = opt_root,
		.flags = flags(project),
		.mode = opt_mode,
		.group = opt_group,
		.creator = "cute-shm-hdf5 " CUTE_SHM_VERSION,
		.jobs = opt_jobs,
		.select = opt_select.items,
		.exclude = opt_exclude.items,
		.progress = load_report_progress,
		.array = arrays ? load_report_array : NULL,
		.skipped = load_report_skipped,
		.max_memory = opt_max_memory,
		.max_size = opt_max_size,
		.max_seconds = opt_max_time,
		.timeout = opt_timeout,
		.waiting = together_waiting,
	};
}

/* What may help, to go behind the message. */
static const char *
advice(int err, const char *file)
{
	if (err == CUTE_SHM_ERR_EXISTS)
		return "; --overwrite replaces it";
	if (err == CUTE_SHM_ERR_SOURCE && file &&
	    file_kind(file) == FILE_SEGMENT)
		return "; it is a saved segment, which cute-shm-load loads";
	return "";
}

static int
fail(int err, const char *file)
{
	load_report_failed();
	if (err == CUTE_SHM_ERR_CANCELLED && interrupt_pending())
		return CLI_FAILED; /* and die by the signal in main() */
	cli_message("%s%s", cute_shm_errmsg(), advice(err, file));
	return together_status(err);
}

static int
load(const char *project, const struct hdf5_sources *sources)
{
	struct cute_shm_hdf5_options opt = load_options(project);
	struct cute_shm_hdf5_result result;
	struct cute_shm *shm = NULL;
	int err, status;

	opt.handle = &shm;
	err = hdf5_sources_load(sources, project, &opt, &result);
	if (err)
		return fail(err, sources->file);
	if (result.current)
		load_report_current(&result, shm);
	else
		load_report_done(&result);
	status = result.partial ? CLI_PARTIAL : CLI_OK;
	if (!command) {
		cli_done(result.current ? "project %s is current"
					: "project %s is loaded",
			 project);
	} else {
		fflush(stdout);
		status = command_run_with(project, opt_root, command);
	}
	cute_shm_close(shm);
	return status;
}

/* True if something has that name already, be it damaged or another user's. */
static int
project_exists(const char *project, bool *ret)
{
	struct cute_shm_open_options opt = { .size = sizeof(opt),
					     .root = opt_root };
	struct cute_shm *shm = NULL;
	int err = cute_shm_open(project, &opt, &shm);

	cute_shm_close(shm);
	*ret = err != CUTE_SHM_ERR_NOT_FOUND;
	return err == CUTE_SHM_ERR_INVALID ? err : 0;
}

struct idle {
	const char *project;
	uint64_t size;
};

static int
add_if_idle(const struct cute_shm_info *info, void *arg)
{
	struct idle *idle = arg;
	struct stat st;

	if (strcmp(info->project, idle->project) == 0 && !info->in_use &&
	    (geteuid() == 0 || info->uid == geteuid()) &&
	    lstat(info->path, &st) == 0)
		idle->size = (uint64_t)st.st_blocks * 512;
	return 0;
}

/* What --replace gains by dropping the project first: nothing if in use. */
static uint64_t
replaced(const char *project)
{
	struct idle idle = { .project = project };

	if (opt_replace)
		cute_shm_list(opt_root, add_if_idle, &idle);
	return idle.size;
}

static int
plan(const char *project, const struct hdf5_sources *sources)
{
	struct cute_shm_hdf5_options opt = load_options(project);
	struct cute_shm_hdf5_result result;
	struct cute_shm_space space;
	uint64_t gain = 0;
	bool exists;
	int err = project_exists(project, &exists);

	/* All that cannot be read is of interest, not only the first of it. */
	opt.flags |= CUTE_SHM_HDF5_KEEP_GOING;
	if (!err)
		err = hdf5_sources_plan(sources, &opt, &result);
	if (!err)
		err = cute_shm_available(opt_root, &space);
	if (err)
		return fail(err, sources->file);
	if (result.segment_size > space.available)
		gain = replaced(project);
	load_report_plan(&result, &space, gain, exists);
	if (exists && !opt_overwrite && !opt_replace) {
		cli_message("project %s exists already; "
			    "--overwrite replaces it",
			    project);
		return CLI_FAILED;
	}
	if (result.failed && !opt_keep_going) {
		cli_message("a load would fail; --keep-going leaves out what "
			    "cannot be read");
		return CLI_FAILED;
	}
	if (opt_max_size && result.segment_size > opt_max_size) {
		cli_message("project %s needs about %s of shared memory, more "
			    "than --max-size",
			    project, units_size(result.segment_size).text);
		return CLI_LIMIT;
	}
	if (result.segment_size > space.available + gain)
		return CLI_NO_SPACE;
	return result.failed ? CLI_PARTIAL : CLI_OK;
}

/* As cp and mv have it, the other way round: a common slip. */
static void
check_order(const char *project, const char *file)
{
	if (file_kind(project) != FILE_HDF5)
		return;
	if (!file)
		cli_misuse("PROJECT comes first: %s is an HDF5 file", project);
	if (file_kind(file) != FILE_HDF5)
		cli_misuse("PROJECT comes first: %s is an HDF5 file, %s is "
			   "not; try: %s %s %s",
			   project, file, program.name, file, project);
}

int
main(int argc, char **argv)
{
	static struct hdf5_sources sources;
	struct load_report_options report = { 0 };
	int status;

	cli_begin(&program, argc, argv);
	if (command && opt_dry_run)
		cli_misuse("--dry-run loads nothing for %s", command[0]);
	if (opt_timeout > 0 && !opt_ensure && !opt_wait)
		cli_misuse("--timeout needs --wait or --ensure");
	if (opt_reuse && !opt_ensure)
		cli_misuse("--reuse needs --ensure");
	report.project = argv[0];
	if (!hdf5_sources(argv + 1, &opt_as, &sources))
		return cli_end(CLI_FAILED);
	report.sources = &sources;
	report.plan = opt_dry_run;
	report.json = opt_json;
	report.verbose = opt_verbose;
	report.reuse = opt_reuse;
	report.progress = !opt_no_progress;
	report.quiet = command != NULL;
	cli_log(opt_verbose);
	check_order(argv[0], sources.file);
	if (command && !opt_ensure && !command_may_replace(argv[0], opt_root))
		return cli_end(CLI_FAILED);
	interrupt_begin();
	load_report_begin(&report);
	status =
		opt_dry_run ? plan(argv[0], &sources) : load(argv[0], &sources);
	status = cli_end(status);
	interrupt_end();
	return status;
}
