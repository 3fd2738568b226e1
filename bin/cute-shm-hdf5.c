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
#include "hdf5_options.h"
#include "hdf5_sources.h"
#include "interrupt.h"
#include "load.h"
#include "together.h"
#include "units.h"

static bool opt_dry_run, opt_reuse;
static char **command;

static const struct cli_option options[] = {
	HDF5_OPTION_AS,
	{ 'o', CLI_FLAG, "overwrite", NULL,
	  "replace a project of that name, when all is loaded",
	  &hdf5_opt.overwrite },
	{ 0, CLI_FLAG, "replace", NULL,
	  "the same, but drop it first if both do not fit", &hdf5_opt.replace },
	{ 0, CLI_FLAG, "ensure", NULL,
	  "load only if the project does not hold FILE as it is",
	  &hdf5_opt.ensure },
	{ 0, CLI_FLAG, "reuse", NULL,
	  "with --ensure: copy what is current, of several files", &opt_reuse },
	HDF5_OPTIONS_WAIT,
	{ 'v', CLI_TIMES, "verbose", NULL,
	  "say how each array was read; twice: all that is done",
	  &hdf5_opt.verbose },
	HDF5_OPTIONS_READ,
	{ 0, CLI_TEXT, "root", "DIR",
	  "where projects are; default $CUTE_SHM_ROOT or /dev/shm",
	  &hdf5_opt.root },
	{ 0, CLI_FLAG, "dry-run", NULL,
	  "only show what would load, what fails, if it fits", &opt_dry_run },
	{ 0, CLI_FLAG, "json", NULL, "the result, or the plan, as JSON",
	  &hdf5_opt.json },
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
	.more = &hdf5_opt.as,
	.command = &command,
	.options = options,
};

static struct cute_shm_hdf5_options
load_options(const char *project)
{
	struct cute_shm_hdf5_options ret = hdf5_options_load();

	if (command &&
	    !command_uses_lasting(project, hdf5_opt.root, hdf5_opt.ensure))
		ret.flags |= CUTE_SHM_HDF5_EPHEMERAL;
	if (opt_reuse)
		ret.flags |= CUTE_SHM_HDF5_REUSE;
	ret.creator = "cute-shm-hdf5 " CUTE_SHM_VERSION;
	ret.progress = load_report_progress;
	/* What nobody asks for need not be told, 100,000 times perhaps. */
	if (hdf5_opt.verbose || hdf5_opt.json || opt_dry_run)
		ret.array = load_report_array;
	ret.skipped = load_report_skipped;
	ret.waiting = together_waiting;
	return ret;
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
		status = command_run_with(project, hdf5_opt.root, command);
	}
	cute_shm_close(shm);
	return status;
}

/* True if something has that name already, be it damaged or another user's. */
static int
project_exists(const char *project, bool *ret)
{
	struct cute_shm_open_options opt = { .size = sizeof(opt),
					     .root = hdf5_opt.root };
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

	if (hdf5_opt.replace)
		cute_shm_list(hdf5_opt.root, add_if_idle, &idle);
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
		err = cute_shm_available(hdf5_opt.root, &space);
	if (err)
		return fail(err, sources->file);
	if (result.segment_size > space.available)
		gain = replaced(project);
	load_report_plan(&result, &space, gain, exists);
	if (exists && !hdf5_opt.overwrite && !hdf5_opt.replace) {
		cli_message("project %s exists already; "
			    "--overwrite replaces it",
			    project);
		return CLI_FAILED;
	}
	if (result.failed && !hdf5_opt.keep_going) {
		cli_message("a load would fail; --keep-going leaves out what "
			    "cannot be read");
		return CLI_FAILED;
	}
	if (hdf5_opt.max_size && result.segment_size > hdf5_opt.max_size) {
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
	hdf5_options_check();
	if (opt_reuse && !hdf5_opt.ensure)
		cli_misuse("--reuse needs --ensure");
	report.project = argv[0];
	if (!hdf5_sources(argv + 1, &hdf5_opt.as, &sources))
		return cli_end(CLI_FAILED);
	report.sources = &sources;
	report.plan = opt_dry_run;
	report.json = hdf5_opt.json;
	report.verbose = hdf5_opt.verbose;
	report.reuse = opt_reuse;
	report.progress = !hdf5_opt.no_progress;
	report.quiet = command != NULL;
	cli_log(hdf5_opt.verbose);
	check_order(argv[0], sources.file);
	if (command && !hdf5_opt.ensure &&
	    !command_may_replace(argv[0], hdf5_opt.root))
		return cli_end(CLI_FAILED);
	interrupt_begin();
	load_report_begin(&report);
	status =
		opt_dry_run ? plan(argv[0], &sources) : load(argv[0], &sources);
	status = cli_end(status);
	interrupt_end();
	return status;
}
