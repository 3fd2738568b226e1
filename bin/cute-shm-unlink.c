/* SPDX-License-Identifier: MIT */
/* cute-shm-unlink: remove projects. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <cute_shm.h>

#include "cli.h"
#include "text.h"
#include "units.h"

static const char *opt_root;
static bool opt_verbose;

static const struct cli_option options[] = {
	{ 'v', CLI_FLAG, "verbose", NULL,
	  "say also where it was and what it came from", &opt_verbose },
	{ 0, CLI_TEXT, "root", "DIR",
	  "where projects are; default $CUTE_SHM_ROOT or /dev/shm",
	  &opt_root },
	{ .name = NULL }
};

static const struct cli_program program = {
	.name = "cute-shm-unlink",
	.operands = "PROJECT...",
	.summary = "Remove projects from shared memory. Processes that have "
		   "one open keep it;\nits memory is free when the last of "
		   "them lets go.",
	.statuses = "  0   all were removed\n"
		    "  1   one could not be; the others were\n"
		    "  64  misuse of the command line\n",
	.min_operands = 1,
	.max_operands = -1,
	.options = options,
};

/* "3 arrays", or what is wrong with it. */
static void
describe(const char *project, char **arrays, char **origin)
{
	struct cute_shm_open_options opt = {
		.size = sizeof(opt), .root = opt_root,
		.flags = CUTE_SHM_ANY_OWNER
	};
	struct cute_shm_info info;
	struct cute_shm *shm;
	int err = cute_shm_open(project, &opt, &shm);

	*origin = NULL;
	if (err == 0 && cute_shm_info(shm, &info) == 0) {
		*arrays = text_format("%s", units_count(info.array_count,
							"array").text);
		*origin = text_format("%s%s%s", info.path,
				      *info.source ? " from " : "",
				      info.source);
	} else {
		*arrays = text_format("%s", err == CUTE_SHM_ERR_CORRUPT ?
				      "a damaged segment" : "no segment");
	}
	if (err == 0)
		cute_shm_close(shm);
}

static bool
unlink_project(const char *project)
{
	struct cute_shm_unlink_options opt = {
		.size = sizeof(opt), .root = opt_root
	};
	char *arrays, *origin;
	uint64_t freed;
	bool ok;

	describe(project, &arrays, &origin);
	ok = cute_shm_unlink(project, &opt, &freed) == 0;
	if (ok)
		text_line(stdout, "removed %s: %s, %s freed%s%s%s", project,
			  arrays, units_size(freed).text,
			  opt_verbose && origin ? " (" : "",
			  opt_verbose && origin ? origin : "",
			  opt_verbose && origin ? ")" : "");
	else
		cli_message("%s", cute_shm_errmsg());
	free(arrays);
	free(origin);
	return ok;
}

int
main(int argc, char **argv)
{
	int n = cli_begin(&program, argc, argv), status = CLI_OK, i;

	for (i = 0; i < n; i++)
		if (!unlink_project(argv[i]))
			status = CLI_FAILED;
	return cli_end(status);
}
