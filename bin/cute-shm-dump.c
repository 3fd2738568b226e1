/* SPDX-License-Identifier: MIT */
/* cute-shm-dump: what is in a project, down to the values. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "dump.h"
#include "open_project.h"
#include "text.h"

static bool opt_file, opt_any_owner, opt_overwrite;
static const char *opt_root, *opt_output;
static struct dump_options opt;

static const struct cli_option options[] = {
	{ 'f', CLI_FLAG, "file", NULL,
	  "PROJECT is a file: a copy of a segment, as on a disk", &opt_file },
	{ 'H', CLI_FLAG, "header", NULL, "no values: names, dtypes, attributes",
	  &opt.header },
	{ 'a', CLI_FLAG, "all", NULL,
	  "all values; default the edges of what has over 1000", &opt.all },
	{ 0, CLI_FLAG, "raw", NULL, "the bytes of one array, as they are",
	  &opt.raw },
	{ 0, CLI_FLAG, "npy", NULL, "one array as a .npy file for numpy.load",
	  &opt.npy },
	{ 0, CLI_FLAG, "python", NULL,
	  "a line of Python that maps one array with NumPy", &opt.python },
	{ 0, CLI_FLAG, "hex", NULL,
	  "the bytes, row by row, and what each field means", &opt.hex },
	{ 0, CLI_FLAG, "json", NULL, "all of it as JSON", &opt.json },
	{ 0, CLI_TEXT, "output", "FILE",
	  "into FILE instead of standard output, all of it or nothing",
	  &opt_output },
	{ 0, CLI_FLAG, "overwrite", NULL, "replace FILE if it exists",
	  &opt_overwrite },
	{ 0, CLI_FLAG, "any-owner", NULL,
	  "look into segments of other users too", &opt_any_owner },
	{ 0, CLI_TEXT, "root", "DIR",
	  "where projects are; default $CUTE_SHM_ROOT or /dev/shm", &opt_root },
	{ .name = NULL }
};

static const struct cli_program program = {
	.name = "cute-shm-dump",
	.operands = "PROJECT [PATH...]",
	.summary = "Show what is in a project: all of it, or what is at each "
		   "PATH, which may have a\nslice as NumPy writes it: "
		   "'arm/q[0:10, ::2]'.",
	.statuses = "  0   shown\n"
		    "  1   something is not there, damaged, or torn by a "
		    "writer that died\n"
		    "  64  misuse of the command line\n",
	.min_operands = 1,
	.max_operands = -1,
	.options = options,
};

/*
 * For the completion of the shells, which call it as --complete PROJECT PREFIX:
 * what is directly in the group that PREFIX begins with and is named as its
 * last component begins.  Each ends with a null byte, groups with a slash too.
 */
static int
complete(const struct cute_shm *shm, const char *prefix)
{
	const char *slash = strrchr(prefix, '/');
	const char *begin = slash ? slash + 1 : prefix;
	int above = (int)(begin - prefix), err;
	char *group =
		text_format("%.*s", above > 1 ? above - 1 : above, prefix);
	struct cute_shm_node node;

	err = cute_shm_find(shm, group, &node);
	free(group);
	if (err == 0)
		err = cute_shm_follow(&node, &node);
	if (err == 0 && node.kind != CUTE_SHM_GROUP)
		return CLI_OK;
	if (err == 0)
		err = cute_shm_first_child(&node, &node);
	for (; err == 0; err = cute_shm_next_sibling(&node, &node))
		if (strncmp(node.name, begin, strlen(begin)) == 0)
			printf("%.*s%s%s%c", above, prefix, node.name,
			       node.child_count > 0 ? "/" : "", '\0');
	return err == CUTE_SHM_ERR_END ? CLI_OK : cli_fail();
}

/* No option of the table, since it is none for people: the first argument. */
static bool
take_complete(int *argc, char ***argv)
{
	if (*argc < 2 || strcmp((*argv)[1], "--complete") != 0)
		return false;
	(*argv)[1] = (*argv)[0];
	++*argv;
	--*argc;
	return true;
}

static void
check_options(int n)
{
	if (opt.raw + opt.npy + opt.python + opt.json + opt.hex > 1)
		cli_misuse("--raw, --npy, --python, --hex and --json exclude "
			   "each other");
	if ((opt.raw || opt.npy || opt.python) && n != 2)
		cli_misuse("--%s is for one PATH", opt.raw   ? "raw"
						   : opt.npy ? "npy"
							     : "python");
	if (!opt_output && (opt.raw || opt.npy) && isatty(STDOUT_FILENO))
		cli_misuse("--%s writes bytes: not to a terminal; --output "
			   "takes a file",
			   opt.raw ? "raw" : "npy");
	if (opt_overwrite && !opt_output)
		cli_misuse("--overwrite is for --output");
}

static int
fail_open(const char *project, int err)
{
	char *problem = open_problem(project, opt_root, err);

	cli_message("%s", problem);
	free(problem);
	return CLI_FAILED;
}

int
main(int argc, char **argv)
{
	bool completing = take_complete(&argc, &argv);
	int n = cli_begin(&program, argc, argv), err, status;
	struct cute_shm_open_options open = {
		.size = sizeof(open),
		.root = opt_root,
		.flags = opt_any_owner ? CUTE_SHM_ANY_OWNER : 0
	};
	struct cute_shm *shm;

	check_options(n);
	err = open_project(argv[0], opt_file, &open, &shm);
	if (err != 0)
		return cli_end(fail_open(argv[0], err));
	if (completing) {
		status = complete(shm, n > 1 ? argv[1] : "");
		cute_shm_close(shm);
		return cli_end(status);
	}
	status = opt_output ? dump_file_begin(opt_output, shm, opt_overwrite)
			    : CLI_OK;
	if (status == CLI_OK) {
		status = dump_project(shm, argv[0], n - 1, argv + 1, &opt);
		if (opt_output)
			status = dump_file_end(opt_output, status);
	}
	cute_shm_close(shm);
	return cli_end(status);
}
