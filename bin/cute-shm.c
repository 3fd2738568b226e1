/* SPDX-License-Identifier: MIT */
/*
 * cute-shm: the front command.  "cute-shm list" runs cute-shm-list, "cute-shm
 * help list" shows its manual, and any cute-shm-NAME in PATH is a command, too.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "nearest.h"
#include "text.h"

#define PREFIX "cute-shm-"

/* In the order of their use. */
static const struct command {
	const char *name, *help;
} commands[] = {
#ifdef HAVE_HDF5
	{ "hdf5", "load an HDF5 file; load-hdf5 is the same" },
#endif
#ifdef HAVE_MPI
	{ "mpi", "load an HDF5 file on all nodes of an MPI job" },
#endif
	{ "list", "show projects, their arrays and attributes" },
	{ "dump", "show values or bytes, take an array out" },
	{ "export", "write a project as an HDF5 file, or as it is" },
	{ "load", "load a saved segment" },
	{ "unlink", "remove projects" },
	{ "verify", "check projects for damage" },
	{ "diff", "what differs between two projects" },
	{ "top", "show projects as they change" },
#ifdef HAVE_HDF5
	{ "evaluate", "what sharing saves, on this machine" },
#endif
	{ "doctor", "whether this machine is ready" },
	{ "help", "show the manual page of a command" },
};

/* Other names for them. */
static const struct {
	const char *name, *of;
} aliases[] = {
	{ "load-hdf5", "hdf5" },
};

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static const struct cli_option options[] = { { .name = NULL } };

static struct cli_program program = {
	.name = "cute-shm",
	.operands = "COMMAND [ARGUMENT...]",
	.statuses = "  0   help was shown; else the status is that of the "
		    "command\n"
		    "  64  misuse of the command line, as a command that is "
		    "not there\n",
	.max_operands = -1,
	.options = options,
};

static char *
summary(void)
{
	struct text_buffer b;
	size_t i;

	text_buffer_begin(&b);
	fputs("Keep numerical arrays in shared memory: one copy for every "
	      "process.\n\nCommands; each tells its options with --help:\n",
	      b.out);
	for (i = 0; i < COUNT(commands); i++)
		fprintf(b.out, "%s  %-8s  %s", i ? "\n" : "", commands[i].name,
			commands[i].help);
	return text_buffer_end(&b);
}

/* The command's own name, without "cute-shm-", as it may be typed, or alias. */
static const char *
name_of(const char *typed)
{
	size_t i;

	if (strncmp(typed, PREFIX, strlen(PREFIX)) == 0)
		typed += strlen(PREFIX);
	for (i = 0; i < COUNT(aliases); i++)
		if (strcmp(aliases[i].name, typed) == 0)
			return aliases[i].of;
	return typed;
}

/* The folder of this program, for free(), or NULL. */
static char *
own_folder(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path));
	const char *slash;

	if (n <= 0 || n == sizeof(path))
		return NULL;
	path[n] = '\0';
	slash = strrchr(path, '/');
	return slash ? text_format("%.*s", (int)(slash - path), path) : NULL;
}

/* Where the program of a command is, for free(): its name alone is for PATH. */
static char *
program_of(const char *name)
{
	char *own = own_folder();
	const char *const folders[] = { own, BINDIR };
	char *path = NULL;
	size_t i;

	for (i = 0; i < COUNT(folders) && !path; i++) {
		if (!folders[i])
			continue;
		path = text_format("%s/" PREFIX "%s", folders[i], name);
		if (access(path, X_OK) != 0) {
			free(path);
			path = NULL;
		}
	}
	free(own);
	return path ? path : text_format(PREFIX "%s", name);
}

static _Noreturn void
no_command(const char *typed)
{
	struct nearest n;
	size_t i;

#ifndef HAVE_HDF5
	if (strcmp(name_of(typed), "hdf5") == 0 ||
	    strcmp(name_of(typed), "evaluate") == 0)
		cli_misuse("no command '%s': this was built without HDF5",
			   typed);
#endif
	nearest_begin(&n, typed);
	for (i = 0; i < COUNT(commands); i++)
		nearest_try(&n, commands[i].name);
	for (i = 0; i < COUNT(aliases); i++)
		nearest_try(&n, aliases[i].name);
	if (nearest_name(&n))
		cli_misuse("no command '%s'; did you mean '%s'?", typed,
			   nearest_name(&n));
	cli_misuse("no command '%s'", typed);
}

static bool
is_command(const char *name)
{
	return *name && !strchr(name, '/');
}

/* Become the program; its name in argv[0] is what it knows itself by. */
static _Noreturn void
run(const char *typed, char **argv)
{
	const char *name = name_of(typed);
	char *path;

	if (!is_command(name))
		no_command(typed);
	path = program_of(name);
	argv[0] = text_format(PREFIX "%s", name);
	execvp(path, argv);
	if (strchr(path, '/')) {
		cli_message("cannot run %s: %s", path, strerror(errno));
		free(path);
		exit(cli_end(CLI_FAILED));
	}
	/* Not in PATH; or in a folder of it that may not be searched. */
	free(path);
	no_command(typed);
}

/* Let man(1) find the pages of this installation, before all others. */
static void
set_manpath(void)
{
	const char *before = getenv("MANPATH");
	char *path = text_format("%s:%s", MANDIR, before ? before : "");

	setenv("MANPATH", path, 1);
	free(path);
}

/* Whether man(1) has shown the page; if not, nothing has been printed. */
static bool
man(char *page)
{
	char *argv[] = { (char *)(uintptr_t) "man", page, NULL };
	posix_spawn_file_actions_t quiet;
	int status, number;
	pid_t pid;

	if (posix_spawn_file_actions_init(&quiet) != 0)
		return false;
	posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null",
					 O_WRONLY, 0);
	number = posix_spawnp(&pid, argv[0], &quiet, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&quiet);
	if (number != 0)
		return false;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFSIGNALED(status) || WEXITSTATUS(status) == 0;
}

/* Where there is no manual, as in many containers, --help has to do. */
static int
help(const char *typed)
{
	const char *name = typed ? name_of(typed) : "help";
	char *page, *argv[] = { NULL, (char *)(uintptr_t) "--help", NULL };
	bool front = strcmp(name, "help") == 0 || strcmp(name, "cute-shm") == 0;

	if (!is_command(name))
		no_command(typed);
	set_manpath();
	page = front ? text_format("cute-shm") : text_format(PREFIX "%s", name);
	if (typed && man(page)) {
		free(page);
		return cli_end(CLI_OK);
	}
	free(page);
	if (!front)
		run(typed, argv);
	argv[0] = (char *)(uintptr_t)program.name;
	return cli_begin(&program, 2, argv);
}

static int
dispatch(int count, char **argv)
{
	if (strcmp(argv[0], "help") != 0)
		run(argv[0], argv);
	if (count > 2)
		cli_misuse("one argument too many: '%s'", argv[2]);
	return help(argv[1]);
}

int
main(int argc, char **argv)
{
	char *only_help[] = { (char *)(uintptr_t)program.name,
			      (char *)(uintptr_t) "--help", NULL };
	char *nothing[] = { (char *)(uintptr_t)program.name, NULL };
	int n;

	program.summary = summary();
	if (argc < 2)
		cli_begin(&program, 2, only_help);
	/* What follows the command is for the command. */
	if (argv[1][0] != '-') {
		cli_begin(&program, 1, nothing);
		return dispatch(argc - 1, argv + 1);
	}
	n = cli_begin(&program, argc, argv);
	if (n == 0)
		cli_misuse("argument missing: COMMAND");
	return dispatch(n, argv);
}
