/* SPDX-License-Identifier: MIT */
/* What each process in which libhdf5 runs does first. */

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "hdf5/report/report.h"

/* Without SA_RESTART: what it interrupts fails. */
static void
woken(int signal_number)
{
	(void)signal_number;
}

/*
 * Something must be on 0, 1 and 2, or libhdf5 would get these numbers for its
 * files.  Without /dev/null it is a pipe that nothing comes from or goes to.
 */
static void
leave_stdio(void)
{
	int fd = fd_above_stdio(open("/dev/null", O_RDWR | O_CLOEXEC));
	int ends[2], i;

	if (fd < 0 && pipe_above_stdio(ends) == 0) {
		close(ends[1]);
		fd = ends[0];
	}
	for (i = STDIN_FILENO; fd >= 0 && i <= STDERR_FILENO; i++)
		dup2(fd, i);
	if (fd >= 0)
		close(fd);
}

/*
 * The parent decides when this ends: a signal from the terminal goes to both,
 * and only the parent knows what to say.  No core files of other's faults, and
 * nothing of libhdf5's own messages and assertions on the user's terminal.
 */
static void
detach(void)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT,
				       SIGPIPE, SIGTSTP, SIGXFSZ };
	static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT,
				     SIGSYS, SIGTRAP, SIGCHLD };
	const struct sigaction wake = { .sa_handler = woken };
	const struct rlimit none = { 0, 0 };
	sigset_t empty;
	size_t i;

	for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	for (i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		signal(fatal[i], SIG_DFL);
	sigaction(WAKE_SIGNAL, &wake, NULL);
	sigemptyset(&empty);
	sigprocmask(SIG_SETMASK, &empty, NULL);
	setrlimit(RLIMIT_CORE, &none);
	leave_stdio();
}

/*
 * Filter plugins that are not linked with libhdf5 find it only if its symbols
 * are global, which they are not when a program loaded us with dlopen().
 */
static void
make_global(void)
{
	Dl_info info;

	if (dladdr((void *)(uintptr_t)&H5open, &info) != 0 && info.dli_fname)
		dlopen(info.dli_fname, RTLD_NOLOAD | RTLD_GLOBAL | RTLD_LAZY);
}

static void
log_line(enum cute_shm_log_level level, const char *message, void *arg)
{
	send_log(arg, (int)level, message);
}

/* To the parent, whose hook it is; but only what that wants to have. */
static void
inherit_log(struct loader *l)
{
	enum cute_shm_log_level level = CUTE_SHM_LOG_DEBUG;

	while (level > 0 && !cute_shm_log_wants(level))
		level--;
	cute_shm_set_log(level, log_line, l);
}

void
child_begin(struct loader *l)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != l->parent)
		_exit(1);
	detach();
	limits_set(l->max_memory, l->jobs);
	make_global();
	setenv("HDF5_USE_FILE_LOCKING", "FALSE", 1);
	inherit_log(l);
	H5open();
	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	board_work(l->board, "", 0);
}

int
child_error(const struct loader *l, int rc)
{
	char path[sizeof(l->board->path)];

	if (!limits_exceeded(rc, cute_shm_errmsg()))
		return rc;
	board_path(l->board, path, sizeof(path));
	return limits_fail(l->file, path, cute_shm_errmsg());
}
