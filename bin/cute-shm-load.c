/* SPDX-License-Identifier: MIT */
/* cute-shm-load: a saved segment into shared memory. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cute_shm.h>

#include "cli.h"
#include "command.h"
#include "file_kind.h"
#include "interrupt.h"
#include "json.h"
#include "now.h"
#include "progress.h"
#include "text.h"
#include "together.h"
#include "units.h"
#include "value.h"

static bool opt_overwrite, opt_replace, opt_no_progress, opt_no_view, opt_json;
static bool opt_ensure, opt_wait;
static const char *opt_root, *opt_group;
static unsigned opt_jobs, opt_verbose;
static uint64_t opt_max_size;
static double opt_max_time, opt_timeout;
static mode_t opt_mode;
static char **command;

static const struct cli_option options[] = {
	{ 'o', CLI_FLAG, "overwrite", NULL,
	  "replace a project of that name, when all is loaded",
	  &opt_overwrite },
	{ 0, CLI_FLAG, "replace", NULL,
	  "the same, but drop it first if there is no room for both",
	  &opt_replace },
	{ 0, CLI_FLAG, "ensure", NULL,
	  "load only if the project does not hold FILE as it is", &opt_ensure },
	{ 0, CLI_FLAG, "wait", NULL,
	  "wait while another process loads the project", &opt_wait },
	{ 0, CLI_TIME, "timeout", "TIME",
	  "bound of that wait, such as 10m; default none", &opt_timeout },
	{ 'v', CLI_TIMES, "verbose", NULL,
	  "say what was loaded, array by array; twice: what is done",
	  &opt_verbose },
	{ 0, CLI_FLAG, "no-progress", NULL, "show no progress",
	  &opt_no_progress },
	{ 'j', CLI_COUNT, "jobs", "N",
	  "threads that verify; default as many as there are CPUs", &opt_jobs },
	{ 0, CLI_FLAG, "no-view", NULL,
	  "with no HDF5 view, by which HDF5 programs read it", &opt_no_view },
	{ 0, CLI_SIZE, "max-size", "SIZE",
	  "fail if the segment would be larger, such as 8G", &opt_max_size },
	{ 0, CLI_TIME, "max-time", "TIME",
	  "fail if it takes longer, such as 30s, 5m", &opt_max_time },
	{ 0, CLI_MODE, "mode", "OCTAL",
	  "permissions; default 0600, 0640 lets the group read", &opt_mode },
	{ 0, CLI_TEXT, "group", "NAME", "group of the segment", &opt_group },
	{ 0, CLI_TEXT, "root", "DIR",
	  "where projects are; default $CUTE_SHM_ROOT or /dev/shm", &opt_root },
	{ 0, CLI_FLAG, "json", NULL, "the result as JSON", &opt_json },
	{ .name = NULL }
};

static const struct cli_program program = {
	.name = "cute-shm-load",
	.operands = "PROJECT FILE [-- COMMAND...]",
	.summary = "Load the saved segment FILE into shared memory as "
		   "PROJECT; - is standard input.\nWith a COMMAND, run it "
		   "with the project's name in CUTE_SHM_PROJECT, and remove\n"
		   "the project after that.",
	.statuses = "  0   loaded, or, with --ensure, was there already\n"
		    "  1   failed, here or in the process that was waited for; "
		    "nothing is\n      loaded unless it says so\n"
		    "  3   does not fit into memory, nothing is loaded\n"
		    "  4   over --max-size or --max-time, nothing is loaded\n"
		    "  5   another process loads it: no --wait, or over "
		    "--timeout\n"
		    "  64  misuse of the command line\n"
		    "After a COMMAND has run, its own, or 128 and the signal "
		    "that ended it;\n126 and 127 if it could not be run.\n",
	.min_operands = 2,
	.max_operands = 2,
	.command = &command,
	.options = options,
};

static int
on_progress(uint64_t done, uint64_t total, void *arg)
{
	progress_update(&(struct progress){
		.bytes_done = done,
		.bytes_total = total ? total : 1,
		.name = arg,
	});
	return interrupt_pending();
}

/* What is there now, for -v. */
static void
tell_arrays(const struct cute_shm *shm)
{
	struct cute_shm_node top, node;
	struct cute_shm_array a;
	char *dtype, *shape;
	int err = cute_shm_find(shm, "", &top);

	for (node = top; err == 0; err = cute_shm_next(&top, &node, &node)) {
		if (node.kind != CUTE_SHM_ARRAY ||
		    cute_shm_node_array(&node, &a) != 0)
			continue;
		dtype = value_dtype(a.dtype);
		shape = value_shape(a.dtype, a.ndim, a.shape);
		cli_message("/%s: %s %s, %s", node.path, dtype, shape,
			    units_size(a.data_size).text);
		free(shape);
		free(dtype);
	}
}

static void
report(const struct cute_shm *shm, const char *file, double seconds,
       bool current)
{
	FILE *out = command ? stderr : stdout;
	struct json j = { .out = out };
	struct cute_shm_info info;

	cute_shm_info(shm, &info);
	if (opt_json) {
		json_open(&j, NULL, '{');
		json_text(&j, "project", info.project);
		json_text(&j, "file", file);
		json_bool(&j, "loaded", !current);
		json_number(&j, "array_count", info.array_count);
		json_number(&j, "array_bytes", info.array_bytes);
		json_number(&j, "segment_size", info.size);
		json_hex(&j, "metadata_digest", info.metadata_digest);
		json_seconds(&j, "seconds", seconds);
		json_close(&j, '}');
		return;
	}
	if (command && !opt_verbose)
		return;
	text_put(out, info.project, strlen(info.project));
	if (current) {
		fprintf(out, " is current: %s, %s\n",
			units_count(info.array_count, "array").text,
			units_size(info.array_bytes).text);
		return;
	}
	fprintf(out, ": %s, %s in %s (%s)\n",
		units_count(info.array_count, "array").text,
		units_size(info.array_bytes).text, units_seconds(seconds).text,
		units_rate(info.size, seconds).text);
}

static int
fail(int err, const char *file)
{
	progress_clear();
	if (err == CUTE_SHM_ERR_CANCELLED && interrupt_pending())
		return CLI_FAILED; /* and die by the signal in main() */
	if (err == CUTE_SHM_ERR_FORMAT && file_kind(file) == FILE_HDF5)
		cli_message("%s is an HDF5 file, which cute-shm-hdf5 loads",
			    file);
	else if (err == CUTE_SHM_ERR_FORMAT || err == CUTE_SHM_ERR_CORRUPT ||
		 err == CUTE_SHM_ERR_TORN || err == CUTE_SHM_ERR_UNSUPPORTED)
		cli_message("%s: %s", file, cute_shm_errmsg());
	else
		cli_message("%s%s", cute_shm_errmsg(),
			    err == CUTE_SHM_ERR_EXISTS
				    ? "; --overwrite replaces it"
				    : "");
	return together_status(err);
}

static unsigned
flags(const char *project)
{
	return (opt_overwrite ? CUTE_SHM_OVERWRITE : 0u) |
	       (opt_replace ? CUTE_SHM_REPLACE : 0u) |
	       (opt_no_view ? CUTE_SHM_NO_VIEW : 0u) |
	       (command && !command_uses_lasting(project, opt_root, opt_ensure)
			? CUTE_SHM_EPHEMERAL
			: 0u);
}

static int
load(const char *project, char *file, int fd)
{
	int current = 0;
	struct cute_shm_load_options opt = {
		.size = sizeof(opt),
		.root = opt_root,
		.flags = flags(project),
		.mode = opt_mode,
		.group = opt_group,
		.jobs = opt_jobs,
		.progress = on_progress,
		.arg = file,
		.max_size = opt_max_size,
		.max_seconds = opt_max_time,
		.loading = (opt_ensure ? CUTE_SHM_LOADING_ENSURE : 0u) |
			   (opt_wait ? CUTE_SHM_LOADING_WAIT : 0u),
		.file = fd == STDIN_FILENO ? NULL : file,
		.timeout = opt_timeout,
		.waiting = together_waiting,
		.current = &current,
	};
	struct cute_shm *shm = NULL;
	double begin = clock_now(), seconds;
	int err, status = CLI_OK;

	err = cute_shm_load(project, fd, &opt, &shm);
	if (err != 0)
		return fail(err, file);
	seconds = clock_now() - begin;
	progress_clear();
	if (opt_verbose && !current)
		tell_arrays(shm);
	report(shm, file, seconds, current);
	if (!command) {
		cli_done(current ? "project %s is current"
				 : "project %s is loaded",
			 project);
	} else {
		fflush(stdout);
		status = command_run_with(project, opt_root, command);
	}
	cute_shm_close(shm);
	return status;
}

static int
open_file(const char *file)
{
	int fd;

	if (strcmp(file, "-") != 0) {
		/* A FIFO is waited for later, where that can be ended. */
		fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (fd < 0)
			cli_message("cannot open %s: %s", file,
				    strerror(errno));
		return fd;
	}
	if (isatty(STDIN_FILENO))
		cli_misuse("standard input is a terminal: a segment comes from "
			   "a file or a pipe");
	return STDIN_FILENO;
}

int
main(int argc, char **argv)
{
	int fd, status = CLI_FAILED;

	cli_begin(&program, argc, argv);
	cli_before_message(progress_clear);
	cli_log(opt_verbose);
	if (opt_timeout > 0 && !opt_ensure && !opt_wait)
		cli_misuse("--timeout needs --wait or --ensure");
	if (opt_ensure && strcmp(argv[1], "-") == 0)
		cli_misuse("--ensure needs a file: a stream has no time of "
			   "modification");
	if (command && !opt_ensure && !command_may_replace(argv[0], opt_root))
		return cli_end(CLI_FAILED);
	fd = open_file(argv[1]);
	if (fd >= 0) {
		interrupt_begin();
		progress_begin(!opt_no_progress, opt_verbose > 0);
		status = load(argv[0], argv[1], fd);
		if (fd != STDIN_FILENO)
			close(fd);
	}
	status = cli_end(status);
	interrupt_end();
	return status;
}
