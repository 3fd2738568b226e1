/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cute_shm.h>

#include "cli.h"
#include "interrupt.h"

#define DIED	       128 /* plus the signal: what shells return */
#define NOT_FOUND      127
#define NOT_EXECUTABLE 126

/*
 * All that would end us but not the command, which then would go on without its
 * project: so not those for faults, nor for job control.
 */
static void
signals(sigset_t *set)
{
	static const int others[] = { SIGSEGV, SIGBUS,	SIGILL,	  SIGFPE,
				      SIGTRAP, SIGABRT, SIGSYS,	  SIGTSTP,
				      SIGTTIN, SIGTTOU, SIGWINCH, SIGURG,
				      SIGXFSZ };
	size_t i;

	sigfillset(set);
	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		sigdelset(set, others[i]);
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
 * end of the terminal is told to the leader of its session alone.  What else
 * the kernel sends, as an alarm that was set before, is for one process.
 */
static bool
ours_alone(pid_t pid, const siginfo_t *info)
{
	return info->si_code <= 0 || getpgid(pid) != getpgrp() ||
	       (info->si_signo != SIGINT && info->si_signo != SIGQUIT &&
		info->si_signo != SIGHUP) ||
	       (info->si_signo == SIGHUP && getsid(0) == getpid());
}

/* ------------------------------------------------------------- job control */

/* A terminal whose shell stops and continues us; -1: there is none. */
static int
job_control(void)
{
	if (getpid() == 1 || getsid(0) == getpid())
		return -1;
	return open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
}

/* A shell that has a group of its own needs the terminal before it goes on. */
static void
continue_command(pid_t pid)
{
	int tty = job_control();
	pid_t group = getpgid(pid);

	if (tty >= 0 && group > 0 && group != getpgrp() &&
	    tcgetpgrp(tty) == getpgrp())
		tcsetpgrp(tty, group);
	if (tty >= 0)
		close(tty);
	kill(pid, SIGCONT);
}

/* Whether the shell has continued us already, after the command stopped. */
static bool
was_continued(void)
{
	static const struct timespec now = { 0, 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCONT);
	return sigtimedwait(&set, NULL, &now) == SIGCONT;
}

/*
 * The shell knows us, not the command: it is told by our stopping, too.  The
 * signal that continues us is blocked, so that it is seen afterwards.
 */
static void
stop_with(pid_t pid)
{
	int tty = job_control();

	if (tty < 0)
		return;
	close(tty);
	if (was_continued())
		kill(pid, SIGCONT);
	else
		kill(getpid(), SIGSTOP);
}

/* ----------------------------------------------------------------- the wait */

/* What becomes of the command. */
struct run {
	pid_t pid;
	bool stopped;
	int status;
};

/*
 * True when it has ended.  As the first process of a container we have other
 * children as well, who were left behind by their parents.
 */
static bool
reap(struct run *r)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
		if (pid != r->pid)
			continue;
		r->status = status;
		if (!WIFSTOPPED(status))
			return true;
		r->stopped = true;
		stop_with(r->pid);
	}
	return false;
}

static void
pass_on(struct run *r, const siginfo_t *info)
{
	if (info->si_signo == SIGCONT) {
		r->stopped = false;
		continue_command(r->pid);
		return;
	}
	if (ours_alone(r->pid, info))
		kill(r->pid, info->si_signo);
	/* Or it would come to that only when somebody continues it. */
	if (r->stopped && info->si_signo != SIGUSR1 &&
	    info->si_signo != SIGUSR2)
		kill(r->pid, SIGCONT);
}

static int
wait_for(pid_t pid, const sigset_t *set)
{
	struct run r = { .pid = pid };
	siginfo_t info;

	for (;;) {
		if (sigwaitinfo(set, &info) < 0)
			continue; /* stopped and continued */
		if (info.si_signo != SIGCHLD)
			pass_on(&r, &info);
		else if (reap(&r))
			break;
	}
	if (!WIFSIGNALED(r.status))
		return WEXITSTATUS(r.status);
	/* In main(), when the project is gone. */
	interrupt_by(WTERMSIG(r.status));
	return DIED + WTERMSIG(r.status);
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
		return CLI_FAILED; /* and die by it in main() */
	}
	number = start(argv, &before, &pid);
	if (number == 0)
		return wait_for(pid, &set);
	sigprocmask(SIG_SETMASK, &before, NULL);
	cli_message("cannot run %s: %s", argv[0], strerror(number));
	return number == ENOENT ? NOT_FOUND : NOT_EXECUTABLE;
}

/* The folder of projects, whatever folder the command will go to. */
static int
set_root(const char *root)
{
	char *path;
	int failed;

	if (!root || !*root)
		root = getenv("CUTE_SHM_ROOT");
	if (!root || !*root)
		return 0;
	path = realpath(root, NULL);
	failed = path ? setenv("CUTE_SHM_ROOT", path, 1) : -1;
	free(path);
	return failed;
}

int
command_run_with(const char *project, const char *root, char **argv)
{
	if (setenv("CUTE_SHM_PROJECT", project, 1) != 0 ||
	    set_root(root) != 0) {
		cli_message("cannot set the environment of %s: %s", argv[0],
			    strerror(errno));
		return CLI_FAILED;
	}
	return command_run(argv);
}

/* True if a project of that name is there, and has no owner. */
static bool
is_lasting(const char *project, const char *root)
{
	struct cute_shm_open_options opt = { .size = sizeof(opt),
					     .root = root,
					     .flags = CUTE_SHM_ANY_OWNER };
	struct cute_shm_info info = { .ephemeral = 1 };
	struct cute_shm *shm;

	if (cute_shm_open(project, &opt, &shm) != 0)
		return false; /* what it is will be said when it is loaded */
	cute_shm_info(shm, &info);
	cute_shm_close(shm);
	return !info.ephemeral;
}

bool
command_may_replace(const char *project, const char *root)
{
	bool lasting = is_lasting(project, root);

	if (lasting)
		cli_message("project %s is there to stay: as the project of a "
			    "command it would be replaced, and removed at the "
			    "end; choose another name, or cute-shm-unlink it "
			    "before",
			    project);
	return !lasting;
}

bool
command_uses_lasting(const char *project, const char *root, bool ensure)
{
	return ensure && is_lasting(project, root);
}
