/* SPDX-License-Identifier: MIT */
/* cute-shm-unlink: remove projects. */
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cute_shm.h>

#include "cli.h"
#include "open_project.h"
#include "text.h"
#include "units.h"

static const char *opt_root;
static unsigned opt_verbose;
static bool opt_idle, opt_orphans, opt_all;

static const struct cli_option options[] = {
	{ 'v', CLI_TIMES, "verbose", NULL,
	  "say also where it was, what it came from; twice: what is done",
	  &opt_verbose },
	{ 0, CLI_FLAG, "all", NULL, "all projects of yours", &opt_all },
	{ 0, CLI_FLAG, "when-idle", NULL, "leave those that a process has open",
	  &opt_idle },
	{ 0, CLI_FLAG, "orphans", NULL,
	  "only what owners that were killed have left", &opt_orphans },
	{ 0, CLI_TEXT, "root", "DIR",
	  "where projects are; default $CUTE_SHM_ROOT or /dev/shm", &opt_root },
	{ .name = NULL }
};

static const struct cli_program program = {
	.name = "cute-shm-unlink",
	.operands = "[PROJECT...]",
	.summary = "Remove projects from shared memory; a PROJECT may be a "
		   "pattern, as 'run-*'.\nProcesses that have one open keep it;"
		   " its memory is free when the last of\nthem lets go.",
	.statuses = "  0   all were removed\n"
		    "  1   one could not be; the others were\n"
		    "  2   one is in use and was left, as --when-idle says\n"
		    "  64  misuse of the command line\n",
	.max_operands = -1,
	.options = options,
};

/* ------------------------------------------------------------- one project */

/* What is known of a project before it is gone. */
struct subject {
	char *arrays; /* "3 arrays", or what is wrong with it */
	char *origin; /* where it was, and what it came from, or NULL */
	bool in_use;
};

static struct subject
subject_of(const char *project)
{
	struct cute_shm_open_options opt = { .size = sizeof(opt),
					     .root = opt_root,
					     .flags = CUTE_SHM_ANY_OWNER };
	struct subject ret = { .arrays = NULL };
	struct cute_shm_info info;
	struct cute_shm *shm;
	int err = cute_shm_open(project, &opt, &shm);

	if (err != 0) {
		ret.arrays = text_format("%s", err == CUTE_SHM_ERR_CORRUPT
						       ? "a damaged segment"
					       : err == CUTE_SHM_ERR_NOT_FOUND
						       ? "an orphan"
						       : "no segment");
		return ret;
	}
	cute_shm_info(shm, &info);
	ret.arrays =
		text_format("%s", units_count(info.array_count, "array").text);
	ret.origin = text_format("%s%s%s", info.path,
				 *info.source ? " from " : "", info.source);
	ret.in_use = info.in_use;
	cute_shm_close(shm);
	return ret;
}

static void
report_failure(const char *project, int err)
{
	char *message = text_format("%s", cute_shm_errmsg());
	char *similar = err == CUTE_SHM_ERR_NOT_FOUND
				? similar_project(project, opt_root)
				: NULL;

	cli_message("%s%s", message,
		    err == CUTE_SHM_ERR_BUSY ? ", left"
		    : similar		     ? similar
					     : "");
	free(similar);
	free(message);
}

static int
unlink_project(const char *project)
{
	struct cute_shm_unlink_options opt = {
		.size = sizeof(opt),
		.root = opt_root,
		.flags = opt_idle ? CUTE_SHM_UNLINK_IDLE : 0
	};
	struct subject s = subject_of(project);
	bool more = opt_verbose && s.origin;
	uint64_t freed;
	int err = cute_shm_unlink(project, &opt, &freed);

	if (err == 0)
		text_line(stdout, "removed %s: %s, %s freed%s%s%s%s", project,
			  s.arrays, units_size(freed).text,
			  s.in_use ? " when others let go of it" : "",
			  more ? " (" : "", more ? s.origin : "",
			  more ? ")" : "");
	else
		report_failure(project, err);
	free(s.arrays);
	free(s.origin);
	return err == 0			  ? CLI_OK
	       : err == CUTE_SHM_ERR_BUSY ? CLI_PARTIAL
					  : CLI_FAILED;
}

/* Failure says more than a project that was left. */
static int
worse(int a, int b)
{
	if (a == CLI_FAILED || b == CLI_FAILED)
		return CLI_FAILED;
	return a > b ? a : b;
}

/* -------------------------------------------------------- several of them */

/* Names that match; the folder must not change while it is listed. */
struct matches {
	const char *pattern; /* NULL: all */
	char **names;
	size_t count;
};

/* What is no segment, or another user's, must be named to be removed. */
static int
add_match(const struct cute_shm_info *info, void *arg)
{
	struct matches *m = arg;

	if (info->err == CUTE_SHM_ERR_FORMAT ||
	    (geteuid() != 0 && info->uid != geteuid()) ||
	    (m->pattern && fnmatch(m->pattern, info->project, 0) != 0))
		return 0;
	m->names = text_alloc(m->names, m->count + 1, sizeof(*m->names));
	m->names[m->count++] = text_format("%s", info->project);
	return 0;
}

static int
unlink_matches(const char *pattern)
{
	struct matches m = { .pattern = pattern };
	int status = CLI_OK;
	size_t i;

	if (cute_shm_list(opt_root, add_match, &m) != 0)
		return cli_fail();
	if (m.count == 0 && pattern) {
		cli_message("no project matches \"%s\"", pattern);
		status = CLI_FAILED;
	}
	for (i = 0; i < m.count; i++) {
		status = worse(status, unlink_project(m.names[i]));
		free(m.names[i]);
	}
	free(m.names);
	return status;
}

/* A name that is there is itself, whatever it would match. */
static bool
is_pattern(const char *project)
{
	struct cute_shm_open_options opt = { .size = sizeof(opt),
					     .root = opt_root };
	struct cute_shm *shm = NULL;
	bool missing;

	if (!strpbrk(project, "*?["))
		return false;
	missing = cute_shm_open(project, &opt, &shm) == CUTE_SHM_ERR_NOT_FOUND;
	cute_shm_close(shm);
	return missing;
}

static void
on_log(enum cute_shm_log_level level, const char *message, void *arg)
{
	(void)arg;
	if (level == CUTE_SHM_LOG_DEBUG)
		cli_message("%s", message);
	else
		text_line(stdout, "%s", message);
}

static int
collect(void)
{
	cute_shm_set_log(opt_verbose > 1 ? CUTE_SHM_LOG_DEBUG
					 : CUTE_SHM_LOG_INFO,
			 on_log, NULL);
	if (cute_shm_collect(opt_root, NULL, NULL) == 0)
		return CLI_OK;
	return cli_fail();
}

static void
check_operands(int n, char **argv)
{
	if (n == 0 && !opt_all && !opt_orphans)
		cli_misuse("argument missing: PROJECT, --all or --orphans");
	if (n > 0 && (opt_all || opt_orphans))
		cli_misuse("'%s' is one argument too many with --%s", argv[0],
			   opt_all ? "all" : "orphans");
	if (opt_all && opt_orphans)
		cli_misuse("--all and --orphans exclude each other");
}

int
main(int argc, char **argv)
{
	int n = cli_begin(&program, argc, argv), status = CLI_OK, i;

	check_operands(n, argv);
	if (opt_verbose > 1)
		cli_log(opt_verbose);
	if (opt_all)
		status = unlink_matches(NULL);
	for (i = 0; i < n; i++)
		status = worse(status, is_pattern(argv[i])
					       ? unlink_matches(argv[i])
					       : unlink_project(argv[i]));
	/* Last: a named orphan is removed by its name, not missing. */
	status = worse(status, collect());
	return cli_end(status);
}
