/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "interrupt.h"

#define DIED		128	/* plus the signal: what shells return */
#define NOT_FOUND	127
#define NOT_EXECUTABLE	126

static void
signals(sigset_t *set)
{
	static const int all[] = {
		SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGCHLD
	};
	size_t i;

	sigemptyset(set);
	for (i = 0; i < sizeof(all) / sizeof(*all); i++)
		sigaddset(set, all[i]);
}

/* Start it with the signals that were blocked before. */
static int
start(char **argv, const sigset_t *mask, pid_t *pid)
{
	posix_spawnattr_t attr;
	int number;

	number = posix_spawnattr_init(&attr);
	if (number != 0)
		return number;
	posix_spawnattr_setsigmask(&attr, mask);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	number = posix_spawnp(pid, argv[0], NULL, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	return number;
}

/*
 * Whether the command has not had the signal itself.  A terminal's go to all of
 * its foreground, so to the command too if that is in our group still; but the
 * end of the terminal is told to the leader of its session alone.
 */
static bool
ours_alone(pid_t pid, const siginfo_t *info)
{
	return info->si_code <= 0 || getpgid(pid) != getpgrp() ||
	       (info->si_signo == SIGHUP && getsid(0) == getpid());
}

static int
wait_for(pid_t pid, const sigset_t *set)
{
	siginfo_t info;
	int status;

	for (;;) {
		if (sigwaitinfo(set, &info) < 0)
			continue;	/* stopped and continued */
		if (info.si_signo != SIGCHLD) {
			if (ours_alone(pid, &info))
				kill(pid, info.si_signo);
			continue;
		}
		if (waitpid(pid, &status, WNOHANG) != pid)
			continue;
		if (WIFSIGNALED(status))
			return DIED + WTERMSIG(status);
		return WEXITSTATUS(status);
	}
}

int
command_run(char **argv)
{
	sigset_t set, before;
	int number;
	pid_t pid;

	/* Without this, whoever ignores it would never hear of the end. */
	signal(SIGCHLD, SIG_DFL);
	signals(&set);
	sigprocmask(SIG_BLOCK, &set, &before);
	if (interrupt_pending()) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		return CLI_FAILED;	/* and die by it in main() */
	}
	number = start(argv, &before, &pid);
	if (number == 0)
		return wait_for(pid, &set);
	sigprocmask(SIG_SETMASK, &before, NULL);
	cli_message("cannot run %s: %s", argv[0], strerror(number));
	return number == ENOENT ? NOT_FOUND : NOT_EXECUTABLE;
}

int
command_run_with(const char *project, const char *root, char **argv)
{
	char *path = root && *root ? realpath(root, NULL) : NULL;
	int failed = setenv("CUTE_SHM_PROJECT", project, 1);

	if (root && *root && failed == 0)
		failed = path ? setenv("CUTE_SHM_ROOT", path, 1) : -1;
	free(path);
	if (failed) {
		cli_message("cannot set the environment of %s", argv[0]);
		return CLI_FAILED;
	}
	return command_run(argv);
}
