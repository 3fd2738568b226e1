/* SPDX-License-Identifier: MIT */
/* The first steps of each process in which libhdf5 runs. */

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "hdf5/report/report.h"

/* Install the handler without SA_RESTART, so that an interrupted call fails. */
static void
woken(int signal_number)
{
	(void)signal_number;
}

/*
 * Descriptors 0, 1 and 2 must be open, or libhdf5 would get these numbers for
 * its files.  If /dev/null cannot be opened, use the ends of a pipe: nothing is
 * written to it or read from it.
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
 * The parent decides when this process ends.  A signal from the terminal goes
 * to both processes, but only the parent knows what to report.  Write no core
 * file when a damaged file crashes libhdf5, and keep libhdf5's own messages and
 * assertions off the user's terminal.
 */
static void
detach(void)
{
	static const int ignored[] = { SIGINT,	SIGTERM, SIGHUP, SIGQUIT,
				       SIGPIPE, SIGTSTP, SIGXFSZ };
	static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE,  SIGILL,
				     SIGABRT, SIGSYS, SIGTRAP, SIGCHLD };
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
 * A filter plugin that is not linked with libhdf5 finds libhdf5 only if its
 * symbols are global.  They are not global when a program loaded this library
 * with dlopen().
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

/*
 * Send log messages to the parent, whose hook receives them, but only the
 * levels that the hook wants.
 */
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
