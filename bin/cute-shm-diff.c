/* SPDX-License-Identifier: MIT */
/* cute-shm-diff: what differs between two projects. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cli.h"
#include "diff.h"
#include "open_project.h"

static bool opt_file, opt_any_owner;
static const char *opt_root;
static struct diff_options opt;

static const struct cli_option options[] = {
	{ 'f', CLI_FLAG, "file", NULL,
	  "A and B are files: copies of segments, as on a disk", &opt_file },
	{ 'q', CLI_FLAG, "quiet", NULL,
	  "print no difference; the exit status tells", &opt.quiet },
	{ 0, CLI_FLAG, "bytes", NULL,
	  "compare the data even if their digests are equal", &opt.bytes },
	{ 0, CLI_FLAG, "no-attributes", NULL, "attributes do not count",
	  &opt.no_attributes },
	{ 0, CLI_FLAG, "json", NULL, "the differences as JSON", &opt.json },
	{ 0, CLI_FLAG, "any-owner", NULL,
	  "look into segments of other users too", &opt_any_owner },
	{ 0, CLI_TEXT, "root", "DIR",
	  "where projects are; default $CUTE_SHM_ROOT or /dev/shm", &opt_root },
	{ .name = NULL }
};

static const struct cli_program program = {
	.name = "cute-shm-diff",
	.operands = "A B",
	.summary = "Say what differs between the projects A and B: paths, "
		   "dtypes, shapes, values,\nattributes, links.  When nothing "
		   "does, print nothing.",
	.statuses = "  0   they are the same\n"
		    "  1   they differ\n"
		    "  2   it cannot be told: not there, damaged, or torn by "
		    "a writer that died\n"
		    "  64  misuse of the command line\n",
	.failed = DIFF_UNKNOWN,
	.min_operands = 2,
	.max_operands = 2,
	.options = options,
};

static struct cute_shm *
attach(const char *name)
{
	struct cute_shm_open_options open = {
		.size = sizeof(open),
		.root = opt_root,
		.flags = opt_any_owner ? CUTE_SHM_ANY_OWNER : 0
	};
	struct cute_shm *shm = NULL;
	int err = open_project(name, opt_file, &open, &shm);
	char *problem;

	if (err == 0)
		return shm;
	problem = open_problem(name, opt_root, err);
	cli_message("%s", problem);
	free(problem);
	return NULL;
}

/* Two names of one segment: nothing can differ. */
static bool
same_segment(const struct cute_shm *a, const struct cute_shm *b)
{
	struct stat x, y;

	return fstat(cute_shm_fd(a), &x) == 0 &&
	       fstat(cute_shm_fd(b), &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

int
main(int argc, char **argv)
{
	struct diff_side side[2];
	struct cute_shm *a, *b;
	int status = DIFF_UNKNOWN;

	cli_begin(&program, argc, argv);
	if (opt.quiet && opt.json)
		cli_misuse("--quiet and --json exclude each other");
	a = attach(argv[0]);
	b = attach(argv[1]);
	side[0] = (struct diff_side){ argv[0], a };
	side[1] = (struct diff_side){ argv[1], b };
	if (a && b) {
		if (same_segment(a, b))
			side[1].shm = a;
		status = (int)diff_projects(side, &opt);
	}
	cute_shm_close(a);
	cute_shm_close(b);
	/* Lost output is no answer. */
	return cli_end(CLI_OK) == CLI_OK ? status : DIFF_UNKNOWN;
}
